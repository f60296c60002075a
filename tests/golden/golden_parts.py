"""What the golden files are made of: a small network of one's own, pictures by arithmetic, one of every part."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tipoff.collab.block import PairBlock
from tipoff.collab.features import Feature, Features
from tipoff.collab.model import CollabModel
from tipoff.collab.targets import ClickBlock, RatingBlock
from tipoff.data.numbers import NumberForm
from tipoff.data.plan import Plan
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.learner.named import Named, Vector
from tipoff.learner.recipe import Recipe
from tipoff.spec import Spec
from tipoff.tabular.columns import Column
from tipoff.tabular.dates import Datepart
from tipoff.tabular.model import MLPSpec, TabMSpec
from tipoff.tabular.procs import Categorify, FillMissing
from tipoff.tabular.procs import Normalize as NormalizeNumbers
from tipoff.tabular.row import RowBlock
from tipoff.text.block import TextBlock
from tipoff.text.model import AWDSpec, ClassifierSpec, GPTSpec, LanguageSpec
from tipoff.text.pieces import SubwordTokenizer
from tipoff.text.target import NextToken
from tipoff.text.transformer import TransformerClassifier, TransformerLM
from tipoff.text.words import WordTokenizer
from tipoff.vision.augment import Brightness, Contrast, IntToFloat, Normalize, OneChannel
from tipoff.vision.block import ImageBlock
from tipoff.vision.geometry import Dihedral, Flip, RandomCrop, ResizeBatch, Rotate, Warp, Zoom
from tipoff.vision.model import VisionModel
from tipoff.vision.resize import FlipItem, RandomResizedCrop, Resize


@dataclass(frozen=True)
class Tiny(Spec):
    """A small convolutional network."""

    n_out: int
    width: int

    def build(self) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, self.width, 3, 2),
            nn.BatchNorm2d(self.width),
            nn.ReLU(),
            nn.Conv2d(self.width, self.width, 3, 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.width, self.n_out),
        )


@dataclass(frozen=True)
class TinyRows(Spec):
    """A small network of codes and numbers."""

    n_out: int
    n_codes: int
    n_numbers: int

    def build(self) -> nn.Module:
        return _RowNet(self.n_codes + self.n_numbers, self.n_out)


class _RowNet(nn.Module):
    def __init__(self, n: int, n_out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n, 8), nn.ReLU(), nn.Linear(8, n_out))

    def forward(self, cats: Tensor, conts: Tensor) -> Tensor:
        return self.layers(torch.cat([cats.float(), conts], 1))


CATALOG = {"golden.tiny@1": Tiny, "golden.tiny_rows@1": TinyRows}


def table() -> list[dict[str, object]]:
    """Twelve rows of all kinds of columns, with gaps, that need no random numbers."""
    return [
        {
            "job": ("cook", "nurse", "Köchin", None)[i % 4],
            "rooms": (2, 3, 2.5)[i % 3],
            "smokes": i % 5 == 0,
            "age": None if i % 6 == 0 else 20 + 3 * i,
            "height": 1.5 + i / 40,
            "joined": f"{i + 1:02}.{(i * 5) % 12 + 1:02}.202{i % 4}",
            "salary": ("low", "high")[i % 2],
        }
        for i in range(12)
    ]


def odd_rows() -> list[dict[str, object]]:
    """New rows as they come: other types, gaps, categories that training had not."""
    plain = {"job": "cook", "rooms": 2, "smokes": True, "age": 31, "height": 1.7, "joined": "29.02.2024"}
    return [
        plain,
        {**plain, "job": "pilot", "rooms": "2.5", "smokes": "no"},
        {**plain, "age": None, "height": None, "joined": None},
        {**plain, "age": " 44 ", "rooms": 3.0, "smokes": 0, "job": ""},
    ]


def pictures() -> list[np.ndarray]:
    """Four pictures of (30, 40, 3) that need no random numbers."""
    y, x, c = np.meshgrid(np.arange(30), np.arange(40), np.arange(3), indexing="ij")
    return [((x * (3 + k) + y * y * (1 + c) + 50 * k) % 256).astype(np.uint8) for k in range(4)]


def parts() -> dict[str, Spec]:
    """One of every part of format 1, with other values than the defaults."""
    return {
        "plan@1": Plan((ImageBlock("L"),), (RegressionBlock(2),), (Resize(8),), (Flip(0.25),)),
        "category@1": CategoryBlock(("a", "b"), False, True, 0.1, (1.0, 2.0, 0.5)),
        "multi_category@1": MultiCategoryBlock(True, ("x", "y"), False, 0.3),
        "regression@1": RegressionBlock(3, (0.0, 5.5), "°C"),
        "learner.named@1": Named("loss.focal_flat@1", ("gamma", "weight"), (1.5, Vector((1.0, 2.0)))),
        "learner.recipe@1": Recipe(
            (0.01, 0.1),
            0.02,
            (0.9, 0.8, 0.9),
            True,
            False,
            "bfloat16",
            True,
            48,
            Normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
            "split.all@1",
            Named("loss.l1_flat@1"),
            Named("opt.sgd@1", ("mom",), (0.9,)),
            (Named("cb.mixup@1", ("alpha",), (0.3,)),),
            (Named("accuracy"),),
            1,
            (("splitter", "mine"),),
        ),
        "learner.vector@1": Vector((0.5, 2.0)),
        "collab.clicks@1": ClickBlock(8),
        "collab.feature@1": Feature("genre", "labels", ("Comedy", "Drama"), (0.5, 0.25), 0.0, 1.0),
        "collab.features@1": Features((Feature("age", "number", (), (), 33.5, 12.25),)),
        "collab.model@1": CollabModel(10, 20, 30, 6, (0.0, 5.5), 3, 4, 50, (16, 8), (5, 7), 0.1, 0.2, False),
        "collab.pair@1": PairBlock(
            "who",
            "film",
            (1, 2, "x"),
            ("Alien", "M"),
            Features((Feature("age", "number"),)),
            Features((Feature("kind", "choice", ("a",), (1.0,)),)),
        ),
        "collab.rating@1": RatingBlock(0.5, 5.0, "stars", "mark"),
        "tabular.categorify@1": Categorify(("job", "rooms"), (("cook", "nurse"), (1, 2.5, 8))),
        "table.number_form@1": NumberForm(",", ".", "€"),
        "tabular.column@1": Column(
            "sold",
            "date",
            ("x", 8, True),
            "2023-12-31",
            "2024-07-01",
            "2024-02-29",
            True,
            True,
            ("ISO8601", "%d.%m.%Y"),
        ),
        "tabular.datepart@1": Datepart(
            "saleDate", "at_", True, "%d.%m.%Y", ("Year", "Month", "Hour", "Elapsed")
        ),
        "tabular.fill_missing@1": FillMissing(
            "constant", False, (("age", -1.0),), ("age", "size"), (-1.0, 0.0), ("age_na", None)
        ),
        "tabular.mlp@1": MLPSpec(
            ((3, 2), (7, 4)), 2, 3, (20, 10), (0.1, 0.2), 0.04, False, True, False, False
        ),
        "tabular.normalize@1": NormalizeNumbers(("age", "size"), (37.5, 2.0), (13.25, 0.5)),
        "tabular.row@1": RowBlock(
            ("job", "age_na"),
            ("age",),
            (
                FillMissing("mode", True, None, ("age",), (38.0,), ("age_na",)),
                Categorify(("job", "age_na"), (("cook",), (False, True))),
            ),
            (
                Column("job", "category", ("nurse", "cook"), typical="nurse"),
                Column("age", low=17.0, high=90.0),
            ),
            ("salary",),
            ("id",),
        ),
        "text.awd_lstm@1": AWDSpec(50, 12, 20, 2, 0, 0.1, 0.2, 0.3, 0.4, True),
        "text.classifier@1": ClassifierSpec(
            AWDSpec(50, 12, 20), 3, 40, 400, (16, 8), (0.3, 0.2, 0.1), (0.0, 5.5)
        ),
        "text.gpt@1": GPTSpec(50, 24, 2, 3, 0, 0.2, 0.3, True),
        "text.language_model@1": LanguageSpec(GPTSpec(50, 24, 2, 3), 50, 0.2, False, False),
        "text.next_token@1": NextToken(WordTokenizer("xxunk\nxxpad\nGröße\n猫")),
        "text.subwords@1": SubwordTokenizer(300, "bpe", '{"version": "1.0"}', 512),
        "text.text@1": TextBlock(WordTokenizer("a\nb"), True, 80, True, False, 100, ("title", 2), True),
        "text.transformer_classifier@1": TransformerClassifier(
            '{"model_type": "bert"}', 3, 1, "last", (16,), 0.2, (0.0, 5.5), True
        ),
        "text.transformer_lm@1": TransformerLM('{"model_type": "gpt2"}', 50, True),
        "text.words@1": WordTokenizer("xxunk\nxxpad\nGröße", 2, 1000, ("fix_html", "lowercase")),
        "vision.image@1": ImageBlock("L"),
        "vision.resize@1": Resize((20, 30), "pad", "zeros"),
        "vision.random_resized_crop@1": RandomResizedCrop(32, 0.3, (0.8, 1.25), 0.2, 0.9),
        "vision.flip_item@1": FlipItem(0.3),
        "vision.normalize@1": Normalize((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)),
        "vision.int_to_float@1": IntToFloat(127.5),
        "vision.one_channel@1": OneChannel(),
        "vision.brightness@1": Brightness(0.3, 0.6),
        "vision.contrast@1": Contrast(0.4, 0.7),
        "vision.flip@1": Flip(0.4),
        "vision.dihedral@1": Dihedral(0.8),
        "vision.rotate@1": Rotate(20.0, 0.9),
        "vision.zoom@1": Zoom(0.9, 1.5, 0.2),
        "vision.warp@1": Warp(0.1, 0.3),
        "vision.random_crop@1": RandomCrop(0.5, (0.5, 2.0)),
        "vision.resize_batch@1": ResizeBatch((16, 24)),
        "tabular.tabm@1": TabMSpec(((3, 2),), 4, 1, (16,), 0.2, 4, 12, 8, "sigmoid"),
        "vision.classifier@1": VisionModel(
            "resnet34", 37, 1, (256, 64), 0.25, False, False, True, True, (0.0, 1.0)
        ),
    }
