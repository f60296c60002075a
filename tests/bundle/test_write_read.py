"""What is written is read again, as a zip and as a folder, or refused before anything is written."""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.bundle.bundle_parts import OWN, TinyModel, answers, tiny_bundle
from tipoff.bundle.container import replacing
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


@pytest.mark.parametrize("n_done", range(14))
def test_a_folder_whose_writing_is_interrupted_is_the_old_or_the_new(tmp_path, monkeypatch, n_done):
    """At any step: nothing is a mixture, and nothing cannot be read."""
    path = tmp_path / "x"
    path.mkdir()
    old, new = tiny_bundle(), tiny_bundle()
    new.facts, new.card, new.check = {"task": "new"}, "# New", {}
    new.weights = {k: v + 1 for k, v in new.weights.items()}
    write(path, old, OWN)
    steps = 0

    def dying(real):
        def step(*args, **how):
            nonlocal steps
            steps += 1
            if steps > n_done:
                raise KeyboardInterrupt
            return real(*args, **how)

        return step

    with monkeypatch.context() as m:
        m.setattr(os, "replace", dying(os.replace))
        m.setattr(os, "fsync", dying(os.fsync))
        m.setattr(Path, "unlink", dying(Path.unlink))
        with contextlib.suppress(KeyboardInterrupt):
            write(path, new, OWN)
    got = read(path, OWN)
    want = new if got.facts == new.facts else old
    assert (got.facts, got.card, set(got.check)) == (want.facts, want.card, set(want.check))
    assert all(torch.equal(got.weights[k], v) for k, v in want.weights.items())
    assert n_done < 13 or got.facts == new.facts
    write(path, old, OWN)
    assert not [p for p in path.iterdir() if p.suffix == ".part"] and read(path, OWN).facts == old.facts


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    left, other = tmp_path / ".x.tipoff.abc.part", tmp_path / ".y.tipoff.abc.part"
    for file in (left, other):
        file.write_bytes(b"half")
    with replacing(tmp_path / "x.tipoff") as first:
        first.write(b"first")
        with replacing(tmp_path / "x.tipoff") as second:  # at the same time
            second.write(b"second")
        assert not left.exists() and other.exists() and len(list(tmp_path.glob(".x*"))) == 1
    assert (tmp_path / "x.tipoff").read_bytes() == b"first" and not list(tmp_path.glob(".x*"))


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
