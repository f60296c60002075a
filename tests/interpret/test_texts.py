"""Interpretation of a classifier of texts: the worst errors are texts to be read."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.sentences import in_folders, sentences
from tipoff.interpret import ClassificationInterpretation
from tipoff.text import AWD_LSTM, TextDataLoaders, text_classifier_learner

SMALL = {"emb_sz": 8, "n_hid": 8, "n_layers": 1}


def learner(dls):
    torch.manual_seed(0)
    return text_classifier_learner(dls, AWD_LSTM, config=SMALL, pretrained=False, precision="float32")


@pytest.fixture(scope="module")
def learn():
    return learner(
        TextDataLoaders.from_df(sentences(60), text_col="review", label_col="label", seed=1, bs=16)
    )


def test_the_worst_errors_are_texts_with_what_was_said_and_what_is_true(learn):
    interp = ClassificationInterpretation.from_learner(learn)
    table = interp.top_losses_table(5)
    assert list(table) == ["text", "truth", "prediction", "probability", "loss"] and len(table) == 5
    assert table.loss.is_monotonic_decreasing
    label_of = dict(sentences(60).to_numpy().tolist())
    assert [label_of[t] for t in table.text] == table.truth.tolist()
    wrong = table.truth != table.prediction
    expected = -np.log(np.where(wrong, 1 - table.probability, table.probability))
    assert table.loss.tolist() == pytest.approx(expected.tolist(), rel=1e-3)
    assert interp.plot_top_losses(5).equals(table), "a text is read, not drawn"


def test_classes_are_confused_not_tokens(learn):
    interp = ClassificationInterpretation.from_learner(learn)
    assert interp.vocab == ["bad", "good"]
    m = interp.confusion_matrix()
    assert m.shape == (2, 2) and m.sum() == 12
    assert all(a in ("bad", "good") for a, _, _ in interp.most_confused())


def test_texts_of_files_name_their_file_and_are_as_written_until_it_is_gone(tmp_path):
    for i, file in enumerate(sorted(in_folders(tmp_path, 20).rglob("*.txt"))):
        file.write_text(f"Zyzzyva{i}: {file.read_text(encoding='utf-8')}", encoding="utf-8")
    dls = TextDataLoaders.from_folder(tmp_path, valid_pct=0.3, seed=1, bs=8)
    interp = ClassificationInterpretation.from_learner(learner(dls))
    table = interp.top_losses_table(3)
    for row in table.itertuples():
        assert row.file.endswith(".txt") and row.text == Path(row.file).read_text(encoding="utf-8")
    Path(table.file[0]).unlink()
    again = interp.top_losses_table(3)
    assert again.text[0].startswith("xxunk") and again.text[1:].equals(table.text[1:])
