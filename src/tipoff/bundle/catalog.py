"""Everything that a model file may name. When the meaning of a part changes, it gets a new version here."""

from __future__ import annotations

CATALOG: dict[str, str] = {
    "plan@1": "tipoff.data.plan:Plan",
    "category@1": "tipoff.data.target:CategoryBlock",
    "multi_category@1": "tipoff.data.target:MultiCategoryBlock",
    "regression@1": "tipoff.data.target:RegressionBlock",
    "tabular.categorify@1": "tipoff.tabular.procs:Categorify",
    "tabular.column@1": "tipoff.tabular.columns:Column",
    "tabular.datepart@1": "tipoff.tabular.dates:Datepart",
    "tabular.fill_missing@1": "tipoff.tabular.procs:FillMissing",
    "tabular.normalize@1": "tipoff.tabular.procs:Normalize",
    "tabular.row@1": "tipoff.tabular.row:RowBlock",
    "vision.image@1": "tipoff.vision.block:ImageBlock",
    "vision.resize@1": "tipoff.vision.resize:Resize",
    "vision.random_resized_crop@1": "tipoff.vision.resize:RandomResizedCrop",
    "vision.flip_item@1": "tipoff.vision.resize:FlipItem",
    "vision.normalize@1": "tipoff.vision.augment:Normalize",
    "vision.int_to_float@1": "tipoff.vision.augment:IntToFloat",
    "vision.brightness@1": "tipoff.vision.augment:Brightness",
    "vision.contrast@1": "tipoff.vision.augment:Contrast",
    "vision.flip@1": "tipoff.vision.geometry:Flip",
    "vision.dihedral@1": "tipoff.vision.geometry:Dihedral",
    "vision.rotate@1": "tipoff.vision.geometry:Rotate",
    "vision.zoom@1": "tipoff.vision.geometry:Zoom",
    "vision.resize_batch@1": "tipoff.vision.geometry:ResizeBatch",
    "vision.random_crop@1": "tipoff.vision.geometry:RandomCrop",
    "vision.warp@1": "tipoff.vision.geometry:Warp",
    "vision.classifier@1": "tipoff.vision.model:VisionModel",
}
