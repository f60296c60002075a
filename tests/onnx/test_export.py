"""The ONNX file answers as the model does, says what it is, and is not written where it would answer otherwise."""

import hashlib
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.onnx.conftest import OWN, VOCAB, bundle_of, export, write
from tipoff.bundle.file import read
from tipoff.bundle.predictor import Predictor
from tipoff.data import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import BundleError, SpecError
from tipoff.nn.gradcam import class_maps
from tipoff.notes import listening
from tipoff.onnx import parity
from tipoff.vision import ImageBlock, RandomResizedCrop, Resize

SIZES = [(1, 40), (12, 1), (20, 15), (32, 32), (31, 33), (33, 31), (60, 200), (300, 90)]


def pictures(seed: int = 0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


def both(path, bundle, picture):
    """What the ONNX file gives for a picture, and what the model gives."""
    session = onnxruntime.InferenceSession(path)
    pixels = bundle.plan.inputs[0].encode(picture)
    got = session.run(["probabilities"], {"pixels": pixels[None]})[0]
    plan = bundle.plan
    want = Predictor(plan, bundle.build()).probabilities(plan.inputs_of([plan.read(picture)]))
    return got, want.numpy()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"item_tfms": (Resize((32, 48), "squish"),)},
        {"item_tfms": (Resize(48, "pad"),)},
        {"item_tfms": (RandomResizedCrop(40),)},
        {
            "arch": "resnet18",
            "lin_ftrs": (16,),
            "ps": 0.5,
        },  # fastai's head: both poolings, norms, a layer between
        {"block": ImageBlock("L")},
        {"target": CategoryBlock(vocab=VOCAB, temperature=3.0)},
        {"target": MultiCategoryBlock(vocab=VOCAB, threshold=0.3)},
        {"target": RegressionBlock(n=2, y_range=(-4.0, 90.0), unit="kg")},
        {"arch": "timm/tf_efficientnet_lite0"},
    ],
    ids=str,
)
def test_it_answers_as_the_model_for_pictures_of_any_size(tmp_path, changes):
    bundle = bundle_of(**changes)
    with listening(lambda text: None):
        path, said, _ = export(write(tmp_path / "m.tipoff", bundle))
    for picture in pictures():
        got, want = both(path, bundle, picture)
        assert np.abs(got - want).max() <= 1e-3 * max(1, np.abs(want).max()), picture.shape
    assert said.n_check == 2 and said.n_made == 12 and said.n_same == 14
    assert max(said.off_check, said.off_made) < 1e-3


def test_a_plan_without_a_size_takes_pictures_as_they_are(tmp_path):
    bundle = bundle_of(item_tfms=())
    path, said, _ = export(write(tmp_path / "m.tipoff", bundle))
    assert 6 <= said.n_made < 12  # some are smaller than the network's layers
    for picture in [p for p in pictures() if min(p.shape[:2]) >= 15]:
        got, want = both(path, bundle, picture)
        assert np.abs(got - want).max() < 1e-4, picture.shape


def test_the_temperature_is_inside(tmp_path):
    """Written by hand: softmax of the network's outputs over the temperature."""
    bundle = bundle_of(target=CategoryBlock(vocab=VOCAB, temperature=2.5))
    path = export(write(tmp_path / "m.tipoff", bundle)).path
    picture, plan = pictures()[4], bundle.plan
    with torch.no_grad():
        outputs = bundle.build()(*plan.inputs_of([plan.read(picture)]))[0].numpy().astype(float)
    want = np.exp(outputs / 2.5) / np.exp(outputs / 2.5).sum()
    assert np.allclose(both(path, bundle, picture)[0][0], want, atol=1e-4)


def test_the_heat_map_is_grad_cam(made, exported):
    bundle = read(made, OWN)
    body, head = bundle.build().children()
    session = onnxruntime.InferenceSession(exported)
    for picture in pictures():
        prob, heat = session.run(None, {"pixels": picture[None]})
        with torch.no_grad():
            features = body(*bundle.plan.inputs_of([bundle.plan.read(picture)]))
        want = class_maps(head, features, torch.from_numpy(prob).argmax(-1)).numpy()
        assert heat.shape == want.shape and np.abs(heat - want).max() < 2e-3
        assert heat.min() >= 0 and heat.max() in (0, pytest.approx(1))


def test_a_head_that_takes_maxima_has_no_heat_map_and_says_so(tmp_path):
    said: list[str] = []
    with listening(said.append):
        done = export(
            write(
                tmp_path / "m.tipoff",
                bundle_of(maxima=True),
            )
        )
    assert not done.heat and any("no heat map" in text and "maximum" in text for text in said)
    assert [o.name for o in onnxruntime.InferenceSession(done.path).get_outputs()] == ["probabilities"]


def test_changed_weights_are_found_by_the_check_inputs_and_nothing_is_written(tmp_path):
    bundle = bundle_of()
    for name, t in bundle.weights.items():
        if name == "1.2.weight":  # the last layer; the answers kept in the file are of the weights before
            t.mul_(1.5)
    model = write(tmp_path / "m.tipoff", bundle)
    with pytest.raises(BundleError, match="would answer otherwise than the model"):
        export(model)
    assert [p.name for p in tmp_path.iterdir()] == ["m.tipoff"]


def test_another_answer_to_made_pictures_is_found_and_the_old_file_stays(tmp_path, monkeypatch):
    model = write(tmp_path / "m.tipoff", bundle_of())
    before = export(model).path.read_bytes()
    real = Predictor.probabilities
    monkeypatch.setattr(parity.Predictor, "probabilities", lambda *a: real(*a) + 2e-3)
    with pytest.raises(BundleError, match=r"by up to 0\.002 in a probability"):
        export(model)
    assert (tmp_path / "m.onnx").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "m.tipoff"]


def test_it_says_what_it_is(made, exported):
    texts = {p.key: p.value for p in onnx.load(exported).metadata_props}
    said = json.loads(texts["tipoff"])
    assert said["format"] == 1 and said["input"] == "image" and said["output"] == "category"
    assert said["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    assert said["answers"] == {"names": list(VOCAB), "sure_above": 0.4}
    assert said["facts"]["task"] == "Three things." and said["card"] == "# A card"
    assert "Apache-2.0" in texts["licence"]


def test_the_file_holds_no_paths_of_the_machine_that_made_it(exported):
    raw = exported.read_bytes()
    assert b"site-packages" not in raw and b"stack_trace" not in raw and b"File " not in raw


def test_what_cannot_be_written_says_why(tmp_path):
    model = write(tmp_path / "m.tipoff", bundle_of())
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        export(model, tmp_path / "file" / "m.onnx")


def test_two_targets_are_refused(tmp_path):
    bundle = bundle_of()
    twice = CategoryBlock(vocab=("a", "b"))
    bundle.plan = bundle.plan.replace(targets=(*bundle.plan.targets, twice))
    bundle.model = bundle.model.replace(n_out=5)
    with pytest.raises(SpecError, match="1 inputs and 2 targets"):
        export(write(tmp_path / "m.tipoff", bundle))
