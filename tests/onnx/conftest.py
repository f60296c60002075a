"""Small model files to export: random weights, plans of every kind."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from tipoff.bundle.file import Bundle
from tipoff.bundle.file import write as write_bundle
from tipoff.bundle.predictor import Predictor
from tipoff.data import CategoryBlock
from tipoff.data.plan import Plan
from tipoff.nn.layers import AdaptiveConcatPool2d
from tipoff.onnx.export import Exported, export_onnx
from tipoff.spec import Spec
from tipoff.vision import ImageBlock, Normalize, Resize, VisionModel

VOCAB = ("cat", "dog", "løk")
MEAN_HEAD = {"lin_ftrs": (), "concat_pool": False, "first_bn": False, "ps": 0.0}
SIZE = (Resize(32),)


class Small(nn.Sequential):
    """[0] the body, [1] the head."""


@dataclass(frozen=True)
class SmallModel(Spec):
    """Two convolutions with a norm between and the head of `tipoff train`: exported in a second."""

    n_out: int
    maxima: bool = False  # pooled too, as by fastai's head

    def build(self) -> nn.Module:
        body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.ReLU()
        )
        pool = AdaptiveConcatPool2d() if self.maxima else nn.AdaptiveAvgPool2d(1)
        head = nn.Sequential(pool, nn.Flatten(), nn.Linear(32 if self.maxima else 16, self.n_out))
        return Small(body, head)


OWN = {"test.small@1": SmallModel}


def bundle_of(
    item_tfms=SIZE, target=None, arch=None, batch_tfms=None, block=None, maxima=False, **head
) -> Bundle:
    """A model with random weights, whose norms have seen something, and the answers to two check inputs."""
    torch.manual_seed(0)
    target = target or CategoryBlock(vocab=VOCAB, temperature=0.7, sure_above=0.4)
    if batch_tfms is None:
        batch_tfms = (Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),)
    plan = Plan((block or ImageBlock(),), (target,), tuple(item_tfms), tuple(batch_tfms))
    spec = (
        VisionModel(arch, target.n_out, **(head or MEAN_HEAD)) if arch else SmallModel(target.n_out, maxima)
    )
    net = spec.build()
    for m in net.modules():
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(m.weight, 0.5, 1.0)
            nn.init.normal_(m.bias, 0, 0.2)
            nn.init.normal_(m.running_mean, 0, 0.2)
    bundle = Bundle(
        plan, spec, net.state_dict(), {"licence": "Apache-2.0", "task": "Three things."}, "# A card"
    )
    x = plan.inputs_of([plan.read(torch.rand(3, 40, 50)) for _ in range(2)])
    bundle.check = {"x0": x[0], "prob": Predictor(plan, bundle.build()).probabilities(x)}
    return bundle


def write(path: Path, bundle: Bundle) -> Path:
    return write_bundle(path, bundle, OWN)


def export(model: Path, out: Path | None = None) -> Exported:
    return export_onnx(model, out, catalog=OWN)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A small model file."""
    return write(tmp_path_factory.mktemp("onnx") / "three things.tipoff", bundle_of())


@pytest.fixture(scope="session")
def exported(made) -> Path:
    """The same as ONNX."""
    return export(made).path
