"""A model file whose parts do not go together is refused with a sentence, wherever that comes to light."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tipoff.errors import BundleError, TipoffError


@contextmanager
def goes_together() -> Iterator[None]:
    """Around what a model file's parts do with an input: any other error than ours becomes a `BundleError`.

    Names, sizes and vocabularies are checked when a file is read; a file that was changed on purpose may have others that do
    not fit.
    """
    try:
        yield
    except TipoffError:
        raise
    except BaseException as e:
        if (
            not isinstance(e, Exception) and type(e).__name__ != "PanicException"
        ):  # of tokenizers, which is in Rust
            raise
        raise BundleError(
            f"The model cannot answer for this, or parts of its file do not go together ({type(e).__name__}: {str(e)[:200]})."
        ) from e
