"""Models whose target is somebody's own class: served in Python with a catalog, refused in words on the command line."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from tests.cli.test_cli import refused
from tests.people import people
from tests.serve.running import picture_bytes
from tipoff.answer import json_value
from tipoff.bundle.file import read
from tipoff.data import CategoryBlock, DataBlock, RegressionBlock
from tipoff.data.block import Target
from tipoff.serve.app import create_app
from tipoff.serve.row_model import RowModel
from tipoff.serve.torch_model import TorchModel
from tipoff.tabular import TabularDataLoaders, tabular_learner
from tipoff.vision import ImageBlock, Resize, vision_learner


@dataclass(frozen=True)
class Stars(Target):
    """A number of stars, from 0 to 5."""

    @property
    def n_out(self):
        return 1

    def encode(self, value):
        return torch.tensor([float(value)])

    def decode(self, y):
        return float(y.reshape(-1)[0])

    def loss(self, pred, y):
        return self.loss_each(pred, y).mean()

    def loss_each(self, pred, y):
        return (pred - y).square().reshape(len(pred), -1).mean(1)

    def activation(self, pred):
        return 5 * pred.sigmoid()


@dataclass(frozen=True)
class Between(Stars):
    """An answer that is an array."""

    def answer(self, prob):
        value = float(prob.reshape(-1)[0])
        return {"between": np.array([value - 1, value + 1]), "of": 5}


@dataclass(frozen=True)
class Grade(CategoryBlock):
    """Categories under another name."""


TARGETS = {"stars": Stars, "between": Between, "grade": Grade, "number": RegressionBlock}


def catalog(target):
    return {} if target is RegressionBlock else {"my.own@1": target}


@pytest.fixture(scope="module")
def files(photos, tmp_path_factory):
    """name -> the file of a model of photos; "rows" of a table."""
    home, made = tmp_path_factory.mktemp("own"), {}
    for name, target in TARGETS.items():
        block = DataBlock((ImageBlock, target()), get_y=lambda f: len(f.stem) % 5, item_tfms=Resize(32))
        dls = block.dataloaders(sorted(photos.rglob("*.jpg")), bs=8, seed=1)
        learn = vision_learner(dls, "timm/test_resnet", pretrained=False)
        made[name] = learn.export((home / f"{name}.tipoff").absolute(), catalog=catalog(target))
    dls = TabularDataLoaders.from_df(people(60), cont_names=["age"], y_names="hours", y_block=Stars(), seed=1)
    learn = tabular_learner(dls, arch="mlp", layers=[8], metrics=[])
    made["rows"] = learn.export((home / "rows.tipoff").absolute(), catalog={"my.own@1": Stars})
    return made


def served(model):
    return TestClient(create_app([model]))


@pytest.mark.parametrize(
    ("name", "keys"),
    [("stars", {"value"}), ("between", {"between", "of"}), ("grade", {"label", "probabilities"})],
)
def test_a_page_and_an_api_of_any_target(name, keys, files):
    bundle = read(files[name], catalog(TARGETS[name]))
    with served(TorchModel(files[name], 10**6, bundle)) as client:
        assert client.get("/").status_code == client.get("/card").status_code == 200
        made = client.post("/predict?name=a.png", content=picture_bytes()).json()["answers"][0]
        assert keys <= set(made) and made["sentence"]


def test_rows_of_any_target_as_json_and_as_csv(files):
    with served(RowModel(files["rows"], read(files["rows"], {"my.own@1": Stars}))) as client:
        assert client.get("/").status_code == client.get("/card").status_code == 200
        said = client.post("/predict", json={"age": 30}).json()["answers"][0]["value"]
        sent = client.post(
            "/predict?name=t.csv",
            content="age\n30\n",
            headers={"content-type": "application/octet-stream", "accept": "text/csv"},
        ).text
        assert 0 < said < 5 and float(sent.split("\n")[1].split(",")[1]) == pytest.approx(said, rel=1e-5)


@pytest.mark.parametrize("command", ["predict", "explain", "info", "export", "docker", "serve"])
def test_the_command_line_refuses_a_part_that_it_does_not_know(command, files, photos, capsys, tmp_path):
    more = {"predict": [photos], "explain": [next(photos.rglob("*.jpg"))], "export": ["--onnx"]}
    more["docker"] = ["--out", tmp_path / "d"]
    said = refused(capsys, command, files["stars"], *more.get(command, []))
    assert "'my.own@1'" in said and "catalog=" in said


def test_an_answer_is_json_whatever_it_holds():
    held = {"a": torch.tensor([1.0, float("nan")]), 2: {np.int64(3)}, "b": np.bool_(True), "c": Stars()}
    made = json_value(held)
    assert json.loads(json.dumps(made)) == {"a": [1.0, None], "2": [3], "b": True, "c": "Stars()"}


def test_a_number_has_a_column_of_its_own_and_info_says_so(files, photos, capsys, tmp_path):
    from tests.cli.test_cli import tipoff, words

    (tmp_path / "broken.jpg").write_text("no photo")
    photo = next(photos.rglob("*.jpg"))
    assert tipoff("predict", files["number"], tmp_path / "broken.jpg", photo, "--csv") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "file,value,error" and lines[1].startswith(f"{tmp_path / 'broken.jpg'},,")
    assert float(lines[2].split(",")[1]) == pytest.approx(float(lines[2].split(",")[1])) and len(lines) == 3
    assert tipoff("info", files["number"]) == 0
    assert "predicts a number" in words(capsys.readouterr().out)
