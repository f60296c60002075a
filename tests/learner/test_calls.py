"""The calls of a learner, with the arguments that notebooks give them."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from tipoff.data import DataLoaders
from tipoff.display import get_grid
from tipoff.errors import UsageError
from tipoff.interpret import ClassificationInterpretation
from tipoff.learner import Learner
from tipoff.learner.budget import plan_minutes
from tipoff.notes import listening
from tipoff.vision import ImageDataLoaders, Resize, vision_learner


@pytest.fixture
def plain() -> Learner:
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    pairs = list(zip(x, (x.sum(1) > 0).long(), strict=True))
    data = DataLoaders(pairs[:48], pairs[48:], bs=8)
    return Learner(data, nn.Linear(4, 2), loss_func=nn.CrossEntropyLoss(), metrics="accuracy")


@pytest.fixture(scope="module")
def learn(photos) -> Learner:
    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.25, seed=42, item_tfms=Resize(32), bs=8)
    return vision_learner(dls, "resnet10t", pretrained=False, metrics="accuracy")


@pytest.mark.parametrize("call", ["fit", "fit_one_cycle", "fit_flat_cos"])
def test_a_fit_can_start_at_a_later_epoch(plain, call):
    with plain.no_bar():
        getattr(plain, call)(4, 1e-2, start_epoch=3)
    assert len(plain.recorder.lrs) == 6 and plain.n_epochs_done == 1


def test_the_schedule_goes_on_from_the_later_epoch(plain):
    with plain.no_bar():
        plain.fit_one_cycle(4, 1e-2)
        whole = plain.recorder.lrs
        plain.fit_one_cycle(4, 1e-2, start_epoch=2)
    assert plain.recorder.lrs == whole[12:]


def test_a_start_after_the_end_is_refused(plain):
    with pytest.raises(UsageError, match="start_epoch is 5"):
        plain.fit(4, start_epoch=5)


def test_fine_tune_can_begin_with_a_new_optimizer(plain):
    with plain.no_bar():
        plain.fit(1)
        before = plain.opt
        plain.fine_tune(1, freeze_epochs=0, reset_opt=True)
    assert plain.opt is not before


def test_an_unknown_argument_is_no_silence(plain):
    with pytest.raises(TypeError, match="with_decodedd"):
        plain.get_preds(with_decodedd=True)


def test_predict_gives_the_input_too(learn, photos):
    shown, decoded, encoded, prob = learn.predict(photos / "red" / "red_0.jpg", with_input=True)
    assert shown.shape == (3, 32, 32) and shown.min() >= 0 and shown.max() <= 1
    assert (decoded, encoded, prob.tolist()) == tuple(
        v.tolist() if i == 2 else v for i, v in enumerate(learn.predict(photos / "red" / "red_0.jpg"))
    )


def test_load_takes_a_device_second(learn, tmp_path):
    learn.path = tmp_path
    learn.save("w")
    assert learn.load("w", "cpu", with_opt=False) is learn


def test_the_curve_of_lr_find_can_be_drawn_again(plain):
    with pytest.raises(UsageError, match="lr_find"):
        plain.recorder.plot_lr_find()
    plain.lr_find(num_it=20, show_plot=False)
    figure = plain.recorder.plot_lr_find(suggestions={"valley": 1e-3}, show=False)
    assert figure.axes[0].get_xscale() == "log"


def test_the_confusion_matrix_takes_what_a_figure_takes(learn):
    figure = ClassificationInterpretation.from_learner(learn).plot_confusion_matrix(
        figsize=(5, 5), dpi=60, show=False
    )
    assert figure.dpi == 60 and tuple(figure.get_size_inches()) == (5, 5)


def test_titles_of_neighbours_stay_apart(learn):
    block = learn.target.replace(
        vocab=("a very long name of a class", "another long name", "the third of them")
    )
    figure, axes = get_grid(4, nrows=1, return_fig=True)
    for ax in axes:
        block.replace(sure_above=1.0).show_result(torch.tensor(0), torch.tensor([0.4, 0.3, 0.3]), ax)
    figure.tight_layout()
    figure.canvas.draw()
    boxes = [ax.title.get_window_extent() for ax in axes]
    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))


def test_the_loss_of_a_few_steps_is_drawn(plain):
    with plain.no_bar():
        plain.fit(1)
    assert len(plain.recorder.plot_loss().lines[0].get_xdata()) == 6


def test_fine_tune_can_start_at_a_later_epoch(plain):
    with plain.no_bar():
        plain.fine_tune(3, freeze_epochs=1, start_epoch=1)
    assert len(plain.recorder.lrs) == 2 * 6  # none of the one frozen epoch, two of three


def test_answers_come_in_the_order_of_the_items_whatever_is_asked(plain):
    probs, targets = plain.get_preds(inner=True, reorder=False)
    assert torch.equal(probs, plain.get_preds()[0]) and len(targets) == 16


def test_the_vocab_says_where_each_class_is(learn):
    vocab = learn.dls.vocab
    assert [vocab.o2i[name] for name in vocab] == list(range(len(vocab)))


def test_tta_with_transforms_that_change_nothing_is_the_plain_answer(learn):
    plain, _ = learn.get_preds()
    squished = Resize(32, method="squish")  # nothing is drawn
    same, _ = learn.tta(n=2, item_tfms=squished, batch_tfms=[], beta=None)
    twice, _ = learn.tta(n=1, item_tfms=squished, batch_tfms=[], beta=None)
    torch.testing.assert_close(same, twice)
    assert not torch.allclose(same, plain, atol=1e-4)  # squished, not cropped


def test_a_plan_for_minutes_has_no_more_epochs_than_are_worth_it(plain):
    said: list[str] = []
    with listening(said.append):
        assert plan_minutes(plain, 60, 0, most=2) == 2
    assert "epochs: 2 of all layers" in said[-1]
