"""Texts from tables, files of tables and folders, as fastai's cells make them."""

from functools import partial

import pytest

from tipoff.data import (
    CategoryBlock,
    ColReader,
    ColSplitter,
    DataBlock,
    GrandparentSplitter,
    RandomSplitter,
    parent_label,
)
from tipoff.text import SubwordTokenizer, TextBlock, TextDataLoaders, get_text_files


def test_from_df(reviews):
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", bs=8, seed=1
    )
    tokens, classes = dls.vocab
    assert classes == ["neg", "pos"] and "movie" in tokens and dls.c == 2 and not dls.is_lm
    assert (dls.train.n, dls.valid.n) == (96, 24)
    assert TextDataLoaders.from_df(reviews, seed=1).vocab[1] == ["neg", "pos"]  # columns 0 and 1


def test_from_csv(reviews, tmp_path):
    reviews.to_csv(tmp_path / "texts.csv", index=False, sep=";")
    dls = TextDataLoaders.from_csv(
        tmp_path, "texts.csv", text_col="text", label_col="label", valid_col="is_valid", bs=8
    )
    assert dls.valid.n == 24 and dls.path == tmp_path


def test_from_folder(folder):
    dls = TextDataLoaders.from_folder(folder, valid="test", bs=8, seed=1)
    assert (dls.train.n, dls.valid.n) == (96, 24) and dls.vocab[1] == ["neg", "pos"]
    lm = TextDataLoaders.from_folder(folder, valid_pct=0.1, seed=1, is_lm=True, bs=4)
    assert lm.is_lm and len(lm.train_ds.ids) == 108


def test_a_folder_and_a_table_of_the_same_texts_are_the_same_data(folder, reviews):
    by_file = TextDataLoaders.from_folder(folder, valid="test", bs=8, seed=1)
    by_row = TextDataLoaders.from_df(reviews, valid_col="is_valid", bs=8, seed=1)
    assert sorted(by_file.vocab[0]) == sorted(by_row.vocab[0])
    assert sorted(by_file.train_ds.lens.tolist()) == sorted(by_row.train_ds.lens.tolist())


def test_the_books_data_blocks(folder):
    get_reviews = partial(get_text_files, folders=["train", "test"])
    dls_lm = DataBlock(
        blocks=TextBlock.from_folder(folder, is_lm=True), get_items=get_reviews, splitter=RandomSplitter(0.1)
    ).dataloaders(folder, path=folder, bs=4, seq_len=20)
    assert dls_lm.one_batch()[0].shape == (4, 20) and dls_lm.seq_len == 20
    dls_clas = DataBlock(
        blocks=(TextBlock.from_folder(folder, vocab=dls_lm.vocab), CategoryBlock),
        get_y=parent_label,
        get_items=get_reviews,
        splitter=GrandparentSplitter(valid_name="test"),
    ).dataloaders(folder, path=folder, bs=8, seq_len=72)
    assert dls_clas.vocab == [dls_lm.vocab, ["neg", "pos"]] and dls_clas.valid.n == 24


def test_a_data_block_of_columns(reviews):
    block = DataBlock(
        blocks=(TextBlock.from_df("text", seq_len=72), CategoryBlock),
        get_x=ColReader("text"),
        get_y=ColReader("label"),
        splitter=ColSplitter(),
    )
    dls = block.dataloaders(reviews, bs=8, seed=1)
    assert dls.valid.n == 24 and dls.test_dl(reviews[:3]).n == 3


def test_the_lm_comes_from_the_label_free_rows_too(reviews):
    nothing = reviews.assign(label=None)
    assert TextDataLoaders.from_df(nothing, text_col="text", is_lm=True, bs=4, seed=1).train.n > 0


@pytest.mark.parametrize("tok", ["bpe", "unigram", SubwordTokenizer(400, "bpe")])
def test_parts_of_words(reviews, tok):
    lm = TextDataLoaders.from_df(reviews, text_col="text", is_lm=True, tok_tfm=tok, bs=4, seed=1)
    assert lm.tokenizer.kind == getattr(tok, "kind", tok) and lm.vocab[:3] == ["xxunk", "xxpad", "xxbos"]
    clas = TextDataLoaders.from_df(reviews, text_vocab=lm.vocab, bs=8, seed=1)
    assert clas.tokenizer == lm.tokenizer
    text = reviews.text[0]
    assert clas.tokenizer.decode(clas.tokenizer.encode(text)) == text


def test_several_columns_are_joined_and_marked(reviews):
    df = reviews.assign(title="A title")
    dls = TextDataLoaders.from_df(df, text_col=["title", "text"], label_col="label", min_freq=1, seed=1)
    tokens = dls.tokenizer.tokens(dls.train_ds.ids[0])
    assert tokens[:5] == ["xxbos", "xxfld", "1", "a", "title"] and tokens[5:7] == ["xxfld", "2"]
    row = df.iloc[3]
    assert dls.block.encode(row).tolist() == dls.block.encode([row.title, row.text]).tolist()


def test_several_labels_in_a_cell(reviews):
    df = reviews.assign(
        label=[
            f"{label} {'long' if len(t) > 150 else ''}".strip()
            for t, label in zip(reviews.text, reviews.label)
        ]
    )
    dls = TextDataLoaders.from_df(df, label_delim=" ", bs=8, seed=1)
    assert dls.vocab[1] == ["long", "neg", "pos"] and dls.one_batch()[1].shape == (8, 3)


def test_backwards(reviews):
    forward, backward = (
        TextDataLoaders.from_df(reviews, valid_col="is_valid", bs=8, seed=1, backwards=b)
        for b in (False, True)
    )
    x, back = forward.train_ds[5][0], backward.train_ds[5][0]
    assert x.flip(0).tolist() == back.tolist()
    assert backward.block.decode(back) == forward.block.decode(x)


def test_show_batch(reviews, capsys):
    dls = TextDataLoaders.from_df(reviews, valid_col="is_valid", bs=8, seed=1)
    dls.show_batch(max_n=2)
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["text", "category"] and first.startswith("xxbos xxmaj")
    lm = TextDataLoaders.from_df(reviews, text_col="text", is_lm=True, bs=4, seed=1)
    lm.show_batch(max_n=2, trunc_at=5)
    assert capsys.readouterr().out.splitlines()[0].split() == ["text", "text_"]


def test_a_table_in_a_notebook_shows_what_a_text_says_and_does_not_obey_it():
    from tipoff.text.show import as_html

    made = as_html(["text"], [["<script>alert(1)</script> שלום"]])
    assert "<script>" not in made and 'dir="auto"' in made


def test_the_same_seed_gives_the_same_batches(reviews):
    import torch

    one, other = (TextDataLoaders.from_df(reviews, bs=8, seed=7) for _ in range(2))
    assert all(
        torch.equal(a.x[0], b.x[0]) for a, b in zip(one.train.batches(2), other.train.batches(2), strict=True)
    )


def test_another_tokenizer_is_refused_with_what_there_is(reviews):
    with pytest.raises(ValueError, match="A tokenizer is 'words', 'bpe'.*got 3"):
        TextDataLoaders.from_df(reviews, tok_tfm=3)
    with pytest.raises(
        ValueError, match=r"There is no column 'txt'; there are 'text', .* Did you mean 'text'\?"
    ):
        TextDataLoaders.from_df(reviews, text_col="txt")
    with pytest.raises(ValueError, match="The rule 'strip' is not one of tipoff's"):
        TextBlock.from_df("text", rules=[str.strip])
