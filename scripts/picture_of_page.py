"""The picture of the page in the README: a demo model, asked in a real browser about photos it did not learn from.

python scripts/picture_of_page.py [demo/things.tipoff]     after `make demo`; writes docs/images/page.png
"""

from __future__ import annotations

import io
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from tipoff.bundle.predictor import load_predictor
from tipoff.cli.tasks.pictures.infer import infer
from tipoff.errors import some
from tipoff.serve.app import create_app
from tipoff.serve.model import open_model

SAMPLES = Path("samples/things")
SURE = SAMPLES / "mammal" / "dog.jpg"
OUT = Path("docs/images/page.png")
WINDOW = {"width": 1180, "height": 830}
HEAT = "65"  # percent
MAX_BYTES = 300_000


def photos(model: Path) -> list[Path]:
    """Two of the photos that `tipoff train` kept to check on: the dog, and the one that the model is least sure of."""
    found = infer(SAMPLES, None, 42)
    held_out = [found.files[i] for i in found.splitter(found.files)[1]]
    if SURE not in held_out:
        raise SystemExit(f"{SURE} was learned from; choose another of {len(held_out)}: {some(held_out, 50)}")
    predict = load_predictor(model)
    return [SURE, min(held_out, key=lambda f: predict(f)["probability"])]


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The address of a server of the model."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app([open_model(model, 50_000_000)]), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def shoot(address: str, files: list[Path]) -> bytes:
    """The page with the answers for `files`, as PNG."""
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=WINDOW, reduced_motion="reduce")
        page.goto(address)
        page.locator("button.choose:enabled").wait_for()
        page.set_input_files("input.choose", files)
        page.get_by_role("slider").nth(len(files) - 1).wait_for()
        slider = page.get_by_role("slider").first
        slider.fill(HEAT)
        slider.blur()
        return page.screenshot()


def main() -> int:
    model = Path(sys.argv[1] if len(sys.argv) > 1 else "demo/things.tipoff")
    with served(model) as address:
        png = shoot(address, photos(model))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").save(OUT, optimize=True)
    print(f"{OUT}, {OUT.stat().st_size / 1000:.0f} kB")
    return 0 if OUT.stat().st_size <= MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
