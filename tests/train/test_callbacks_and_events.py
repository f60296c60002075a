"""Callbacks in company: averages with early stopping, mixtures in groups, and names that are nearly events."""

from functools import partial

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.train.train_parts import learner, loaders, network, rows, weights
from tipoff.callbacks.best import SaveModel
from tipoff.callbacks.ema import EMA
from tipoff.callbacks.gradients import GradientAccumulation
from tipoff.callbacks.mixing import MixUp
from tipoff.callbacks.terminate import TerminateOnNaN
from tipoff.callbacks.tracking import EarlyStopping, ReduceLROnPlateau
from tipoff.errors import UsageError
from tipoff.train.callback import Callback
from tipoff.train.events import EVENTS


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("after_bach", "after_batch"),
        ("before_fits", "before_fit"),
        ("after_steps", "after_step"),
        ("befor_epoch", "before_epoch"),
        ("aftr_loss", "after_loss"),
        ("before_validation", "before_validate"),
    ],
)
def test_a_misspelt_event_gives_the_right_one(wrong, right):
    with pytest.raises(TypeError, match=rf"Wrong\.{wrong} is not an event of a run\. Did you mean '{right}'"):
        type("Wrong", (Callback,), {wrong: lambda self, run: None})


def test_an_event_unlike_any_lists_them_all():
    with pytest.raises(TypeError, match=r"Events are: before_fit, .*, after_fit"):
        type("Wrong", (Callback,), {"after_xyzzy_plugh": lambda self, run: None})


def test_other_methods_and_values_are_free():
    type(
        "Fine",
        (Callback,),
        {"draw": lambda self: None, "after": 3, "steps": 1, "_after_bach": lambda self: 0},
    )


def test_events_come_in_the_order_that_is_written_down():
    seen = []
    listening = {e: lambda self, run, e=e: seen.append(e) for e in EVENTS}
    learn = learner(loaders(bs=44))
    learn.fit(1, cbs=type("All", (Callback,), listening)())
    valid = ["before_batch", "after_pred", "after_loss", "after_batch"]
    train = ["before_step", *valid, "after_backward", "after_step"]
    assert seen == [
        "before_fit", "before_epoch", "before_train", *train, "after_train",
        "before_validate", *valid * 3, "after_validate", "after_epoch", "after_fit",
    ]  # fmt: skip


def test_after_fit_comes_after_an_error_too():
    seen = []

    class Fails(Callback):
        def after_loss(self, run):
            raise RuntimeError("boom")

        def after_fit(self, run):
            seen.append("after_fit")

    with pytest.raises(RuntimeError, match="boom"):
        learner().fit(1, cbs=Fails())
    assert seen == ["after_fit"]


class Keep(Callback):
    """Keeps what the loss was computed from."""

    order = 30

    def __init__(self) -> None:
        self.seen: list = []

    def after_loss(self, run) -> None:
        if run.training:
            self.seen.append((run.batch, run.pred.detach(), float(run.loss.detach())))


def test_mixtures_in_a_group_keep_their_own_shares():
    """Each batch of an accumulated group has its share and order: its loss is that of its own mixture."""
    n, alone, grouped = 20, Keep(), Keep()
    for keep, extra in ((alone, []), (grouped, [GradientAccumulation(24)])):
        learn = learner(loaders(8, n, shuffle=False), network(norm=False), opt_func=torch.optim.SGD)
        learn.fit(1, 0.0, cbs=[MixUp(), keep, *extra])
    x, y = rows(n)
    for batch, pred, loss in grouped.seen:
        own, at = x[batch.items], batch.items
        found = []  # the share and partner of each sample, found from the inputs alone
        for i in range(len(at)):
            fits = []
            for j in range(len(at)):
                d = own[i] - own[j]
                lam = 1.0 if i == j else float(((batch.x[0][i] - own[j]) @ d) / (d @ d))
                fits.append((float((own[j] + lam * d - batch.x[0][i]).abs().max()), lam, j))
            found.append(min(fits))
        assert max(f[0] for f in found) < 1e-5
        lam = min(f[1] for f in found)
        other = torch.tensor([f[2] if f[1] < 1 else i for i, f in enumerate(found)])
        each = partial(nn.functional.cross_entropy, pred, reduction="none")
        wanted = lam * each(y[at]) + (1 - lam) * each(y[at][other])
        assert loss == pytest.approx(float(wanted.mean()), abs=1e-4)
    assert [len(b.items) for b, _, _ in grouped.seen] == [8, 8, 4] == [len(b.items) for b, _, _ in alone.seen]


def by_hand(decay: float, n_epoch: int) -> torch.Tensor:
    """The average that EMA promises, of a run without it."""

    class Average(Callback):
        def before_fit(self, run):
            self.mean = [v.detach().double().clone() for v in run.model.parameters()]

        def after_step(self, run):
            d = min(decay, (1 + run.n_steps) / (10 + run.n_steps))
            self.mean = [d * m + (1 - d) * p for m, p in zip(self.mean, run.model.parameters(), strict=True)]

    cb, learn = Average(), learner(model=network(norm=False))
    learn.fit(n_epoch, 0.01, cbs=cb)
    return torch.cat([m.detach().flatten() for m in cb.mean])


def test_the_run_ends_with_the_average_of_its_weights():
    learn = learner(model=network(norm=False))
    learn.fit(3, 0.01, cbs=EMA(0.9))
    assert torch.allclose(weights(learn), by_hand(0.9, 3), atol=1e-5)


def test_a_run_that_stops_early_ends_with_the_average_too():
    learn = learner(model=network(norm=False))
    stop = EarlyStopping(patience=1, comp=lambda a, b: False)
    learn.fit(9, 0.01, cbs=[EMA(0.9), stop])
    assert len(learn.recorder.values) == 2
    assert torch.allclose(weights(learn), by_hand(0.9, 2), atol=1e-5)


def test_the_best_weights_are_those_that_were_judged(tmp_path):
    """With an average that validation sees, the average is what is kept, and it has the figure it was kept for."""
    learn = learner(model=network(norm=False))
    learn.fit(4, 0.05, cbs=[EMA(0.99), SaveModel(fname=tmp_path / "best")])
    best = min(v[1] for v in learn.recorder.values)
    assert learn.validate()[0] == pytest.approx(best, abs=1e-6)
    kept = torch.cat([v.flatten().double() for v in load_file(tmp_path / "best.safetensors").values()])
    assert len(kept) == len(weights(learn))


def test_the_rate_is_lowered_and_starts_again_with_the_next_fit():
    lower = ReduceLROnPlateau(comp=lambda a, b: False, patience=1)
    learn = learner(loaders(bs=44))
    learn.fit(4, 1.0, cbs=lower)
    assert learn.recorder.lrs == pytest.approx([1.0, 1.0, 0.1, 0.01])
    learn.fit(2, 1.0, cbs=lower)
    assert learn.recorder.lrs == [1.0, 1.0]


def test_a_minimum_does_not_raise_a_rate_that_warms_up():
    learn = learner()
    learn.fit_one_cycle(1, 1e-3, cbs=ReduceLROnPlateau(min_lr=5e-4))
    assert learn.recorder.lrs[0] == pytest.approx(1e-3 / 25)


def test_a_loss_that_is_not_finite_stops_the_run_and_spares_the_weights():
    def loss(pred, y):
        return pred.sum() * float("inf")

    learn = learner(loss_func=loss)
    before = [p.clone() for p in learn.model.parameters()]
    learn.fit(5, 0.1, cbs=TerminateOnNaN())
    assert len(learn.recorder.losses) == 1
    assert all(torch.equal(a, b) for a, b in zip(before, learn.model.parameters(), strict=True))


def test_watching_a_figure_that_is_not_there_offers_one():
    with pytest.raises(UsageError, match="Did you mean 'accuracy'"):
        learner(metrics="accuracy").fit(1, cbs=EarlyStopping(monitor="acuracy"))
