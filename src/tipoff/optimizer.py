"""Optimizers with fastai's names and defaults: `fastai.optimizer`."""

from tipoff.train.optim import SGD, Adam

__all__ = ["SGD", "Adam"]
