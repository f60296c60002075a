"""The page of a model of texts as a person uses it: in a real browser, on a real server."""

import csv
import io
import re

import httpx2 as httpx
import pytest

from tests.serve.browser import AXE, DESKTOP, PHONE, SMALL, axe_itself, browser, visit  # noqa: F401
from tests.serve.running import running
from tests.serve.test_page import REFUSED, text
from tests.serve.test_page_tables import done, read

GOOD = "My aunt saw this film on Friday and found it lovely, with a touching story about two sisters."
MIXED = "The critic said it was lovely and stupid, and dull and warm."
HOSTILE = '<img src=x onerror="window.hacked=1"> A lovely film.'


@pytest.fixture(scope="module")
def url(text_model):
    with running([text_model]) as address:
        yield address


def ask(page, said, n=1):
    page.get_by_label("Text", exact=True).fill(said)
    page.get_by_role("button", name="Ask").click()
    done(page, n)


def give(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(
        [{"name": n, "mimeType": "text/plain", "buffer": data.encode()} for n, data in files]
    )


def test_a_text_gets_an_answer_with_its_words_marked(visit, url):
    page = visit(url)
    ask(page, GOOD)
    answer = httpx.post(f"{url}/predict?why=true", json={"text": GOOD}).json()["answers"][0]
    assert "good" in text(page, ".verdict")[0].lower() and text(page, ".bars .label")[0] == answer["label"]
    shown = page.locator(".words").inner_text()
    assert re.sub("[+−]", "", shown) == GOOD
    strongest = max(answer["why"], key=lambda w: abs(w["share"]))["word"].strip()
    assert text(page, ".why .label")[0] == strongest.strip(",.")
    assert f"{strongest}+" in text(page, ".words mark.up")
    assert "taking each word away and asking again" in text(page, ".legend")[0]
    assert text(page, ".hint") == ["18 words"]


def test_nothing_is_said_by_colour_alone(visit, url):
    page = visit(url)
    ask(page, MIXED)
    for kind, sign in (("up", "+"), ("down", "−")):
        marks = text(page, f".words mark.{kind}")
        assert marks and all(m.endswith(sign) for m in marks)
    assert all(n[0] in "+−" for n in text(page, ".why .num"))
    assert page.locator(".why .axis").first.get_attribute("aria-label").startswith(("towards", "against"))


def test_nothing_is_asked_without_a_text(visit, url):
    page = visit(url)
    page.get_by_role("button", name="Ask").click()
    box = page.get_by_label("Text", exact=True)
    assert "Write a text first." in text(page, ".said")
    assert box.get_attribute("aria-invalid") == "true" and page.locator(".card").count() == 0
    ask(page, GOOD)
    assert text(page, ".said") == [""] and box.get_attribute("aria-invalid") == "false"


def test_a_text_is_shown_not_obeyed(visit, url):
    page = visit(url)
    ask(page, HOSTILE)
    assert page.evaluate("window.hacked") is None and page.locator(".answers img").count() == 0
    assert re.sub("[+−]", "", page.locator(".words").inner_text()) == HOSTILE


def test_the_keyboard_asks(visit, url):
    page = visit(url)
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.type(GOOD)
    page.keyboard.press("Control+Enter")
    done(page, 1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Ask"
    page.keyboard.press("Enter")
    done(page, 2)
    assert text(page, ".count") == ["2 texts"]


def test_text_files_and_a_table_are_answered(visit, url):
    page = visit(url)
    give(page, ("a.txt", GOOD), ("b.txt", "A dull film, and stupid."))
    done(page, 2)
    assert sorted(text(page, ".card h3")) == ["a.txt", "b.txt"] and page.locator(".words mark").count() >= 2
    give(page, ("new.csv", f'review\n"{GOOD}"\nA dull film.\n'))
    done(page, 3)
    assert "2 rows answered" in text(page, ".verdict")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download new-answers.csv").click()
    assert [r["label"] for r in csv.DictReader(io.StringIO(read(saved)))] == ["good", "bad"]


def test_all_answers_are_saved_with_their_texts(visit, url):
    page = visit(url)
    ask(page, GOOD)
    ask(page, HOSTILE, 2)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(read(saved).lstrip("\ufeff"))))
    assert [r["text"] for r in rows] == [HOSTILE, GOOD] and rows[1]["answer"] == "good"


def test_a_file_that_is_no_text_is_refused_in_its_card(visit, url):
    page = visit(url, allow=REFUSED)
    give(page, ("bad.txt", "\0\1\2"))
    done(page, 1)
    assert "bad.txt" in text(page, ".card.error .verdict")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_axe_finds_no_barrier(visit, url, axe_itself, width, scheme):
    page = visit(url, width=width, scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    ask(page, MIXED)
    page.evaluate(axe_itself)
    assert page.evaluate(AXE) == []


def test_it_fits_a_phone_and_a_finger(visit, url):
    page = visit(url, width=PHONE)
    ask(page, f"{MIXED} {'longword' * 20}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert page.evaluate(SMALL) == []


def test_the_card_and_the_reference_open(visit, url):
    page = visit(url)
    for where in ("/card", "/docs"):
        assert page.goto(url + where).status == 200
        assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP
