"""Callbacks that watch a metric: what is stopped, which epoch is the best one, and what a run ends with."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.train.train_parts import learner, loaders, network, weights
from tipoff.callbacks import (
    Callback,
    EarlyStopping,
    GradientAccumulation,
    KeepBest,
    ReduceLROnPlateau,
    SaveModel,
)
from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import UsageError


def two_groups(m: nn.Module) -> list:
    return [list(m[:2].parameters()), list(m[2:].parameters())]


def tuned(*cbs, **kwargs):
    learn = learner(splitter=two_groups, **kwargs)
    learn.cbs += list(cbs)
    return learn


class Watch(Callback):
    """All figures of a call, one dict an epoch; and the weights they are of."""

    order = 79

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []
        self.weights: list[torch.Tensor] = []

    def after_epoch(self, run) -> None:
        self.seen.append(run.figures)
        self.weights.append(torch.cat([v.flatten().double() for v in run.model.state_dict().values()]))


class Says(Callback):
    """Replaces the validation loss of each epoch by what it is told."""

    order = 60

    def __init__(self, *losses: float) -> None:
        self.losses = list(losses)

    def after_epoch(self, run) -> None:
        run.valid_loss = self.losses.pop(0)


def test_early_stopping_of_the_frozen_stage_goes_on_with_all_layers():
    learn, watch = tuned(metrics="accuracy"), Watch()
    stop = EarlyStopping(monitor="accuracy", patience=1, min_delta=1)
    learn.fine_tune(3, 0.01, freeze_epochs=3, cbs=[stop, watch])
    assert len(watch.seen) == learn.n_epochs_done == 4  # two of each stage
    assert all(p.requires_grad for p in learn.model.parameters())


def test_rows_of_the_table_count_the_epochs_that_were_trained():
    learn = tuned()
    before = []
    learn.add_cb(
        type(
            "Keep", (Callback,), {"after_epoch": lambda s, run: before.append(run.epochs_before + run.epoch)}
        )()
    )
    learn.fine_tune(2, freeze_epochs=4, cbs=EarlyStopping(comp=lambda a, b: False, patience=1))
    assert before == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", [SaveModel, KeepBest])
def test_the_best_epoch_is_that_of_all_stages_of_a_call(kind, tmp_path):
    best, watch = kind(), Watch()
    learn = tuned(path=tmp_path)
    learn.fine_tune(2, 0.01, freeze_epochs=2, cbs=[Says(0.8, 0.3, 9.0, 19.0), watch, best])
    assert torch.equal(weights(learn), watch.weights[1])
    assert best.best == 0.3 and best.epoch == 1
    assert learn.figures()["valid_loss"] == 0.3


@pytest.mark.parametrize("kind", [SaveModel, KeepBest])
@pytest.mark.parametrize("forget", [True, False])
def test_the_best_epoch_is_that_of_all_calls_where_it_is_not_forgotten(kind, forget, tmp_path):
    best, watch = kind(reset_on_fit=forget), Watch()
    learn = learner(path=tmp_path)
    learn.fit(2, 0.01, cbs=[Says(0.2, 0.3), watch, best])
    learn.fit(2, 0.01, cbs=[Says(0.9, 0.5), watch, best])
    assert torch.equal(weights(learn), watch.weights[3 if forget else 0])
    assert best.best == (0.5 if forget else 0.2)


def test_a_call_that_counts_epochs_as_done_begins_with_a_new_best():
    best = KeepBest()
    learn = learner()
    learn.fit(1, cbs=[Says(0.1), best])
    learn.fit(3, start_epoch=1, cbs=[Says(0.9, 0.5), best])
    assert best.best == 0.5


def test_early_stopping_begins_anew_with_each_stage_and_the_learning_rate_too():
    stop, lower = EarlyStopping(patience=2), ReduceLROnPlateau(patience=1)
    learn = tuned()
    learn.fine_tune(2, freeze_epochs=2, cbs=[Says(0.1, 0.2, 0.9, 0.8), stop, lower])
    assert learn.n_epochs_done == 4 and stop.best == 0.8 and lower.scale == 1.0


def test_a_loss_that_is_no_number_is_never_the_best(tmp_path):
    best, stop = SaveModel(), EarlyStopping(patience=2)
    learn = learner(path=tmp_path)
    learn.fit(6, cbs=[Says(*[math.nan] * 6), best, stop])
    assert learn.n_epochs_done == 2
    assert not (tmp_path / "models").exists() and best.best is None
    learn.fit(3, cbs=[Says(math.nan, 0.5, math.nan), best])
    assert best.best == 0.5 and best.epoch == 1


def test_the_file_of_the_best_weights_is_where_load_looks(tmp_path):
    learn = learner(path=tmp_path)
    learn.fit(1, cbs=SaveModel(fname="best"))
    kept = weights(learn)
    learn.fit(1, 0.1)
    learn.load("best")
    assert torch.equal(weights(learn), kept)
    assert (tmp_path / "models" / "best.safetensors").exists()


def test_the_optimizer_is_kept_where_it_is_asked_for(tmp_path):
    learn = learner(path=tmp_path)
    learn.fit(2, 0.01, cbs=SaveModel(fname="best", with_opt=True))
    state = torch.load(tmp_path / "models" / "best.pth", weights_only=True)
    assert state["opt"]["state"]
    again = learner(path=tmp_path)
    again.load("best")
    assert again.opt is not None
    with pytest.raises(UsageError, match=r"with_opt=True needs a \.pth"):
        SaveModel(fname="best.safetensors", with_opt=True)


def test_the_best_epoch_of_frozen_layers_is_restored_with_an_optimizer_of_fewer(tmp_path):
    watch = Watch()
    learn = tuned(path=tmp_path)
    learn.fine_tune(1, 0.01, cbs=[Says(0.3, 9.0), watch, SaveModel(with_opt=True)])
    assert torch.equal(weights(learn), watch.weights[0])


def test_every_epoch_of_all_stages_is_kept(tmp_path):
    learn = tuned(path=tmp_path)
    learn.fine_tune(2, freeze_epochs=2, cbs=SaveModel(every_epoch=True))
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [
        f"model_{i}.safetensors" for i in range(4)
    ]
    learn.fit(4, cbs=SaveModel(fname="second", every_epoch=2))
    assert {p.stem for p in (tmp_path / "models").glob("second*")} == {"second_0", "second_2"}


def test_tensors_that_share_their_memory_are_kept(tmp_path):
    model = network()
    model[4].weight = nn.Parameter(torch.randn(3, 8))
    model.tied = nn.Linear(8, 3)
    model.tied.weight = model[4].weight
    model.forward = lambda x: nn.Sequential.forward(model[:5], x)
    learn = learner(model=model, path=tmp_path)
    learn.fit(1, cbs=SaveModel())
    assert (tmp_path / "models" / "model.safetensors").exists()


@pytest.mark.parametrize("kind", [EarlyStopping, KeepBest, ReduceLROnPlateau])
def test_without_a_validation_set_there_is_nothing_to_watch(kind):
    learn = learner(DataLoaders(loaders().train, device="cpu"))
    with pytest.raises(UsageError, match=r"watches 'valid_loss', and there is no validation set"):
        learn.fit(1, cbs=kind())
    learn.fit(1, cbs=kind(monitor="train_loss"))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: EarlyStopping(patience=0), "patience is 0; a whole number of 1 or more"),
        (lambda: EarlyStopping(patience="3"), "patience is '3'"),
        (lambda: EarlyStopping(patience=1.5), "patience is 1.5"),
        (lambda: EarlyStopping(min_delta="x"), "min_delta is 'x'"),
        (lambda: EarlyStopping(monitor=3), "monitor is 3; the name of a metric"),
        (lambda: EarlyStopping(comp="greater"), "comp is 'greater'; a function"),
        (lambda: ReduceLROnPlateau(factor=0.1), "factor is 0.1; a number above 1"),
        (lambda: ReduceLROnPlateau(min_lr=-1), "min_lr is -1"),
        (lambda: SaveModel(fname=""), "fname is ''; the name of a file"),
        (lambda: SaveModel(every_epoch=0.5), "every_epoch is 0.5"),
        (lambda: GradientAccumulation(0), "n_acc is 0"),
    ],
)
def test_wrong_arguments_are_said(make, said):
    with pytest.raises(UsageError, match=said):
        make()


def test_the_way_up_may_be_given():
    best = KeepBest(comp=np.greater)
    learner().fit(3, cbs=[Says(0.1, 0.4, 0.2), best])
    assert best.best == 0.4


def test_epochs_that_count_as_done_keep_the_schedule_with_accumulation():
    plain = learner(loaders(8, 48))
    plain.fit_one_cycle(3, 0.1, cbs=GradientAccumulation(16))
    later = learner(loaders(8, 48))
    later.fit_one_cycle(3, 0.1, start_epoch=1, cbs=GradientAccumulation(16))
    assert later.recorder.lrs == pytest.approx(plain.recorder.lrs[3:])
