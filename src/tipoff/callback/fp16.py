"""Half precision as a callback: `fastai.callback.fp16`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.callback import MixedPrecision

__all__ = [
    "MixedPrecision",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
