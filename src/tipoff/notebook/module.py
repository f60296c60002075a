"""A module whose base is ready before the subclass's `__init__`."""

from __future__ import annotations

from typing import Any

from torch import nn

from tipoff.nn.vectors import Factors


class _Ready(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = cls.__new__(cls, *args, **kwargs)  # type: ignore[arg-type]
        if isinstance(made, nn.Module):
            nn.Module.__init__(made)
            made.__init__(*args, **kwargs)  # type: ignore[misc]
        return made


class Module(nn.Module, metaclass=_Ready):
    """`nn.Module` without the need for `super().__init__()`.

    >>> class Double(Module):
    ...     def __init__(self): self.layer = nn.Linear(1, 2)
    ...     def forward(self, x): return self.layer(x)
    >>> sum(p.numel() for p in Double().parameters())
    4
    """

    def __new__(cls, *_: Any, **__: Any) -> Module:
        return super().__new__(cls)

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) is nn.Parameter:  # model.factors[rows].pca(3), as in the lesson on ratings
            value.__class__ = Factors
        super().__setattr__(name, value)

    def __init__(self) -> None:  # the base is made already; calling this again does no harm
        pass
