"""Training and validation batches together, with the plan that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch.utils.data import DataLoader as TorchDataLoader

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.data.block import Target
from tipoff.data.dataset import PairDataset, SampleDataset, TensorDataset
from tipoff.data.items import need_images, rows_of
from tipoff.data.kind import Kind
from tipoff.data.labels import ColReader
from tipoff.data.loader import IDLE, Loader, TorchLoader
from tipoff.data.plan import Plan
from tipoff.data.transform import BatchTransform
from tipoff.errors import UsageError
from tipoff.near import names_keywords, no_attribute


def default_device() -> torch.device:
    """CUDA where it is there, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def as_device(device: str | int | torch.device | None) -> torch.device:
    """A device by its name, as torch takes it; None is the default one. Raises `UsageError`."""
    if device is None:
        return default_device()
    try:
        return torch.device(device)
    except (RuntimeError, TypeError):
        raise UsageError(f'device is {said(device)}; "cpu", "cuda", "cuda:1" or "mps" is needed.') from None


def same_item(o: Any) -> Any:
    """The item itself: what reads an input where nothing else is said."""
    return o


def _is_folder(item: Any) -> bool:
    return isinstance(item, (str, Path)) and Path(item).is_dir()


@dataclass(frozen=True)
class Source:
    """How the items were read. It is used to make test batches, and never exported."""

    get_x: tuple[Callable[[Any], Any], ...] = ()
    get_y: tuple[Callable[[Any], Any], ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()  # items that were left out, and why
    items: tuple[Any, Any] = field(default=((), ()), repr=False)  # training, validation

    def inputs_of(self, plan: Plan, item: Any) -> tuple[Any, ...]:
        """The raw inputs of one item: read from it, or the item itself where it is no row and the items were rows.

        Raises `UsageError` for a row where nothing says which of its columns is the input.
        """
        is_row = hasattr(item, "iloc") or isinstance(item, dict)
        of_rows = bool(self.get_x) and all(isinstance(get, ColReader) for get in self.get_x)
        if is_row and (not self.get_x or same_item in self.get_x) and plan.inputs[0].kind is Kind.IMAGE:
            raise UsageError(
                "The item is a row of a data frame, and nothing says in which column its file is: give that column, such as "
                "df['file']."
            )
        if not self.get_x or (of_rows and not is_row):
            return plan.parts(item)
        return tuple(get(item) for get in self.get_x)


class DataLoaders:
    """Training batches first, validation batches second; more loaders may follow.

    `dls.train`, `dls.valid`, `dls[0]`; `dls.vocab`, `dls.c`; `dls.one_batch()`, `dls.show_batch()`.
    Takes tipoff's loaders, PyTorch's, or data sets of pairs.
    """

    @checked
    def __init__(
        self,
        *loaders: Any,
        path: str | Path = ".",
        device: str | int | torch.device | None = None,
        plan: Plan | None = None,
        source: Source | None = None,
        bs: int = 64,
    ) -> None:
        self.loaders: list[Any] = [_as_loader(dl, bs, train=i == 0) for i, dl in enumerate(loaders)]
        self.path, self.plan, self.source = Path(path), plan, source or Source()
        self.device = as_device(device)
        self.added: BatchTransform | None = None  # what the first learner of these data normalises with
        self.to(self.device)

    if not TYPE_CHECKING:  # a type checker knows what is there

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, "DataLoaders")

    def __repr__(self) -> str:
        """The class, how many samples there are, the size of a batch, the device and the targets.

        >>> DataLoaders([(1, 2)] * 5, [(1, 2)], bs=2)
        <DataLoaders: 5 training samples, 1 validation sample; batches of 2; cpu>
        """
        names = ("training", "validation", *("further",) * len(self.loaders))
        sizes = [(len(dl.dataset), name) for dl, name in zip(self.loaders, names, strict=False)]
        counts = [f"{n:,} {name} sample{'s' * (n != 1)}" for n, name in sizes]
        targets = [
            f"{len(t.names)} classes" if hasattr(t, "names") else type(t).__name__ for t in self.targets
        ]
        parts = [", ".join(counts) or "no data", f"batches of {self.bs}", *targets, str(self.device)]
        return f"<{type(self).__name__}: {'; '.join(parts)}>"

    def __getitem__(self, i: int) -> Any:
        return self.loaders[i]

    def __len__(self) -> int:
        return len(self.loaders)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.loaders)

    @property
    def train(self) -> Any:
        return self.loaders[0]

    @property
    def valid(self) -> Any:
        """The validation batches; None where there are none."""
        return self.loaders[1] if len(self.loaders) > 1 else None

    @property
    def train_ds(self) -> Any:
        return self.train.dataset

    @property
    def valid_ds(self) -> Any:
        return self.valid.dataset if self.valid is not None else None

    @property
    def bs(self) -> int:
        return int(self.train.bs) if self.loaders else 64

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.plan.targets if self.plan is not None else ()

    @property
    def vocab(self) -> Any:
        """The names of the classes; a list of lists where there are several targets."""
        if self.plan is None:
            raise AttributeError("these DataLoaders have no vocab: they do not know what is predicted")
        return self.plan.vocab

    @property
    def c(self) -> int:
        """How many numbers the network must give for one sample."""
        if not self.targets:
            raise UsageError("These DataLoaders do not say how many outputs a network needs; pass n_out=.")
        return sum(t.n_out for t in self.targets)

    @checked
    def to(self, device: str | torch.device) -> Self:
        """Choose where batches go; on a GPU they are prepared ahead, from pinned memory."""
        self.device = as_device(device)
        for dl in self.loaders:
            if isinstance(dl, Loader):
                dl.prefetch = 0 if self.device.type == "cpu" else 2
                dl.pin_memory = self.device.type == "cuda"
        return self

    def cuda(self) -> Self:
        return self.to("cuda")

    def cpu(self) -> Self:
        return self.to("cpu")

    def one_batch(self) -> tuple[Any, ...]:
        """A first training batch as the network takes it, on `device`."""
        dl = self.train
        batch = next(iter(dl.batches(0)))
        moved = batch.to(self.device)
        done = dl.finish(moved, 0)
        return (*done.x, *done.y)

    def take_norm(self, norm: BatchTransform | None) -> Self:
        """These DataLoaders, normalising with `norm` from now on; a copy where they normalise for another learner.

        One that the user put into `batch_tfms` is left as it is.
        """
        if self.plan is None or norm == self.added:
            return self
        if self.added is not None:
            plan = self.plan.replace(batch_tfms=tuple(t for t in self.plan.batch_tfms if t != self.added))
            made = self.with_plan(plan if norm is None else plan.with_norm(norm))
            made.added = norm
            return made
        plan = self.plan if norm is None else self.plan.with_norm(norm)
        if plan is not self.plan and self.loaders:
            for dl in self.loaders:
                dl.take_plan(plan)
            self.plan, self.added = plan, norm
        return self

    def with_plan(self, plan: Plan) -> Self:
        """Make DataLoaders of the same items under another plan, on the same device."""
        made = self._from(self)
        made.loaders = [
            dl.replace(dataset=dl.dataset.with_plan(plan), finish=plan.finish) for dl in self.loaders
        ]
        made.plan, made.added = plan, None
        return made

    @checked
    @names_keywords(*IDLE, "rm_type_tfms")
    def test_dl(
        self,
        test_items: Any,
        with_labels: bool = False,
        bs: int | None = None,
        num_workers: int = 0,
        **_: Any,
    ) -> Loader:
        """Batches of new items, read as the validation items were, in the order given.

        Items are as those of the training, rows of a data frame say, or what is read from them, such as files, or a folder of
        images. With `with_labels` the labels are read too, by the functions that read those of the training items.
        """
        if self.plan is None:
            raise UsageError(
                "test_dl needs DataLoaders made from a DataBlock; make a DataLoader of your own data set."
            )
        items = rows_of(test_items)
        if self.plan.inputs[0].kind is Kind.IMAGE:
            items = [f for o in items for f in (need_images(o) if _is_folder(o) else [o])]
        if not items:
            raise UsageError("There are no items to predict: the list is empty.")
        read = [self.source.inputs_of(self.plan, o) for o in items]
        columns = [[b.raw(r[k]) for r in read] for k, b in enumerate(self.plan.inputs)]
        if with_labels:
            if not self.source.get_y:
                raise UsageError(
                    "These DataLoaders do not know how to read labels (they come from a model file)."
                )
            columns += [[get(o) for o in items] for get in self.source.get_y]
        dataset = SampleDataset(self.plan, columns, training=False, keep=False)
        return Loader(dataset, bs or self.bs, num_workers=num_workers, finish=self.plan.finish)

    @checked
    def show_batch(self, b: Any = None, max_n: int = 9, *, split: int = 0, **kwargs: Any) -> Any:
        """Draw samples as the network sees them, those of the training items unless `split` is 1.

        Arguments are those of `Loader.show_batch`.
        """
        return self.loaders[split].show_batch(b, max_n, **kwargs)

    @classmethod
    @checked
    def from_dblock(
        cls, dblock: Any, source: Any, path: str | Path = ".", bs: int = 64, **kwargs: Any
    ) -> Self:
        """Make what `dblock.dataloaders(source, ...)` makes, as an object of this class."""
        return cls._from(dblock.dataloaders(source, path=path, bs=bs, **kwargs))

    @classmethod
    def _from(cls, made: DataLoaders) -> Self:
        """Make an object of this class out of DataLoaders."""
        out = cls.__new__(cls)
        out.__dict__.update(made.__dict__)
        return out

    @classmethod
    @checked
    def from_dsets(
        cls,
        *ds: Any,
        path: str | Path = ".",
        bs: int = 64,
        device: str | int | torch.device | None = None,
        num_workers: int = 0,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> Self:
        """From data sets of pairs: the first for training, the second for validation, which is never shuffled.

        Other arguments are those of `Loader`; `drop_last=True` keeps the batches of both at one size.

        >>> dls = DataLoaders.from_dsets([(i, i) for i in range(5)], [(5, 5)], bs=2, shuffle=False)
        >>> [x.tolist() for x, y in dls.train]
        [[0, 1], [2, 3], [4]]
        """
        loaders = [
            Loader(_as_dataset(d), bs, shuffle=shuffle and i == 0, num_workers=num_workers, **kwargs)
            for i, d in enumerate(ds)
        ]
        return cls(*loaders, path=path, device=device)


def _as_dataset(data: Any) -> Any:
    from torch.utils.data import TensorDataset as TorchTensorDataset

    if hasattr(data, "batch") and hasattr(data, "__len__"):
        return data
    if isinstance(data, TorchTensorDataset):
        return TensorDataset(*data.tensors)
    return PairDataset(data)


def _as_loader(dl: Any, bs: int, train: bool) -> Any:
    if hasattr(dl, "batches") and hasattr(dl, "finish"):
        return dl
    if isinstance(dl, TorchDataLoader):
        return TorchLoader(dl)
    if hasattr(dl, "__getitem__") and hasattr(dl, "__len__"):
        return Loader(_as_dataset(dl), bs, shuffle=train)
    raise UsageError(
        f"DataLoaders takes loaders, PyTorch DataLoaders, or data sets of pairs; got a {type(dl).__name__}."
    )
