"""`tipoff explain`: the places of a photo that spoke for the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib

matplotlib.use("Agg")

from tipoff.bundle.predictor import Predictor
from tipoff.cli.screen import field, say, short
from tipoff.display import show_image, subplots
from tipoff.errors import UsageError, some
from tipoff.interpret.gradcam import heat_maps, overlay

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def run_explanation(predictor: Predictor, photo: Path, out: Path | None) -> None:
    """Write the photo beside the same photo with its heat map, and say the answer.

    Where `out` is None it goes into the present folder, not among the photos, where it would be taken for one.
    """
    path = Path(f"{photo.stem}_explained.png") if out is None else out
    plan = predictor.plan
    inputs = plan.inputs_of([plan.read(photo)])
    prob = predictor.probabilities(inputs)
    heat = heat_maps(predictor.net, inputs[0], prob.argmax(-1))[0]
    figure, axes = subplots(1, 2, figsize=(8, 4.4))
    picture = plan.undo(plan.inputs[0].kind, inputs[0])[0]
    for ax in axes:
        show_image(picture, ax=ax)
    overlay(heat, inputs[0].shape[-2:], axes[1])
    axes[0].set_title(predictor.target.sentence(prob[0]))
    axes[1].set_title("what spoke for it")
    figure.tight_layout()
    _save(figure, path)
    say(f"{photo}  {predictor.target.sentence(prob[0])}")
    field("picture", short(path))


def _save(figure: Figure, path: Path) -> None:
    known = sorted(figure.canvas.get_supported_filetypes())
    if path.suffix.lower()[1:] not in known:
        raise UsageError(f"{path}: a picture's name ends in .{some(known, 20).replace(', ', ', .')}.")
    try:
        figure.savefig(path, dpi=110)
    except OSError as e:
        raise UsageError(
            f"{path} cannot be written: {e.strerror or e}. Choose another place with --out."
        ) from None
