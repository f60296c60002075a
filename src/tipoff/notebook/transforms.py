"""Transforms chosen by the type of what they are given, and their pipelines, as in the course's middle-level API."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from tipoff.data.steps import wanted_types
from tipoff.errors import UsageError

_CHOSEN = ("encodes", "decodes", "setups")


class fastuple(tuple[Any, ...]):
    """A tuple made from its items: `fastuple(1, 2)`; sums and the like are plain tuple's."""

    def __new__(cls, x: Any = None, *rest: Any) -> fastuple:
        items = tuple(x) if not rest and isinstance(x, Iterable) and not isinstance(x, str) else (x, *rest)
        return super().__new__(cls, items)


class _Several(dict[str, Any]):
    """The body of a class in which `encodes` may be defined more than once."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name in _CHOSEN and callable(value):
            super().__setitem__(f"_{name}", [*self.get(f"_{name}", []), value])
        else:
            super().__setitem__(name, value)


def _method(func: Any) -> Any:
    """A function as a method, chosen by the same type."""

    def method(self: Any, x: Any) -> Any:
        return func(x)

    plain = isinstance(func, types.FunctionType | types.MethodType)
    method.__annotations__ = {"x": wanted_types(func) if plain else (object,)}
    return method


def _best(funcs: Sequence[Any], x: Any) -> Any:
    """The function whose type is nearest to that of `x`, the last one where several are; None where none fits."""
    order = type(x).__mro__
    near = [
        (
            min(order.index(t) if t in order else len(order) for t in wanted_types(f) if isinstance(x, t)),
            -i,
            f,
        )
        for i, f in enumerate(funcs)
        if isinstance(x, wanted_types(f))
    ]
    return min(near, key=lambda n: n[:2])[2] if near else None


class _TransformType(type):
    @classmethod
    def __prepare__(mcs, name: str, bases: tuple[type, ...], /, **_: Any) -> _Several:
        return _Several()

    def __new__(mcs, name: str, bases: tuple[type, ...], space: Any, **kwargs: Any) -> Any:
        made: Any = super().__new__(mcs, name, bases, dict(space), **kwargs)
        for kind in _CHOSEN:
            inherited = [
                f for base in reversed(made.__mro__[1:]) for f in vars(base).get(f"_{kind}_here", [])
            ]
            setattr(made, f"_{kind}_here", list(space.get(f"_{kind}", [])))
            setattr(made, f"_{kind}", inherited + list(space.get(f"_{kind}", [])))
        return made


class Transform(metaclass=_TransformType):
    """A change with its way back: `encodes` on the call, `decodes` by `decode`, `setups` on the training items.

    Each may be defined several times; the annotation of the argument chooses, and what no annotation fits passes
    unchanged. Tuples are changed item by item. Of a function: `Transform(func)`, also as a decorator.
    `split_idx` 0 is for training only, 1 for validation only; `order` sorts a pipeline.

    >>> class Twice(Transform):
    ...     def encodes(self, x: int): return x * 2
    ...     def decodes(self, x: int): return x // 2
    >>> Twice()(3), Twice()("a"), Twice().decode(6)
    (6, 'a', 3)
    """

    order: ClassVar[int] = 0
    split_idx: Any = None
    _whole: ClassVar[bool] = False  # a tuple is one item
    _encodes: list[Any]
    _decodes: list[Any]
    _setups: list[Any]

    def __init__(
        self, enc: Any = None, dec: Any = None, split_idx: Any = None, order: int | None = None
    ) -> None:
        if enc is not None:
            self._encodes = [_method(enc)]
            self.name = getattr(enc, "__name__", type(enc).__name__)
        if dec is not None:
            self._decodes = [_method(dec)]
        if split_idx is not None:
            self.split_idx = split_idx
        if order is not None:
            self.order = order  # type: ignore[misc]

    def __call__(self, x: Any, split_idx: Any = None) -> Any:
        if self.split_idx is not None and split_idx is not None and self.split_idx != split_idx:
            return x
        return self._apply(self._encodes, x)

    def decode(self, x: Any) -> Any:
        return self._apply(self._decodes, x)

    def setup(self, items: Any = None, train_setup: bool = False) -> None:
        """Learn from the training items."""
        train = items.train if train_setup and hasattr(items, "train") else items
        for f in self._setups[-1:]:
            f(self, train)

    def _apply(self, funcs: Sequence[Any], x: Any) -> Any:
        if isinstance(x, tuple) and not self._whole:
            return (
                type(x)(self._apply(funcs, v) for v in x)
                if type(x) is tuple
                else type(x)(*(self._apply(funcs, v) for v in x))
            )
        func = _best(funcs, x)
        return x if func is None else func(self, x)

    def __repr__(self) -> str:
        return getattr(self, "name", type(self).__name__)


class ItemTransform(Transform):
    """A transform that is given a tuple as it is."""

    _whole = True


class DisplayedTransform(Transform):
    """A transform whose arguments are shown."""

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        return f"{type(self).__name__} -- {shown}"


def as_transform(f: Any) -> Any:
    """A transform of a transform, a class of one, a function, or one of tipoff's own."""
    if isinstance(f, type) and issubclass(f, Transform):
        return f()
    if isinstance(f, Transform) or hasattr(f, "setup"):
        return f
    if callable(f):
        return Transform(f)
    raise UsageError(f"{f!r} is no transform; give a function or a Transform.")


class Pipeline:
    """Transforms one after the other, sorted by `order`; `decode` goes back; `setup` lets each learn from what the
    ones before give.

    >>> Pipeline([lambda x: x + 1, str])(1)
    '2'
    """

    def __init__(self, funcs: Any = None, split_idx: Any = None) -> None:
        given = (
            []
            if funcs is None
            else [funcs]
            if callable(funcs) and not isinstance(funcs, Sequence)
            else list(funcs)
        )
        self.fs = sorted((as_transform(f) for f in given), key=lambda t: getattr(t, "order", 0))
        self.split_idx = split_idx

    def __call__(self, x: Any, split_idx: Any = None) -> Any:
        side = self.split_idx if split_idx is None else split_idx
        for f in self.fs:
            x = f(x, split_idx=side) if isinstance(f, Transform) else f(x)
        return x

    def decode(self, x: Any) -> Any:
        for f in reversed(self.fs):
            x = f.decode(x) if hasattr(f, "decode") else x
        return x

    def setup(self, items: Any, values: Callable[[], Sequence[Any]] | None = None) -> None:
        """Each transform is set up on the items as the ones before it leave them."""
        given = (items.train if hasattr(items, "train") else items) if values is None else values()
        train: Sequence[Any] = given if isinstance(given, Sequence) else list(given)
        for f in self.fs:
            if getattr(f, "_setups", None):
                f.setup(train)
            if getattr(f, "_setups", None) or f is not self.fs[-1]:
                train = _Lazy(f, train)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "fs":
            raise AttributeError(name)
        for f in reversed(self.fs):
            if hasattr(f, name):
                return getattr(f, name)
        raise AttributeError(f"none of the transforms of this pipeline has {name!r}")

    def __repr__(self) -> str:
        return f"Pipeline: {' -> '.join(map(repr, self.fs))}"


class _Lazy(Sequence[Any]):
    """Items seen through a transform, when they are asked for."""

    def __init__(self, f: Any, items: Sequence[Any]) -> None:
        self.f, self.items = f, items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: Any) -> Any:
        return [self.f(o) for o in self.items[i]] if isinstance(i, slice) else self.f(self.items[i])
