"""What is misspelt, or fastai's and not here, is answered with the near name or the way."""

import copy

import pytest
import torch
from torch import nn

from tipoff.data import CategoryBlock, ColReader, DataBlock, DataLoaders, RegressionBlock
from tipoff.errors import NoSuchAttribute, NoSuchKeyword, TipoffError
from tipoff.learner import Learner
from tipoff.notes import listening
from tipoff.vision import ImageDataLoaders, Resize, aug_transforms, vision_learner
from tipoff.vision.augment import Rotate


def made() -> Learner:
    pairs = [(torch.tensor([float(i)]), torch.tensor([2.0 * i])) for i in range(8)]
    return Learner(DataLoaders(pairs, pairs, bs=4), nn.Linear(1, 1), nn.functional.mse_loss)


BLOCK = DataBlock((RegressionBlock, CategoryBlock), get_x=ColReader(0), get_y=ColReader(1))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: made().fit_one_cicle, "A Learner has no 'fit_one_cicle'. Did you mean 'fit_one_cycle'?"),
        (lambda: made().create_opt, "In fastai it has; here: the first fit makes `learn.opt`"),
        (lambda: made().to_parallel, "DistributedDataParallel"),
        (lambda: made().dls.vald, "A DataLoaders has no 'vald'. Did you mean 'valid'?"),
        (lambda: made().dls.train_dl, r"here: `dls.train`\."),
        (lambda: made().dls.train.decode_batch, "Datasets.decode"),
        (lambda: BLOCK.dataloader, "A DataBlock has no 'dataloader'. Did you mean 'dataloaders'?"),
        (lambda: BLOCK.from_columns, "here: `getters="),
    ],
)
def test_an_attribute_that_is_not_there(ask, said):
    with pytest.raises(NoSuchAttribute, match=said):
        ask()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Learner(made().dls, nn.Linear(1, 1), loss_fn=None), r"Learner\(\) has no argument 'loss_fn'. Did you mean 'loss_func'"),
        (lambda: made().fit_one_cycle(1, max_lr=0.1), r"fit_one_cycle\(\) has no argument 'max_lr'.*here: lr_max="),
        (lambda: made().fine_tune(1, epoch=2), "Did you mean 'epochs'"),
        (lambda: made().export("a", pickle_protocol=2), "here: nothing is pickled"),
        (lambda: made().get_preds(with_los=True), "Did you mean 'with_loss'"),
        (lambda: made().to_fp16(initscale=2), "Did you mean 'init_scale'"),
        (lambda: made().dls.test_dl([1], shuffle=True), "here: items come in the order given"),
        (lambda: DataBlock(splitters=None), "Did you mean 'splitter'"),
        (lambda: BLOCK.dataloaders([(1.0, "a"), (2.0, "b")], batch_sz=2), r"dataloaders\(\) has no argument 'batch_sz'"),
        (lambda: ImageDataLoaders.from_folder("nowhere", item_tfm=Resize(8)), "Did you mean 'item_tfms'"),
        (lambda: ImageDataLoaders.from_csv("nowhere", label_column=1), "Did you mean 'label_col'"),
        (lambda: ImageDataLoaders.from_folder("nowhere", batch_size=8), "here: bs="),
        (lambda: vision_learner(None, "resnet18", pretraind=False), "Did you mean 'pretrained'"),
        (lambda: vision_learner(None, "resnet18", custom_head=None), "In fastai it has; here: Learner"),
        (lambda: aug_transforms(max_rotat=3), "Did you mean 'max_rotate'"),
        (lambda: Rotate(max_degs=3), r"Rotate\(\) has no argument 'max_degs'. Did you mean 'max_deg'"),
        (lambda: Rotate(draw=3), "In fastai it has; here: p="),
    ],
)
def test_a_keyword_that_is_not_there(call, said):
    with pytest.raises(NoSuchKeyword, match=said):
        call()


def test_they_are_the_errors_of_python_too():
    assert issubclass(NoSuchAttribute, AttributeError) and issubclass(NoSuchKeyword, TypeError)
    assert issubclass(NoSuchAttribute, TipoffError) and issubclass(NoSuchKeyword, TipoffError)


def test_hasattr_and_copy_work():
    learn = made()
    assert not hasattr(learn, "create_opt") and hasattr(learn, "fit") and getattr(learn, "zzz", 3) == 3
    assert copy.copy(learn).dls is learn.dls and copy.deepcopy(learn.dls).bs == 4
    with pytest.raises(AttributeError, match="_repr_html_"):
        getattr(learn, "_repr_html_")  # noqa: B009, as IPython asks


def test_a_property_that_raises_keeps_its_own_sentence():
    with pytest.raises(AttributeError, match="have no vocab"):
        print(made().dls.vocab)


def test_an_assignment_that_nothing_reads_is_noted():
    learn, said = made(), []
    with listening(said.append):
        learn.metric, learn.thoughts, learn.lr = "accuracy", "mine", 0.1
    assert len(said) == 1 and "metric is a new attribute" in said[0] and "'metrics'" in said[0]
    assert learn.metric == "accuracy"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from tipoff.vision.all import vison_learner", "from 'tipoff.vision.all'. Did you mean 'vision_learner'?"),
        ("from tipoff.vision import vison_learner", "from 'tipoff.vision'. Did you mean 'vision_learner'?"),
        ("from tipoff import Leaner", "Did you mean 'Learner'?"),
        ("from tipoff.collab import colab_learner", "Did you mean 'collab_learner'?"),
        ("from tipoff.callback.training import BnFreeze", "here: `train_bn=False`"),
        ("from tipoff.basics import GANLearner", "not offered: generative adversarial networks are not here yet"),
    ],
)
def test_an_import_of_what_is_not_there(line, said):
    with pytest.raises(ImportError, match=said.replace("?", r"\?")):
        exec(line, {})


def test_a_module_is_asked_for_an_attribute_as_python_asks():
    import tipoff.vision.all as face
    from tipoff import vision

    assert not hasattr(face, "unet_learner") and getattr(vision, "unet_learner", 3) == 3
    with pytest.raises(AttributeError, match="has no attribute 'vison_learner'. Did you mean 'vision_learner'"):
        face.vison_learner  # noqa: B018
