"""fastai's schedules against its formulas, and in a run."""

import math

import pytest
import torch

from tests.train.train_parts import learner
from tipoff.callbacks import ParamScheduler, ShortEpochCallback, ShowGraphCallback
from tipoff.errors import UsageError
from tipoff.train import annealing as a
from tipoff.train.optim import SGD, Adam, set_hyperparameter

POINTS = [0.0, 0.1, 0.25, 0.5, 0.7, 0.99, 1.0]
FORMULAS = {  # fastai.callback.schedule
    "lin": (a.SchedLin, a.sched_lin, lambda s, e, p: s + p * (e - s)),
    "cos": (a.SchedCos, a.sched_cos, lambda s, e, p: s + (1 + math.cos(math.pi * (1 - p))) * (e - s) / 2),
    "no": (a.SchedNo, a.sched_no, lambda s, e, p: s),
    "exp": (a.SchedExp, a.sched_exp, lambda s, e, p: s * (e / s) ** p),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("pos", POINTS)
def test_schedules_are_the_formulas(name, pos):
    made, plain, formula = FORMULAS[name]
    want = pytest.approx(formula(0.2, 3.0, pos))
    assert made(0.2, 3.0)(pos) == want and plain(0.2, 3.0, pos) == want
    assert a.annealer(formula)(0.2, 3.0)(pos) == want
    assert a.SchedPoly(0.2, 3.0, 2)(pos) == pytest.approx(0.2 + 2.8 * pos**2)


@pytest.mark.parametrize("pos", POINTS)
def test_combined_schedules_take_turns(pos):
    cos = FORMULAS["cos"][2]
    want = cos(0.3, 0.5, pos / 0.3) if pos < 0.3 else cos(0.5, 0.2, (pos - 0.3) / 0.7)
    both = a.combine_scheds([0.3, 0.7], [a.SchedCos(0.3, 0.5), a.SchedCos(0.5, 0.2)])
    assert both(pos) == pytest.approx(want) and a.combined_cos(0.3, 0.3, 0.5, 0.2)(pos) == pytest.approx(want)


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(UsageError, match="add up to 0.9"):
        a.combine_scheds([0.2, 0.7], [a.SchedNo(1, 1)] * 2)
    with pytest.raises(UsageError, match="2 shares for 1"):
        a.combine_scheds([0.5, 0.5], [a.SchedNo(1, 1)])
    assert a.combine_scheds([0.1] * 10, [a.SchedNo(i, i) for i in range(10)])(0.95) == 9
    assert a.combine_scheds([0.0, 1.0], [a.SchedNo(1, 1), a.SchedNo(2, 2)])(0.0) == 2


def test_a_run_follows_the_functions():
    learn = learner()
    wd, mom = [], []

    class Look(ParamScheduler):
        def after_backward(self, run):
            for group in learn.opt.param_groups:
                wd.append((group["decays"], group["weight_decay"]))
            mom.append(learn.opt.param_groups[0]["betas"][0])

    scheds = {"lr": a.SchedLin(1e-3, 2e-3), "wd": a.SchedLin(0.1, 0.2), "mom": a.SchedCos(0.9, 0.8)}
    learn.fit(2, cbs=Look(scheds))
    n = len(mom)
    assert learn.recorder.lrs == pytest.approx([1e-3 + 1e-3 * i / n for i in range(n)])
    assert [w for decays, w in wd if decays] == pytest.approx([0.1 + 0.1 * i / n for i in range(n)])
    assert {w for decays, w in wd if not decays} == {0.0}
    assert mom == pytest.approx([FORMULAS["cos"][2](0.9, 0.8, i / n) for i in range(n)])


def test_a_hyper_parameter_that_is_not_there_is_refused():
    with pytest.raises(
        UsageError, match=r"no hyper-parameter 'lrs'\. Did you mean 'lr'\? It has lr, mom, wd, sqr_mom, eps"
    ):
        learner().fit(1, cbs=ParamScheduler({"lrs": a.SchedNo(1, 1)}))
    with pytest.raises(UsageError, match="one number"):
        learner().fit(1, cbs=ParamScheduler({"lr": lambda p: [1e-3, 1e-4]}))
    group = SGD([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    with pytest.raises(UsageError, match="sqr_mom"):
        set_hyperparameter(group, "sqr_mom", 0.5)
    group = Adam([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    set_hyperparameter(group, "sqr_mom", 0.5)
    assert group["betas"] == (0.9, 0.5)


def test_a_short_epoch_ends_early_and_the_schedule_goes_on():
    learn, whole = learner(), learner()
    learn.fit_one_cycle(2, 1e-2, cbs=ShortEpochCallback(0.3))
    whole.fit_one_cycle(2, 1e-2)
    n = len(whole.dls.train)
    seen = math.ceil(0.3 * n)
    assert learn.recorder.lrs == [r for i, r in enumerate(whole.recorder.lrs) if i % n < seen]
    assert len(learn.recorder.values) == 2
    with pytest.raises(UsageError, match="pct is 5; a number above 0 and up to 1"):
        ShortEpochCallback(5)


def test_the_graph_and_the_plots_of_the_recorder():
    import matplotlib

    matplotlib.use("Agg")
    graph, learn = ShowGraphCallback(), learner()
    learn.metrics = []
    learn.fit(2, cbs=graph)
    train, valid = graph.figure.axes[0].lines
    assert list(train.get_ydata()) == pytest.approx(learn.recorder.smooth())
    assert list(valid.get_ydata()) == [v[1] for v in learn.recorder.values]
    with pytest.raises(UsageError, match="no metrics to plot"):
        learn.recorder.plot_metrics()
    from tipoff.metrics import as_metrics

    learn.metrics = as_metrics(["accuracy", "error_rate"])
    learn.fit(2)
    figure = learn.recorder.plot_metrics(show=False)
    assert [ax.get_ylabel() for ax in figure.axes] == ["accuracy", "error_rate"]
    assert list(figure.axes[0].lines[0].get_ydata()) == [v[2] for v in learn.recorder.values]
    learn.lr_find(num_it=40, show_plot=False, stop_div=False)
    n = [len(learn.recorder.plot_lr_find(k, show=False).axes[0].lines[0].get_ydata()) for k in (5, 0)]
    assert n == [25, 30]
    marked = learn.recorder.plot_lr_find(suggestions=[1e-3], nms=["mine"], show=False)
    assert marked.axes[0].get_legend_handles_labels()[1] == ["mine 1.0e-03"]
