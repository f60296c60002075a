"""From a model file to one ONNX file, that takes decoded pixels of any size and gives probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper

import tipoff
from tipoff.answer import Answer
from tipoff.bundle.catalog import CATALOG
from tipoff.bundle.container import replacing
from tipoff.bundle.file import Bundle, read
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import BundleError, SpecError
from tipoff.onnx.graph import OPSET, Graph
from tipoff.onnx.metadata import MAX_FILE_BYTES, Metadata, digest
from tipoff.onnx.network import network
from tipoff.onnx.parity import Parity, compare
from tipoff.onnx.pictures import read_pictures
from tipoff.spec import Catalog, dump

_SERVED = {CategoryBlock: "category", MultiCategoryBlock: "multi_category", RegressionBlock: "regression"}


class Exported(NamedTuple):
    """The file that was written, how near it is to the model, and whether it says where it looked."""

    path: Path
    parity: Parity
    heat: bool


def export_onnx(
    model: str | Path, out: str | Path | None = None, *, catalog: Catalog | None = None
) -> Exported:
    """Write the model file `model` as ONNX, to `out` (beside it, with the ending .onnx).

    The input is `pixels`, uint8 (N, H, W, 3), of any N, H and W; the first output `probabilities`, float32 (N, C); the
    second, where the head allows it, `heat`, float32 (N, h, w) in [0, 1], what spoke for the likeliest class. Resizing,
    normalising and activation are inside. The file is compared with the model before it is written. Raises `SpecError`
    for a pipeline that ONNX cannot express, `BundleError` where the two differ or the file cannot be written.

    >>> export_onnx("things.tipoff").parity.off_made < 1e-3  # doctest: +SKIP
    True
    """
    model = Path(model)
    bundle = read(model, catalog)
    said = metadata(bundle, digest(model))
    graph = Graph()
    pictures = read_pictures(bundle.plan, graph, "pixels")
    net = network(bundle, pictures.size)
    whole = join(graph, pictures.x, net)
    helper.set_model_props(whole, said.texts())
    _check(whole)
    parity = compare(bundle, net, whole)
    path = model.with_suffix(".onnx") if out is None else Path(out)
    write_whole(path, whole.SerializeToString())
    return Exported(path, parity, len(whole.graph.output) > 1)


def metadata(bundle: Bundle, sha256: str) -> Metadata:
    """What serving needs to know. Raises `SpecError` for inputs or targets that cannot be served from ONNX."""
    plan = bundle.plan
    if len(plan.inputs) != 1 or len(plan.targets) != 1:
        raise SpecError(
            f"The model has {len(plan.inputs)} inputs and {len(plan.targets)} targets; export to ONNX takes one of each."
        )
    block, target = plan.inputs[0], plan.targets[0]
    kind = dump(block, CATALOG, "plan.inputs[0]")["is"]
    if kind != "vision.image@1":
        raise SpecError(f"The model takes {kind}; export to ONNX takes vision.image@1 so far.")
    if type(target) not in _SERVED:
        raise SpecError(
            f"The model's target is a {type(target).__name__}; export to ONNX takes {', '.join(c.__name__ for c in _SERVED)}."
        )
    answers: Answer = target.answers  # type: ignore[attr-defined]
    item_tfms = tuple(dump(t, CATALOG, f"plan.item_tfms[{i}]") for i, t in enumerate(plan.item_tfms))
    mode, levels = getattr(block, "mode", "RGB"), getattr(block, "levels", None)
    return Metadata(
        "image", _SERVED[type(target)], answers, mode, levels, item_tfms, bundle.facts, bundle.card, sha256
    )


def join(graph: Graph, x: str, net: onnx.ModelProto) -> onnx.ModelProto:
    """The nodes of `graph`, whose `x` becomes the network's, and those of `net`, as one model from `pixels` on."""
    inner = net.graph
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "height", "width", 3])
    link = helper.make_node("Identity", [x], ["x"], name="pre.x")
    made = helper.make_model(
        helper.make_graph(
            [*graph.nodes, link, *inner.node],
            "tipoff",
            [pixels],
            list(inner.output),
            [*graph.initializers(), *inner.initializer],
        ),
        opset_imports=net.opset_import,
        functions=net.functions,
        ir_version=max(net.ir_version, 9),
        producer_name="tipoff",
        producer_version=tipoff.__version__,
    )
    for node in made.graph.node:  # the exporter notes file names of this machine there
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    return made


def _check(model: onnx.ModelProto) -> None:
    if (size := model.ByteSize()) > MAX_FILE_BYTES:
        raise BundleError(f"The network has {size:,} bytes; one ONNX file holds at most {MAX_FILE_BYTES:,}.")
    assert any(o.domain in ("", "ai.onnx") and o.version >= OPSET for o in model.opset_import)
    onnx.checker.check_model(model)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`; a file that is there stays until the new one is whole. Raises `BundleError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(data)
    except OSError as e:
        raise BundleError(f"{path} cannot be written: {e.strerror or e}.") from None
