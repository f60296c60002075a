"""What a model file keeps of texts: the tokenizer, once, with limits; the same answers after reading."""

import json
import zipfile
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from tipoff.bundle.file import Bundle, read, write
from tipoff.bundle.predictor import load_predictor
from tipoff.errors import BundleError
from tipoff.spec import Spec
from tipoff.text import SubwordTokenizer, TextDataLoaders, WordTokenizer
from tipoff.text.field import TextField


class Bag(nn.Module):
    """The mean of the vectors of a text's tokens."""

    def __init__(self, vocab_sz: int, n_out: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocab_sz, 4, padding_idx=1)
        self.head = nn.Linear(4, n_out)

    def forward(self, ids):  # (B, T)
        there = (ids != 1).unsqueeze(-1)
        return self.head((self.vectors(ids) * there).sum(1) / there.sum(1))


@dataclass(frozen=True)
class BagSpec(Spec):
    vocab_sz: int
    n_out: int

    def build(self) -> nn.Module:
        return Bag(self.vocab_sz, self.n_out)


OWN = {"test.bag@1": BagSpec}


@pytest.fixture(params=["words", "bpe"])
def made(request, reviews, tmp_path):
    """A model file with a long vocabulary, its plan, and the network."""
    dls = TextDataLoaders.from_df(reviews, tok_tfm=request.param, bs=8, seed=1)
    plan, spec = dls.plan, BagSpec(len(dls.vocab[0]), 2)
    net = spec.build()
    path = write(tmp_path / "m.tipoff", Bundle(plan, spec, net.state_dict()), OWN)
    return path, plan, net


def test_the_plan_and_the_answers_come_back(made, reviews):
    path, plan, net = made
    assert read(path, OWN).plan == plan
    predictor = load_predictor(path, catalog=OWN)
    for text in [*reviews.text[:5], "", "something new 👩‍👩‍👧!!!"]:
        x = plan.inputs[0].collate([plan.inputs[0].encode(text)])
        wanted = net.eval()(x).softmax(-1)[0].tolist()
        said = predictor(text)["probabilities"]
        assert [said[name] for name in ("neg", "pos")] == pytest.approx(wanted, abs=1e-5)
    many = list(predictor.stream(reviews.text[:20].tolist(), bs=8))
    one = [predictor(t)["probabilities"]["pos"] for t in reviews.text[:20]]
    assert [float(p[1]) for _, p in many] == pytest.approx(one, abs=1e-5)


def long_vocabulary(tmp_path, is_lm: bool):
    import pandas as pd

    df = pd.DataFrame({"text": [f"word{i} and{i} more{i}" for i in range(4000)], "label": ["a", "b"] * 2000})
    dls = TextDataLoaders.from_df(df, is_lm=is_lm, min_freq=1, bs=8, seed=1)
    spec = BagSpec(len(dls.tokenizer.names), dls.c)
    return dls, write(tmp_path / "m.tipoff", Bundle(dls.plan, spec, spec.build().state_dict()), OWN)


@pytest.mark.parametrize("is_lm", [False, True])
def test_a_long_vocabulary_is_kept_once_in_its_own_member(tmp_path, is_lm):
    dls, path = long_vocabulary(tmp_path, is_lm)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("spec.json").file_size < 4000
        assert json.loads(archive.read("texts.json")) == [dls.tokenizer.words]
    assert read(path, OWN).plan == dls.plan


@pytest.mark.parametrize(
    "texts, words",
    [
        (b"[]", "asks for a text that texts.json does not hold"),
        (b"[1]", "it is no list of texts"),
        (b"{", "texts.json is damaged"),
        (b"[" * 100_000, "texts.json is damaged"),
        (b'{"0": "a"}', "it is no list of texts"),
        (None, "plan.inputs"),
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path, texts, words):
    _, path = long_vocabulary(tmp_path, False)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files = {name: texts if name == "texts.json" else data for name, data in files.items()}
    with zipfile.ZipFile(tmp_path / "bad.tipoff", "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            if data is not None:
                archive.writestr(name, data)
    with pytest.raises(ValueError, match=words):
        read(tmp_path / "bad.tipoff", OWN)


def test_a_folder_forgets_the_vocabulary_of_the_model_that_was_there(tmp_path, reviews):
    home = tmp_path / "m"
    home.mkdir()
    dls, path = long_vocabulary(tmp_path, False)
    write(home, read(path, OWN), OWN)
    assert (home / "texts.json").exists() and read(home, OWN).plan == dls.plan
    short = TextDataLoaders.from_df(reviews, bs=8, seed=1)
    spec = BagSpec(len(short.vocab[0]), 2)
    write(home, Bundle(short.plan, spec, spec.build().state_dict()), OWN)
    assert not (home / "texts.json").exists() and read(home, OWN).plan == short.plan


def test_a_tokenizer_of_a_transformer_is_kept_whole(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    from transformers import PreTrainedTokenizerFast

    from tipoff.text.choose import as_tokenizer

    plain = tokenizers.Tokenizer(
        tokenizers.models.WordPiece(
            {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "film": 4, "##s": 5}, unk_token="[UNK]"
        )
    )
    plain.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    plain.decoder = tokenizers.decoders.WordPiece()
    plain.post_processor = tokenizers.processors.TemplateProcessing(
        "[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)]
    )
    theirs = PreTrainedTokenizerFast(
        tokenizer_object=plain,
        model_max_length=5,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    ours = as_tokenizer(theirs)
    assert ours.encode("film films film film").tolist() == theirs("film films film film")["input_ids"]
    for text in ["films", "films film x", "film film film film film", ""]:
        assert TextField(ours).encode(text).tolist() == theirs(text, truncation=True)["input_ids"]
    assert (ours.kind, ours.pad_id, ours.bos_id, ours.eos_id, ours.unk_id, ours.max_len) == (
        "given",
        0,
        2,
        3,
        1,
        5,
    )
    assert ours.decode(ours.encode("films film")) == "films film"


def test_a_tokenizer_that_is_none_is_refused():
    with pytest.raises(ValueError, match="The tokenizer cannot be read"):
        SubwordTokenizer(model='{"model": 3}').encode("a")
    with pytest.raises(RuntimeError, match="has no vocabulary yet"):
        WordTokenizer().encode("a")
    assert issubclass(BundleError, ValueError)
    assert torch.equal(
        torch.tensor(WordTokenizer.of(["xxunk", "a"]).encode("a b")),
        torch.tensor([0, 1, 0], dtype=torch.int32),
    )
