"""Weights that do not fit, and safetensors that lie about themselves."""

import struct

import pytest
import torch
from safetensors.torch import load, save

from tests.bundle.bundle_parts import OWN, answers, safetensors_of, zipped
from tipoff.bundle.file import read
from tipoff.errors import BundleError

WEIGHT = "0.weight"


def refused(good, tmp_path, weights: bytes | dict, words: str) -> None:
    raw = save(weights) if isinstance(weights, dict) else weights
    path = zipped(tmp_path / "x.tipoff", {**good, "model.safetensors": raw})
    with pytest.raises(BundleError, match=words) as caught:
        answers(path)
    assert len(str(caught.value)) < 1000


def changed(good, **tensors) -> dict:
    now = {**load(good["model.safetensors"]), **{k.replace("_", "."): v for k, v in tensors.items()}}
    return {k: v for k, v in now.items() if v is not None}


def test_another_shape(good, tmp_path):
    refused(
        good,
        tmp_path,
        changed(good, **{WEIGHT: torch.zeros(4, 3, 3)}),
        r"'0.weight' has the shape \(4, 3, 3\)",
    )
    refused(good, tmp_path, changed(good, **{WEIGHT: torch.zeros(1, 3, 3, 3)}), r"needs \(4, 3, 3, 3\)")


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_another_kind_of_number(good, tmp_path, dtype):
    refused(good, tmp_path, changed(good, **{WEIGHT: torch.zeros(4, 3, 3, 3, dtype=dtype)}), f"holds {dtype}")


def test_a_float_for_a_counter(good, tmp_path):
    now = load(good["model.safetensors"])
    now["1.num_batches_tracked"] = torch.tensor(1.0)
    refused(good, tmp_path, now, "num_batches_tracked' holds torch.float32")


def test_a_missing_tensor(good, tmp_path):
    refused(
        good, tmp_path, changed(good, **{WEIGHT: None}), "lack 1 tensors of the network, such as '0.weight'"
    )


def test_an_extra_tensor(good, tmp_path):
    refused(
        good,
        tmp_path,
        changed(good, **{"x" * 5000: torch.zeros(1)}),
        "hold 1 tensors that the network has not",
    )


def entry(shape, offsets, dtype="F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


LIES = {
    "nothing": b"",
    "three bytes": b"abc",
    "only a length": struct.pack("<Q", 100),
    "a length of 2^64-1": struct.pack("<Q", 2**64 - 1) + b"{}",
    "a length beyond the end": safetensors_of({}, b"", claimed=10_000),
    "not json": safetensors_of(b"{{{{{{{{", b""),
    "not utf-8": safetensors_of(b'{"\xff": 1}', b""),
    "a list": safetensors_of(b"[1, 2]  ", b""),
    "deep": safetensors_of(b'{"a":' * 5000 + b"1" + b"}" * 5000, b""),
    "a tensor beyond the end": safetensors_of({WEIGHT: entry([1000], [0, 4000])}, bytes(8)),
    "a tensor of 2^62 numbers": safetensors_of({WEIGHT: entry([2**62], [0, 2**64 - 1])}, bytes(8)),
    "a shape that overflows": safetensors_of({WEIGHT: entry([2**40, 2**40], [0, 8])}, bytes(8)),
    "a negative shape": safetensors_of({WEIGHT: entry([-2], [0, 8])}, bytes(8)),
    "offsets turned round": safetensors_of({WEIGHT: entry([2], [8, 0])}, bytes(8)),
    "two tensors on the same bytes": safetensors_of(
        {"a": entry([2], [0, 8]), "b": entry([2], [0, 8])}, bytes(8)
    ),
    "a hole": safetensors_of({"a": entry([1], [0, 4]), "b": entry([1], [8, 12])}, bytes(12)),
    "bytes left over": safetensors_of({"a": entry([1], [0, 4])}, bytes(50)),
    "an unknown type": safetensors_of({"a": entry([1], [0, 4], "F77")}, bytes(4)),
    "a type that torch has not": safetensors_of({"a": entry([2], [0, 1], "F4")}, bytes(1)),
    "too few bytes for the shape": safetensors_of({WEIGHT: entry([4, 3, 3, 3], [0, 4])}, bytes(4)),
    "nothing in it": safetensors_of({}, b""),
    "empty of a huge shape": safetensors_of({WEIGHT: entry([0, 2**62, 2**62], [0, 0])}, b""),
    "empty of many axes": safetensors_of({WEIGHT: entry([0] * 5000, [0, 0])}, b""),
    "metadata of the wrong kind": safetensors_of({"__metadata__": {"a": 1}}, b""),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies(good, tmp_path, lie):
    refused(good, tmp_path, LIES[lie], "damaged|weights lack|weights hold|shape")


@pytest.mark.parametrize("lie", LIES)
def test_check_inputs_that_lie(good, tmp_path, lie):
    path = zipped(tmp_path / "x.tipoff", {**good, "check.safetensors": LIES[lie]})
    from tipoff.bundle.predictor import verify

    try:
        bundle = read(path, OWN)
    except BundleError as e:
        assert "check.safetensors is damaged" in str(e)
        return
    if bundle.check:
        with pytest.raises(BundleError, match="do not go with"):
            verify(bundle)


def test_an_enormous_header_is_refused_before_it_is_parsed(good, tmp_path, monkeypatch):
    monkeypatch.setattr("tipoff.bundle.file.load_tensors", None)
    raw = safetensors_of(b"{" + b" " * (9 << 20) + b"}", b"")
    refused(good, tmp_path, raw, "its header claims 9,437,186")
