"""Write tests/golden/: a model file of the present format, what it answers, and every part that it may name.

A model file that is there is never made again: it is what an earlier version wrote. Parts that are new in
the catalog are added to the list of parts.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from tests.golden.golden_parts import CATALOG, Tiny, TinyRows, odd_rows, parts, pictures, table  # noqa: E402
from tipoff.bundle import catalog, file  # noqa: E402
from tipoff.bundle.predictor import Predictor  # noqa: E402
from tipoff.data.plan import Plan  # noqa: E402
from tipoff.data.target import CategoryBlock  # noqa: E402
from tipoff.notes import listening  # noqa: E402
from tipoff.spec import dump  # noqa: E402
from tipoff.tabular.dates import Datepart  # noqa: E402
from tipoff.tabular.row import DEFAULT_PROCS, RowBlock  # noqa: E402
from tipoff.vision.augment import Brightness, Normalize  # noqa: E402
from tipoff.vision.block import ImageBlock  # noqa: E402
from tipoff.vision.geometry import Flip  # noqa: E402
from tipoff.vision.model import VisionModel  # noqa: E402
from tipoff.vision.resize import Resize  # noqa: E402

torch.manual_seed(1)
GOLDEN.mkdir(exist_ok=True)
name = GOLDEN / f"format{file.FORMAT}"


def write_file() -> None:
    """The model file, and its answers."""
    plan = Plan(
        (ImageBlock(),),
        (CategoryBlock(vocab=("beagle", "Größe", "猫")),),
        (Resize(24),),
        (Flip(), Brightness(), Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))),
    )
    model = Tiny(3, 8)
    net = model.build().eval()
    for norm in (m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    predictor = Predictor(plan, net)
    inputs = plan.inputs_of([plan.read(p) for p in pictures()])
    check = {"x0": inputs[0], "prob": predictor.probabilities(inputs)}
    bundle = file.Bundle(plan, model, net.state_dict(), {"task": "a golden file"}, "# Model card\n", check)
    file.write(name.with_suffix(".tipoff"), bundle, CATALOG)
    np.savez(
        name.with_suffix(".npz"),
        pictures=np.stack(pictures()),
        probabilities=np.stack([predictor.probabilities((x[None],))[0].numpy() for x in inputs[0]]),
    )


def write_table() -> None:
    """A model of rows, and its answers."""
    rows = RowBlock(
        ("job", "rooms", "smokes"),
        ("age", "height"),
        (Datepart("joined"), *DEFAULT_PROCS),
        y_names=("salary",),
    )
    rows = rows.setup(table())
    plan = Plan((rows,), (CategoryBlock(vocab=("high", "low")),))
    model = TinyRows(2, len(rows.cat_names), len(rows.cont_names))
    net = model.build().eval()
    file.write(of_table.with_suffix(".tipoff"), file.Bundle(plan, model, net.state_dict()), CATALOG)
    with listening(lambda _: None):
        answers = [
            {"row": r, "answer": Predictor(plan, net)(r)["probabilities"]} for r in [*table(), *odd_rows()]
        ]
    of_table.with_suffix(".json").write_text(
        json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if not name.with_suffix(".tipoff").exists():
    write_file()
of_table = GOLDEN / f"table{file.FORMAT}"
if not of_table.with_suffix(".tipoff").exists():
    write_table()
classifier = replace(VisionModel("timm/test_efficientnet", 3), lin_ftrs=(7,))
with torch.device("meta"):
    shapes = {k: list(v.shape) for k, v in classifier.build().state_dict().items()}
kept = name.with_suffix(".json")
old = json.loads(kept.read_text(encoding="utf-8"))["parts"] if kept.exists() else {}
now = {n: dump(spec, catalog.CATALOG) for n, spec in parts().items()}
specs = {"parts": {**now, **old}, "classifier": {"spec": dump(classifier, catalog.CATALOG), "shapes": shapes}}
kept.write_text(json.dumps(specs, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
for path in sorted([*GOLDEN.glob(f"{name.name}.*"), *GOLDEN.glob(f"{of_table.name}.*")]):
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
