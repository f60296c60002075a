"""The course's middle level: items under one pipeline (`TfmdLists`) or several side by side (`Datasets`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from tipoff.data.dataloaders import DataLoaders
from tipoff.data.sampled import PartialLoader, WeightedLoader
from tipoff.data.similar_labels import note_similar_labels
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notebook.lists import L
from tipoff.notebook.loaders import DataLoader
from tipoff.notebook.pictures import TensorCategory
from tipoff.notebook.transforms import Pipeline, Transform
from tipoff.text.lm import LMLoader
from tipoff.text.show import show_texts


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
            note_similar_labels(seen)
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


class _Rows(Sequence[Any]):
    """The rows of a data frame, one at a time."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, i: Any) -> Any:
        return _Rows(self.frame.iloc[i]) if isinstance(i, slice) else self.frame.iloc[i]


class TfmdLists:
    """`items`, a list or the rows of a data frame, seen through a pipeline: `tls[i]`; `train` and `valid` where `splits`
    are given.

    Transforms with `setups` learn from the training items. `dl_type` is what makes batches: `DataLoader` unless given.
    """

    def __init__(
        self,
        items: Any = None,
        tfms: Any = None,
        *,
        splits: Any = None,
        do_setup: bool = True,
        split_idx: int | None = None,
        dl_type: Callable[..., Any] | None = None,
    ) -> None:
        self.tfms = tfms if isinstance(tfms, Pipeline) else Pipeline(tfms)
        self.items: Sequence[Any]
        if hasattr(items, "columns"):
            for step in self.tfms.fs:
                items = step.of_frame(items) if hasattr(step, "of_frame") else items
            self.items = _Rows(items)
        else:
            self.items = items if isinstance(items, _Rows) else list(items if items is not None else [])
        self.splits = None if splits is None else [list(s) for s in splits]
        self.split_idx, self.dl_type = split_idx, dl_type
        if do_setup:
            self.tfms.setup(self.items if self.splits is None else self._some(self.splits[0]))

    def _some(self, at: Sequence[int]) -> Sequence[Any]:
        if isinstance(self.items, _Rows):
            return _Rows(self.items.frame.iloc[list(at)])
        return [self.items[k] for k in at]

    def _part(self, i: int) -> TfmdLists:
        if self.splits is None:
            raise UsageError("These items have no splits; pass splits=RandomSplitter()(items).")
        return TfmdLists(self._some(self.splits[i]), self.tfms, do_setup=False, split_idx=i)

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
        """Batches of the training and the validation items, by `dl_type`, which takes what else is given."""
        return _dataloaders(self, bs, **kwargs)

    def partial_dataloaders(self, partial_n: int, bs: int = 64, **kwargs: Any) -> DataLoaders:
        """`dataloaders` whose epochs are `partial_n` training items, chosen anew each time."""
        made = _dataloaders(self, bs, **kwargs)
        made.loaders[0] = PartialLoader.of(made.train, partial_n)
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "tfms":
            raise AttributeError(name)
        return getattr(self.tfms, name)

    def __repr__(self) -> str:
        return f"TfmdLists: {some(self.items, 3)}\ntfms - {self.tfms}"


class Datasets:
    """`items` seen through several pipelines at once: `dsets[i]` is a tuple with one value of each. Arguments are those
    of `TfmdLists`.

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
        dl_type: Callable[..., Any] | None = None,
    ) -> None:
        self.dl_type = dl_type
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
    def items(self) -> Sequence[Any]:
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
        """Batches of the training and the validation items, by `dl_type`, which takes what else is given."""
        return _dataloaders(self, bs, **kwargs)

    def partial_dataloaders(self, partial_n: int, bs: int = 64, **kwargs: Any) -> DataLoaders:
        """`dataloaders` whose epochs are `partial_n` training items, chosen anew each time."""
        made = _dataloaders(self, bs, **kwargs)
        made.loaders[0] = PartialLoader.of(made.train, partial_n)
        return made

    def weighted_dataloaders(self, wgts: Any, bs: int = 64, **kwargs: Any) -> DataLoaders:
        """`dataloaders` whose training items are drawn with replacement, in proportion to `wgts`, one for each of them."""
        made = _dataloaders(self, bs, **kwargs)
        made.loaders[0] = WeightedLoader.of(made.train, wgts)
        return made

    def __repr__(self) -> str:
        return f"(#{len(self)}) {[self[i] for i in range(min(3, len(self)))]}"


def _dataloaders(
    data: Any,
    bs: int,
    val_bs: int | None = None,
    path: Any = ".",
    device: Any = None,
    shuffle: bool = True,
    dl_type: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> DataLoaders:
    make = dl_type or data.dl_type or DataLoader
    loaders = [make(data.train if data.splits is not None else data, bs=bs, shuffle=shuffle, **kwargs)]
    if data.splits is not None:
        loaders.append(make(data.valid, bs=val_bs or bs, shuffle=False, **{**kwargs, "drop_last": False}))
    dls = _FaceLoaders(*loaders, path=path, device=device)
    dls.face = data
    return dls


class _FaceLoaders(DataLoaders):
    """DataLoaders that know the vocabulary of their `Datasets`, and show texts."""

    face: Any = None

    @property
    def vocab(self) -> Any:
        return self.face.vocab

    @property
    def c(self) -> int:
        last = self.vocab[-1]  # of several pipelines, that of the target
        return len(last) if isinstance(last, list) else len(self.vocab)

    def show_batch(
        self, b: Any = None, max_n: int = 9, *, split: int = 0, trunc_at: int = 150, **kwargs: Any
    ) -> Any:
        """A table of texts as the network sees them, their first `trunc_at` tokens, with what stands beside them.

        Raises `UsageError` for what is no text.
        """
        loader = self.loaders[split]
        got = loader.one_batch() if b is None else b
        tls = getattr(self.face, "tls", [self.face])
        is_lm = isinstance(loader, LMLoader)
        tls = [tls[0], tls[0]] if is_lm else tls
        rows = [
            [t.decode(v[:trunc_at] if v.ndim else v) for t, v in zip(tls, one, strict=True)]
            for one in zip(*(part[:max_n].cpu() for part in got), strict=True)
        ]
        if not isinstance(rows[0][0], str):
            return super().show_batch(b, max_n, split=split, **kwargs)
        return show_texts(["text", *("text_" if is_lm else "category" for _ in rows[0][1:])], rows)


def show_at(o: Any, idx: int, **kwargs: Any) -> Any:
    """Draw item `idx` of a `TfmdLists` or `Datasets`."""
    return o.show(o[idx], **kwargs)


def _show(value: Any, ctx: Any = None, **kwargs: Any) -> Any:
    if hasattr(value, "show"):
        return value.show(ctx=ctx, **kwargs)
    if ctx is not None:
        ctx.set_title(str(value))
        return ctx
    print(value)
    return None
