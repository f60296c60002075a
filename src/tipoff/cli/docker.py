"""`tipoff docker`: a folder from which a small, locked-down container is built."""

from __future__ import annotations

import shutil
from pathlib import Path

import tipoff
from tipoff.cli import screen
from tipoff.errors import BundleError, UsageError
from tipoff.onnx.metadata import read_metadata
from tipoff.serve.about import slug

BASE = "python:3.12-slim"
# Megabytes on disk. Of the base: what its publisher states, unpacked. Of the packages: how much a new virtual
# environment grew by `pip install 'tipoff[serve]'` on Linux (x86-64, Python 3.11, the versions of constraints.txt).
BASE_MB = 130
PACKAGES_MB = 216

DOCKERFILE = """\
FROM {base}
{copy_wheel}RUN pip install --no-cache-dir --disable-pip-version-check "{package}"
RUN useradd --system --uid 10001 --no-create-home tipoff
COPY {model} /models/{model}
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \\
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["tipoff", "serve", "/models/{model}", "--host", "0.0.0.0", "--port", "8000"]
"""


def dockerfile(model: str, wheel: str | None = None) -> str:
    """The Dockerfile for the ONNX file called `model`; with `wheel`, tipoff comes from that file beside it."""
    return DOCKERFILE.format(
        base=BASE,
        model=model,
        package=f"/wheel/{wheel}[serve]" if wheel else f"tipoff[serve]=={tipoff.__version__}",
        copy_wheel=f"COPY {wheel} /wheel/{wheel}\n" if wheel else "",
    )


def run_docker(model: Path, out: Path | None, wheel: Path | None) -> None:
    """Write the folder, and say how to build and run what is in it.

    Raises `UsageError` where the folder or the wheel is something else, `BundleError` for a file that cannot be served.
    """
    folder = out or model.with_name(f"{model.stem}-docker")
    if folder.exists() and (not folder.is_dir() or any(_foreign(folder))):
        raise UsageError(f"{folder} exists and holds other things: say where to write with --out FOLDER.")
    if wheel is not None and (wheel.suffix != ".whl" or not wheel.is_file()):
        raise UsageError(f"{wheel} is not a wheel, which is a file that ends in .whl.")
    onnx = _onnx_of(model, folder / f"{slug(model.stem)}.onnx")
    if wheel is not None:
        shutil.copyfile(wheel, folder / wheel.name)
    (folder / "Dockerfile").write_text(
        dockerfile(onnx.name, wheel.name if wheel else None), encoding="utf-8", newline="\n"
    )
    size = onnx.stat().st_size / 1e6
    name, total = f"tipoff-{onnx.stem}", BASE_MB + PACKAGES_MB + size
    print(f"{folder}/Dockerfile")
    screen.say(
        f"The image will have about {total:.0f} MB: {BASE_MB} MB {BASE}, {PACKAGES_MB} MB packages, {size:.0f} MB model."
    )
    print(f"\n  docker build -t {name} {folder}")
    print("  docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\")
    print(f"    -p 127.0.0.1:8000:8000 {name}")
    print("\nThen open http://127.0.0.1:8000; docker stop ends it when it has answered what is under way.")


def _onnx_of(model: Path, to: Path) -> Path:
    """The model as ONNX at `to`: copied where it is that already, exported where it is a .tipoff file."""
    if model.suffix == ".onnx":
        read_metadata(model)
        _make(to.parent)
        shutil.copyfile(model, to)
        return to
    if model.suffix != ".tipoff" and not model.is_dir():
        raise BundleError(f"{model} is neither a .tipoff nor an .onnx file.")
    from tipoff.serve.onnx_model import made_from

    beside = model.with_suffix(".onnx")
    if beside.exists() and model.exists() and made_from(beside, model):
        return _onnx_of(beside, to)
    from tipoff.cli.export import run_export

    run_export(model, to)
    print()
    return to


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UsageError(f"{folder} cannot be made: {e.strerror or e}.") from None


def _foreign(folder: Path) -> list[Path]:
    """What is in the folder that an earlier call did not write: a later call may write over its own."""
    ours = (".onnx", ".whl")
    return [p for p in folder.iterdir() if p.name != "Dockerfile" and p.suffix not in ours]
