"""Arguments that the calls of a learner have in common, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader as TorchDataLoader

from tipoff.arguments import need_number, need_numbers, need_whole
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.loader import TorchLoader
from tipoff.errors import UsageError
from tipoff.train.callback import Callback

SHARES = {"pct_start"}
FACTORS = {"div", "div_final", "lr_mult"}
COUNTS = {"n_cycles", "cycle_len", "cycle_mult"}


def need_rate(name: str, value: Any, *, zero: bool = False) -> Any:
    """A learning rate: a number, `slice(lo, hi)`, one for each group of layers, or what `lr_find` returned.

    With `zero`, the rate of all layers may be 0; that of some always may, as those then stay as they are.

    >>> need_rate("lr", slice(1e-5, 1e-3))
    slice(1e-05, 0.001, None)
    """
    if hasattr(value, "_fields"):
        return _suggested(name, value)
    if isinstance(value, slice):
        if value.step is not None or value.stop is None:
            raise UsageError(
                f"{name} is {value!r}; a slice of learning rates is slice(1e-3) or slice(1e-5, 1e-3)."
            )
        if value.start is None:
            return slice(None, need_number(name, value.stop, above=0))
        return slice(*(need_number(f"each end of {name}", v, above=0) for v in (value.start, value.stop)))
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:  # of NumPy or PyTorch
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        rates = [need_number(f"{name}[{i}]", v, at_least=0) for i, v in enumerate(value)]
        if not rates or not rates[-1]:
            raise UsageError(f"{name} is {list(value)}; the last layers need a learning rate above 0.")
        return rates
    return need_number(name, value, **({"at_least": 0} if zero else {"above": 0}))


def _suggested(name: str, found: Any) -> float:
    """The learning rate among the suggestions of `lr_find`: the valley, or the only one."""
    fields = found._fields
    if "valley" not in fields and len(fields) != 1:
        raise UsageError(f"{name} is {found!r}; pass one of its values, such as .{(*fields, 'valley')[0]}.")
    lr = found.valley if "valley" in fields else found[0]
    if lr is None:
        raise UsageError(
            f"{name} comes from an lr_find that suggested no learning rate; pass a number, such as 1e-3."
        )
    return need_number(name, lr, above=0)


def need_options(options: Mapping[str, Any]) -> None:
    """Raise `UsageError` for an option of a fit method that is not what its name says; those that are not given are None."""
    for name, value in options.items():
        if name in SHARES:
            need_number(name, value, at_least=0, at_most=1)
        elif name in FACTORS:
            need_number(name, value, above=0)
        elif name in COUNTS:
            need_whole(name, value, at_least=1)
        elif name == "wd" and value is not None:
            need_number(name, value, at_least=0)
        elif name == "moms" and value is not None:
            need_numbers(name, value, 3, at_least=0, at_most=1)


def need_epochs(name: str, n: Any, start_epoch: Any) -> None:
    """Raise `UsageError` unless `n` is a number of epochs, and `start_epoch` one of those that lie in it."""
    need_whole(name, n, at_least=0)
    need_whole("start_epoch", start_epoch)
    if not 0 <= start_epoch <= n:
        raise UsageError(f"start_epoch is {start_epoch}; it lies between 0 and {name}, {n}.")


def need_split(ds_idx: Any, n: int) -> int:
    """`ds_idx` as the number of one of `n` loaders. Raises `UsageError`."""
    need_whole("ds_idx", ds_idx, at_least=0)
    if ds_idx < n:
        return int(ds_idx)
    if not n:
        raise UsageError(
            "There are no validation items: this learner comes from a model file. Pass dl=learn.dls.test_dl(items)."
        )
    if ds_idx == 1:
        raise UsageError("There are no validation items: pass valid_pct=0.2 to the DataLoaders, or dl=.")
    raise UsageError(
        f"ds_idx is {ds_idx}; 0 are the training items{', 1 the validation items' if n > 1 else ''}."
    )


def need_loader(dl: Any) -> Any:
    """`dl` as a loader, a PyTorch one as tipoff's. Raises `UsageError` for anything else."""
    if isinstance(dl, DataLoaders):
        raise UsageError("dl holds DataLoaders of several splits: pass one of them, such as dl=dls.valid.")
    if isinstance(dl, TorchDataLoader):
        return TorchLoader(dl)
    if not (hasattr(dl, "batches") and hasattr(dl, "finish")):
        raise UsageError(
            f"dl is a {type(dl).__name__}; a loader is needed, such as dl=learn.dls.test_dl(items)."
        )
    return dl


def need_labels(targets: Any) -> None:
    """Raise `UsageError` where the items that were predicted have no labels."""
    if targets is None:
        raise UsageError(
            "These items have no labels, so there is no loss: learn.dls.test_dl(items, with_labels=True) reads them."
        )


def need_callbacks(cbs: Any) -> list[Callback]:
    """`cbs`, one or several, classes or objects, as a list of objects. Raises `UsageError`."""
    if cbs is None:
        return []
    made = []
    for cb in cbs if isinstance(cbs, (list, tuple)) else [cbs]:
        if isinstance(cb, type) and issubclass(cb, Callback):
            try:
                cb = cb()
            except TypeError as e:
                raise UsageError(f"cbs holds the class {cb.__name__}, which needs arguments: {e}.") from None
        if not isinstance(cb, Callback):
            what = f"the class {cb.__name__}" if isinstance(cb, type) else f"a {type(cb).__name__}"
            raise UsageError(f"cbs holds {what}, which is no Callback.")
        made.append(cb)
    return made


def need_file(name: str, value: Any) -> Path:
    """`value` as the path of a file. Raises `UsageError`."""
    if not isinstance(value, (str, Path)) or not Path(value).name:
        raise UsageError(f"{name} is {value!r}; the name of a file is needed, such as 'stage-1'.")
    return Path(value)
