"""Half precision as a callback: `fastai.callback.fp16`."""

from tipoff.notebook.callback import MixedPrecision

__all__ = [
    "MixedPrecision",
]
