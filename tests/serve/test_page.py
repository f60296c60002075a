"""The page as a person uses it: in a real browser, on a real server."""

import contextlib
import csv
import io
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
from jinja2 import Environment, FileSystemLoader
from PIL import Image

import tipoff.serve
from tests.serve.browser import AXE, DESKTOP, PHONE, SMALL, axe_itself, browser, visit  # noqa: F401
from tests.serve.running import picture_bytes, running
from tipoff.answer import Category, percent
from tipoff.errors import DataError
from tipoff.serve.about import About
from tipoff.serve.settings import Settings

PAGE = Path(tipoff.serve.__file__).parent / "page"
HOSTILE = '<img src=x onerror="window.hacked=1">'
REFUSED = "status of 422"  # what the browser itself writes about a file that the server could not read
FACTS = {
    "date": "2026-11-03",
    "items": {"train": 170, "valid": 41},
    "result": "right on 38 of 41 unseen photos: 93 % (81% to 97%)",
    "baseline": 0.902,
    "sure": "sure of 36 of 41 unseen items, with 60 % or more, and right on 35 of these",
    "arch": "resnet18",
    "figures": {"accuracy": 0.9268, "valid_loss": None},
}


NAMES = ("cat", "dog", "owl", "pig", HOSTILE)
SAID = {
    "sure": (0.906, 0.05, 0.03, 0.01, 0.004),
    "unsure": (0.48, 0.4, 0.1, 0.01, 0.01),
    "hostile": (0.05, 0.03, 0.01, 0.01, 0.9),
}
HEAT = {"rows": 2, "columns": 2, "values": [1.0, 0.0, 0.0, 0.0], "box": [0.25, 0.0, 0.75, 1.0]}


class Says:
    """A model that answers by the name of the file: what is said in a test is known, and is checked."""

    at_once = 1

    def __init__(self, name="says"):
        self.about = About(
            name,
            name.title(),
            "image",
            "category",
            list(NAMES),
            FACTS,
            "# Card",
            "onnxruntime",
            True,
            0.6,
        )
        self.go = threading.Event()
        self.go.set()

    def read(self, data, name):
        if data.startswith(b"%PDF"):
            raise DataError(f"{name} is a PDF, not a picture.")
        return name

    def key(self, sample):
        return 0

    def answer(self, samples, heat):
        self.go.wait(20)
        with_heat = {"heat": HEAT} if heat else {}
        return [{**self.one(name), **with_heat} for name in samples]

    def one(self, name):
        prob = SAID.get(name.split(".")[0], SAID["sure"])
        target = Category(NAMES, 0.6)
        return {**target.answer(prob), "sentence": target.sentence(prob)}


@pytest.fixture(scope="module")
def url(model):
    with running([model]) as address:
        yield address


@pytest.fixture(scope="module")
def says():
    return Says()


@pytest.fixture(scope="module")
def said(says):
    """The address of a server whose answers are known."""
    with running([says]) as address:
        yield address


def photo(name, size=(40, 30)):
    kind = {"jpg": "JPEG", "tiff": "TIFF"}.get(name.rpartition(".")[2], "PNG")
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": picture_bytes(size=size, form=kind)}


PDF = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"}


def give(page, *files):
    """Choose files as a person does: by the button."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose photos").click()
    chooser.value.set_files(list(files))


def text(page, selector):
    return [" ".join(t.split()) for t in page.locator(selector).all_inner_texts()]


def done(page, n):
    """Wait until n cards are answered or refused."""
    page.locator(".card:not(.loading)").nth(n - 1).wait_for()


# asking -------------------------------------------------------------------------------------------


def test_a_chosen_photo_gets_the_answer_of_the_api_in_a_sentence(visit, url, photos):
    file = photos / "red" / "red_0.jpg"
    answer = httpx.post(f"{url}/predict", files={"file": (file.name, file.read_bytes())}).json()["answers"][0]
    page = visit(url)
    give(page, file)
    done(page, 1)
    best = [f"{name} {percent(p)}" for name, p in answer["probabilities"].items()]
    assert text(page, ".bars.first li") == best[:3]
    verdict = text(page, ".verdict")[0]
    shown = answer["sentence"].lower()
    if "probably" in shown:
        shown = shown.removeprefix("not sure: ")
    elif not answer["sure"]:
        shown = f"not sure: {' or '.join(list(answer['probabilities'])[:2])}"
    assert verdict.lower() == shown
    assert (
        page.get_by_role("img", name="red_0.jpg").evaluate("i => i.decode().then(() => i.naturalWidth)") == 48
    )
    assert text(page, ".card .file .num")[0].endswith(" ms")


def test_several_photos_are_answered_in_their_order_and_new_ones_come_first(visit, said):
    page = visit(said)
    give(page, photo("sure.png"), photo("unsure.png"), photo("hostile.png"))
    done(page, 3)
    give(page, photo("later.png"))
    done(page, 4)
    assert text(page, ".card h3") == ["later.png", "sure.png", "unsure.png", "hostile.png"]
    assert text(page, ".count") == ["4 photos"]


def test_nothing_yet_is_said_and_goes(visit, said):
    page = visit(said)
    assert page.get_by_text("Nothing yet.").is_visible()
    assert not page.get_by_role("button", name="Clear").is_visible()
    give(page, photo("sure.png"))
    done(page, 1)
    assert not page.get_by_text("Nothing yet.").is_visible()


MAKE_FILES = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  return transfer;
}"""


def test_a_photo_is_dropped_anywhere_in_the_window(visit, said):
    page = visit(said)
    files = page.evaluate_handle(MAKE_FILES, ["sure.png", list(picture_bytes())])
    page.dispatch_event("h2", "dragenter", {"dataTransfer": files})
    assert "over" in page.locator(".drop").get_attribute("class")
    page.dispatch_event("h2", "drop", {"dataTransfer": files})
    done(page, 1)
    assert text(page, ".verdict") == ["Cat, 91 %"] and page.url == f"{said}/"
    assert "over" not in page.locator(".drop").get_attribute("class")


COPY = """async (bytes) => {
  const picture = new Blob([new Uint8Array(bytes)], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}"""


def test_a_copied_picture_is_pasted(visit, said):
    page = visit(said, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, list(picture_bytes()))
    page.keyboard.press("Control+V")
    done(page, 1)
    assert text(page, ".verdict") == ["Cat, 91 %"]


def test_a_phone_offers_its_camera_and_turns_its_format_into_one_that_is_read(visit, said):
    page = visit(said, width=PHONE)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Take a photo").tap()
    assert not chooser.value.is_multiple()
    asked = page.locator("input.take")
    assert asked.get_attribute("capture") == "environment" and "heic" not in asked.get_attribute("accept")
    chooser.value.set_files(photo("sure.jpg"))
    done(page, 1)
    page.wait_for_timeout(300)
    assert page.locator(".card").evaluate("c => c.getBoundingClientRect().top < innerHeight"), (
        "the answer is in sight"
    )
    assert not visit(said).get_by_role("button", name="Take a photo").is_visible(), (
        "a desktop has no such camera"
    )


def test_everything_works_by_keyboard_alone(visit, said):
    page = visit(said)

    def focused():
        return page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText).trim()"
        )

    seen = []
    for _ in range(5):
        page.keyboard.press("Tab")
        seen.append(focused())
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", f"focus on {seen[-1]} cannot be seen"
    assert seen == ["Skip to the main part", "Says", "API", "Model card", "Choose photos"]
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(photo("unsure.png"))
    done(page, 1)
    page.get_by_role("slider").wait_for()
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(focused())
        if "Where it looked" in seen[-1]:
            page.keyboard.press("End")
        if seen[-1].startswith("All "):
            page.keyboard.press("Enter")
    assert seen == ["Download CSV", "Clear", "Where it looked in unsure.png", "All 5 classes"]
    assert page.locator("canvas").evaluate("c => c.style.opacity") == "1"
    assert text(page, ".bars.rest li .label") == ["pig", HOSTILE]
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # Clear
    assert page.locator(".card").count() == 0 and focused() == "Choose photos"


# answers ------------------------------------------------------------------------------------------


def test_not_sure_is_an_answer_with_what_it_promises(visit, said):
    page = visit(said)
    give(page, photo("unsure.png"), photo("sure.png"))
    done(page, 2)
    assert text(page, ".verdict") == ["Not sure: cat or dog", "Cat, 91 %"]
    assert text(page, ".tag") == ["not sure", "sure"]
    assert text(page, ".note") == [
        "Below 60 % this model does not call a prediction sure. Of 41 items it had never seen, it was sure of 36, and "
        "right on 35 of those. Try a photo in which the subject fills more of the frame."
    ]
    widths = page.locator(".card.unsure .bars.first i").evaluate_all("all => all.map(i => i.style.width)")
    assert widths == ["48%", "40%", "10%"]


def test_an_uncalibrated_model_claims_nothing(visit):
    plain = Says()
    plain.about = About("plain", "Plain", "image", "category", list(NAMES))
    with running([plain]) as address:
        page = visit(address)
        give(page, photo("sure.png"))
        done(page, 1)
        assert text(page, ".verdict") == ["Cat, 91 %"] and page.locator(".tag").count() == 0
        assert page.get_by_role("slider").count() == 0, "it cannot tell where it looked"


PIXEL = "(c, [x, y]) => [...c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data]"


def test_the_heat_map_lies_where_the_model_looked_and_the_slider_shows_it(visit, said):
    page = visit(said)
    give(page, photo("sure.png", size=(80, 40)))
    slider = page.get_by_role("slider", name="Where it looked in sure.png")
    slider.wait_for()
    canvas = page.locator("canvas")
    assert canvas.evaluate("c => getComputedStyle(c).opacity") == "0"
    slider.fill("70")
    assert canvas.evaluate("c => getComputedStyle(c).opacity") == "0.7"
    at = {where: canvas.evaluate(PIXEL, where) for where in ((0.3, 0.2), (0.7, 0.9), (0.1, 0.2), (0.9, 0.5))}
    red, _, blue, opaque = at[0.3, 0.2]
    assert red > 180 and blue < 60 and opaque > 190, "hot where the value is 1"
    assert at[0.7, 0.9][3] == 0, "clear where it is 0"
    assert at[0.1, 0.2][3] == at[0.9, 0.5][3] == 0, "nothing outside of what the model saw"
    box = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }"
    assert canvas.evaluate(box) == pytest.approx(page.locator(".card img").evaluate(box), abs=1)
    give(page, photo("unsure.png"))
    page.get_by_role("slider", name="Where it looked in unsure.png").wait_for()
    assert page.get_by_role("slider").first.input_value() == "70", (
        "the next photo begins where the slider was left"
    )


def test_the_real_heat_map_is_drawn(visit, url, photos):
    page = visit(url)
    give(page, photos / "blue" / "blue_1.jpg")
    page.get_by_role("slider").wait_for()
    opaque = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 == 3)"
    assert page.locator("canvas").evaluate(f"c => Math.max(...({opaque})(c))") > 150


def test_all_classes_are_made_when_they_are_asked_for(visit, said):
    page = visit(said)
    give(page, photo("sure.png"))
    done(page, 1)
    assert (
        text(page, ".bars.first .label") == ["cat", "dog", "owl"]
        and page.locator(".bars.rest li").count() == 0
    )
    page.get_by_text("All 5 classes").click()
    page.locator(".bars.rest li").nth(1).wait_for()
    assert text(page, ".bars.rest li") == ["pig 1 %", f"{HOSTILE} under 1 %"]


def test_a_photo_that_the_browser_cannot_show_is_answered_all_the_same(visit, said):
    page = visit(said)
    give(page, photo("sure.tiff"))
    done(page, 1)
    page.locator("svg.no-preview").wait_for()
    assert text(page, ".verdict") == ["Cat, 91 %"] and page.get_by_role("slider").count() == 0


def test_percents_are_said_as_in_python(visit, said):
    some = np.random.default_rng(0).random(2000).tolist()
    shares = [*some, *(1 - s / 100 for s in some), *(s / 50 for s in some), 0, 0.01, 0.99, 0.999, 0.9945, 1]
    page = visit(said)
    js = "async (all) => { const { percent } = await import('/static/percent.js'); return all.map(percent); }"
    assert page.evaluate(js, shares) == [percent(s) for s in shares]


def test_answers_are_saved_as_a_table(visit, said):
    page = visit(said, allow=REFUSED)
    give(page, photo("sure.png"), photo("=1+1,2.png"), photo("unsure.png"), PDF)
    done(page, 4)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "says-answers.csv"
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    classes = [HOSTILE, "cat", "dog", "owl", "pig"]
    assert rows[0] == ["file", "answer", "probability", "sure", *classes, "error"]
    assert rows[1] == ["sure.png", "cat", "0.906", "yes", "0.004", "0.906", "0.05", "0.03", "0.01", ""]
    assert rows[2][0] == "'=1+1,2.png", "a spreadsheet must not compute it"
    assert rows[3][1:4] == ["cat", "0.48", "no"]
    assert rows[4] == ["notes.pdf", *[""] * 8, "notes.pdf is a PDF, not a picture."]


# what goes wrong ----------------------------------------------------------------------------------


def test_what_is_no_photo_is_refused_in_its_own_card(visit, said):
    page = visit(said, allow=REFUSED)
    give(page, PDF, photo("sure.png"))
    done(page, 2)
    assert text(page, ".verdict") == ["notes.pdf is a PDF, not a picture.", "Cat, 91 %"]
    assert page.get_by_text("JPEG, PNG, WebP, GIF, BMP and TIFF can be read.").is_visible()
    assert not page.get_by_role("button", name="Try again").is_visible(), "the same file would fail again"


def test_a_photo_that_is_too_large_is_not_even_sent(visit, says):
    with running([says], Settings(max_upload=0.01)) as address:
        page = visit(address)
        sent = []
        page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
        noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
        out = io.BytesIO()
        Image.fromarray(noise).save(out, "PNG")
        give(page, {"name": "big.png", "mimeType": "image/png", "buffer": out.getvalue()})
        done(page, 1)
        assert text(page, ".verdict") == ["big.png has 0.03 MB; up to 0.01 MB are read."] and sent == []


def test_a_busy_server_is_asked_again_after_the_time_it_names(visit, said):
    page = visit(said, allow="status of 503")
    times = []

    def busy_once(route):
        times.append(page.evaluate("performance.now()"))
        if len(times) == 1:
            headers = {"Retry-After": "1", "content-type": "application/json"}
            route.fulfill(status=503, headers=headers, body='{"error": "busy"}')
        else:
            route.continue_()

    page.route("**/predict*", busy_once)
    give(page, photo("sure.png"))
    done(page, 1)
    assert text(page, ".verdict") == ["Cat, 91 %"] and len(times) == 2 and times[1] - times[0] >= 990


def test_without_a_network_it_says_so_and_can_try_again(visit, said):
    page = visit(said, allow="ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    give(page, photo("sure.png"))
    done(page, 1)
    assert text(page, ".verdict") == ["There is no network connection at the moment."]
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    page.locator(".card.sure").wait_for()
    assert page.evaluate("document.activeElement.matches('.card')"), "the keyboard stays where it was"
    assert text(page, ".verdict") == ["Cat, 91 %"] and text(page, ".count") == ["1 photo"]


def test_a_server_that_does_not_answer_is_given_up_after_a_minute(visit, said, says):
    page = visit(said, allow="ERR_ABORTED")
    page.clock.install()
    says.go.clear()
    try:
        with page.expect_request("**/predict*"):
            give(page, photo("sure.png"))
        page.clock.fast_forward(59_000)
        assert page.locator(".card.loading").count() == 1
        page.clock.fast_forward(2_000)
        done(page, 1)
    finally:
        says.go.set()
    assert text(page, ".verdict") == ["The server did not answer within a minute."]


def test_a_server_that_has_gone_is_said(visit, says):
    with running([says]) as address:
        page = visit(address, allow="ERR_CONNECTION")
    give(page, photo("sure.png"))
    done(page, 1)
    assert text(page, ".verdict") == ["The server could not be reached. Is it still running?"]


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, "<h1>oops</h1>", "The server answered for sure.png with the status 500."),
        (413, '{"error": "A request may hold 1 MB at most."}', "A request may hold 1 MB at most."),
    ],
)
def test_a_refusal_is_shown_as_it_was_said(visit, said, status, body, sentence):
    page = visit(said, allow=f"status of {status}")
    page.route("**/predict*", lambda r: r.fulfill(status=status, body=body))
    give(page, photo("sure.png"))
    done(page, 1)
    assert text(page, ".verdict") == [sentence]


def test_two_are_asked_at_a_time_and_waiting_is_shown(visit, said, says):
    page = visit(said)
    under_way, most = set(), []
    page.on(
        "request", lambda r: (under_way.add(r), most.append(len(under_way))) if r.method == "POST" else None
    )
    page.on("requestfinished", lambda r: under_way.discard(r))
    says.go.clear()
    try:
        give(page, *(photo(f"{i}.png") for i in range(5)))
        page.locator(".card").nth(4).wait_for()
        assert page.locator(".card[aria-busy=true]").count() == 5 and text(page, ".count") == [
            "0 of 5 photos"
        ]
    finally:
        says.go.set()
    done(page, 5)
    assert max(most) == 2 and page.locator(".card[aria-busy=true]").count() == 0


def test_clearing_gives_up_what_is_under_way(visit, said, says):
    page = visit(said, allow="ERR_ABORTED")
    says.go.clear()
    try:
        give(page, *(photo(f"{i}.png") for i in range(4)))
        page.locator(".card").nth(3).wait_for()
        page.get_by_role("button", name="Clear").click()
        assert page.locator(".card").count() == 0 and page.get_by_text("Nothing yet.").is_visible()
    finally:
        says.go.set()
    give(page, photo("unsure.png"))
    done(page, 1)
    assert text(page, ".card h3") == ["unsure.png"]


# text of others stays text ------------------------------------------------------------------------


def test_hostile_labels_and_file_names_stay_text(visit, said):
    page = visit(said)
    name = "hostile.<img src=x onerror=hacked=1>.png"
    give(page, photo(name))
    done(page, 1)
    assert text(page, ".card h3") == [name] and text(page, ".verdict") == [f"{HOSTILE}, 90 %"]
    page.locator("[role=status]", has_text="90 %").wait_for(state="attached")
    for address in ("/card", "/docs"):
        assert page.locator("img[src=x]").count() == 0 and page.evaluate("window.hacked") is None
        page.goto(said + address)
    page.goto(f"{said}/card")
    assert HOSTILE in text(page, ".classes li")


def test_the_policy_would_stop_code_that_got_in(visit, said):
    page = visit(said, allow="Content Security Policy")
    with page.expect_console_message(lambda m: "Content Security Policy" in m.text):
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"hacked=1\">x</b>')")
        page.evaluate("document.querySelector('body > b').click()")
    assert page.evaluate("window.hacked") is None


# for everybody ------------------------------------------------------------------------------------


def test_a_screen_reader_hears_the_answers_from_one_place(visit, said):
    page = visit(said)
    live = page.locator("[aria-live], [role=status], [role=alert], [role=log]")
    assert live.count() == 1
    give(page, photo("sure.png"), photo("unsure.png"))
    live.get_by_text("unsure.png: not sure: cat 48 %, dog 40 %.").wait_for(state="attached")


@contextlib.contextmanager
def in_all_states(visit, said, says, **how):
    """A page with a sure answer, one that is not sure, an error, and one that is still waited for."""
    page = visit(said, allow=REFUSED, **how)
    give(page, photo("sure.png"), photo("unsure.png"), PDF)
    done(page, 3)
    page.get_by_text("All 5 classes").first.click()
    says.go.clear()
    try:
        give(page, photo("waiting.png"))
        page.locator(".card.loading").wait_for()
        yield page
    finally:
        says.go.set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_axe_finds_no_barrier(visit, said, says, axe_itself, width, scheme):
    how = {"width": width, "scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce"}
    with in_all_states(visit, said, says, **how) as page:
        page.evaluate(axe_itself)
        assert page.evaluate(AXE) == []


@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_no_barrier_on_the_pages_to_read(visit, said, axe_itself, width, scheme):
    page = visit(said, width=width, scheme=scheme, bypass_csp=True, allow="status of 404")
    for address in ("/", "/card", "/docs", "/nowhere"):
        page.goto(said + address)
        page.evaluate(axe_itself)
        assert page.evaluate(AXE) == [], address


def test_axe_would_find_one(visit, said, axe_itself):
    page = visit(said, bypass_csp=True)
    page.evaluate("document.querySelector('nav a').innerHTML = '<img src=\"/static/logo.svg\">'")
    page.evaluate(axe_itself)
    assert {v[0] for v in page.evaluate(AXE)} >= {"image-alt", "link-name"}


def test_a_finger_hits_everything_and_nothing_runs_over_the_edge(visit, said, says):
    with in_all_states(visit, said, says, width=PHONE) as page:
        assert page.evaluate(SMALL) == []
    page = visit(said, width=320, allow="status of 404")
    for address in ("/", "/card", "/docs", "/nowhere"):
        page.goto(said + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        assert page.evaluate(SMALL) == [], address


def test_nothing_moves_where_motion_is_unwelcome(visit, said, says):
    moving = "() => getComputedStyle(document.querySelector('.skel')).animationName"
    with in_all_states(visit, said, says) as page:
        assert page.evaluate(moving) == "breathe"
    with in_all_states(visit, said, says, reduced_motion="reduce") as page:
        assert page.evaluate(moving) == "none"


def test_dark_is_dark(visit, said):
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    assert visit(said).evaluate(paper) == "rgb(251, 248, 243)"
    assert visit(said, scheme="dark").evaluate(paper) == "rgb(23, 20, 16)"


def test_without_javascript_it_says_what_to_do(visit, said):
    page = visit(said, java_script_enabled=False)
    sentence = page.locator("noscript p")
    assert "needs JavaScript" in sentence.inner_text() and sentence.bounding_box()["height"] > 20
    assert page.get_by_role("button").count() == 0, "no button that does nothing"


# the other pages ----------------------------------------------------------------------------------


def test_the_page_speaks_of_its_model(visit, said):
    page = visit(said)
    assert text(page, "footer.model dd") == [
        "170 photos, 5 classes",
        "right on 38 of 41 unseen photos: 93 % (81% to 97%)",
        "90 %",
        "3 November 2026",
    ]


def test_the_python_example_of_the_card_runs(visit, url, photos, tmp_path):
    page = visit(f"{url}/card")
    code = page.locator("pre.python").inner_text()
    (tmp_path / "ask.py").write_text(code)
    (tmp_path / "bad file.pdf").write_bytes(PDF["buffer"])
    shutil.copy(photos / "red" / "red_0.jpg", tmp_path / "rot & groß.jpg")
    names = ["rot & groß.jpg", "bad file.pdf"]
    ran = subprocess.run([sys.executable, "ask.py", *names], cwd=tmp_path, capture_output=True, text=True)
    wanted = httpx.post(f"{url}/predict", content=(tmp_path / names[0]).read_bytes()).json()["answers"][0][
        "sentence"
    ]
    assert ran.stdout.splitlines() == [
        f"rot & groß.jpg: {wanted}",
        "bad file.pdf: bad file.pdf is a PDF, not a picture.",
    ], ran.stderr
    assert len(code.splitlines()) <= 30


@pytest.mark.skipif(not shutil.which("curl"), reason="curl was not found")
def test_the_curl_example_of_the_card_runs(visit, url, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture_bytes(form="JPEG"))
    command = visit(f"{url}/card").locator("pre.curl").inner_text().split()
    assert command[0] == "curl"
    ran = subprocess.run([*command, "-s"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert '"label":"red"' in ran.stdout


def test_the_reference_tells_every_path_and_every_word(visit, said):
    spec = httpx.get(f"{said}/openapi.json").json()
    page = visit(f"{said}/docs")
    heads = text(page, "h2.route")
    for path, methods in spec["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in heads
    for name, schema in spec["components"]["schemas"].items():
        if schema.get("properties") and name not in ("HTTPValidationError", "ValidationError"):
            assert set(schema["properties"]) <= set(text(page, f"#schema-{name} td code"))
    assert page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].every(a => document.querySelector(a.getAttribute('href')))"
    )


def test_several_models_have_a_page_each(visit):
    with running([Says("cats"), Says("dogs")]) as address:
        page = visit(address)
        assert text(page, ".models h2") == ["Cats", "Dogs"]
        page.get_by_role("link", name="Dogs", exact=True).click()
        give(page, photo("sure.png"))
        done(page, 1)
        assert text(page, ".verdict") == ["Cat, 91 %"] and text(page, ".top .name") == ["Dogs"]
        page.get_by_role("link", name="Model card").first.click()
        assert f"{address}/dogs/predict" in page.locator("pre.curl").inner_text()
        page.get_by_role("link", name="card.json").click()
        assert httpx.get(page.url).json()["name"] == "dogs"
        page.goto(f"{address}/cats/card")
        page.get_by_role("link", name="All models").click()
        assert page.url == f"{address}/"


def test_a_wrong_address_gets_a_page_that_says_so(visit, said):
    page = visit(f"{said}/nowhere", allow="status of 404")
    assert "no such page" in text(page, "h1")[0]
    page.get_by_role("link", name="To the start").click()
    assert page.url == f"{said}/"


# the templates and files, without a browser -------------------------------------------------------

ENV = Environment(loader=FileSystemLoader(PAGE / "templates"), autoescape=True)


def word(name, *args):
    return str(getattr(ENV.get_template("words.html").module, name)(*args)).strip()


@pytest.mark.parametrize(
    ("name", "args", "wanted"),
    [
        ("long_date", ("2026-11-03",), "3 November 2026"),
        ("long_date", ("long ago",), "long ago"),
        ("some", (["a", "b", "c"], 2), "a, b and 1 more"),
        ("some", (["a", "b"], 2), "a, b"),
        ("checked", ("something else",), ""),
        ("checked", (None,), ""),
    ],
)
def test_words(name, args, wanted):
    assert word(name, *args) == wanted


def test_percents_in_templates_are_those_of_python():
    for share in (0, 0.0099, 0.01, 0.125, 0.5, 0.9899, 0.99, 0.9989, 0.9995, 1):
        assert word("percent", share) == percent(share)


def test_what_calibrate_says_becomes_a_sentence():
    from tipoff.learner.calibrate import NEVER, Calibration

    said = str(Calibration(1.2, 0.6, 41, 36, 35, "photos"))
    assert (
        word("checked", said)
        == "Of 41 photos it had never seen, it was sure of 36, and right on 35 of those."
    )
    none = str(Calibration(1.2, NEVER, 3, 0, 0, "rows"))
    assert word("checked", none).startswith("Of 3 rows it had never seen, it was sure of none: not even")


def test_no_inline_code_or_style_and_no_other_host():
    for file in PAGE.rglob("*.*"):
        source = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in source and "http://" not in source, file
        if file.suffix == ".html":
            assert " style=" not in source and "<style" not in source and " on" + "click" not in source, file
            assert source.count("<script") == source.count('<script type="module" src="/static/'), file
