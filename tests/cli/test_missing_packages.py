"""Where an extra is not installed, one sentence names the package that matters and the command that brings it."""

import subprocess
import sys

import pytest

from tipoff.optional import EXTRAS, lacking

CLI = "from tipoff.cli.main import run; run({arguments!r})"


def without(packages, code):
    """What a fresh Python says, to which the packages are not there."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({list(packages)!r})); "
    done = subprocess.run([sys.executable, "-c", hide + code], capture_output=True, text=True)
    assert done.returncode
    return " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "packages", "expected"),
    [
        (["train", "t.csv"], EXTRAS, "tipoff train needs torch: pip install 'tipoff[train]'"),
        (["train", "t.csv"], ["matplotlib"], "tipoff train needs matplotlib: pip install 'tipoff[train]'"),
        (["resume", "c.pt"], EXTRAS, "tipoff resume needs torch: pip install 'tipoff[train]'"),
        (["predict", "m.tipoff", "t.csv"], EXTRAS, "tipoff predict needs torch: pip install 'tipoff[train]'"),
        (["explain", "m.tipoff", "t.csv"], EXTRAS, "tipoff explain needs torch: pip install 'tipoff[train]'"),
        (["info", "m.tipoff"], EXTRAS, "tipoff info needs torch: pip install 'tipoff[train]'"),
        (["serve", "m.tipoff"], EXTRAS, "needs fastapi: pip install 'tipoff[serve,train]'"),
        (["serve", "m.onnx"], EXTRAS, "needs fastapi: pip install 'tipoff[serve]'"),
        (["export", "m.tipoff", "--onnx"], EXTRAS, "tipoff export needs onnx: pip install 'tipoff[onnx]'"),
    ],
)
def test_a_command_names_what_it_needs(arguments, packages, expected):
    assert expected in without(packages, CLI.format(arguments=arguments))


@pytest.mark.parametrize("package", ["timm", "cv2"])
def test_an_application_names_what_it_needs(package):
    said = without([package], "from tipoff.vision import vision_learner")
    assert f"tipoff.vision needs {package}: pip install 'tipoff[train]'" in said


def test_what_is_there_is_not_named():
    assert lacking("pyarrow", "This") == "This needs pyarrow: pip install 'tipoff[tables]'"
