"""How `tipoff train` fine-tunes photos from the linear probe: rates, warm-up and rates of the layers. [FILE]

Every recipe begins at the same probe and takes the same epochs over the same photos; the accuracy on the validation photos
is written after each epoch, a line of JSON a training, to FILE (recipe.jsonl). What FILE holds already is not measured
again, so a run that was cut off goes on. Reads pets, imagenette, bears and scenes_multilabel (first label) of BENCH_DATA.

RECIPE_SETS, RECIPE_SIZE, RECIPE_TRAIN, RECIPE_VALID, RECIPE_EPOCHS and RECIPE_SEEDS say how much is measured.
"""

from __future__ import annotations

import csv
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from common import ARCH, data

from tipoff.data import CategoryBlock, DataBlock, IndexSplitter
from tipoff.learner.execute import execute
from tipoff.learner.stages import Stage, group_rates
from tipoff.rng import set_seed
from tipoff.vision import ImageBlock, Resize, aug_transforms, vision_learner
from tipoff.vision.warm_start import PROBE_HEAD, linear_probe

SIZE = int(os.environ.get("RECIPE_SIZE", "96"))
TRAIN = int(os.environ.get("RECIPE_TRAIN", "200"))  # photos at most; of pets all, there are 8 a class
VALID = int(os.environ.get("RECIPE_VALID", "200"))
EPOCHS = int(os.environ.get("RECIPE_EPOCHS", "5"))
SEEDS = int(os.environ.get("RECIPE_SEEDS", "3"))
SETS = tuple(os.environ.get("RECIPE_SETS", "pets imagenette bears scenes_multilabel").split())

# of the head's peak rate: the multiple of `7e-6 * n ** 0.7`, what earlier layers get of it, and the shape of the cycle
RECIPES: dict[str, dict[str, float]] = {
    "one rate, warm-up from a fifth": {"lr": 1.0, "first": 1.0, "div": 5.0, "pct": 0.3},
    "warm-up from 1/25": {"lr": 1.0, "first": 1.0, "div": 25.0, "pct": 0.3},
    "a tenth for the first layers": {"lr": 1.0, "first": 0.1, "div": 5.0, "pct": 0.3},
    "a tenth for the first layers, warm-up from 1/25": {"lr": 1.0, "first": 0.1, "div": 25.0, "pct": 0.3},
    "a tenth for the first layers, twice the rate": {"lr": 2.0, "first": 0.1, "div": 5.0, "pct": 0.3},
    "half the rate, warm-up from 1/25": {"lr": 0.5, "first": 1.0, "div": 25.0, "pct": 0.3},
}


def photos(name: str, seed: int) -> tuple[dict[str, str], list[str]]:
    """The label of each photo of a sample, training photos first, and which of them are for validation."""
    where = data()
    assert where is not None, "BENCH_DATA is not set"
    rows: list[tuple[str, str, bool]] = []
    if name == "imagenette":
        for f in sorted((where / name).glob("*/*/*.*")):
            rows.append((str(f), f.parent.name, f.parent.parent.name == "val"))
    else:
        with open(where / name / "labels.csv", newline="") as file:
            for r in csv.DictReader(file):
                label = r.get("breed") or r.get("label") or r["labels"].split()[0]
                inside = where / name if name == "bears" else where / name / "images"
                rows.append((str(inside / r["fname"]), label, r["is_valid"] == "True"))
    rng = random.Random(seed)
    rng.shuffle(rows)
    train = [r for r in rows if not r[2]][: None if name == "pets" else TRAIN]
    valid = [r for r in rows if r[2]][:VALID]
    return {f: label for f, label, _ in (*train, *valid)}, [f for f, _, _ in valid]


def learner(name: str, seed: int) -> Any:
    label_of, valid = photos(name, seed)
    files = list(label_of)
    block = DataBlock(
        (ImageBlock, CategoryBlock(smoothing=0.1)),
        get_y=lambda f: label_of[str(f)],
        splitter=IndexSplitter(range(len(files) - len(valid), len(files))),
        item_tfms=Resize(SIZE),
        batch_tfms=aug_transforms(),
    )
    dls = block.dataloaders(files, bs=32, seed=seed)
    return vision_learner(dls, ARCH, metrics="accuracy", **PROBE_HEAD)


def measure(name: str, recipe: str, seed: int) -> dict[str, Any]:
    how = RECIPES[recipe]
    set_seed(seed)
    learn = learner(name, seed)
    with learn.no_bar():
        probe = linear_probe(learn)
        began = time.process_time()
        lr = how["lr"] * min(max(7e-6 * (learn.dls.train.n / learn.dls.c) ** 0.7, 3e-5), 3e-4)
        rates = group_rates(slice(lr * how["first"], lr), 3)
        execute(learn, [Stage("one_cycle", EPOCHS, rates, 0, "all", pct_start=how["pct"], div=how["div"])])
    each = [round(float(v[-1]), 4) for v in learn.recorder.values]
    made = {
        "set": name,
        "recipe": recipe,
        "seed": seed,
        "size": SIZE,
        "train": learn.dls.train.n,
        "epochs": EPOCHS,
    }
    return {**made, "lr": lr, "probe": round(float(probe or 0), 4), "each": each, "cpu": round(time.process_time() - began, 1)}  # fmt: skip


def page(made: list[dict[str, Any]]) -> str:
    """Means over the seeds: the probe, the lowest epoch, the last one, and how many trainings end below the probe."""
    lines = [
        "| recipe | " + " | ".join(SETS) + " | mean gain | ends below the probe |",
        "|---" * (len(SETS) + 3) + "|",
    ]
    for recipe in RECIPES:
        cells, gains = [], []
        for name in SETS:
            runs = [r for r in made if (r["recipe"], r["set"]) == (recipe, name)]
            if not runs:
                cells.append("")
                continue
            probe, low, last = (
                statistics.mean(f(r) for r in runs) for f in (lambda r: r["probe"], lambda r: min(r["each"]), lambda r: r["each"][-1])
            )  # fmt: skip
            cells.append(f"{probe:.1%} → {low:.1%} → {last:.1%}")
            gains += [r["each"][-1] - r["probe"] for r in runs]
        if gains:
            below = f"{sum(g < 0 for g in gains)} of {len(gains)}"
            lines.append(
                f"| {recipe} | {' | '.join(cells)} | {100 * statistics.mean(gains):+.1f} points | {below} |"
            )
    return "\n".join(lines)


def main() -> None:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "recipe.jsonl")
    made = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    made = [r for r in made if (r["size"], r["epochs"]) == (SIZE, EPOCHS)]
    done = {(r["set"], r["recipe"], r["seed"]) for r in made}
    for seed in range(SEEDS):
        for name in SETS:
            for recipe in RECIPES:
                if (name, recipe, seed) not in done:
                    made.append(measure(name, recipe, seed))
                    with open(file, "a") as out:
                        out.write(json.dumps(made[-1]) + "\n")
                    print(made[-1], flush=True)
    print(page(made))


if __name__ == "__main__":
    main()
