"""Which words mattered: exact differences of answers, on a model whose answers are known."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tipoff.data.words import answers_of, pieces_of, word_shares
from tipoff.errors import UsageError

WEIGHTS = {"good": 2.0, "fine": 1.0, "bad": -1.5}


class Plan:
    """Texts as lists of words, kept as they are; the classes are no and yes."""

    inputs = ()
    targets = (SimpleNamespace(names=("no", "yes")),)

    def read(self, text):
        return (text.split(),)

    def inputs_of(self, samples):
        return tuple(words for (words,) in samples)


def probabilities(texts):
    """A logistic model of the words' weights, in which good and fine also act together."""
    z = [sum(WEIGHTS.get(w, 0.0) for w in words) + ("good" in words and "fine" in words) for words in texts]
    yes = torch.tensor(z, dtype=torch.double).sigmoid()
    return torch.stack([1 - yes, yes], 1)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_a_share_is_the_difference_that_taking_the_word_away_makes():
    found = word_shares(Plan(), probabilities, "a good and fine but bad film")
    whole = sigmoid(2 + 1 - 1.5 + 1)
    expected = {"good": whole - sigmoid(1 - 1.5), "fine": whole - sigmoid(2 - 1.5), "bad": whole - sigmoid(4)}
    for word, share in found.ranked("yes"):
        assert share == pytest.approx(expected.get(word, 0.0), abs=1e-12)
    assert [w for w, _ in found.ranked("yes")][:3] == ["good", "fine", "bad"]
    assert found.ranked("yes")[2][1] < 0


def test_the_likeliest_class_is_asked_about_and_the_other_is_its_opposite():
    found = word_shares(Plan(), probabilities, "bad film")
    assert found.ranked() == found.ranked("no") and found.ranked()[0] == (
        "bad",
        pytest.approx(0.5 - sigmoid(-1.5)),
    )
    assert torch.allclose(found.shares.sum(1), torch.zeros(2, dtype=torch.double))
    with pytest.raises(UsageError, match="There is no answer 'maybe'; there are no, yes"):
        found.ranked("maybe")


def test_in_a_text_without_words_nothing_mattered():
    assert word_shares(Plan(), probabilities, "  ").answer() == [{"word": "  ", "share": 0.0}]
    assert word_shares(Plan(), probabilities, "").answer() == []


@given(st.text(max_size=200), st.integers(1, 20))
def test_the_pieces_are_the_text_and_not_more_than_asked(text, most):
    pieces = pieces_of(text, most)
    assert "".join(pieces) == text and len(pieces) <= most and all(pieces)


def test_a_long_text_is_cut_into_runs_of_words():
    pieces = pieces_of("word " * 1000, 64)
    assert len(pieces) == 63 and {len(p.split()) for p in pieces[:-1]} == {16}


def test_writing_without_spaces_is_cut_too():
    assert pieces_of("この映画は good。") == ["こ", "の", "映", "画", "は ", "good。"]


def test_answers_keep_the_order_of_the_texts():
    texts = ["good", "a very long and bad film", "", "fine film"] * 20
    got = answers_of(Plan(), probabilities, texts, bs=7)
    assert torch.equal(got, probabilities([t.split() for t in texts]))
