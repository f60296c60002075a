"""From a folder to a model file and back, small."""

import pytest
import torch

from tipoff.bundle.predictor import load_predictor
from tipoff.data import CategoryBlock, DataBlock, RandomSplitter, parent_label
from tipoff.errors import DataError
from tipoff.learner.state import load_learner
from tipoff.train.callback import Callback
from tipoff.vision import (
    ClassificationInterpretation,
    ImageBlock,
    ImageDataLoaders,
    Resize,
    aug_transforms,
    vision_learner,
)

ARCH = "timm/test_resnet"


@pytest.fixture
def dls(photos):
    return ImageDataLoaders.from_folder(
        photos, valid_pct=0.25, seed=1, item_tfms=Resize(32), batch_tfms=aug_transforms(), bs=9
    )


@pytest.fixture
def learn(dls):
    torch.manual_seed(0)
    return vision_learner(dls, ARCH, pretrained=False, metrics="accuracy", precision="float32")


def test_it_learns_to_tell_colours_apart(learn):
    learn.fit_one_cycle(6, 3e-3)
    assert learn.validate()[1] >= 0.8
    assert len(learn.recorder.values) == 6 and len(learn.recorder.values[0]) == 3


def test_the_exported_model_answers_as_the_learner(learn, tmp_path):
    learn.fit(1)
    file = learn.dls.source.items[1][0]
    here = learn.predict(file)
    path = learn.export(tmp_path / "x.tipoff")
    there = load_learner(path).predict(file)
    assert there.decoded == here.decoded
    assert torch.allclose(there.probabilities, here.probabilities, atol=1e-6)
    answer = load_predictor(path)(file)
    assert answer["label"] == here.decoded
    probs, targets = learn.get_preds()
    assert torch.allclose(probs[0], here.probabilities, atol=1e-6) and len(targets) == learn.dls.valid.n


def test_many_photos_are_answered_in_order_and_as_one_by_one(learn, tmp_path):
    learn.fit(1)
    predictor, before = load_predictor(learn.export(tmp_path / "x.tipoff")), torch.get_num_threads()
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    photos = learn.dls.source.items[0]
    files = [*photos[:11], tmp_path / "bad.jpg", *photos[11:20]]
    answers = list(predictor.stream(iter(files), bs=4))
    assert [item for item, _ in answers] == files and torch.get_num_threads() == before
    assert isinstance(answers[11][1], DataError)
    for file, probs in answers[:11] + answers[12:]:
        assert torch.allclose(probs, learn.predict(file).probabilities, atol=1e-6)


def test_two_runs_with_one_seed_are_equal_for_any_number_of_workers(photos):
    def weights(workers: int) -> torch.Tensor:
        torch.manual_seed(3)
        dls = ImageDataLoaders.from_folder(
            photos,
            valid_pct=0.25,
            seed=1,
            item_tfms=Resize(32),
            batch_tfms=aug_transforms(),
            bs=9,
            num_workers=workers,
        )
        learn = vision_learner(dls, ARCH, pretrained=False, precision="float32")
        with learn.no_bar():
            learn.fit_one_cycle(2, 1e-3)
        return torch.cat([p.flatten() for p in learn.model.parameters()])

    one = weights(0)
    assert torch.equal(one, weights(0))
    assert torch.equal(one, weights(2))


class StopAt(Callback):
    order = 99

    def __init__(self, step: int) -> None:
        self.step = step

    def after_step(self, run) -> None:
        if run.n_steps == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [1, 2, 4, 5])
def test_resume_is_bit_exact_in_the_middle_of_an_epoch(photos, tmp_path, step):
    from tipoff.callbacks.saving import SaveCheckpoint

    def make():
        torch.manual_seed(5)
        dls = ImageDataLoaders.from_folder(
            photos, valid_pct=0.25, seed=1, item_tfms=Resize(32), batch_tfms=aug_transforms(), bs=9
        )
        return vision_learner(dls, ARCH, pretrained=False, metrics="accuracy", precision="float32")

    whole = make()
    whole.fine_tune(2, freeze_epochs=1)
    cut = make()
    saving = SaveCheckpoint(tmp_path / "c.pt", every_steps=1)
    with pytest.raises(KeyboardInterrupt):
        cut.fine_tune(2, freeze_epochs=1, cbs=[saving, StopAt(step)])
    again = make()
    torch.manual_seed(99)
    again.resume(tmp_path / "c.pt")
    a, b = whole.model.state_dict(), again.model.state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_interpretation_counts_what_was_confused(learn):
    interp = ClassificationInterpretation.from_learner(learn)
    matrix = interp.confusion_matrix()
    assert matrix.sum() == learn.dls.valid.n
    assert sum(n for *_, n in interp.most_confused()) == matrix.sum() - matrix.trace()
    losses, at = interp.top_losses(100)
    assert len(losses) == learn.dls.valid.n and losses[0] >= losses[-1]


def test_lr_find_puts_everything_back(learn):
    before = {k: v.clone() for k, v in learn.model.state_dict().items()}
    from tipoff.learner.suggest import minimum, slide, steep, valley

    found = learn.lr_find(num_it=30, show_plot=False, suggest_funcs=(minimum, steep, valley, slide))
    assert found._fields == ("minimum", "steep", "valley", "slide") and all(1e-9 < v < 10 for v in found)
    assert all(torch.equal(before[k], v) for k, v in learn.model.state_dict().items())


def test_tta_gives_probabilities(learn):
    probs, targets = learn.tta(n=2)
    assert torch.allclose(probs.sum(1), torch.ones(len(targets)), atol=1e-5)


def test_an_unreadable_picture_is_left_out_and_named(photos, tmp_path, capsys):
    import shutil

    root = tmp_path / "p"
    shutil.copytree(photos, root)
    (root / "red" / "broken.jpg").write_bytes((root / "red" / "red_1.jpg").read_bytes()[:300])
    dls = ImageDataLoaders.from_folder(root, valid_pct=0.25, seed=1, item_tfms=Resize(32))
    assert dls.train.n + dls.valid.n == 36
    assert "broken.jpg" in capsys.readouterr().err and "broken.jpg" in dls.source.dropped[0][0]


def test_a_folder_without_split_says_what_to_pass(photos):
    with pytest.raises(DataError, match="valid_pct=0.2"):
        ImageDataLoaders.from_folder(photos)


def test_a_missing_folder_names_the_nearest(photos):
    with pytest.raises(DataError, match="no folder"):
        ImageDataLoaders.from_folder(photos.parent / "fotos", valid_pct=0.2)


def test_names_of_files_are_decoded_once_as_paths_are(photos):
    names = sorted(map(str, photos.rglob("*.jpg")))
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=parent_label, splitter=RandomSplitter(0.2, 1), item_tfms=Resize(32)
    )
    dls = block.dataloaders(names, bs=8)
    assert all(dl.dataset._stores for dl in dls)
