"""What a learner is survives its model file: the same figures, the same parameter groups, the same training."""

import pandas as pd
import pytest
import torch
from torch import nn

from tests.collab.films import ratings
from tests.people import people
from tipoff.callbacks.gradients import GradientClip
from tipoff.callbacks.mixing import MixUp
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.data import (
    CategoryBlock,
    DataBlock,
    DataLoaders,
    MultiCategoryBlock,
    RandomSplitter,
    get_image_files,
    parent_label,
)
from tipoff.learner import Learner, load_learner
from tipoff.nn.losses import BCELossFlat, BCEWithLogitsLossFlat, CrossEntropyLossFlat, FocalLossFlat
from tipoff.notes import listening
from tipoff.tabular import TabularDataLoaders, tabular_learner
from tipoff.text import TextDataLoaders, language_model_learner, text_classifier_learner
from tipoff.train.optim import SGD
from tipoff.vision import ImageBlock, ImageDataLoaders, Normalize, Resize, vision_learner

TEXTS = pd.DataFrame(
    {"text": [f"a {w} film number {i}" for i in range(24) for w in ("good", "bad")], "label": ["pos", "neg"] * 24}
)
SMALL = {"emb_sz": 16, "n_hid": 16, "n_layers": 1}


def photo_loaders(photos, size=32, **options):
    return ImageDataLoaders.from_folder(
        photos, valid_pct=0.3, seed=1, bs=8, device="cpu", item_tfms=Resize(size), **options
    )


def of_photos(photos, **options):
    options = {"pretrained": False, "metrics": ["accuracy"], "train_bn": False, "wd": 0.02, **options}
    dls = photo_loaders(photos, batch_tfms=[Normalize((0.4, 0.3, 0.2), (0.2, 0.25, 0.3))])
    return vision_learner(dls, "timm/test_efficientnet", **options), lambda: photo_loaders(photos)


def of_tables(arch):
    def loaders():
        return TabularDataLoaders.from_df(
            people(), cat_names=["job", "city"], cont_names=["age", "hours"], y_names="rich", seed=1, device="cpu", bs=64
        )

    return tabular_learner(loaders(), layers=[16], arch=arch, metrics="accuracy", wd=0.03), loaders


def of_ratings(use_nn):
    def loaders():
        return CollabDataLoaders.from_df(ratings(), seed=1, bs=64, device="cpu")

    return collab_learner(loaders(), 10, use_nn, metrics="rmse", lr=0.01), loaders


def of_texts():
    def loaders():
        return TextDataLoaders.from_df(TEXTS, valid_pct=0.25, seed=1, bs=8, device="cpu", text_col="text", label_col="label")

    learn = text_classifier_learner(
        loaders(), "awd_lstm", config=SMALL, pretrained=False, metrics="accuracy", lr=3e-3, wd=0.1
    )
    return learn, loaders


def of_language():
    def loaders():
        return TextDataLoaders.from_df(TEXTS, valid_pct=0.25, seed=1, bs=4, seq_len=8, device="cpu", text_col="text", is_lm=True)

    learn = language_model_learner(
        loaders(), "awd_lstm", config=SMALL, pretrained=False, metrics="perplexity", alpha=3.0, beta=2.0
    )
    return learn, loaders


KINDS = {
    "photos": of_photos,
    "photos, another objective": lambda photos: of_photos(
        photos,
        loss_func=FocalLossFlat(gamma=1.5, weight=torch.tensor([1.0, 2.0, 3.0])),
        opt_func=SGD,
        cbs=[MixUp(0.3), GradientClip(0.5)],
        lr=0.02,
    ),
    "tabm": lambda _: of_tables("tabm"),
    "mlp": lambda _: of_tables("mlp"),
    "ratings": lambda _: of_ratings(False),
    "ratings, layers": lambda _: of_ratings(True),
    "texts": lambda _: of_texts(),
    "language model": lambda _: of_language(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_learner_goes_on_as_the_one_that_was_exported(kind, photos, tmp_path):
    learn, loaders = KINDS[kind](photos)
    with learn.no_bar():
        learn.fit(1)
    file = learn.export((tmp_path / "m.tipoff").absolute())
    again = load_learner(file)
    again.dls = loaders()
    assert again.recipe() == learn.recipe()
    assert again.validate() == pytest.approx(learn.validate(), abs=1e-6)
    assert [[p.shape for p in g] for g in again.groups] == [[p.shape for p in g] for g in learn.groups]
    for it in (learn, again):
        torch.manual_seed(0)
        with it.no_bar():
            it.fit(1, reset_opt=True)
    for (name, a), b in zip(learn.model.state_dict().items(), again.model.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=lambda m, name=name: f"{name}: {m}")


def test_a_frozen_body_stays_frozen(photos, tmp_path):
    learn, loaders = of_photos(photos)
    learn.freeze()
    again = load_learner(learn.export((tmp_path / "m.tipoff").absolute()))
    assert [p.requires_grad for p in again.model.parameters()] == [p.requires_grad for p in learn.model.parameters()]
    again.unfreeze()
    assert again.recipe().frozen_to == 0


def test_what_a_file_cannot_hold_is_said_when_training_goes_on(photos, tmp_path):
    class Mine(nn.CrossEntropyLoss):
        """A loss of one's own."""

    learn, loaders = of_photos(photos, loss_func=Mine(), opt_func=lambda p, lr: torch.optim.SGD(p, lr))
    file = learn.export((tmp_path / "m.tipoff").absolute())
    said = []
    with listening(said.append):
        again = load_learner(file)
        assert not said
        again.dls = loaders()
    assert any("the loss Mine" in s and "learn.loss_func" in s for s in said), said
    assert any("the optimizer" in s and "learn.opt_func" in s for s in said), said
    mine = load_learner(learn.export(tmp_path / "n.tipoff", catalog={"my.loss@1": Mine}), catalog={"my.loss@1": Mine})
    assert type(mine.loss_func) is Mine


def test_exporting_a_loaded_learner_loses_nothing(photos, tmp_path):
    learn, _ = of_photos(photos, loss_func=CrossEntropyLossFlat(weight=torch.tensor([1.0, 2.0, 3.0])))
    again = load_learner(learn.export((tmp_path / "m.tipoff").absolute()))
    third = load_learner(again.export((tmp_path / "n.tipoff").absolute()))
    assert third.recipe() == again.recipe() == learn.recipe()
    assert third.loss_func.weight.tolist() == [1.0, 2.0, 3.0]


def by_vocab(photos, vocab, files=None):
    block = DataBlock(
        (ImageBlock, CategoryBlock(vocab=vocab)), get_y=parent_label, splitter=RandomSplitter(0.3, 1), item_tfms=Resize(32)
    )
    return block.dataloaders(files or get_image_files(photos), bs=8, device="cpu")


@pytest.fixture
def trained(photos):
    learn, _ = of_photos(photos, precision="float32")
    with learn.no_bar():
        learn.fit_one_cycle(2, 5e-3)
    return learn


def test_loaders_in_the_users_hand_answer_as_the_learners(photos):
    dls = photo_loaders(photos)
    learn = vision_learner(dls, "efficientnet_lite0", metrics="accuracy")
    assert learn.dls is dls
    files = get_image_files(photos)[:4]
    a, b = (learn.get_preds(dl=d.test_dl(files))[0] for d in (dls, learn.dls))
    assert torch.equal(a, b)
    x = dls.valid.one_batch()[0]
    assert x.min() < -0.5, "normalised"


def test_a_second_learner_normalises_in_its_own_way(photos):
    dls = photo_loaders(photos)
    first = vision_learner(dls, "efficientnet_lite0")
    second = vision_learner(dls, "timm/test_efficientnet", pretrained=False)
    assert first.norm == Normalize() and second.norm is None
    files = get_image_files(photos)[:4]
    mine = second.get_preds(dl=second.dls.test_dl(files))[0]
    alone = vision_learner(photo_loaders(photos), "timm/test_efficientnet", pretrained=False)
    alone.model.load_state_dict(second.model.state_dict())
    torch.testing.assert_close(alone.get_preds(dl=alone.dls.test_dl(files))[0], mine)


def test_classes_in_another_order_are_encoded_again_by_name(trained, photos, tmp_path):
    before = trained.validate()
    file = get_image_files(photos)[0]
    answer = trained.predict(file)[0]
    other = by_vocab(photos, ["red", "green", "blue"])
    assert trained.validate(dl=other.valid)[1] == pytest.approx(trained.validate(dl=by_vocab(photos, None).valid)[1])
    trained.dls = other
    assert list(trained.dls.vocab) == ["blue", "green", "red"]
    assert trained.validate()[1] == pytest.approx(before[1], abs=0.3) and trained.predict(file)[0] == answer
    assert load_learner(trained.export((tmp_path / "m.tipoff").absolute())).predict(file)[0] == answer


def test_a_part_of_the_classes_keeps_their_meaning(trained, photos):
    files = [f for f in get_image_files(photos) if f.parent.name != "blue"]
    trained.dls = by_vocab(photos, None, files)
    assert list(trained.dls.vocab) == ["blue", "green", "red"]
    assert set(trained.get_preds()[1].tolist()) <= {1, 2}


def test_a_class_that_the_network_does_not_know_is_refused_with_both_lists(trained, photos):
    other = by_vocab(photos, ["blue", "green", "red", "teal"])
    for use in (lambda: setattr(trained, "dls", other), lambda: trained.validate(dl=other.valid)):
        with pytest.raises(ValueError, match=r"3 classes \(blue, green, red\).*4 \(blue, green, red, teal\).*'teal'"):
            use()
    assert list(trained.dls.vocab) == ["blue", "green", "red"]


def test_another_normalisation_is_refused(trained, photos):
    with pytest.raises(ValueError, match="normalised by Normalize"):
        trained.dls = photo_loaders(photos, batch_tfms=[Normalize()])


def test_a_calibration_survives_other_data(trained, photos, tmp_path):
    trained.calibrate()
    temperature = trained.target.temperature
    assert temperature != 1.0
    trained.dls = photo_loaders(photos)
    file = get_image_files(photos)[0]
    one = trained.predict(file)[2]
    many = trained.get_preds(dl=trained.dls.test_dl([file]))[0][0]
    torch.testing.assert_close(one, many, rtol=1e-3, atol=1e-4)
    assert load_learner(trained.export((tmp_path / "c.tipoff").absolute())).target.temperature == temperature


@pytest.mark.parametrize("n_out", [1, 2, 10])
def test_outputs_without_a_class_are_refused(photos, n_out):
    with pytest.raises(ValueError, match=f"n_out is {n_out}, and the data have 3 classes"):
        vision_learner(photo_loaders(photos), "timm/test_efficientnet", n_out=n_out, pretrained=False)


def test_the_threshold_of_a_loss_is_that_of_the_predictions(photos):
    block = DataBlock(
        (ImageBlock, MultiCategoryBlock), get_y=lambda p: [p.parent.name], splitter=RandomSplitter(0.3, 1), item_tfms=Resize(32)
    )
    dls = block.dataloaders(get_image_files(photos), bs=8, device="cpu")
    loss = BCEWithLogitsLossFlat(thresh=0.01)
    learn = vision_learner(dls, "timm/test_efficientnet", pretrained=False, loss_func=loss)
    assert learn.predict(get_image_files(photos)[0])[0] == ["blue", "green", "red"]
    with pytest.raises(ValueError, match="BCELossFlat makes other probabilities"):
        vision_learner(dls, "timm/test_efficientnet", pretrained=False, loss_func=BCELossFlat())


def test_a_loss_says_what_its_outputs_are_where_the_data_do_not():
    x, y = torch.randn(8, 3), torch.randint(0, 2, (8, 1)).float()
    dls = DataLoaders.from_dsets(list(zip(x, y, strict=True)), list(zip(x, y, strict=True)), bs=4, device="cpu")
    learn = Learner(dls, nn.Linear(3, 1), BCEWithLogitsLossFlat(thresh=0.9))
    probs, _, decoded = learn.get_preds(with_decoded=True)
    torch.testing.assert_close(probs, learn.model(x).sigmoid().detach())
    assert torch.equal(decoded.bool(), probs > 0.9)


@pytest.mark.parametrize(
    ("option", "value"),
    [("precision", "fp16"), ("wd", "x"), ("wd", -1), ("lr", 0), ("lr", "1e-3"), ("moms", 0.9), ("moms", (0.9, 0.8)), ("ps", 2.0)],
)
def test_values_that_no_learner_can_have_are_named(photos, option, value):
    with pytest.raises(ValueError, match=f"{option}.* is "):
        vision_learner(photo_loaders(photos), "timm/test_efficientnet", pretrained=False, **{option: value})


def test_something_else_than_data_loaders_is_named():
    for make in (vision_learner, tabular_learner, collab_learner, text_classifier_learner, language_model_learner):
        with pytest.raises(ValueError, match="dls is 1; .*DataLoaders is needed"):
            make(1)
