"""A real browser: chromium, driven by Playwright. Where there is none, its tests are skipped, and the end of the run says so."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WHY_NOT = (
    "no browser: chromium was not found (apt-get install chromium)"
    if CHROMIUM is None
    else "no browser: playwright is not installed (pip install playwright)"
    if importlib.util.find_spec("playwright") is None
    else None
)
FLAGS = [
    "--no-sandbox",  # tests may run as root; the pages are our own
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-gpu",
]
DESKTOP, PHONE = 1280, 390
PATIENCE = 10_000  # milliseconds
# what axe-core finds in a page, once it is there
AXE = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
# what a finger would miss
SMALL = """() => [...document.querySelectorAll('a, button, summary, input:not([type=file])')]
  .filter(e => e.checkVisibility() && !e.closest('p, dd, td, pre'))
  .map(e => [e.innerText || e.type, e.getBoundingClientRect()])
  .filter(([, r]) => r.height < 44 || r.width < 44).map(([t, r]) => `${t}: ${r.width} x ${r.height}`)"""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in the last lines of a run that the page was not tried."""
    skipped = terminalreporter.stats.get("skipped", [])
    n = sum(isinstance(r.longrepr, tuple) and "no browser: " in r.longrepr[2] for r in skipped)
    if n:
        terminalreporter.section("the page was not tried in a browser", yellow=True)
        terminalreporter.line(f"{n} tests were skipped: {WHY_NOT}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a file; each test has a fresh profile in it."""
    if WHY_NOT:
        pytest.skip(WHY_NOT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        made = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """`visit(address, width=..., scheme="dark", allow="...")`: a page in a window of its own.

    At the end, whatever the test was about: nothing wrong in the console but what contains `allow`, and nothing
    asked of another host.
    """
    contexts, errors, asked, allowed = [], [], set(), ["favicon.ico", "willReadFrequently"]

    def open_page(
        address: str, *, width: int = DESKTOP, scheme: str = "light", allow: str = "", **more: Any
    ) -> Any:
        phone = {"is_mobile": True, "has_touch": True} if width <= PHONE else {}
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, **phone, **more
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        allowed.extend([allow] if allow else [])
        page = context.new_page()
        page.on(
            "console",
            lambda m: (
                errors.append(f"{m.text} {m.location['url']}") if m.type in ("error", "warning") else None
            ),
        )
        page.on("filechooser", lambda _: None)  # from the start: later, the first one may be missed
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on(
            "request", lambda r: asked.add(urlsplit(r.url).hostname if r.url.startswith("http") else None)
        )
        page.goto(address)
        if more.get("java_script_enabled", True):
            page.locator("button:disabled").first.wait_for(state="detached")  # the script is there
        return page

    yield open_page
    for c in contexts:
        c.close()
    if wrong := [e for e in errors if not any(a in e for a in allowed)]:
        pytest.fail(f"the console says: {wrong}")
    if others := asked - {"127.0.0.1", None}:
        pytest.fail(f"other hosts were asked: {others}")


@pytest.fixture(scope="module")
def axe_itself() -> str:
    """axe-core, the checker of barriers for people with disabilities."""
    folder = pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")
    return (Path(folder.__file__).parent / "axe.min.js").read_text("utf-8")
