"""The servers that tipoff's is compared with, as people write them: FastAPI around a model. WHO PORT FOLDER"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import uvicorn
from common import ARCH, MEAN, SIZE, STD, fastai_learner, photos
from fastapi import FastAPI, UploadFile

who, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
app = FastAPI()

if who == "torch":
    import timm
    import torch
    from PIL import Image
    from torchvision import transforms

    net = timm.create_model(ARCH, num_classes=37).eval()
    prepare = transforms.Compose(
        [
            transforms.Resize(SIZE),
            transforms.CenterCrop(SIZE),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )

    @app.post("/predict")
    async def predict(file: UploadFile) -> dict[str, Any]:
        image = Image.open(io.BytesIO(await file.read())).convert("RGB")
        with torch.no_grad():
            prob = net(prepare(image)[None]).softmax(-1)[0]
        return {"label": int(prob.argmax()), "probabilities": prob.tolist()}

else:
    from fastai.vision.all import ImageDataLoaders, Normalize, PILImage, Resize

    paths, labels, _, _ = photos("pets")
    dls = ImageDataLoaders.from_lists(
        ".",
        paths,
        labels,
        valid_pct=0.2,
        seed=0,
        item_tfms=Resize(SIZE),
        batch_tfms=Normalize.from_stats(MEAN, STD),
    )
    learn = fastai_learner(dls, str(folder / "body.pt"))
    learn.remove_cbs([c for c in learn.cbs if type(c).__name__ == "ProgressCallback"])

    @app.post("/predict")
    async def predict(file: UploadFile) -> dict[str, Any]:
        label, _, prob = learn.predict(PILImage.create(await file.read()))
        return {"label": str(label), "probabilities": prob.tolist()}


uvicorn.run(app, port=port, log_level="warning", access_log=False)
