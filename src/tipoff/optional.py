"""Packages that are not always there ask politely."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

EXTRAS = {  # what brings a package that is not there
    "torch": "tipoff[train]",
    "torchvision": "tipoff[train]",
    "timm": "tipoff[train]",
    "cv2": "tipoff[train]",
    "pandas": "tipoff[train]",
    "sklearn": "tipoff[train]",
    "scipy": "tipoff[train]",
    "matplotlib": "tipoff[train]",
    "pyarrow": "tipoff[tables]",
    "openpyxl": "tipoff[tables]",
    "onnx": "tipoff[onnx]",
    "onnxscript": "tipoff[onnx]",
    "fastapi": "tipoff[serve]",
    "uvicorn": "tipoff[serve]",
    "jinja2": "tipoff[serve]",
    "python_multipart": "tipoff[serve]",
    "prometheus_client": "tipoff[serve]",
    "onnxruntime": "tipoff[serve]",
}


def need(module: str, what: str, package: str) -> ModuleType:
    """Import `module`, or say that `what` needs it and how to install `package`.

    >>> need("json", "this example", "json").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as e:
        if e.name is None or module.partition(".")[0] != e.name.partition(".")[0]:
            raise
        raise ModuleNotFoundError(f"{what} needs {e.name}: pip install '{package}'", name=e.name) from None


def require(module: str, what: str) -> None:
    """Raise `ModuleNotFoundError` with the sentence of `need` unless `module` is installed; it is not imported.

    >>> require("json", "this example")
    """
    if find_spec(module) is None:
        raise ModuleNotFoundError(lacking(module, what), name=module)


def lacking(module: str, what: str) -> str:
    """The sentence that `what` needs `module`, and what installs it.

    >>> lacking("torch.nn", "tipoff train")
    "tipoff train needs torch: pip install 'tipoff[train]'"
    """
    package = module.partition(".")[0]
    return f"{what} needs {package}: pip install '{EXTRAS.get(package, package)}'"
