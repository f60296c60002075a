"""A learner for pictures: a pretrained body by name, a new head, the right normalisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tipoff.checked import checked
from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import UsageError
from tipoff.learner.arguments import need_dls
from tipoff.learner.learner import Learner
from tipoff.learner.precision import auto_precision
from tipoff.notes import note
from tipoff.train.optim import Adam
from tipoff.vision.arch import ALIASES, resolve
from tipoff.vision.augment import Normalize
from tipoff.vision.block import ImageBlock
from tipoff.vision.body import create_body
from tipoff.vision.head import create_head
from tipoff.vision.model import VisionModel
from tipoff.vision.weights import Weights

__all__ = ["cnn_learner", "create_body", "create_head", "vision_learner"]


@checked
def vision_learner(
    dls: DataLoaders,
    arch: str | Callable[..., Any] = "efficientnet_lite0",
    normalize: bool = True,
    n_out: int | None = None,
    pretrained: bool = True,
    weights: str | Path | None = None,
    loss_func: Callable[..., Any] | None = None,
    opt_func: Callable[..., Any] = Adam,
    lr: float = 0.001,
    splitter: Callable[..., Any] | None = None,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    model_dir: str | Path = "models",
    wd: float | None = None,
    wd_bn_bias: bool = False,
    train_bn: bool | None = None,
    moms: tuple[float, float, float] = (0.95, 0.85, 0.95),
    *,
    lin_ftrs: tuple[int, ...] | None = None,
    ps: float = 0.5,
    concat_pool: bool = True,
    first_bn: bool = True,
    bn_final: bool = False,
    lin_first: bool = False,
    y_range: tuple[float, float] | None = None,
    n_in: int | None = None,
    precision: str = "auto",
) -> Learner:
    """A `Learner` with a network of timm or torchvision, by name or function, and fastai's head.

    The body has pretrained weights unless `pretrained=False`; it is frozen to begin with, and pictures are
    normalised as it was trained. `weights` is a file of one's own. `train_bn` None means that the batch norms
    of frozen layers stay as they are (True trains them, as fastai does; see docs/decisions/003-train-bn.md).
    `n_in` is the number of channels, which the data say: 3, or 1 of `PILImageBW`. `precision` is float32, bfloat16, float16, or
    auto. Raises `ArchError` for an unknown network, or weights
    that cannot be had.

    >>> learn = vision_learner(dls, "resnet34", metrics="error_rate")  # doctest: +SKIP
    """
    need_dls(dls)
    n_in = _channels(dls, n_in)
    found = resolve(arch)
    called = f"{found.source}/{found.name}"
    spec = VisionModel(
        called,
        n_out if n_out is not None else dls.c,
        n_in,
        tuple(lin_ftrs) if lin_ftrs is not None else None,
        ps,
        concat_pool,
        first_bn,
        bn_final,
        lin_first,
        tuple(y_range) if y_range is not None else None,  # type: ignore[arg-type]
    )
    facts: dict[str, Any] = {"arch": found.name}
    norm = None
    if pretrained:
        model, have = spec.build_pretrained(weights)
        norm = _norm(have, n_in) if normalize else None
        facts |= {"weights": have.source, "licence": have.licence}
        if arch in ALIASES:
            note(
                f"{arch} is called {found.name} by timm; its weights: {have.source} ({have.licence})",
                once=True,
            )
    else:
        model = spec.build()
        facts["weights"] = "none: trained from the beginning"
    if dls.device.type == "cpu":
        spec.fold(model)
    if precision == "auto":
        precision = auto_precision(dls.device)
    learn = Learner(
        dls,
        model,
        loss_func,
        opt_func,
        lr,
        splitter or spec.splitter,
        cbs,
        metrics,
        path,
        model_dir,
        wd,
        wd_bn_bias,
        (not pretrained) if train_bn is None else train_bn,
        moms,
        model_spec=spec,
        norm=norm,
        facts=facts,
        precision=precision,
        channels_last=True,
    )
    if pretrained:
        learn.freeze()
    return learn


cnn_learner = vision_learner  # its name in the book


def _channels(dls: DataLoaders, n_in: int | None) -> int:
    """How many channels the images have. Raises `UsageError` where `n_in` says something else."""
    found = [
        b.channels for b in (dls.plan.inputs if dls.plan is not None else ()) if isinstance(b, ImageBlock)
    ]
    if n_in is None or not found or n_in == found[0]:
        return found[0] if found else n_in or 3
    way = (
        "For grey images of one channel make the data with img_cls=PILImageBW, or ImageBlock(cls=PILImageBW)."
        if n_in == 1
        else "Leave n_in away."
    )
    raise UsageError(f"n_in is {n_in}, and the images have {found[0]} channel{'s' * (found[0] > 1)}. {way}")


def _norm(have: Weights, n_in: int) -> Normalize | None:
    """What pictures are normalised with; those of one channel by the mean of the three."""
    if n_in == len(have.mean):
        return Normalize(have.mean, have.std)
    if n_in == 1:
        return Normalize((sum(have.mean) / len(have.mean),), (sum(have.std) / len(have.std),))
    return None
