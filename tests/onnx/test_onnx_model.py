"""An exported file answers uploads by onnxruntime alone; a file that is something else is refused with a sentence."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from PIL import Image

from tests.onnx.conftest import OWN, bundle_of, export, write
from tipoff.bundle.file import read
from tipoff.bundle.predictor import Predictor
from tipoff.data import MultiCategoryBlock, RegressionBlock
from tipoff.errors import BundleError, DataError
from tipoff.onnx.metadata import KEY, Metadata, read_metadata
from tipoff.serve.onnx_model import OnnxModel, made_from
from tipoff.vision import ImageBlock, Resize


def photo(size=(90, 60), seed=0, form="PNG", **options) -> bytes:
    rng = np.random.default_rng(seed)
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(file, form, **options)
    return file.getvalue()


def answer_of(model, data, heat=False):
    return model.answer([model.read(data, "a.png")], heat)[0]


@pytest.fixture(scope="module")
def model(exported):
    return OnnxModel(exported)


def test_it_says_what_it_is(model):
    about = model.about
    assert (about.name, about.title) == ("three-things", "Three things")
    assert (about.input, about.output, about.runtime) == ("image", "category", "onnxruntime")
    assert about.classes == ["cat", "dog", "løk"] and about.sure_above == 0.4 and about.heat
    assert about.card == "# A card" and about.facts["licence"] == "Apache-2.0"
    json.dumps(about.to_json(), allow_nan=False)


@pytest.mark.parametrize("size", [(90, 60), (60, 90), (32, 32), (1, 30), (700, 20)])
def test_it_answers_as_the_model_file_does(model, made, size):
    bundle = read(made, OWN)
    want, data = Predictor(bundle.plan, bundle.build())(photo(size)), photo(size)
    got = answer_of(model, data)
    assert got["label"] == want["label"] and got["sure"] == want["sure"]
    for name, p in want["probabilities"].items():
        assert got["probabilities"][name] == pytest.approx(p, abs=1e-3)
    assert got["sentence"].startswith((got["label"], "not sure"))
    assert "heat" not in got


def test_the_heat_map_comes_with_the_part_of_the_picture_it_lies_over(model):
    heat = answer_of(model, photo((90, 60)), heat=True)["heat"]
    assert heat["rows"] * heat["columns"] == len(heat["values"])
    assert min(heat["values"]) >= 0 and max(heat["values"]) <= 1
    assert heat["box"] == pytest.approx([1 / 6, 0, 5 / 6, 1])  # the middle 60 of 90 columns


def test_pictures_of_one_size_are_answered_together_as_alone(model, monkeypatch):
    samples = [model.read(photo(seed=i), f"{i}.png") for i in range(5)]
    assert len({model.key(s) for s in samples}) == 1
    assert model.key(samples[0]) != model.key(model.read(photo((60, 90)), "b.png"))
    alone = [model.answer([s], True)[0] for s in samples]
    for together, one in zip(model.answer(samples, True), alone):
        assert together["probabilities"] == pytest.approx(one["probabilities"], abs=1e-6)
    monkeypatch.setattr("tipoff.serve.onnx_model.MAX_RUN_PIXELS", 2 * 90 * 60)  # two at a time
    for together, one in zip(model.answer(samples, False), alone):
        assert together["probabilities"] == pytest.approx(one["probabilities"], abs=1e-6)


def test_strips_that_grow_when_they_are_resized_go_one_after_the_other(model, monkeypatch):
    seen: list[int] = []
    real = OnnxModel._group
    monkeypatch.setattr(
        OnnxModel, "_group", lambda self, group, heat: seen.append(len(group)) or real(self, group, heat)
    )
    monkeypatch.setattr("tipoff.serve.onnx_model.MAX_RUN_PIXELS", 300 * 32 * 32)
    model.answer([model.read(photo((150, 1)), "strip.png")] * 5, False)
    assert seen == [2, 2, 1]  # 32 × 4,800 each
    seen.clear()
    model.answer([model.read(photo((30, 30)), "square.png")] * 5, False)
    assert seen == [5]


def test_what_is_no_picture_is_refused_by_name(model):
    with pytest.raises(DataError, match=r"^notes\.pdf is a PDF, not a picture"):
        model.read(b"%PDF-1.4 ...", "notes.pdf")
    with pytest.raises(DataError, match=r"^big\.png claims"):
        OnnxModel.read(_with(model, max_pixels=100), photo(), "big.png")


def _with(model, **changes):
    import copy

    other = copy.copy(model)
    vars(other).update(changes)
    return other


def test_other_targets_are_worded_too(tmp_path):
    many = export(
        write(tmp_path / "many.tipoff", bundle_of(target=MultiCategoryBlock(vocab=("a", "b"), threshold=0.1)))
    )
    answer = answer_of(OnnxModel(many.path), photo())
    assert set(answer) == {"labels", "probabilities", "sentence"} and not many.heat
    number = export(write(tmp_path / "n.tipoff", bundle_of(target=RegressionBlock(n=1, unit="kg"))))
    answer = answer_of(OnnxModel(number.path), photo(), heat=True)
    assert set(answer) == {"value", "sentence"} and answer["sentence"].endswith(" kg")


def test_a_grey_model_sees_grey(tmp_path):
    bundle = bundle_of(block=ImageBlock("L"))
    model = OnnxModel(export(write(tmp_path / "g.tipoff", bundle)).path)
    data = photo((50, 50), form="JPEG")
    want = Predictor(bundle.plan, bundle.build())(data)["probabilities"]
    assert answer_of(model, data)["probabilities"] == pytest.approx(want, abs=1e-3)


def test_a_picture_that_the_network_cannot_take_is_an_error_of_the_data(tmp_path):
    model = OnnxModel(export(write(tmp_path / "any.tipoff", bundle_of(item_tfms=()))).path)
    assert answer_of(model, photo((90, 60)))["label"]
    with pytest.raises(DataError, match="cannot answer a picture of 2 × 2 pixels"):
        answer_of(model, photo((2, 2)))


def test_it_knows_which_model_file_it_was_made_from(made, exported, tmp_path):
    assert made_from(exported, made)
    other = write(tmp_path / "other.tipoff", bundle_of(item_tfms=(Resize(16),)))
    assert not made_from(exported, other)
    assert not made_from(made, made) and not made_from(tmp_path / "none.onnx", made)


def without_torch(code, exported, tmp_path):
    """The last line that `code` prints where PyTorch, OpenCV, onnx and pandas are missing; argv: the model, a photo."""
    (tmp_path / "a.png").write_bytes(photo())
    missing = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'torchvision', 'cv2', 'onnx', 'pandas')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", missing + code, str(exported), str(tmp_path / "a.png")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_it_answers_where_torch_and_opencv_are_missing(exported, tmp_path):
    code = (
        "from pathlib import Path; from tipoff.serve.onnx_model import OnnxModel\n"
        "model = OnnxModel(sys.argv[1]); data = Path(sys.argv[2]).read_bytes()\n"
        "print(model.answer([model.read(data, 'a.png')], True)[0]['label'])"
    )
    assert without_torch(code, exported, tmp_path) in ("cat", "dog", "løk")


def test_it_is_served_where_torch_and_opencv_are_missing(exported, tmp_path):
    code = (
        "from pathlib import Path; from fastapi.testclient import TestClient\n"
        "from tipoff.serve.run import create_app, open_model; import tipoff.serve.settings as s\n"
        "app = create_app([open_model(Path(sys.argv[1]), s.Settings().max_pixels)])\n"
        "with TestClient(app, base_url='http://localhost') as client:\n"
        "    pages = [client.get(at).status_code for at in ('/', '/ready', '/card', '/metrics', '/docs')]\n"
        "    sent = client.post('/predict', files={'file': Path(sys.argv[2]).read_bytes()})\n"
        "    print(pages, sent.json()['answers'][0]['label'])"
    )
    *pages, label = without_torch(code, exported, tmp_path).rsplit(" ", 1)
    assert pages == ["[200, 200, 200, 200, 200]"] and label in ("cat", "dog", "løk")


# files that are something else ------------------------------------------------------------------


def refused(path, match):
    with pytest.raises(BundleError, match=match):
        OnnxModel(path)


def changed(exported, tmp_path, change):
    """The exported model with `change` made to its protocol buffer."""
    made = onnx.load(exported)
    change(made)
    path = tmp_path / "changed.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def say(made, **changes):
    """Change what the file says of itself."""
    (text,) = [p for p in made.metadata_props if p.key == KEY]
    text.value = json.dumps({**json.loads(text.value), **changes})


def test_what_is_not_there_or_no_file(tmp_path, exported):
    refused(tmp_path / "none.onnx", "There is no model file")
    refused(tmp_path, "is not a plain file")
    (tmp_path / "empty.onnx").write_bytes(b"")
    refused(tmp_path / "empty.onnx", "not a whole ONNX file")
    (tmp_path / "picture.onnx").write_bytes(photo())
    refused(tmp_path / "picture.onnx", "not a whole ONNX file|was not written by tipoff")


def test_a_file_larger_than_onnx_can_be_is_not_read(tmp_path):
    path = tmp_path / "huge.onnx"
    with open(path, "wb") as file:
        file.truncate(3 << 30)  # a hole: no space is taken
    refused(path, "has 3,221,225,472 bytes; an ONNX file has at most")


def test_an_onnx_file_of_somebody_else(tmp_path):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    made = helper.make_model(helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "g", [x], [y]))
    (tmp_path / "theirs.onnx").write_bytes(made.SerializeToString())
    refused(tmp_path / "theirs.onnx", "was not written by tipoff: it does not say what it answers")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"format": 2}, "has the format 2, and this tipoff"),
        ({"format": None}, "has the format None"),
        ({"input": "table"}, "'table' cannot be served yet"),
        ({"input": "../image"}, "cannot be served yet"),
        ({"output": "dance"}, "'dance', are none that tipoff can word"),
        ({"answers": {"names": ["a"] * 4, "sure_above": 0.5}}, "numbers of the shape"),
        ({"answers": {"names": [], "sure_above": 0.5}}, "none that tipoff can word"),
        ({"answers": {"names": [{}, {}, {}], "sure_above": 0.5}}, "none that tipoff can word"),
        ({"answers": {"names": ["a", "b", "c"], "sure_above": "no"}}, "none that tipoff can word"),
        ({"facts": 3}, "its facts is 3, and should be a dict"),
        ({"card": None}, "its card is None"),
        ({"mode": "CMYK"}, "item_tfms or its mode"),
        ({"item_tfms": ["crop"]}, "item_tfms or its mode"),
        ({"item_tfms": [{"size": "wide"}]}, "does not answer"),
        ({"item_tfms": [{"size": [0, 0]}]}, "does not answer"),
    ],
    ids=str,
)
def test_what_a_file_says_of_itself_is_checked(exported, tmp_path, changes, match):
    refused(changed(exported, tmp_path, lambda made: say(made, **changes)), match)


def test_texts_without_end_are_not_read(exported, tmp_path):
    def grow(made):
        made.metadata_props.add(key="x", value="a" * (17 << 20))

    refused(changed(exported, tmp_path, grow), "its texts are too long")


def test_a_graph_that_takes_something_else(exported, tmp_path):
    def other(made):
        made.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 4

    refused(changed(exported, tmp_path, other), "not a whole ONNX file|does not answer")

    def renamed(made):
        made.graph.output[0].name = made.graph.output[1].name
        del made.graph.output[1]

    refused(changed(exported, tmp_path, renamed), "tipoff export writes probabilities and heat|gives")


def test_weights_in_another_file_are_not_followed(exported, tmp_path):
    (tmp_path / "secret").write_bytes(b"\0" * 4096)

    def outside(made):
        t = next(t for t in made.graph.initializer if len(t.raw_data) > 100)
        t.ClearField("raw_data")
        t.data_location = TensorProto.EXTERNAL
        t.external_data.add(key="location", value=str(tmp_path / "secret"))

    refused(changed(exported, tmp_path, outside), "not a whole ONNX file")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_gives_a_sentence_or_does_not_matter(exported, tmp_path_factory, data):
    raw = bytearray(exported.read_bytes())
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 20))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "d.onnx"
    path.write_bytes(bytes(raw))
    try:
        model = OnnxModel(path)
    except BundleError as e:
        assert str(e)
    else:
        answer_of(model, photo())


def test_metadata_round_trip(exported):
    said = read_metadata(exported)
    assert isinstance(said, Metadata)
    assert json.loads(said.texts()[KEY])["answers"]["names"] == ["cat", "dog", "løk"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_for_a_large_photo_is_given_back(exported):
    """In a process of its own: what it holds after photos of 12 megapixels, beside what it held before."""
    code = (
        "import re, sys, numpy as np; from pathlib import Path\n"
        "from tipoff.serve.onnx_model import OnnxModel, Sample\n"
        "def held(): return int(re.search(r'VmRSS:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) / 1024\n"
        "model = OnnxModel(sys.argv[1]); large = np.zeros((3000, 4000, 3), np.uint8); before = held()\n"
        "for _ in range(2): model.answer([Sample(large, (0, 0, 1, 1))], True)\n"
        "print(held() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(exported)], capture_output=True, text=True)
    assert float(done.stdout) < 80, done.stderr  # MB; the picture alone takes 144 as numbers


def test_opening_a_model_writes_no_events_and_no_device_id(exported, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = "import sys; from tipoff.serve.onnx_model import OnnxModel; OnnxModel(sys.argv[1])"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_", "HF_"))}
    done = subprocess.run(
        [sys.executable, "-c", code, str(exported)], env={**env, "HOME": str(home)}, capture_output=True
    )
    assert done.returncode == 0 and not list(home.rglob("*"))
