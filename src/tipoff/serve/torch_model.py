"""A model file of pictures answered by PyTorch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tipoff.answer import json_value
from tipoff.bundle.file import Bundle, read
from tipoff.bundle.predictor import Predictor, need_numbers
from tipoff.bundle.sound import goes_together
from tipoff.nn.gradcam import class_maps
from tipoff.nn.packed import packed
from tipoff.serve.box import Box
from tipoff.serve.inputs import input_of
from tipoff.serve.names import about_file


class Sample(NamedTuple):
    """An input as the network takes it, before it is put into a batch, and which part of the upload that is."""

    inputs: tuple[Any, ...]
    box: Box


class TorchModel:
    """The `ServedModel` of a .tipoff file. Raises `BundleError` for anything wrong with the file."""

    at_once = 1  # PyTorch's own threads share the work of one batch

    def __init__(self, path: Path, max_pixels: int, bundle: Bundle | None = None) -> None:
        bundle = bundle or read(path)
        plan = bundle.plan
        self.max_pixels, self.predictor = max_pixels, Predictor(plan, packed(bundle.build()), bundle.facts)
        parts = list(self.predictor.net.children())
        about = about_file(path, bundle)
        self.about = replace(about, heat=len(parts) == 2 and about.output == "category")
        self._input = input_of(self.about.input)

    def memory(self, data: bytes, name: str) -> int:
        return int(self._input.memory(data, name, self.max_pixels))

    def read(self, data: bytes, name: str) -> Sample:
        value = self._input.decode(data, name, self.max_pixels)
        with goes_together():
            return Sample(
                self.predictor.plan.read(value), self._input.box(value, self.predictor.plan.item_tfms)
            )

    def key(self, sample: Sample) -> Hashable:
        return tuple(x.shape for x in sample.inputs)

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], heat: bool) -> list[dict[str, Any]]:
        plan, net, target = self.predictor.plan, self.predictor.net, self.predictor.target
        x = plan.inputs_of([s.inputs for s in samples])
        if not (heat and self.about.heat):
            probs = self.predictor.probabilities(x)
            maps: Sequence[Tensor | None] = [None] * len(samples)
        else:
            with goes_together():
                body, head = net.children()
                features = body(x[0].contiguous(memory_format=torch.channels_last))
                probs = need_numbers(target.activation(head(features).float()))
                maps = _maps(head, features, probs.argmax(-1))
        return [_answer(target, p, m, s.box) for p, m, s in zip(probs, maps, samples, strict=True)]


@torch.inference_mode(False)
def _maps(head: nn.Module, features: Tensor, classes: Tensor) -> list[Tensor]:
    return list(class_maps(head, features.clone(), classes.clone()))


def _answer(target: Any, prob: Tensor, heat: Tensor | None, box: Box) -> dict[str, Any]:
    made = {**json_value(target.answer(prob)), "sentence": target.sentence(prob)}
    if heat is not None:
        values = [round(float(v), 4) for v in heat.flatten()]
        made["heat"] = {"rows": heat.shape[0], "columns": heat.shape[1], "values": values, "box": list(box)}
    return made
