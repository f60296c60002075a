"""A damaged model file gives a sentence, or the right answer where the damage does not matter; never anything else."""

import random

import pytest
import torch

from tests.bundle.bundle_parts import OWN, answers, as_bytes
from tipoff.errors import BundleError, TipoffError

N_FLIPS = 400


def outcome(path, right: torch.Tensor) -> str:
    """refused, or whole; every other exception goes through and fails the test."""
    try:
        got = answers(path)
    except TipoffError as e:
        assert 10 < len(str(e)) < 1500
        return "refused"
    assert torch.equal(got, right)
    return "whole"


def test_a_file_cut_off_anywhere_is_refused(good_file, tmp_path):
    raw, path = good_file.read_bytes(), tmp_path / "cut.tipoff"
    ends = {*range(0, 60), *range(len(raw) - 60, len(raw)), *range(0, len(raw), max(1, len(raw) // 150))}
    for end in sorted(ends):
        path.write_bytes(raw[:end])
        with pytest.raises(BundleError, match=f"it has {end:,} bytes"):
            answers(path)


@pytest.mark.parametrize("seed", range(4))
def test_bytes_changed_at_random_are_found_or_do_not_matter(good_file, tmp_path, seed):
    right, raw, path = answers(good_file), good_file.read_bytes(), tmp_path / "flipped.tipoff"
    rng, seen = random.Random(seed), []
    for _ in range(N_FLIPS // 4):
        changed = bytearray(raw)
        for _ in range(rng.choice((1, 1, 2, 8))):
            # half of them near the end, where the zip says what it holds
            at = rng.randrange(len(raw)) if rng.random() < 0.5 else len(raw) - 1 - rng.randrange(400)
            changed[at] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        seen.append(outcome(path, right))
    assert seen.count("refused") > N_FLIPS // 8


@pytest.mark.parametrize("member", ["spec.json", "model.safetensors", "check.safetensors"])
def test_members_changed_under_a_right_checksum_never_crash(good, tmp_path, member):
    """The zip's checksums find flips; somebody who means it repairs them."""
    rng, path = random.Random(member), tmp_path / "x.tipoff"
    head = good[member][:900]
    for _ in range(60):
        changed = bytearray(good[member])
        for _ in range(rng.choice((1, 2, 5))):
            changed[rng.randrange(len(head))] = rng.randrange(256)
        path.write_bytes(as_bytes({**good, member: bytes(changed)}))
        try:
            answers(path)
        except TipoffError as e:
            assert 10 < len(str(e)) < 2000


def test_what_is_no_model_file_at_all(tmp_path):
    path = tmp_path / "x.tipoff"
    for raw in (
        b"",
        b"PK",
        b"PK\5\6" + 18 * b"\0",
        b"\0" * 5000,
        b"<html>",
        random.Random(1).randbytes(5000),
    ):
        path.write_bytes(raw)
        with pytest.raises(BundleError):
            answers(path)


def test_a_zip_with_something_in_front_of_it_still_reads_right_or_is_refused(good_file, tmp_path):
    path = tmp_path / "x.tipoff"
    path.write_bytes(b"#!/bin/sh\necho no\n" + good_file.read_bytes())
    assert outcome(path, answers(good_file)) in ("whole", "refused")


def test_every_catalog_is_handed_over_by_the_reader(good_file):
    with pytest.raises(TipoffError, match=r"test\.tiny@1"):
        from tipoff.bundle.file import read

        read(good_file)
    assert "test.tiny@1" in OWN
