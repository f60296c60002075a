"""fastai's rules, and that looking at every piece of text once gives what they give one after the other."""

import doctest
import importlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff.text import WordTokenizer
from tipoff.text import rules as r
from tipoff.text.splitting import split_piece
from tipoff.text.words import make_vocab

MODULES = ["rules", "splitting", "joining", "words", "show", "pieces"]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run(module):
    assert doctest.testmod(importlib.import_module(f"tipoff.text.{module}")).failed == 0


# the examples of fastai's documentation (docs.fast.ai/text.core.html) and of its book, chapter 10
@pytest.mark.parametrize(
    "rule, text, wanted",
    [
        (r.spec_add_spaces, "#fastai", " # fastai"),
        (r.spec_add_spaces, "/fastai", " / fastai"),
        (r.spec_add_spaces, "\\fastai", " \\ fastai"),
        (r.rm_useless_spaces, "a  b   c", "a b c"),
        (r.replace_rep, "aa", "aa"),
        (r.replace_rep, "aaaa", " xxrep 4 a "),
        (r.replace_wrep, "ah ah", "ah ah"),
        (r.replace_wrep, "ah ah ah", " xxwrep 3 ah "),
        (r.replace_wrep, "ah ah ah ah", " xxwrep 4 ah "),
        (r.replace_wrep, "ah ah ah ah ", " xxwrep 4 ah  "),
        (r.replace_wrep, "ah ah ah ah.", " xxwrep 4 ah ."),
        (r.replace_wrep, "ah ah ahi", "ah ah ahi"),
        (r.fix_html, "#39;bli#146;", "'bli'"),
        (r.fix_html, "Sarah amp; Duck...", "Sarah & Duck …"),
        (r.fix_html, "a nbsp; #36;", "a   $"),
        (r.fix_html, '\\" <unk>', '" xxunk'),
        (r.fix_html, "quot;  @.@  @-@ ", "' .-"),
        (r.fix_html, "<br />text\\n", "\ntext\n"),
        (r.replace_all_caps, "I'M SHOUTING", "xxup i'm xxup shouting"),
        (r.replace_all_caps, "I'm speaking normally", "I'm speaking normally"),
        (r.replace_all_caps, "I am speaking normally", "i am speaking normally"),
        (r.replace_maj, "Jeremy Howard", "xxmaj jeremy xxmaj howard"),
        (r.replace_maj, "I don't think there is any maj here", "i don't think there is any maj here"),
        (r.replace_space, "ab c", "ab▁c"),
    ],
)  # fmt: skip
def test_a_rule_does_what_fastai_says_it_does(rule, text, wanted):
    assert rule(text) == wanted


def test_the_tokens_of_the_books_example():
    text = "&copy;   Fast.ai www.fast.ai/INDEX"
    wanted = ["xxbos", "©", "xxmaj", "fast.ai", "xxrep", "3", "w", ".fast.ai", "/", "xxup", "index"]
    assert WordTokenizer().split_all([text])[0] == wanted


def one_after_the_other(text: str) -> list[str]:
    """What is promised, plainly: all rules on the whole text, then every piece between spaces cut."""
    return [token for piece in r.apply_rules(text).split() for token in split_piece(piece)]


ODD = [
    "", " ", "333 3", "3 333 3 3", "!!!a a a!", "very very very good", "very  very\nvery, very", "aaa aaa aaa", "…... ....",
    "A A A a", "HELLO/World #1", "don't DON'T Don't", "<br /><br />so...", "&lt;b&gt; &amp;&amp;", "xxbos xxmaj", "1 1 1. 1 1 1",
    "<unk> <unk> <unk>", "x\u00a0x x x", "İstanbul ΣΑΣ", "שלום שלום שלום", "नमस्ते दुनिया", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧 ok", "a\u2028b\x1cc\x85d",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_pieces_looked_at_once_give_what_the_rules_give(text):
    assert WordTokenizer().split_all([text]) == [one_after_the_other(text)]


@pytest.mark.parametrize(
    ("piece", "wanted"),
    [
        ("70mph", "70 mph"), ("aging", "aging"), ("family's", "family 's"), ("dogs'", "dogs '"), ("12km,", "12 km ,"),
        ("(3.50$)", "( 3.50 $ )"), ("90%", "90 %"), ("5+", "5 +"), ("①first", "① first"), ("¡hola!", "¡ hola !"),
        ("😀great😀", "😀 great 😀"), ("b.b.c.", "b.b.c ."), ("½cup", "½cup"), ("…so", "… so"), ("e.g.", "e.g."),
    ],
)  # fmt: skip
def test_marks_units_and_signs_are_taken_off_a_word(piece, wanted):
    assert split_piece(piece) == wanted.split()


WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "the",
                "THE",
                "The",
                "ah",
                "ah.",
                "3",
                "333",
                "!!!",
                "a/b",
                "I'm",
                "<br />",
                "...",
                "x#y",
                "xxrep",
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WORDS, st.sampled_from([" ", "  ", "\n"])), max_size=5))
def test_any_texts_give_what_the_rules_give(parts):
    texts = [space.join(words) for words, space in parts]
    assert WordTokenizer().split_all(texts) == [one_after_the_other(t) for t in texts]


def test_real_reviews_give_what_the_rules_give(real):
    texts = real.text[:300].tolist()
    assert WordTokenizer().split_all(texts) == [one_after_the_other(t) for t in texts]


def test_rules_can_be_chosen():
    tok = WordTokenizer(rules=("fix_html", "lowercase"))
    assert tok.split_all(["Great GREAT!!! &eacute;"])[0] == ["xxbos", "great", "great", "!", "!", "!", "é"]


# the vocabulary


def fastai_vocab(texts: list[list[str]], min_freq: int, max_vocab: int) -> list[str]:
    """`make_vocab` as fastai 2.8 has it."""
    count = Counter(t for text in texts for t in text)
    vocab = [o for o, c in count.most_common(max_vocab) if c >= min_freq]
    for o in reversed(r.SPECIALS):
        if o in vocab:
            vocab.remove(o)
        vocab.insert(0, o)
    vocab = vocab[:max_vocab]
    return vocab + ["xxfake" for _ in range(8 - len(vocab) % 8)]


@pytest.mark.parametrize("min_freq, max_vocab", [(3, 60000), (1, 60000), (2, 100), (1, 31)])
def test_the_vocabulary_is_fastais(reviews, min_freq, max_vocab):
    texts = reviews.text.tolist()
    groups = [texts[i : i + 7] for i in range(0, len(texts), 7)]
    tok, ids = WordTokenizer(None, min_freq, max_vocab).learn(lambda: groups)
    wanted = fastai_vocab([one_after_the_other(t) for t in texts], min_freq, max_vocab)
    assert list(tok.names) == wanted
    index = {w: i for i, w in enumerate(wanted) if w != "xxfake"}
    for i, text in enumerate(texts):
        assert ids[i].tolist() == [index.get(t, 0) for t in one_after_the_other(text)]
        assert np.array_equal(tok.encode(text), ids[i])


def test_the_vocabulary_does_not_depend_on_the_groups(real):
    texts = real.text[:200].tolist()
    one, _ = WordTokenizer().learn(lambda: [texts])
    many, _ = WordTokenizer().learn(lambda: [[t] for t in texts])
    assert one == many


def test_a_vocabulary_of_rare_words_only_says_so():
    with pytest.raises(
        ValueError, match="No word of the training texts comes 3 times; there are 2 different ones"
    ):
        make_vocab([("xxbos", 5), ("a", 2), ("b", 1)])


@pytest.mark.parametrize(
    "tokens, text",
    [
        ("xxbos xxmaj this is n't xxup bad xxrep 3 !", "This isn't BAD!!!"),
        ("xxbos xxmaj xxmaj one , xxmaj , two xxmaj", "One,, two"),  # as a language model may write them
        ("xxbos xxrep 3", ""),
        ("xxrep 3 xxmaj great xxup", "Great"),  # marks that ask for what is not there
        ("a xxrep film xxwrep was xxrep 3 good xxfld", "A film was good"),
        ("so xxrep 3 xxunk xxwrep 2 xxup bad ! xxmaj xxunk", "so xxunk BAD! xxunk"),
        ("xxwrep 3 very xxrep 4 !", "very very very!!!!"),
        ('xxmaj he said " yes , i do " ( 3 - 4 times ) .', 'He said "yes, I do" (3-4 times).'),
        ("xxwrep 3 very good . a film . xxpad xxpad xxeos", "very very very good. A film."),
        ("xxfld 1 xxmaj title xxfld 2 xxmaj text", "Title Text"),
        ("", ""),
    ],
)
def test_words_are_joined_as_a_person_would_write_them(tokens, text):
    assert WordTokenizer().join(tokens.split()) == text
