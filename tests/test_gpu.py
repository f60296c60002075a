"""On a GPU: everything is there that a batch needs, and the answers are those of a processor.

`TIPOFF_TEST_DEVICE=cuda pytest tests/test_gpu.py` runs them; with TIPOFF_TEST_DEVICE=cpu they run on the processor, to look
for mistakes in the tests. Otherwise they are skipped, and no test sees a GPU.
"""

import os
import subprocess
import sys
import warnings

import pytest
import torch

from tests.collab.films import ratings
from tests.people import people
from tests.sentences import sentences
from tests.text.small_models import bert, gpt2
from tests.vision.test_end_to_end import StopAt
from tipoff.bundle import load_predictor
from tipoff.callbacks import SaveCheckpoint
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.data.dataloaders import default_device
from tipoff.data.words import word_shares
from tipoff.interpret import (
    ClassificationInterpretation,
    explain_row,
    partial_dependence,
    permutation_importance,
)
from tipoff.learner.state import load_learner
from tipoff.nn.awd_lstm import AWD_LSTM
from tipoff.nn.losses import BCELossFlat, CrossEntropyLossFlat, FocalLoss
from tipoff.nn.next_word import next_word_loss
from tipoff.rng import set_seed
from tipoff.tabular import TabularDataLoaders, tabular_learner
from tipoff.testing.engine import check_engine
from tipoff.text import (
    TextDataLoaders,
    language_model_learner,
    pretrained_tokenizer,
    text_classifier_learner,
)
from tipoff.train.callback import Callback
from tipoff.train.engine import TorchEngine
from tipoff.vision import ImageDataLoaders, Resize, aug_transforms, vision_learner

DEVICE = torch.device(os.environ.get("TIPOFF_TEST_DEVICE", "cuda"))
pytestmark = pytest.mark.skipif(
    DEVICE.type == "cuda" and not torch.cuda.is_available(), reason="needs a GPU and TIPOFF_TEST_DEVICE=cuda"
)
SMALL = {
    "awd_lstm": {"emb_sz": 16, "n_hid": 24, "n_layers": 2},
    "gpt": {"emb_sz": 32, "n_layers": 2, "n_heads": 4},
}
PRECISIONS = ["float32", "bfloat16", "float16"] if DEVICE.type == "cuda" else ["float32"]


@pytest.fixture(autouse=True)
def exact():
    """Products in whole float32, so that they can be compared; and no warning may be left to a user."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    set_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def same_from_its_file(learn, item, folder, atol=1e-4):
    """What the learner says on the GPU, its model file says on a processor, and on the GPU again."""
    assert {p.device.type for p in learn.model.parameters()} == {DEVICE.type}
    here = learn.predict(item).probabilities.cpu()
    path = learn.export(folder / "x.tipoff")
    assert torch.allclose(load_learner(path).predict(item).probabilities, here, atol=atol)
    back = load_learner(path, cpu=False)
    assert back.dls.device.type == default_device().type
    assert torch.allclose(back.predict(item).probabilities.cpu(), here, atol=atol)
    ((_, there),) = load_predictor(path, device=DEVICE).stream([item])
    assert torch.allclose(there, here, atol=atol)


def reasons(learn, text):
    return word_shares(learn.dls.plan, learn.predictor().probabilities, text).ranked()


def image_loaders(photos):
    return ImageDataLoaders.from_folder(
        photos, valid_pct=0.25, seed=1, item_tfms=Resize(32), batch_tfms=aug_transforms(), bs=9, device=DEVICE
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_photos(photos, tmp_path, precision):
    dls = image_loaders(photos)
    learn = vision_learner(dls, "timm/test_resnet", pretrained=False, metrics="accuracy", precision=precision)
    learn.fine_tune(4, 3e-3)
    assert dls.one_batch()[0].device.type == DEVICE.type
    assert learn.recorder.values[-1][1] < 1.5
    learn.to_fp32()
    same_from_its_file(learn, dls.source.items[1][0], tmp_path)


def test_photos_explained_and_averaged(photos):
    dls = image_loaders(photos)
    learn = vision_learner(dls, "timm/test_resnet", pretrained=False, precision="float32")
    learn.lr_find(show_plot=False)
    learn.fit(1)
    probs, targets = learn.get_preds()
    assert len(probs) == len(targets) == 9
    assert learn.tta(n=2)[0].shape == probs.shape
    interp = ClassificationInterpretation.from_learner(learn)
    assert interp.confusion_matrix().sum() == 9
    interp.plot_top_losses(4, heat=True)
    learn.show_results()
    learn.calibrate()


def cut_off_and_resumed(make, folder, n_steps):
    """A run that ends in the middle of an epoch goes on to its end."""
    with pytest.raises(KeyboardInterrupt):
        make().fit_one_cycle(2, 1e-3, cbs=[SaveCheckpoint(folder / "run.pt", every_steps=1), StopAt(n_steps)])
    learn = make()
    learn.resume(folder / "run.pt")
    assert len(learn.recorder.values) == 2 and torch.isfinite(torch.tensor(learn.recorder.values)).all()


def test_a_run_goes_on_in_the_middle_of_an_epoch(photos, tmp_path):
    dls = image_loaders(photos)
    cut_off_and_resumed(lambda: vision_learner(dls, "timm/test_resnet", pretrained=False), tmp_path, 4)


def test_a_recurrent_language_model_goes_on_with_its_memory(tmp_path):
    dls = lm_loaders()
    config = SMALL["awd_lstm"]
    cut_off_and_resumed(
        lambda: language_model_learner(dls, AWD_LSTM, config, pretrained=False), tmp_path, len(dls.train) + 3
    )


def test_the_command_trains_draws_and_answers(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tell = [sys.executable, "-m", "tipoff.cli.main"]
    arch = ["--arch", "timm/test_resnet", "--no-pretrained", "--size", "32", "--epochs", "1"]
    for command in (
        ["train", str(photos), *arch, "--out", "x.tipoff"],
        ["predict", "x.tipoff", str(photos / "red" / "red_0.jpg")],
        ["explain", "x.tipoff", str(photos / "red" / "red_0.jpg"), "--out", "why.png"],
    ):
        done = subprocess.run([*tell, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("arch", ["numeric", "mlp"])
def test_tables(tmp_path, arch, precision):
    frame = people(600)
    dls = TabularDataLoaders.from_df(
        frame, cat_names=["job", "city"], cont_names=["age", "hours"], y_names="rich", seed=1, device=DEVICE
    )
    options = {"arch": "mlp", "layers": [16]} if arch == "mlp" else {"layers": [16], "n_members": 4}
    learn = tabular_learner(dls, metrics="accuracy", precision=precision, **options)
    learn.fit_one_cycle(3, 1e-2)
    assert learn.validate()[1] > 0.8
    learn.to_fp32()
    same_from_its_file(learn, frame.iloc[3], tmp_path)
    if precision == "float32":
        assert len(permutation_importance(learn, n_repeats=2).ranked()) == 4
        assert len(partial_dependence(learn, "age").means) > 1
        assert len(explain_row(learn, frame.iloc[3]).ranked()) == 4


@pytest.mark.parametrize("options", [{}, {"use_nn": True, "layers": [8]}])
def test_ratings(options, tmp_path):
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device=DEVICE)
    learn = collab_learner(dls, n_factors=8, y_range=(0.5, 5.5), **options)
    learn.fit_one_cycle(3, 5e-3)
    assert learn.recorder.values[-1][1] < 1.2
    item = ratings().iloc[0]
    same_from_its_file(learn, {"user": int(item.user), "title": item.title}, tmp_path, atol=1e-3)
    if not options:
        assert len(learn.recommend(int(item.user), 3)) == 3


def lm_loaders(**options):
    return TextDataLoaders.from_df(
        sentences(200), text_col="review", is_lm=True, seed=1, bs=8, seq_len=12, device=DEVICE, **options
    )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("arch", list(SMALL))
def test_language_models(arch, precision, tmp_path):
    learn = language_model_learner(
        lm_loaders(), arch, SMALL[arch], 0.3, pretrained=False, metrics="perplexity", precision=precision
    )
    before = learn.validate()[1]
    learn.fit_one_cycle(3, 1e-2)
    assert learn.validate()[1] < 0.7 * before
    text = learn.predict("The critic saw", n_words=12, temperature=0.8, seed=1)
    assert text.startswith("The critic saw") and len(text.split()) > 8
    learn.to_fp32()
    path = learn.export(tmp_path / "lm.tipoff")
    there = load_learner(path)
    options = {"n_words": 8, "top_k": 1}
    assert there.predict("The critic saw", **options) == learn.predict("The critic saw", **options)


def test_ulmfit(tmp_path):
    lm = language_model_learner(lm_loaders(), AWD_LSTM, SMALL["awd_lstm"], pretrained=False)
    lm.fit_one_cycle(4, 2e-2)
    lm.save_encoder(tmp_path / "encoder")
    dls = TextDataLoaders.from_df(
        sentences(200),
        text_col="review",
        label_col="label",
        seed=1,
        bs=16,
        text_vocab=lm.dls.vocab,
        device=DEVICE,
    )
    learn = text_classifier_learner(
        dls, AWD_LSTM, config=SMALL["awd_lstm"], pretrained=False, drop_mult=0.1, metrics="accuracy"
    )
    learn.load_encoder(tmp_path / "encoder")
    learn.fit_one_cycle(2, 2e-2)
    learn.freeze_to(-2)
    learn.fit_one_cycle(2, slice(1e-2 / 2.6**4, 1e-2))
    learn.unfreeze()
    learn.fit_one_cycle(8, 1e-2)
    assert learn.validate()[1] > 0.8
    learn.to_fp32()
    same_from_its_file(learn, sentences(5).review[3], tmp_path)
    assert reasons(learn, sentences(5).review[3])
    ClassificationInterpretation.from_learner(learn).top_losses_table(3)


@pytest.mark.parametrize("make", [bert, gpt2])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_transformers(make, precision, tmp_path):
    folder = make(tmp_path)
    dls = TextDataLoaders.from_df(
        sentences(120), text_col="review", label_col="label", seed=1, bs=16, device=DEVICE,
        tok_tfm=pretrained_tokenizer(folder),
    )  # fmt: skip
    learn = text_classifier_learner(dls, folder, metrics="accuracy", precision=precision)
    learn.fine_tune(2, 1e-3)
    assert torch.isfinite(torch.tensor(learn.validate())).all()
    if precision == "float32":
        assert 0 <= learn.fit_head() <= 1
        same_from_its_file(learn, sentences(5).review[3], tmp_path)
        assert reasons(learn, sentences(5).review[3])


def test_an_lstm_layer_gives_the_numbers_and_gradients_of_a_processor():
    net = AWD_LSTM(50, 12, 20, 2, hidden_p=0.0, input_p=0.0, embed_p=0.0, weight_p=0.0).train()
    words = torch.randint(2, 50, (4, 9))
    net(words).square().sum().backward()
    out, grads = net(words), [p.grad.clone() for p in net.parameters()]
    net.reset()
    net.zero_grad()
    there = net.to(DEVICE)
    there(words.to(DEVICE)).square().sum().backward()
    for a, b in zip(grads, (p.grad for p in there.parameters()), strict=True):
        assert torch.allclose(a, b.cpu(), atol=1e-4)
    assert torch.allclose(out, there(words.to(DEVICE)).cpu(), atol=1e-5), (
        "the second batch goes on from the first"
    )


def test_a_loaded_model_learns_on_where_other_data_are(photos, tmp_path):
    dls = image_loaders(photos)
    path = vision_learner(dls, "timm/test_resnet", pretrained=False).export(tmp_path / "x.tipoff")
    learn = load_learner(path)
    learn.dls = dls
    learn.predict(photos / "red" / "red_0.jpg")
    learn.fit(1)
    assert {p.device.type for p in learn.model.parameters()} == {DEVICE.type}
    assert len(learn.get_preds()[0]) == 9


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_engine_keeps_its_promises(precision):
    check_engine(TorchEngine(DEVICE, precision))


def test_losses_with_weights_of_classes_and_of_probabilities(photos):
    dls = image_loaders(photos)
    for loss in (CrossEntropyLossFlat(weight=torch.ones(3)), FocalLoss(weight=torch.ones(3))):
        learn = vision_learner(dls, "timm/test_resnet", pretrained=False, loss_func=loss)
        learn.fit(1)
        assert torch.isfinite(torch.tensor(learn.recorder.values)).all()
    prob = torch.rand(6, device=DEVICE, requires_grad=True)
    with torch.autocast(DEVICE.type, torch.bfloat16):
        BCELossFlat()(prob, torch.ones(6, device=DEVICE)).backward()


def test_a_batch_that_is_skipped_does_not_stop_a_scaled_run(photos):
    class Skip(Callback):
        def after_backward(self, run) -> None:
            if run.n_steps == 1:
                run.skip_update()

    learn = vision_learner(image_loaders(photos), "timm/test_resnet", pretrained=False).to_fp16()
    learn.fit(2, cbs=Skip())
    assert len(learn.recorder.values) == 2


def test_the_loss_of_the_next_word():
    logits, y = torch.randn(70, 33), torch.randint(33, (70,))
    made = []
    for where in (torch.device("cpu"), DEVICE):
        at = logits.to(where, copy=True).requires_grad_()
        loss = next_word_loss(at, y.to(where))
        loss.backward()
        made.append((loss.detach().cpu(), at.grad.cpu()))
    assert torch.allclose(made[0][0], made[1][0]) and torch.allclose(made[0][1], made[1][1], atol=1e-6)
