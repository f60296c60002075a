"""The page of a model of a table, and of one of ratings, as a person uses it: in a real browser, on a real server."""

import contextlib
import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.people import people, ratings
from tests.serve.browser import AXE, DESKTOP, PHONE, SMALL, axe_itself, browser, visit  # noqa: F401
from tests.serve.running import running
from tests.serve.test_page import REFUSED, text, word
from tipoff.answer import number

COLUMNS = ["job", "age", "hours", "city"]
HOSTILE = '<img src=x onerror="window.hacked=1">'


@pytest.fixture(scope="module")
def url(row_model):
    with running([row_model]) as address:
        yield address


@pytest.fixture(scope="module")
def films(pair_model):
    with running([pair_model]) as address:
        yield address


def done(page, n):
    page.locator(".card:not(.loading)").nth(n - 1).wait_for()


def ask(page, n=1, **values):
    """Fill in the form, and wait for the answer; `n` is how many cards there are then."""
    for name, value in values.items():
        field = page.get_by_label(name, exact=True)
        if field.evaluate("f => f.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Ask").click()
    done(page, n)


def table(name="new.csv", frame=None):
    frame = people(30, seed=5)[COLUMNS] if frame is None else frame
    return {"name": name, "mimeType": "text/csv", "buffer": frame.to_csv(index=False).encode()}


def read(download):
    return Path(download.value.path()).read_text("utf-8-sig")


def give(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a CSV").click()
    chooser.value.set_files(list(files))


# a row ----------------------------------------------------------------------------------------------


def test_the_form_begins_with_a_typical_row_what_matters_most_first(visit, url, row_model):
    page = visit(url)
    assert text(page, "h1") == ["Predict: rich"]
    assert text(page, ".field label") == ["age", "job", "hours", "city"]
    typical = {c["name"]: c["typical"] for c in row_model.about.columns}
    assert page.get_by_label("age", exact=True).input_value() == f"{typical['age']:g}"
    assert page.get_by_label("city", exact=True).input_value() == typical["city"]
    assert text(page, ".hint")[0] == "18 to 79"
    assert set(page.get_by_label("job", exact=True).evaluate("s => [...s.options].map(o => o.value)")) == {
        "cook", "nurse", "pilot", "judge", "",
    }  # fmt: skip


def test_an_answer_is_that_of_the_api_with_what_mattered(visit, url):
    page = visit(url)
    ask(page, age=70, job="judge")
    row = {"age": 70, "job": "judge"} | {
        "hours": float(page.get_by_label("hours", exact=True).input_value()), "city": page.get_by_label("city", exact=True).input_value()
    }  # fmt: skip
    answer = httpx.post(f"{url}/predict?why=true", json=row).json()["answers"][0]
    assert answer["label"] == ">50K" and ">50K" in text(page, ".verdict")[0]
    assert text(page, ".card h3") == ["age 70, job judge"]
    assert text(page, ".why .label")[0] == f"{answer['why'][0]['column']}: {answer['why'][0]['value']}"
    assert page.locator(".why .axis").first.get_attribute("aria-label") == "towards “>50K”"
    assert text(page, ".values dd")[0] == "70"


def test_on_a_phone_the_answer_comes_right_after_the_question(visit, url):
    page = visit(url, width=PHONE)
    ask(page)
    form, answers, many = (page.locator(s).bounding_box()["y"] for s in (".ask form", ".answers", ".drop"))
    assert form < answers < many


def test_answers_stay_so_that_they_can_be_compared(visit, url):
    page = visit(url)
    ask(page, age=70, job="judge")
    ask(page, 2, age=19, job="cook")
    assert text(page, ".card h3") == ["age 19, job cook", "age 70, job judge"]
    assert ["<=50K" in v for v in text(page, ".verdict")] == [True, False] and text(page, ".count") == [
        "2 questions"
    ]
    page.get_by_role("button", name="Typical row").click()
    ask(page, 3)
    assert text(page, ".card h3")[0] == "a typical row"


def test_what_is_no_number_is_said_at_its_field_and_not_sent(visit, url):
    page = visit(url)
    page.get_by_label("age", exact=True).fill("many")
    page.get_by_role("button", name="Ask").click()
    assert "“many” is not a number. Leave it empty if it is not known." in text(page, ".field.bad .said")
    field = page.get_by_label("age", exact=True)
    assert field.get_attribute("aria-invalid") == "true" and field.evaluate(
        "f => f === document.activeElement"
    )
    assert page.locator(".card").count() == 0
    ask(page, age=30)
    assert field.get_attribute("aria-invalid") == "false" and page.locator(".field.bad").count() == 0


def test_what_is_far_from_the_training_rows_is_said_and_answered(visit, url):
    page = visit(url)
    ask(page, age=140)
    assert text(page, ".field.odd .hint") == ["outside of 18 to 79"]
    ask(page, 2, age=50)
    assert page.locator(".field.odd").count() == 0 and text(page, ".hint")[0] == "18 to 79"


def test_what_is_not_known_may_be_left_out(visit, url):
    page = visit(url)
    ask(page, age="", job="")
    assert text(page, ".card h3") == ["age not known, job not known"]
    assert page.locator(".verdict").is_visible()


def test_numbers_are_answered_as_numbers(visit, number_model):
    with running([number_model]) as address:
        page = visit(address)
        ask(page, age=70, job="judge")
        value = httpx.post(
            f"{address}/predict", json={"age": 70, "job": "judge", "hours": 40, "city": "Oslo"}
        ).json()
        said = text(page, ".verdict")[0]
        assert (
            said.replace(",", "").isdigit()
            and abs(int(said.replace(",", "")) - value["answers"][0]["value"]) < 9e3
        )
        assert text(page, ".off") == ["On rows it had never seen, it was off by 6,000 on average."]
        assert page.locator(".why li").count() >= 1
        for address_of in ("/card", "/docs"):
            assert page.goto(address + address_of).status == 200


# a table --------------------------------------------------------------------------------------------


def test_a_table_comes_back_with_its_answers(visit, url):
    page = visit(url)
    give(page, table())
    done(page, 1)
    assert text(page, ".verdict") == ["30 rows answered"]
    heads = text(page, ".card thead th")
    assert heads[:5] == ["label", "probability", "sure", "<=50K", ">50K"] and heads[5:] == COLUMNS
    assert page.locator(".card tbody tr").count() == 8
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download new-answers.csv").click()
    rows = list(csv.DictReader(io.StringIO(read(saved))))
    wanted = httpx.post(f"{url}/predict", files={"file": ("new.csv", table()["buffer"])}).json()["answers"]
    assert [r["label"] for r in rows] == [a["label"] for a in wanted]
    assert [r["age"] for r in rows] == people(30, seed=5).age.astype(str).tolist()


DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/csv" }));
  return transfer;
}"""


def test_a_table_is_dropped_anywhere(visit, url):
    page = visit(url)
    files = page.evaluate_handle(DROP, ["people.csv", table()["buffer"].decode()])
    page.dispatch_event("h1", "drop", {"dataTransfer": files})
    done(page, 1)
    assert text(page, ".card h3") == ["people.csv"] and text(page, ".verdict") == ["30 rows answered"]


def test_a_wrong_table_says_which_row_and_column(visit, url):
    page = visit(url, allow=REFUSED)
    frame = people(9)[COLUMNS].astype(object)
    frame.loc[4, "age"] = "many"
    give(page, table("bad.csv", frame))
    done(page, 1)
    assert "Column age, row 6 of bad.csv: 'many' is not a number" in text(page, ".card.error .verdict")[0]


def test_what_was_ignored_or_unknown_is_said(visit, url):
    page = visit(url)
    give(page, table("odd.csv", people(9)[COLUMNS].assign(job="wizard", shoes=44)))
    done(page, 1)
    said = " ".join(text(page, ".remarks li"))
    assert "shoes" in said and "'wizard' was not in training" in said


def test_an_empty_template_has_the_columns(visit, url):
    page = visit(url)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Empty template").click()
    assert read(saved) == "age,job,hours,city\n"


def test_the_answers_to_the_form_are_saved_as_a_table(visit, url):
    page = visit(url)
    ask(page, age=70, job="judge")
    give(page, table())
    done(page, 2)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.reader(io.StringIO(read(saved))))
    assert rows[0] == [
        "age",
        "job",
        "hours",
        "city",
        "answer",
        "probability",
        "sure",
        "<=50K",
        ">50K",
        "error",
    ]
    assert len(rows) == 2 and rows[1][:2] == ["70", "judge"] and rows[1][4] == ">50K"


def test_hostile_cells_and_names_stay_text(visit, url):
    page = visit(url)
    give(page, table(f"{HOSTILE}.csv", people(3)[COLUMNS].assign(**{"city": HOSTILE, HOSTILE: HOSTILE})))
    done(page, 1)
    assert text(page, ".card h3") == [f"{HOSTILE}.csv"] and HOSTILE in text(page, ".card tbody td")
    assert page.evaluate("window.hacked") is None and page.locator("img[src=x]").count() == 0


# ratings --------------------------------------------------------------------------------------------


def rate(page, title, stars):
    page.get_by_role("searchbox").fill(title)
    page.get_by_role("button", name=title, exact=True).click()
    group = page.get_by_role("group", name=title, exact=True)
    group.get_by_role("radio", name=f"{stars} of 5").check(force=True)


def test_a_few_ratings_bring_recommendations_with_why(visit, films):
    page = visit(films)
    rate(page, "B film 1", 5)
    rate(page, "B film 2", 4)
    rate(page, "A film 1", 1)
    page.get_by_role("button", name="Recommend", exact=True).click()
    done(page, 1)
    asked = {"ratings": {"B film 1": 5, "B film 2": 4, "A film 1": 1}}
    wanted = httpx.post(f"{films}/predict", json=asked).json()["answers"][0]["recommendations"]
    assert text(page, ".liked b") == [w["item"] for w in wanted] and wanted[0]["item"].startswith("B")
    assert text(page, ".liked .what .small") == [w["why"] for w in wanted]
    assert "these rest on 3 ratings" in text(page, ".note")[0]
    assert text(page, ".values dt") == ["B film 1", "B film 2", "A film 1"] and text(page, ".values dd") == [
        "5",
        "4",
        "1",
    ]


def test_newcomers_get_what_most_people_like(visit, films):
    page = visit(films)
    page.get_by_role("button", name="Recommend", exact=True).click()
    done(page, 1)
    assert text(page, ".card h3") == ["for everybody"] and "what most people like" in text(page, ".note")[0]
    assert page.locator(".liked li").count() == 10


def test_somebody_of_the_data_is_asked_for_by_number(visit, films):
    page = visit(films, allow=REFUSED)
    page.get_by_label("Or somebody in the data").fill("2")
    page.keyboard.press("Enter")
    done(page, 1)
    seen = set(ratings().query("user == 2").title)
    assert not seen & set(text(page, ".liked b")) and page.locator(".note").count() == 0
    page.get_by_label("Or somebody in the data").fill("zoe")
    page.keyboard.press("Enter")
    page.locator(".card.error").wait_for()
    assert "There is no user 'zoe'" in text(page, ".card.error .verdict")[0]


def test_a_rating_is_changed_and_removed(visit, films):
    page = visit(films)
    rate(page, "B film 1", 5)
    rate(page, "B film 1", 2)
    assert page.locator(".stars").count() == 1
    assert page.get_by_role("radio", name="2 of 5").is_checked()
    page.get_by_role("button", name="Remove B film 1").click()
    assert page.locator(".stars").count() == 0 and page.get_by_text("three are enough to begin").is_visible()


def test_ratings_are_given_by_keyboard_alone(visit, films):
    page = visit(films)
    page.get_by_role("searchbox").focus()
    page.keyboard.type("b film 3")
    page.locator("#found button").wait_for()
    page.keyboard.press("Enter")  # to the first that was found
    page.keyboard.press("Enter")  # takes it
    assert page.get_by_role("radio", name="5 of 5").evaluate("r => r === document.activeElement")
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="4 of 5").is_checked()
    page.keyboard.press("Enter")  # asks
    done(page, 1)
    assert text(page, ".values dd") == ["4"]


NUMBERS = (0.0, 5.0, 2011.0, 71.25, 9999.4, 12345.0, 206855.8, 0.04567, -3.0, -54321.6)


def test_numbers_are_written_alike_in_python_in_templates_and_in_the_browser(visit, url):
    wanted = [number(v) for v in NUMBERS]
    assert [word("number", v) for v in NUMBERS] == wanted
    page = visit(url)
    made = page.evaluate("async (all) => all.map((await import('/static/number.js')).number)", list(NUMBERS))
    assert made == wanted


# for everybody --------------------------------------------------------------------------------------


@contextlib.contextmanager
def in_all_states(visit, url, films, **how):
    """A page with an answer, a table, an error in the form and in a table; and one with recommendations."""
    page = visit(url, allow=REFUSED, **how)
    ask(page, age=70, job="judge", hours=12.5, city="Lima")
    give(page, table(), table("bad.csv", people(3)[["age"]]))
    done(page, 3)
    page.get_by_label("age", exact=True).fill("many")
    page.get_by_role("button", name="Ask").click()
    other = visit(films, **how)
    rate(other, "B film 1", 5)
    other.get_by_role("button", name="Recommend", exact=True).click()
    done(other, 1)
    other.get_by_role("searchbox").fill("film")
    other.locator("#found button").first.wait_for()
    yield page, other


@pytest.mark.parametrize(
    ("width", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
)
def test_axe_finds_no_barrier(visit, url, films, axe_itself, width, scheme):
    how = {"width": width, "scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce"}
    with in_all_states(visit, url, films, **how) as pages:
        for page in pages:
            page.evaluate(axe_itself)
            assert page.evaluate(AXE) == []


def test_axe_finds_no_barrier_on_the_pages_to_read(visit, url, films, axe_itself):
    page = visit(url, width=PHONE, bypass_csp=True)
    for address in (f"{url}/card", f"{url}/docs", f"{films}/card", f"{films}/docs"):
        page.goto(address)
        page.evaluate(axe_itself)
        assert page.evaluate(AXE) == [], address


CUT_OFF = """() => [...document.querySelectorAll('.card .say *')].filter(e => !e.closest('.scroll'))
  .filter(e => e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right)
  .map(e => e.outerHTML)"""


def test_a_finger_hits_everything_and_nothing_runs_over_the_edge(visit, url, films):
    with in_all_states(visit, url, films, width=PHONE) as pages:
        for page in pages:
            assert page.evaluate(SMALL) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
            assert page.evaluate(CUT_OFF) == []
    page = visit(url, width=320)
    for address in ("/", "/card", "/docs"):
        for where in (url, films):
            page.goto(where + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, where + address
            assert page.evaluate(SMALL) == [], where + address


def test_one_place_says_the_answers(visit, url):
    page = visit(url)
    live = page.locator("[aria-live], [role=status], [role=alert], [role=log]")
    assert live.count() == 1
    ask(page, age=70, job="judge")
    live.get_by_text("age 70, job judge: >50K").wait_for(state="attached")


def test_the_page_works_by_keyboard_alone(visit, url):
    page = visit(url)
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "age"
    page.keyboard.type("70")
    page.keyboard.press("Enter")
    done(page, 1)
    assert text(page, ".card h3") == ["age 70"]


@pytest.mark.parametrize("width", [PHONE, 900, 1000, DESKTOP])
def test_bars_can_be_seen_at_every_width(visit, url, width):
    page = visit(url, width=width)
    ask(page, age=70, job="judge")
    widths = page.locator(".bars .bar, .why .axis").evaluate_all("all => all.map(b => b.clientWidth)")
    assert len(widths) >= 3 and min(widths) > 60


@pytest.mark.parametrize("which", ["rows", "ratings"])
def test_the_examples_of_the_card_run(visit, url, films, tmp_path, which):
    page = visit(f"{url if which == 'rows' else films}/card")
    (tmp_path / "ask.py").write_text(page.locator("pre.python").inner_text())
    ran = subprocess.run([sys.executable, "ask.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("%" if which == "rows" else "film") in ran.stdout
    if not shutil.which("curl"):
        return
    (tmp_path / "new.csv").write_bytes(table()["buffer"])
    command = page.locator("pre.curl").inner_text()
    ran = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    said = (tmp_path / "scored.csv").read_text() if which == "rows" else ran.stdout
    assert "label" in said if which == "rows" else '"recommendations"' in said
