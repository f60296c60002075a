"""What is done to pictures before the network is the same in the graph as in the plan."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from tipoff.data import CategoryBlock
from tipoff.data.plan import Plan
from tipoff.errors import SpecError
from tipoff.onnx.graph import OPSET, Graph
from tipoff.onnx.pictures import read_pictures
from tipoff.vision import FlipItem, ImageBlock, Normalize, RandomResizedCrop, Resize, aug_transforms
from tipoff.vision.augment import IntToFloat
from tipoff.vision.geometry import ResizeBatch

NORM = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF_STEP = 0.126 / 255 / 0.224  # one step of float16 below 256, as the network sees it
SIZES = [
    (1, 1),
    (1, 40),
    (12, 1),
    (5, 7),
    (3, 90),
    (90, 30),
    (64, 64),
    (63, 65),
    (65, 63),
    (47, 211),
    (200, 133),
]


def plan_of(*item_tfms, batch_tfms=(NORM,)) -> Plan:
    return Plan((ImageBlock(),), (CategoryBlock(vocab=("a", "b")),), item_tfms, tuple(batch_tfms))


def session(plan: Plan) -> onnxruntime.InferenceSession:
    graph = Graph()
    x = read_pictures(plan, graph, "pixels").x
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])
    out = helper.make_tensor_value_info(x, TensorProto.FLOAT, None)
    made = helper.make_graph(graph.nodes, "g", [pixels], [out], graph.initializers())
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString())


def noise(h: int, w: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)


PLANS = {
    "crop": plan_of(Resize(64)),
    "crop of another shape": plan_of(Resize((40, 100))),
    "squish": plan_of(Resize((40, 65), "squish")),
    "pad, mirrored": plan_of(Resize(64, "pad")),
    "pad, black": plan_of(Resize((51, 64), "pad", "zeros")),
    "pad, edge": plan_of(Resize((64, 51), "pad", "border")),
    "random resized crop": plan_of(RandomResizedCrop(48)),
    "random resized crop, odd": plan_of(RandomResizedCrop((33, 50), val_xtra=0.3)),
    "twice": plan_of(Resize(80), FlipItem(), Resize(48, "pad")),
    "presizing": plan_of(Resize(100), batch_tfms=(*aug_transforms(size=48, min_scale=0.75), NORM)),
    "sized in the batch only": plan_of(batch_tfms=(ResizeBatch((30, 40)), NORM)),
    "as they are": plan_of(),
    "one number for all channels": plan_of(Resize(32), batch_tfms=(Normalize((0.131,), (0.308,)),)),
    "not normalised": plan_of(Resize(32), batch_tfms=()),
    "of other levels": plan_of(Resize(32), batch_tfms=(IntToFloat(127.5),)),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_graph_makes_the_same_pictures_as_the_plan(name):
    plan, run = PLANS[name], session(PLANS[name])
    for i, size in enumerate(SIZES):
        picture = noise(*size, seed=i)
        want = plan.inputs_of([plan.read(picture)])[0].numpy()
        got = run.run(None, {"pixels": picture[None]})[0]
        assert got.shape == want.shape, size
        off = np.abs(got - want)
        assert off.max() <= HALF_STEP * 1.01, (size, off.max())
        if name != "presizing":  # where roundings are mixed by the second resize
            assert (off > 1e-5).mean() < 0.1, size  # float16 rounds a few to the other side


def test_a_picture_of_the_right_size_is_not_touched():
    picture = noise(64, 64)
    got = session(plan_of(Resize(64), batch_tfms=())).run(None, {"pixels": picture[None]})[0]
    assert np.array_equal(got[0].transpose(1, 2, 0) * 255, picture.astype(np.float32)) or np.allclose(
        got[0].transpose(1, 2, 0) * 255, picture, atol=1e-4
    )


def test_several_pictures_go_through_as_each_alone():
    run = session(plan_of(Resize(48, "pad")))
    pictures = np.stack([noise(30, 70, seed=i) for i in range(3)])
    together = run.run(None, {"pixels": pictures})[0]
    alone = [run.run(None, {"pixels": p[None]})[0][0] for p in pictures]
    assert np.array_equal(together, np.stack(alone))


def test_what_draws_at_random_is_left_out_as_at_validation():
    with_it = session(plan_of(Resize(32), batch_tfms=(*aug_transforms(), NORM)))
    without = session(plan_of(Resize(32)))
    picture = {"pixels": noise(50, 40)[None]}
    assert np.array_equal(with_it.run(None, picture)[0], without.run(None, picture)[0])


def test_a_transform_of_ones_own_is_refused_by_name_and_place():
    def darker(x):
        return x // 2

    with pytest.raises(
        SpecError, match=r"plan\.item_tfms\[1\] is .*darker, which cannot be put into an ONNX"
    ):
        read_pictures(plan_of(Resize(32), darker), Graph(), "pixels")
    with pytest.raises(SpecError, match=r"plan\.batch_tfms\[\d\] is .*darker"):
        read_pictures(plan_of(Resize(32), batch_tfms=(darker,)), Graph(), "pixels")
