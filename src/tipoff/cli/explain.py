"""`tipoff explain`: the places of a photo that spoke for the answer."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from tipoff.bundle.predictor import load_predictor
from tipoff.display import show_image, subplots
from tipoff.interpret.gradcam import heat_maps, overlay


def run_explanation(model: Path, photo: Path, out: Path | None) -> None:
    """Write the photo beside the same photo with its heat map, and say the answer."""
    predictor = load_predictor(model)
    plan = predictor.plan
    inputs = plan.inputs_of([plan.read(photo)])
    prob = predictor.probabilities(inputs)
    heat = heat_maps(predictor.net, inputs[0], prob.argmax(-1))[0]
    figure, axes = subplots(1, 2, figsize=(8, 4.4))
    shown = plan.undo(plan.inputs[0].kind, inputs[0])[0]
    for ax in axes:
        show_image(shown, ax=ax)
    overlay(heat, inputs[0].shape[-2:], axes[1])
    axes[0].set_title(predictor.target.sentence(prob[0]))
    axes[1].set_title("what spoke for it")
    figure.tight_layout()
    path = out or photo.with_name(f"{photo.stem}_explained.png")
    figure.savefig(path, dpi=110)
    print(f"{photo}  {predictor.target.sentence(prob[0])}\n{path}")
