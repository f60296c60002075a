"""Model files changed at random: an answer or a sentence, in bounded time and memory, and no code run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.bundle.bundle_parts import with_spec, zipped
from tests.bundle.mutations import members
from tests.serve.running import model_file  # noqa: F401
from tests.serve.tables import pair_file, row_file  # noqa: F401
from tests.serve.texts import text_file  # noqa: F401
from tipoff.bundle import load_predictor
from tipoff.bundle.file import read
from tipoff.errors import BundleError, DataError, SpecError, TipoffError
from tipoff.facts import shown_facts
from tipoff.text.tokenizer_check import check_ids, check_tokenizer

N = int(os.environ.get("TIPOFF_MUTATIONS", "25"))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [("image", "model_file"), ("row", "row_file"), ("pair", "pair_file"), ("text", "text_file")])  # fmt: skip
def test_a_changed_file_answers_or_is_refused(request, kind, name):
    file = request.getfixturevalue(name)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bundle.mutations", str(file), kind, "5", str(N)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if not line.startswith(("note", " "))]
    assert said == ["done"], "\n".join(said) + done.stderr[-2000:]


def changed(file, path, change):
    return zipped(path, with_spec(members(file), change))


def test_what_steps_know_of_columns_must_be_as_many(row_file, tmp_path):
    def shorter(spec):
        spec["plan"]["inputs"][0]["steps"][-1]["means"].pop()

    with pytest.raises(SpecError, match="Normalize has 2 names, 1 means, 2 stds"):
        load_predictor(changed(row_file, tmp_path / "x", shorter))


def test_a_column_that_is_not_there_is_a_sentence(row_file, tmp_path):
    def renamed(spec):
        spec["plan"]["inputs"][0]["columns"][0]["name"] = "other"

    predict = load_predictor(changed(row_file, tmp_path / "x", renamed))
    with pytest.raises((BundleError, DataError)):
        predict({"other": "nurse", "age": 40, "hours": 30, "city": "Rome"})


def test_facts_that_cannot_be_shown_are_refused_or_shown_as_text(row_file, tmp_path):
    for odd in ("\ud800", ["a", {"b": "\udfff"}]):
        with pytest.raises(BundleError, match="surrogate"):
            read(changed(row_file, tmp_path / "x", lambda s, odd=odd: s["facts"].update(task=odd)))
    text = b'{"format": 1, "plan": 1, "model": 1, "facts": {"training": 1e999}}'
    with pytest.raises(TipoffError):
        read(zipped(tmp_path / "y", {**members(row_file), "spec.json": text}))
    shown = shown_facts({"items": {"train": [1], "valid": 2}, "figures": [1], "result": 0.5, "baseline": {}})
    assert shown == {"items": {"valid": 2}, "figures": {}, "result": "0.5", "baseline": "{}"}


def test_weights_that_are_no_numbers_are_said(row_file, tmp_path):
    from tipoff.bundle.file import write

    bundle = read(row_file)
    bundle.weights = {
        k: torch.full_like(v, torch.nan) if v.is_floating_point() else v for k, v in bundle.weights.items()
    }
    with pytest.raises(BundleError, match="no numbers"):
        load_predictor(write(tmp_path / "nan.tipoff", bundle))(
            {"job": "nurse", "age": 40, "hours": 30, "city": "Rome"}
        )


@pytest.mark.parametrize("size", [8192, [8192, 300], 2000])
def test_images_far_larger_than_the_check_inputs_are_refused(model_file, tmp_path, size):
    def larger(spec):
        spec["plan"]["item_tfms"][0]["size"] = size

    with pytest.raises(BundleError, match="images of .* pixels, which its check inputs do not justify"):
        load_predictor(changed(model_file, tmp_path / "x", larger))


# tokenizers -------------------------------------------------------------------------------------


def tokenizer(**parts):
    import json

    return json.dumps({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}, **parts})


DOUBLE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}


@pytest.mark.parametrize(
    "part",
    [
        {"normalizer": {"type": "Sequence", "normalizers": [DOUBLE] * 40}},
        {"normalizer": {**DOUBLE, "content": "a" * 10_000}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 500}},
        {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}},
        {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": r"((\w|a*)b)*c"}, "behavior": "Isolated"}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "a" * 9000}, "content": ""}},
    ],
    ids=lambda p: str(p)[:60],
)
def test_tokenizers_that_multiply_texts_or_run_for_ever_are_refused(part):
    with pytest.raises(SpecError, match="tokenizer"):
        check_tokenizer(tokenizer(**part))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        r" ?[^(\s|[.,!?…。,、।۔،])]+",
        r"<\|startoftext\|>|<\|endoftext\|>|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    ],
)
def test_patterns_of_published_tokenizers_pass(pattern):
    check_tokenizer(
        tokenizer(pre_tokenizer={"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"})
    )


def test_numbers_of_tokens_far_beyond_their_count_are_refused():
    with pytest.raises(SpecError, match="numbers them up to 4,000,000,000"):
        check_ids({"a": 0, "b": 4_000_000_000})
    check_ids({str(i): i for i in range(1000)})
