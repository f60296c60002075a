"""Texts as they come: empty, endless, in other encodings and scripts; labels that are missing or new."""

import re

import pandas as pd
import pytest
import torch
from torch import nn

from tipoff.data import CategoryBlock, DataBlock, parent_label
from tipoff.learner import Learner
from tipoff.text import (
    AWD_LSTM,
    SubwordTokenizer,
    TextBlock,
    TextDataLoaders,
    WordTokenizer,
    get_text_files,
    language_model_learner,
)
from tipoff.text.files import read_text


def loaders(df, **kwargs):
    return TextDataLoaders.from_df(
        df, **{"text_col": "text", "label_col": "label", "seed": 1, "bs": 8, **kwargs}
    )


@pytest.fixture
def df(reviews) -> pd.DataFrame:
    return reviews.copy()


def test_rows_without_text_are_left_out_by_name(df, heard):
    df.loc[3, "text"], df.loc[7, "text"], df.loc[11, "text"] = None, "", " \n "
    dls = loaders(df, valid_col="is_valid")
    assert dls.train.n == 93 and heard == ["3 rows without text left out: row 3, row 7, row 11"]


def test_rows_without_a_label_are_left_out_by_name(df, heard):
    df.loc[3, "label"], df.loc[5, "label"] = float("nan"), None
    dls = loaders(df, valid_col="is_valid")
    assert (dls.train.n, dls.valid.n) == (95, 23)
    assert heard == ["1 row without a label left out: row 3", "1 row without a label left out: row 5"]


def test_rows_of_a_file_are_counted_as_a_spreadsheet_counts(df, heard, tmp_path):
    df.loc[3, "label"] = None
    df.to_csv(tmp_path / "r.csv", index=False)
    TextDataLoaders.from_csv(tmp_path, "r.csv", valid_col="is_valid")
    assert heard == ["1 row without a label left out: row 5 of r.csv"]


def test_all_rows_without_text_are_refused(df):
    with pytest.raises(ValueError, match="None of the 96 rows to learn from has both a text and a label"):
        loaders(df.assign(text=None), valid_col="is_valid")


def test_an_empty_text_can_be_asked_about(df):
    dls = loaders(df)
    assert dls.block.encode("").tolist() == [2] and dls.block.encode(None).tolist() == [2]
    assert dls.test_dl(["", "a fine film"]).one_batch()[0].shape[0] == 2


def test_one_class_is_refused(df):
    dls = loaders(df.assign(label="pos"))
    with pytest.raises(ValueError, match="There is one class in the training items: 'pos'"):
        Learner(dls, nn.Linear(1, 1))


def test_a_label_that_only_the_validation_rows_have_is_refused_by_row(df):
    df.loc[5, "label"] = "so-so"
    with pytest.raises(ValueError, match=r"'so-so', which is not among the 2 .*\(row 5\)"):
        loaders(df, valid_col="is_valid")


def test_an_unseen_label_at_prediction_is_refused_by_row(df):
    dls = loaders(df, valid_col="is_valid")
    df.loc[9, "label"] = "so-so"
    with pytest.raises(ValueError, match=r"'so-so', which is not among the 2 .*\(row 9\)"):
        dls.test_dl(df, with_labels=True).one_batch()


def test_a_vocabulary_of_one_word():
    df = pd.DataFrame({"text": ["ba", "ba ba", "Ba ba", "ba ba"] * 3, "label": [0, 1] * 6})
    lm = loaders(df, is_lm=True, bs=2)
    assert lm.vocab[:11] == [
        "xxunk",
        "xxpad",
        "xxbos",
        "xxeos",
        "xxfld",
        "xxrep",
        "xxwrep",
        "xxup",
        "xxmaj",
        "ba",
        "xxfake",
    ]
    assert loaders(df, bs=2).one_batch()[0].shape[0] == 2
    with pytest.raises(ValueError, match="No word of the training texts comes 3 times"):
        loaders(pd.DataFrame({"text": ["ba", "bo"], "label": [0, 1]}))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "!?" * 500_000,
        "word " * 200_000,
        "ab" * 500_000,
        "3 " * 500_000,
        "'" * 1_000_000,
        "a.b@" * 250_000,
    ],
)
def test_a_million_characters_take_no_longer_than_their_number_asks_for(text):
    import time

    tok = WordTokenizer.of(["xxunk", "xxpad", "xxbos", "word"])
    start = time.process_time()
    assert len(tok.encode(text)) >= 2
    assert time.process_time() - start < 20  # about one second; quadratic work would take hours


def test_text_in_other_encodings(tmp_path, heard):
    for name, encoding in (("a", "utf-8"), ("b", "utf-8-sig"), ("c", "utf-16"), ("d", "cp1252")):
        (tmp_path / f"{name}.txt").write_bytes("Größe für 5 €".encode(encoding))
    assert {read_text(tmp_path / f"{n}.txt") for n in "abcd"} == {"Größe für 5 €"}
    assert heard == ["d.txt is not UTF-8; it was read as Windows-1252"]
    (tmp_path / "e.txt").write_bytes(b"\x00\xff\x00PNG")
    with pytest.raises(ValueError, match=r"e\.txt is no text: it holds zero bytes"):
        read_text(tmp_path / "e.txt")
    with pytest.raises(ValueError, match=r"f\.txt cannot be read: No such file"):
        read_text(tmp_path / "f.txt")


def test_a_file_that_is_no_text_is_left_out_by_name(folder, tmp_path, heard):
    import shutil

    root = tmp_path / "r"
    shutil.copytree(folder, root)
    bad = next((root / "train" / "pos").iterdir())
    bad.write_bytes(b"\x00\xff\x00")
    dls = TextDataLoaders.from_folder(root, valid="test", bs=8, seed=1)
    assert dls.train.n == 95 and any(str(bad) in h and "left out" in h for h in heard)
    block = DataBlock(
        (TextBlock.from_folder(root), CategoryBlock), get_items=get_text_files, get_y=parent_label
    )
    dls = block.dataloaders(root, bs=8, seed=1)
    assert dls.train.n + dls.valid.n == 119


@pytest.mark.parametrize("text", [
    "<p>Tom &amp; Jerry</p>", "I ❤️ it 👩‍👩‍👧 👍🏽!!!", "שלום עולם, זה סרט טוב", "هذا فيلم رائع جدا", "नमस्ते दुनिया", "这部电影很好看。", "e\u0301te\u0301",
    "\ud83d", "a\x00b", "\u202e\u200f",
])  # fmt: skip
def test_other_scripts_emoji_and_markup_are_numbered_and_come_back(text):
    for tok in (WordTokenizer(min_freq=1), SubwordTokenizer(300, "bpe")):
        made, ids = tok.learn(lambda: [[text, "some more of it"]])
        assert len(ids[0]) >= 2 and made.decode(ids[0])


def test_vowel_signs_joined_emoji_and_right_to_left_words_stay_whole():
    split = WordTokenizer().split_all(["नमस्ते दुनिया! שָׁלוֹם 👩‍👩‍👧👍🏽 e\u0301te\u0301."])[0]
    assert split == ["xxbos", "नमस्ते", "दुनिया", "!", "שָׁלוֹם", "👩‍👩‍👧", "👍🏽", "e\u0301te\u0301", "."]


def test_bytes_are_preserved_by_parts_of_words():
    text = "Grüße 👩‍👩‍👧 שלום \t two  spaces\nand lines"
    tok, ids = SubwordTokenizer(300, "bpe").learn(lambda: [["only ascii here"] * 20])
    assert tok.decode(tok.encode(text)) == text


def test_too_few_texts_are_refused():
    with pytest.raises(ValueError, match="There is 1 text; at least two are needed"):
        loaders(pd.DataFrame({"text": ["a"], "label": ["b"]}))


def test_a_folder_without_texts_says_what_there_is(tmp_path, folder):
    with pytest.raises(ValueError, match=r"found no files that end in \.txt"):
        TextDataLoaders.from_folder(tmp_path)
    with pytest.raises(
        ValueError, match=r"neither in training/ nor in valid/; they are in test.*, train.*Pass valid_pct"
    ):
        TextDataLoaders.from_folder(folder, train="training")


def test_a_tensor_of_the_model_stays_what_it_was(df):
    """The numbers in the data set are read-only: no batch changes another."""
    dls = loaders(df)
    first = dls.train_ds.batch(torch.tensor([0, 1]), 0).x[0]
    first.fill_(0)
    assert dls.train_ds.batch(torch.tensor([0, 1]), 0).x[0].sum() > 0


def test_texts_are_numbered_alike_from_many_threads(df):
    from concurrent.futures import ThreadPoolExecutor

    tok = loaders(df).tokenizer
    texts = [f"{t} {i}!!! new{i} words" for i, t in enumerate(df.text)] * 4
    alone = [tok.replace().encode(t).tolist() for t in texts]
    with ThreadPoolExecutor(8) as pool:
        assert [ids.tolist() for ids in pool.map(tok.encode, texts)] == alone


def test_texts_that_a_vocabulary_hardly_knows_are_said(df, heard):
    lm = loaders(df, is_lm=True, bs=4)
    assert not heard
    chinese = [f"这部电影很好看第{i}部。 演员 真的 很好" for i in range(40)]
    loaders(pd.DataFrame({"text": chinese, "label": [0, 1] * 20}), text_vocab=lm.vocab)
    assert heard[-1].endswith("tok_tfm='bpe' knows all parts of words") and "% of the tokens" in heard[-1]


def test_a_misspelt_argument_is_an_error():
    with pytest.raises(TypeError, match="argument 'min_frq'. Did you mean 'min_freq'"):
        TextBlock.from_df("text", min_frq=1)
    assert TextBlock.from_df("text", n_workers=4, tok_text_col="text").text_cols == ("text",)


def test_reading_texts_imports_nothing_of_training_and_nothing_heavy():
    import subprocess
    import sys

    code = (
        "import sys, tipoff.text.block, tipoff.text.target; print([m for m in ('pandas', 'matplotlib', 'transformers', "
        "'tokenizers', 'tipoff.learner', 'tipoff.train', 'tipoff.callbacks') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_rows_that_are_left_out_are_named_in_their_order(df, heard):
    df.loc[df.index[::3], "text"] = ""
    loaders(df)
    rows = [[int(n) for n in re.findall(r"row (\d+)", said)] for said in heard if "without text" in said]
    assert len(rows) == 2 and all(r == sorted(r) for r in rows)


def test_a_language_model_of_one_word_does_not_write_what_fills_its_vocabulary(heard):
    frame = pd.DataFrame({"text": ["spam spam"] * 40})
    dls = TextDataLoaders.from_df(frame, text_col="text", is_lm=True, seed=1, bs=4, seq_len=4)
    small = {"emb_sz": 4, "n_hid": 4, "n_layers": 1}
    learn = language_model_learner(dls, AWD_LSTM, small, pretrained=False)
    assert "xxfake" not in learn.predict("spam", 60, seed=1)
