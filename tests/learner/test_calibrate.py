import pytest
import torch
from torch.nn import functional as F

from tipoff.bundle.predictor import load_predictor
from tipoff.errors import UsageError
from tipoff.learner.calibrate import Calibration, fit_temperature, sure_above
from tipoff.learner.state import load_learner
from tipoff.vision import ImageDataLoaders, Resize, vision_learner


def test_the_temperature_is_the_one_that_made_the_labels():
    g = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20_000, 5, generator=g)
    y = torch.multinomial((logits / 2.5).softmax(-1), 1, generator=g)[:, 0]
    assert fit_temperature(logits, y) == pytest.approx(2.5, rel=0.03)


def test_no_other_temperature_is_better():
    g = torch.Generator().manual_seed(1)
    logits, y = torch.randn(50, 3, generator=g), torch.randint(3, (50,), generator=g)
    t = fit_temperature(logits, y)
    best = F.cross_entropy(logits / t, y)
    assert all(F.cross_entropy(logits / (t * k), y) >= best for k in (0.8, 0.95, 1.05, 1.25) if t * k <= 20)


def two(p):
    return torch.stack([p, 1 - p], 1)


def test_what_is_called_sure_is_right_in_95_percent():
    p = torch.linspace(0.99, 0.55, 100)
    y = torch.zeros(100, dtype=torch.long)
    y[80:] = 1  # the twenty least sure answers are wrong
    t = sure_above(two(p), y)
    sure = p >= t
    assert float((y[sure] == 0).float().mean()) >= 0.95 and int(sure.sum()) in range(76, 85)


def test_a_perfect_model_is_still_not_sure_of_what_looks_unlike_anything():
    p = torch.linspace(0.9, 0.8, 101)
    assert sure_above(two(p), torch.zeros(101, dtype=torch.long)) == pytest.approx(0.805, abs=0.002)


def test_a_model_that_guesses_is_hardly_ever_sure():
    p = torch.linspace(0.99, 0.51, 100)
    y = (torch.arange(100) % 2).long()
    assert int((p >= sure_above(two(p), y)).sum()) <= 1


def test_a_model_whose_surest_answer_is_wrong_is_never_sure():
    p = torch.tensor([1.0, 0.9, 0.8])  # a probability may well be rounded to 1
    t = sure_above(two(p), torch.tensor([1, 0, 0]))
    assert not (p >= t).any()
    assert "sure of none of 3" in str(Calibration(1.0, t, 3, 0, 0))


def test_calibration_goes_into_the_model_file(photos, tmp_path):
    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.4, seed=42, item_tfms=Resize(64), bs=8)
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    with learn.no_bar():
        learn.fit(1, 1e-3)
    before, y = learn.get_preds()
    made = learn.calibrate()
    after, _ = learn.get_preds()
    assert torch.equal(before.argmax(-1), after.argmax(-1))
    assert F.nll_loss(after.log(), y) <= F.nll_loss(before.log(), y) + 1e-6
    assert made.n == len(y) and int((after.amax(-1) >= made.sure_above).sum()) == made.n_sure
    predictor = load_predictor(learn.export(tmp_path / "m.tipoff"))
    assert predictor.target.temperature == made.temperature
    unsure = torch.full((len(dls.vocab),), 1 / len(dls.vocab))
    assert predictor.target.answer(unsure)["sure"] is False
    assert predictor.target.sentence(unsure).startswith("not sure: ")


def test_calibration_needs_something_to_go_by(photos, tmp_path):
    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.4, seed=42, item_tfms=Resize(64), bs=8)
    file = vision_learner(dls, "resnet10t", pretrained=False).export(tmp_path / "m.tipoff")
    with pytest.raises(UsageError, match="validation items"):
        load_learner(file).calibrate()
