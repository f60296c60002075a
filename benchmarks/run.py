"""All measurements, side by side: `make bench`, or `python benchmarks/run.py [overhead finetune busy predict startup serve tables ratings tokens lm textclas imdb language]`.

`gpu` by name measures what takes a GPU, and nothing else does.

Every figure comes from a process of its own; what is compared runs in turn, not one after the other. Photos are read
from BENCH_DATA, a folder with pets/ and imagenette/; without it, samples/ stand in. Writes results.json, RESULTS.md.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import data

HERE = Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
Figures = dict[str, Any]


def measure(script: str, *args: object) -> Figures:
    """What one process reports."""
    done = subprocess.run(
        [sys.executable, str(HERE / script), *map(str, args)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(f"{script} {args} failed:\n{done.stdout[-500:]}\n{done.stderr[-2000:]}")
    made: Figures = json.loads(lines[-1].removeprefix("RESULT "))
    print(script, *args, made, flush=True)
    return made


@contextlib.contextmanager
def burning() -> Iterator[None]:
    """Beside it a process computes all the time, on one core."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


BUSY_PARTS = {
    "finetune": "`fine_tune` of pets",
    "table": "three epochs of a table",
    "ratings": "five epochs of ratings",
}


def busy(folder: Path) -> dict[str, Any]:
    """Seconds alone and beside a process that burns one core: medians of the rounds, alone and beside in turn."""
    made: dict[str, dict[str, list[float]]] = {part: {} for part in BUSY_PARTS}
    for _ in range(ROUNDS):
        for part in BUSY_PARTS:
            for who in ("tipoff", "fastai"):
                for column, beside in (("alone", contextlib.nullcontext()), ("busy", burning())):
                    with beside:
                        seconds = float(measure("busy.py", who, part, folder / "body.pt")["seconds"])
                    made[part].setdefault(f"{who} {column}", []).append(seconds)
    return {part: {k: statistics.median(v) for k, v in each.items()} for part, each in made.items()}


def busy_page(r: dict[str, Any]) -> list[str]:
    """The part of the results about a machine that something else uses too."""
    rows = [
        [
            BUSY_PARTS[part], f["tipoff alone"], f["tipoff busy"], f"{f['tipoff busy'] / f['tipoff alone']:.1f} ×",
            f["fastai alone"], f["fastai busy"], f"{f['fastai busy'] / f['fastai alone']:.1f} ×",
            f"{f['fastai alone'] / f['tipoff alone']:.1f} ×",
        ]
        for part, f in r.items()
    ]  # fmt: skip
    return [
        "## Beside another process\n",
        "Seconds of a training alone, and beside a process that burns one core all the time; every figure of a process of its own.\n",
        table(
            ["", "tipoff alone", "busy", "busy / alone", "fastai alone", "busy", "busy / alone", "tipoff faster alone"], rows
        ),
    ]  # fmt: skip


def in_turn(script: str, whos: list[str], *args: object, seeds: bool = False) -> dict[str, Figures]:
    """Medians over the rounds of what each of `whos` reports."""
    all_of: dict[str, list[Figures]] = {who: [] for who in whos}
    for i in range(ROUNDS):
        for who in whos:
            extra = (args[0], i, *args[1:]) if seeds else args
            all_of[who].append(measure(script, who, *extra))
    return {who: {k: statistics.median(f[k] for f in fs) for k in fs[0]} for who, fs in all_of.items()}


def overhead(_: Path) -> dict[str, Any]:
    return {str(width): in_turn("overhead.py", ["tipoff", "fastai"], width) for width in (0, 4, 64)}


def finetune(folder: Path) -> dict[str, Any]:
    whos = ["tipoff", "fastai"]
    names = ["pets", "imagenette"] if data() else ["things"]
    return {name: in_turn("finetune.py", whos, name, folder / "body.pt", seeds=True) for name in names}


def predict(folder: Path) -> dict[str, Any]:
    whos = ["tipoff", "tipoff Learner", "torch", "onnxruntime", "fastai", "fastai, no workers"]
    return in_turn("predict.py", whos, folder)


def serve(folder: Path) -> dict[str, Any]:
    made = in_turn("serve.py", ["tipoff", "tipoff torch", "torch", "fastai"], folder)
    return {**made, "memory": measure("serve.py", "memory", folder)}


def tables(_: Path) -> dict[str, Any]:
    sizes = [10**n for n in (4, 5, 6, 7)]
    return {
        "steps": in_turn("tables.py", ["tipoff", "fastai"], "steps"),
        "train": {who: measure("tables.py", who, "train") for who in ("fastai", "tipoff", "tabm", "tree")},
        "grow": {str(n): measure("tables.py", "tipoff", "grow", n) for n in sizes},
        "score": {str(n): measure("tables.py", "tipoff", "score", n) for n in sizes},
        "bike": measure("bike.py") if data() else None,
    }


def tables_page(r: dict[str, Any]) -> list[str]:
    """The part of the results about tables."""
    steps, train = r["steps"], r["train"]
    named = {
        "fastai": "fastai, its network, 3 epochs, batches of 64",
        "tipoff": "tipoff, the same network, 3 epochs, its own batch size",
        "tabm": "tipoff's default network, until it stops by itself",
        "tree": "HistGradientBoosting",
    }
    out = [
        "## Tables\n",
        "Adult: 32,561 rows to learn from, 16,281 to check on, 8 categories and 6 numbers, fastai's network (200, 100). The loop "
        "by hand slices the same tensors; an epoch trains and validates; seconds, the fastest of a few.\n",
        table(
            ["", "prepare", "epoch, 64", "loop by hand", "ratio", "epoch, 1024", "loop by hand", "ratio", "score 16,281 rows"],
            [[who, *(round(f[k], 2) for k in ("prepare", "epoch_64", "plain_64", "ratio_64", "epoch_1024", "plain_1024",
              "ratio_1024", "score"))] for who, f in steps.items()],
        ),
        "Whole trainings, judged on the official test rows:\n",
        table(
            ["", "prepare, s", "fit, s", "accuracy", "area under ROC", "log loss"],
            [[named[who], round(f["prepare"], 2), round(f["fit"], 2), f"{f['accuracy']:.2%}", f"{f['roc_auc']:.4f}",
              f"{f['log_loss']:.4f}"] for who, f in train.items()],
        ),
        "How time and memory grow, on made-up rows: in memory (fastai's network, batches of 4096), and a Parquet file answered "
        "in chunks of 100,000 rows.\n",
        table(
            ["rows", "frame MB", "prepare, s", "epoch, s", "peak MB", "score from Parquet, s", "peak MB"],
            [[f"{int(n):,}", round(f["frame_mb"], 1), round(f["prepare"], 2), round(f["epoch"], 2), int(f["peak_mb"]),
              round(r["score"][n]["score"], 2), int(r["score"][n]["peak_mb"])] for n, f in r["grow"].items()],
        ),
    ]  # fmt: skip
    if r["bike"]:
        b = r["bike"]
        out += [
            "Hourly bicycle hires as in Rossmann (dates and elapsed times as columns, logarithms), judged on the newest three "
            "months:\n",
            table(
                ["", "RMSPE", "MAE", "RMSE", "R²", "seconds"],
                [
                    [name, *(b[f"{who}_{k}"] for k in ("rmspe", "mae", "rmse", "r2")), b[seconds]]
                    for name, who, seconds in (
                        ("tipoff's default network", "net", "seconds"),
                        ("HistGradientBoosting", "tree", "tree_seconds"),
                    )
                ],
            ),
        ]
    return out


def ratings(_: Path) -> dict[str, Any]:
    return {
        "epochs": in_turn("ratings.py", ["tipoff", "fastai"]),
        "errors": {who: measure("ratings.py", who) for who in ("errors", "surprise")},
        "recommend": measure("ratings.py", "recommend"),
    }


def ratings_page(r: dict[str, Any]) -> list[str]:
    """The part of the results about ratings."""
    epochs, fast = r["epochs"], r["recommend"]
    errors = {**r["errors"]["errors"], **r["errors"]["surprise"]}
    named = {
        "averages": "averages of users and items",
        "SVD": "surprise, SVD",
        "SVD++": "surprise, SVD++",
        "one member": "tipoff, fastai's model and recipe: one member, batches of 64",
        "tipoff": "tipoff, the default",
    }
    columns = ["u1", "u2", "u3", "u4", "u5", "mean", "random"]
    ahead = [epochs["fastai"][f"library_{bs}"] / epochs["tipoff"][f"library_{bs}"] for bs in (64, 1024)]
    default = epochs["fastai"]["library_64"] / epochs["tipoff"]["library_1024"]
    return [
        "## Ratings\n",
        "MovieLens 100K. An epoch of the lesson's model (dot product with biases, 50 factors), with its validation; seconds, the "
        f"fastest of a few. fastai's takes {ahead[0]:.1f} times as long at 64, {ahead[1]:.1f} times at 1024; its 64 beside "
        f"tipoff's own batch size, {default:.0f} times.\n",
        table(
            ["", "epoch, 64", "loop by hand", "ratio", "epoch, 1024", "loop by hand", "ratio"],
            [
                [who, *(round(f[f"{k}_{bs}"], 3) for bs in (64, 1024) for k in ("library", "plain", "ratio"))]
                for who, f in epochs.items()
            ],
        ),
        "RMSE on the official splits, and on a tenth at random; every model with its defaults; tipoff's were chosen within "
        f"the training parts of u2 and of the random tenth. A whole training of the default takes {r['errors']['errors']['seconds']:.1f} s.\n",
        table(
            ["", *columns], [[name, *(errors[f"{who}: {c}"] for c in columns)] for who, name in named.items()]
        ),
        f"Ten recommendations out of 100,000 items: {fast['user']:.1f} ms for a user, {fast['newcomer']:.1f} ms for "
        "somebody new with twenty ratings.\n",
    ]


def tokens(_: Path) -> dict[str, Any]:
    whos = ["tipoff", "tipoff bpe", "fastai", "fastai, one process"]
    return {
        "seconds": in_turn("text_tokens.py", whos, 10_000),
        "memory": {str(n): measure("text_tokens.py", "memory", n) for n in (15_000, 60_000)},
    }


def lm(_: Path) -> dict[str, Any]:
    return in_turn("text_models.py", ["tipoff", "fastai", "fastai bf16"], "lm")


def textclas(_: Path) -> dict[str, Any]:
    return in_turn("text_models.py", ["tipoff", "by hand", "by hand bf16"], "textclas")


def imdb(_: Path) -> dict[str, Any]:
    return {who: measure("imdb.py", who) for who in ("words", "frozen", "command")} | {
        "ulmfit": measure("imdb.py", "ulmfit", 6000)
    }


def corpora() -> dict[str, list[Path]]:
    """Files to learn from and to check on."""
    where = data()
    if where is None:
        raise SystemExit("BENCH_DATA is not set: there are no texts.")
    brown, wiki = where / "brown", where / "wikitext2"
    return {
        "brown": [brown / "train.txt", brown / "valid.txt"],
        "wikitext2": [wiki / "test.txt", wiki / "valid.txt"],
    }


def language(_: Path) -> dict[str, Any]:
    epochs = {"brown": 3, "wikitext2": 8}
    return {
        f"{name}, {arch}": measure("language.py", arch, *files, "--epochs", epochs[name])
        for name, files in corpora().items()
        for arch in ("awd_lstm", "gpt")
    }


def gpu(_: Path) -> dict[str, Any]:
    import torch

    if not torch.cuda.is_available():
        raise SystemExit("There is no GPU.")
    awd = "--emb 400 --hid 1150 --layers 3 --bs 80 --seq-len 70 --lr 3e-3"
    gpt = "--emb 384 --heads 6 --layers 6 --seq-len 128"
    how = {
        ("brown", "awd_lstm"): f"{awd} --epochs 24 --drop 1.5",
        ("brown", "gpt"): f"{gpt} --bs 80 --lr 2e-3 --epochs 8 --drop 1",
        ("wikitext2", "awd_lstm"): f"{awd} --epochs 60 --drop 2",
        ("wikitext2", "gpt"): f"{gpt} --bs 32 --lr 1e-3 --epochs 16 --drop 2",
    }
    return {
        "device": torch.cuda.get_device_name(),
        "lm": measure("text_models.py", "tipoff", "lm"),
        "language": {
            f"{name}, {arch}": measure("language.py", arch, *corpora()[name], *options.split())
            for (name, arch), options in how.items()
        },
    }


def reading_page(r: dict[str, Any]) -> list[str]:
    """The parts of the results about what text models learn."""
    out: list[str] = []
    if "imdb" in r:
        named = {
            "words": "logistic regression on words and pairs of words",
            "frozen": "MiniLM frozen, and a head",
            "command": "MiniLM fine-tuned: `tipoff train imdb.parquet --target label --minutes 15`",
            "ulmfit": "ULMFiT, 6,000 reviews: AWD-LSTM (300, 600, two layers) of the Brown corpus",
        }
        rows = [
            [named[w], f"{f['accuracy']:.1%}", round(f["minutes"], 1), round(f["core_minutes"], 1)]
            for w, f in r["imdb"].items()
        ]
        out += [
            "## Reviews in two classes\n",
            "IMDb: 12,500 reviews of its training part to learn from, 5,000 of its test part to judge by, each chosen at random, "
            "balanced. MiniLM reads 256 tokens of a review. The minutes are those from the table of texts to the accuracy, of the clock and of the processor's cores.\n",
            table(["", "accuracy", "minutes", "minutes of cores"], rows),
        ]
    if ulm := r.get("imdb", {}).get("ulmfit"):
        out.append(
            f"ULMFiT's minutes begin after its pretraining ({ulm['pretraining']:.0f} minutes of cores); {ulm['language_model']:.0f} of those of cores are "
            f"the language model's, which reaches a perplexity of {ulm['perplexity']:.0f} on reviews.\n"
        )
    if "language" in r:
        head = ["", "words", "vocabulary", "unknown", "parameters", "perplexity", "minutes"]
        out += [
            "## Perplexity\n",
            "Words as the files have them, ends of lines counted, words seen fewer than three times in training as one; measured on the "
            "validation file. Of WikiText-2 its test file is learned from, as its training file was not to be had: **these figures do not "
            "compare with published ones**, in which AWD-LSTM has 65.8 on the whole of WikiText-2; `language.py` tells the command for that "
            "setting. Small networks, a few epochs:\n",
            table(head, perplexities(r["language"])),
            settings(r["language"]),
        ]
    if "gpu" in r:
        made = r["gpu"]
        out += [
            f"Networks of the published size (AWD-LSTM) for longer, on one {made['device']} that other work shared:\n",
            table(head, perplexities(made["language"])),
            settings(made["language"]),
            f"There AWD-LSTM as fastai builds it learns from {int(made['lm']['tokens_a_second']):,} words a second in batches of 32 streams of 72 "
            "words.\n",
        ]
    return out


def perplexities(made: dict[str, Figures]) -> list[list[Any]]:
    return [
        [n, f"{int(f['words']):,}", f"{int(f['vocab']):,}", f"{f['unknown']:.1%}", f"{f['parameters'] / 1e6:.1f} M", f["valid"],
         round(f["seconds"] / 60, 1)] for n, f in made.items()
    ]  # fmt: skip


def settings(made: dict[str, Figures]) -> str:
    return "Settings:\n\n" + "".join(f"- {n}: {f['setting']}\n" for n, f in made.items())


def text_models_page(r: dict[str, Any]) -> list[str]:
    """The parts of the results about training text models."""
    out: list[str] = []
    if "lm" in r:
        rows = [[w, int(f["tokens_a_second"]), int(f["peak_mb"])] for w, f in r["lm"].items()]
        out += [
            "## Training a language model\n",
            "AWD-LSTM as fastai builds it (400, 1,152, three layers, all dropouts), 16,000 words, 32 streams of 72 words a batch.\n",
            table(["", "tokens a second", "peak MB"], rows),
        ]
    if "textclas" in r:
        rows = [[w, f["texts_a_second"], int(f["peak_mb"])] for w, f in r["textclas"].items()]
        out += [
            "## Fine-tuning a text classifier\n",
            "MiniLM, all layers, one epoch, at most 256 tokens a text, batches of 16. tipoff groups texts by length, and its seconds "
            "hold a validation of two texts; by hand is a loop on `transformers` that pads each batch to its longest text.\n",
            table(["", "texts a second", "peak MB"], rows),
        ]
    return out


def tokens_page(r: dict[str, Any]) -> list[str]:
    """The part of the results about numbering texts."""
    fast = r["seconds"]["fastai"]["seconds"]
    rows = [
        [who, f["seconds"], f"{fast / f['seconds']:.1f} ×", f"{int(f['tokens']):,}", int(f["peak_mb"])]
        for who, f in r["seconds"].items()
    ]
    grown = " and ".join(
        f"{float(f['more_mb']):.0f} and {float(f['worker_mb']):.0f} MB for {int(n):,} files ({int(f['tokens']):,} tokens)"
        for n, f in r["memory"].items()
    )
    return [
        "## Numbering texts\n",
        "From 10,000 reviews in a data frame to the first batch of a language model. `tipoff` and fastai make the same words by "
        "the same rules, with a process for each core unless it says one; `tipoff bpe` learns parts of words first, at most 30,000. The peak is "
        "the main process's.\n",
        table(["", "seconds", "faster", "tokens", "peak MB"], rows),
        f"Memory to read and number files, beyond what the program takes, and of the process beside it: {grown}.\n",
    ]


def startup(_: Path) -> dict[str, Any]:
    return measure("startup.py")


def table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def page(r: dict[str, Any]) -> str:
    """The results as Markdown."""
    out = [
        "# What was measured\n",
        f"`make bench`, {r['date']}. What is compared takes turns, on one machine; rounds, of which the median is shown: "
        + ", ".join(f"{part} {n} ({r['machines'][part]})" for part, n in r["rounds"].items())
        + ". The machines are shared: trust the ratios. Data: "
        + r["data"]
        + ".\n",
        "## A whole `fine_tune` from JPEG files\n",
        "efficientnet_lite0 at 224 px, batches of 32, one epoch of the head and two of everything, the same body, weights, "
        "size, head, rates and kinds of augmentation; reading, training and validating. fastai reads without worker processes, "
        "which is the faster way for it here. tipoff keeps the statistics of the body's batch norms, and fastai trains them: "
        "each library's default.\n",
    ]
    for name, made in r["finetune"].items():
        fast = made["fastai"]["seconds"]
        out.append(f"**{name}**, {int(made['tipoff']['items'])} to learn from\n")
        rows = [
            [who, f["seconds"], f"{fast / f['seconds']:.1f} ×", f"{f['accuracy']:.1%}", int(f["peak_mb"])]
            for who, f in made.items()
        ]
        out.append(table(["", "seconds", "faster", "accuracy", "peak MB"], rows))
    names = {"0": "perceptron", "4": "small CNN", "64": "larger CNN"}
    rows = [
        [names[w], who, f["plain"], f["library"], f["added"], f["ratio"]]
        for w, made in r["overhead"].items()
        for who, f in made.items()
    ]
    out += [
        "## What a step costs beside the network\n",
        "Tensors in memory, with progress, metrics and one-cycle, against a loop written by hand; microseconds a step.\n",
        table(["network", "", "plain loop", "library", "added", "ratio"], rows),
        "## Prediction\n",
        "From photo files of about 350 x 256 to classes, 37 of them; milliseconds a photo. `tipoff` is `load_predictor`, in "
        "float32; `tipoff Learner` is `learn.predict` and `learn.get_preds`, in bfloat16.\n",
        table(["", "one at a time", "500 at once", "peak MB"], [[w, f["one"], f["many"], int(f["peak_mb"])] for w, f in r["predict"].items()]),
        "## A server\n",
        "Photos by HTTP, one client after the other and 64 at once, on the same machine as the server. `tipoff` is `tipoff serve` of "
        "an exported ONNX file, `tipoff torch` of the model file; the others are FastAPI around the model as people write it "
        "(`serve_by_hand.py`).\n",
        table(
            ["", "alone: p50 ms", "p99 ms", "64 at once: answers a second", "p99 ms", "memory MB"],
            [
                [w, f["p50"], f["p99"], f["rate"], f["p99_of_64"], int(f["resident_mb"])]
                for w, f in r["serve"].items()
                if w != "memory"
            ],
        ),
        f"Memory of `tipoff serve` after 2,000 requests and eight times on the way to {int(r['serve']['memory']['requests']):,}: "
        + ", ".join(f"{mb:.0f}" for mb in r["serve"]["memory"]["resident_mb"]) + " MB.\n",
        *(busy_page(r["busy"]) if "busy" in r else []),
        *(tables_page(r["tables"]) if "tables" in r else []),
        *(ratings_page(r["ratings"]) if "ratings" in r else []),
        *(tokens_page(r["tokens"]) if "tokens" in r else []),
        *text_models_page(r),
        *reading_page(r),
        "## Start-up\n",
        table(
            ["", "seconds"],
            [
                ["`import tipoff`", r["startup"]["imported"]],
                ["`import tipoff.vision.all`", r["startup"]["vision"]],
                ["`import fastai.vision.all`", r["startup"]["fastai"]],
                ["`tipoff --help`", r["startup"]["help"]],
            ],
        ),
        "Versions: " + ", ".join(f"{k} {v}" for k, v in r["versions"].items()) + ".",
    ]  # fmt: skip
    return "\n".join(out) + "\n"


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next(
            (line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line),
            cpu,
        )
    return f"{os.cpu_count()} cores of {cpu}, {platform.system()}"


def main() -> None:
    parts = {
        "overhead": overhead,
        "finetune": finetune,
        "busy": busy,
        "predict": predict,
        "startup": startup,
        "serve": serve,
        "tables": tables,
        "ratings": ratings,
        "tokens": tokens,
        "lm": lm,
        "textclas": textclas,
        "imdb": imdb,
        "language": language,
    }
    chosen = sys.argv[1:] or list(parts)
    parts["gpu"] = gpu
    kept = HERE / "results.json"
    results: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    results |= {
        "date": datetime.date.today().isoformat(),
        "data": "Oxford-IIIT Pet and Imagenette (parts of them)" if data() else "samples/",
        "versions": {
            n: importlib.metadata.version(n) for n in ("torch", "timm", "fastai", "onnxruntime", "tipoff")
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        if set(chosen) - {"tables", "ratings", "tokens", "lm", "textclas", "imdb", "language", "gpu"}:
            subprocess.run(
                [sys.executable, str(HERE / "prepare.py"), folder], check=True, capture_output=True
            )
        for name in chosen:
            results[name] = parts[name](Path(folder))
            results.setdefault("rounds", {})[name] = ROUNDS if name != "startup" else 10
            results.setdefault("machines", {})[name] = machine()
            kept.write_text(json.dumps(results, indent=1) + "\n")
    if {"overhead", "finetune", "predict", "startup", "serve"} <= set(results):
        (HERE / "RESULTS.md").write_text(page(results))


if __name__ == "__main__":
    main()
