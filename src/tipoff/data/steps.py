"""Steps of a pipeline that are no spec: functions, and transforms chosen by the type of their argument, as fastai's.

The annotation of the first argument says in which form such a step is given a value: an image as an array uint8
(H, W, 3) where there is none, as a Pillow image, or as a tensor. What it gives back is checked and brought into the form
in which the pipeline holds values. A class may say with `kinds` which kinds of values it stands for.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Iterable
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tipoff.data.kind import Kind
from tipoff.errors import TipoffError, UsageError

ITEM_ORDER, BATCH_ORDER = 1, 30  # of steps that do not say when they come; fastai's own have the same numbers
_STANDING_FOR = ((Image.Image, (Kind.IMAGE, Kind.MASK)), (Tensor, (Kind.IMAGE,)), (np.ndarray, (Kind.IMAGE,)))


def wanted_types(func: Any) -> tuple[type, ...]:
    """The types of the first argument after self; (object,) where it is not annotated.

    >>> wanted_types(lambda x: x)
    (<class 'object'>,)
    """
    try:
        names = [p for p in inspect.signature(func).parameters if p != "self"]
    except (TypeError, ValueError):  # a function of C
        return (object,)
    hint = getattr(func, "__annotations__", {}).get(names[0], object) if names else object
    if isinstance(hint, str):
        try:
            hint = get_type_hints(func).get(names[0], object)
        except NameError:
            hint = object
    if isinstance(hint, tuple):
        return hint
    if hint is Any:
        return (object,)
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(t for t in get_args(hint) if isinstance(t, type))
    hint = get_origin(hint) or hint
    return (hint,) if isinstance(hint, type) else (object,)


def forms_of(step: Any) -> tuple[type, ...]:
    """The types that a step takes: of all its `encodes` where it is a transform of fastai's kind, else of the function."""
    encodes = getattr(step, "_encodes", None)
    if encodes is not None:
        return tuple(t for f in encodes for t in wanted_types(f))
    if type(step).__module__.startswith("torchvision.transforms"):
        return (Image.Image,)
    plain = isinstance(step, types.FunctionType | types.MethodType)
    return wanted_types(step if plain or not callable(step) else type(step).__call__)


def form_for(step: Any, kind: Kind, is_item: bool) -> type | None:
    """The type in which `step` is given values of `kind`; `object` for the array or tensor itself, None for not at all."""
    for form in forms_of(step):
        if form is not object and kind in _stands_for(form) and (is_item or issubclass(form, Tensor)):
            return form
    return object if kind is Kind.IMAGE and object in forms_of(step) else None


def _stands_for(form: type) -> tuple[Kind, ...]:
    default = next((kinds for base, kinds in _STANDING_FOR if issubclass(form, base)), ())
    return tuple(getattr(form, "kinds", default))


def need_use(
    steps: Iterable[Any], kinds: Collection[Kind], where: str, *, is_item: bool, is_grey: bool = False
) -> None:
    """Raise `UsageError` for a step that would never act on values of these `kinds`, or that wants whole samples."""
    for step in steps:
        if getattr(step, "_whole", False):
            raise UsageError(
                f"{called(step)} takes whole samples, (image, label), and the {where} of a DataBlock are given one value at a "
                "time. Make it a Transform with encodes(self, x: PILImage), or use Datasets(...).dataloaders(after_item=...)."
            )
        if isinstance(step, type):
            raise UsageError(f"{where} holds the class {step.__name__}; give an object: {step.__name__}().")
        if not callable(step):
            raise UsageError(f"{where} holds a {type(step).__name__}; it takes transforms and functions.")
        forms = [form_for(step, kind, is_item) for kind in kinds]
        if kinds and all(f is None or (getattr(f, "is_grey", False) and not is_grey) for f in forms):
            takes = (
                " or ".join(dict.fromkeys(t.__name__ for t in forms_of(step))) or "nothing: it has no encodes"
            )
            given = (
                "an image is an array, a Pillow image (PILImage) or a tensor there, as the annotation says"
                if is_item
                else "values are tensors there (TensorImage)"
            )
            raise UsageError(f"{called(step)} in {where} takes {takes}, so it would never act: {given}.")


def order_of(step: Any, default: int) -> float:
    """Where a step comes among others: lower ones first."""
    order = getattr(step, "order", default)
    return order if isinstance(order, (int, float)) else default


def is_of_training(step: Any) -> bool:
    """Whether a step is for training only: one of fastai's kind with `split_idx` 0."""
    return getattr(step, "split_idx", None) == 0


def apply_to_item(step: Callable[[Any], Any], kind: Kind, x: np.ndarray, training: bool) -> np.ndarray:
    """What a step makes of one value, always from and to uint8: images (H, W, 3), masks (H, W).

    Raises `UsageError` that names the step where it fails or gives something else.
    """
    form = form_for(step, kind, is_item=True)
    if form is None or _is_for_other_part(step, training):
        return x
    given = _as_form(form, np.array(as_bytes(x)))  # a copy: what is cached must not be written to
    return _back(step, kind, _called_with(step, given))


def apply_to_batch(step: Callable[[Any], Any], kind: Kind, x: Tensor, training: bool) -> Tensor:
    """What a step makes of one field of a batch, such as the images (B, C, H, W)."""
    form = form_for(step, kind, is_item=False)
    if form is None or _is_for_other_part(step, training):
        return x
    done = _called_with(step, x if form in (object, Tensor) else x.as_subclass(form))
    if not isinstance(done, Tensor) or len(done) != len(x):
        raise UsageError(
            f"{called(step)} in batch_tfms was given a tensor {tuple(x.shape)} and gives {_said(done)}; a tensor of as many "
            "samples is needed."
        )
    return done.as_subclass(Tensor)


def as_bytes(x: np.ndarray) -> np.ndarray:
    """An image as uint8: `exact` transforms leave parts of grey levels."""
    return x if x.dtype == np.uint8 else np.asarray(x, np.float32).round().clip(0, 255).astype(np.uint8)


def called(step: Any) -> str:
    """A step's name, for messages."""
    return getattr(step, "__qualname__", None) or type(step).__name__


def _is_for_other_part(step: Any, training: bool) -> bool:
    split_idx = getattr(step, "split_idx", None)
    return split_idx is not None and split_idx != (0 if training else 1)


def _as_form(form: type, x: np.ndarray) -> Any:
    if issubclass(form, Image.Image):
        image = Image.fromarray(x)
        image = image.convert("L") if getattr(form, "is_grey", False) else image
        return form.of(image) if hasattr(form, "of") else image
    if issubclass(form, Tensor):
        t = torch.from_numpy(x)
        t = t.permute(2, 0, 1).contiguous() if t.ndim == 3 else t
        return t if form is Tensor else t.as_subclass(form)
    return x


def _called_with(step: Callable[[Any], Any], given: Any) -> Any:
    try:
        return step(given)
    except TipoffError:
        raise
    except Exception as e:
        raise UsageError(
            f"{called(step)} fails on {_said(given)}: {type(e).__name__}: {e}. The annotation of its argument says what it is "
            "given: np.ndarray, PIL.Image.Image (PILImage) or torch.Tensor (TensorImage)."
        ) from e


def _back(step: Any, kind: Kind, done: Any) -> np.ndarray:
    """The result of a step as uint8."""
    if isinstance(done, Image.Image):
        x = np.asarray(done.convert("RGB") if kind is Kind.IMAGE else done)
    elif isinstance(done, Tensor):
        t = done.as_subclass(Tensor).detach().cpu()
        x = (t.permute(1, 2, 0) if t.ndim == 3 and t.shape[0] in (1, 3) else t).numpy()
    else:
        x = done
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "uif" or not x.size:
        raise UsageError(f"{called(step)} gives {_said(done)}; an image is needed.")
    if kind is Kind.IMAGE:
        if x.ndim == 2 or (x.ndim == 3 and x.shape[2] == 1):
            x = np.repeat(x.reshape(*x.shape[:2], 1), 3, axis=2)
        if x.ndim != 3 or x.shape[2] != 3:
            raise UsageError(f"{called(step)} gives {_said(done)}; an image of shape (H, W, 3) is needed.")
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    low, high = float(x.min()), float(x.max())
    is_share = x.dtype.kind == "f" and 0 < high <= 1 and kind is Kind.IMAGE
    if not (low >= 0 and high <= 255) or is_share:
        raise UsageError(
            f"{called(step)} gives numbers from {low:g} to {high:g}; a step in item_tfms works on values from 0 to 255. What "
            "works on numbers from 0 to 1 belongs into batch_tfms, and tensors are made by tipoff."
        )
    return as_bytes(x)


def _said(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    if isinstance(value, Image.Image):
        return f"a Pillow image of {value.size[0]} × {value.size[1]}"
    return f"a {type(value).__name__}"
