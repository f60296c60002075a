"""docs/fastai-names.md is what its script makes, and says what is so."""

import importlib
import importlib.util
from pathlib import Path

import pytest

from tipoff.fastai_names import ATTRIBUTES, ELSEWHERE, NOT_OFFERED, way

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("fastai_names_script", ROOT / "scripts" / "fastai_names.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_page_is_what_the_script_makes(script):
    assert script.PAGE.read_text() == script.page(), "run python scripts/fastai_names.py"


def test_every_name_that_is_said_to_be_here_imports_from_there(script):
    claimed = script.claims(script.PAGE.read_text())
    assert len(claimed) > 250
    for place, name in claimed:
        found = importlib.import_module(f"tipoff.{place}")
        assert hasattr(found, name) or importlib.util.find_spec(f"tipoff.{place}.{name}"), f"tipoff.{place}.{name}"


def test_a_name_of_pytorch_that_is_said_to_do_the_same_is_there():
    import re

    import torch

    texts = [*ELSEWHERE.values(), *(w for ways in ATTRIBUTES.values() for w in ways.values())]
    paths = {p for text in texts for p in re.findall(r"`torch\.([\w.]+)", text)}
    for path in paths:
        found = torch
        for part in path.split("."):
            found = getattr(found, part)


def test_no_name_has_two_answers():
    names = [n for names in NOT_OFFERED.values() for n in names.split()]
    assert len(names) == len(set(names)) and not set(names) & set(ELSEWHERE)


def test_the_ways_are_sentences():
    assert way("LRFinder").endswith("here: `learn.lr_find()`.") and "not here yet" in way("GANLearner")
    assert way("nothing_of_fastai") == ""


def test_every_callback_is_on_its_page():
    from tipoff import callbacks

    page = (ROOT / "docs" / "howto" / "callbacks.md").read_text()
    assert [n for n in callbacks.__all__ if f"`{n}" not in page and n != "Callback"] == []
