"""Exceptions by which a callback of a notebook leaves a part of the run, with fastai's names."""

from __future__ import annotations

from collections.abc import Callable

from tipoff.train.run import Run

OF_BATCHES = (  # fastai's events that are sent for each batch
    "before_batch",
    "after_pred",
    "after_loss",
    "before_backward",
    "after_backward",
    "before_step",
    "after_step",
    "after_batch",
)


class CancelBackwardException(Exception):
    """Raised in `before_backward`: no gradient is computed; go on with `after_backward`."""


class CancelStepException(Exception):
    """Raised in `before_step`: the optimizer does not move the weights; go on with `after_step`."""


class CancelBatchException(Exception):
    """Raised in an event of a batch: leave the rest of it and the weights as they are; go on with `after_batch`."""


class CancelTrainException(Exception):
    """Raised while training: leave the training part of the epoch; go on with `after_train`."""


class CancelValidException(Exception):
    """Raised while validating: leave the validation; go on with `after_validate`."""


class CancelEpochException(Exception):
    """Raised in an epoch: leave the rest of it; go on with `after_epoch`."""


class CancelFitException(Exception):
    """Raised in a callback: end the training, without this step; go on with `after_fit`."""


CANCELS: dict[
    type[Exception], tuple[str, Callable[[str, Run], bool]]
] = {  # what is left, and where that is heard
    CancelBackwardException: ("backward", lambda event, run: event == "before_backward"),
    CancelStepException: ("step", lambda event, run: event == "before_step"),
    CancelBatchException: ("batch", lambda event, run: event in OF_BATCHES and event != "after_batch"),
    CancelTrainException: (
        "train",
        lambda event, run: run.training and event in (*OF_BATCHES, "before_train"),
    ),
    CancelValidException: (
        "validate",
        lambda event, run: not run.training and event in (*OF_BATCHES, "before_validate"),
    ),
    CancelEpochException: (
        "epoch",
        lambda event, run: event not in ("before_fit", "after_epoch", "after_fit"),
    ),
    CancelFitException: ("fit", lambda event, run: event != "after_fit"),
}
