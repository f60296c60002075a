"""A real server on a real socket, in a thread; models to serve."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import uvicorn
from PIL import Image

from tipoff.serve.about import About
from tipoff.serve.app import create_app
from tipoff.serve.run import Patient
from tipoff.serve.settings import Settings
from tipoff.serve.torch_model import TorchModel
from tipoff.vision import ImageDataLoaders, Resize, vision_learner


@contextmanager
def running(models: Sequence[Any], settings: Settings | None = None) -> Iterator[str]:
    """The address of a server of `models`."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    app = create_app(models, settings)
    config = uvicorn.Config(app, http=Patient, access_log=False, log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


@pytest.fixture(scope="session")
def model_file(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that knows three colours."""
    torch.manual_seed(0)
    dls = ImageDataLoaders.from_folder(
        photos, valid_pct=0.25, seed=1, item_tfms=Resize(32), bs=9, device="cpu"
    )
    learn = vision_learner(
        dls, "timm/test_resnet", pretrained=False, precision="float32", lin_ftrs=(), concat_pool=False,
        first_bn=False, ps=0.0, metrics="accuracy",
    )  # fmt: skip
    with learn.no_bar():
        learn.fit_one_cycle(5, 3e-3)
    learn.calibrate()
    return learn.export((tmp_path_factory.mktemp("model") / "colours.tipoff").absolute())


@pytest.fixture(scope="session")
def model(model_file: Path) -> TorchModel:
    return TorchModel(model_file, 50_000_000)


def picture_bytes(
    colour: tuple[int, int, int] = (200, 40, 40), size: tuple[int, int] = (40, 30), form: str = "PNG"
) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), colour, np.uint8)).save(out, form)
    return out.getvalue()


class Slow:
    """A model that takes its time, and remembers how many samples it was given at once."""

    about = About("slow", "Slow", "image", "category", ["a", "b"])
    at_once = 1

    def __init__(self, seconds: float = 0.05) -> None:
        self.seconds, self.batches = seconds, []

    def read(self, data: bytes, name: str) -> bytes:
        return data

    def key(self, sample: bytes) -> int:
        return len(sample)

    def answer(self, samples: Sequence[bytes], heat: bool) -> list[dict[str, Any]]:
        self.batches.append(len(samples))
        time.sleep(self.seconds)
        return [{"label": s.decode()} for s in samples]
