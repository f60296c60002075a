"""Packages that are not always there ask politely."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

EXTRAS = {  # what brings a package that is not there; of an extra, what matters most comes first
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
    "tokenizers": "tipoff[text]",
    "transformers": "tipoff[text]",
    "huggingface_hub": "tipoff[text]",
    "tensorboard": "tipoff[tensorboard]",
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


def require(what: str, *modules: str) -> None:
    """Raise `ModuleNotFoundError` with the sentence of `need` unless all `modules` are installed; they are not imported.

    >>> require("this example", "json", "re")
    """
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(lacking(module, what), name=module)


def lacking(module: str, what: str) -> str:
    """The sentence that `what` needs `module`, and what installs it.

    Where packages of the same extra are missing too, the one is named that matters most: torch, not matplotlib.

    >>> lacking("torch.nn", "tipoff train")
    "tipoff train needs torch: pip install 'tipoff[train]'"
    """
    package = module.partition(".")[0]
    extra = EXTRAS.get(package, package)
    missing = (
        p for p, brought in EXTRAS.items() if brought == extra and (p == package or find_spec(p) is None)
    )
    return f"{what} needs {next(missing, package)}: pip install '{extra}'"
