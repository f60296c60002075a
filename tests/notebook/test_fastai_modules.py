"""Modules where fastai's users look, with their names of fastai."""

import builtins
import importlib
from collections import Counter

import pytest

FACES = (
    *("basics", "layers", "losses", "optimizer", "torch_core", "collab.all", "tabular.all", "text.all", "vision.all"),
    *(f"callback.{m}" for m in ("all", "core", "fp16", "mixup", "progress", "rnn", "schedule", "tensorboard")),
    *("callback.data", "callback.hook", "callback.tracker", "callback.training", "data.all", "data.core", "data.load", "data.transforms"),
    *("tabular.core", "tabular.data", "text.core", "text.data", "text.models", "text.models.awdlstm"),
    *("text.models.core", "vision.core", "vision.data", "vision.models", "vision.models.xresnet", "vision.utils"),
)


@pytest.mark.parametrize("face", FACES)
def test_a_face_has_what_it_lists_once_and_hides_no_builtin(face):
    module = importlib.import_module(f"tipoff.{face}")
    assert [n for n, times in Counter(module.__all__).items() if times > 1] == []
    assert [n for n in module.__all__ if not hasattr(module, n) or hasattr(builtins, n)] == []


@pytest.mark.parametrize(
    "line",
    [
        "from tipoff.basics import Learner, L, tensor, accuracy, DataBlock, Callback",
        "from tipoff.callback.all import *",
        "from tipoff.callback.core import Callback, CancelFitException",
        "from tipoff.callback.fp16 import MixedPrecision",
        "from tipoff.callback.mixup import MixUp, CutMix",
        "from tipoff.callback.progress import ProgressCallback, ShowGraphCallback, CSVLogger",
        "from tipoff.callback.rnn import rnn_cbs",
        "from tipoff.callback.schedule import ParamScheduler, SchedCos, valley",
        "from tipoff.callback.tracker import SaveModelCallback, EarlyStoppingCallback, ReduceLROnPlateau",
        "from tipoff.callback.training import GradientAccumulation, ShortEpochCallback",
        "from tipoff.collab import CollabDataLoaders, collab_learner",
        "from tipoff.data.all import DataBlock, untar_data, Pipeline, get_image_files",
        "from tipoff.callback.data import WeightedDL, PartialDL",
        "from tipoff.data.block import DataBlock, CategoryBlock, MultiCategoryBlock, RegressionBlock",
        "from tipoff.data.block import *; DataBlock",
        "from tipoff.text.learner import language_model_learner, text_classifier_learner, LMLearner",
        "from tipoff.optimizer import ranger, RMSProp, QHAdam, Larc, Lamb, Lookahead, OptimWrapper, Optimizer",
        "from tipoff.data.core import DataLoaders, Datasets, TfmdDL, TfmdLists",
        "from tipoff.data.external import URLs, untar_data",
        "from tipoff.data.load import DataLoader",
        "from tipoff.data.transforms import RandomSplitter, parent_label, ToTensor, Categorize",
        "from tipoff.interpret import ClassificationInterpretation",
        "from tipoff.layers import ConvLayer, SigmoidRange, Flatten",
        "from tipoff.learner import Learner, load_learner",
        "from tipoff.losses import CrossEntropyLossFlat, FocalLoss",
        "from tipoff.metrics import accuracy, F1Score, error_rate",
        "from tipoff.optimizer import Adam, SGD",
        "from tipoff.tabular.core import TabularPandas, Categorify, Normalize, cont_cat_split",
        "from tipoff.tabular.data import TabularDataLoaders",
        "from tipoff.tabular.learner import tabular_learner",
        "from tipoff.tabular.model import TabularModel, get_emb_sz, tabular_config",
        "from tipoff.text.core import Tokenizer, WordTokenizer, BOS, fix_html",
        "from tipoff.text.data import TextBlock, TextDataLoaders, LMDataLoader, pad_input",
        "from tipoff.text.models import AWD_LSTM, get_language_model",
        "from tipoff.text.models.awdlstm import awd_lstm_lm_config",
        "from tipoff.torch_core import set_seed, to_device, show_image, TensorImage",
        "from tipoff.vision.augment import aug_transforms, Resize, RandomResizedCrop, FlipItem, Rotate, Normalize",
        "from tipoff.vision.core import PILImage, PILMask, imagenet_stats",
        "from tipoff.vision.data import ImageBlock, ImageDataLoaders, get_grid",
        "from tipoff.vision.learner import vision_learner, cnn_learner, create_head, create_body",
        "from tipoff.vision.models import resnet34, xresnet50, convnext_tiny",
        "from tipoff.vision.models.xresnet import XResNet",
        "from tipoff.vision.utils import download_images, verify_images, resize_images",
    ],
)
def test_a_name_imports_from_its_module_of_fastai(line):
    exec(line, {})


def test_a_name_is_the_same_thing_from_every_module():
    from tipoff import basics, callbacks, data, vision
    from tipoff.callback import progress, tracker
    from tipoff.vision import all as face

    assert tracker.SaveModelCallback is callbacks.SaveModelCallback is face.SaveModelCallback
    assert basics.DataBlock is data.DataBlock and face.Resize is vision.Resize
    assert progress.ProgressCallback is callbacks.Progress
