"""Texts and labels in a CSV are what is written there."""

import pytest

from tipoff.notes import listening
from tipoff.text.loaders import TextDataLoaders

N = 30


def loaders(tmp_path, labels, texts=None, **options):
    texts = texts or [f"the film number {i} was fine" for i in range(N)]
    rows = [f"{label},{text}" for label, text in zip(labels, texts, strict=True)]
    (tmp_path / "texts.csv").write_text("label,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with listening(lambda _: None):
        return TextDataLoaders.from_csv(
            tmp_path, "texts.csv", text_col="text", label_col="label", seed=0, min_freq=1, **options
        )


@pytest.mark.parametrize(
    ("labels", "vocab"),
    [
        (["None", "NA", "toxic"], ["NA", "None", "toxic"]),
        (["01", "02", "1"], ["01", "02", "1"]),
        (["0", "1", "2"], [0, 1, 2]),
    ],
)
def test_labels_are_what_is_written(tmp_path, labels, vocab):
    dls = loaders(tmp_path, [labels[i % 3] for i in range(N)])
    assert list(dls.vocab[1]) == vocab and dls.train.n + dls.valid.n == N


def test_a_gap_among_numbers_leaves_whole_classes(tmp_path):
    dls = loaders(tmp_path, ["", *(str(i % 2) for i in range(1, N))])
    assert list(dls.vocab[1]) == [0, 1] and dls.train.n + dls.valid.n == N - 1
    assert all(type(v) is int for v in dls.vocab[1])


def test_a_text_may_be_a_word_that_other_programs_take_for_missing(tmp_path):
    texts = ["None", "NA", *(f"the film number {i}" for i in range(2, N))]
    dls = loaders(tmp_path, ["ab"[i % 2] for i in range(N)], texts)
    assert dls.train.n + dls.valid.n == N
