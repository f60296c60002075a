"""The verdict of a model file on its pages."""

import httpx2 as httpx
import numpy as np
import pytest

from tests.serve.browser import AXE, DESKTOP, PHONE, axe_itself, browser, visit  # noqa: F401
from tests.serve.running import running
from tipoff.bundle.file import read, write
from tipoff.interpret.judge import Baseline, judge_classes
from tipoff.serve.torch_model import TorchModel

HOSTILE = '<img src=x onerror="alert(1)">'


def useless(names=("No", "Yes")):
    """The verdict on a model that says No to everything."""
    true = np.array([0] * 134 + [1] * 35)
    return judge_classes(
        names,
        true,
        np.tile([0.8, 0.2], (169, 1)),
        majority=0,
        things="rows",
        baselines=[Baseline("trees", true)],
    )


@pytest.fixture
def served(model_file, tmp_path):
    """The address of a server of a model file with this verdict."""
    opened = []

    def serve(verdict):
        bundle = read(model_file)
        bundle.facts |= {
            "verdict": verdict,
            "result": "the result as a line",
            "baseline": "the baseline as a line",
        }
        opened.append(running([TorchModel(write(tmp_path / "x.tipoff", bundle), 10**7)]))
        return opened[-1].__enter__()

    yield serve
    for context in opened:
        context.__exit__(None, None, None)


def page_of(url, path="/"):
    return " ".join(httpx.get(url + path).text.split())


def test_the_page_calls_a_useless_model_so_beside_the_question_and_in_the_footer(served):
    said = page_of(served(useless().to_json()))
    sentence = "This model never predicts Yes, is no better than always predicting No and is worse than the baseline."
    assert said.count(sentence) == 2 and said.count("do not rely on it") == 2
    assert '<dt>always No (majority class)</dt><dd class="num">50.0 %</dd>' in said


def test_a_good_model_is_praised_in_the_footer_alone(served):
    true = np.arange(60) % 2
    verdict = judge_classes(["a", "b"], true, np.eye(2)[true], majority=0, things="photos")
    said = page_of(served(verdict.to_json()))
    assert (
        said.count("This model is better than always predicting a.")
        == 1
        == said.count("better than guessing")
    )


def test_the_card_has_the_table_and_the_recall_of_each_class(served):
    said = page_of(served(useless().to_json()), "/card")
    assert '<th scope="row">trees (baseline)</th><td>100.0 %</td><td>100.0 %</td>' in said
    assert '<th scope="row">Yes</th><td>0.0 %</td><td>0.0 to 9.9 %</td><td>0 of 35</td><td>0</td>' in said
    assert "paired randomization test" in said and "the result as a line" not in said


@pytest.mark.parametrize("verdict", [None, {"metric": "accuracy"}, [1], "good"])
def test_a_model_file_without_a_verdict_shows_what_it_has(served, verdict):
    url = served(verdict)
    for path in ("/", "/card"):
        said = page_of(url, path)
        assert "the result as a line" in said and "the baseline as a line" in said


def test_names_of_classes_are_no_html(served):
    url = served(useless((HOSTILE, "Yes")).to_json())
    assert HOSTILE not in page_of(url) + page_of(url, "/card")
    assert "&lt;img src=x" in page_of(url, "/card")


@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_no_barrier(visit, served, axe_itself, width, scheme):
    url = served(useless().to_json())
    for path in ("/", "/card"):
        page = visit(url + path, width=width, scheme=scheme, bypass_csp=True)
        page.evaluate(axe_itself)
        assert page.evaluate(AXE) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
