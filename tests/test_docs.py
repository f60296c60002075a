"""Every Python block of the documentation runs, page by page, in a folder with photos/."""

import re
import shutil
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")
ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)\)")
WITH_CODE = [p for p in PAGES if BLOCK.search(p.read_text()) and p.name != "photos-from-the-web.md"]
# the page about the web is run in tests/vision/test_gather.py, against a server on this machine


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_the_code_of_a_page_runs(page, photos, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    shutil.copytree(photos, tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    space: dict[str, object] = {"__name__": "page"}
    for found in BLOCK.finditer(text):
        line = text[: found.start(1)].count("\n")
        exec(compile("\n" * line + found[1], str(page), "exec"), space)
    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_links_of_a_page_lead_somewhere(page):
    links = [t for t in LINK.findall(page.read_text()) if not t.startswith("http")]
    assert [t for t in links if not (page.parent / t).exists()] == []
