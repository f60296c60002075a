"""What people ask data sets and loaders for, as in fastai: samples, items, vocabulary; and other ways to hand over an image."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tipoff.data import CategoryBlock, ColReader, DataBlock, RandomSplitter, get_image_files, parent_label
from tipoff.decode import decode_image
from tipoff.errors import DataError, UsageError
from tipoff.learner import Learner, load_learner
from tipoff.vision import ImageBlock, ImageDataLoaders, Resize, vision_learner
from tipoff.vision.images import PILImage, PILImageBW, PILMask


def block(*inputs, **options):
    options = {"get_y": parent_label, "splitter": RandomSplitter(0.3, 1), "item_tfms": Resize(16)} | options
    return DataBlock((*(inputs or (ImageBlock,)), CategoryBlock), **options)


@pytest.fixture
def files(photos):
    return get_image_files(photos)


@pytest.fixture
def dls(files):
    return block().dataloaders(files, bs=8, seed=1)


def test_a_sample_is_the_image_before_any_transform_and_its_label(dls):
    image, label = dls.valid_ds[0]
    file = dls.valid_ds.items[0]
    assert type(image) is PILImage and np.array_equal(np.array(image), decode_image(file))
    assert dls.vocab[int(label)] == file.parent.name == dls.valid_ds.vocab[label]
    assert len(list(dls.train_ds)) == len(dls.train_ds)


def test_items_stand_in_the_order_of_predictions(dls):
    learn = Learner(dls, torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(3)))
    _, targets = learn.get_preds()
    assert (
        [dls.vocab[t] for t in targets]
        == [f.parent.name for f in dls.valid.items]
        == [f.parent.name for f in dls.valid_ds.items]
    )
    assert sorted([*dls.train.items, *dls.valid.items]) == sorted(
        map(type(dls.train.items[0]), dls.train.items + dls.valid.items)
    )


def test_items_of_a_data_frame_are_its_rows_without_those_left_out(files, tmp_path):
    (tmp_path / "damaged.jpg").write_bytes(b"no image")
    df = pd.DataFrame({"f": [str(f) for f in files] + [str(tmp_path / "damaged.jpg"), str(files[0])]})
    df["label"] = [f.parent.name for f in files] + ["red", None]
    dls = block(get_x=ColReader("f"), get_y=ColReader("label")).dataloaders(df, bs=8)
    rows = pd.concat([dls.train_ds.items, dls.valid_ds.items])
    assert sorted(rows.index) == list(range(len(files)))
    for ds in (dls.train_ds, dls.valid_ds):
        assert [dls.vocab[int(y)] for _, y in ds] == ds.items["label"].tolist()


def test_datasets_have_train_valid_and_vocab(files, capsys):
    dsets = block().datasets(files, verbose=True)
    assert "ImageBlock.encode" in capsys.readouterr().out
    assert (len(dsets), len(dsets.train), len(dsets.valid)) == (36, 26, 10) and dsets.n_inp == 1
    assert dsets.vocab == ["blue", "green", "red"] and dsets.vocab.o2i["red"] == 2
    assert np.array_equal(dsets[26][0], dsets.valid[0][0]) and dsets.items[26] == dsets.valid.items[0]
    assert np.array_equal(dsets[-1][0], dsets.valid[-1][0])
    with pytest.raises(IndexError):
        dsets[36]


def test_loaders_of_data_of_ones_own_have_no_items():
    from tipoff.data import DataLoaders

    with pytest.raises(UsageError, match="items of a PairDataset are not known"):
        DataLoaders.from_dsets([(1, 1)], [(1, 1)]).valid.items  # noqa: B018


class Upload:
    """As web frameworks hand it over: to be awaited, with the file inside."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    async def read(self): ...


def test_open_files_and_uploads_are_images(files, tmp_path):
    want, data = decode_image(files[0]), files[0].read_bytes()
    with open(files[0], "rb") as file:
        for source in (io.BytesIO(data), file, Upload(data), memoryview(data), bytearray(data)):
            for _ in range(2):  # an open file is left where it was
                assert np.array_equal(decode_image(source), want)
                assert np.array_equal(np.array(PILImage.create(source)), want)
        assert not file.closed


def test_predict_takes_open_files(dls, files):
    learn = vision_learner(dls, "resnet18", pretrained=False)
    want, data = learn.predict(files[0])[2], files[0].read_bytes()
    with open(files[0], "rb") as file:
        got = [learn.predict(o)[2] for o in (io.BytesIO(data), file, Image.open(files[0]))]
        got.append(learn.get_preds(dl=dls.test_dl(file))[0][0])
        assert all(torch.allclose(p, want, atol=1e-6) for p in got)


def test_files_that_give_no_image_are_named(files, tmp_path):
    (tmp_path / "x.txt").write_text("text")
    with (
        open(tmp_path / "x.txt") as text,
        pytest.raises(DataError, match=r"x.txt gives str when it is read.*'rb'"),
    ):
        decode_image(text)
    read = io.BytesIO(files[0].read_bytes())
    read.read()
    with pytest.raises(DataError, match=r"read to its end before: go back by seek\(0\)"):
        decode_image(read)
    with open(tmp_path / "x.txt", "rb") as file, pytest.raises(DataError, match="x.txt is not a picture"):
        decode_image(file)


@pytest.mark.parametrize("grey", [ImageBlock(cls=PILImageBW), ImageBlock(PILImageBW)], ids=["cls=", "first"])
def test_grey_images_of_one_channel(files, grey, tmp_path):
    dls = block(grey).dataloaders(files, bs=8, seed=1)
    x, _ = dls.one_batch()
    assert x.shape[1:] == (1, 16, 16)
    colour = block(ImageBlock("L")).dataloaders(files, bs=8, seed=1).one_batch()[0]
    assert torch.equal(x, colour[:, :1]) and torch.equal(colour[:, 0], colour[:, 2])
    image, _ = dls.train_ds[0]
    assert type(image) is PILImageBW and image.mode == "L"
    dls.show_batch(max_n=1, show=False)


def test_a_network_takes_the_channels_of_the_data(photos, files, tmp_path):
    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.3, seed=1, bs=8, item_tfms=Resize(32), img_cls=PILImageBW
    )
    learn = vision_learner(dls, "resnet18", pretrained=False, n_in=1)
    assert (
        learn.model[0][0].weight.shape[1] == 1
        and vision_learner(dls, "resnet18", pretrained=False).model_spec.n_in == 1
    )
    learn.fit(1)
    again = load_learner(learn.export(tmp_path / "m.tipoff"))
    assert torch.allclose(again.predict(files[0])[2], learn.predict(files[0])[2], atol=1e-6)
    with pytest.raises(UsageError, match="n_in is 3, and the images have 1 channel"):
        vision_learner(dls, "resnet18", pretrained=False, n_in=3)


def test_one_channel_is_normalised_by_the_mean_of_the_three(photos):
    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.3, seed=1, bs=8, item_tfms=Resize(32), img_cls=PILImageBW
    )
    norm = vision_learner(dls, "efficientnet_lite0").norm
    assert norm.mean == (0.5,) and norm.std == (0.5,)


def test_what_is_no_image_class_or_no_number_of_channels_is_refused(photos):
    for make in (lambda: ImageBlock(cls=PILMask), lambda: ImageBlock("grey"), lambda: ImageBlock(channels=1)):
        with pytest.raises(UsageError, match="PILImageBW|channels=1"):
            make()
    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.3, item_tfms=Resize(32))
    with pytest.raises(UsageError, match="n_in is 1, and the images have 3 channels.*img_cls=PILImageBW"):
        vision_learner(dls, "resnet18", pretrained=False, n_in=1)


def test_a_model_of_one_channel_is_the_same_in_onnx(photos, files, tmp_path):
    from tipoff.onnx.export import export_onnx
    from tipoff.serve.onnx_model import OnnxModel

    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.3, seed=1, bs=8, item_tfms=Resize(32), img_cls=PILImageBW
    )
    learn = vision_learner(dls, "resnet18", pretrained=False, concat_pool=False)
    model = OnnxModel(export_onnx(learn.export(tmp_path / "m.tipoff")).path)
    answer = model.answer([model.read(files[0].read_bytes(), "x")], heat=False)[0]
    assert np.allclose([answer["probabilities"][str(n)] for n in dls.vocab], learn.predict(files[0])[2].numpy(), atol=1e-4)
