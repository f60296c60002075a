"""Runs whose loss is no number any more: they end with a sentence and with the last good weights."""

import math

import pytest
import torch
from torch import nn

from tests.train.train_parts import CLASSES, FEATURES, learner, loaders, network, rows, weights
from tipoff.callbacks import (
    EMA,
    Callback,
    EarlyStopping,
    KeepBest,
    Recorder,
    SaveCheckpoint,
    SaveModel,
    TerminateOnNaN,
)
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.notes import listening
from tipoff.train.checkpoint import read_checkpoint


@pytest.fixture
def heard():
    out: list[str] = []
    with listening(out.append):
        yield out


class Breaks(Callback):
    """Makes the loss of step `n` of the call no number."""

    def __init__(self, n: int, value: float = math.nan) -> None:
        self.left, self.value = n, value

    def after_loss(self, run) -> None:
        if run.training:
            if self.left == 0:
                run.loss = run.loss * self.value
            self.left -= 1


class Keep(Callback):
    """The weights at the end of each epoch."""

    order = 99

    def __init__(self) -> None:
        self.weights: list[torch.Tensor] = []

    def after_epoch(self, run) -> None:
        self.weights.append(torch.cat([v.flatten().double() for v in run.judged.state_dict().values()]))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_run_ends_with_the_weights_of_the_last_epoch_that_ended_well(heard, value):
    learn, keep = learner(), Keep()
    learn.fit(5, 0.01, cbs=[Breaks(6 * 2 + 3, value), keep])
    assert len(keep.weights) == 2 and torch.equal(weights(learn), keep.weights[1])
    assert heard == [
        f"training stopped in epoch 2, step 15: the loss is {value} at learning rate 0.01. The weights are those of the end of "
        "epoch 1. Try a lower learning rate: learn.lr_find() suggests one."
    ]
    assert learn.figures()["valid_loss"] == pytest.approx(learn.validate()[0], rel=1e-6)
    assert learn.opt is None and learn.n_epochs_done == 2


def test_in_the_first_epoch_they_are_those_of_before(heard):
    learn = learner()
    before = weights(learn)
    learn.fit(3, 1e30)
    assert torch.equal(weights(learn), before)
    assert "of before this training" in heard[0] and "1e+30" in heard[0]
    learn.fit(1, 0.01)  # and training goes on
    assert math.isfinite(learn.recorder.values[-1][1])


def test_no_later_stage_is_trained(heard):
    learn = learner(splitter=lambda m: [list(m[:2].parameters()), list(m[2:].parameters())])
    learn.fine_tune(2, cbs=Breaks(2))
    assert learn.n_epochs_done == 0 and len(heard) == 1


def test_the_last_step_of_all_is_looked_at_too(heard):
    """Its loss is a number still, and the weights that it leaves are none."""
    learn = learner(DataLoaders(loaders(bs=44).train, device="cpu"))

    class Poison(Callback):
        def after_backward(self, run):
            next(run.model.parameters()).grad.fill_(math.inf)

    before = weights(learn)
    learn.fit(1, 0.01, cbs=Poison())
    assert torch.equal(weights(learn), before) and "the loss is nan" in heard[0]


def test_the_best_epoch_goes_before_the_last_good_one(heard, tmp_path):
    for best in (KeepBest(), SaveModel(fname=tmp_path / "b")):
        learn, keep = learner(), Keep()

        class Says(Callback):
            order = 60

            def after_epoch(self, run):
                run.valid_loss = [0.1, 0.5][run.epoch - 1]

        learn.fit(5, 0.01, cbs=[Breaks(6 * 2 + 1), Says(), keep, best])
        assert torch.equal(weights(learn), keep.weights[0])
        assert learn.figures()["valid_loss"] == 0.1


def test_an_average_is_the_one_that_was_validated(heard):
    learn, keep = learner(model=network(norm=False)), Keep()
    learn.fit(4, 0.01, cbs=[EMA(0.9), Breaks(6 * 2 + 3), keep])
    assert torch.equal(weights(learn), keep.weights[1])


def test_early_stopping_and_saving_see_nothing_of_it(heard, tmp_path):
    learn = learner(path=tmp_path)
    learn.fit(6, 1e30, cbs=[EarlyStopping(patience=1), SaveModel()])
    assert not (tmp_path / "models").exists()


def test_the_checkpoint_stays_the_last_good_one(heard, tmp_path):
    file = tmp_path / "c.pt"
    learner().fit(2, 0.01, cbs=[SaveCheckpoint(file, every_steps=1), Breaks(4)])
    saved = read_checkpoint(file)["run"]
    assert saved["position"][2] == 4 and all(v.isfinite().all() for v in saved["model"].values())


def regression(x: torch.Tensor, y: torch.Tensor, x2: torch.Tensor, y2: torch.Tensor):
    dls = DataLoaders(Loader(TensorDataset(x, y), 8, seed=1), Loader(TensorDataset(x2, y2), 8), device="cpu")
    return learner(dls, nn.Linear(FEATURES, 1), loss_func=lambda p, t: ((p[:, 0] - t) ** 2).mean())


@pytest.mark.parametrize("what", ["targets", "inputs"])
def test_items_without_numbers_are_named(heard, what):
    x, y = rows(20)[0], torch.arange(20.0)
    (y if what == "targets" else x)[11:13] = math.nan
    regression(x, y, x[:5], y[:5]).fit(1)
    assert (
        f"The {what} of items 11, 12 of the training set are not finite numbers: leave these items out."
        in heard[0]
    )


def test_a_validation_loss_without_a_number_is_said_once_and_training_goes_on(heard):
    x, y = rows(20)[0], torch.arange(20.0)
    y2 = y[:9].clone()
    y2[4] = math.nan
    learn = regression(x, y, x[:9], y2)
    learn.fit(3)
    assert learn.n_epochs_done == 3 and len(heard) == 1
    assert heard[0].startswith("the validation loss of epoch 0 is nan, and such an epoch is never the best")
    assert "the targets of items 4 of the validation set" in heard[0]


def test_steps_that_a_gradient_scaler_leaves_out_end_no_run(heard, monkeypatch):
    monkeypatch.setattr("tipoff.train.engine.TorchEngine.skips_steps", True)

    class Scaler(Callback):
        def after_backward(self, run) -> None:
            if not run.loss.isfinite():
                run.skip_update()

    learn = learner()
    learn.fit(1, 0.01, cbs=[Breaks(3), Scaler()])
    assert learn.n_epochs_done == 1 and heard == [] and weights(learn).isfinite().all()


def test_a_loss_that_is_always_infinite_ends_a_run_in_float16_too(heard, monkeypatch):
    monkeypatch.setattr("tipoff.train.engine.TorchEngine.skips_steps", True)
    learn = learner(loss_func=lambda p, y: p.sum() * math.inf)
    learn.fit(1, 0.0)
    assert len(learn.recorder.losses) == 3


def test_it_can_be_taken_away(heard):
    learn = learner()
    learn.remove_cb(TerminateOnNaN)
    learn.fit(2, 1e30)
    assert learn.n_epochs_done == 2 and not any("stopped" in h for h in heard)
    assert any(isinstance(cb, Recorder) for cb in learn.cbs) and CLASSES == 3


def test_a_batch_whose_classes_weigh_nothing_is_no_end(heard):
    x, y = rows(24)
    y[:8] = 0
    loss = nn.CrossEntropyLoss(weight=torch.tensor([0.0, 1.0, 2.0]))
    dls = DataLoaders(Loader(TensorDataset(x, y), 8), device="cpu")
    learn = learner(dls, loss_func=loss)
    learn.fit(1, 0.01)
    assert heard == [] and learn.n_epochs_done == 1 and weights(learn).isfinite().all()
