"""Language models by their learner: fine-tuning, encoders, files, and what is minimised."""

import tarfile

import pytest
import torch
from torch.nn import functional as F

from tipoff.bundle import load_predictor
from tipoff.callbacks import SaveCheckpoint
from tipoff.errors import ArchError, BundleError, UsageError
from tipoff.learner.state import load_learner
from tipoff.text import (
    AWD_LSTM,
    LMLearner,
    TextDataLoaders,
    language_model_learner,
    text_classifier_learner,
)
from tipoff.text.awd_weights import from_fastai, read_vocab
from tipoff.train.callback import Callback

SMALL = {
    "awd_lstm": {"emb_sz": 16, "n_hid": 24, "n_layers": 2},
    "gpt": {"emb_sz": 32, "n_layers": 2, "n_heads": 4},
}
ARCHS = list(SMALL)


def lm_loaders(df, **kwargs):
    options = {"text_col": "text", "is_lm": True, "valid_col": "is_valid", "seq_len": 12, "bs": 8, "seed": 1}
    return TextDataLoaders.from_df(df, **{**options, **kwargs})


@pytest.fixture(scope="module")
def dls(reviews):
    return lm_loaders(reviews)


def made(dls, arch="awd_lstm", config=None, **kwargs):
    torch.manual_seed(0)
    options = {"pretrained": False, "precision": "float32", "drop_mult": 0.5, **kwargs}
    return language_model_learner(dls, arch, {**SMALL[arch], **(config or {})}, **options)


@pytest.mark.parametrize("arch", ARCHS)
def test_it_learns(dls, arch):
    learn = made(dls, arch, metrics=["accuracy", "perplexity"])
    before = learn.validate()
    learn.fit_one_cycle(3, 1e-2)
    after = learn.validate()
    assert after[2] < 0.85 * before[2]
    assert after == pytest.approx(learn.recorder.values[-1][1:], rel=1e-4)


def test_perplexity_is_e_to_the_mean_over_all_tokens_read_in_one_go(dls):
    learn = made(dls, metrics="perplexity")
    net = learn.model.eval()
    data = dls.valid.dataset
    assert data.n_each % data.seq_len  # the last batch is shorter
    tokens = [torch.cat([data[i * data.bs + r][0] for i in range(data.n_batches)]) for r in range(data.bs)]
    nexts = [torch.cat([data[i * data.bs + r][1] for i in range(data.n_batches)]) for r in range(data.bs)]
    net.reset()
    with torch.no_grad():
        loss = F.cross_entropy(net(torch.stack(tokens)).flatten(0, 1), torch.stack(nexts).flatten())
    assert learn.validate() == pytest.approx([float(loss), float(loss.exp())], rel=1e-4)


class Keep(Callback):
    """What happens at the first training step."""

    def __init__(self):
        self.grads = self.loss = None

    def after_backward(self, run):
        if self.grads is None:
            self.loss = float(run.loss.detach())
            self.grads = {k: p.grad.clone() for k, p in run.model.named_parameters()}


def first_step(dls, alpha, beta):
    config = {"output_p": 0.5, "weight_p": 0.0, "hidden_p": 0.0, "input_p": 0.0, "embed_p": 0.0}
    learn = made(dls, config=config, alpha=alpha, beta=beta, drop_mult=1.0)
    keep = Keep()
    torch.manual_seed(5)
    learn.fit(1, 0.0, cbs=keep)
    return learn, keep


def test_what_is_minimised_is_the_loss_and_both_penalties_and_what_is_shown_the_loss(dls):
    learn, plain = first_step(dls, 0.0, 0.0)
    _, got = first_step(dls, 2.0, 1.0)
    assert got.loss == pytest.approx(plain.loss)
    net, batch = learn.model.train(), next(iter(dls.train.batches(0)))
    torch.manual_seed(5)
    net.reset()
    raw = net[0](batch.x[0])
    dropped = net[1].output_dp(raw)
    logits = dropped @ net[0].encoder.weight.T + net[1].bias
    loss = F.cross_entropy(logits.flatten(0, 1), batch.y[0].flatten())
    total = loss + 2 * (dropped**2).mean() + ((raw[:, 1:] - raw[:, :-1]) ** 2).mean()
    want = torch.autograd.grad(total, list(net.parameters()))
    for (name, _), grad in zip(net.named_parameters(), want):
        torch.testing.assert_close(got.grads[name], grad, atol=1e-6, rtol=1e-4)


def test_it_is_cut_off_and_resumed_in_the_middle_of_an_epoch_with_its_memory(reviews, tmp_path):
    def run(path, stop_at=None):
        class Stop(Callback):
            def after_step(self, run):
                if run.n_steps == stop_at:
                    run.stop("enough")

        learn = made(lm_loaders(reviews, path=path))
        learn.fit(2, 5e-3, cbs=[SaveCheckpoint(path / "c.pt", every_steps=1), *([Stop()] if stop_at else [])])
        return learn

    whole = run(tmp_path / "a")
    n = len(whole.dls.train)
    run(tmp_path / "b", stop_at=n + n // 2)
    again = made(lm_loaders(reviews, path=tmp_path / "b"))
    again.resume(tmp_path / "b" / "c.pt")
    for a, b in zip(whole.model.parameters(), again.model.parameters()):
        assert torch.equal(a, b)


def test_groups_are_the_layers_and_last_what_shares_weights_with_the_decoder(dls):
    learn = made(dls)
    assert len(learn.groups) == 3
    assert learn.model[0].encoder.weight in set(learn.groups[-1]) and learn.model[1].bias in set(
        learn.groups[-1]
    )
    assert sum(len(g) for g in learn.groups) == len(list(learn.model.parameters()))


@pytest.mark.parametrize("arch", ARCHS)
def test_the_model_file_goes_on_with_a_text_alike(dls, arch, tmp_path):
    learn = made(dls, arch)
    learn.fit(1, 1e-2)
    path = learn.export(tmp_path / "lm.tipoff")
    want = learn.predict("the movie was", 10, seed=2)
    again = load_learner(path)
    assert isinstance(again, LMLearner) and again.predict("the movie was", 10, seed=2) == want
    assert load_predictor(path)("the movie was")["next"] in dls.vocab


@pytest.mark.parametrize("arch", ARCHS)
def test_the_recipe_of_ulmfit_runs_as_the_course_has_it_and_learns(dls, arch, reviews, tmp_path):
    lm = made(dls, arch, path=tmp_path)
    lm.fit_one_cycle(4, 1e-2)
    lm.save_encoder("tuned")
    data = TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", text_vocab=dls.vocab, bs=8, seed=1
    )
    torch.manual_seed(0)
    learn = text_classifier_learner(
        data, arch, 12, SMALL[arch], pretrained=False, metrics="accuracy", path=tmp_path, precision="float32",
        drop_mult=0.1,
    )  # fmt: skip
    learn.load_encoder("tuned")
    for a, b in zip(lm.model[0].parameters(), learn.model[0].module.parameters()):
        assert torch.equal(a, b)
    assert [g[0].requires_grad for g in learn.groups] == [False] * 3 + [True]
    lr = 2e-2
    learn.fit_one_cycle(2, lr)
    learn.freeze_to(-2)
    assert [g[0].requires_grad for g in learn.groups] == [False] * 2 + [True] * 2
    learn.fit_one_cycle(1, slice(lr / (2.6**4), lr))
    learn.unfreeze()
    learn.fit_one_cycle(12, slice(lr / (2.6**4), lr))
    assert learn.recorder.values[-1][-1] > 0.8


def test_an_encoder_of_other_tokens_is_moved_to_where_they_are_here(dls, reviews, tmp_path, heard):
    lm = made(dls, path=tmp_path)
    lm.save_encoder("first")
    other = lm_loaders(reviews[reviews.label == "pos"], min_freq=1)
    assert other.vocab != dls.vocab
    learn = made(other, path=tmp_path).load_encoder("first")
    old, new = lm.model[0].encoder.weight, learn.model[0].encoder.weight
    torch.testing.assert_close(new[other.vocab.index("movie")], old[dls.vocab.index("movie")])
    assert any("tokens are known" in line for line in heard)


def test_a_language_model_is_pretrained_from_a_model_file_of_another(dls, reviews, tmp_path, heard):
    path = made(dls).export(tmp_path / "general.tipoff")
    own = reviews.assign(text=reviews.text + " zebra")
    learn = made(lm_loaders(own), pretrained=True, pretrained_fnames=path)
    source = load_learner(path).model[0].encoder.weight
    rows = learn.model[0].encoder.weight
    torch.testing.assert_close(rows[learn.dls.vocab.index("movie")], source[dls.vocab.index("movie")])
    torch.testing.assert_close(rows[learn.dls.vocab.index("zebra")], source.mean(0))
    assert [g[0].requires_grad for g in learn.groups] == [False, False, True]
    assert learn.facts["weights"] == "general.tipoff" and "known to general.tipoff; the others" in heard[-1]
    data = TextDataLoaders.from_df(own, text_col="text", label_col="label", valid_col="is_valid", bs=8)
    clas = text_classifier_learner(data, AWD_LSTM, 12, SMALL["awd_lstm"], pretrained_fnames=path)
    torch.testing.assert_close(
        clas.model[0].module.rnns[0].weight_hh_l0, load_learner(path).model[0].rnns[0].weight_hh_l0
    )


def test_weights_of_fastai_are_read_by_its_names(dls, tmp_path):
    learn = made(dls)
    mine = learn.model.state_dict()
    theirs = {
        "0.encoder.weight": mine["0.encoder.weight"],
        "0.encoder_dp.emb.weight": mine["0.encoder.weight"],
    }
    for name, value in mine.items():
        if "rnns" not in name:
            continue
        home, part = name.rsplit(".", 1)
        if part == "weight_hh_l0":
            theirs[f"{home}.weight_hh_l0_raw"] = value
            theirs[f"{home}.module.weight_hh_l0"] = torch.zeros_like(value)  # as the last batch dropped it
        else:
            theirs[f"{home}.module.{part}"] = value
    theirs |= {"1.decoder.weight": mine["0.encoder.weight"], "1.decoder.bias": mine["1.bias"]}
    assert {k: id(v) for k, v in from_fastai(theirs).items()} == {k: id(theirs_of(k, theirs)) for k in mine}
    (tmp_path / "models").mkdir()
    torch.save(theirs, tmp_path / "models" / "w.pth")
    (tmp_path / "models" / "v.json").write_text(__import__("json").dumps(list(dls.vocab)))
    again = made(dls, pretrained=True, pretrained_fnames=["w", "v.json"], path=tmp_path)
    for a, b in zip(learn.model.parameters(), again.model.parameters()):
        assert torch.equal(a, b)


def theirs_of(name, theirs):
    home, _, part = name.rpartition(".")
    for key in (name, f"{home}.{part}_raw", f"{home}.module.{part}", name.replace("1.", "1.decoder.")):
        if key in theirs and "module.weight_hh" not in key:
            return theirs[key]


def test_a_pickled_vocabulary_may_hold_strings_and_nothing_else(tmp_path):
    import pickle

    file = tmp_path / "v.pkl"
    file.write_bytes(pickle.dumps(["xxunk", "xxpad", "the"]))
    assert read_vocab(file) == ["xxunk", "xxpad", "the"]
    file.write_bytes(pickle.dumps(print))
    with pytest.raises(ArchError, match="names builtins.print"):
        read_vocab(file)


def test_fastais_wikipedia_is_taken_from_the_cache_where_it_is(dls, tmp_path, monkeypatch):
    import pickle

    from tipoff.text.awd_weights import _unpack

    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path))
    home, learn = tmp_path / "weights" / "wt103-fwd", made(dls)
    (tmp_path / "made").mkdir()
    state = learn.model.state_dict()
    torch.save(
        {k.replace("1.bias", "1.decoder.bias"): v for k, v in state.items()},
        tmp_path / "made" / "lstm_fwd.pth",
    )
    (tmp_path / "made" / "itos_wt103.pkl").write_bytes(pickle.dumps(list(dls.vocab)))
    (tmp_path / "made" / "run.sh").write_text("rm -rf /")
    with tarfile.open(tmp_path / "w.tgz", "w:gz") as tar:
        tar.add(tmp_path / "made", "../../wt103-fwd")  # what climbs out is put where it belongs all the same
    _unpack(tmp_path / "w.tgz", home)
    assert sorted(p.name for p in home.iterdir()) == ["itos_wt103.pkl", "lstm_fwd.pth"]
    again = made(dls, pretrained=True)
    assert torch.equal(again.model[0].encoder.weight, state["0.encoder.weight"])
    assert again.facts["licence"] == "Apache-2.0" and "WikiText-103" in again.facts["weights"]


def test_without_weights_and_network_it_says_what_to_do(dls, monkeypatch):
    import socket

    def no_address(*_):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    monkeypatch.setattr("tipoff.text.weights.getproxies", dict)
    with pytest.raises(ArchError, match=r"pretrained_fnames=.*pretrained=False"):
        made(dls, pretrained=True)
    with pytest.raises(ArchError, match="no published weights of 'gpt'"):
        made(dls, "gpt", pretrained=True)


def test_mistakes_are_said(dls, tmp_path):
    learn = made(dls, path=tmp_path)
    with pytest.raises(BundleError, match="There is no encoder"):
        learn.load_encoder("none")
    with pytest.raises(UsageError, match="validate"):
        learn.get_preds()
    with pytest.raises(UsageError, match=r"no 'n_hidden'. Did you mean 'n_hid'"):
        made(dls, config={"n_hidden": 3})
    with pytest.raises(UsageError, match="for a language model"):
        text_classifier_learner(dls)
    with pytest.raises(UsageError, match="no even multiple"):
        made(dls, "gpt", config={"emb_sz": 30})
    made(dls, config={"n_hid": 32}, path=tmp_path).save_encoder("wide")
    with pytest.raises(BundleError, match="not of this architecture"):
        learn.load_encoder("wide")


def test_half_precision_learns_alike(dls):
    losses = []
    for precision in ("float32", "bfloat16"):
        learn = made(dls, precision=precision)
        learn.fit_one_cycle(2, 1e-2)
        losses.append(learn.recorder.values[-1][1])
    assert losses[0] == pytest.approx(losses[1], rel=0.03)
