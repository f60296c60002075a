"""Items to predict that are others than those of the training, and pictures made smaller without loss."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tipoff.data import DataLoaders, get_image_files
from tipoff.errors import UsageError
from tipoff.learner import load_learner
from tipoff.vision import ImageDataLoaders, Resize, resize_images, vision_learner


@pytest.fixture(scope="module")
def learned(photos):
    files = get_image_files(photos)
    df = pd.DataFrame(
        {"file": [str(f.relative_to(photos)) for f in files], "label": [f.parent.name for f in files]}
    )
    dls = ImageDataLoaders.from_df(df, photos, valid_pct=0.3, seed=1, bs=8, item_tfms=Resize(32))
    return vision_learner(dls, "resnet18", pretrained=False), df, files


def test_loaders_of_a_data_frame_take_its_rows_and_files(learned, photos):
    learn, df, files = learned
    want = learn.get_preds(dl=learn.dls.test_dl(df))[0]
    for items in (files, photos, list(map(str, files))):
        assert torch.allclose(learn.get_preds(dl=learn.dls.test_dl(items))[0], want, atol=1e-6)
    assert torch.allclose(learn.predict(df.iloc[0])[2], want[0], atol=1e-5)


def test_a_loaded_model_says_that_it_takes_files(learned, tmp_path):
    learn, df, files = learned
    again = load_learner(learn.export(tmp_path / "m.tipoff"))
    assert len(again.get_preds(dl=again.dls.test_dl(files))[0]) == len(files)
    for do in (lambda: again.dls.test_dl(df), lambda: again.predict(df.iloc[0])):
        with pytest.raises(UsageError, match="is a row of a data frame.*give that column"):
            do()


def test_pictures_of_one_name_and_two_endings_are_both_written(tmp_path):
    root, to = tmp_path / "in", tmp_path / "out"
    root.mkdir()
    for name, colour in (("x.png", "red"), ("x.jpg", "blue"), ("y.png", "green")):
        Image.new("RGB", (60, 60), colour).save(root / name)
    made = resize_images(root, max_size=30, dest=to, ext=".jpg")
    assert sorted(f.name for f in made) == ["x.jpg", "x_png.jpg", "y.jpg"] and not made.dropped
    assert (
        np.array(Image.open(to / "x_png.jpg"))[0, 0, 0] > 200
        and np.array(Image.open(to / "x.jpg"))[0, 0, 2] > 200
    )
    resize_images(root, max_size=30, dest=root, ext=".jpg")
    resize_again = dict(max_size=30, dest=root, ext=".jpg")  # where the first time left its files
    assert f"{root / 'x_png.jpg'} is another picture" in resize_images(root, **resize_again).dropped[0][1]
    assert (
        np.array(Image.open(root / "x_png.jpg"))[0, 0, 0] > 200
        and np.array(Image.open(root / "x.jpg"))[0, 0, 2] > 200
    )


def test_a_deep_picture_keeps_its_values(tmp_path):
    x = np.linspace(0, 4095, 40 * 40).reshape(40, 40).astype(np.uint16)
    Image.fromarray(x).save(tmp_path / "x.tif")
    resize_images(tmp_path, max_size=100, dest=tmp_path)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "x.tif")), x)
    resize_images(tmp_path, max_size=20, dest=tmp_path)
    small = np.asarray(Image.open(tmp_path / "x.tif"))
    assert small.shape == (20, 20) and small.dtype == np.uint16 and small.max() > 4000
    made = resize_images(tmp_path, max_size=20, dest=tmp_path / "out", ext=".jpg")
    assert "more than 8 bits, which .JPG cannot hold" in made.dropped[0][1]


def test_a_share_and_folders_of_a_split_go_not_together(photos):
    with pytest.raises(UsageError, match="valid_pct=0.2 splits all items at random.*pass one"):
        ImageDataLoaders.from_folder(photos, train="red", valid_pct=0.2)


def test_loaders_of_ones_own_say_what_they_cannot(dicts=({"x": 1, "y": 0},)):
    loader = torch.utils.data.DataLoader(list(dicts))
    dls = DataLoaders(loader, loader)
    with pytest.raises(UsageError, match="batches of a dict with 'x', 'y'; give tuples"):
        dls.one_batch()
    with pytest.raises(UsageError, match="needs DataLoaders made from a DataBlock"):
        dls.show_batch()


def test_drawing_nothing_is_refused(learned):
    with pytest.raises(UsageError, match="max_n is 0"):
        learned[0].dls.show_batch(max_n=0)


def test_a_picture_replaced_at_the_same_size_and_time_is_seen(tmp_path):
    import os
    from time import sleep

    from tipoff.data import CategoryBlock, DataBlock, IndexSplitter
    from tipoff.vision import ImageBlock

    files = [tmp_path / f"{i}.bmp" for i in range(4)]
    for f in files:
        Image.new("RGB", (8, 8), "red").save(f)
    block = DataBlock(
        (ImageBlock, CategoryBlock(vocab=list("0123"))), get_y=lambda f: f.stem, splitter=IndexSplitter([1])
    )

    def first():
        dls = block.dataloaders(files, bs=4)
        return dls.train_ds.batch(torch.tensor([0]), 0).x[0][0, :, 0, 0].tolist()

    assert first() == [255, 0, 0]
    then = files[0].stat()
    sleep(0.02)
    Image.new("RGB", (8, 8), "blue").save(files[0])
    os.utime(files[0], ns=(then.st_atime_ns, then.st_mtime_ns))
    assert files[0].stat().st_size == then.st_size and first() == [0, 0, 255]
