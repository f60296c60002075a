"""Tables to be read: HTML under a notebook's cell, text in a terminal."""

import sys
from types import SimpleNamespace

import pandas as pd

from tipoff.display import show_frame

FRAME = pd.DataFrame({"job": ["cook & co", "<nurse>"], "age": [31, 44]})


def test_a_terminal_gets_text_within_its_width(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    show_frame(FRAME.assign(**{f"column {i}": 1.5 for i in range(6)}))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 41 and "column 5" in out and "cook & co" in out


def test_a_notebook_gets_html_in_which_text_stays_text(monkeypatch):
    import IPython
    from IPython import display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(display, "display", shown.append)
    monkeypatch.setitem(sys.modules, "IPython", IPython)
    show_frame(FRAME)
    assert "<table" in shown[0].data and "&lt;nurse&gt;" in shown[0].data and "cook &amp; co" in shown[0].data
