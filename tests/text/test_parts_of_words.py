"""Parts of words: what is remembered of pieces changes no number; learning from counted words is learning from the texts."""

import json

import numpy as np
import pytest

from tipoff.text import SubwordTokenizer
from tipoff.text import bpe as bpe_module
from tipoff.text import ids as ids_module
from tipoff.text import rules as r
from tipoff.text.choose import as_tokenizer
from tipoff.text.encoded import divides_at_spaces

tokenizers = pytest.importorskip("tokenizers")

ODD = [
    "", " ", "   ", "a", " a", "a ", "a  b   c", "tab\tand \t space\n\n  line \n next ", "I'm you've 'tis don't'", "été Größe  ½²x Ⅷ",
    "a\x1cb \x1d c\x1f  d", "non\u00a0breaking\u2003wide \u3000 end", "xxbos and xxpadxxunk [SEP]x <|endoftext|>y", "שלום  עולם 👩‍👩‍👧!!  $5.00",
    "日本語 のテキスト。です", "A&amp;B<br /><br />next", "\ud800 half", "word" * 90, "[CLS] [MASK]mask [UNK]",
]  # fmt: skip


@pytest.fixture(scope="module")
def texts(reviews):
    return [*reviews.text, *ODD, "caf\u00e9  na\u00efve \u2014 it's 3,000 \u00bd!\n\n " * 3]


def groups_of(texts):
    return lambda: (texts[i : i + 7] for i in range(0, len(texts), 7))


@pytest.fixture(scope="module")
def learned(texts):
    return SubwordTokenizer(400, "bpe").learn(groups_of(texts))


def whole(model, texts):
    """What `tokenizers` says of each text."""
    made = tokenizers.Tokenizer.from_str(model)
    return [made.encode(r.plain_html(t)).ids for t in texts]


def test_numbers_are_those_of_the_tokenizer_that_sees_whole_texts(learned, texts):
    made, ids = learned
    want = whole(made.model, texts)
    assert [e.tolist() for e in made.encode_all(texts)] == want
    assert [ids[i].tolist() for i in range(len(ids))] == want
    assert made.encode_all([]) == []


def test_counted_words_teach_what_the_texts_do(learned, texts):
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    direct = tokenizers.Tokenizer(tokenizers.models.BPE())
    direct.pre_tokenizer = byte_level(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        initial_alphabet=sorted(byte_level.alphabet()),
        vocab_size=400,
        special_tokens=list(r.SPECIALS),
        show_progress=False,
    )
    direct.train_from_iterator([r.plain_html(t) for t in texts if "xxbos" not in t], trainer)
    want, got = (set(json.loads(m)["model"]["vocab"]) for m in (direct.to_str(), learned[0].model))
    assert len(want) == len(got) == 400 and len(want & got) >= 396


def test_of_many_words_each_counts_by_its_share(texts, monkeypatch):
    monkeypatch.setattr(bpe_module, "MOST_WORDS", 500)
    made, ids = SubwordTokenizer(300, "bpe").learn(groups_of(texts))
    assert [ids[i].tolist() for i in range(len(ids))] == whole(made.model, texts)


def test_more_different_words_than_are_kept_are_read_again(texts, monkeypatch, heard):
    monkeypatch.setattr(bpe_module, "MOST_UNITS", 20)
    made, ids = SubwordTokenizer(300, "bpe").learn(groups_of(texts))
    assert [ids[i].tolist() for i in range(len(ids))] == whole(made.model, texts)
    assert any("learned from the first" in s for s in heard)


def test_numbers_in_a_file_are_the_same(learned, texts, monkeypatch, tmp_path):
    monkeypatch.setattr(ids_module, "SPILL", 100)
    monkeypatch.setattr(ids_module, "_STEP", 50)
    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path))
    _, ids = SubwordTokenizer(400, "bpe").learn(groups_of(texts))
    assert ids.flat.file is not None and len(list(tmp_path.rglob("*.ids"))) == 1
    for i in range(len(ids)):
        assert np.array_equal(ids[i], learned[1][i])


def test_tokenizers_that_join_over_spaces_see_whole_texts(texts, learned):
    unigram, _ = SubwordTokenizer(200, "unigram").learn(groups_of(texts))
    strips = tokenizers.Tokenizer.from_str(learned[0].model)
    strips.add_special_tokens([tokenizers.AddedToken("movie", rstrip=True)])
    assert divides_at_spaces(learned[0].model)
    assert not divides_at_spaces(unigram.model) and not divides_at_spaces(strips.to_str())
    for ours in (unigram, as_tokenizer(strips)):
        want = [ids or [ours.eos_id] for ids in whole(ours.model, texts)]
        assert [e.tolist() for e in ours.encode_all(texts)] == want
