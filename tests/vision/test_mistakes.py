"""The mistakes people make most, and what they are told."""

import os
import shutil

import pandas as pd
import pytest
import torch

from tests.conftest import picture
from tipoff.data import CategoryBlock, DataBlock, IndexSplitter, RandomSplitter, get_image_files, parent_label
from tipoff.errors import TipoffError
from tipoff.interpret import ClassificationInterpretation
from tipoff.learner import load_learner
from tipoff.notes import listening
from tipoff.vision import ImageBlock, ImageDataLoaders, Resize, vision_learner


@pytest.fixture
def dls(photos):
    return ImageDataLoaders.from_folder(photos, valid_pct=0.25, seed=42, item_tfms=Resize(32), bs=8)


@pytest.fixture
def table(photos):
    files = get_image_files(photos)
    return pd.DataFrame(
        {"name": [str(f.relative_to(photos)) for f in files], "label": [f.parent.name for f in files]}
    )


def refused(*words: str):
    """A context whose error names all of `words`, in one sentence or two."""
    return pytest.raises(TipoffError, match="".join(f"(?=.*{w})" for w in words))


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with refused(str(tmp_path), "0 ", r"\.txt"):
        ImageDataLoaders.from_folder(tmp_path, valid_pct=0.2)


def test_a_folder_that_may_not_be_read_is_said(photos, monkeypatch):
    whole, said = os.scandir, list[str]()

    def scandir(path):
        if str(path).endswith("red"):
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with listening(said.append):
        files = get_image_files(photos)
    assert {f.parent.name for f in files} == {"blue", "green"}
    assert len(said) == 1 and "red cannot be read" in said[0] and "Permission denied" in said[0]


def test_no_split_and_no_train_or_valid_folder(photos):
    with refused("train", "valid", "blue", r"valid_pct=0\.2"):
        ImageDataLoaders.from_folder(photos)


def test_pictures_of_different_sizes_in_a_data_block(photos):
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_items=get_image_files,
        get_y=parent_label,
        splitter=RandomSplitter(0.2, 1),
    )
    with refused(r"\.jpg", r"48 × 40|49 × 40|50 × 40", r"Resize\(224\)"):
        block.dataloaders(photos, bs=8).one_batch()


def test_pictures_of_different_sizes_elsewhere_are_resized_and_it_is_said(photos):
    said: list[str] = []
    with listening(said.append):
        dls = ImageDataLoaders.from_folder(photos, valid_pct=0.2, seed=1, bs=8)
    assert dls.one_batch()[0].shape == (8, 3, 224, 224) and any("Resize(224)" in s for s in said)


def test_one_class(photos, tmp_path):
    shutil.copytree(photos / "red", tmp_path / "red")
    dls = ImageDataLoaders.from_folder(tmp_path, valid_pct=0.2)
    with refused("one class", "red", "two"):
        vision_learner(dls, "resnet18", pretrained=False)


def test_a_batch_larger_than_the_data_still_makes_a_step(tmp_path):
    for label, colour in (("a", (250, 0, 0)), ("b", (0, 0, 250))):
        (tmp_path / label).mkdir()
        for i in range(3):
            picture(colour, i).save(tmp_path / label / f"{i}.png")
    said: list[str] = []
    with listening(said.append):
        dls = ImageDataLoaders.from_folder(tmp_path, valid_pct=0.34, seed=1, item_tfms=Resize(32), bs=64)
        learn = vision_learner(dls, "resnet10t", pretrained=False)
        with learn.no_bar():
            learn.fit(1)
    assert any("64" in s for s in said)
    loss = learn.recorder.values[-1][0]
    assert loss == loss


def test_rows_that_name_missing_files(photos, table):
    table.loc[[2, 7], "name"] = ["red/red_O.jpg", "gone.jpg"]
    with refused("2 of 36", "rows? ", r"red_O\.jpg"):
        ImageDataLoaders.from_df(table, photos, item_tfms=Resize(32), bs=8)


def test_a_row_without_a_label(photos, table):
    table.loc[3, "label"] = None
    said: list[str] = []
    with listening(said.append):
        dls = ImageDataLoaders.from_df(table, photos, item_tfms=Resize(32), bs=8)
    assert list(dls.vocab) == ["blue", "green", "red"]
    assert any("label" in s and "3" in s for s in said), said


def test_a_regular_expression_that_matches_nothing(photos):
    with refused(r"\^cat", "0 of 36", r"\.jpg"):
        ImageDataLoaders.from_name_re(photos, get_image_files(photos), r"^cat_(\d+)", item_tfms=Resize(32))


def test_a_class_that_is_only_in_validation(photos):
    files = sorted(get_image_files(photos))
    red = [i for i, f in enumerate(files) if f.parent.name == "red"]
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=parent_label, splitter=IndexSplitter(red), item_tfms=Resize(32)
    )
    with refused("12 items", "red", "blue, green", "vocab"):
        block.dataloaders(files, bs=8)


def test_a_loss_that_does_not_fit(dls):
    learn = vision_learner(dls, "resnet10t", pretrained=False, loss_func=torch.nn.MSELoss())
    with refused("MSELoss", r"\(7, 3\)", r"\(7,\)", "CrossEntropy"), learn.no_bar():
        learn.fit(1)


def test_a_loss_that_would_broadcast_in_silence():
    from tipoff.data import DataLoaders
    from tipoff.learner import Learner

    pairs = [(torch.randn(3), torch.tensor(float(i))) for i in range(8)]
    learn = Learner(DataLoaders(pairs, pairs, bs=4), torch.nn.Linear(3, 1), loss_func=torch.nn.MSELoss())
    with refused(r"\(4, 1\)", r"\(4,\)"), learn.no_bar():
        learn.fit(1)


def test_a_misspelt_network(dls):
    with refused("resnet18x", "resnet18"):
        vision_learner(dls, "resnet18x")


def test_weights_without_a_network(dls, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with refused("resnet34", "efficientnet_lite0", "pretrained=False"):
        vision_learner(dls, "timm/resnet34.a1_in1k")


def test_a_file_to_predict_that_is_not_there(dls, photos):
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    with refused(r"red_99\.jpg", r"red_\d"):
        learn.predict(photos / "red" / "red_99.jpg")


def test_more_top_losses_than_items_shows_what_there_is(dls):
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    interp = ClassificationInterpretation.from_learner(learn)
    figure = interp.plot_top_losses(100, show=False)
    assert sum(bool(ax.get_title()) for ax in figure.axes) == 9


def test_lr_find_on_few_batches_says_that_it_cannot_be_trusted(dls):
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    said: list[str] = []
    with listening(said.append), learn.no_bar():
        learn.lr_find(num_it=3, show_plot=False)
    assert any("points" in s or "few" in s for s in said), said


def test_functions_that_label_are_not_exported_and_those_in_the_way_of_the_picture_are_refused(
    photos, tmp_path
):
    def learner(**more):
        block = DataBlock(
            (ImageBlock, CategoryBlock), get_items=get_image_files, get_y=lambda f: f.parent.name,
            splitter=RandomSplitter(0.2, 1), **more,
        )  # fmt: skip
        return vision_learner(block.dataloaders(photos, bs=8), "resnet10t", pretrained=False)

    file = learner(item_tfms=Resize(32)).export(tmp_path / "good.tipoff")
    assert load_learner(file).predict(photos / "red" / "red_0.jpg").decoded in ("blue", "green", "red")
    with refused("item_tfms", "lambda|function"):
        learner(item_tfms=[Resize(32), lambda x: x]).export(tmp_path / "bad.tipoff")
    assert not (tmp_path / "bad.tipoff").exists()
