"""A model of a table that was loaded goes on learning as it did, from other rows too."""

import math

import pytest
import torch

from tests.people import people
from tipoff.callbacks.gradients import GradientClip
from tipoff.errors import DataError
from tipoff.learner import load_learner
from tipoff.notes import listening
from tipoff.tabular import TabularDataLoaders, tabular_learner

COLUMNS = {"cat_names": ["job", "city"], "cont_names": ["age", "hours"], "y_names": "rich"}


def loaders(frame, **options):
    return TabularDataLoaders.from_df(frame, **{**COLUMNS, "seed": 1, "device": "cpu", "bs": 64, **options})


def exported(tmp_path, **options):
    learn = tabular_learner(loaders(people()), layers=[16], **options)
    with learn.no_bar():
        learn.fit_one_cycle(1)
    return learn, learn.export((tmp_path / "m.tipoff").absolute())


@pytest.mark.parametrize("arch", ["tabm", "mlp"])
def test_rates_and_the_like_are_those_it_was_made_with(tmp_path, arch):
    learn, file = exported(tmp_path, arch=arch, wd=0.03, moms=(0.9, 0.8, 0.9))
    again = load_learner(file)
    assert again.recipe() == learn.recipe()
    assert again.engine.precision == "float32", "as the model file answers"
    again.dls = loaders(people())
    assert again.engine.precision == learn.engine.precision
    assert sum(isinstance(c, GradientClip) for c in again.cbs) == (arch == "tabm")


def test_the_rate_goes_with_the_batch_size(tmp_path):
    learn, file = exported(tmp_path)
    again = load_learner(file)
    again.dls = loaders(people(), bs=256)
    assert again.lr == pytest.approx(2 * learn.lr)
    again.dls = loaders(people(), bs=256)
    assert again.lr == pytest.approx(2 * learn.lr)


def test_going_on_is_going_on(tmp_path):
    learn, file = exported(tmp_path, precision="float32")
    again = load_learner(file)
    again.to_fp32()
    again.dls, again.n_epochs_done = learn.dls, learn.n_epochs_done
    for it in (learn, again):
        torch.manual_seed(0)
        with it.no_bar():
            it.fit(1, reset_opt=True)
    for a, b in zip(learn.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_other_rows_are_read_as_those_it_learned_from(tmp_path):
    _, file = exported(tmp_path)
    again = load_learner(file)
    plan = again.dls.plan
    other = people(300, 5).query("job != 'cook'").assign(age=lambda f: f.age + 40)
    again.dls = loaders(other)
    assert again.dls.plan == plan
    frame = again.dls.train_ds.frame
    wanted = plan.inputs[0].encode_all(frame)
    assert torch.equal(again.dls.train_ds.cats, wanted[0]) and torch.equal(
        again.dls.train_ds.conts, wanted[1]
    )
    with again.no_bar():
        again.fit_auto(epochs=1)
    assert math.isfinite(again.validate()[0])


def test_other_columns_are_refused(tmp_path):
    _, file = exported(tmp_path)
    with pytest.raises(DataError, match="city"):
        load_learner(file).dls = loaders(people().drop(columns="city"), cat_names=["job"])


def test_a_loss_of_ones_own_is_named(tmp_path):
    def my_loss(pred, y):
        return torch.nn.functional.cross_entropy(pred, y)

    _, file = exported(tmp_path, arch="mlp", loss_func=my_loss)
    again, said = load_learner(file), []
    with listening(said.append):
        again.dls = loaders(people())
    assert any("trained with the loss my_loss" in s and "learn.loss_func" in s for s in said)
