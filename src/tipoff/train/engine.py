"""Where and in which precision a step runs. The loop knows nothing else about hardware."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.nn.packed import WORTH_PACKING, packed
from tipoff.notes import note
from tipoff.train.allocator import keep_memory
from tipoff.train.threads import ENOUGH, Work, default_threads, is_large, own_threads

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@cache
def has_fast_bf16() -> bool:
    """Whether this processor computes in bfloat16, rather than imitating it."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _several() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


class TorchEngine:
    """One device, plain PyTorch; gradients and figures are shared where torch.distributed is initialised.

    `precision` is float32, bfloat16 or float16 (by autocast; weights stay float32).
    """

    def __init__(
        self, device: str | torch.device = "cpu", precision: str = "float32", channels_last: bool = False
    ) -> None:
        self.device, self.precision, self.channels_last = torch.device(device), precision, channels_last
        self.dtype = _DTYPES[precision]
        self._on_mps = self.device.type == "mps"
        self._scales = self.dtype is torch.float16 and self.device.type == "cuda"
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self._scales)
        self.n_threads: int | None = (
            None  # of the run; None until its first step has shown how large steps are
        )
        self.is_first = False
        if self.device.type == "cpu":
            keep_memory()

    def prepare(self, model: nn.Module) -> nn.Module:
        """The model on the device, in the memory format that its convolutions like."""
        model = model.to(self.device)
        # batch norms of Apple's GPUs do not learn in this format (PyTorch before 2.14)
        return (
            model.to(memory_format=torch.channels_last) if self.channels_last and not self._on_mps else model
        )

    def for_validation(self, model: nn.Module, n_batches: int) -> nn.Module:
        """What answers as `model` does now, faster where there are batches enough: on one processor, see `packed`."""
        alone = self.device.type == "cpu" and not _several()
        return packed(model, self.dtype) if alone and n_batches >= WORTH_PACKING else model

    @contextmanager
    def threads(self) -> Iterator[None]:
        """Around a run: it computes with as many threads as its checkpoint says, or as its first step asks for."""
        before = torch.get_num_threads()
        if self.device.type != "cpu" or before == 1 or own_threads():
            self.n_threads = before
        self.is_first = self.n_threads is None
        torch.set_num_threads(self.n_threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)
            self.n_threads, self.is_first = None, False

    @contextmanager
    def choosing(self, model: nn.Module) -> Iterator[None]:
        """Around the first step of a run, where `is_first`: the threads of the others follow from how large it is."""
        self.is_first = False
        work = None if is_large(model) else Work()
        with work or nullcontext():
            yield
        small = work is not None and work.n < ENOUGH
        self.n_threads = 1 if small else torch.get_num_threads()
        torch.set_num_threads(self.n_threads)

    def to_device(self, batch: Batch) -> Batch:
        return batch.to(self.device)

    def autocast(self) -> AbstractContextManager[Any]:
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def accumulate(self, model: nn.Module, *, last: bool) -> AbstractContextManager[Any]:
        """Around the forward and backward pass of one batch of a group: processes share gradients at the last."""
        no_sync = getattr(model, "no_sync", None)
        return nullcontext() if last or no_sync is None else no_sync()

    def backward(self, loss: Tensor) -> None:
        torch.autograd.backward(self.scaler.scale(loss) if self._scales else loss)

    @property
    def skips_steps(self) -> bool:
        """Whether steps on gradients that are not finite are left out, as the scaler of float16 does."""
        return self._scales

    def unscale(self, opt: torch.optim.Optimizer) -> None:
        if self._scales:
            self.scaler.unscale_(opt)

    def step(self, opt: torch.optim.Optimizer) -> None:
        if self._scales:
            self.scaler.step(opt)
            self.scaler.update()
        else:
            opt.step()

    def skip(self) -> None:
        """What there is to do after `unscale` where no `step` follows."""
        if self._scales:
            self.scaler.update()

    def gather(self, state: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """The states of all processes."""
        if not _several():
            return [state]
        out: list[Any] = [None] * torch.distributed.get_world_size()
        torch.distributed.all_gather_object(out, {k: v.cpu() for k, v in state.items()})
        return out

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes files."""
        return not _several() or torch.distributed.get_rank() == 0

    def state_dict(self) -> dict[str, Any]:
        kind, keys, *rest = np.random.get_state()
        return {
            "rng": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
            "mps": torch.mps.get_rng_state() if self._on_mps else None,
            "python": random.getstate(),
            "numpy": (kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest),
            "scaler": self.scaler.state_dict(),
            "threads": (self.n_threads, default_threads()),
            "precision": (self.device.type, self.precision),
        }

    def load_state_dict(self, s: dict[str, Any]) -> None:
        torch.set_rng_state(s["rng"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state_all(s["cuda"][: torch.cuda.device_count()])
        if self._on_mps and s.get("mps") is not None:
            torch.mps.set_rng_state(s["mps"])
        version, inner, gauss = s["python"]
        random.setstate((version, tuple(inner), gauss))
        kind, keys, *rest = s["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
        kind, precision = s.get("precision", ("", self.precision))
        if kind == self.device.type == "cpu" and precision != self.precision:
            note(f"the run goes on in {precision}, in which it began, and not in {self.precision}")
            self.precision, self.dtype = precision, _DTYPES[precision]
        n, default = s.get("threads", (None, 0))
        if default == default_threads():  # on other cores the numbers differ anyway
            self.n_threads = n
        if s["scaler"]:  # else it comes from where nothing was scaled
            self.scaler.load_state_dict(s["scaler"])
