"""Answers of classifiers: computed in batches of about one length, given in the order of the texts."""

import pytest
import torch

from tests.text.small_models import bert
from tipoff.data import CategoryBlock, ColReader, ColSplitter, DataBlock, parent_label
from tipoff.text import (
    AWD_LSTM,
    TextBlock,
    TextDataLoaders,
    get_text_files,
    pretrained_tokenizer,
    text_classifier_learner,
)
from tipoff.text.classification import SortedLoader

SMALL = {"emb_sz": 12, "n_hid": 16, "n_layers": 1}


@pytest.fixture(scope="module")
def small_bert(tmp_path_factory):
    return bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module", params=["awd_lstm", "bert"])
def learn(request, reviews, small_bert):
    torch.manual_seed(0)
    arch, tok = (AWD_LSTM, None) if request.param == "awd_lstm" else (small_bert, small_bert)
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", bs=8, seed=1, tok_tfm=tok
    )
    options = {"config": SMALL, "pretrained": False} if request.param == "awd_lstm" else {}
    return text_classifier_learner(dls, arch, metrics="accuracy", precision="float32", **options)


def test_answers_are_those_of_each_text_alone_in_the_order_of_the_texts(learn, reviews):
    probs, targets = learn.get_preds()[:2]
    rows = reviews[reviews.is_valid]
    alone = torch.stack([learn.predict(text).probabilities for text in rows.text])
    torch.testing.assert_close(probs, alone, atol=1e-5, rtol=0)
    assert targets.tolist() == [int(label == "pos") for label in rows.label]
    other = learn.get_preds(dl=learn.dls.test_dl(list(rows.text)[::-1]))[0]
    torch.testing.assert_close(other.flip(0), probs, atol=1e-5, rtol=0)


def test_figures_are_the_same_in_batches_of_any_length_and_those_by_length_pad_less(learn):
    plain = SortedLoader(learn.dls.valid.dataset, learn.dls.valid.bs, by_length=False)
    assert learn.validate() == pytest.approx(learn.validate(dl=plain), abs=1e-5)
    size = [sum(x.numel() for x, _ in dl) for dl in (learn.dls.valid, plain)]
    assert size[0] < 0.85 * size[1]


def test_the_texts_learned_from_are_answered_in_their_order_too(learn, reviews):
    probs, targets = learn.get_preds(0)[:2]
    rows = reviews[~reviews.is_valid]
    assert targets.tolist() == [int(label == "pos") for label in rows.label]
    torch.testing.assert_close(probs[5], learn.predict(rows.text.iloc[5]).probabilities, atol=1e-5, rtol=0)


def test_the_name_of_a_transformer_means_its_tokenizer_in_every_factory(
    reviews, small_bert, folder, tmp_path
):
    reviews.to_csv(tmp_path / "reviews.csv", index=False)
    cols = {"text_col": "text", "label_col": "label", "valid_col": "is_valid", "seed": 1}
    in_table = DataBlock((TextBlock.from_df("text", tok=small_bert), CategoryBlock), get_x=ColReader("text"),
                         get_y=ColReader("label"), splitter=ColSplitter())  # fmt: skip
    in_files = DataBlock(
        (TextBlock.from_folder(folder, tok=small_bert), CategoryBlock),
        get_items=get_text_files,
        get_y=parent_label,
    )
    made = [
        TextDataLoaders.from_df(reviews, tok_tfm=str(small_bert), **cols),
        TextDataLoaders.from_csv(tmp_path, "reviews.csv", tok_tfm=str(small_bert), **cols),
        TextDataLoaders.from_folder(folder, valid="test", tok_tfm=str(small_bert), seed=1),
        in_table.dataloaders(reviews),
        in_files.dataloaders(folder),
        TextDataLoaders.from_df(reviews, tok_tfm=pretrained_tokenizer(small_bert), **cols),
    ]
    assert all(dls.tokenizer == made[-1].tokenizer for dls in made)
    assert {dls.tokenizer.kind for dls in made} == {"given"}
