"""The course's middle level: items under one pipeline (`TfmdLists`) or several side by side (`Datasets`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notebook.lists import L
from tipoff.notebook.loaders import DataLoader
from tipoff.notebook.pictures import TensorCategory
from tipoff.notebook.transforms import Pipeline, Transform


class Categorize(Transform):
    """From a label to its number in `vocab`, which is read from the training items unless given."""

    order = 1

    def __init__(self, vocab: Sequence[Any] | None = None, sort: bool = True, add_na: bool = False) -> None:
        super().__init__()
        self.vocab: L | None = None if vocab is None else L(list(vocab))
        self.sort, self.add_na = sort, add_na

    def setups(self, items: Any) -> None:
        if self.vocab is None:
            seen = list(dict.fromkeys(items))
            self.vocab = L([*(["#na#"] if self.add_na else []), *(sorted(seen) if self.sort else seen)])

    def encodes(self, o: Any) -> Any:
        known: list[Any] = self.vocab or []
        if o not in known:
            if self.add_na:
                return TensorCategory(torch.tensor(0))
            raise DataError(
                f"The label {o!r} is not among {some(known, 12)}.{did_you_mean(str(o), map(str, known))}"
            )
        return TensorCategory(torch.tensor(known.index(o)))

    def decodes(self, o: Any) -> Any:
        return (self.vocab or [])[int(o)]


class TfmdLists:
    """`items` seen through a pipeline: `tls[i]`; `train` and `valid` where `splits` are given.

    Transforms with `setups` learn from the training items.
    """

    def __init__(
        self,
        items: Any = None,
        tfms: Any = None,
        *,
        splits: Any = None,
        do_setup: bool = True,
        split_idx: int | None = None,
    ) -> None:
        self.items = list(items or [])
        self.splits = None if splits is None else [list(s) for s in splits]
        self.tfms = tfms if isinstance(tfms, Pipeline) else Pipeline(tfms)
        self.split_idx = split_idx
        if do_setup:
            train = self.items if self.splits is None else [self.items[i] for i in self.splits[0]]
            self.tfms.setup(train)

    def _part(self, i: int) -> TfmdLists:
        if self.splits is None:
            raise UsageError("These items have no splits; pass splits=RandomSplitter()(items).")
        part = TfmdLists([self.items[k] for k in self.splits[i]], self.tfms, do_setup=False, split_idx=i)
        return part

    @property
    def train(self) -> TfmdLists:
        return self._part(0)

    @property
    def valid(self) -> TfmdLists:
        return self._part(1)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return L([self[k] for k in range(*i.indices(len(self)))])
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        return self.tfms(self.items[i], split_idx=self.split_idx)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def decode(self, o: Any) -> Any:
        return self.tfms.decode(o)

    def show(self, o: Any, **kwargs: Any) -> Any:
        """Draw one item, decoded."""
        return _show(self.decode(o), **kwargs)

    def dataloaders(self, bs: int = 64, **kwargs: Any) -> DataLoaders:
        """Batches of the training and the validation items; `after_item`, `after_batch` as in `DataLoader`."""
        return _dataloaders(self, bs, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "tfms":
            raise AttributeError(name)
        return getattr(self.tfms, name)

    def __repr__(self) -> str:
        return f"TfmdLists: {some(self.items, 3)}\ntfms - {self.tfms}"


class Datasets:
    """`items` seen through several pipelines at once: `dsets[i]` is a tuple with one value of each.

    >>> dsets = Datasets([1, 2], [[str], [lambda x: -x]])
    >>> dsets[0]
    ('1', -1)
    """

    def __init__(
        self,
        items: Any = None,
        tfms: Any = None,
        *,
        splits: Any = None,
        n_inp: int | None = None,
        tls: Any = None,
        **_: Any,
    ) -> None:
        self.tls: list[TfmdLists] = L(
            tls if tls is not None else [TfmdLists(items, t, splits=splits) for t in tfms or [None]]
        )
        self.n_inp = n_inp if n_inp is not None else max(1, len(self.tls) - 1)

    def _part(self, i: int) -> Datasets:
        return Datasets(tls=[t._part(i) for t in self.tls], n_inp=self.n_inp)

    @property
    def train(self) -> Datasets:
        return self._part(0)

    @property
    def valid(self) -> Datasets:
        return self._part(1)

    @property
    def splits(self) -> Any:
        return self.tls[0].splits

    @property
    def items(self) -> list[Any]:
        return self.tls[0].items

    @property
    def vocab(self) -> Any:
        found = [t.vocab for t in self.tls if hasattr(t.tfms, "vocab")]
        return found[0] if len(found) == 1 else L(found)

    def __len__(self) -> int:
        return len(self.tls[0])

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return L([self[k] for k in range(*i.indices(len(self)))])
        return tuple(t[i] for t in self.tls)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def decode(self, o: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(t.decode(v) for t, v in zip(self.tls, o, strict=True))

    def show(self, o: Sequence[Any], ctx: Any = None, **kwargs: Any) -> Any:
        """Draw one sample, decoded."""
        for v in self.decode(o):
            ctx = _show(v, ctx=ctx, **kwargs) or ctx
        return ctx

    def dataloaders(self, bs: int = 64, **kwargs: Any) -> DataLoaders:
        """Batches of the training and the validation items; `after_item`, `after_batch` as in `DataLoader`."""
        return _dataloaders(self, bs, **kwargs)

    def __repr__(self) -> str:
        return f"(#{len(self)}) {[self[i] for i in range(min(3, len(self)))]}"


def _dataloaders(
    data: Any, bs: int, val_bs: int | None = None, path: Any = ".", device: Any = None, **kwargs: Any
) -> DataLoaders:
    parts = [(data.train, True), (data.valid, False)] if data.splits is not None else [(data, True)]
    loaders = [DataLoader(d, bs=bs if t else val_bs or bs, shuffle=t, **kwargs) for d, t in parts]
    dls = _FaceLoaders(*loaders, path=path, device=device)
    dls.face = data
    return dls


class _FaceLoaders(DataLoaders):
    """DataLoaders that know the vocabulary of their `Datasets`."""

    face: Any = None

    @property
    def vocab(self) -> Any:
        return self.face.vocab

    @property
    def c(self) -> int:
        return len(self.vocab)


def _show(value: Any, ctx: Any = None, **kwargs: Any) -> Any:
    if hasattr(value, "show"):
        return value.show(ctx=ctx, **kwargs)
    if ctx is not None:
        ctx.set_title(str(value))
        return ctx
    print(value)
    return None
