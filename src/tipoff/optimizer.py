"""Optimizers with fastai's names and defaults, and the steppers they are made of: `fastai.optimizer`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.train.adaptive import (
    Lamb,
    Larc,
    QHAdam,
    RAdam,
    RMSProp,
    adam_step,
    lamb_step,
    larc_layer_lr,
    larc_step,
    qhadam_step,
    radam_step,
    rms_prop_step,
)
from tipoff.train.lookahead import Lookahead, ranger
from tipoff.train.optim import SGD, Adam
from tipoff.train.optim_wrapper import OptimWrapper
from tipoff.train.steppers import (
    Optimizer,
    average_grad,
    average_sqr_grad,
    debias,
    l2_reg,
    momentum_step,
    sgd_step,
    step_stat,
    weight_decay,
)

__all__ = [
    "SGD",
    "Adam",
    "Lamb",
    "Larc",
    "Lookahead",
    "OptimWrapper",
    "Optimizer",
    "QHAdam",
    "RAdam",
    "RMSProp",
    "adam_step",
    "average_grad",
    "average_sqr_grad",
    "debias",
    "l2_reg",
    "lamb_step",
    "larc_layer_lr",
    "larc_step",
    "momentum_step",
    "qhadam_step",
    "radam_step",
    "ranger",
    "rms_prop_step",
    "sgd_step",
    "step_stat",
    "weight_decay",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
