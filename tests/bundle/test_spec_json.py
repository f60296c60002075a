"""What spec.json may say: everything wrong is refused with the place, before anything is made of it."""

import json

import pytest

from tests.bundle.bundle_parts import OWN, with_spec, zipped
from tipoff.bundle.file import read
from tipoff.errors import BundleError, SpecError, TipoffError


def put(*where_and_value):
    """A change: the value, last, put at the place that the others spell."""
    *where, value = where_and_value

    def change(spec):
        at = spec
        for key in where[:-1]:
            at = at[key]
        at[where[-1]] = value

    return change


def nested(depth: int):
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BLOCK = ("plan", "targets", 0)
CASES = {
    "not json": (b"{", BundleError, "not JSON"),
    "empty": (b"", BundleError, "not JSON"),
    "not utf-8": (b'{"plan": "\xff"}', BundleError, "not JSON"),
    "a list": (b"[]", BundleError, "lacks the plan"),
    "null": (b"null", BundleError, "lacks the plan"),
    "no model": (lambda s: {k: v for k, v in s.items() if k != "model"}, BundleError, "lacks the plan or the model"),
    "format 2": (put("format", 2), BundleError, "has the format 2, and this tipoff .* reads format 1"),
    "format none": (put("format", None), BundleError, "has the format None"),
    "format text": (put("format", "1" * 9999), BundleError, "has the format '111"),
    "NaN": (b'{"format": 1, "plan": NaN, "model": 1}', BundleError, "NaN is not a number of JSON"),
    "Infinity": (b'{"format": 1, "plan": -Infinity, "model": 1}', BundleError, "not a number of JSON"),
    "1e999": (b'{"format": 1, "plan": 1e999, "model": 1}', SpecError, "plan is inf"),
    "a number of 5,000 digits": (b'{"format": 1, "plan": ' + b"9" * 5000 + b', "model": 1}', BundleError, "not JSON"),
    "a number of 300 digits": (put(*BLOCK, "smoothing", 10**300), SpecError, r"targets\[0\].smoothing is a number of 997"),
    "deep json": (b'{"format": 1, "plan": ' + b"[" * 100000 + b"]" * 100000 + b', "model": 1}', BundleError, "nested"),
    "deep": (put("plan", nested(60)), SpecError, "nested more than 50 deep"),
    "plan is a number": (put("plan", 3), SpecError, "does not hold a plan"),
    "plan is a block": (lambda s: put("plan", s["plan"]["targets"][0])(s), SpecError, "does not hold a plan"),
    "model is text": (put("model", "resnet18"), SpecError, "does not hold a plan and a model"),
    "model is a block": (lambda s: put("model", s["plan"]["inputs"][0])(s), BundleError, "which cannot be built"),
    "unknown part": (put(*BLOCK, "is", "categry@1"), SpecError, r"plan.targets\[0\] is 'categry@1'.*Did you mean 'category@1'"),
    "later version": (put(*BLOCK, "is", "category@7"), SpecError, "does not know"),
    "no name": (put("plan", "inputs", 0, {}), SpecError, r"plan.inputs\[0\] is None"),
    "name is a list": (put("plan", "inputs", 0, {"is": ["a"]}), SpecError, "does not know"),
    "a module path": (put("plan", "inputs", 0, {"is": "os:system"}), SpecError, "'os:system', which this version"),
    "a huge name": (put("plan", "inputs", 0, {"is": "x" * 2_000_000}), SpecError, "does not know"),
    "unknown field": (put(*BLOCK, "smothing", 0.1), SpecError, "unknown field 'smothing'; known are .*smoothing"),
    "a method as field": (put(*BLOCK, "loss", 1), SpecError, "unknown field 'loss'"),
    "dunder": (put(*BLOCK, "__class__", 1), SpecError, "unknown field '__class__'"),
    "missing field": (put("model", {"is": "test.tiny@1"}), SpecError, "cannot be rebuilt.*n_out"),
    "vocab a number": (put(*BLOCK, "vocab", 5), SpecError, "vocab is 5, and category@1 needs tuple"),
    "vocab a text": (put(*BLOCK, "vocab", "abc"), SpecError, "vocab is 'abc'"),
    "vocab twice": (put(*BLOCK, "vocab", ["a", "a", "b"]), SpecError, "names 'a' twice"),
    "vocab none": (put(*BLOCK, "vocab", None), SpecError, "not complete.*no vocab"),
    "vocab too short": (put(*BLOCK, "vocab", ["a", "b"]), SpecError, "gives 3 numbers, and the targets take 2"),
    "vocab half a character": (put(*BLOCK, "vocab", ["a", "b", "\ud800"]), SpecError, "not valid text"),
    "smoothing a text": (put(*BLOCK, "smoothing", "much"), SpecError, "smoothing is 'much', and category@1 needs float"),
    "inputs a number": (put("plan", "inputs", 5), SpecError, "plan.inputs is 5"),
    "inputs of numbers": (put("plan", "inputs", [1, 2]), SpecError, r"plan.inputs is \(1, 2\)"),
    "inputs of a transform": (lambda s: put("plan", "inputs", s["plan"]["item_tfms"])(s), SpecError, "plan.inputs is"),
    "no inputs": (put("plan", "inputs", []), SpecError, "lacks inputs"),
    "no targets": (put("plan", "targets", []), SpecError, "lacks inputs or targets"),
    "a block as transform": (lambda s: put("plan", "item_tfms", s["plan"]["inputs"])(s), SpecError, "item_tfms is"),
    "size 0": (put("plan", "item_tfms", 0, "size", 0), SpecError, "size=0"),
    "size huge": (put("plan", "item_tfms", 0, "size", 10**6), SpecError, "from 1 to 8192"),
    "size of three": (put("plan", "item_tfms", 0, "size", [1, 2, 3]), SpecError, "size is"),
    "method": (put("plan", "item_tfms", 0, "method", "exec"), SpecError, "method='exec'"),
    "mean null": (put("plan", "batch_tfms", 0, "mean", None), SpecError, "mean is None"),
    "n_out a text": (put("model", "n_out", "3"), SpecError, "n_out is '3'"),
    "n_out huge": (put("model", "n_out", 10**12), SpecError, "gives 1000000000000 numbers"),
    "n_out negative": (put("model", "n_out", -3), SpecError, "gives -3"),
    "width huge": (put("model", "width", 10**12), BundleError, "has the shape|cannot be built"),
    "width negative": (put("model", "width", -1), BundleError, "cannot be built"),
    "unknown network": (
        put("model", {"is": "vision.classifier@1", "arch": "resnet99", "n_out": 3}), TipoffError, "no network 'resnet99'",
    ),
    "another network": (
        put("model", {"is": "vision.classifier@1", "arch": "resnet18", "n_out": 3}), BundleError, "weights lack",
    ),
    "a network from the hub": (
        put("model", {"is": "vision.classifier@1", "arch": "hf-hub:some/one", "n_out": 3}), TipoffError, "no network",
    ),
    "a network on the disk": (
        put("model", {"is": "vision.classifier@1", "arch": "local-dir:/etc", "n_out": 3}), TipoffError, "no network",
    ),
    "a million layers": (
        put("model", {"is": "vision.classifier@1", "arch": "resnet18", "n_out": 3, "lin_ftrs": [1] * 10**6}),
        SpecError, "No head is of these sizes",
    ),
    "a classifier of 10^12": (
        put("model", {"is": "vision.classifier@1", "arch": "resnet18", "n_out": 10**12}), SpecError, "No head is of these sizes",
    ),
    "dropout of 9": (
        put("model", {"is": "vision.classifier@1", "arch": "resnet18", "n_out": 3, "ps": 9}), SpecError, "ps is 9; a number from 0 to 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_with_the_place(good, tmp_path, case):
    change, error, words = CASES[case]
    path = zipped(tmp_path / "x.tipoff", with_spec(good, change))
    with pytest.raises(error, match=words) as caught:
        read(path, OWN).build()
    assert len(str(caught.value)) < 1500


def test_facts_of_any_shape_are_only_carried(good, tmp_path):
    for facts in (None, [], "x", {"a": {"b": [1, None]}}):
        path = zipped(tmp_path / "x.tipoff", with_spec(good, put("facts", facts)))
        assert read(path, OWN).facts == (facts if isinstance(facts, dict) else {})


def test_a_card_that_is_no_text_is_read_as_well_as_it_goes(good, tmp_path):
    assert "�" in read(zipped(tmp_path / "x", {**good, "card.md": b"\xff\xfe"}), OWN).card


def test_whole_numbers_stand_for_floats(good, tmp_path):
    path = zipped(tmp_path / "x", with_spec(good, put(*BLOCK, "smoothing", 0)))
    assert read(path, OWN).plan.targets[0].smoothing == 0


def test_the_spec_is_readable_by_people(good):
    text = good["spec.json"].decode()
    assert "løk" in text and json.loads(text)["plan"]["targets"][0]["is"] == "category@1"
