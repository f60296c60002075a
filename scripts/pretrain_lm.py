"""Pretrain a language model on general text, and write it as a model file to begin others from.

    python scripts/pretrain_lm.py train.txt [more.txt ...] --valid valid.txt --out general.tipoff

Each paragraph of the files (what blank lines divide) is a text. On a machine with an accelerator, WikiText-103 with the
sizes below, 10 epochs; on two cores try --emb 200 --hid 400 --layers 2 --max-tokens 2000000. Used by
`language_model_learner(dls, AWD_LSTM, config=..., pretrained_fnames="general.tipoff")`; the sizes go into its card.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pandas as pd

from tipoff.callbacks import GradientClip
from tipoff.rng import set_seed
from tipoff.text import TextDataLoaders, language_model_learner


def paragraphs(files: list[Path], most: int | None) -> list[str]:
    """The paragraphs of the files, until they hold about `most` words."""
    out, n = [], 0
    for file in files:
        for text in re.split(r"\n\s*\n|\n(?= = )", file.read_text(encoding="utf-8")):
            words = len(text.split())
            if words < 10:
                continue
            if most is not None and n + words > most:
                return out
            out.append(text.strip())
            n += words
    return out


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("files", nargs="+", type=Path)
    cli.add_argument("--valid", nargs="+", type=Path, required=True)
    cli.add_argument("--out", type=Path, default=Path("general.tipoff"))
    cli.add_argument("--arch", choices=["awd_lstm", "gpt"], default="awd_lstm")
    cli.add_argument("--emb", type=int, default=400)
    cli.add_argument("--hid", type=int, default=1152)
    cli.add_argument("--layers", type=int, default=3)
    cli.add_argument("--epochs", type=int, default=10)
    cli.add_argument("--bs", type=int, default=128)
    cli.add_argument("--lr", type=float, default=3e-3)
    cli.add_argument("--clip", type=float, default=0.1, help="the longest gradient; a large network is lost without")
    cli.add_argument("--drop", type=float, default=0.3, help="multiplies every dropout")
    cli.add_argument("--max-vocab", type=int, default=60000)
    cli.add_argument("--max-tokens", type=int, help="stop reading after about so many words")
    cli.add_argument("--backwards", action="store_true")
    cli.add_argument("--device", help="cuda, cpu; the best that is there unless given")
    cli.add_argument("--licence", default="that of its texts", help="on what terms the weights may be used")
    args = cli.parse_args()

    set_seed(42)
    train, valid = paragraphs(args.files, args.max_tokens), paragraphs(args.valid, None)
    df = pd.DataFrame({"text": train + valid, "is_valid": [False] * len(train) + [True] * len(valid)})
    dls = TextDataLoaders.from_df(
        df, text_col="text", is_lm=True, valid_col="is_valid", bs=args.bs, seed=42, backwards=args.backwards,
        max_vocab=args.max_vocab, device=args.device,
    )  # fmt: skip
    sizes = {"emb_sz": args.emb, "n_layers": args.layers}
    sizes |= {"n_hid": args.hid} if args.arch == "awd_lstm" else {"n_heads": max(1, args.emb // 64)}
    learn = language_model_learner(
        dls, args.arch, sizes, args.drop, pretrained=False, metrics=["accuracy", "perplexity"]
    )
    learn.fit_one_cycle(args.epochs, args.lr, moms=(0.8, 0.7, 0.8), cbs=GradientClip(args.clip))
    learn.facts |= {
        "task": f"A language model of {', '.join(f.name for f in args.files)}.",
        "licence": args.licence,
        "sizes": sizes,
    }
    print(f"{learn.export(args.out.absolute())}: perplexity {learn.validate()[-1]:.1f} on {len(valid)} texts")


if __name__ == "__main__":
    main()
