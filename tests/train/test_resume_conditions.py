"""An interrupted run goes on only with what it began with; whatever differs is listed."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.train.train_parts import learner, loaders, network, rows, weights
from tipoff.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    GradientClip,
    MixUp,
    SaveCheckpoint,
    SaveModel,
)
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.data.sampled import WeightedLoader
from tipoff.errors import UsageError
from tipoff.notes import listening
from tipoff.train.optim import SGD


def two_groups(m: nn.Module) -> list:
    return [list(m[:2].parameters()), list(m[2:].parameters())]


class Cut(Callback):
    order = 99

    def __init__(self, n: int) -> None:
        self.left = n

    def after_step(self, run) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def interrupted(file: Path, learn, cbs=(), n: int = 4) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn.fit_one_cycle(3, 0.01, cbs=[*cbs, SaveCheckpoint(file, every_steps=1), Cut(n)])


def other_data(change) -> DataLoaders:
    x, y = rows(44)
    x, y = change(x.clone(), y.clone())
    valid = loaders().valid
    return DataLoaders(Loader(TensorDataset(x, y), 8, shuffle=True, seed=7), valid, device="cpu")


CHANGES = {
    "batch size: 8, now 16": lambda: learner(loaders(bs=16)),
    "seed: 7, now 8": lambda: learner(
        DataLoaders(loaders().train.replace(seed=8), loaders().valid, device="cpu")
    ),
    "training items: 44, now 43": lambda: learner(loaders(n=43)),
    "training items: 44, but others, or in another order": lambda: learner(
        other_data(lambda x, y: (x.flip(0), y.flip(0)))
    ),
    "shuffle: True, now False": lambda: learner(loaders(shuffle=False)),
    "drop_last: False, now True": lambda: learner(loaders(drop_last=True)),
    "loader: Loader, now WeightedLoader": lambda: learner(
        DataLoaders(WeightedLoader.of(loaders().train, torch.ones(44)), loaders().valid, device="cpu")
    ),
    "validation items: 19, now none": lambda: learner(DataLoaders(loaders().train, device="cpu")),
    "parameters: 0.weight (8, 6) and 6 more, now 0.weight (9, 6) and 6 more": lambda: learner(
        model=nn.Sequential(nn.Linear(6, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0), nn.Linear(9, 3))
    ),
    "network: (3): Dropout(p=0.0, inplace=False), now (3): Dropout(p=0.5, inplace=False)": lambda: learner(
        model=network(dropout=0.5)
    ),
    "optimizer: Adam, now SGD(mom=0.9)": lambda: learner(opt_func=partial(SGD, mom=0.9)),
    "lr: 0.001, now 0.01": lambda: learner(lr=0.01),
    "wd: None, now 0.1": lambda: learner(wd=0.1),
    "precision: 'float32', now 'bfloat16'": lambda: learner(precision="bfloat16"),
    "groups of layers: 6, now 4, 2": lambda: learner(splitter=two_groups),
    "train_bn: True, now False": lambda: learner(train_bn=False),
    "metrics: none, now accuracy": lambda: learner(metrics="accuracy"),
    "label_smoothing=0.0": lambda: learner(loss_func=nn.CrossEntropyLoss(label_smoothing=0.1)),
    "loss: CrossEntropyLoss": lambda: learner(
        loss_func=nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    ),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    file = tmp_path_factory.mktemp("checkpoint") / "c.pt"
    interrupted(file, learner())
    return file


@pytest.mark.parametrize("said", CHANGES)
def test_whatever_decides_the_result_is_compared(checkpoint, said):
    learn = CHANGES[said]()
    before = weights(learn)
    with pytest.raises(UsageError, match="cannot be resumed") as e:
        learn.resume(checkpoint)
    assert said in str(e.value) and str(checkpoint) in str(e.value)
    assert torch.equal(weights(learn), before)


def test_everything_that_differs_is_listed_at_once(checkpoint):
    with pytest.raises(UsageError) as e:
        learner(loaders(bs=4), wd=0.3).resume(checkpoint)
    assert [line.split(":")[0].strip() for line in str(e.value).splitlines()[1:-1]] == ["batch size", "wd"]


def test_the_same_goes_on(checkpoint):
    whole, again = learner(), learner()
    whole.fit_one_cycle(3, 0.01)
    again.resume(checkpoint)
    assert torch.equal(weights(whole), weights(again))


def test_callbacks_that_change_training_are_compared_and_others_are_not(tmp_path):
    file = tmp_path / "c.pt"
    cbs = [MixUp(0.3), GradientClip(0.5), SaveModel(fname=tmp_path / "a"), CSVLogger(tmp_path / "log.csv")]
    interrupted(file, learner(), cbs)
    with pytest.raises(
        UsageError, match=r"callbacks: MixUp\(alpha=0.3\) is missing; MixUp\(alpha=0.4\) is new"
    ):
        learner().resume(file, cbs=[MixUp(), GradientClip(0.5), SaveModel(fname=tmp_path / "a")])
    with pytest.raises(UsageError, match=r"GradientClip\(max_norm=0.5, norm_type=2.0\) is missing"):
        learner().resume(file, cbs=[MixUp(0.3), SaveModel()])
    learner().resume(file, cbs=[GradientClip(0.5), SaveModel(fname=tmp_path / "b"), MixUp(0.3)])


def test_the_patience_of_early_stopping_is_compared(tmp_path):
    file = tmp_path / "c.pt"
    interrupted(file, learner(), [EarlyStopping(patience=3)])
    with pytest.raises(UsageError, match="patience=3.*patience=5"):
        learner().resume(file, cbs=EarlyStopping(patience=5))


def test_callbacks_of_ones_own_that_are_missing_are_said(tmp_path):
    heard: list[str] = []
    interrupted(tmp_path / "c.pt", learner())
    with listening(heard.append):
        learner().resume(tmp_path / "c.pt")
    assert heard == [
        "the interrupted run had the callbacks Cut, and this one has not: if they change training, pass cbs="
    ]


def test_what_is_frozen_is_as_it_was(tmp_path):
    made = []
    for cut in (False, True):
        learn = learner(splitter=two_groups)
        learn.freeze()
        if not cut:
            learn.fit_one_cycle(3, 0.01)
        else:
            interrupted(tmp_path / "c.pt", learn)
            learn = learner(splitter=two_groups)
            learn.resume(tmp_path / "c.pt")
            assert not next(learn.model.parameters()).requires_grad
        made.append(weights(learn))
    assert torch.equal(*made)


def test_parameters_that_were_frozen_by_hand_must_be_again(tmp_path):
    learn = learner()
    learn.model[0].requires_grad_(False)
    interrupted(tmp_path / "c.pt", learn)
    with pytest.raises(UsageError, match="trained 4 tensors of parameters, and here 6"):
        learner().resume(tmp_path / "c.pt")


def test_a_learner_without_data_cannot_resume(checkpoint):
    learn = learner()
    learn._dls = DataLoaders(device="cpu")
    with pytest.raises(UsageError, match="no training data to resume with"):
        learn.resume(checkpoint)


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(6):
            Image.fromarray(rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)).save(
                tmp_path / "photos" / name / f"{i}.png"
            )
    return tmp_path / "photos"


def of_photos(folder: Path, **kwargs):
    from tipoff.vision.all import (
        CategoryBlock,
        DataBlock,
        ImageBlock,
        RandomSplitter,
        Resize,
        get_image_files,
        parent_label,
    )

    vocab = kwargs.pop("vocab", None)
    block = DataBlock(
        (ImageBlock, CategoryBlock(vocab=vocab)), get_items=get_image_files, get_y=parent_label,
        splitter=RandomSplitter(0.3, seed=1), **{"item_tfms": Resize(16), **kwargs},
    )  # fmt: skip
    return learner(block.dataloaders(folder, path=folder, bs=4, seed=1, device="cpu"), nn.Sequential(nn.Flatten(), nn.Linear(768, 2)),
                   loss_func=nn.CrossEntropyLoss())  # fmt: skip


def test_photos_classes_and_sizes_are_compared(photos):
    from tipoff.vision.all import Resize

    file = photos.parent / "c.pt"
    interrupted(file, of_photos(photos), n=1)
    with pytest.raises(
        UsageError, match=re.escape("CategoryBlock.vocab ('a', 'b'), now CategoryBlock.vocab ('b', 'a')")
    ):
        of_photos(photos, vocab=("b", "a")).resume(file)
    with pytest.raises(UsageError, match=r"item_tfms: Resize"):
        of_photos(photos, item_tfms=Resize(16, method="squish")).resume(file)
    moved = photos.rename(photos.parent / "moved")
    of_photos(moved).resume(file)  # the same photos elsewhere are the same
    (moved / "a" / "0.png").rename(moved / "a" / "9.png")
    with pytest.raises(UsageError, match="items: .*others, or in another order"):
        of_photos(moved).resume(file)


def test_a_photo_that_was_replaced_is_seen(photos):
    file = photos.parent / "c.pt"
    interrupted(file, of_photos(photos), n=1)
    for p in photos.rglob("*.png"):
        Image.new("RGB", (20, 20)).save(p)
    with pytest.raises(UsageError, match="training items: 8|training items: 9"):
        of_photos(photos).resume(file)


def test_a_checkpoint_of_an_older_version_is_compared_as_far_as_it_says(checkpoint, tmp_path):
    saved = torch.load(checkpoint, weights_only=True)
    for name in ("conditions", "own_callbacks", "frozen_to", "epochs_before"):
        del saved["meta"][name]
    torch.save(saved, tmp_path / "old.pt")
    with pytest.raises(UsageError, match="items: 44, now 20"):
        learner(loaders(n=20)).resume(tmp_path / "old.pt")
    learner().resume(tmp_path / "old.pt")
