"""Going on with a text: what is drawn, what is never written, and what is given back as it was."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.text.small_models import gpt2
from tipoff.data import DataBlock, RandomSplitter
from tipoff.errors import UsageError
from tipoff.text import TextBlock, TextDataLoaders, continue_text, language_model_learner
from tipoff.text.generate import _banned, chances, drawn
from tipoff.text.model import get_language_model
from tipoff.text.rules import SPECIALS, fix_html
from tipoff.text.transformer import TransformerLM, config_of, written
from tipoff.text.weights import find

LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0, 1.5])


def test_temperature_divides_and_zero_takes_the_likeliest():
    torch.testing.assert_close(chances(LOGITS, 0.5), (LOGITS / 0.5).softmax(0))
    assert chances(LOGITS, 0).tolist() == [1, 0, 0, 0, 0]


def test_top_k_keeps_the_k_likeliest_in_their_shares():
    got, prob = chances(LOGITS, top_k=2), LOGITS.softmax(0)
    torch.testing.assert_close(got[[0, 4]], prob[[0, 4]] / prob[[0, 4]].sum())
    assert got[[1, 2, 3]].sum() == 0


def test_top_p_keeps_the_fewest_that_reach_it():
    prob = LOGITS.softmax(0)  # 0.45, 0.17, 0.06, 0.02, 0.27
    assert (chances(LOGITS, top_p=0.4) > 0).tolist() == [True, False, False, False, False]
    assert (chances(LOGITS, top_p=0.7) > 0).tolist() == [True, False, False, False, True]
    torch.testing.assert_close(chances(LOGITS, top_p=1.0), prob)


def test_min_p_keeps_what_is_not_far_below_the_likeliest():
    assert (chances(LOGITS, min_p=0.5) > 0).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize(
    "bad", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"top_k": 0}, {"min_p": 2}]
)
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(UsageError, match=next(iter(bad))):
        chances(LOGITS, **bad)


def without(*ids):
    """What `drawn` asks: that `ids` are never drawn."""
    return lambda i: torch.tensor(ids)


class Fixed(nn.Module):
    """The same logits at every place; counts what it was given."""

    def __init__(self, logits):
        super().__init__()
        self.logits, self.seen = logits, []

    def forward(self, words):
        self.seen.append(words.shape[1])
        return self.logits.expand(*words.shape, -1)


def test_tokens_come_as_often_as_their_probability_says_and_banned_ones_never():
    stream = drawn(Fixed(LOGITS), torch.tensor([0]), without(4), torch.Generator().manual_seed(0), 8)
    many = torch.tensor([next(stream) for _ in range(4000)]).bincount(minlength=5) / 4000
    want = LOGITS.clone().index_fill_(0, torch.tensor([4]), -torch.inf).softmax(0)
    torch.testing.assert_close(many, want, atol=0.03, rtol=0)
    assert many[4] == 0


def test_a_network_without_memory_reads_its_context_anew_and_no_more():
    net = Fixed(LOGITS)
    stream = drawn(net, torch.tensor([0, 1, 2]), without(3), torch.Generator(), 5)
    for _ in range(5):
        next(stream)
    assert net.seen == [3, 4, 5, 5, 5]


class Reread(nn.Module):
    """A network of which the past is not kept."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, words):
        return self.net(words)


def going_on(net, n, context, **how):
    rng = torch.Generator().manual_seed(3)
    stream = drawn(net, torch.tensor([5, 9, 7]), without(0, 1), rng, context, **how)
    return [next(stream) for _ in range(n)]


@pytest.fixture(scope="module", params=["gpt", "gpt2"])
def kept(request, tmp_path_factory):
    """A language model of random weights that keeps the past, large enough that its words differ."""
    torch.manual_seed(0)
    if request.param == "gpt":
        net = get_language_model("gpt", 60, {"emb_sz": 32, "n_layers": 2, "n_heads": 4, "tie_weights": False})
    else:
        found = find(gpt2(tmp_path_factory.mktemp("gpt2")))
        config = config_of(found)
        net = TransformerLM(written(config), config.vocab_size).build_pretrained(found)
    for p in net.parameters():
        p.data.mul_(4 if p.ndim > 1 else 1)
    return net.eval()


@pytest.mark.parametrize("how", [{}, {"temperature": 0.6, "top_k": 7}, {"top_p": 0.8}, {"temperature": 0}])
def test_what_is_kept_of_the_past_changes_no_token(kept, how):
    once = going_on(kept, 30, 40, **how)
    assert once == going_on(Reread(kept), 30, 40, **how) and len(set(once)) > 1


def test_each_token_is_read_once_until_the_context_is_full_then_three_quarters_again(kept):
    seen = []
    go_on = type(kept).go_on
    kept.go_on = lambda words, past=None: seen.append(words.shape[1]) or go_on(kept, words, past)
    got = going_on(kept, 14, 8, temperature=0)
    del kept.go_on
    assert seen == [3, 1, 1, 1, 1, 1, 6, 1, 1, 6, 1, 1, 6, 1]
    text = [5, 9, 7, *got]
    for step, begins in (
        (5, 0),
        (6, 3),
        (7, 3),
        (8, 3),
        (9, 6),
    ):  # what the token after `step` was drawn from
        logits = kept(torch.tensor(text[begins : 3 + step])[None])[0, -1].detach()
        logits[:2] = -torch.inf
        assert int(logits.argmax()) == got[step]


def test_of_a_prompt_longer_than_the_context_the_end_is_read():
    net = Fixed(LOGITS)
    next(drawn(net, torch.arange(5).repeat(4), without(3), torch.Generator(), 6))
    assert net.seen == [6]


@pytest.fixture(scope="module")
def learn(reviews):
    return trained(reviews)


def trained(reviews, arch="awd_lstm", config=None, **kwargs):
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", is_lm=True, valid_col="is_valid", seq_len=12, bs=8, seed=1, **kwargs
    )
    torch.manual_seed(0)
    config = config or {"emb_sz": 24, "n_hid": 32, "n_layers": 2}
    learn = language_model_learner(dls, arch, config, 0.2, pretrained=False, precision="float32")
    learn.fit_one_cycle(3, 2e-2)
    return learn


def test_a_recurrent_network_reads_each_token_once_and_says_what_it_would_of_the_whole(learn):
    net = learn.model.eval()
    ids = torch.from_numpy(learn.dls.tokenizer.encode("the movie was about")).long()
    seen = []
    hook = net[0].register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[1]))
    stream = drawn(net, ids, without(0), torch.Generator(), None, temperature=0)
    got = [next(stream) for _ in range(6)]
    hook.remove()
    assert seen == [len(ids), 1, 1, 1, 1, 1]
    text = ids
    for token in got:
        net.reset()
        logits = net(text[None])[0, -1].detach()
        logits[0] = -torch.inf
        assert int(logits.argmax()) == token
        text = torch.cat([text, torch.tensor([token])])
    net.reset()


def test_the_prompt_comes_back_as_it_was_written_and_no_marks_are(learn):
    prompt = "THE  Movie was zzyzx, <br />naïve 😀"
    for seed in range(5):
        out = learn.predict(prompt, 30, temperature=1.5, seed=seed)
        assert out.startswith(prompt) and len(out) > len(prompt) + 20
        assert "xx" not in out


def test_a_seed_gives_the_same_text_and_none_another(learn):
    once = learn.predict("I think", 20, seed=4)
    assert once == learn.predict("I think", 20, seed=4) != learn.predict("I think", 20, seed=5)
    assert len({learn.predict("I think", 20) for _ in range(4)}) > 1


def test_no_words_more_is_the_text_itself_and_fewer_are_refused(learn):
    assert learn.predict("I think", 0) == "I think"
    with pytest.raises(UsageError, match="n_words=-1"):
        learn.predict("I think", -1)


MARKS = ("xxfld", "xxmaj", "xxup", "xxrep", "xxwrep")


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def full_of_marks(request, reviews, learn):
    """A model that would write little but the marks of fastai's rules."""
    learn = trained(reviews, backwards=True) if request.param else learn
    bias = learn.model[1].bias
    kept = bias.detach().clone()
    with torch.no_grad():
        bias[[learn.dls.tokenizer.id_of(m) for m in MARKS]] = 8.0
    yield learn
    with torch.no_grad():
        bias.copy_(kept)


def test_without_a_text_something_is_written_and_no_mark_is(full_of_marks):
    for n in (1, 2, 3, 5):
        for seed in range(8):
            out = full_of_marks.predict("", n, seed=seed)
            assert out.strip() and "xx" not in out


def test_marks_are_drawn_only_where_there_is_room_to_obey_them(full_of_marks):
    tokens, backwards = full_of_marks.dls.tokenizer, full_of_marks.dls.block.backwards
    banned = _banned(tokens, 4, True, backwards, torch.device("cpu"))
    at = [{m for m in MARKS if tokens.id_of(m) in banned(i)} for i in range(4)]
    every, only = set(MARKS), {"xxfld"}
    if backwards:
        assert at == [every, only, only, only]
    else:
        assert at == [only, only, only | {"xxrep", "xxwrep"}, every]


@pytest.mark.parametrize("rules", [None, [fix_html]], ids=["all rules", "no xxbos"])
def test_without_a_text_it_begins_at_the_beginning_of_one(reviews, rules):
    block = TextBlock.from_df("text", is_lm=True, seq_len=12, rules=rules)
    data = DataBlock(blocks=block, splitter=RandomSplitter(seed=1))
    dls = data.dataloaders(reviews, bs=8)
    net = Fixed(torch.zeros(len(dls.tokenizer.names)))
    begun = []
    net.register_forward_pre_hook(lambda _, args: begun.append(args[0][0].tolist()))
    continue_text(SimpleNamespace(plan=dls.plan, net=net, device=torch.device("cpu")), "  ", 1)
    assert begun == [[dls.tokenizer.bos_id]]


def test_training_is_not_disturbed_and_nothing_is_remembered(learn):
    net = learn.model
    learn.predict("I think", 3)
    assert not net[0].hidden


def test_the_unknown_may_be_drawn_where_it_is_asked_for(learn):
    tokens = learn.dls.tokenizer
    with torch.no_grad():
        kept = learn.model[1].bias.clone()
        learn.model[1].bias[tokens.unk_id] = 50.0
        open_ = learn.predict("I think", 4, no_unk=False, seed=0)
        closed = learn.predict("I think", 4, seed=0)
        learn.model[1].bias.copy_(kept)
    assert "xxunk" in open_ and "xxunk" not in closed


def test_a_backwards_model_writes_what_comes_before(reviews):
    learn = trained(reviews, backwards=True)
    out = learn.predict("was a great film.", 8, seed=1)
    assert out.endswith("was a great film.") and len(out) > len("was a great film.")


def test_parts_of_words_are_joined_to_what_was_written(reviews):
    learn = trained(reviews, "gpt", {"emb_sz": 32, "n_layers": 1, "n_heads": 4}, tok_tfm="bpe")
    out = learn.predict("the movie was", 12, temperature=0.5, seed=1)
    assert out.startswith("the movie was") and "  " not in out and "▁" not in out and "Ġ" not in out
    assert {learn.dls.tokenizer.id_of(name) for name in SPECIALS} <= learn.dls.tokenizer.special_ids


def test_a_classifier_cannot_go_on_with_a_text(reviews):
    from tipoff.text import text_classifier_learner

    dls = TextDataLoaders.from_df(reviews, text_col="text", label_col="label", valid_col="is_valid", bs=8)
    learn = text_classifier_learner(dls, config={"emb_sz": 8, "n_hid": 8, "n_layers": 1}, pretrained=False)
    with pytest.raises(UsageError, match="language model"):
        continue_text(learn.predictor(), "I think", 3)
