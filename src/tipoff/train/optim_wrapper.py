"""PyTorch's optimizers, as fastai's users pass them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from tipoff.errors import UsageError


def OptimWrapper(
    params: Any = None,
    opt: Callable[..., torch.optim.Optimizer] | torch.optim.Optimizer | None = None,
    hp_map: Mapping[str, str] | None = None,
    convert_groups: bool = True,
    **kwargs: Any,
) -> torch.optim.Optimizer:
    """Make `opt` of `params`, or take one that is made: `opt_func=partial(OptimWrapper, opt=torch.optim.AdamW)`.

    A learner takes PyTorch's optimizers as they are (`opt_func=torch.optim.AdamW`): nothing is wrapped.

    Args:
        params: Parameters or groups of them; None where `opt` is an optimizer already.
        opt: A class of optimizers, or an optimizer.
        hp_map: Refused: `lr`, `mom`, `sqr_mom`, `wd` and `eps` are found by PyTorch's names.
        convert_groups: Without a meaning here: groups are PyTorch's.
        **kwargs: Arguments of `opt`.

    Raises:
        UsageError: `opt` is neither, or does not go with `params`.

    Example:
        >>> type(OptimWrapper([torch.nn.Parameter(torch.zeros(2))], torch.optim.AdamW, lr=1e-3)).__name__
        'AdamW'
    """
    if hp_map is not None:
        raise UsageError("hp_map is not used: lr, mom, sqr_mom, wd and eps are found by PyTorch's names.")
    if params is None and isinstance(opt, torch.optim.Optimizer):
        return opt
    if params is None or isinstance(opt, torch.optim.Optimizer) or not callable(opt):
        raise UsageError(
            "OptimWrapper takes parameters and a class of optimizers, such as OptimWrapper(params, torch.optim.AdamW), or "
            "an optimizer alone: OptimWrapper(opt=optimizer)."
        )
    return opt(params, **kwargs)
