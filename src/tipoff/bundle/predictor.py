"""Answers from a model file, without the training code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.bundle.file import Bundle, read
from tipoff.bundle.sound import goes_together
from tipoff.checked import checked
from tipoff.data.block import Target
from tipoff.data.plan import Plan
from tipoff.data.store import pool
from tipoff.errors import BundleError, DataError
from tipoff.nn.lanes import Lanes
from tipoff.nn.packed import is_packed, packed
from tipoff.spec import Catalog


class Predictor:
    """A model that answers: `predictor(photo)`, or many at once with `stream`.

    `net` is put into evaluation mode and on `device`, and computes in `dtype`: bfloat16 is for one that was packed so.
    """

    def __init__(
        self,
        plan: Plan,
        net: nn.Module,
        facts: dict[str, Any] | None = None,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.plan, self.facts, self.device, self.dtype = plan, facts or {}, torch.device(device), dtype
        self.net = net.to(self.device).eval()

    @property
    def target(self) -> Target:
        return self.plan.targets[0]

    @torch.inference_mode()
    def probabilities(self, inputs: tuple[Tensor, ...]) -> Tensor:  # each (B, ...) -> (B, n_out)
        """Of inputs as `plan.inputs_of` gives them."""
        with goes_together():
            moved = tuple(_channels_last(t.to(self.device)) for t in inputs)
            with self._within():
                out = self.net(*moved)
            return need_numbers(self.target.activation(out.float()).cpu())

    def _within(self) -> AbstractContextManager[Any]:
        """What the network computes under, besides `torch.inference_mode`."""
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def __call__(self, item: Any) -> dict[str, Any]:
        """The answer for one item: for a category its label, probability, and all probabilities."""
        with goes_together():
            sample = self.plan.read(*self.plan.parts(item))
            return self.target.answer(self.probabilities(self.plan.inputs_of([sample]))[0])

    def stream(self, items: Iterable[Any], bs: int = 32) -> Iterator[tuple[Any, Tensor | DataError]]:
        """(item, probabilities) of each item in order, (item, the error) where it cannot be read.

        Items are read in threads, `bs` at a time, so that any number of them takes little memory.
        """
        rest = iter(items)
        group, reading = self._begin(rest, bs)
        while group:
            samples, answered = list(reading), group
            group, reading = self._begin(rest, bs)  # is read while the network answers
            good = [s for s in samples if not isinstance(s, DataError)]
            answers: Iterator[Tensor] = iter(self._group(good)) if good else iter(())
            for item, sample in zip(answered, samples, strict=True):
                yield item, sample if isinstance(sample, DataError) else next(answers)

    def _begin(self, rest: Iterator[Any], bs: int) -> tuple[list[Any], Iterator[Any]]:
        """The next items, and what is read of them, begun."""
        group = list(islice(rest, bs))
        return group, pool().map(self._read, group)

    def _read(self, item: Any) -> tuple[Any, ...] | DataError:
        try:
            with goes_together():
                return self.plan.read(*self.plan.parts(item))
        except DataError as e:
            return e

    def _group(self, samples: Sequence[tuple[Any, ...]]) -> Tensor:
        inputs = self.plan.inputs_of(samples)
        if not is_packed(self.net):
            return self.probabilities(inputs)
        with goes_together(), Lanes(self.net, self._within) as lanes:
            out = lanes.submit(tuple(map(_channels_last, inputs)))()
            return need_numbers(self.target.activation(out.float()))


def need_numbers(answers: Tensor) -> Tensor:
    """The same. Raises `BundleError` where a network gives something else than numbers."""
    if not torch.isfinite(answers).all():
        raise BundleError(
            "The model gives no numbers (NaN or infinite): its weights are damaged, or its training diverged."
        )
    return answers


def _channels_last(t: Tensor) -> Tensor:
    """Pictures in the memory format that convolutions like best."""
    return t.contiguous(memory_format=torch.channels_last) if t.ndim == 4 else t


@checked
def load_predictor(
    path: str | Path, *, device: str | torch.device = "cpu", catalog: Catalog | None = None
) -> Predictor:
    """Read a model file for prediction only."""
    bundle = read(path, catalog)
    net = bundle.build()
    on_cpu = torch.device(device).type == "cpu"
    return Predictor(bundle.plan, packed(net) if on_cpu else net, bundle.facts, device)


def verify(bundle: Bundle, tolerance: float = 1e-3) -> float:
    """Give the network the inputs kept in the model file; the largest difference in an answer, of large numbers in parts of them.

    Raises `BundleError` where it exceeds `tolerance`, 0 where the file holds no check inputs.
    """
    if not bundle.check:
        return 0.0
    net = Predictor(bundle.plan, bundle.build())
    try:
        got = net.probabilities(tuple(bundle.check[f"x{i}"] for i in range(bundle.plan.n_x)))
        there = bundle.check["prob"]
        off = float(((got - there).abs() / there.abs().clamp(min=1)).max())  # of a price, in relation to it
    except Exception as e:  # whatever inputs of the wrong shape or type make the network say
        raise BundleError(f"The check inputs do not go with the model: {type(e).__name__}, {e}") from None
    if not off <= tolerance:
        raise BundleError(
            f"The model answers differently here than where it was written: off by {off:.2g} in a probability."
        )
    return off
