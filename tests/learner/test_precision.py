"""The precision that a CPU is given: measured once, remembered, and kept in the checkpoint."""

import json

import pytest
import torch

from tipoff.learner import precision
from tipoff.learner.precision import auto_precision, faster
from tipoff.notes import listening
from tipoff.train.engine import TorchEngine

CPU = torch.device("cpu")


@pytest.fixture
def measured(monkeypatch):
    """A CPU with instructions for bfloat16, on which a measurement says float32; what was measured."""
    asked = []
    monkeypatch.setattr(precision, "has_fast_bf16", lambda: True)
    monkeypatch.setattr(precision, "faster", lambda work: asked.append(work) or "float32")
    precision.measured_precision.cache_clear()
    yield asked
    precision.measured_precision.cache_clear()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path))
    return tmp_path


def test_it_is_measured_once_for_each_kind_of_work_and_remembered(measured, folder):
    assert auto_precision(CPU) == auto_precision(CPU, "products") == "float32"
    precision.measured_precision.cache_clear()  # as in another process
    assert auto_precision(CPU) == "float32"
    assert measured == ["convolutions", "products"]
    assert [p.name for p in folder.iterdir()] == ["measured.json"]


def test_another_pytorch_is_measured_anew(measured, folder, monkeypatch):
    auto_precision(CPU)
    precision.measured_precision.cache_clear()
    monkeypatch.setattr(torch, "__version__", "99.0")
    auto_precision(CPU)
    assert len(measured) == 2


@pytest.mark.parametrize("text", ["{", "[1]", "\xff", json.dumps({"precision": 7})])
def test_a_file_that_cannot_be_read_is_as_none(measured, folder, text):
    (folder / "measured.json").write_text(text, encoding="latin-1")
    assert auto_precision(CPU) == "float32" and measured == ["convolutions"]


def test_a_folder_that_cannot_be_written_does_no_harm(measured, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path / "file" / "inside"))
    assert auto_precision(CPU) == "float32"


def test_a_cpu_without_the_instructions_is_not_measured(measured, monkeypatch):
    monkeypatch.setattr(precision, "has_fast_bf16", lambda: False)
    assert auto_precision(CPU) == "float32" and measured == []


@pytest.mark.parametrize(("in_half", "wanted"), [(2.0, "float32"), (1.05, "bfloat16"), (0.5, "bfloat16")])
def test_float32_must_be_faster_by_a_tenth(monkeypatch, in_half, wanted):
    passed = [0.0]

    def step():
        passed[0] += in_half if torch.is_autocast_enabled("cpu") else 1.0
        return torch.ones((), requires_grad=True) * 1

    monkeypatch.setitem(precision._STEPS, "products", lambda: step)
    assert faster("products", clock=lambda: passed[0]) == wanted


def test_a_resumed_run_goes_on_in_the_precision_in_which_it_began():
    saved = TorchEngine("cpu", "bfloat16").state_dict()
    engine, said = TorchEngine("cpu", "float32"), []
    with listening(said.append):
        engine.load_state_dict(saved)
    assert (engine.precision, engine.dtype) == ("bfloat16", torch.bfloat16)
    assert said == ["the run goes on in bfloat16, in which it began, and not in float32"]
