"""A model file of a table answered by PyTorch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tipoff.bundle.file import Bundle
from tipoff.bundle.predictor import Predictor
from tipoff.facts import shown_facts
from tipoff.notes import listening
from tipoff.serve.inputs import row as row_input
from tipoff.serve.names import about_file, block_json
from tipoff.serve.rows import Answered, RowPredictor, columns_json

EXPLAINED = 8  # rows of a request; for more, nothing is said of why


class Sample(NamedTuple):
    """The rows of one upload as the network takes them, and as they were sent."""

    frame: Any
    inputs: tuple[Tensor, ...]
    is_json: bool
    notes: list[str]


class RowModel:
    """The `ServedModel` of a .tipoff file that was trained on a table."""

    at_once = 1  # PyTorch's own threads share the work of one batch

    def __init__(self, path: Path, bundle: Bundle) -> None:
        self.rows = RowPredictor(Predictor(bundle.plan, bundle.build(), bundle.facts))
        self.about = about_file(
            path,
            bundle,
            why=True,
            block=block_json(self.rows.target),
            target=" and ".join(getattr(self.rows.block, "y_names", ())),
            columns=_what_matters_first(
                columns_json(self.rows.columns), shown_facts(bundle.facts).get("mattered")
            ),
        )

    def read(self, data: bytes, name: str) -> Sample:
        notes: list[str] = []
        with listening(notes.append):
            frame, is_json = row_input.decode(data, name)
            inputs = self.rows.inputs(frame)
        return Sample(frame, inputs, is_json, notes)

    def key(self, sample: Sample) -> Hashable:
        return 0

    @torch.inference_mode()
    def answer(self, samples: Sequence[Sample], heat: bool) -> list[dict[str, Any]]:
        """For each upload its rows as `Answered`; with `heat`, what moved the answers of a few rows sent as JSON."""
        together = tuple(torch.cat(parts) for parts in zip(*(s.inputs for s in samples), strict=True))
        probs = torch.split(self.rows.probabilities(together), [len(s.frame) for s in samples])
        return [self._made(s, p, heat) for s, p in zip(samples, probs, strict=True)]

    def _made(self, sample: Sample, prob: Tensor, why: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"table": Answered(sample.frame, prob, self.rows.target, sample.notes)}
        if why and sample.is_json and len(sample.frame) <= EXPLAINED:
            with listening(lambda _: None):
                made["why"] = [self.rows.why(row) for row in sample.frame.to_dict("records")]
        return made


def _what_matters_first(columns: list[dict[str, Any]], mattered: Any) -> list[dict[str, Any]]:
    """For a form: the columns that the model needs most, where the model file says which these are."""
    order = list(mattered) if isinstance(mattered, dict) else []
    return sorted(columns, key=lambda c: order.index(c["name"]) if c["name"] in order else len(order))
