"""Small pictures made on the spot, and a cache folder of the tests' own."""

import os
from pathlib import Path

# tests ask for equal numbers, and make their inputs on the processor; `test_gpu.py` is for the GPU
if os.environ.get("TIPOFF_TEST_DEVICE") != "cuda":
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

import hypothesis
import numpy as np
import pytest
from PIL import Image

from tests.serve.browser import pytest_terminal_summary  # noqa: F401

# the same examples each time; HYPOTHESIS_PROFILE=explore looks for new ones
hypothesis.settings.register_profile("suite", derandomize=True)
hypothesis.settings.register_profile("explore")
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Tests run side by side; torch's threads would wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("TIPOFF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def picture(colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A noisy patch of one colour."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-40, 40, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))


COLOURS = {"blue": (40, 60, 200), "green": (40, 180, 60), "red": (200, 50, 40)}


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """Three class folders with 12 pictures each, of different sizes."""
    root = tmp_path_factory.mktemp("photos")
    for label, colour in COLOURS.items():
        (root / label).mkdir()
        for i in range(12):
            picture(colour, i, (48 + i % 3, 40)).save(root / label / f"{label}_{i}.jpg", quality=95)
    return root


@pytest.fixture(autouse=True)
def _nothing_said_before(monkeypatch):
    """What is said once in a process is said once in a test, whatever ran before it."""
    monkeypatch.setattr("tipoff.notes._said", set())
