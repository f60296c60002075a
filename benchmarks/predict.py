"""From files to classes: one photo at a time, and 500 at once; milliseconds a photo. WHO FOLDER"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import ARCH, MEAN, SIZE, STD, fastai_learner, photos, report
from PIL import Image

who, folder = sys.argv[1], Path(sys.argv[2])
paths, labels, _, _ = photos("pets")
files = [Path(p) for p in (paths * 500)[:500]]
ONE = 60


def read(file: Path) -> np.ndarray:  # -> float32 (3, SIZE, SIZE)
    """As one would by hand: Pillow, shorter side to SIZE, centre, normalised."""
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    scale = SIZE / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    left, top = (image.width - SIZE) // 2, (image.height - SIZE) // 2
    pixels = np.asarray(image.crop((left, top, left + SIZE, top + SIZE)), dtype=np.float32) / 255
    return np.ascontiguousarray(((pixels - MEAN[0]) / STD[0]).transpose(2, 0, 1))


def tipoff() -> tuple[Callable[[Path], Any], Callable[[], Any]]:
    from tipoff.bundle import load_predictor

    predictor = load_predictor(folder / "model.tipoff")
    return predictor, lambda: sum(1 for _ in predictor.stream(files))


def tipoff_learner() -> tuple[Callable[[Path], Any], Callable[[], Any]]:
    from tipoff.vision import ImageDataLoaders, Resize, vision_learner

    dls = ImageDataLoaders.from_lists(".", paths, labels, valid_pct=0.2, seed=0, item_tfms=Resize(SIZE))
    learn = vision_learner(dls, ARCH)
    return learn.predict, lambda: learn.get_preds(dl=learn.dls.test_dl(files))


def fastai(workers: int) -> tuple[Callable[[Path], Any], Callable[[], Any]]:
    from fastai.vision.all import ImageDataLoaders, Normalize, Resize

    dls = ImageDataLoaders.from_lists(
        ".", paths, labels, valid_pct=0.2, seed=0, item_tfms=Resize(SIZE),
        batch_tfms=Normalize.from_stats(MEAN, STD),
    )  # fmt: skip
    learn = fastai_learner(dls, str(folder / "body.pt"))
    learn.remove_cbs([c for c in learn.cbs if type(c).__name__ == "ProgressCallback"])
    return learn.predict, lambda: learn.get_preds(dl=learn.dls.test_dl(files, num_workers=workers))


def plain() -> tuple[Callable[[Path], Any], Callable[[], Any]]:
    import timm

    net = timm.create_model(ARCH, num_classes=37).eval()

    @torch.inference_mode()
    def one(file: Path) -> Any:
        return net(torch.from_numpy(read(file))[None]).softmax(-1)

    @torch.inference_mode()
    def many() -> Any:
        batches = torch.utils.data.DataLoader(
            files, 32, collate_fn=lambda b: torch.from_numpy(np.stack([read(f) for f in b]))
        )
        return [net(x).softmax(-1) for x in batches]

    return one, many


def onnx() -> tuple[Callable[[Path], Any], Callable[[], Any]]:
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

    def many() -> None:
        for i in range(0, len(files), 32):
            session.run(None, {"x": np.stack([read(f) for f in files[i : i + 32]])})

    return lambda file: session.run(None, {"x": read(file)[None]}), many


one, many = {
    "tipoff": tipoff, "tipoff Learner": tipoff_learner, "fastai": lambda: fastai(2), "fastai, no workers": lambda: fastai(0),
    "torch": plain, "onnxruntime": onnx,
}[who]()  # fmt: skip
for file in files[:10]:
    one(file)
times = []
for file in files[:ONE]:
    began = time.perf_counter()
    one(file)
    times.append(time.perf_counter() - began)
many()  # warms up
began = time.perf_counter()
many()
report(
    one=round(sorted(times)[ONE // 2] * 1e3, 2),
    many=round((time.perf_counter() - began) / len(files) * 1e3, 2),
)
