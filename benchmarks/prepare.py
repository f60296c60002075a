"""The pretrained body, a model file and ONNX files of one network, for the other measurements. FOLDER"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch
from common import ARCH, SIZE, photos

from tipoff.vision import ImageDataLoaders, Resize, vision_learner
from tipoff.vision.arch import resolve
from tipoff.vision.weights import find

folder = Path(sys.argv[1])
torch.save(find(resolve(ARCH)).state, folder / "body.pt")
files, labels, _, valid = photos("pets")
dls = ImageDataLoaders.from_lists(".", files, labels, valid_pct=0.2, seed=0, item_tfms=Resize(SIZE))
learn = vision_learner(dls, ARCH)
learn.export((folder / "model.tipoff").absolute())
torch.onnx.export(
    learn.model.eval(), (torch.rand(1, 3, SIZE, SIZE),), str(folder / "model.onnx"), dynamo=False,
    input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
)  # fmt: skip
(folder / "onnx").mkdir()
subprocess.run(
    [str(Path(sys.executable).parent / "tipoff"), "export", str(folder / "model.tipoff"), "--onnx",
     "--out", str(folder / "onnx" / "model.onnx")],
    check=True,
)  # fmt: skip
