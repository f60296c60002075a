"""No raw exception of ours: the public factories with wrong types and values for each of their arguments.

A call may succeed, or end with an error of tipoff's that has words, or with Python's own for a keyword that is not there. What a
function of the user's raises is the user's: such arguments get no functions here.
"""

import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tipoff import data as d
from tipoff import load_learner, load_predictor
from tipoff.checked import checked
from tipoff.collab import ClickBlock, CollabDataLoaders, RatingBlock, collab_learner
from tipoff.errors import NoSuchKeyword, TipoffError, UsageError
from tipoff.tabular import (
    Categorify,
    FillMissing,
    Normalize,
    TabularDataLoaders,
    TabularPandas,
    add_datepart,
    add_elapsed_times,
    cont_cat_split,
    df_shrink,
    find_leaks,
    get_emb_sz,
    infer_columns,
    tabular_learner,
)
from tipoff.text import (
    SubwordTokenizer,
    TextBlock,
    TextDataLoaders,
    WordTokenizer,
    get_text_files,
    human_numbers,
    language_model_learner,
    text_classifier_learner,
)
from tipoff.vision import (
    FlipItem,
    ImageBlock,
    ImageDataLoaders,
    RandomResizedCrop,
    Resize,
    aug_transforms,
    resize_images,
    verify_images,
    vision_learner,
)
from tipoff.vision import Normalize as NormalizeImages

OF_THE_USER = {"func", "label_func", "labels", "splitter", "loss_func", "opt_func", "get_x", "get_y", "get_items", "cbs"}
HUGE = {"n_in", "n_out", "lin_ftrs", "layers", "n_factors", "emb_szs", "members", "bs", "val_bs", "size", "max_size"}


BIG = 10**5


class Thing:
    pass


VALUES = [
    *(None, True, False, -1, 0, 1, 3, 1.5, -0.5, float("nan"), float("inf"), "", "nonsense", "3", "\x00", b"x"),
    *([], [1, 2], ["a", "b"], (), (1,), (0.5, 2), {}, {"a": 1}, {1, 2}, [None], [[1]], range(3), slice(None), slice(1, 2)),
    *(Path("nowhere"), Thing(), Thing, np.arange(3), np.float32(0.3), np.int64(2), torch.tensor([1.0, 2.0]), torch.nn.Linear(2, 2)),
    *(pd.DataFrame({"a": [1, 2]}), len, BIG),
]
PROCS = [Categorify, FillMissing, Normalize]
SMALL = {"emb_sz": 8, "n_hid": 8, "n_layers": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Small data of each kind, and each factory with arguments that it takes."""
    root, rng = tmp_path_factory.mktemp("world"), np.random.default_rng(0)
    photos, texts = root / "photos", root / "texts"
    for i in range(12):
        label = ("cat", "dog")[i % 2]
        for split in ("train", "valid"):
            (photos / split / label).mkdir(parents=True, exist_ok=True)
            image = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(image).save(photos / split / label / f"{label}_{i}.png")
        (texts / label).mkdir(parents=True, exist_ok=True)
        (texts / label / f"{i}.txt").write_text("a warm film " * 3)
    files = sorted((photos / "train").rglob("*.png"))
    labels = [f.parent.name for f in files]
    named = pd.DataFrame({"name": [str(f.relative_to(photos)) for f in files], "label": labels})
    named.to_csv(photos / "labels.csv", index=False)
    table = pd.DataFrame(
        {
            "town": rng.choice(["Ulm", "Bonn"], 60),
            "age": rng.normal(40, 9, 60).round(1),
            "day": pd.date_range("2024-01-01", periods=60).astype(str),
            "open": [True, False] * 30,
            "sold": rng.choice(["yes", "no"], 60),
        }
    )
    table.to_csv(root / "table.csv", index=False)
    ratings = pd.DataFrame({"user": np.arange(80) % 9, "item": np.arange(80) % 7, "rating": np.arange(80) % 5})
    ratings.to_csv(root / "ratings.csv", index=False)
    reviews = pd.DataFrame({"text": [f"a warm film of the sea {i}" for i in range(30)], "label": ["good", "bad"] * 15})
    reviews.to_csv(root / "reviews.csv", index=False)
    images, rows = ImageDataLoaders, TabularDataLoaders
    columns = {"cat_names": ["town"], "cont_names": ["age"], "y_names": "sold", "procs": PROCS}
    photo_dls = images.from_folder(photos, bs=4)
    row_dls = rows.from_df(table, **columns, bs=16)
    rating_dls = CollabDataLoaders.from_df(ratings, bs=16)
    text_dls = TextDataLoaders.from_df(reviews, text_col="text", label_col="label", bs=4)
    lm_dls = TextDataLoaders.from_df(reviews, text_col="text", is_lm=True, bs=4, seq_len=8)
    text = {"text_col": "text", "label_col": "label", "bs": 4}
    return World({
        "image from_folder": (images.from_folder, {"path": photos, "bs": 4}),
        "image from_path_func": (images.from_path_func, {"path": photos, "fnames": files, "label_func": d.parent_label}),
        "image from_name_func": (images.from_name_func, {"path": photos, "fnames": files, "label_func": lambda s: s[:3]}),
        "image from_path_re": (images.from_path_re, {"path": photos, "fnames": files, "pat": r"(cat|dog)_"}),
        "image from_name_re": (images.from_name_re, {"path": photos, "fnames": files, "pat": r"(cat|dog)_"}),
        "image from_df": (images.from_df, {"df": named, "path": photos}),
        "image from_csv": (images.from_csv, {"path": photos}),
        "image from_lists": (images.from_lists, {"path": photos, "fnames": files, "labels": labels}),
        "DataBlock": (d.DataBlock, {"blocks": (ImageBlock, d.CategoryBlock)}),
        "DataBlock.dataloaders": (
            d.DataBlock((ImageBlock, d.CategoryBlock), get_y=d.parent_label).dataloaders,
            {"source": files, "bs": 4},
        ),
        "from_dsets": (d.DataLoaders.from_dsets, {}),
        "test_dl": (photo_dls.test_dl, {"test_items": files}),
        "vision_learner": (vision_learner, {"dls": photo_dls, "arch": "test_resnet", "pretrained": False}),
        "aug_transforms": (aug_transforms, {}),
        "Resize": (Resize, {"size": 8}),
        "RandomResizedCrop": (RandomResizedCrop, {"size": 8}),
        "FlipItem": (FlipItem, {}),
        "NormalizeImages": (NormalizeImages, {"mean": (0.5,) * 3, "std": (0.2,) * 3}),
        "ImageBlock": (ImageBlock, {}),
        "verify_images": (verify_images, {"fns": files}),
        "resize_images": (resize_images, {"path": photos / "train", "max_size": 8, "dest": root / "small"}),
        "CategoryBlock": (d.CategoryBlock, {}),
        "MultiCategoryBlock": (d.MultiCategoryBlock, {}),
        "RegressionBlock": (d.RegressionBlock, {}),
        "RatingBlock": (RatingBlock, {}),
        "ClickBlock": (ClickBlock, {}),
        "get_files": (d.get_files, {"path": photos}),
        "get_image_files": (d.get_image_files, {"path": photos}),
        "parent_label": (d.parent_label, {"o": files[0]}),
        "RegexLabeller": (d.RegexLabeller, {"pat": r"(cat|dog)"}),
        "ColReader": (d.ColReader, {"cols": "label"}),
        "RandomSplitter": (split_by(d.RandomSplitter, files), {}),
        "EndSplitter": (split_by(d.EndSplitter, files), {}),
        "IndexSplitter": (split_by(d.IndexSplitter, files), {"valid_idx": [0, 1]}),
        "MaskSplitter": (split_by(d.MaskSplitter, files), {"mask": [True, False] * 6}),
        "GroupSplitter": (split_by(d.GroupSplitter, files), {"groups": list("abc") * 4}),
        "TimeSplitter": (split_by(d.TimeSplitter, files), {"times": list(range(12))}),
        "StratifiedSplitter": (split_by(d.StratifiedSplitter, files), {"labels": labels}),
        "TrainTestSplitter": (split_by(d.TrainTestSplitter, files), {}),
        "ColSplitter": (split_by(d.ColSplitter, table), {"col": "open"}),
        "table from_df": (rows.from_df, {"df": table, **columns, "bs": 16}),
        "table from_csv": (rows.from_csv, {"csv": root / "table.csv"}),
        "table from_path": (rows.from_path, {"path": root / "table.csv"}),
        "table test_dl": (row_dls.test_dl, {"test_items": table}),
        "TabularPandas": (TabularPandas, {"df": table, **columns}),
        "tabular_learner": (tabular_learner, {"dls": row_dls, "layers": [8]}),
        "add_datepart": (lambda_of(add_datepart, table), {"field_name": "day"}),
        "add_elapsed_times": (
            lambda_of(add_elapsed_times, table),
            {"field_names": ["open"], "date_field": "day", "base_field": "town"},
        ),
        "cont_cat_split": (cont_cat_split, {"df": table}),
        "df_shrink": (df_shrink, {"df": table}),
        "infer_columns": (infer_columns, {"frame": table}),
        "find_leaks": (find_leaks, {"frame": table, "names": ["town"], "y_names": ["sold"]}),
        "get_emb_sz": (get_emb_sz, {"to": row_dls}),
        "FillMissing": (FillMissing, {}),
        "ratings from_df": (CollabDataLoaders.from_df, {"ratings": ratings, "bs": 16}),
        "ratings from_csv": (CollabDataLoaders.from_csv, {"csv": root / "ratings.csv"}),
        "ratings from_clicks": (CollabDataLoaders.from_clicks, {"clicks": ratings[["user", "item"]]}),
        "collab_learner": (collab_learner, {"dls": rating_dls, "n_factors": 4}),
        "text from_df": (TextDataLoaders.from_df, {"df": reviews, **text}),
        "text from_csv": (TextDataLoaders.from_csv, {"path": root, "csv_fname": "reviews.csv", **text}),
        "text from_folder": (TextDataLoaders.from_folder, {"path": texts, "valid_pct": 0.3, "bs": 4}),
        "TextBlock.from_df": (TextBlock.from_df, {"text_cols": "text"}),
        "TextBlock.from_folder": (TextBlock.from_folder, {"path": texts}),
        "get_text_files": (get_text_files, {"path": texts}),
        "human_numbers": (human_numbers, {"first": 1, "last": 20}),
        "WordTokenizer": (WordTokenizer, {}),
        "SubwordTokenizer": (SubwordTokenizer, {}),
        "language_model_learner": (language_model_learner, {"dls": lm_dls, "config": SMALL, "pretrained": False}),
        "text_classifier_learner": (text_classifier_learner, {"dls": text_dls, "config": SMALL, "pretrained": False}),
        "load_learner": (load_learner, {"fname": root / "none.tipoff"}),
        "load_predictor": (load_predictor, {"path": root / "none.tipoff"}),
    })


class World(dict):
    """Shown in a word where a test fails."""

    def __repr__(self):
        return "World()"


def split_by(make, items):
    """`make` and, at once, the split of `items`; the signature is that of `make`."""

    def split(**arguments):
        return make(**arguments)(items)

    split.__signature__ = inspect.signature(make)
    return split


def lambda_of(change, frame):
    """`change`, of a fresh copy of the frame each time, unless another is given."""

    def call(**arguments):
        return change(**{"df": frame.copy(), **arguments})

    call.__signature__ = inspect.signature(change)
    return call


NAMES = """
image from_folder|image from_path_func|image from_name_func|image from_path_re|image from_name_re|image from_df|image from_csv
image from_lists|DataBlock|DataBlock.dataloaders|from_dsets|test_dl|vision_learner|aug_transforms|Resize|RandomResizedCrop
FlipItem|NormalizeImages|ImageBlock|verify_images|resize_images|CategoryBlock|MultiCategoryBlock|RegressionBlock|RatingBlock
ClickBlock|get_files|get_image_files|parent_label|RegexLabeller|ColReader|RandomSplitter|EndSplitter|IndexSplitter|MaskSplitter
GroupSplitter|TimeSplitter|StratifiedSplitter|TrainTestSplitter|ColSplitter|table from_df|table from_csv|table from_path
table test_dl|TabularPandas|tabular_learner|add_datepart|add_elapsed_times|cont_cat_split|df_shrink|infer_columns|find_leaks
get_emb_sz|FillMissing|ratings from_df|ratings from_csv|ratings from_clicks|collab_learner|text from_df|text from_csv
text from_folder|TextBlock.from_df|TextBlock.from_folder|get_text_files|human_numbers|WordTokenizer|SubwordTokenizer
language_model_learner|text_classifier_learner|load_learner|load_predictor
""".strip().replace("\n", "|").split("|")


def test_every_factory_of_the_world_is_asked(world):
    assert set(NAMES) == set(world)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_wrong_values_get_words(world, tmp_path_factory, name, data):
    function, arguments = world[name]
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds]
    argument = data.draw(st.sampled_from(names), label="argument")
    value = data.draw(st.sampled_from(VALUES), label="value")
    if (callable(value) and argument in OF_THE_USER) or (value is BIG and argument in HUGE):
        return
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path_factory.getbasetemp())  # a word may be the name of a folder to make
        warnings.simplefilter("ignore")
        try:
            function(**{**arguments, argument: value})
        except TipoffError as e:
            assert str(e).strip()


@checked
def asked(n: int = 1, share: float | None = None, names: list[str] | str = "", flag: bool = False, kind: type = int):
    return n, share, names, flag


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n": "3"}, "n is '3'; a whole number is needed."),
        ({"n": 1.5}, "n is 1.5; a whole number is needed."),
        ({"n": True}, "n is True; a whole number is needed."),
        ({"share": float("nan")}, "share is nan; a number or None is needed."),
        ({"names": ["a", 3]}, r"names is \['a', 3\]; a list of strings or a string is needed."),
        ({"flag": "yes"}, "flag is 'yes'; True or False is needed."),
        ({"kind": 3}, "kind is 3; a class is needed."),
    ],
)
def test_what_an_annotation_does_not_allow_is_said(arguments, said):
    with pytest.raises(UsageError, match=f"^{said}$"):
        asked(**arguments)


def test_what_fits_is_passed_on_and_numpys_scalars_become_pythons():
    assert asked(np.int64(3), np.float64(0.5), ("a",), 1) == (3, 0.5, ("a",), 1)
    assert type(asked(np.int64(3))[0]) is int


def test_an_unknown_keyword_gets_the_nearest_name():
    with pytest.raises(NoSuchKeyword, match="Did you mean 'share'"):
        asked(shar=0.5)
