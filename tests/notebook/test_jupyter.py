"""The first lesson in a real notebook, by a real kernel."""

import sys

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = [
    "from tipoff.vision.all import *\nimport torch; torch.set_num_threads(1)",
    "path = Path('photos')\npath.ls()",
    "dls = ImageDataLoaders.from_folder(path, valid_pct=0.25, seed=42, item_tfms=Resize(32), bs=8)\ndls.show_batch(max_n=4)",
    "learn = vision_learner(dls, resnet18, pretrained=False, metrics=error_rate)\nlearn.fine_tune(2)",
    "learn.lr_find(num_it=20)",
    "interp = ClassificationInterpretation.from_learner(learn)\ninterp.plot_confusion_matrix()",
    "interp.plot_top_losses(4)",
    "learn.show_results()",
    "learn.predict('photos/red/red_0.jpg')",
    "learn.fit_one_cycle(1, cbs=[MixUp(), EarlyStoppingCallback(patience=3)])",
]


@pytest.fixture(scope="module")
def outputs(photos, tmp_path_factory):
    """What each cell shows, by kind."""
    where = tmp_path_factory.mktemp("notebook")
    (where / "photos").symlink_to(photos)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    client = nbclient.NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": where}}
    )
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def kinds(outputs) -> set[str]:
    return {kind for out in outputs for kind in out.get("data", {})}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_training_leaves_one_table_that_stays_in_the_notebook(outputs):
    tables = [o["data"]["text/html"] for o in outputs[3] if "text/html" in o.get("data", {})]
    assert len(tables) == 1
    assert tables[0].count("<tr") == 4 and "error_rate" in tables[0]
    assert not [o for o in outputs[3] if o.output_type == "stream" and o.name == "stderr"]


@pytest.mark.parametrize("cell", [2, 4, 5, 6, 7])
def test_plots_are_pictures_shown_once(outputs, cell):
    pictures = [o for o in outputs[cell] if "image/png" in o.get("data", {})]
    assert len(pictures) == 1


def test_values_are_shown_as_values(outputs):
    assert "(#3)" in outputs[1][0]["data"]["text/plain"]
    assert "red" in str(outputs[8][-1]["data"]["text/plain"]) or "tensor" in str(
        outputs[8][-1]["data"]["text/plain"]
    )


def test_nothing_is_said_on_import(outputs):
    assert outputs[0] == []
