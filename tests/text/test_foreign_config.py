"""The configuration of a transformer in a model file: no code of others, no question, no size without bound."""

import json
import subprocess
import sys
import time
import zipfile

import pytest
import torch

from tests.bundle.bundle_parts import with_spec, zipped
from tests.text.small_models import bert
from tipoff.bundle import load_predictor
from tipoff.errors import BundleError, SpecError, TipoffError
from tipoff.text import TextDataLoaders, pretrained_tokenizer, text_classifier_learner
from tipoff.text.config_check import check_config

CODE = {"AutoModel": "evil--mod.C", "AutoModelForCausalLM": "evil--mod.C", "AutoConfig": "evil--mod.C"}


@pytest.fixture(scope="module")
def good(reviews, tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    small = bert(folder)
    dls = TextDataLoaders.from_df(
        reviews, text_col="text", label_col="label", valid_col="is_valid", bs=16, tok_tfm=pretrained_tokenizer(small)
    )  # fmt: skip
    torch.manual_seed(0)
    file = text_classifier_learner(dls, small, precision="float32").export(folder / "bert.tipoff")
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_config(good, path, **changes):
    def change(spec):
        config = {**json.loads(spec["model"]["config"]), **changes}
        spec["model"]["config"] = json.dumps(config)

    return zipped(path, with_spec(good, change))


def with_lm(good, path, **config):
    model = {"is": "text.transformer_lm@1", "config": json.dumps(config), "n_out": 2}
    return zipped(path, with_spec(good, lambda s: s.update(model=model)))


def test_code_of_others_is_refused_without_a_question(good, tmp_path):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "mod.py").write_text("open('ran', 'w').write('x')\nclass C: ...\n")
    files = [
        with_config(good, tmp_path / "classifier.tipoff", auto_map=CODE),
        with_lm(good, tmp_path / "lm.tipoff", model_type="distilbert", auto_map=CODE),
    ]
    for file in files:
        with pytest.raises(SpecError, match="auto_map.* a model file holds none"):
            load_predictor(file)
        done = subprocess.run(
            [sys.executable, "-m", "tipoff.cli.main", "predict", str(file), "great film"],
            input="y\n" * 9, cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 2 and "custom code" not in done.stdout + done.stderr
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation", "_experts_implementation"])
def test_kernels_of_others_are_refused(good, tmp_path, key):
    for value in ("kernels-community/x", {"": "someone/kernel"}, "flash_attention_2|x/y"):
        with pytest.raises(SpecError, match="kernel .* code from elsewhere"):
            load_predictor(with_config(good, tmp_path / "x.tipoff", **{key: value}))
    assert load_predictor(with_config(good, tmp_path / "x.tipoff", **{key: "eager"}))("great film")["label"]


def test_kinds_that_also_see_or_hear_are_refused_before_they_fetch_anything(good, tmp_path):
    for kind in ("gemma3n", "musicgen", "timm_wrapper", "beit"):
        with pytest.raises(TipoffError, match="nothing but texts|weights from elsewhere"):
            load_predictor(with_lm(good, tmp_path / "x.tipoff", model_type=kind))


@pytest.mark.parametrize(
    "sizes",
    [
        {"num_hidden_layers": 100_000},
        {"num_hidden_layers": 1000},
        {"num_labels": 10_000_000},
        {"num_labels": 2**31 - 1},
        {"num_attention_heads": 2**40},
        {"max_position_embeddings": 2**25},
        {"vocab_size": 2**25},
        {"hidden_size": 2**18},
        {"hidden_size": 2**62},
        {"chunk_size_feed_forward": 3},
        {"chunk_size_feed_forward": "a"},
        {"model_type": "mixtral", "num_local_experts": 100_000},
        {"model_type": "gptj", "n_positions": 2**25, "rotary_dim": 64},
        {"model_type": "distilbert", "sinusoidal_pos_embds": True, "max_position_embeddings": 10**6},
    ],
    ids=str,
)
def test_sizes_are_refused_before_anything_is_built(good, tmp_path, sizes):
    file = with_config(good, tmp_path / "x.tipoff", **sizes)
    began = time.process_time()
    with pytest.raises((SpecError, BundleError)) as e:
        load_predictor(file)
    assert time.process_time() - began < 10 and len(str(e.value)) < 600


def test_configurations_of_published_models_pass():
    from transformers import AutoConfig

    for kind in (
        "bert",
        "roberta",
        "distilbert",
        "modernbert",
        "deberta-v2",
        "gpt2",
        "llama",
        "qwen3_moe",
        "mamba",
        "xlm",
    ):
        config = AutoConfig.for_model(kind)
        assert check_config(json.dumps(config.to_dict(), default=str))["model_type"] == kind
