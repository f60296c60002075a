"""What lies on an image moves with it, or the transform is refused: it never stays behind in silence."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image

from tipoff.data import DataBlock, ItemTransform, Kind, RandomSplitter, Target
from tipoff.data.transform import run_batch_transforms
from tipoff.learner import Learner
from tipoff.vision import FlipItem, ImageBlock, RandomResizedCrop, Resize, aug_transforms
from tipoff.vision.geometry import Flip


@dataclass(frozen=True)
class MaskBlock(Target):
    """The dark parts of an image."""

    kind: ClassVar[Kind] = Kind.MASK
    is_cheap: ClassVar[bool] = False
    n_out: ClassVar[int] = 2

    def encode(self, value):
        return np.array(Image.open(value).convert("L")) > 128

    def loss(self, pred, y):
        return torch.nn.functional.cross_entropy(pred, y.long())

    def loss_each(self, pred, y):
        return torch.nn.functional.cross_entropy(pred, y.long(), reduction="none").mean((1, 2))

    def activation(self, pred):
        return pred.softmax(1)


def block(**options):
    return DataBlock((ImageBlock, MaskBlock()), get_y=lambda p: p, splitter=RandomSplitter(0.3, 1), **options)


@pytest.fixture
def files(photos):
    found = sorted((photos / "red").iterdir())
    return [f for f in found if Image.open(f).size == (48, 40)]


@pytest.mark.parametrize("tfm", [Resize(16), RandomResizedCrop(16), FlipItem()], ids=repr)
def test_an_item_transform_that_cannot_move_a_mask_is_refused(files, tfm):
    with pytest.raises(ValueError, match=f"{type(tfm).__name__} moves images and cannot move a mask"):
        block(item_tfms=tfm).dataloaders(files, bs=2)


def test_so_is_a_batch_transform(files):
    with pytest.raises(ValueError, match="cannot move a mask"):
        block(batch_tfms=aug_transforms()).dataloaders(files, bs=2)
    fields = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 4, 4)]
    with pytest.raises(ValueError, match="Flip moves images and cannot move a mask"):
        run_batch_transforms([Flip()], [Kind.IMAGE, Kind.MASK], fields, torch.arange(2), (1, 2))


def test_colours_may_change_and_a_transform_that_moves_both_may_be_used(files):
    @dataclass(frozen=True)
    class Mirror(ItemTransform):
        """Swap left and right of both."""

        moves: ClassVar[bool] = True

        def image(self, x, u):
            return x[:, ::-1].copy()

        mask = image

    plain, mirrored = (block(item_tfms=t).dataloaders(files, bs=2, seed=1).valid.one_batch() for t in ((), Mirror()))
    for before, after in zip(plain, mirrored, strict=True):
        assert torch.equal(after, before.flip(-1))
    colours = aug_transforms(do_flip=False, max_rotate=0, max_zoom=1, max_warp=0)
    assert len(block(batch_tfms=colours).dataloaders(files, bs=2).one_batch()) == 2


def test_predictions_of_moved_images_are_not_averaged(files):
    dls = block().dataloaders(files, bs=2, device="cpu")
    learn = Learner(dls, torch.nn.Conv2d(3, 2, 1))
    with pytest.raises(ValueError, match="tta averages predictions of changed images, and a mask"):
        learn.tta()


def test_sizes_of_masks_that_differ_are_not_blamed_on_the_images(photos):
    files = sorted((photos / "red").iterdir())
    dls = block().dataloaders(files, bs=8)
    with pytest.raises(ValueError, match=r"a batch needs one size\. (Add item_tfms|MaskBlock)"):
        dls.one_batch()
