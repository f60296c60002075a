"""Perplexity of a language model, by the words of the corpus: language.py ARCH TRAIN VALID [--test FILE] [options]

Words are what spaces divide, and the end of a line is one, as in Merity et al. (2017); words that come less than `--min-freq`
times in TRAIN are one unknown word. For the published setting, on a machine with an accelerator and the whole of WikiText-2:

    language.py awd_lstm wiki.train.tokens wiki.valid.tokens --test wiki.test.tokens --min-freq 1 --emb 400 --hid 1150 \
        --layers 3 --epochs 100 --bs 80 --seq-len 70 --lr 3e-3 --wd 0.1 --drop 1

which AWD-LSTM brings to a test perplexity of 65.8 in its authors' 750 epochs of averaged SGD.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from common import report

END, UNKNOWN, PAD = "<eos>", "<unk>", "<pad>"


def words_of(file: Path) -> list[str]:
    """The words of a file, with the ends of lines that hold some."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [word for line in lines if line.strip() for word in (*line.split(), END)]


def tokenizer_of(words: list[str], min_freq: int) -> Any:
    """Every word by its number, by how often it comes."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    often = [w for w, n in Counter(words).most_common() if n >= min_freq and w != UNKNOWN]
    tok = Tokenizer(models.WordLevel({w: i for i, w in enumerate([UNKNOWN, PAD, *often])}, unk_token=UNKNOWN))
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tok.add_special_tokens([PAD])
    return tok


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("arch", choices=["awd_lstm", "gpt"])
    cli.add_argument("train", type=Path)
    cli.add_argument("valid", type=Path)
    cli.add_argument("--test", type=Path)
    cli.add_argument("--min-freq", type=int, default=3)
    cli.add_argument("--emb", type=int, default=256)
    cli.add_argument("--hid", type=int, default=512)
    cli.add_argument("--layers", type=int, default=2)
    cli.add_argument("--heads", type=int, default=4)
    cli.add_argument("--epochs", type=int, default=5)
    cli.add_argument("--bs", type=int, default=32)
    cli.add_argument("--seq-len", type=int, default=72)
    cli.add_argument("--lr", type=float, default=5e-3)
    cli.add_argument("--wd", type=float, default=0.1)
    cli.add_argument("--drop", type=float, default=0.5, help="multiplies every dropout")
    args = cli.parse_args()

    import pandas as pd

    from tipoff.rng import set_seed
    from tipoff.text import TextDataLoaders, language_model_learner

    set_seed(42)
    parts = [words_of(f) for f in (args.train, args.valid, args.test) if f is not None]
    df = pd.DataFrame({"text": [" ".join(p) for p in parts[:2]], "is_valid": [False, True]})
    tok = tokenizer_of(parts[0], args.min_freq)
    dls = TextDataLoaders.from_df(
        df,
        text_col="text",
        is_lm=True,
        valid_col="is_valid",
        tok_tfm=tok,
        bs=args.bs,
        seq_len=args.seq_len,
        seed=42,
    )
    sizes = {"emb_sz": args.emb, "n_layers": args.layers}
    sizes |= {"n_hid": args.hid} if args.arch == "awd_lstm" else {"n_heads": args.heads}
    learn = language_model_learner(
        dls, args.arch, sizes, args.drop, pretrained=False, metrics=["perplexity"], wd=args.wd
    )
    began = time.perf_counter()
    with learn.no_bar():
        learn.fit_one_cycle(args.epochs, args.lr)
    seconds = time.perf_counter() - began
    figures = {"valid": learn.validate()[-1]}
    if len(parts) == 3:
        figures["test"] = learn.validate(dl=dls.test_dl([" ".join(parts[2])], bs=1))[-1]
    n, known = sum(p.numel() for p in learn.model.parameters()), tok.get_vocab().keys() - {UNKNOWN}
    report(
        **{k: round(v, 1) for k, v in figures.items()}, words=len(parts[0]), vocab=tok.get_vocab_size(), parameters=n,
        unknown=round(sum(w not in known for w in parts[1]) / len(parts[1]), 4),
        seconds=round(seconds), words_a_second=round(args.epochs * len(parts[0]) / seconds),
        setting=" ".join(f"{k} {v}" for k, v in vars(args).items() if k not in ("train", "valid", "test", "arch")),
    )  # fmt: skip


main()
