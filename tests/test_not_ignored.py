"""Arguments and frames that once were dropped, or failed inside: honoured, noted, or refused."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tipoff.data import parent_label
from tipoff.errors import NoSuchKeyword, UsageError
from tipoff.interpret import ClassificationInterpretation
from tipoff.notebook.callback import MixedPrecision
from tipoff.notebook.texts import SubwordTokenizer, Tokenizer, WordTokenizer
from tipoff.notes import listening
from tipoff.text import TextDataLoaders
from tipoff.vision import ImageDataLoaders, Normalize, vision_learner

REVIEWS = {"text": [f"a warm film of the sea {i}" for i in range(20)], "label": ["good", "bad"] * 10}


@pytest.fixture
def photos(tmp_path):
    for i in range(8):
        Image.fromarray(np.full((8, 8, 3), 20 * i, np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


def table_of_photos():
    return pd.DataFrame({"name": [f"{i}.png" for i in range(8)], "label": ["dark"] * 4 + ["light"] * 4})


def test_a_polars_frame_of_photos_is_read_as_one_of_pandas(photos):
    polars = pytest.importorskip("polars")
    of_pandas, of_polars = (
        ImageDataLoaders.from_df(frame, photos, seed=1, bs=2)
        for frame in (table_of_photos(), polars.from_pandas(table_of_photos()))
    )
    assert [str(y) for _, y in of_polars.train_ds] == [str(y) for _, y in of_pandas.train_ds]
    assert list(of_polars.vocab) == ["dark", "light"]


def test_a_polars_frame_of_texts_is_read_as_one_of_pandas():
    polars = pytest.importorskip("polars")
    of_pandas, of_polars = (
        TextDataLoaders.from_df(frame, text_col="text", label_col="label", seed=1, bs=4)
        for frame in (pd.DataFrame(REVIEWS), polars.DataFrame(REVIEWS))
    )
    assert of_polars.vocab == of_pandas.vocab


def test_act_and_dimensions_that_are_not_taken_are_refused(photos):
    dls = ImageDataLoaders.from_df(table_of_photos(), photos, bs=2)
    learn = vision_learner(dls, "test_resnet", pretrained=False)
    with pytest.raises(UsageError, match="act is not taken"):
        ClassificationInterpretation.from_learner(learn, act=len)
    with pytest.raises(UsageError, match="dim is 2"):
        Normalize.from_stats((0.5,) * 3, (0.2,) * 3, dim=2)


def test_settings_of_fastais_gradient_scaler_are_noted():
    heard: list[str] = []
    with listening(heard.append):
        MixedPrecision(init_scale=8)
    assert any("init_scale of MixedPrecision is not used" in note for note in heard)


def test_unknown_arguments_of_texts_are_refused():
    dls = TextDataLoaders.from_df(pd.DataFrame(REVIEWS), text_col="text", label_col="label", bs=4)
    for call in (
        lambda: dls.show_batch(trunc=3),
        lambda: SubwordTokenizer(special_toks=["xx"]),
        lambda: Tokenizer(WordTokenizer(), encoding="latin-1"),
    ):
        with pytest.raises(NoSuchKeyword):
            call()


def test_what_is_no_path_has_no_folder():
    with pytest.raises(UsageError, match="The item 3 is no path"):
        parent_label(3)
