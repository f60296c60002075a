"""Every public part keeps its contract. Parts are found by themselves: one without an example here fails a test."""

import doctest
import importlib
import inspect
import io
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import tipoff
import tipoff.testing
from tipoff.bundle.catalog import CATALOG
from tipoff.callbacks import (
    best,
    ema,
    gradients,
    graph,
    mixing,
    progress,
    recorder,
    saving,
    scheduler,
    short,
    terminate,
    tracking,
)
from tipoff.collab.block import PairBlock
from tipoff.collab.features import Feature, Features
from tipoff.collab.fill import FillUnknown
from tipoff.collab.model import CollabModel
from tipoff.collab.targets import ClickBlock, RatingBlock
from tipoff.data.block import Block, Target
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.data.numbers import NumberForm
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.data.transform import BatchTransform, ItemTransform
from tipoff.learner.execute import KeepNorms
from tipoff.learner.learner import Learner
from tipoff.learner.named import Named, Vector
from tipoff.learner.recipe import Recipe
from tipoff.metrics import AccumMetric, functions
from tipoff.metrics.metric import Mean, Metric
from tipoff.metrics.resolve import KNOWN, as_metric
from tipoff.notebook.callback import MixedPrecision
from tipoff.notebook.metric import Metric as FastaiMetric
from tipoff.spec import Spec
from tipoff.tabular.columns import Column
from tipoff.tabular.dates import Datepart
from tipoff.tabular.model import MLPSpec, TabMSpec
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, TabularProc
from tipoff.tabular.row import RowBlock
from tipoff.tabular.values import Coded
from tipoff.testing import (
    check_block,
    check_callback,
    check_engine,
    check_learner,
    check_metric,
    check_proc,
    check_spec,
    check_target,
    check_transform,
)
from tipoff.text import (
    ModelResetter,
    NextToken,
    RNNCallback,
    RNNRegularizer,
    SubwordTokenizer,
    TextBlock,
    WordTokenizer,
)
from tipoff.text.field import TextField
from tipoff.text.model import AWDSpec, ClassifierSpec, GPTSpec, LanguageSpec
from tipoff.text.transformer import TransformerClassifier, TransformerLM
from tipoff.train.annealing import SchedCos
from tipoff.train.callback import Callback
from tipoff.train.engine import TorchEngine
from tipoff.vision import ImageDataLoaders, vision_learner
from tipoff.vision import augment as a
from tipoff.vision import geometry as geo
from tipoff.vision import resize as r
from tipoff.vision.block import ImageBlock


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    n = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n)


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(tipoff.__path__, "tipoff."):
        if not found.name.startswith(("tipoff.cli", "tipoff.testing", "tipoff.notebook")):
            yield found.name


def public(kind: type) -> set[type]:
    """The public classes below `kind` that tipoff defines and that are not only there to be derived from."""
    out = set()
    for name in modules():
        for cls in vars(importlib.import_module(name)).values():
            ours = inspect.isclass(cls) and issubclass(cls, kind) and cls.__module__.startswith("tipoff.")
            if ours and not cls.__name__.startswith("_") and cls not in BASES:
                out.add(cls)
    return out


BASES = {
    Spec, Block, Target, ItemTransform, BatchTransform, Callback, Metric, TabularProc,
    a.Pointwise, geo.Geometric, tracking.Tracking,
    *(c for c in map(lambda n: vars(importlib.import_module("tipoff.metrics.metric"))[n], ("Sums", "Scores", "Mean"))),
    vars(importlib.import_module("tipoff.metrics.confusion"))["FromConfusion"],
    vars(importlib.import_module("tipoff.metrics.multi"))["FromLabels"], AccumMetric,
    FastaiMetric,
}  # fmt: skip


def names(examples: list) -> list[str]:
    return [f"{type(e[0] if isinstance(e, tuple) else e).__name__}{i}" for i, e in enumerate(examples)]


def covered(examples: list, kind: type, spared: tuple[str, ...] = ()) -> None:
    have = {type(e[0] if isinstance(e, tuple) else e) for e in examples}
    forgotten = {c.__name__ for c in public(kind) - have} - set(spared)
    assert not forgotten, f"no contract is checked for {sorted(forgotten)}: add an example above"


PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
BLOCKS = [
    (ImageBlock(), [PICTURE, PICTURE[::-1].copy()]),
    (ImageBlock("L"), [Image.fromarray(PICTURE), Image.fromarray(PICTURE).convert("RGBA")]),
    (PairBlock(), [("ann", "Fargo"), ("bob", "Heat"), ("ann", "Heat")]),
    (PairBlock("who", "what"), [(3, 80), (7, 12)]),
    (
        RowBlock(("job", "smokes"), ("age", "height")),
        [
            {"job": "cook", "smokes": True, "age": 31, "height": 1.75},
            {"job": "nurse", "smokes": False, "age": 64, "height": 1.5},
            {"job": "cook", "smokes": False, "age": 18, "height": 2.0},
        ],
    ),
    (
        RowBlock(
            (), ("price",), (Datepart("sold"), FillMissing(), Categorify(), Normalize()), y_names=("rating",)
        ),
        [{"sold": "2023-12-31", "price": 3}, {"sold": "2024-02-29", "price": 5}],
    ),
]
REVIEWS = [
    "A fine film, it isn't bad!",
    "GREAT!!! Very very very funny (and sad).",
    "Das Gewicht: 3.5 kg, 20%?",
]
NUMBERS = WordTokenizer.of(["xxunk", "xxpad", "xxbos", "one", "two", "three"])
BLOCKS += [
    (TextField(WordTokenizer(min_freq=1)), REVIEWS),
    (TextBlock(WordTokenizer(min_freq=1), backwards=True), REVIEWS),
    (TextBlock(SubwordTokenizer(300, "bpe"), is_lm=True), [*REVIEWS, "שלום 👩‍👩‍👧"]),
]
TOKENIZERS = [NUMBERS, WordTokenizer(None, 1, 100, ("lowercase",)), SubwordTokenizer(300, "bpe", "{}", 9)]
ROWS = {
    "job": Coded(np.array([1, 0, -1, 1]), ["nurse", "cook"]),
    "rooms": Coded(np.array([0, 1, 2, 0]), [8, 2.5, 1]),
    "age": np.array([30.0, np.nan, 50.0, 64.0]),
    "size": np.array([1.0, 2.0, 3.0, 4.0]),
    "sold": np.array(
        ["2023-12-31T23:59:00", "2024-02-29T00:00:00", "NaT", "2024-07-01T12:30:00"], "datetime64[s]"
    ),
}
PROCS = [
    (Categorify(), ["job", "rooms"], []),
    (FillMissing(), ["job"], ["age", "size"]),
    (FillMissing("mode", add_col=False), [], ["age", "size"]),
    (FillMissing("constant", fill_vals={"age": -1}), [], ["age"]),
    (Normalize(), [], ["age", "size"]),
    (Datepart("sold"), ["job"], ["size"]),
    (Datepart("sold", prefix="at_", time=False, format="ISO8601"), [], []),
]
COLUMNS = [
    Column("age", low=1.5, high=80.0, typical=37.0, missing_ok=True, whole=True),
    Column("job", "category", ("nurse", "cook"), typical="nurse"),
    Column(
        "sold",
        "date",
        low="2023-12-31",
        high="2024-07-01",
        typical="2024-02-29",
        formats=("ISO8601", "%d.%m.%Y"),
    ),
    Column("price", low=1.5, high=80.0, typical=37.0, form=NumberForm(",", ".", "€")),
]
NUMBER_FORMS = [NumberForm(), NumberForm(",", ".", "€")]
TARGETS = [
    (CategoryBlock(), ["dog", "cat", "dog", "owl"]),
    (CategoryBlock(sort=False, smoothing=0.1), [3, 1, 2]),
    (CategoryBlock(vocab=("a", "b"), weight=(1.0, 3.0)), ["b", "a"]),
    (CategoryBlock(add_na=True), ["x", "y"]),
    (CategoryBlock(), [True, False, True]),
    (MultiCategoryBlock(), [["a", "b"], [], ["c"]]),
    (MultiCategoryBlock(threshold=0.2), [["z", "b"], ["b"]]),
    (RegressionBlock(), [1.5, -2.0, 30.25]),
    (RegressionBlock(y_range=(0.0, 5.0), unit="stars"), [1.0, 4.5]),
    (RegressionBlock(), [[1.0, 2.0], [3.0, 4.5]]),
    (RegressionBlock(log=True, shift=(1.5,), scale=(0.5,)), [1.5, 20.0]),
    (RatingBlock(), [4.0, 1.0, 5.0]),
    (ClickBlock(2), [1.0, 0.0, 0.0]),
    (NextToken(NUMBERS), ["two", "xxbos", "three"]),
]
RATINGS = [
    Feature("genre", "labels", ("Comedy", "Drama"), (0.5, 0.25)),
    Features((Feature("age", "number", mean=33.5, std=12.0),)),
    CollabModel(10, 20, y_range=(0.0, 5.5)),
    CollabModel(10, 20, members=1, layers=(8,), emb_szs=(4, 5)),
]
RECIPES = [
    Recipe(
        (0.1, 0.2), 0.01, (0.9, 0.8, 0.9), True, False, "bfloat16", True, 48, a.Normalize(), "split.all@1"
    ),
    Named("loss.focal_flat@1", ("gamma", "weight"), (1.5, Vector((1.0, 2.0)))),
    Vector((0.5, 2.0)),
]
NETWORKS = [
    MLPSpec(((3, 2), (7, 4)), 2, 3, (20, 10), (0.1, 0.2), 0.04),
    TabMSpec(((3, 2),), 4, 1, (16,), 0.2, 4, 12, 8, "sigmoid"),
    AWDSpec(50, 8, 12, 2, bidir=True),
    GPTSpec(50, 16, 2, 4),
    LanguageSpec(GPTSpec(50, 16, 1, 2), 50, tie_weights=False),
    ClassifierSpec(AWDSpec(50, 8, 12, 2), 3, lin_ftrs=(), ps=(0.2,)),
    TransformerClassifier(
        '{"model_type": "bert", "num_hidden_layers": 1, "hidden_size": 12}', 3, pool="last"
    ),
    TransformerLM('{"model_type": "gpt2", "n_layer": 1, "n_embd": 12}', 50),
]
ITEM_TRANSFORMS = [
    *(r.Resize(24, method, pad) for method in ("crop", "squish", "pad") for pad in ("zeros", "border", "reflection")),
    r.Resize((20, 33)),
    r.RandomResizedCrop(16),
    r.RandomResizedCrop((10, 30), min_scale=0.5, max_scale=0.9, ratio=(0.5, 2.0)),
    r.FlipItem(),
    r.FlipItem(1.0),
]  # fmt: skip
PARTS = (
    "Fit",
    "Place",
    "Shrink",
    "CropAndResize",
)  # steps of Resize and RandomResizedCrop, checked with them
BATCH_TRANSFORMS = [
    a.IntToFloat(2.0), a.OneChannel(), a.Brightness(0.4, 1.0), a.Contrast(0.4, 1.0), a.Normalize(*a.imagenet_stats),
    geo.Flip(), geo.Dihedral(), geo.Rotate(30.0, 1.0), geo.Zoom(0.8, 1.3, 1.0), geo.Warp(0.3, 1.0),
    geo.RandomCrop(0.4), geo.ResizeBatch(8), geo.ResizeBatch((9, 20)),
]  # fmt: skip


def test_every_block_target_and_transform_has_an_example():
    covered([*BLOCKS, *TARGETS], Block, ("PlainTarget",))
    covered([*ITEM_TRANSFORMS], ItemTransform, PARTS)
    covered([*PROCS], TabularProc)
    covered([*BATCH_TRANSFORMS], BatchTransform)


def test_everything_that_a_model_file_may_name_is_checked():
    checked = {type(e[0] if isinstance(e, tuple) else e) for e in
               (*BLOCKS, *TARGETS, *ITEM_TRANSFORMS, *BATCH_TRANSFORMS, *PROCS, *COLUMNS, *NUMBER_FORMS, *RATINGS, *TOKENIZERS, *RECIPES, *NETWORKS)}  # fmt: skip
    paths = {f"{c.__module__}:{c.__qualname__}" for c in checked}
    assert set(CATALOG.values()) - paths == {"tipoff.data.plan:Plan", "tipoff.vision.model:VisionModel"}


def test_every_name_of_the_catalog_is_a_public_spec():
    for path in CATALOG.values():
        module, _, name = path.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), Spec)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_tokenizers(tokenizer):
    check_spec(tokenizer)


@pytest.mark.parametrize("block, values", BLOCKS, ids=names(BLOCKS))
def test_blocks(block, values):
    check_block(block, values)


@pytest.mark.parametrize("target, values", TARGETS, ids=names(TARGETS))
def test_targets(target, values):
    check_target(target, values)


@pytest.mark.parametrize("proc, cats, conts", PROCS, ids=names(PROCS))
def test_steps_of_tables(proc, cats, conts):
    check_proc(proc, ROWS, cats, conts)


@pytest.mark.parametrize("form", NUMBER_FORMS, ids=str)
def test_number_forms(form):
    check_spec(form)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.kind)
def test_columns_of_tables(column):
    check_spec(column)


@pytest.mark.parametrize("spec", [*RATINGS, *RECIPES, *NETWORKS], ids=names([*RATINGS, *RECIPES, *NETWORKS]))
def test_parts_of_ratings(spec):
    check_spec(spec)


@pytest.mark.parametrize("tfm", ITEM_TRANSFORMS, ids=names(ITEM_TRANSFORMS))
def test_item_transforms(tfm):
    check_transform(tfm)


@pytest.mark.parametrize("tfm", BATCH_TRANSFORMS, ids=names(BATCH_TRANSFORMS))
def test_batch_transforms(tfm):
    check_transform(tfm)


def test_the_whole_pipeline_of_a_picture_is_independent_of_its_batch():
    """On bytes, as on the CPU, where moves and colours are fused into one warp and one table."""
    from tipoff.data.kind import Kind
    from tipoff.data.transform import run_batch_transforms

    tfms = [a.IntToFloat(), *a.aug_transforms(), a.Normalize(*a.imagenet_stats)]
    x = torch.randint(256, (6, 3, 17, 23), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    at = torch.arange(6)
    whole = run_batch_transforms(tfms, [Kind.IMAGE], [x], at, (3, 1))[0]
    for i in range(6):
        alone = run_batch_transforms(tfms, [Kind.IMAGE], [x[i : i + 1]], at[i : i + 1], (3, 1))[0]
        assert torch.equal(alone[0], whole[i])
    plain = [Kind.IMAGE], [x], at, None
    assert torch.allclose(
        run_batch_transforms(tfms, *plain)[0][:, 0], (x[:, 0] / 255 - 0.485) / 0.229, atol=1e-5
    )


# metrics


def many(classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(classes)
    y = torch.randint(classes, (37,), generator=g)
    return torch.randn(37, classes, generator=g) + torch.eye(classes)[y], y


def numbers() -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(2)
    return torch.randn(37, 1, generator=g), torch.randn(37, 1, generator=g)


SAMPLES = {
    **dict.fromkeys(("mse", "rmse", "mae", "r2_score", "mspe", "rmspe", "exp_mspe", "exp_rmspe"), numbers()),
    **dict.fromkeys(("explained_variance", "pearsonr", "spearmanr"), numbers()),
    "msle": tuple(v.abs() for v in numbers()),
    **dict.fromkeys(
        ("accuracy_multi", *(n for n in KNOWN if n.endswith("_multi"))),
        (torch.randn(37, 3), torch.randint(2, (37, 3)).float()),
    ),
    "corpus_bleu": (torch.randn(37, 5, 4), torch.randint(4, (37, 5))),
    "top_k_accuracy": many(9),
    "balanced_accuracy": many(4),
    "cohen_kappa": many(4),
    "matthews_corrcoef": many(4),
    "roc_auc": many(4),
    "perplexity": many(4),
}


@pytest.mark.parametrize("name", KNOWN)
def test_metrics_by_name(name):
    check_metric(as_metric(name), *SAMPLES.get(name, many(2)))


@pytest.mark.parametrize("name", [n for n, f in vars(functions).items()
                                  if inspect.isfunction(f) and f.__module__ == functions.__name__])  # fmt: skip
def test_metrics_by_function(name):
    check_metric(as_metric(getattr(functions, name)), *SAMPLES.get(name, many(2)))


def test_every_metric_is_known_by_name():
    assert public(Metric) <= {type(make()) for make in KNOWN.values()}
    check_metric(Mean(lambda p, y: (p.argmax(-1) == y).float()))
    check_metric(AccumMetric(lambda p, y: (p == y).float().mean(), dim_argmax=-1))


# callbacks

CALLBACKS = {
    "Recorder": lambda tmp: recorder.Recorder(),
    "Progress": lambda tmp: progress.Progress(io.StringIO()),
    "EarlyStopping": lambda tmp: tracking.EarlyStopping(patience=1, comp=lambda x, y: False),
    "SaveModel": lambda tmp: best.SaveModel("train_loss", comp=np.greater, fname=tmp / "best"),
    "KeepBest": lambda tmp: best.KeepBest("train_loss"),
    "ReduceLROnPlateau": lambda tmp: tracking.ReduceLROnPlateau(comp=lambda x, y: False),
    "TerminateOnNaN": lambda tmp: terminate.TerminateOnNaN(),
    "GradientAccumulation": lambda tmp: gradients.GradientAccumulation(8),
    "GradientClip": lambda tmp: gradients.GradientClip(0.1),
    "MixUp": lambda tmp: mixing.MixUp(),
    "CutMix": lambda tmp: mixing.CutMix(),
    "EMA": lambda tmp: ema.EMA(0.9),
    "SaveCheckpoint": lambda tmp: saving.SaveCheckpoint(tmp / "c.pt", every_steps=2),
    "CSVLogger": lambda tmp: saving.CSVLogger(tmp / "log.csv"),
    "TensorBoardCallback": lambda tmp: saving.TensorBoardCallback(tmp / "runs"),
    "ParamScheduler": lambda tmp: scheduler.ParamScheduler(
        {"lr": SchedCos(0.01, 0.001), "wd": SchedCos(0.1, 0.0)}
    ),
    "ShortEpochCallback": lambda tmp: short.ShortEpochCallback(0.4),
    "ShowGraphCallback": lambda tmp: graph.ShowGraphCallback(),
    "KeepNorms": lambda tmp: KeepNorms([]),
    "FillUnknown": lambda tmp: FillUnknown(),
    "ModelResetter": lambda tmp: ModelResetter(),
    "RNNCallback": lambda tmp: RNNCallback(),
    "RNNRegularizer": lambda tmp: RNNRegularizer(2.0, 1.0),
    "MixedPrecision": lambda tmp: MixedPrecision(),
}


def test_every_callback_has_an_example():
    assert {c.__name__ for c in public(Callback)} - {"Callback"} <= set(CALLBACKS)


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks(name, tmp_path):
    if name == "TensorBoardCallback":
        pytest.importorskip("tensorboard")
    check_callback(CALLBACKS[name](tmp_path))


# engines and learners


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_engine(precision, channels_last):
    check_engine(TorchEngine("cpu", precision, channels_last))


def test_a_learner_of_pictures(photos):
    torch.manual_seed(0)
    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.25, seed=1, item_tfms=r.Resize(32), batch_tfms=a.aug_transforms(), bs=9
    )
    check_learner(vision_learner(dls, "timm/test_efficientnet", pretrained=False, precision="float32"))


def test_a_learner_of_a_plain_module_and_pairs():
    x, y = many(3)
    dls = DataLoaders(
        Loader(TensorDataset(x, y), 8, shuffle=True), Loader(TensorDataset(x[:9], y[:9]), 4), device="cpu"
    )
    check_learner(Learner(dls, nn.Sequential(nn.Linear(3, 3)), nn.CrossEntropyLoss()))


# the contracts notice what is broken


def test_a_broken_promise_is_named():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Batchy(BatchTransform):
        def image(self, x, u):
            return x - x.mean(0, keepdim=True)

    @dataclass(frozen=True)
    class InPlace(ItemTransform):
        def image(self, x, u):
            x[:] = 0
            return x

    @dataclass(frozen=True)
    class Off(CategoryBlock):
        def decode(self, value):
            return self.names[0]

    @dataclass(frozen=True)
    class NoGradient(CategoryBlock):
        def loss(self, pred, y):
            return (pred.argmax(-1) == y).float().mean() + 0 * pred.sum()

    class Forgets(Callback):
        def __init__(self):
            self.n = 0

        def after_loss(self, run):
            self.n += 1
            run.loss = run.loss * self.n

    class MeanOfMeans(Mean):
        def add(self, pred, *y):
            return {"sum": self.func(pred, *y), "n": torch.tensor(1.0)}

    @dataclass
    class Thawed:
        pass

    cases = [
        (lambda: check_transform(Batchy()), "depends on the others|depends on its place"),
        (lambda: check_transform(InPlace()), "changes the value it is given"),
        (lambda: check_target(Off(), ["a", "b"]), "'b' comes back from encode and decode as 'a'"),
        (lambda: check_target(NoGradient(), ["a", "b"]), "no finite gradient"),
        (lambda: check_callback(Forgets()), "belongs into state_dict"),
        (lambda: check_metric(MeanOfMeans(functions.accuracy)), "uneven batches give"),
    ]
    for check, words in cases:
        with pytest.raises(AssertionError, match=words):
            check()


@pytest.mark.parametrize(
    "module", [m.name for m in pkgutil.iter_modules(tipoff.testing.__path__, "tipoff.testing.")]
)
def test_the_examples_of_the_contracts_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_a_third_partys_spec_needs_no_catalog():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Mine(Spec):
        inner: Spec
        depth: int = 3

    check_spec(Mine(CategoryBlock(vocab=("a", "b"))))
