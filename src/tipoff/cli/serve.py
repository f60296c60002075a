"""`tipoff serve`: a model on the web."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from tipoff.cli import screen
from tipoff.errors import UsageError, some
from tipoff.notes import listening
from tipoff.optional import need
from tipoff.serve.settings import Settings


def run_server(path: Path, settings: Settings, open_page: bool = False) -> None:
    """Serve, and say where the page is once it is there; with `open_page`, open it in the browser."""
    for package in ("fastapi", "uvicorn", "jinja2", "python_multipart", "prometheus_client"):
        need(package, "tipoff serve", f"tipoff[{'serve' if _onnx_is_there(path) else 'serve,train'}]")
    _free(settings)
    from tipoff.serve.model import find_models
    from tipoff.serve.run import serve

    names = [p.name for p in find_models(path)]
    with listening(screen.note):
        screen.say(f"Loading {screen.counted(len(names), 'model')}: {some(names, 12)} ...")
        serve(path, settings, lambda: _say_where(settings, open_page))


def _say_where(settings: Settings, open_page: bool) -> None:
    host = "localhost" if settings.local else f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    screen.say()
    screen.say(f"Ready at {address}  (stop with Ctrl+C)", style="strong", of=address)
    screen.say(f"For programs: {address}/docs")
    if settings.local:
        screen.say("Only this machine can reach it; --host 0.0.0.0 opens it to others.")
    elif settings.token is None:
        screen.note("everybody who can reach this machine can use it: --token SECRET asks for a token")
    sys.stdout.flush()
    if open_page and not webbrowser.open(address):
        screen.note(f"no browser could be opened: open {address} yourself")


def _onnx_is_there(path: Path) -> bool:
    """Whether a model answers by onnxruntime, or PyTorch is there, so that nothing but the server is lacking."""
    return path.suffix == ".onnx" or path.with_suffix(".onnx").exists() or find_spec("torch") is not None


def _free(settings: Settings) -> None:
    """Refuse at once, with a sentence, a port that is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as s:
        if os.name == "posix":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((settings.host, settings.port))
        except OSError as e:
            raise UsageError(
                f"Port {settings.port} of {settings.host} cannot be used: {e.strerror}. Choose another: --port {settings.port + 1}"
            ) from None
