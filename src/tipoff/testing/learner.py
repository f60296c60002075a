"""The contract of learners."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import torch

from tipoff.bundle.file import read
from tipoff.bundle.predictor import load_predictor, verify
from tipoff.learner.learner import Learner
from tipoff.learner.state import load_learner
from tipoff.spec import Catalog
from tipoff.testing.promise import promise, same


def check_learner(learn: Learner, item: Any = None, catalog: Catalog | None = None) -> None:
    """Data and a model together; trains one epoch. `item` is one raw input, by default the first of validation.
    Promises:

    - `fit(1)` moves the weights and records finite losses;
    - `validate` gives the same figures twice, and `get_preds` one finite row a validation item;
    - `predict` of an item agrees with `get_preds`, and leaves the weights alone;
    - `freeze` and `unfreeze` change which parameters learn, and nothing else;
    - `save`, then `load`, brings the weights back;
    - after `export`, `load_learner` and `load_predictor` answer as the learner does, and the file verifies;
    - the loaded learner has the same recipe and parameter groups, and the same figures on the same data.

    The last two only where the learner can be exported: a model known by name, and DataLoaders from a DataBlock.
    Raises `AssertionError` for a broken promise.

    >>> from tipoff.vision import ImageDataLoaders, vision_learner  # doctest: +SKIP
    >>> dls = ImageDataLoaders.from_folder("photos", valid_pct=0.2, item_tfms=Resize(64))  # doctest: +SKIP
    >>> check_learner(vision_learner(dls, "resnet18", pretrained=False))  # doctest: +SKIP
    """
    before = _weights(learn)
    with learn.no_bar():
        learn.fit(1)
    promise(not same(_weights(learn), before), "fit(1) leaves every weight as it was.")
    promise(all(map(math.isfinite, learn.recorder.losses)), "fit(1) records losses that are not finite.")
    trained = _weights(learn)
    promise(same(learn.validate(), learn.validate()), "validate() gives other figures the second time.")
    probs, targets = learn.get_preds()
    promise(
        len(probs) == learn.dls.valid.n, f"get_preds gives {len(probs)} rows for {learn.dls.valid.n} items."
    )
    promise(bool(probs.isfinite().all()), "get_preds gives numbers that are not finite.")
    promise(
        targets is not None and len(targets) == len(probs), "get_preds gives other targets than predictions."
    )
    promise(same(_weights(learn), trained), "Predicting changes the weights or the statistics of norms.")
    learn.freeze()
    frozen = [p.requires_grad for p in learn.model.parameters()]
    learn.unfreeze()
    promise(all(p.requires_grad for p in learn.model.parameters()), "unfreeze leaves something frozen.")
    promise(len(learn.groups) < 2 or not all(frozen), "freeze leaves everything learning.")
    promise(same(_weights(learn), trained), "freeze or unfreeze changes the weights.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learn.save(folder / "weights.pth")
        with torch.no_grad():
            next(iter(learn.model.parameters())).add_(1.0)
        learn.load(folder / "weights.pth")
        promise(same(_weights(learn), trained), "load does not bring back what save wrote.")
        if learn.model_spec is not None and learn.dls.plan is not None:
            _check_export(learn, folder / "x.tipoff", item, catalog)


def _check_export(learn: Learner, file: Path, item: Any, catalog: Catalog | None) -> None:
    probs = learn.get_preds()[0]
    first = learn.dls.valid.dataset.columns[0][0] if item is None else item
    here = learn.predict(first)
    if item is None:
        promise(
            same(here.probabilities, probs[0], 1e-4), "predict and get_preds disagree about the same item."
        )
    learn.export(file, catalog=catalog)
    again = load_learner(file, catalog=catalog)
    there = again.predict(first)
    promise(
        same(there.decoded, here.decoded, 1e-4),
        f"{first}: {here.decoded!r}, and from the file {there.decoded!r}.",
    )
    promise(
        same(there.probabilities, here.probabilities, 1e-4), "The exported model gives other probabilities."
    )
    answer = load_predictor(file, catalog=catalog)(first)
    promise(same(answer, learn.target.answer(here.probabilities), 1e-4), "load_predictor answers otherwise.")
    verify(read(file, catalog))
    again.dls = learn.dls
    promise(again.recipe(catalog) == learn.recipe(catalog), "The loaded learner has another recipe.")
    sizes = [[p.shape for p in group] for group in learn.groups]
    promise([[p.shape for p in g] for g in again.groups] == sizes, "It has other parameter groups.")
    with again.no_bar():
        promise(same(again.validate(), learn.validate(), 1e-4), "It has other figures on the same data.")


def _weights(learn: Learner) -> dict[str, torch.Tensor]:
    return {k: v.detach().cpu().clone() for k, v in learn.model.state_dict().items()}
