"""A model file of texts answered by PyTorch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tipoff.bundle.file import Bundle
from tipoff.bundle.predictor import Predictor
from tipoff.notes import listening
from tipoff.serve.inputs import text as text_input
from tipoff.serve.names import about_file, block_json
from tipoff.serve.rows import Answered
from tipoff.serve.texts import TextPredictor

EXPLAINED = 4  # texts of a request; for more, nothing is said of why


class Sample(NamedTuple):
    """The texts of one upload, and as they were sent."""

    frame: Any
    texts: list[str]
    is_table: bool
    notes: list[str]


class TextModel:
    """The `ServedModel` of a .tipoff file that was trained on texts."""

    at_once = 1  # PyTorch's own threads share the work of one batch

    def __init__(self, path: Path, bundle: Bundle) -> None:
        self.texts = TextPredictor(Predictor(bundle.plan, bundle.build(), bundle.facts))
        self.about = about_file(
            path,
            bundle,
            why=True,
            block=block_json(self.texts.target),
            target=self.texts.column or text_input.COLUMN,
        )

    def read(self, data: bytes, name: str) -> Sample:
        notes: list[str] = []
        with listening(notes.append):
            frame = text_input.decode(data, name)
            texts = self.texts.inputs(frame)
        return Sample(frame, texts, name.lower().endswith(text_input.TABLES), notes)

    def key(self, sample: Sample) -> Hashable:
        return 0

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], heat: bool) -> list[dict[str, Any]]:
        """For each upload its texts as `Answered`; with `heat`, what mattered in a few texts."""
        together = self.texts.probabilities([t for s in samples for t in s.texts])
        probs = torch.split(together, [len(s.texts) for s in samples])
        return [self._made(s, p, heat) for s, p in zip(samples, probs, strict=True)]

    def _made(self, sample: Sample, prob: Tensor, why: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"table": Answered(sample.frame, prob, self.texts.target, sample.notes)}
        if why and not sample.is_table and len(sample.texts) <= EXPLAINED:
            made["why"] = [self.texts.why(text) for text in sample.texts]
        return made
