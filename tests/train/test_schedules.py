"""What the learning rate and the momentum do at every step, against fastai's formulas written out here."""

import math

import pytest

from tests.train.train_parts import learner, loaders
from tipoff.train.callback import Callback
from tipoff.train.schedule import WarmRestarts


def cos(start: float, end: float, pos: float) -> float:
    """fastai's SchedCos."""
    return start + (1 + math.cos(math.pi * (1 - pos))) * (end - start) / 2


def one_cycle(pos: float, pct: float, start: float, middle: float, end: float) -> float:
    """fastai's combined_cos at `pos` in [0, 1]."""
    if pos == 1:
        return end
    return cos(start, middle, pos / pct) if pos < pct else cos(middle, end, (pos - pct) / (1 - pct))


def steps(learn) -> list[float]:
    """The positions at which fastai sets its hyper-parameters: before each step."""
    n = len(learn.recorder.lrs)
    return [i / n for i in range(n)]


def test_one_cycle_is_fastais_at_every_step():
    learn = learner()
    learn.fit_one_cycle(5, 3e-3)
    assert len(learn.recorder.lrs) == 5 * 6
    lrs = [one_cycle(p, 0.25, 3e-3 / 25, 3e-3, 3e-3 / 1e5) for p in steps(learn)]
    moms = [one_cycle(p, 0.25, 0.95, 0.85, 0.95) for p in steps(learn)]
    assert learn.recorder.lrs == pytest.approx(lrs, rel=1e-9)
    assert learn.recorder.moms == pytest.approx(moms, rel=1e-9)


def test_one_cycle_takes_its_shape_from_the_arguments():
    learn = learner()
    learn.fit_one_cycle(4, 0.1, div=10, div_final=100, pct_start=0.6, moms=(0.9, 0.7, 0.8))
    assert learn.recorder.lrs == pytest.approx([one_cycle(p, 0.6, 0.01, 0.1, 0.001) for p in steps(learn)])
    assert learn.recorder.moms == pytest.approx([one_cycle(p, 0.6, 0.9, 0.7, 0.8) for p in steps(learn)])


@pytest.mark.parametrize("n_epoch", [1, 3])
def test_one_cycle_peaks_where_asked(n_epoch):
    learn = learner(loaders(bs=2))
    learn.fit_one_cycle(n_epoch, 1e-2, pct_start=0.5)
    lrs = learn.recorder.lrs
    assert lrs.index(max(lrs)) == len(lrs) // 2 and max(lrs) == pytest.approx(1e-2)
    assert lrs[0] == pytest.approx(1e-2 / 25) and lrs[-1] < 1e-2 / 25


def test_flat_cos_is_fastais():
    learn = learner()
    learn.fit_flat_cos(4, 2e-3)
    assert learn.recorder.lrs == pytest.approx([one_cycle(p, 0.75, 2e-3, 2e-3, 2e-8) for p in steps(learn)])


@pytest.mark.parametrize("cycles, length, mult", [(3, 1, 2), (2, 2, 3), (4, 1, 1), (5, 1, 2)])
def test_sgdr_is_fastais(cycles, length, mult):
    learn = learner(loaders(bs=15))
    learn.fit_sgdr(cycles, length, 1e-2, cycle_mult=mult)
    lengths = [length * mult**i for i in range(cycles)]
    n_batches = len(learn.dls.train)
    assert len(learn.recorder.lrs) == sum(lengths) * n_batches
    wanted = [cos(1e-2, 0, i / (n * n_batches)) for n in lengths for i in range(n * n_batches)]
    assert learn.recorder.lrs == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_every_cycle_begins_at_the_peak_whatever_the_number_of_steps():
    for n_cycles, mult in ((3, 2), (2, 3), (4, 2), (5, 3), (6, 1)):
        schedule = WarmRestarts(1.0, n_cycles, mult)
        lengths = [mult**i for i in range(n_cycles)]
        for batches in range(1, 60):
            total = sum(lengths) * batches
            starts = [sum(lengths[:i]) * batches for i in range(n_cycles)]
            assert [schedule(s / total) for s in starts] == pytest.approx([1.0] * n_cycles)


def test_fine_tune_is_fastais_recipe():
    """One frozen epoch at base_lr up to 0.99 of it, then one cycle at half of it and less below (div 5)."""
    learn = learner(splitter=lambda m: [list(m[0].parameters()), list(m[1:].parameters())])
    seen = []

    class Look(Callback):
        order = 55

        def after_step(self, run):
            seen.append([g["lr"] for g in run.optims["model"].param_groups])

    learn.fine_tune(3, base_lr=2e-3, cbs=[Look()])
    n = len(learn.dls.train)
    frozen, open_ = seen[:n], seen[n:]
    assert [s[-1] for s in frozen] == pytest.approx(
        [one_cycle(i / n, 0.99, 2e-3 / 25, 2e-3, 2e-8) for i in range(n)]
    )
    last = [one_cycle(i / (3 * n), 0.3, 1e-3 / 5, 1e-3, 1e-8) for i in range(3 * n)]
    assert [s[-1] for s in open_] == pytest.approx(last)
    assert [s[0] for s in open_] == pytest.approx([v / 100 for v in last])
