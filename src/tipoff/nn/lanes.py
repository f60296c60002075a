"""A network over many samples on a processor, a few of them on each core.

Where all cores share each operation, they wait for one another after every one of them, and for the thread that reads
the next photos. Cores that answer samples of their own never wait.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

SAMPLES = 8  # that a core answers at once, at most: their activations fit into its cache, or nearly


class Lanes:
    """`net` in as many threads as PyTorch uses, for as long as the context is open; each call is under `within()`.

    For a network that answers each sample by itself, without gradients: one in evaluation mode.

    >>> with Lanes(nn.Linear(2, 3).eval(), torch.inference_mode) as lanes:
    ...     lanes.submit((torch.rand(40, 2),))().shape
    torch.Size([40, 3])
    """

    def __init__(self, net: nn.Module, within: Callable[[], AbstractContextManager[Any]]) -> None:
        self.net, self.within = net, within

    def __enter__(self) -> Lanes:
        self.n = torch.get_num_threads()
        torch.set_num_threads(1)
        self._pool = ThreadPoolExecutor(self.n, "lane", initializer=torch.set_num_threads, initargs=(1,))
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.n)

    def submit(self, xs: tuple[Tensor, ...]) -> Callable[[], Tensor]:
        """Begin with a batch, (B, ...) each; what is returned waits for the answers of all of it."""
        size = min(SAMPLES, -(-len(xs[0]) // self.n))  # something for every core
        parts = zip(*(torch.split(x, size) for x in xs), strict=True)
        begun: list[Future[Tensor]] = [self._pool.submit(self._answer, part) for part in parts]
        return lambda: torch.cat([f.result() for f in begun])

    def _answer(self, xs: tuple[Tensor, ...]) -> Tensor:
        with torch.no_grad(), self.within():
            out: Tensor = self.net(*xs)
            return out
