"""What the measurements share: where the photos are, and one line of JSON as the result."""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ARCH = "tf_efficientnet_lite0"
SIZE, BS = 224, 32
MEAN = STD = (0.5, 0.5, 0.5)


def data() -> Path | None:
    """The folder with `pets/` and `imagenette/`, from BENCH_DATA; None means that samples/ is used."""
    return Path(os.environ["BENCH_DATA"]) if os.environ.get("BENCH_DATA") else None


def photos(name: str) -> tuple[list[str], list[str], list[int], list[int]]:
    """Files, labels, and the positions to learn from and to check on."""
    where = data()
    rng = random.Random(0)
    if name == "pets" and where is not None:
        with open(where / "pets" / "labels.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        files = [str(where / "pets" / "images" / r["fname"]) for r in rows]
        valid = [i for i, r in enumerate(rows) if r["is_valid"] == "True"]
        return files, [r["breed"] for r in rows], [i for i in range(len(rows)) if i not in set(valid)], valid
    if name == "imagenette" and where is not None:
        parts = []
        for part, n in (("train", 40), ("val", 40)):
            for folder in sorted((where / "imagenette" / part).iterdir()):
                parts += [(part, f) for f in rng.sample(sorted(folder.iterdir()), n)]
        train = [i for i, (p, _) in enumerate(parts) if p == "train"]
        valid = [i for i, (p, _) in enumerate(parts) if p == "val"]
        return [str(f) for _, f in parts], [f.parent.name for _, f in parts], train, valid
    every = sorted((ROOT / "samples" / "things").glob("*/*.*"))
    order = list(range(len(every)))
    rng.shuffle(order)
    n = len(every) // 5
    return [str(f) for f in every], [f.parent.name for f in every], sorted(order[n:]), sorted(order[:n])


def fastai_learner(dls: Any, body: str) -> Any:
    """fastai's learner with the same network and weights as tipoff's."""
    import torch
    from fastai.vision.all import accuracy, vision_learner

    learn = vision_learner(dls, ARCH, pretrained=False, metrics=accuracy)
    state = {k: v for k, v in torch.load(body, weights_only=True).items() if not k.startswith("classifier")}
    learn.model[0].model.load_state_dict(state)
    learn.freeze()
    return learn


def report(**values: Any) -> None:
    """Print the result, with the highest memory of this process in MB."""
    peak = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1.024
    )
    print("RESULT " + json.dumps({**values, "peak_mb": round(peak)}))
