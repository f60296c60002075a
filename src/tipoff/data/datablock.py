"""The questions of a data block: what are the items, how are they split, what are x and y, what changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.data.block import Block, Target
from tipoff.data.dataloaders import DataLoaders, Source, same_item
from tipoff.data.dataset import SampleDataset
from tipoff.data.items import listed, rows_of
from tipoff.data.loader import Loader
from tipoff.data.plan import BatchStep, ItemStep, Plan
from tipoff.data.sampled import WeightedLoader, need_weights
from tipoff.data.splits import RandomSplitter, Splitter, as_split
from tipoff.errors import DataError, UsageError, some
from tipoff.near import keywords_of, no_attribute, no_keyword
from tipoff.notes import note
from tipoff.rng import fresh_seed

Getter = Callable[[Any], Any]


def as_tuple(value: Any) -> tuple[Any, ...]:
    """None, one thing or several, as a tuple."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _steps(given: Any) -> tuple[Any, ...]:
    """Transforms as a tuple; a class among them is called."""
    return tuple(t() if isinstance(t, type) else t for t in as_tuple(given))


def _missing(label: Any) -> bool:
    return (
        label is None
        or (isinstance(label, float) and label != label)
        or type(label).__name__ in {"NAType", "NaTType"}
    )


@dataclass(frozen=True)
class Parts:
    """What a source comes apart into: raw values of both splits, one column a block, and the items that they are of."""

    plan: Plan
    train: tuple[list[Any], ...]
    valid: tuple[list[Any], ...]
    source: Source
    train_at: list[int]  # where the training items stand among all items
    n_items: int
    items: tuple[Any, Any]

    def datasets(self, seed: int) -> tuple[SampleDataset, SampleDataset]:
        """For training and for validation."""
        train, valid = (
            SampleDataset(self.plan, columns, training=training, seed=seed, items=items)
            for columns, training, items in (
                (self.train, True, self.items[0]),
                (self.valid, False, self.items[1]),
            )
        )
        return train, valid


class SplitDatasets:
    """The data sets of a `DataBlock`: `train` and `valid`, and the samples of both, one after the other.

    >>> dsets = block.datasets(path)  # doctest: +SKIP
    >>> dsets.train[0]  # doctest: +SKIP
    (PILImage mode=RGB size=500x375, tensor(2))
    """

    def __init__(self, train: SampleDataset, valid: SampleDataset) -> None:
        self.train, self.valid = train, valid

    @property
    def vocab(self) -> Any:
        """The names of the classes."""
        return self.train.vocab

    @property
    def n_inp(self) -> int:
        """How many values of a sample are inputs."""
        return len(self.train.plan.inputs)

    @property
    def items(self) -> list[Any]:
        """What the samples are made of."""
        return [*rows_of(self.train.items), *rows_of(self.valid.items)]

    def __len__(self) -> int:
        return len(self.train) + len(self.valid)

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        at = range(len(self))[position]
        return self.train[at] if at < len(self.train) else self.valid[at - len(self.train)]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (self[i] for i in range(len(self)))


def as_block(value: Any, name: str) -> Block:
    """A block from one, from its class, or from a function that makes one. Raises `UsageError`."""
    if isinstance(value, type) and issubclass(value, Block):
        return value()
    made = value
    if callable(value) and not isinstance(value, (type, Block)):
        with suppress(TypeError):  # it needs arguments: it makes no block
            made = value()
    if not isinstance(made, Block):
        raise UsageError(f"{name} is {said(value)}; a block such as ImageBlock or CategoryBlock is needed.")
    return made


class DataBlock:
    """A recipe for `DataLoaders`, independent of any data.

    `blocks` are the inputs, then the targets (the last one, unless `n_inp` says otherwise). `get_items`
    makes a list of items from the source, `splitter` divides them, `get_x` and `get_y` (or `getters`,
    one a block) read the raw values. `item_tfms` change one item before batches are made, `batch_tfms`
    whole batches on the device.

    >>> block = DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=get_image_files, get_y=parent_label,
    ...                   splitter=RandomSplitter(0.2, seed=42), item_tfms=Resize(224))  # doctest: +SKIP
    >>> dls = block.dataloaders("photos")  # doctest: +SKIP
    """

    @checked
    def __init__(
        self,
        blocks: Any = None,
        dl_type: Any = None,
        getters: Sequence[Getter] | None = None,
        n_inp: int | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        *,
        get_items: Callable[[Any], Any] | None = None,
        splitter: Splitter | None = None,
        get_y: Any = None,
        get_x: Any = None,
    ) -> None:
        if dl_type is not None:
            raise UsageError("dl_type is not used: a block says itself how its batches are made.")
        made = tuple(as_block(b, "blocks") for b in as_tuple(blocks))
        if not made:
            raise UsageError(
                "A DataBlock needs blocks=(input, target), such as blocks=(ImageBlock, CategoryBlock)."
            )
        self.n_inp = n_inp if n_inp is not None else max(1, len(made) - 1)
        self.inputs = made[: self.n_inp]
        self.targets = tuple(b for b in made[self.n_inp :] if isinstance(b, Target))
        if odd := [b for b in made[self.n_inp :] if not isinstance(b, Target)]:
            raise UsageError(
                f"{type(odd[0]).__name__} cannot be predicted; the last of the blocks is what is predicted."
            )
        self.item_tfms: tuple[ItemStep, ...] = _steps(item_tfms)
        self.batch_tfms: tuple[BatchStep, ...] = _steps(batch_tfms)
        self.get_items, self.splitter = get_items, splitter or RandomSplitter()
        if getters is not None:
            gets: tuple[Getter, ...] = tuple(same_item if g is None else g for g in getters)
            if len(gets) != len(made):
                raise UsageError(f"getters has {len(gets)} functions for {len(made)} blocks.")
            self.get_x, self.get_y = gets[: self.n_inp], gets[self.n_inp :]
        else:
            self.get_x = self._getters("get_x", get_x, len(self.inputs))
            self.get_y = self._getters("get_y", get_y, len(self.targets))

    if not TYPE_CHECKING:  # a type checker knows what is there

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, "DataBlock")

    @staticmethod
    def _getters(name: str, given: Any, n: int) -> tuple[Getter, ...]:
        gets = as_tuple(given) or (same_item,) * n
        if len(gets) != n:
            raise UsageError(f"{name} has {len(gets)} functions for {n} blocks.")
        return gets

    @checked
    def new(self, item_tfms: Any = None, batch_tfms: Any = None) -> DataBlock:
        """The same block with other transforms; None leaves them as they are."""
        return DataBlock(
            (*self.inputs, *self.targets),
            getters=(*self.get_x, *self.get_y),
            n_inp=self.n_inp,
            item_tfms=self.item_tfms if item_tfms is None else item_tfms,
            batch_tfms=self.batch_tfms if batch_tfms is None else batch_tfms,
            get_items=self.get_items,
            splitter=self.splitter,
        )

    # from a source to raw columns ----------------------------------------------------------

    def items(self, source: Any) -> Any:
        """The items of `source`: a list, or a data frame whose rows are the items."""
        items = self.get_items(source) if self.get_items is not None else source
        if not hasattr(items, "iloc"):
            items = listed(items)
        if len(items) == 0:
            raise DataError(f"There are no items in {source!r}.")
        return items

    def read(self, source: Any) -> Parts:
        """SplitDatasets the items, read their raw values, leave out what has no label or cannot be read."""
        items = self.items(source)
        if len(items) < 2:
            raise DataError(
                f"There is only one item in {source!r}; at least two are needed, one to check on."
            )
        train_at, valid_at = as_split(self.splitter(items), len(items))
        for name, at in (("learn from", train_at), ("check on", valid_at)):
            if not at:
                raise DataError(f"The splitter left no items to {name}, of {len(items)}.")
        rows = rows_of(items)
        dropped: list[tuple[str, str]] = []
        train, train_at = self._columns(rows, train_at, dropped)
        valid, valid_at = self._columns(rows, valid_at, dropped)
        if unlabelled := len(dropped):
            note(
                f"{unlabelled} item{'s' * (unlabelled > 1)} without a label ({some((d[0] for d in dropped), 3)}) left out"
            )
        if not train[0]:
            raise DataError("None of the training items has a label.")
        plan = Plan(
            tuple(b.setup(c) for b, c in zip(self.inputs, train, strict=False)),
            self.targets,
            self.item_tfms,
            self.batch_tfms,
        )
        bad = [
            self._drop_unreadable(plan, columns, dropped, training)
            for columns, training in (((*train, train_at), True), ((*valid, valid_at), False))
        ]
        if any(bad):
            names = [name for name, _ in dropped[unlabelled:]]
            note(
                f"{sum(bad)} of {len(rows)} files could not be read and were left out: {some(map(_short, names), 3)}"
            )
        for name, columns in (("learn from", train), ("check on", valid)):
            if not columns[0]:
                raise DataError(f"None of the items to {name} can be read. The first: {dropped[-1][1]}")
        targets = tuple(b.setup(c) for b, c in zip(self.targets, train[self.n_inp :], strict=True))
        kept = (train[0], valid[0])
        found = tuple(
            items.iloc[at] if hasattr(items, "iloc") else [items[i] for i in at]
            for at in (train_at, valid_at)
        )
        source = Source(self.get_x, self.get_y, tuple(dropped), kept)
        return Parts(
            plan.replace(targets=targets), train, valid, source, train_at, len(rows), (found[0], found[1])
        )

    def _columns(
        self, rows: list[Any], at: list[int], dropped: list[tuple[str, str]]
    ) -> tuple[tuple[list[Any], ...], list[int]]:
        """The raw values of the items `at`, one column a block, and where those that have a label stand."""
        blocks, gets = (*self.inputs, *self.targets), (*self.get_x, *self.get_y)
        columns: tuple[list[Any], ...] = tuple([] for _ in gets)
        kept: list[int] = []
        failed: list[tuple[int, Exception]] = []
        for i in at:
            try:
                values = [b.raw(get(rows[i])) for b, get in zip(blocks, gets, strict=True)]
            except DataError as e:
                failed.append((i, e))
                continue
            if any(_missing(v) for v in values[self.n_inp :]):
                dropped.append((_place(rows[i], i), "it has no label"))
                continue
            kept.append(i)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        if failed:
            first = "; ".join(_place(rows[i], i) for i, _ in failed[:3])
            raise DataError(f"{failed[0][1]} This concerns {len(failed)} of {len(at)} items: {first}.")
        return columns, kept

    def _drop_unreadable(
        self, plan: Plan, columns: tuple[list[Any], ...], dropped: list[tuple[str, str]], training: bool
    ) -> int:
        """Take out of `columns`, in place, what cannot be read; how many that were."""
        slow = [k for k, b in enumerate((*plan.inputs, *self.targets)) if not b.is_cheap]
        if not slow or not columns[0]:
            return 0
        missing = [v for k in slow for v in columns[k] if isinstance(v, Path) and not v.exists()]
        if missing:
            near = missing[0].parent
            holds = (
                some(sorted(p.name for p in near.iterdir())[:200], 3) if near.is_dir() else "does not exist"
            )
            raise DataError(
                f"{len(missing)} of {len(columns[slow[0]])} files are not there: {some(missing, 3)}. "
                f"The folder {near} {'holds ' if near.is_dir() else ''}{holds}. Check the folder, and the ending (suff=)."
            )
        inputs = len(plan.inputs)
        bad: dict[int, str] = {}
        for k in slow:
            one = Plan((plan.inputs[k] if k < inputs else self.targets[k - inputs],), (), plan.item_tfms)
            bad |= SampleDataset(one, [columns[k]], training=training).prepare()
        dropped += [(_place(columns[slow[0]][i], i), bad[i]) for i in sorted(bad)]
        for column in columns:
            column[:] = [v for i, v in enumerate(column) if i not in bad]
        return len(bad)

    # batches -------------------------------------------------------------------------------

    @checked
    def datasets(self, source: Any, verbose: bool = False, *, seed: int | None = None) -> SplitDatasets:
        """The training and the validation data set: `.train`, `.valid`, `.vocab`.

        A sample is what the items hold before any transform, such as (image, number of the class). `verbose` walks through
        one item first, as `explain`. Raises `DataError` as
        `dataloaders` does.
        """
        if getattr(self.inputs[0], "dataloaders", None) is not None:
            raise UsageError(
                f"A {type(self.inputs[0]).__name__} makes its batches itself: use dataloaders(source), and its train_ds."
            )
        if verbose:
            self.explain(source)
        return SplitDatasets(*self.read(source).datasets(fresh_seed() if seed is None else seed))

    @checked
    def dataloaders(
        self,
        source: Any,
        path: str | Path = ".",
        verbose: bool = False,
        *,
        bs: int = 64,
        val_bs: int | None = None,
        shuffle: bool = True,
        device: str | int | torch.device | None = None,
        num_workers: int = 0,
        seed: int | None = None,
        drop_last: bool = False,
        **options: Any,
    ) -> DataLoaders:
        """Read `source` and make batches of `bs`, `val_bs` at validation.

        `verbose` walks through one item first, as `explain`. `seed` decides order and random changes; None draws one from
        torch's generator. `options` are those of a first block that makes its batches in its own way, such as `seq_len` of
        texts. Raises `DataError` with the files or rows concerned.
        """
        own = getattr(self.inputs[0], "dataloaders", None)
        if verbose and own is None:
            self.explain(source)
        if own is not None:
            given = {"shuffle": shuffle, "device": device, "seed": seed, "drop_last": drop_last, **options}
            made: DataLoaders = own(self, source, path=path, bs=bs, val_bs=val_bs, **given)
            return made
        if options:
            raise no_keyword("dataloaders", options, keywords_of(DataBlock.dataloaders))
        return self._batches(
            self.read(source), path, bs, val_bs, shuffle, device, num_workers, seed, drop_last
        )

    @checked
    def weighted_dataloaders(
        self,
        source: Any,
        wgts: Any,
        bs: int = 64,
        verbose: bool = False,
        *,
        path: str | Path = ".",
        val_bs: int | None = None,
        device: str | torch.device | None = None,
        num_workers: int = 0,
        seed: int | None = None,
        drop_last: bool = False,
    ) -> DataLoaders:
        """Make batches whose training items are drawn with replacement, in proportion to `wgts`, as many as there are.

        Args:
            source: What `dataloaders` reads; other arguments are those of it, too.
            wgts: A number of zero or more for each item of `source`, in its order; those of validation items are not used.

        Returns:
            DataLoaders whose validation items come once each, in order.

        Raises:
            UsageError: `wgts` does not fit the items, or the first block makes its batches in its own way.

        Example:
            >>> dls = block.weighted_dataloaders(df, wgts=df.label.map({"rare": 10, "common": 1}))  # doctest: +SKIP
        """
        if hasattr(self.inputs[0], "dataloaders"):
            raise UsageError(
                f"weighted_dataloaders draws items one by one; {type(self.inputs[0]).__name__} makes its batches in its own way."
            )
        parts = self.read(source)
        weights = need_weights(wgts, parts.n_items, "items of the source")[parts.train_at]
        made = self._batches(parts, path, bs, val_bs, True, device, num_workers, seed, drop_last)
        made.loaders[0] = WeightedLoader.of(made.train, weights)
        return made

    @staticmethod
    def _batches(
        parts: Parts,
        path: str | Path,
        bs: int,
        val_bs: int | None,
        shuffle: bool,
        device: str | int | torch.device | None,
        num_workers: int,
        seed: int | None,
        drop_last: bool,
    ) -> DataLoaders:
        seed = fresh_seed() if seed is None else seed
        train, valid = parts.datasets(seed)
        if bs > len(train):
            note(f"there are {len(train)} items to learn from: the batch size is {len(train)}, not {bs}")
        finish = parts.plan.finish
        both = DataLoaders(
            Loader(
                train,
                bs,
                shuffle=shuffle,
                drop_last=drop_last,
                seed=seed,
                num_workers=num_workers,
                finish=finish,
            ),
            Loader(valid, val_bs or bs, seed=seed, num_workers=num_workers, finish=finish),
            path=path,
            device=device,
            plan=parts.plan,
            source=parts.source,
        )
        both.train.dataset.prepare()
        both.valid.dataset.prepare()
        return both

    def explain(self, source: Any, bs: int = 4, show_batch: bool = False, **kwargs: Any) -> None:
        """Walk one real item through every step and print what it becomes; say where and why it fails."""
        from tipoff.data.explain import explain

        explain(self, source, bs)
        if show_batch:
            self.dataloaders(source, bs=bs, **kwargs).show_batch()

    summary = explain


def _place(row: Any, i: int) -> str:
    if isinstance(row, (str, Path)):
        return str(row)
    name = getattr(row, "name", None)
    return f"row {i if name is None else name}"


def _short(name: str) -> str:
    return name if name.startswith("row ") else Path(name).name
