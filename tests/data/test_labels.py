"""Labels: one class, labels that are none, and one label written in several ways."""

import pandas as pd
import pytest
import torch
from torch import nn

from tipoff.data import (
    CategoryBlock,
    DataBlock,
    MultiCategoryBlock,
    RandomSplitter,
    get_image_files,
    parent_label,
)
from tipoff.data.similar_labels import similar_labels
from tipoff.errors import DataError
from tipoff.learner import Learner
from tipoff.notes import listening
from tipoff.tabular import TabularDataLoaders
from tipoff.text import TextDataLoaders
from tipoff.vision import ImageBlock, ImageDataLoaders, Resize

NFC, NFD = "café", "cafe\u0301"


def heard(do):
    said = []
    with listening(said.append):
        do()
    return [s for s in said if "differ only" in s]


def images(photos, get_y, **options):
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=get_y, splitter=RandomSplitter(0.3, 1), item_tfms=Resize(8)
    )
    return block.dataloaders(get_image_files(photos), bs=4, **options)


def test_data_of_one_class_can_be_looked_at_and_not_learned_from(photos):
    said = []
    with listening(said.append):
        dls = images(photos, lambda f: "all")
    assert dls.vocab == ["all"] and dls.one_batch()[1].tolist() == [0] * 4
    assert "there is one class in the training items, 'all'; a classifier needs two or more" in said
    with pytest.raises(DataError, match="one class in the training items: 'all'; a classifier needs two"):
        Learner(dls, nn.Linear(1, 1))
    Learner(
        dls, nn.Linear(1, 1), loss_func=lambda pred, y: pred.mean()
    )  # a loss of one's own may learn something else


def test_a_forgotten_label_function_is_said(photos):
    with pytest.raises(DataError, match="here a PosixPath.*get_y=parent_label"):
        images(photos, None)


def test_a_row_or_a_list_is_no_label():
    with pytest.raises(DataError, match="ColReader"):
        CategoryBlock().setup([pd.Series({"label": "a"})])
    with pytest.raises(DataError, match="MultiCategoryBlock"):
        CategoryBlock().setup([["a", "b"]])


def test_groups_of_similar_labels():
    assert similar_labels(["cat", NFC, "dog", "Cat", NFD, "cat ", "cat"]) == [
        ("cat", "Cat", "cat "),
        (NFC, NFD),
    ]
    assert similar_labels(["1", "10", "a b", "ab"]) == []


def test_similar_labels_are_noted_and_stay_classes_of_their_own(photos):
    names = dict(zip(("blue", "green", "red"), (NFC, NFD, "tea"), strict=True))
    said = heard(lambda: images(photos, lambda f: names[parent_label(f)]))
    assert len(said) == 1 and "'café' and 'cafe\\u0301'" in said[0]


def test_they_are_noted_of_tables_and_texts_and_several_labels():
    df = pd.DataFrame({"x": range(20), "text": ["so it is"] * 20, "label": ["Yes", "yes", "no", "no"] * 5})
    for do in (
        lambda: TabularDataLoaders.from_df(df, y_names="label", cont_names=["x"], cat_names=[], seed=1),
        lambda: TextDataLoaders.from_df(df, text_col="text", label_col="label", seed=1),
        lambda: MultiCategoryBlock().setup([["Yes"], ["yes", "no"]]),
    ):
        assert [s for s in heard(do) if "'Yes' and 'yes'" in s or "'yes' and 'Yes'" in s]


def test_classes_that_are_named_are_meant():
    assert not heard(lambda: CategoryBlock(vocab=("Yes", "yes")).setup(["Yes"]))


def test_an_unknown_label_that_is_a_known_one_in_another_form_is_said():
    block = CategoryBlock(vocab=(NFC, "tea"))
    for do in (lambda: block.encode(NFD), lambda: block.encode_all([NFC, NFD])):
        with pytest.raises(
            DataError, match=r"'cafe\\u0301' and 'café' differ only in letter case, spaces or Unicode form"
        ):
            do()
    assert block.encode_all([NFC, "tea"]).equal(torch.tensor([0, 1]))


def test_classes_in_folders_of_two_forms(photos, tmp_path):
    for part, name in (("train", NFC), ("train", "tea"), ("valid", NFD)):
        (tmp_path / part / name).mkdir(parents=True)
        for f in sorted((photos / "red").iterdir())[:2]:
            (tmp_path / part / name / f.name).write_bytes(f.read_bytes())
    with pytest.raises(DataError, match="differ only in"):
        ImageDataLoaders.from_folder(tmp_path, bs=2).valid.one_batch()
