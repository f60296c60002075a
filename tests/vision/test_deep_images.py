"""Images of more than 8 bits: scaled by one rule, the same in training, prediction, the model file, ONNX and the server."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from tipoff.bundle.predictor import load_predictor
from tipoff.data import CategoryBlock, DataBlock, RandomSplitter, get_image_files, parent_label
from tipoff.decode import decode_image, read_pixels
from tipoff.errors import DataError, UsageError
from tipoff.learner import load_learner
from tipoff.notes import listening
from tipoff.vision import ImageBlock, ImageDataLoaders, Resize, verify_images, vision_learner

G = np.linspace(0, 1, 40 * 40).reshape(40, 40)
FORMS = {  # what a file holds: name, and values from the darkest to the lightest
    "12 bits in a 16-bit PNG": ("x.png", (G * 4095).astype(np.uint16)),
    "16 bits in a TIFF": ("x.tif", (G * 65535).astype(np.uint16)),
    "floats to 255": ("x.tif", (G * 255).astype(np.float32)),
    "floats about 0": ("x.tif", (G * 2 - 1).astype(np.float32)),
    "int32": ("x.tif", (G * 255).astype(np.int32)),
    "CT numbers": ("x.tif", (G * 3000 - 1000).astype(np.int32)),
}


def formula(x, low, high):
    return np.clip(np.round((x.astype(np.float64) - low) * 255 / (high - low)), 0, 255)


@pytest.fixture(params=FORMS, ids=str)
def folder(request, tmp_path):
    """Two classes, the lighter and the darker half of the values; and the values of the whole."""
    name, x = FORMS[request.param]
    for label in ("dark", "light"):
        (tmp_path / label).mkdir()
        for i in range(4):
            part = x if i == 0 else (x[:20] if label == "dark" else x[20:]).repeat(2, 0)
            Image.fromarray(part).save(tmp_path / label / f"{i}{name}")
    return tmp_path, x


def test_values_are_the_range_of_the_training_images_as_bytes(folder):
    root, x = folder
    block = DataBlock((ImageBlock, CategoryBlock), get_y=parent_label, splitter=RandomSplitter(0.25, 3))
    said = []
    with listening(said.append):
        dls = block.dataloaders(get_image_files(root), bs=8, seed=1)
    low, high = dls.plan.inputs[0].levels
    seen = [read_pixels(f) for f in dls.train_ds.items]
    assert low == min(p.min() for p in seen) and high == max(p.max() for p in seen)
    assert any(f"{low:,g} to {high:,g}, becomes 0 to 255" in s for s in said)
    for dl in dls:
        batch = dl.dataset.batch(torch.arange(len(dl.dataset)), 0).x[0]
        for got, file in zip(batch.numpy(), dl.items, strict=True):
            want = formula(read_pixels(file), low, high)
            assert np.abs(got[0] - want).max() <= 1 and (got[0] == got[2]).all()
    assert len(np.unique(decode_image(root / "dark" / f"0{root_name(root)}", levels=(low, high)))) > 200


def root_name(root):
    return next(f.name[1:] for f in (root / "dark").iterdir())


def test_prediction_model_file_onnx_and_server_answer_the_same(folder, tmp_path_factory):
    from tipoff.onnx.export import export_onnx
    from tipoff.serve.onnx_model import OnnxModel
    from tipoff.serve.torch_model import TorchModel

    root, _ = folder
    dls = ImageDataLoaders.from_folder(root, valid_pct=0.25, seed=1, bs=4, item_tfms=Resize(32))
    torch.manual_seed(0)
    learn = vision_learner(dls, "resnet18", pretrained=False, concat_pool=False)
    out = tmp_path_factory.mktemp("m") / "m.tipoff"
    learn.export(out)
    file = get_image_files(root)[0]
    data = file.read_bytes()
    want = learn.get_preds(dl=dls.test_dl([file]))[0][0].numpy()
    assert np.allclose(learn.predict(io.BytesIO(data))[2], want, atol=1e-5)
    assert np.allclose(load_learner(out).predict(read_pixels(file))[2], want, atol=1e-5)
    assert np.allclose([load_predictor(out)(file)["probabilities"][n] for n in dls.vocab], want, atol=1e-5)
    for model in (TorchModel(out, 10**8), OnnxModel(export_onnx(out).path)):
        answer = model.answer([model.read(data, "x")], heat=False)[0]
        assert np.allclose([answer["probabilities"][str(n)] for n in dls.vocab], want, atol=1e-4)


def test_levels_may_be_given_and_values_beyond_them_are_cut():
    x = np.array([[-1000.0, -160.0, 40.0, 240.0, 3000.0]])
    assert ImageBlock(levels=(-160, 240)).encode(x)[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    for wrong in ((1, 1), (3, 2), (0, float("nan")), 5):
        with pytest.raises(UsageError, match="levels"):
            ImageBlock(levels=wrong)


def test_what_is_said_by_nothing_is_refused_and_not_black():
    with pytest.raises(DataError, match="from -1,000 to 2,000, and nothing says which.*levels="):
        decode_image(np.array([[-1000, 2000]], np.int32))
    assert decode_image(np.array([[0.0, 255.0]]))[0, :, 0].tolist() == [0, 255]
    assert decode_image(np.array([[0.0, 0.5, 1.0]]))[0, :, 0].tolist() == [0, 128, 255]
    assert decode_image(np.array([[0, 65535]], np.uint16))[0, :, 0].tolist() == [0, 255]


def test_a_dark_one_without_levels_is_said(tmp_path):
    Image.fromarray((G * 4095).astype(np.uint16)).save(tmp_path / "x.png")
    said = []
    with listening(said.append):
        assert decode_image(tmp_path / "x.png").max() == 16
    assert (
        "holds values up to 4,095, and 65,535 is white: it is nearly black" in said[0]
        and "levels=" in said[0]
    )


def test_an_image_far_outside_the_levels_is_said():
    said = []
    with listening(said.append):
        ImageBlock(levels=(0, 100)).encode((G * 60000).astype(np.uint16))
    assert "lie outside 0 to 100" in said[0]


def test_colours_of_16_bits_that_are_dark_are_said(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "x.png"), np.full((20, 20, 3), 1000, np.uint16))
    said = []
    with listening(said.append):
        decode_image(tmp_path / "x.png")
    assert "colours of 16 bits, of which the upper 8 are used: it is nearly black" in said[0]


def test_missing_values_are_black_and_not_part_of_the_range():
    x = np.array([[np.nan, 2.0, 10.0, np.inf]], np.float32)
    block = ImageBlock().setup([x])
    assert block.levels == (2, 10) and block.encode(x)[0, :, 0].tolist() == [0, 0, 255, 255]


def test_a_whole_image_of_ct_numbers_is_no_damaged_file(tmp_path):
    Image.fromarray((G * 3000 - 1000).astype(np.int32)).save(tmp_path / "x.tif")
    assert verify_images([tmp_path / "x.tif"]) == []


def test_images_of_8_bits_have_no_levels(photos):
    assert ImageBlock().setup(get_image_files(photos)).levels is None


def test_a_large_image_is_averaged_in_its_own_values_at_prediction(tmp_path, monkeypatch):
    from tipoff.deep_images import averaged

    x = (G[:39, :39] * 4095).astype(np.uint16)
    want = [[x[r : r + 2, c : c + 2].mean() for c in range(0, 39, 2)] for r in range(0, 39, 2)]
    assert np.abs(averaged(x, 2) - np.array(want)).max() <= 0.5
    Image.fromarray(x).save(tmp_path / "x.png")
    got = read_pixels(tmp_path / "x.png", keep_pixels=400)
    assert np.array_equal(got, averaged(x, 2))
    monkeypatch.setattr("tipoff.vision.block.KEEP_PIXELS", 400)
    block = ImageBlock(levels=(0, 4095))
    assert np.array_equal(block.encode_exact(tmp_path / "x.png")[..., 0], formula(averaged(x, 2), 0, 4095))
