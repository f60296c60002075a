"""From reviews in a data frame to numbered batches of a language model, end to end. WHO N

WHO is tipoff, tipoff bpe, fastai (as many processes as it takes by default) or fastai, one process. Reports the seconds
from the texts to the first batch, the number of tokens, and the size of the vocabulary. `memory N` makes N files of
them and reports what memory is taken to number them, beyond what is taken by the program itself. Reviews are the N first of BENCH_DATA/imdb;
without it, sentences of a few hundred made-up words.
"""

from __future__ import annotations

import importlib
import os
import random
import re
import resource
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from common import data, report

who, n = sys.argv[1], int(sys.argv[2])


def reviews(n: int) -> list[str]:
    """`n` texts; from the beginning again where there are not so many."""
    home = data()
    if home is not None:
        texts = pd.read_parquet(home / "imdb" / "imdb.parquet").text.tolist()
    else:
        rng = random.Random(0)
        words = ["".join(rng.choices("abcdefghijklmno", k=rng.randint(2, 9))) for _ in range(700)]
        texts = [" ".join(rng.choices(words, k=rng.randint(50, 400))).capitalize() + "." for _ in range(n)]
    return [texts[i % len(texts)] for i in range(n)]


def by_tipoff(df: pd.DataFrame, tok: Any) -> tuple[int, int]:
    from tipoff.text import TextDataLoaders

    dls = TextDataLoaders.from_df(df, text_col="text", is_lm=True, valid_pct=0.1, seed=0, tok_tfm=tok)
    dls.one_batch()
    return int(dls.train_ds.ids.lens.sum() + dls.valid_ds.ids.lens.sum()), len(dls.vocab)


def by_fastai(df: pd.DataFrame, n_workers: int | None) -> tuple[int, int]:
    from fastai.text.all import ColReader, DataBlock, RandomSplitter, TextBlock

    options = {} if n_workers is None else {"n_workers": n_workers}
    block = DataBlock(
        TextBlock.from_df("text", is_lm=True, **options),
        get_x=ColReader("text"),
        splitter=RandomSplitter(0.1, seed=0),
    )
    dls = block.dataloaders(df, bs=64, seq_len=72)
    dls.one_batch()
    return int(sum(dls.train.lens) + sum(dls.valid.lens)), len(dls.vocab)


def watch(peaks: list[float], until: threading.Event) -> None:
    """Add the peaks of the processes that this one starts, in MB, as Linux tells them (`getrusage` counts this one's in)."""
    while not until.wait(0.05):
        for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
            with suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                peaks += [int(found[1]) / 1024] if found else []


def memory(texts: list[str]) -> dict[str, float]:
    from tipoff.text import TextDataLoaders

    with tempfile.TemporaryDirectory() as folder:
        for i, text in enumerate(texts):
            home = Path(folder, str(i // 1000))
            home.mkdir(exist_ok=True)
            (home / f"{i}.txt").write_text(text, encoding="utf-8")
        small = TextDataLoaders.from_folder(Path(folder, "0"), valid_pct=0.1, is_lm=True, seed=0)
        small.one_batch()
        texts.clear()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        beside, numbered = [0.0], threading.Event()
        watching = threading.Thread(target=watch, args=(beside, numbered))
        watching.start()
        dls = TextDataLoaders.from_folder(folder, valid_pct=0.1, is_lm=True, seed=0)
        dls.one_batch()
        numbered.set()
        watching.join()
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "more_mb": (after - before) / 1024,
        "worker_mb": max(beside),
        "tokens": int(dls.train_ds.ids.lens.sum()),
        "seconds": round(seconds, 2),
    }


texts = reviews(n)
if who == "memory":
    report(**memory(texts))
else:
    df = pd.DataFrame({"text": texts})
    makers = {
        "tipoff": lambda: by_tipoff(df, None),
        "tipoff bpe": lambda: by_tipoff(df, "bpe"),
        "fastai": lambda: by_fastai(df, None),
        "fastai, one process": lambda: by_fastai(df, 0),
    }
    importlib.import_module(
        "tipoff.text.loaders" if who.startswith("tipoff") else "fastai.text.all"
    )  # not measured
    start = time.perf_counter()
    tokens, vocab = makers[who]()
    report(seconds=round(time.perf_counter() - start, 2), tokens=tokens, vocab=vocab)
