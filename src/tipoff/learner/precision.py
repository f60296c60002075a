"""The precision that is faster on this machine: on a CPU it is measured once, and remembered.

Processors that have instructions for bfloat16 gain from them by very different factors: on one kind a step takes half the
time, on another the same. See docs/decisions/029-threads.md.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

import tipoff
from tipoff.data.store import cache_folder
from tipoff.nn.depthwise import conv2d
from tipoff.train.engine import has_fast_bf16

Work = Literal["convolutions", "products"]

WORTH = 1.1  # so many times faster must float32 be: it takes more memory
ROUNDS = 4


def auto_precision(device: torch.device, work: Work = "convolutions") -> str:
    """Half precision where it is faster: on GPUs, and on those CPUs where a measurement says so.

    Args:
        device: Where the network computes.
        work: What it mostly computes: convolutions of images, or products of matrices.

    Returns:
        float32, bfloat16 or float16.

    >>> auto_precision(torch.device("cpu")) in ("float32", "bfloat16")
    True
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if device.type != "cpu" or not has_fast_bf16():
        return "float32"
    return measured_precision(work)


@cache
def measured_precision(work: Work) -> str:
    """What the file of earlier measurements says for this CPU and this PyTorch, or else a new measurement."""
    name = f"precision of {work}; {cpu_name()}; torch {torch.__version__}; tipoff {tipoff.__version__}"
    known = _remembered()
    if known.get(name) not in ("float32", "bfloat16"):
        known = {**known, name: faster(work)}
        _remember(known)
    return known[name]


def faster(work: Work, clock: Callable[[], float] = time.thread_time) -> str:
    """The precision in which a few steps of one thread are faster; bfloat16 unless float32 is so by a tenth.

    CPU seconds of one thread, the fewest of some rounds in turn: other processes hardly change them.
    """
    step = _STEPS[work]()
    threads, best = torch.get_num_threads(), {False: float("inf"), True: float("inf")}
    torch.set_num_threads(1)
    try:
        for i in range(ROUNDS + 1):
            for half in best:
                began = clock()
                with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=half):
                    loss = step()
                torch.autograd.backward(loss)
                if i:  # the first round warms up
                    best[half] = min(best[half], clock() - began)
    finally:
        torch.set_num_threads(threads)
    return "float32" if best[False] * WORTH < best[True] else "bfloat16"


def cpu_name() -> str:
    """The model of this machine's CPU, as Linux says it, or what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    # models of one name differ by number and by what a virtual machine lets through
    kept = [line.partition(":")[2].strip() for line in lines if line.startswith(("model", "flags"))][:3]
    if not kept:
        return platform.processor() or platform.machine()
    known = [f for f in ("avx512_bf16", "amx_bf16") if f in kept[-1].split()]
    return " ".join([*kept[:-1], *known])


def _convolutions() -> Callable[[], Tensor]:
    """One block of a mobile network: to more channels and back, with a depthwise convolution between them."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(4, 64, 56, 56, generator=g).contiguous(memory_format=torch.channels_last)
    up, deep, down, full = (
        torch.randn(shape, generator=g).mul_(0.05).requires_grad_()
        for shape in ((192, 64, 1, 1), (192, 1, 5, 5), (64, 192, 1, 1), (64, 64, 3, 3))
    )

    def step() -> Tensor:
        y = F.conv2d(F.conv2d(x, full, padding=1), up)
        y = conv2d(y, deep, None, (1, 1), (2, 2), (1, 1), 192)
        return F.conv2d(y, down).float().square().mean()

    return step


def _products() -> Callable[[], Tensor]:
    """The two layers of a transformer's block."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(1024, 384, generator=g)
    up, down = (torch.randn(s, generator=g).mul_(0.05).requires_grad_() for s in ((1536, 384), (384, 1536)))
    return lambda: F.linear(F.gelu(F.linear(x, up)), down).float().square().mean()


_STEPS: dict[Work, Callable[[], Callable[[], Tensor]]] = {
    "convolutions": _convolutions,
    "products": _products,
}


def _file() -> Path | None:
    folder = cache_folder()
    return None if str(folder) == "off" else folder / "measured.json"


def _remembered() -> dict[str, str]:
    """Earlier measurements; none where the file is missing or cannot be read."""
    file = _file()
    try:
        made = json.loads(file.read_text(encoding="utf-8")) if file is not None else {}
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def _remember(known: dict[str, str]) -> None:
    """Write the file by way of a temporary one; where that fails the next process measures again."""
    file = _file()
    if file is None:
        return
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, file)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
