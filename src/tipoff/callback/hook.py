"""What layers give, kept to be looked at: `fastai.callback.hook`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.nn.hooks import (
    Hook,
    Hooks,
    has_params,
    hook_output,
    hook_outputs,
    model_sizes,
    num_features_model,
    total_params,
)

__all__ = [
    "Hook",
    "Hooks",
    "has_params",
    "hook_output",
    "hook_outputs",
    "model_sizes",
    "num_features_model",
    "total_params",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
