"""A tiny model file, its members one by one, and zips made of them in wrong ways."""

import io
import json
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tipoff.bundle.file import Bundle, read, write
from tipoff.data.plan import Plan
from tipoff.data.target import CategoryBlock
from tipoff.spec import Spec
from tipoff.vision.augment import Normalize
from tipoff.vision.block import ImageBlock
from tipoff.vision.resize import Resize


@dataclass(frozen=True)
class TinyModel(Spec):
    """One convolution and one linear layer: what a user's own part of a model file looks like."""

    n_out: int
    width: int = 4

    def build(self) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, self.width, 3, 2),
            nn.BatchNorm2d(self.width),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.width, self.n_out),
        )


OWN = {"test.tiny@1": TinyModel}
VOCAB = ("cat", "dog", "løk")


def tiny_bundle() -> Bundle:
    torch.manual_seed(0)
    plan = Plan((ImageBlock(),), (CategoryBlock(vocab=VOCAB),), (Resize(16),), (Normalize(),))
    model = TinyModel(3)
    net = model.build().eval()
    x = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        check = {"x0": x, "prob": net(x).softmax(-1)}
    return Bundle(plan, model, net.state_dict(), {"task": "tell cats from dogs"}, "# Card\n", check)


def members() -> dict[str, bytes]:
    """The members of a good model file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "x.tipoff", tiny_bundle(), OWN)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, files: dict[str, bytes], **kwargs) -> Path:
    with zipfile.ZipFile(path, "w", **kwargs) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def with_spec(files: dict[str, bytes], change) -> dict[str, bytes]:
    """The members with spec.json changed: by a function of the parsed JSON, or replaced by bytes."""
    if isinstance(change, bytes):
        return {**files, "spec.json": change}
    spec = json.loads(files["spec.json"])
    return {**files, "spec.json": json.dumps(change(spec) or spec).encode()}


def safetensors_of(header: dict | bytes, data: bytes, claimed: int | None = None) -> bytes:
    """A safetensors file with whatever header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def answers(path: Path) -> torch.Tensor:
    """What the model in the file says of one grey picture."""
    bundle = read(path, OWN)
    net = bundle.build()
    picture = np.full((20, 20, 3), 99, np.uint8)
    with torch.no_grad():
        return net(*bundle.plan.inputs_of([bundle.plan.read(picture)]))


def raw_zip(path: Path) -> bytearray:
    return bytearray(Path(path).read_bytes())


def as_bytes(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()
