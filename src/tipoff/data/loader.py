"""The batches of a data set, in an order that depends on (seed, epoch) alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pickle import PicklingError
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader

from tipoff.checked import checked
from tipoff.data.batch import Batch
from tipoff.data.dataset import BatchSource
from tipoff.data.show import show_batch
from tipoff.errors import UsageError, some
from tipoff.near import no_attribute
from tipoff.rng import fresh_seed, permutation

Finish = Callable[[Batch, "tuple[int, ...] | None"], Batch]

IDLE = (  # keywords of fastai and of PyTorch, without a meaning here
    "do_setup",
    "indexed",
    "persistent_workers",
    "pin_memory",
    "pin_memory_device",
    "timeout",
    "verbose",
)


class _Keyed:
    """A map-style view for torch's workers: the epoch travels with the positions."""

    def __init__(self, dataset: BatchSource) -> None:
        self.dataset = dataset

    def __getitem__(self, key: tuple[int, Tensor]) -> Batch:
        epoch, positions = key
        return self.dataset.batch(positions, epoch)


class Loader:
    """Batches of `dataset`, `bs` at a time.

    With `shuffle`, the order is drawn anew for each epoch and the batches of an epoch differ in size by
    one at most, so that no last batch is tiny; without it, items come in order and the last batch holds
    what is left. `num_workers` processes prepare batches; the result is the same for any number.
    `finish(batch, key)` is applied to each batch on the device.
    """

    @checked
    def __init__(
        self,
        dataset: Any,
        bs: int = 64,
        *,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        prefetch: int = 0,
        finish: Finish | None = None,
    ) -> None:
        if bs < 1:
            raise UsageError(f"The batch size is {bs}; it must be at least 1.")
        if len(dataset) == 0:
            raise UsageError("There are no items to make batches of.")
        self.dataset: BatchSource = dataset
        self.bs, self.shuffle, self.drop_last = min(bs, len(dataset)), shuffle, drop_last
        self.seed = fresh_seed() if seed is None else seed
        self.num_workers, self.pin_memory, self.prefetch = num_workers, pin_memory, prefetch
        self._finish = finish
        self._epochs = itertools.count()

    if not TYPE_CHECKING:  # a type checker knows what is there

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, "TfmdDL")

    @property
    def n(self) -> int:
        return len(self.dataset)

    @property
    def items(self) -> Any:
        """What the samples are made of, in the order of the data set: files, or rows. Raises `UsageError` for data without."""
        found = getattr(self.dataset, "items", None)
        if found is None:
            raise UsageError(
                f"The items of a {type(self.dataset).__name__} are not known; it was not made from a DataBlock."
            )
        return found

    @property
    def training(self) -> bool:
        return self.shuffle

    def __len__(self) -> int:
        return self.n // self.bs if self.drop_last else -(-self.n // self.bs)

    def order(self, epoch: int) -> list[Tensor]:
        """The positions of each batch of `epoch`."""
        positions = permutation((self.seed, epoch), self.n) if self.shuffle else torch.arange(self.n)
        if self.drop_last:
            return list(torch.split(positions[: len(self) * self.bs], self.bs))
        return list(positions.tensor_split(len(self)) if self.shuffle else torch.split(positions, self.bs))

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch` from batch `start` on, on the CPU, before the batch transforms."""
        todo = self.order(epoch)[start:]
        if self.num_workers:
            return self._from_workers([(epoch, positions) for positions in todo])
        here = (self.dataset.batch(positions, epoch) for positions in todo)
        return _ahead(here, self.prefetch) if self.prefetch else here

    def _from_workers(self, keys: list[tuple[int, Tensor]]) -> Iterator[Batch]:
        loader: TorchDataLoader[Batch] = TorchDataLoader(
            _Keyed(self.dataset),  # type: ignore[arg-type]
            batch_size=None,
            sampler=keys,
            num_workers=min(self.num_workers, max(1, len(keys))),
            pin_memory=self.pin_memory,
            # its own generator: torch would draw from the global one, and dropout would then differ
            generator=torch.Generator().manual_seed(self.seed),
        )
        try:
            return iter(loader)
        except (PicklingError, AttributeError, TypeError) as e:
            if "pickle" not in str(e):
                raise
            raise UsageError(
                f"num_workers={self.num_workers} sends the data set to other processes, and {e}. Define the function at the "
                "top of a module, or leave num_workers at 0."
            ) from e

    def finish(self, batch: Batch, epoch: int) -> Batch:
        """The batch transforms, on the device the batch is on."""
        if self._finish is None:
            return batch
        return self._finish(batch, (self.seed, epoch) if self.training else None)

    def one_batch(self) -> tuple[Any, ...]:
        """A first batch as the network takes it, on the CPU: (x, y), or more when there are more."""
        return _flat(self.finish(next(iter(self.batches(0))), 0))

    def show_batch(self, b: Any = None, max_n: int = 9, **kwargs: Any) -> Any:
        """Draw samples as the network sees them: see `tipoff.data.show.show_batch`."""
        return show_batch(self, b, max_n, **kwargs)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Finished batches as (x, y); a new order each time, as in training."""
        epoch = next(self._epochs)
        return (_flat(self.finish(b, epoch)) for b in self.batches(epoch))

    def take_plan(self, plan: Any) -> None:
        """Read the same items under another plan from now on."""
        self.dataset, self._finish = self.dataset.with_plan(plan), plan.finish  # type: ignore[attr-defined]

    def new(self, dataset: Any = None, **changes: Any) -> Loader:
        """fastai's name of `replace`; `dataset` may be what has `as_dataset`, such as `to.new(df)` of a table."""
        if dataset is not None:
            changes["dataset"] = dataset.as_dataset() if hasattr(dataset, "as_dataset") else dataset
        return self.replace(**changes)

    def replace(self, **changes: Any) -> Loader:
        """A loader with some of the arguments of `Loader` changed."""
        return type(self)(**{**self.options, **changes})

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `Loader` that make this one."""
        return {
            "dataset": self.dataset,
            "bs": self.bs,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
            "seed": self.seed,
            "num_workers": self.num_workers,
            "pin_memory": self.pin_memory,
            "prefetch": self.prefetch,
            "finish": self._finish,
        }


class TorchLoader:
    """A PyTorch `DataLoader` of the user's as a loader; its order is its own, so is its randomness."""

    def __init__(self, loader: Any, n_targets: int = 1) -> None:
        self.loader, self.n_targets = loader, n_targets
        self.dataset, self.bs = loader.dataset, loader.batch_size or 1

    def __len__(self) -> int:
        return len(self.loader)

    @property
    def n(self) -> int:
        return len(self.dataset)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        if hasattr(self.loader.sampler, "set_epoch"):
            self.loader.sampler.set_epoch(epoch)
        at = 0
        for i, fields in enumerate(self.loader):
            if isinstance(fields, dict):
                raise UsageError(
                    f"The DataLoader gives batches of a dict with {some(map(repr, fields), 6)}; give tuples, the inputs first, "
                    "by a collate_fn."
                )
            fields = tuple(fields) if isinstance(fields, (tuple, list)) else (fields,)
            cut = max(1, len(fields) - self.n_targets)
            size = len(fields[0])
            if i >= start:
                yield Batch(fields[:cut], fields[cut:], torch.arange(at, at + size))
            at += size

    def finish(self, batch: Batch, epoch: int) -> Batch:
        return batch

    def show_batch(self, *_: Any, **__: Any) -> Any:
        """Raises `UsageError`: nothing says how such samples are drawn."""
        return show_batch(self)  # type: ignore[arg-type]

    def one_batch(self) -> tuple[Any, ...]:
        return _flat(next(iter(self.batches(0))))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (_flat(b) for b in self.batches(0))


def _flat(batch: Batch) -> tuple[Any, ...]:
    return (*batch.x, *batch.y)


def _ahead(batches: Iterator[Batch], n: int) -> Iterator[Batch]:
    """The same batches, up to `n` of them prepared ahead by a thread, for devices that compute meanwhile."""
    queue: Queue[Batch | BaseException | None] = Queue(n)
    stop = Event()

    def work() -> None:
        try:
            for batch in batches:
                queue.put(batch)
                if stop.is_set():
                    return
            queue.put(None)
        except BaseException as e:  # handed over to the reader
            queue.put(e)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while (got := queue.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got
    finally:
        stop.set()
        while thread.is_alive():
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.01)
