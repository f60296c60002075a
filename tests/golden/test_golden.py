"""Files that earlier versions wrote are read as they were meant: formats only ever gain names."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.golden.golden_parts import CATALOG, parts, pictures
from tipoff.bundle.catalog import CATALOG as KNOWN
from tipoff.bundle.file import read
from tipoff.bundle.predictor import load_predictor, verify
from tipoff.notes import listening
from tipoff.spec import dump, load

HERE = Path(__file__).parent
FORMATS = sorted(p.stem for p in HERE.glob("format*.tipoff"))


@pytest.mark.parametrize("name", FORMATS)
def test_an_old_file_gives_the_answers_it_gave(name):
    path, kept = HERE / f"{name}.tipoff", np.load(HERE / f"{name}.npz")
    predictor = load_predictor(path, catalog=CATALOG)
    for picture, prob in zip(kept["pictures"], kept["probabilities"], strict=True):
        answer = predictor(picture)
        for label, p in zip(predictor.target.names, prob, strict=True):
            assert answer["probabilities"][label] == pytest.approx(float(p), abs=2e-4)
    assert verify(read(path, CATALOG)) < 1e-4


def test_an_old_file_holds_what_it_held():
    bundle = read(HERE / "format1.tipoff", CATALOG)
    assert bundle.plan.targets[0].vocab == ("beagle", "Größe", "猫")
    assert bundle.facts == {"task": "a golden file"} and bundle.card == "# Model card\n"
    assert np.array_equal(np.load(HERE / "format1.npz")["pictures"], np.stack(pictures()))


@pytest.mark.parametrize("name", sorted(p.stem for p in HERE.glob("table*.tipoff")))
def test_an_old_model_of_a_table_gives_the_answers_it_gave(name):
    predictor = load_predictor(HERE / f"{name}.tipoff", catalog=CATALOG)
    kept = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    with listening(lambda _: None):
        for old in kept:
            assert predictor(old["row"])["probabilities"] == pytest.approx(old["answer"], abs=1e-5)
    assert len(kept) == 16


SPECS = json.loads((HERE / "format1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SPECS["parts"])
def test_an_old_part_is_read_as_it_was_meant(name):
    assert load(SPECS["parts"][name], KNOWN) == parts()[name]


def within(old, new) -> bool:
    """Whether `new` says all that `old` does; it may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(k in new and within(v, new[k]) for k, v in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(within, old, new))
    return old == new


@pytest.mark.parametrize("name", SPECS["parts"])
def test_a_part_is_written_as_it_was(name):
    """A new field needs a default, and then this file stays; another meaning needs another name."""
    now = json.loads(json.dumps(dump(parts()[name], KNOWN)))
    assert within(SPECS["parts"][name], now)


def test_no_name_of_the_first_format_was_forgotten_or_taken_away():
    assert set(SPECS["parts"]) <= set(KNOWN)


def test_every_part_of_the_catalog_is_kept_here():
    """A new part gets an example in golden_parts.py; then run scripts/make_golden.py, which adds it."""
    assert set(parts()) == set(KNOWN) and set(parts()) == set(SPECS["parts"])


def test_the_weights_of_an_old_classifier_still_fit():
    with torch.device("meta"):
        net = load(SPECS["classifier"]["spec"], KNOWN).build()
    assert {k: list(v.shape) for k, v in net.state_dict().items()} == SPECS["classifier"]["shapes"]
