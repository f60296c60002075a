"""Probabilities become the same answers everywhere, and nothing on that way needs torch."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from tipoff.answer import Category, MultiCategory, Regression, percent
from tipoff.data import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.decode import decode_image

LIGHT = (
    "tipoff.decode",
    "tipoff.answer",
    "tipoff.cli.main",
    "tipoff.onnx.metadata",
    "tipoff.serve.onnx_model",
    "tipoff.serve.run",
)


@pytest.mark.parametrize("module", LIGHT)
def test_it_is_imported_where_torch_is_missing(module):
    code = f"import sys; sys.modules['torch'] = sys.modules['cv2'] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_needs_torch_says_how_to_get_it():
    code = (
        "import sys; sys.modules['torch'] = None; from tipoff.cli.main import run; run(['train', 'photos'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "tipoff train needs torch: pip install 'tipoff[train]'" in done.stderr
    code = "import sys; sys.modules['torch'] = None; import tipoff.vision"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "tipoff.vision needs torch: pip install 'tipoff[train]'" in done.stderr


def test_a_jpeg_has_the_same_pixels_where_opencv_is_missing(photos, monkeypatch):
    files = sorted(photos.rglob("*.jpg"))
    with_it = [decode_image(f) for f in files]
    monkeypatch.setattr("tipoff.decode.cv2", None)
    assert all(np.array_equal(x, decode_image(f)) for x, f in zip(with_it, files))


def test_a_category_answers_in_order_of_probability():
    answer = Category(("a", "b", "c"), 0.5).answer([0.2, 0.7, 0.1])
    assert (answer["label"], answer["probability"], answer["sure"]) == ("b", 0.7, True)
    assert list(answer["probabilities"]) == ["b", "a", "c"]


def test_below_the_threshold_two_are_named_where_they_are_close():
    assert Category(("a", "b", "c"), 0.8).sentence([0.3, 0.6, 0.1]) == "not sure: b 60 %, a 30 %"
    assert Category(("a", "b", "c"), 0.8).sentence([0.2, 0.7, 0.1]) == "not sure: probably b, 70 %"
    assert Category(("only",), 1.01).sentence([1.0]) == "not sure: probably only, over 99.9 %"
    assert Category(("a", "b", "c"), 0.8).answer([0.2, 0.7, 0.1])["sure"] is False


def test_several_categories_are_those_over_the_threshold_in_their_own_order():
    many = MultiCategory(("a", "b", "c"), 0.3)
    assert many.answer([0.4, 0.1, 0.9])["labels"] == ["a", "c"]
    assert many.sentence([0.4, 0.1, 0.9]) == "a, c"
    assert many.sentence([0.1, 0.1, 0.1]) == "none of them"


def test_numbers_come_with_their_unit():
    assert Regression("kg").answer([2.5]) == {"value": 2.5}
    assert Regression("px").answer([2.5, 3.0]) == {"value": [2.5, 3.0]}
    assert Regression("px").sentence([2.5, 3.0]) == "2.5, 3 px"


def test_no_answer_is_called_certain():
    assert [percent(p) for p in (0.004, 0.5, 0.989, 0.991, 0.9996, 1.0)] == [
        "under 1 %", "50 %", "99 %", "99.1 %", "over 99.9 %", "over 99.9 %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "prob"),
    [
        (CategoryBlock(vocab=("a", "b"), sure_above=0.6), [0.25, 0.75]),
        (MultiCategoryBlock(vocab=("a", "b"), threshold=0.6), [0.25, 0.75]),
        (RegressionBlock(n=2, unit="m"), [0.25, 0.75]),
    ],
)
def test_targets_answer_by_the_same_definition(target, prob):
    assert target.answer(torch.tensor(prob)) == target.answers.answer(prob)
    assert target.sentence(torch.tensor(prob)) == target.answers.sentence(prob)
