"""Every public call of a learner: what its arguments may not be is said before anything begins."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import TensorDataset as TorchTensorDataset

from tests.train.train_parts import CLASSES, FEATURES, learner, loaders, network, rows, weights
from tipoff.callbacks import (
    EMA,
    Callback,
    CSVLogger,
    CutMix,
    GradientClip,
    MixUp,
    ParamScheduler,
    SaveCheckpoint,
    ShortEpochCallback,
)
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.errors import UsageError
from tipoff.interpret import ClassificationInterpretation


def two_groups(m: nn.Module) -> list:
    return [list(m[:2].parameters()), list(m[2:].parameters())]


WRONG = [
    (lambda x: x.fit(-1), "n_epoch is -1; a whole number of 0 or more"),
    (lambda x: x.fit("3"), "n_epoch is '3'"),
    (lambda x: x.fit(1.5), "n_epoch is 1.5"),
    (lambda x: x.fit(True), "n_epoch is True"),
    (lambda x: x.fit(1, "high"), "lr is 'high'"),
    (lambda x: x.fit(1, -1e-3), "lr is -0.001; a number of 0 or more"),
    (lambda x: x.fit(1, math.nan), "lr is nan"),
    (lambda x: x.fit(1, slice(None)), r"a slice of learning rates is slice\(1e-3\) or slice\(1e-5, 1e-3\)"),
    (lambda x: x.fit(1, slice(0, 1e-3)), "each end of lr is 0"),
    (lambda x: x.fit(1, slice("a", 1e-3)), "each end of lr is 'a'"),
    (lambda x: x.fit(1, slice(1e-5, 1e-3, 2)), "a slice of learning rates"),
    (lambda x: x.fit(1, [1e-3] * 3), "3 learning rates for 2 groups"),
    (lambda x: x.fit(1, [1e-3, 0]), "the last layers need a learning rate above 0"),
    (lambda x: x.fit(1, []), "the last layers need a learning rate"),
    (lambda x: x.fit(1, wd=-0.1), "wd is -0.1"),
    (lambda x: x.fit(1, wd="0.1"), "wd is '0.1'"),
    (lambda x: x.fit(1, cbs="EarlyStopping"), "cbs holds a str, which is no Callback"),
    (lambda x: x.fit(1, cbs=[dict]), "cbs holds the class dict, which is no Callback"),
    (lambda x: x.fit(1, cbs=SaveCheckpoint), "the class SaveCheckpoint, which needs arguments"),
    (lambda x: x.fit(2, start_epoch=3), "start_epoch is 3; it lies between 0 and n_epoch, 2"),
    (lambda x: x.fit(2, start_epoch="1"), "start_epoch is '1'"),
    (lambda x: x.fit_one_cycle(1, 0), "lr_max is 0; a number above 0"),
    (lambda x: x.fit_one_cycle(1, pct_start=1.5), "pct_start is 1.5; a number from 0 to 1"),
    (lambda x: x.fit_one_cycle(1, pct_start="0.3"), "pct_start is '0.3'"),
    (lambda x: x.fit_one_cycle(1, div=0), "div is 0"),
    (lambda x: x.fit_one_cycle(1, div_final=-1), "div_final is -1"),
    (lambda x: x.fit_one_cycle(1, moms=0.9), "moms is 0.9; 3 numbers"),
    (lambda x: x.fit_one_cycle(1, moms=(0.9, 0.8)), "3 numbers are needed"),
    (lambda x: x.fit_one_cycle(1, moms=(0.9, 0.8, 2)), r"moms\[2\] is 2"),
    (lambda x: x.fit_flat_cos(1, 0), "lr is 0; a number above 0"),
    (lambda x: x.fit_flat_cos(1, pct_start=-0.1), "pct_start is -0.1"),
    (lambda x: x.fit_sgdr(0, 1), "n_cycles is 0"),
    (lambda x: x.fit_sgdr(2, "1"), "cycle_len is '1'"),
    (lambda x: x.fit_sgdr(2, 1, cycle_mult=0.5), "cycle_mult is 0.5"),
    (lambda x: x.fine_tune(), "either a number of epochs or minutes="),
    (lambda x: x.fine_tune(-1), "epochs is -1"),
    (lambda x: x.fine_tune("2"), "epochs is '2'"),
    (lambda x: x.fine_tune(1, freeze_epochs=-1), "freeze_epochs is -1"),
    (lambda x: x.fine_tune(1, 0), "base_lr is 0"),
    (lambda x: x.fine_tune(1, "2e-3"), "base_lr is '2e-3'"),
    (lambda x: x.fine_tune(1, slice(1e-5, 1e-3)), "base_lr is slice"),
    (lambda x: x.fine_tune(1, lr_mult=0), "lr_mult is 0"),
    (lambda x: x.fine_tune(1, lr_max="x"), "lr_max is 'x'"),
    (lambda x: x.fine_tune(1, start_epoch=9), "start_epoch is 9"),
    (lambda x: x.fine_tune(minutes=0), "minutes is 0"),
    (lambda x: x.fine_tune(minutes="2"), "minutes is '2'"),
    (lambda x: x.freeze_to(9), r"freeze_to\(9\): there are 2 groups of layers, so n lies between -2 and 1"),
    (lambda x: x.freeze_to(-9), r"freeze_to\(-9\)"),
    (lambda x: x.freeze_to("head"), "n is 'head'"),
    (lambda x: x.validate(7), "ds_idx is 7; 0 are the training items, 1 the validation items"),
    (lambda x: x.validate(-1), "ds_idx is -1"),
    (lambda x: x.validate("valid"), "ds_idx is 'valid'"),
    (lambda x: x.validate(dl=x.dls), "dl holds DataLoaders of several splits: pass one of them"),
    (lambda x: x.get_preds(dl=["a.jpg"]), r"dl is a list; a loader is needed, such as dl=learn\.dls\.test_dl\(items\)"),
    (lambda x: x.get_preds(act="softmax"), "act is 'softmax'"),
    (lambda x: x.get_preds(1, Path("a")), "dl is a PosixPath|dl is a WindowsPath"),
    (lambda x: x.tta(n=0), "n is 0"),
    (lambda x: x.tta(beta=2), "beta is 2"),
    (lambda x: x.show_results(max_n=0), "max_n is 0"),
    (lambda x: x.save(3), "file is 3"),
    (lambda x: x.save(""), "file is ''"),
    (lambda x: x.load("x", device="gpu"), "device is 'gpu'"),
    (lambda x: x.export(None), "fname is None"),
    (lambda x: x.resume(3), "file is 3"),
    (lambda x: x.add_cb("MixUp"), "cbs holds a str"),
    (lambda x: x.remove_cb("MixUp"), "cb is 'MixUp'; a callback or its class is needed"),
    (lambda x: x.get_preds(with_input="no"), "with_input is 'no'; True or False is needed"),
    (lambda x: x.validate(dl=Loader(TensorDataset(rows(5)[0], n_targets=0), 4)), "no labels, so there is no loss"),
    (lambda x: x.get_preds(dl=Loader(TensorDataset(rows(5)[0], n_targets=0), 4), with_loss=True), "no labels"),
    (lambda x: x.recorder.plot_sched(), "There is no schedule to plot yet"),
    (lambda x: x.recorder.plot_loss(skip_start="x"), "skip_start is 'x'"),
]  # fmt: skip


@pytest.mark.parametrize("n", range(len(WRONG)))
def test_a_wrong_argument_is_said_and_nothing_is_done(n):
    call, said = WRONG[n]
    learn = learner(splitter=two_groups)
    before = weights(learn)
    with pytest.raises(UsageError, match=said):
        call(learn)
    assert torch.equal(weights(learn), before) and learn.n_epochs_done == 0 and learn.opt is None


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: EMA(1.5), "decay is 1.5"),
        (lambda: MixUp(0), "alpha is 0"),
        (lambda: CutMix("1"), "alpha is '1'"),
        (lambda: GradientClip(-1), "max_norm is -1"),
        (lambda: SaveCheckpoint(None), "path is None"),
        (lambda: SaveCheckpoint("c.pt", every_steps=0), "every_steps is 0"),
        (lambda: CSVLogger(""), "fname is ''"),
        (lambda: ShortEpochCallback(0), "pct is 0; a number above 0 and up to 1"),
        (lambda: ParamScheduler({"lr": 1e-3}), "functions by name are needed"),
        (lambda: learner(lr="x"), "lr is 'x'"),
        (lambda: learner(lr=slice(None)), "a slice of learning rates"),
    ],
)
def test_callbacks_and_learners_refuse_what_they_cannot_use(make, said):
    with pytest.raises(UsageError, match=said):
        make()


def test_what_lr_find_returns_is_a_learning_rate():
    learn = learner(loaders(8, 200), splitter=two_groups)
    found = learn.lr_find(show_plot=False)
    learn.fine_tune(1, found)
    assert max(learn.recorder.lrs) == pytest.approx(found.valley / 2, rel=1e-2)
    learn.fit_one_cycle(1, found)
    assert max(learn.recorder.lrs) == pytest.approx(found.valley, rel=1e-2)


def test_a_hyperparameter_that_was_not_scheduled_cannot_be_drawn():
    learn = learner()
    learn.fit(1)
    with pytest.raises(UsageError, match="keys is 'lrr'; it is one of lr. Did you mean 'lr'"):
        learn.recorder.plot_sched("lrr")


def test_a_learning_rate_of_zero_measures_without_training():
    learn = learner(model=network(norm=False))
    before = weights(learn)
    learn.fit(1, 0)
    assert torch.equal(weights(learn), before) and learn.recorder.values


def test_a_loader_of_pytorch_is_a_loader():
    learn = learner(metrics="accuracy")
    torch_dl = TorchDataLoader(TorchTensorDataset(*rows(19, 1)), batch_size=5)
    assert learn.validate(dl=torch_dl) == pytest.approx(learn.validate(), abs=1e-6)
    assert torch.allclose(learn.get_preds(dl=torch_dl)[0], learn.get_preds()[0], atol=1e-6)


def test_without_a_validation_set_validate_says_so():
    learn = learner(DataLoaders(loaders().train, device="cpu"))
    with pytest.raises(UsageError, match="There are no validation items: pass valid_pct=0.2"):
        learn.validate()


def test_a_batch_of_one_cannot_train_batch_norms():
    dls = loaders(bs=8, n=17, shuffle=False)
    with pytest.raises(UsageError, match="A batch of 1 cannot be trained on, as batch norms need two items"):
        learner(dls).fit(1)
    learner(loaders(bs=8, n=17, shuffle=False, drop_last=True)).fit(1)


def test_metrics_may_be_given_later_as_they_are_at_first():
    learn = learner()
    learn.metrics = "accuracy"
    learn.fit(1)
    assert len(learn.validate()) == 2 and len(learn.recorder.values[0]) == 3


def test_classes_of_loaders_of_ones_own_are_numbers():
    learn = learner()
    seen = ClassificationInterpretation.from_learner(learn)
    assert seen.confusion_matrix().sum() == 19 and seen.vocab == list(range(CLASSES))
    assert seen.top_losses(2, items=True)[2] == seen.top_losses(2)[1].tolist()
    with pytest.raises(UsageError, match="plot_top_losses needs DataLoaders made from a DataBlock"):
        seen.plot_top_losses(3)


def test_items_without_labels_cannot_be_compared(photos):
    from tipoff.vision import ImageDataLoaders, Resize, vision_learner

    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.25, seed=42, item_tfms=Resize(32), bs=8)
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    with pytest.raises(UsageError, match="These items have no labels"):
        ClassificationInterpretation.from_learner(
            learn, dl=learn.dls.test_dl(sorted(photos.rglob("*.jpg"))[:4])
        )
    assert FEATURES == 6


def test_the_log_of_a_call_has_all_its_stages(tmp_path):
    log = CSVLogger(tmp_path / "log.csv")
    learn = learner(splitter=two_groups)
    learn.fine_tune(2, freeze_epochs=2, cbs=log)
    assert log.read_log()["epoch"].tolist() == [0, 1, 2, 3]
    learn.fit(1, cbs=log)
    assert len(log.read_log()) == 1 and isinstance(log, Callback)
