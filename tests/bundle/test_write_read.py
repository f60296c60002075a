"""What is written is read again, as a zip and as a folder, or refused before anything is written."""

import errno
import os
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from tests.bundle.bundle_parts import OWN, TinyModel, answers, tiny_bundle
from tipoff.bundle.file import read, write
from tipoff.bundle.predictor import load_predictor, verify
from tipoff.errors import BundleError, SpecError
from tipoff.spec import Spec


@pytest.mark.parametrize("folder", [False, True])
def test_what_was_written_is_read(tmp_path, folder):
    path = tmp_path / "x.tipoff"
    if folder:
        path.mkdir()
    made = tiny_bundle()
    write(path, made, OWN)
    got = read(path, OWN)
    assert got.plan == made.plan and got.model == made.model
    assert got.facts == made.facts and got.card == made.card
    assert all(torch.equal(got.weights[k], v) for k, v in made.weights.items())
    assert verify(got) < 1e-6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.tipoff"]


def test_two_files_of_one_model_are_the_same_bytes(tmp_path):
    a, b = (write(tmp_path / n, tiny_bundle(), OWN).read_bytes() for n in "ab")
    assert a == b


def test_a_folder_written_again_keeps_nothing_of_the_old_model(tmp_path):
    path = tmp_path / "x"
    path.mkdir()
    write(path, tiny_bundle(), OWN)
    second = tiny_bundle()
    second.check = {}
    write(path, second, OWN)
    assert sorted(p.name for p in path.iterdir()) == ["card.md", "model.safetensors", "spec.json"]
    assert read(path, OWN).check == {}


def test_a_folder_half_written_cannot_be_read_as_a_mixture(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.mkdir()
    write(path, tiny_bundle(), OWN)
    real, done = os.replace, []

    def dies(a, b):
        if done:
            raise KeyboardInterrupt
        done.append(b)
        real(a, b)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        write(path, tiny_bundle(), OWN)
    with pytest.raises(BundleError, match=r"lacks spec\.json"):
        read(path, OWN)


def test_a_full_disk_leaves_the_old_file_and_says_how_much_is_free(good_file, monkeypatch):
    before = good_file.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match=r"No space left on device .* MB free"):
        write(good_file, tiny_bundle(), OWN)
    assert good_file.read_bytes() == before
    assert [p.name for p in good_file.parent.iterdir()] == [good_file.name]


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(BundleError, match="cannot be written"):
        write(tmp_path / "a" / "x.tipoff", tiny_bundle(), OWN)


def test_a_part_without_a_name_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(SpecError, match="TinyModel"):
        write(tmp_path / "x.tipoff", tiny_bundle())
    assert not list(tmp_path.iterdir())


def test_facts_that_are_not_json_are_refused(tmp_path):
    made = tiny_bundle()
    made.facts = {"figures": {"loss": [float("nan")]}}
    with pytest.raises(SpecError, match="facts"):
        write(tmp_path / "x.tipoff", made, OWN)


def test_a_network_that_does_not_go_with_the_target_is_refused(tmp_path):
    made = tiny_bundle()
    made.model = TinyModel(7)
    with pytest.raises(SpecError, match="gives 7 numbers, and the targets take 3"):
        write(tmp_path / "x.tipoff", made, OWN)


@dataclass(frozen=True)
class Tied(Spec):
    n_out: int

    def build(self) -> nn.Module:
        net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        net[1].weight = net[0].weight
        return net


def test_tied_weights_can_be_written(tmp_path):
    made = tiny_bundle()
    made.model, made.check = Tied(3), {}
    made.weights = made.model.build().state_dict()
    path = write(tmp_path / "x.tipoff", made, {"test.tied@1": Tied})
    net = read(path, {"test.tied@1": Tied}).build()
    assert net[0].weight is net[1].weight and torch.equal(net[0].weight, made.weights["0.weight"])


def test_half_precision_weights_are_read_into_the_full_network(tmp_path):
    made = tiny_bundle()
    made.weights = {k: v.half() if v.is_floating_point() else v for k, v in made.weights.items()}
    assert read(write(tmp_path / "x", made, OWN), OWN).build()[0].weight.dtype is torch.float32


def test_a_missing_file_offers_the_nearest(good_file):
    with pytest.raises(BundleError, match=r"Did you mean 'good\.tipoff'"):
        load_predictor(good_file.with_name("god.tipoff"))


def test_another_answer_than_where_it_was_written_is_found():
    made = tiny_bundle()
    made.check["prob"] = made.check["prob"].flip(1)
    with pytest.raises(BundleError, match="answers differently"):
        verify(made)
    for wrong in (
        {"x0": torch.zeros(1, 5)},
        {"x0": made.check["x0"]},
        {"x9": torch.zeros(1), "prob": torch.zeros(1)},
    ):
        made.check = wrong
        with pytest.raises(BundleError, match="do not go with the model"):
            verify(made)


def test_the_answer_is_the_same_after_a_round_trip(good_file, tmp_path):
    again = write(tmp_path / "again.tipoff", read(good_file, OWN), OWN)
    assert torch.equal(answers(good_file), answers(again))
