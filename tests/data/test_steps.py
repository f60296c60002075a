"""Functions and fastai's transforms among `item_tfms` and `batch_tfms`: they act on what they name, or are refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from tipoff.data import CategoryBlock, DataBlock, RandomSplitter, get_image_files, parent_label
from tipoff.learner import load_learner
from tipoff.notebook.pictures import PILImage, PILImageBW, PILMask, TensorCategory, TensorImage
from tipoff.notebook.transforms import ItemTransform, Transform
from tipoff.vision import ImageBlock, ImageDataLoaders, Normalize, Resize, aug_transforms, vision_learner
from tipoff.vision.augment import IntToFloat


class Invert(Transform):
    def encodes(self, img: PILImage):
        assert type(img) is PILImage and img.mode == "RGB"
        return PILImage.create(255 - np.array(img))


class InvertBatch(Transform):
    order = 10

    def encodes(self, x: TensorImage):
        assert type(x) is TensorImage and x.dtype is torch.float32
        return 1 - x


class OnlyTrain(Transform):
    split_idx = 0

    def encodes(self, x):
        return 255 - x


class OnlyValid(Transform):
    split_idx = 1

    def encodes(self, x: Image.Image):
        return x.point(lambda v: 255 - v)


def data(photos, item_tfms=(), batch_tfms=None, **options):
    tfms = [*(item_tfms if isinstance(item_tfms, (list, tuple)) else [item_tfms]), Resize(16)]
    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_y=parent_label,
        splitter=RandomSplitter(0.3, 1),
        item_tfms=tfms,
        batch_tfms=batch_tfms,
    )
    return block.dataloaders(get_image_files(photos), bs=8, shuffle=False, seed=1, **options)


def means(dls):
    return [float(dls[i].one_batch()[0].mean()) for i in (0, 1)]


@pytest.fixture
def plain(photos):
    return means(data(photos))


def test_a_transform_of_images_acts_in_training_and_validation(photos, plain):
    assert means(data(photos, Invert)) == means(data(photos, Invert()))
    assert means(data(photos, Invert())) == pytest.approx([1 - m for m in plain], abs=0.003)


def test_so_does_one_of_batches_after_the_pixels_became_floats(photos, plain):
    assert means(data(photos, batch_tfms=InvertBatch())) == pytest.approx([1 - m for m in plain], abs=1e-5)


def test_split_idx_says_where(photos, plain):
    assert means(data(photos, OnlyTrain())) == pytest.approx([1 - plain[0], plain[1]], abs=0.003)
    assert means(data(photos, OnlyValid())) == pytest.approx([plain[0], 1 - plain[1]], abs=0.003)


def test_order_says_when_whatever_the_place_in_the_list(photos):
    seen = []

    class Look(Transform):
        def __init__(self, order):
            super().__init__(order=order)

        def encodes(self, img: PILImage):
            seen.append((self.order, img.size))
            return img

    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_y=parent_label,
        splitter=RandomSplitter(0.3, 1),
        item_tfms=[Look(2), Resize(16), Look(0)],
    )
    block.dataloaders(get_image_files(photos), bs=1, shuffle=False).one_batch()
    assert [o for o, _ in seen[:2]] == [0, 2] and seen[0][1] != (16, 16) and seen[1][1] == (16, 16)


def test_several_encodes_are_chosen_by_type(photos, plain):
    class Several(Transform):
        order = 20

        def encodes(self, x: TensorImage):
            return x * 0

        def encodes(self, y: TensorCategory):
            return y + 1

    x, y = data(photos, batch_tfms=[Several()]).one_batch()
    assert float(x.sum()) == 0 and y.tolist() == [v + 1 for v in data(photos).one_batch()[1].tolist()]


def test_a_function_is_given_what_its_annotation_says(photos, plain):
    def pillow(img: Image.Image):
        assert isinstance(img, Image.Image)
        return img.rotate(180)

    def tensor(x: TensorImage):
        assert x.dtype is torch.uint8 and x.shape[0] == 3
        return 255 - x

    assert means(data(photos, [pillow, tensor])) == pytest.approx([1 - m for m in plain], abs=0.01)


def test_a_function_sees_bytes_in_training_and_in_validation(photos):
    seen = []

    def look(x):
        seen.append((x.dtype, x.shape))
        return x

    block = DataBlock(
        (ImageBlock, CategoryBlock),
        get_y=parent_label,
        splitter=RandomSplitter(0.3, 1),
        item_tfms=[Resize(16), look],
    )
    dls = block.dataloaders(get_image_files(photos), bs=4)
    dls.one_batch(), dls.valid.one_batch()
    assert set(seen) == {(np.dtype(np.uint8), (16, 16, 3))}


def test_transforms_of_torchvision_are_given_pillow_images(photos, plain):
    from torchvision.transforms import RandomInvert

    assert means(data(photos, RandomInvert(1.0))) == pytest.approx([1 - m for m in plain], abs=0.003)


@pytest.mark.parametrize(
    ("where", "step", "said"),
    [
        ("item_tfms", "masks", "takes PILMask, so it would never act"),
        ("item_tfms", "grey", "takes PILImageBW, so it would never act"),
        ("item_tfms", "whole", "takes whole samples"),
        ("item_tfms", "flips", "Flip belongs into batch_tfms"),
        ("batch_tfms", "invert", "takes PILImage, so it would never act"),
        ("batch_tfms", "resize", "Resize belongs into item_tfms"),
    ],
)
def test_what_would_never_act_is_refused(photos, where, step, said):
    class Masks(Transform):
        def encodes(self, x: PILMask): ...

    class Grey(Transform):
        def encodes(self, x: PILImageBW): ...

    class Whole(ItemTransform):
        def encodes(self, x): ...

    steps = {
        "masks": Masks(), "grey": Grey(), "whole": Whole(), "class": Invert, "flips": aug_transforms()[0],
        "invert": Invert(), "resize": Resize(8),
    }  # fmt: skip
    with pytest.raises(ValueError, match=said):
        data(photos, **{where: [steps[step]]})


def test_a_step_that_fails_is_named_with_what_it_was_given_and_the_file(photos):
    def rotated(x):
        return x.rotate(5)

    with pytest.raises(
        ValueError,
        match=r"rotated fails on an array .* of uint8: AttributeError.*PIL.Image.Image.*This was at .*jpg",
    ):
        data(photos, rotated).one_batch()


def test_a_step_that_gives_shares_or_no_image_is_named(photos):
    with pytest.raises(
        ValueError, match="gives numbers from 0.* to .*; a step in item_tfms works on values from 0 to 255"
    ):
        data(photos, lambda x: x / 255).one_batch()
    with pytest.raises(ValueError, match="gives a str; an image is needed"):
        data(photos, lambda x: "x").one_batch()


def test_what_a_user_lists_takes_the_place_of_the_blocks_own(photos, plain):
    assert means(data(photos, batch_tfms=[IntToFloat()])) == pytest.approx(plain)


def test_a_model_with_transforms_for_training_only_is_exported(photos, tmp_path):
    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.3, seed=1, bs=8, item_tfms=[OnlyTrain(), Resize(32)]
    )
    learn = vision_learner(dls, "resnet18", pretrained=False)
    again, files = load_learner(learn.export(tmp_path / "m.tipoff")), get_image_files(photos)[:3]
    assert torch.allclose(
        again.get_preds(dl=again.dls.test_dl(files))[0], learn.get_preds(dl=dls.test_dl(files))[0], atol=1e-5
    )
    with pytest.raises(ValueError, match="Invert"):
        vision_learner(
            ImageDataLoaders.from_folder(
                photos, valid_pct=0.3, seed=1, bs=8, item_tfms=[Invert(), Resize(32)]
            ),
            "resnet18",
            pretrained=False,
        ).export(tmp_path / "n.tipoff")


def test_normalising_comes_last_and_augmenting_between(photos):
    plan = data(photos, batch_tfms=[Normalize(), InvertBatch(), *aug_transforms(size=8)]).plan
    names = [type(t).__name__ for t in plan.every_batch_tfm()]
    assert names[:2] == ["IntToFloat", "InvertBatch"] and names[-1] == "Normalize"
