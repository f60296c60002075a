"""A list with the methods that course notebooks chain."""

from __future__ import annotations

import builtins
import itertools
import operator
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, SupportsIndex


def is_listy(x: Any) -> bool:
    """Whether `x` is a list, tuple, slice or generator, and not a string."""
    return isinstance(x, (list, tuple, slice, Iterator))


def _as_list(items: tuple[Any, ...]) -> list[Any]:
    if len(items) != 1:
        return list(items)
    only = items[0]
    if only is None:
        return []
    if isinstance(only, (str, bytes, Mapping)) or (hasattr(only, "ndim") and only.ndim == 0):
        return [only]
    return list(only) if isinstance(only, Iterable) else [only]


def _is_mask(idx: Any) -> bool:
    return isinstance(idx[0], bool) or type(idx[0]).__name__ in ("bool", "bool_")


class L(list[Any]):
    """A list that is indexed by numbers, lists of numbers or masks, and has `map`, `filter`, `itemgot` and so on.

    >>> L(1, 2, 3).map(lambda x: x * 2)
    (#3) [2,4,6]
    >>> L("a", "b", "c")[[True, False, True]]
    (#2) ['a','c']
    """

    def __init__(self, *items: Any) -> None:
        super().__init__(_as_list(items))

    @classmethod
    def range(cls, a: int | Sequence[Any], b: int | None = None, step: int = 1) -> L:
        """As `range`; of a sequence, its positions."""
        n = a if isinstance(a, int) else len(a)
        return cls(builtins.range(n) if b is None else builtins.range(n, b, step))

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, SupportsIndex) and not getattr(idx, "ndim", 0):
            return super().__getitem__(idx)
        if isinstance(idx, slice):
            return L(super().__getitem__(idx))
        idx = idx.tolist() if hasattr(idx, "tolist") else list(idx)
        if not idx:
            return L()
        if _is_mask(idx):
            return L(list(itertools.compress(self, idx)))
        return L([super(L, self).__getitem__(i) for i in idx])

    def __add__(self, other: Any) -> L:
        return L([*self, *_as_list((other,))])

    def __radd__(self, other: Any) -> L:
        return L([*_as_list((other,)), *self])

    def __repr__(self) -> str:
        more = "..." if len(self) > 10 else ""
        return f"(#{len(self)}) [{','.join(map(repr, self[:10]))}{more}]" if self else "(#0) []"

    def copy(self) -> L:
        return L(list(self))

    @property
    def items(self) -> list[Any]:
        return list(self)

    def map(self, f: Any, *args: Any, **kwargs: Any) -> L:
        """`f` of each: a function, a format string, or a mapping or list to look up in."""
        if isinstance(f, str):
            return L([f.format(o, *args, **kwargs) for o in self])
        look = f.__getitem__ if isinstance(f, (Mapping, list, tuple)) else f
        return L([look(o, *args, **kwargs) for o in self])

    def filter(self, f: Callable[..., Any] | None = None, negate: bool = False, **kwargs: Any) -> L:
        """Those for which `f` is true, or false with `negate`."""
        test = partial(f, **kwargs) if f is not None else bool
        return L([o for o in self if bool(test(o)) != negate])

    def argwhere(self, f: Callable[..., Any]) -> L:
        """The positions at which `f` is true."""
        return L([i for i, o in builtins.enumerate(self) if f(o)])

    def itemgot(self, *idxs: Any) -> L:
        """Item `idx` of each, of that the next, and so on."""
        out: L = self
        for idx in idxs:
            out = L([o[idx] for o in out])
        return out

    def attrgot(self, k: str, default: Any = None) -> L:
        """Attribute `k` of each (or the value of key `k`)."""
        return L([o.get(k, default) if isinstance(o, Mapping) else getattr(o, k, default) for o in self])

    def sorted(self, key: Any = None, reverse: bool = False) -> L:
        """Sorted by `key`: a function, the name of an attribute, or the position of an item."""
        by = (
            operator.attrgetter(key)
            if isinstance(key, str)
            else operator.itemgetter(key)
            if isinstance(key, int)
            else key
        )
        return L(builtins.sorted(self, key=by, reverse=reverse))

    def unique(self, sort: bool = False) -> L:
        """Each once, in the order of appearance, or sorted."""
        out = L(list(dict.fromkeys(self)))
        return out.sorted() if sort else out

    def starmap(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> L:
        """`f(*o)` of each."""
        return L([f(*o, *args, **kwargs) for o in self])

    def zip(self) -> L:
        """Columns of rows."""
        return L(list(zip(*self, strict=False)))

    def zipwith(self, *rest: Iterable[Any]) -> L:
        """Tuples of each with those of `rest`."""
        return L(list(zip(self, *rest, strict=False)))

    def enumerate(self) -> L:
        """(position, item) of each."""
        return L(list(builtins.enumerate(self)))

    def concat(self) -> L:
        """Lists in a list as one."""
        return L(list(itertools.chain.from_iterable(self)))

    def shuffle(self) -> L:
        """A copy in a random order."""
        return L(random.sample(self, len(self)))

    def sum(self) -> Any:
        return builtins.sum(self)
