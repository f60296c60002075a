"""What a plan does to pictures at validation and prediction, as an ONNX graph: one function a catalog name.

Each follows the `image_exact` of its transform in `tipoff.vision.resize` number for number: sizes are computed in
float64 and rounded as Python does, pixels resized in float32 without aliasing, then rounded to float16 as they are
where they wait for a batch. Transforms that draw at random do nothing here, as at validation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto

from tipoff.bundle.catalog import CATALOG
from tipoff.data.kind import Kind
from tipoff.data.plan import Plan
from tipoff.data.transform import ItemTransform
from tipoff.errors import SpecError, some
from tipoff.onnx.graph import Graph
from tipoff.spec import dump

# h, w names of int64 (1,): the size of the pictures in the graph

Fields = dict[str, Any]
Pair = tuple[int, int]


class Pictures:
    """Pictures on their way through a graph: `x` names (N, 3, H, W), `size` is (height, width) once that is fixed."""

    def __init__(self, graph: Graph, pixels: str) -> None:
        shape = graph.add("Shape", pixels)
        self.graph = graph
        self.size: Pair | None = None
        self.h, self.w = (graph.add("Slice", shape, graph.whole(i), graph.whole(i + 1)) for i in (1, 2))
        self.x = graph.as_float(graph.add("Transpose", pixels, perm=[0, 3, 1, 2]))

    def resize(self, h: str, w: str) -> None:
        """To `h` × `w` pixels by torch's antialiased bilinear resize."""
        self.x = self.graph.add(
            "Resize", self.x, "", "", self.graph.add("Concat", h, w, axis=0),
            axes=[2, 3], mode="linear", antialias=1,
            exclude_outside=1,  # at the edge, weights are of the pixels that there are
            coordinate_transformation_mode="half_pixel",
        )  # fmt: skip
        self.h, self.w = h, w

    def fixed(self, size: Pair) -> None:
        """Say that the pictures have `size` now."""
        self.size = size
        self.h, self.w = self.graph.whole(size[0]), self.graph.whole(size[1])

    def round_half(self) -> None:
        """As float16 holds it."""
        self.x = self.graph.as_float(self.graph.add("Cast", self.x, to=TensorProto.FLOAT16))


def _pair(size: Any) -> Pair:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _fit(p: Pictures, height: int, width: int, method: str) -> None:
    """`Fit` of `tipoff.vision.resize`: cover (crop), fit into (pad), or squish to, height × width."""
    g = p.graph
    if method == "squish":
        p.resize(g.whole(height), g.whole(width))
        return
    h, w = g.as_double(p.h), g.as_double(p.w)
    pick = "Max" if method == "crop" else "Min"
    scale = g.add(pick, g.add("Div", g.double(height), h), g.add("Div", g.double(width), w))
    least = (height, width) if method == "crop" else (1, 1)
    made = [
        g.add("Max", g.whole(floor), g.as_whole(g.add("Mul", side, scale)))
        for floor, side in zip(least, (h, w), strict=True)
    ]
    p.resize(made[0], made[1])


def _crop(p: Pictures, height: int, width: int) -> None:
    """The middle; of an odd rest, the larger part is cut off at the end."""
    g = p.graph
    starts, ends = [], []
    for have, want in ((p.h, height), (p.w, width)):
        start = g.add("Div", g.add("Sub", have, g.whole(want)), g.whole(2))
        starts.append(start)
        ends.append(g.add("Add", start, g.whole(want)))
    first, last = g.add("Concat", *starts, axis=0), g.add("Concat", *ends, axis=0)
    p.x = g.add("Slice", p.x, first, last, g.whole(2, 3))


def _pad(p: Pictures, height: int, width: int, mode: str) -> None:
    """A border around, by reading rows and columns at positions that are mirrored, or held at the edge."""
    g = p.graph
    one, zero = g.whole(1), g.whole(0)
    befores, mores, lasts = [], [], []
    for have, want in ((p.h, height), (p.w, width)):
        more = g.add("Sub", g.whole(want), have)
        befores.append(g.as_whole(g.add("Mul", g.as_double(more), g.double(0.5))))
        mores.append(more)
        lasts.append(g.add("Sub", have, one))
    if mode == "reflection":  # only where there is enough picture to mirror, on both axes
        short = [
            g.add("Greater", g.add("Max", before, g.add("Sub", more, before)), last)
            for before, more, last in zip(befores, mores, lasts, strict=True)
        ]
        short_of_picture = g.add("Or", *short)
    for axis, before, last, want in zip((2, 3), befores, lasts, (height, width), strict=True):
        at = g.add("Sub", g.constant(np.arange(want), np.int64), before)
        held = g.add("Min", g.add("Max", at, zero), last)
        if mode == "reflection":
            right = g.add("Sub", last, g.add("Abs", g.add("Sub", last, g.add("Abs", at))))
            # held once more: what is not chosen below may lie anywhere
            mirrored = g.add("Min", g.add("Max", right, zero), last)
            held = g.add("Where", short_of_picture, held, mirrored)
        p.x = g.add("Gather", p.x, held, axis=axis)
        if mode == "zeros":
            inside = g.as_float(g.add("Equal", at, held))
            shape = g.whole(-1, 1) if axis == 2 else g.whole(1, -1)
            p.x = g.add("Mul", p.x, g.add("Reshape", inside, shape))


def _resize(p: Pictures, fields: Fields) -> None:
    height, width = _pair(fields["size"])
    _fit(p, height, width, fields["method"])
    if fields["method"] == "crop":
        _crop(p, height, width)
    elif fields["method"] == "pad":
        _pad(p, height, width, fields["pad_mode"])
    p.round_half()
    p.fixed((height, width))


def _random_resized_crop(p: Pictures, fields: Fields) -> None:
    height, width = _pair(fields["size"])
    more = 1 + fields["val_xtra"]
    _fit(p, round(height * more), round(width * more), "crop")
    _crop(p, height, width)
    p.round_half()
    p.fixed((height, width))


def _nothing(p: Pictures, fields: Fields) -> None:
    pass


def _resize_batch(p: Pictures, fields: Fields) -> None:
    size = _pair(fields["size"])
    if p.size != size:
        p.resize(p.graph.whole(size[0]), p.graph.whole(size[1]))
        p.fixed(size)


def _int_to_float(p: Pictures, fields: Fields) -> None:
    p.x = p.graph.add("Div", p.x, p.graph.number(fields["div"]))


def _one_channel(p: Pictures, fields: Fields) -> None:
    g = p.graph
    p.x = g.add("Slice", p.x, g.whole(0), g.whole(1), g.whole(1))


def _normalize(p: Pictures, fields: Fields) -> None:
    for op, values in (("Sub", fields["mean"]), ("Div", fields["std"])):
        p.x = p.graph.add(op, p.x, p.graph.constant(np.reshape(values, (1, -1, 1, 1)), np.float32))


Step = Callable[[Pictures, Fields], None]

ITEM: dict[str, Step] = {
    "vision.resize@1": _resize,
    "vision.random_resized_crop@1": _random_resized_crop,
    "vision.flip_item@1": _nothing,
}
MOVES: dict[str, Step] = {"vision.resize_batch@1": _resize_batch}
POINTS: dict[str, Step] = {
    "vision.int_to_float@1": _int_to_float,
    "vision.one_channel@1": _one_channel,
    "vision.normalize@1": _normalize,
}
BATCH = {**MOVES, **POINTS}


def read_pictures(plan: Plan, graph: Graph, pixels: str) -> Pictures:
    """Append to `graph` all that `plan` does to `pixels`, uint8 (N, H, W, 3), until the network takes them.

    Raises `SpecError`, naming the place, for a transform that ONNX has no words for here.
    """
    p = Pictures(graph, pixels)
    for i, t in enumerate(plan.every_item_tfm()):
        if isinstance(t, ItemTransform) and Kind.IMAGE.value not in _changes(t):
            continue
        step, fields = _found(t, ITEM, f"plan.item_tfms[{i}]")
        step(p, fields)
    steps = [
        (t, f"plan.batch_tfms[{i}]")
        for i, t in enumerate(plan.every_batch_tfm())
        if not getattr(t, "n_draws", 0)
    ]
    found = [_found(t, BATCH, where) for t, where in steps]
    sizes = [f for f in found if f[0] in MOVES.values()]
    # as `fuse_pictures`: all moves first (of several sizes the last), then all changes of single values
    for step, fields in (*sizes[-1:], *(f for f in found if f[0] not in MOVES.values())):
        step(p, fields)
    return p


def _changes(t: ItemTransform) -> list[str]:
    """The kinds of value that a transform has a method for."""
    return [k.value for k in Kind if hasattr(t, k.value) or hasattr(t, f"{k.value}_exact")]


def _found(t: Any, known: dict[str, Step], where: str) -> tuple[Step, Fields]:
    try:
        fields: Fields = dump(t, CATALOG)
    except SpecError:  # a function, or a class of the user's own
        fields = {"is": None}
    if fields["is"] not in known:
        called = getattr(t, "__qualname__", type(t).__name__)
        raise SpecError(
            f"{where} is {called}, which cannot be put into an ONNX file; these can: {some(known, 12)}. Train with one "
            "of them in its place, or use the .tipoff file itself: tipoff serve takes it too."
        )
    return known[fields["is"]], fields
