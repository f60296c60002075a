"""Reviews in two classes, accuracy against minutes: imdb.py words | frozen | ulmfit | course | command [texts]

The 12,500 reviews of BENCH_DATA/imdb to learn from, and its 5,000 of the official test part to judge by (one run, no model is
chosen by them). words: a logistic regression on counted words and pairs. frozen: one on what MiniLM says of each text.
ulmfit: an AWD-LSTM that learned from BENCH_DATA/brown, then from
the reviews without their labels, then with them, layer after layer. course: the same with the network, the rates of
the classifier and its steps of fast.ai's course, for a machine with a GPU. command: `tipoff train` in 15 minutes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from common import data, report

READ = 256  # tokens of a text, by MiniLM
LOOKED_AT = 500  # reviews that ULMFiT is judged by between epochs


class Clock:
    """Minutes since it was made: by the clock on the wall, and of the processor's cores."""

    def __init__(self) -> None:
        self.began = self._now()

    def _now(self) -> tuple[float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(u.ru_utime + u.ru_stime for u in used)

    def __call__(self) -> dict[str, float]:
        wall, cpu = ((now - then) / 60 for now, then in zip(self._now(), self.began, strict=True))
        return {"minutes": wall, "core_minutes": cpu}


def reviews(n: int | None) -> pd.DataFrame:
    where = data()
    if where is None:
        raise SystemExit("BENCH_DATA is not set: there are no reviews.")
    df = pd.read_parquet(where / "imdb" / "imdb.parquet")
    train = df.query("not is_valid")
    return pd.concat([train if n is None else train.sample(n, random_state=0), df.query("is_valid")])


def words(df: pd.DataFrame) -> dict[str, float]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    clock = Clock()
    count = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=200_000)
    train, valid = df.query("not is_valid"), df.query("is_valid")
    model = LogisticRegression(C=10.0, max_iter=300).fit(count.fit_transform(train.text), train.label)
    accuracy = float(model.score(count.transform(valid.text), valid.label))
    return {"accuracy": accuracy, **clock()}


def _minilm(df: pd.DataFrame) -> Any:
    from tipoff.text import TextDataLoaders, text_classifier_learner

    dls = TextDataLoaders.from_df(
        df, text_col="text", label_col="label", valid_col="is_valid", bs=16, tok_tfm="minilm"
    )
    return text_classifier_learner(dls, "minilm", max_len=READ, metrics=["accuracy"])


def frozen(df: pd.DataFrame) -> dict[str, float]:
    clock = Clock()
    accuracy = _minilm(df).fit_head()
    return {"accuracy": accuracy, **clock()}


@dataclass(frozen=True)
class Recipe:
    """How ULMFiT learns: the network, then (epochs, rate) of each part."""

    sizes: dict[str, int]
    words: int
    bs: int
    general: tuple[int, float]  # of the corpus
    reviews: tuple[tuple[int, float], ...]  # of the language model on reviews: frozen, thawed
    labels: tuple[tuple[int, int, float], ...]  # the first group of layers that learns, epochs, rate
    lm_drop: float
    drop: float
    max_len: int
    clip: float | None = None  # of gradients, while the language model learns


HERE = Recipe(
    {"emb_sz": 300, "n_hid": 600, "n_layers": 2}, 15_000, 48, (2, 5e-3), ((0, 0), (1, 5e-3)),
    ((-1, 1, 1e-2), (-2, 1, 1e-2), (0, 1, 5e-3)), 0.4, 0.4, 360,
)  # fmt: skip
COURSE = Recipe(
    {"emb_sz": 400, "n_hid": 1152, "n_layers": 3}, 60_000, 128, (8, 3e-3), ((1, 2e-2), (7, 4e-3)),
    ((-1, 1, 2e-2), (-2, 1, 1e-2), (-3, 1, 5e-3), (0, 2, 1e-3)), 0.3, 0.5, 72 * 20, 0.1,
)  # fmt: skip


def _language_model(df: pd.DataFrame, how: Recipe, start: Path | None = None) -> Any:
    """A language model of `df`, which begins as the one in the file `start` ended."""
    from tipoff.callbacks import GradientClip
    from tipoff.text import AWD_LSTM, TextDataLoaders, language_model_learner

    dls = TextDataLoaders.from_df(
        df, text_col="text", is_lm=True, valid_pct=0.02, seed=42, bs=how.bs, max_vocab=how.words
    )
    learn = language_model_learner(
        dls, AWD_LSTM, how.sizes, how.lm_drop, pretrained=start is not None, pretrained_fnames=start,
        metrics=["perplexity"],
    )  # fmt: skip
    cbs = [] if how.clip is None else [GradientClip(how.clip)]
    frozen, thawed = how.reviews if start is not None else ((0, 0.0), how.general)
    if frozen[0]:
        learn.fit_one_cycle(*frozen, cbs=cbs)
    learn.unfreeze()
    learn.fit_one_cycle(*thawed, moms=(0.8, 0.7, 0.8), cbs=cbs)
    return learn


def _ulmfit(df: pd.DataFrame, how: Recipe) -> dict[str, float]:
    from tipoff.text import AWD_LSTM, TextDataLoaders, text_classifier_learner

    where = data()
    assert where is not None
    train, valid = df.query("not is_valid"), df.query("is_valid")
    with tempfile.TemporaryDirectory() as folder:
        general, encoder = Path(folder, "general.tipoff"), Path(folder, "reviews")
        brown = [d for d in (where / "brown" / "train.txt").read_text().split("\n\n") if d.strip()]
        before = Clock()
        _language_model(pd.DataFrame({"text": brown}), how).export(general)
        pretraining, clock = before(), Clock()
        lm = _language_model(train, how, general)
        lm.save_encoder(encoder)
        tuned = clock()
        looked_at = pd.concat([train, valid.sample(LOOKED_AT, random_state=0)])
        dls = TextDataLoaders.from_df(
            looked_at, text_col="text", label_col="label", valid_col="is_valid", text_vocab=lm.dls.vocab,
            bs=how.bs, seed=42,
        )  # fmt: skip
        learn = text_classifier_learner(
            dls, AWD_LSTM, config=how.sizes, pretrained=False, drop_mult=how.drop, max_len=how.max_len,
            metrics=["accuracy"],
        )  # fmt: skip
        learn.load_encoder(encoder)
    for thawed, epochs, lr in how.labels:
        learn.freeze_to(thawed)
        learn.fit_one_cycle(epochs, lr if thawed == -1 else slice(lr / 2.6**4, lr))
    accuracy = learn.validate(dl=learn.dls.test_dl(valid, with_labels=True))[1]
    taken = clock()
    return {
        "accuracy": accuracy, **taken, "pretraining": pretraining["core_minutes"],
        "language_model": tuned["core_minutes"], "perplexity": lm.validate()[-1],
    }  # fmt: skip


def ulmfit(df: pd.DataFrame) -> dict[str, float]:
    return _ulmfit(df, HERE)


def course(df: pd.DataFrame) -> dict[str, float]:
    return _ulmfit(df, COURSE)


def command(df: pd.DataFrame) -> dict[str, float]:
    from tipoff.bundle.file import read
    from tipoff.verdict import Verdict

    with tempfile.TemporaryDirectory() as folder:
        df.to_parquet(Path(folder, "imdb.parquet"))
        clock = Clock()
        tipoff = Path(sys.executable).parent / "tipoff"
        done = subprocess.run(
            [tipoff, "train", "imdb.parquet", "--target", "label", "--minutes", "15", "--out", "x.tipoff"],
            cwd=folder, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        taken = clock()
        print(done.stdout)
        verdict = Verdict.from_json(read(Path(folder, "x.tipoff")).facts["verdict"])
    assert verdict is not None
    return {"accuracy": verdict.lines[0].values["accuracy"], **taken}


who, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
made = {"words": words, "frozen": frozen, "ulmfit": ulmfit, "course": course, "command": command}[who](
    reviews(n)
)
report(**{k: round(v, 4) for k, v in made.items()})
