"""Exceptions that leave a part of the run: the events that follow, as fastai 2.8.12 sends them, and what is left out."""

import pytest
import torch
from torch import nn

from tipoff.callbacks.ema import EMA
from tipoff.data import DataLoaders
from tipoff.learner import Learner
from tipoff.nn.losses import BCEWithLogitsLossFlat
from tipoff.notebook import callback
from tipoff.notebook import cancel as c
from tipoff.notebook.loaders import DataLoader
from tipoff.train.optim import SGD

EVENTS = [
    "before_fit", "before_epoch", "before_train", "before_batch", "after_pred", "after_loss", "before_backward",
    "after_backward", "before_step", "after_step", "after_batch", "after_train", "before_validate", "after_validate",
    "after_epoch", "after_fit", *(f"after_cancel_{p}" for p in
                                  ("backward", "step", "batch", "train", "validate", "epoch", "fit")),
]  # fmt: skip
INNER = EVENTS[3:11]

# raised once, in this event of the second batch of the first epoch -> events of two epochs, the next three
FASTAI = {
    ("Batch", "after_loss", True): (75, ["after_cancel_batch", "after_batch", "before_batch"]),
    ("Train", "before_step", True): (69, ["after_cancel_train", "after_train", "before_validate"]),
    ("Epoch", "after_pred", True): (54, ["after_cancel_epoch", "after_epoch", "before_epoch"]),
    ("Fit", "before_backward", True): (17, ["after_cancel_fit", "after_fit"]),
    ("Backward", "before_backward", True): (79, ["after_cancel_backward", "after_backward", "before_step"]),
    ("Step", "before_step", True): (79, ["after_cancel_step", "after_step", "after_batch"]),
    ("Batch", "before_batch", False): (77, ["after_cancel_batch", "after_batch", "after_validate"]),
    ("Valid", "after_loss", False): (78, ["after_cancel_validate", "after_validate", "after_epoch"]),
    ("Epoch", "before_validate", False): (70, ["after_cancel_epoch", "after_epoch", "before_epoch"]),
}


def learner(*cbs, n=24):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 4, generator=g)
    pairs = list(zip(x, (x[:, :1] > 0).float()))
    dls = DataLoaders(DataLoader(pairs, bs=8), DataLoader(pairs[:16], bs=8), device="cpu")
    torch.manual_seed(0)
    return Learner(dls, nn.Linear(4, 1), loss_func=BCEWithLogitsLossFlat(), opt_func=SGD, cbs=list(cbs))


def raises(exception, event, training=True, batch=1, every_epoch=False):
    """A callback that raises `exception` in `event` of one batch, and lists the events that it is sent."""
    done = []

    def of(name):
        def called(self):
            self.seen.append(name)
            at = name not in INNER or (self.training == training and self.iter == batch)
            if name == event and at and (every_epoch or not done):
                done.append(True)
                raise exception()

        return called

    made = type("Raises", (callback.Callback,), {e: of(e) for e in EVENTS})()
    made.seen = []
    return made


@pytest.mark.parametrize(("kind", "event", "training"), FASTAI, ids=lambda v: str(v))
def test_the_events_are_those_of_fastai(kind, event, training):
    n, following = FASTAI[kind, event, training]
    cb = raises(getattr(c, f"Cancel{kind}Exception"), event, training)
    learner(cb).fit(2, 0.1)
    at = next(i for i, e in enumerate(cb.seen) if "cancel" in e)
    assert len(cb.seen) == n and cb.seen[at : at + len(following)] == following


@pytest.mark.parametrize(
    "event", ["before_batch", "after_pred", "after_loss", "before_backward", "before_step"]
)
def test_a_batch_that_is_left_counts_for_nothing(event):
    """The weights are those of the other two batches, and so is the training loss unless it was known already."""
    learn, plain = learner(raises(c.CancelBatchException, event)), learner()
    learn.fit(1, 0.1)
    pairs = [plain.dls.train.dataset.samples[i] for i in (*range(8), *range(16, 24))]
    plain.dls = DataLoaders(DataLoader(pairs, bs=8), plain.dls.valid, device="cpu")
    plain.fit(1, 0.1)
    assert torch.allclose(learn.model.weight, plain.model.weight)
    if event != "before_step":
        assert learn.recorder.values[0] == pytest.approx(plain.recorder.values[0])


def test_training_that_is_left_goes_on_with_the_validation_and_the_schedule():
    learn = learner(raises(c.CancelTrainException, "after_batch", every_epoch=True))
    learn.fit_one_cycle(2, 0.1)
    whole = learner()
    whole.fit_one_cycle(2, 0.1)
    assert learn.recorder.lrs == [whole.recorder.lrs[i] for i in (0, 1, 3, 4)]
    assert len(learn.recorder.values) == 2 and learn.recorder.iters == [2, 4]


def test_an_epoch_that_is_left_has_no_validation_loss():
    learn = learner(raises(c.CancelEpochException, "before_batch"))
    learn.fit(2, 0.1)
    first, second = learn.recorder.values
    assert first[1] != first[1] and second[1] == second[1] and learn.n_epochs_done == 2


def test_an_epoch_that_is_left_during_the_validation_puts_averaged_weights_aside():
    learn = learner(raises(c.CancelEpochException, "before_batch", training=False), EMA(0.5))
    whole = learner(EMA(0.5))
    learn.fit(2, 0.1)
    whole.fit(2, 0.1)
    assert torch.equal(learn.model.weight, whole.model.weight)


def test_no_gradient_where_a_callback_computes_its_own():
    class Doubled(callback.Callback):
        def before_backward(self):
            (2 * self.loss_grad).backward()
            raise c.CancelBackwardException

    learn, plain = learner(Doubled()), learner()
    learn.fit(1, 0.05)
    plain.fit(1, 0.1)
    assert torch.allclose(learn.model.weight, plain.model.weight)


def test_a_step_that_is_cancelled_leaves_the_weights():
    class Never(callback.Callback):
        def before_step(self):
            raise c.CancelStepException

    learn = learner(Never())
    before = learn.model.weight.clone()
    learn.fit(1, 0.1)
    assert torch.equal(before, learn.model.weight) and len(learn.recorder.values) == 1


@pytest.mark.parametrize(
    ("kind", "event"), [("Valid", "before_batch"), ("Step", "after_loss"), ("Batch", "after_fit")]
)
def test_an_exception_that_nothing_hears_there_is_an_error(kind, event):
    exception = getattr(c, f"Cancel{kind}Exception")
    with pytest.raises(exception):
        learner(raises(exception, event)).fit(1, 0.1)


def test_the_smoothed_loss_is_not_the_last_one():
    seen = []

    class Look(callback.Callback):
        def after_step(self):
            seen.append((self.loss.item(), self.smooth_loss))

        def after_create(self):
            seen.append(type(self.model).__name__)

    learn = learner(Look())
    learn.fit(1, 0.1)
    learn.fit(1, 0.1)
    assert seen.count("Linear") == 1
    mean = weight = 0.0
    for loss, smooth in seen[1:4]:
        mean, weight = 0.98 * mean + 0.02 * loss, 0.98 * weight + 0.02
        assert smooth == pytest.approx(mean / weight)
