"""The API over real HTTP: answers, limits, load, who may ask."""

import asyncio
import json
import re
import socket
import time

import httpx2 as httpx
import pytest

from tests.serve.running import Slow, picture_bytes, running
from tipoff.bundle.file import read, write
from tipoff.bundle.predictor import load_predictor
from tipoff.learner.calibrate import NEVER, Calibration
from tipoff.serve import run, upload
from tipoff.serve.settings import Settings
from tipoff.serve.torch_model import TorchModel
from tipoff.serve.upload import plain_name

RED, BLUE = picture_bytes((200, 50, 40)), picture_bytes((40, 60, 200))


@pytest.fixture(scope="module")
def url(model):
    with running([model]) as address:
        yield address


def send(url, *files, path="/predict", **more):
    return httpx.post(url + path, files=[("file", f) for f in files], timeout=30, **more)


def test_a_model_that_is_never_sure_says_so(model_file, tmp_path):
    bundle = read(model_file)
    target = bundle.plan.targets[0]
    bundle.plan = bundle.plan.replace(targets=(target.replace(sure_above=NEVER),))
    bundle.facts["sure"] = str(Calibration(1.0, NEVER, 11, 0, 0))
    with running([TorchModel(write(tmp_path / "never.tipoff", bundle), 10**7)]) as url:
        page, card = (httpx.get(url + path).text for path in ("/", "/card"))
        answer = send(url, ("a.png", RED)).json()["answers"][0]
    said = " ".join(page.split())
    assert (
        "This model is never marked as sure: even its most confident predictions were right less than" in said
    )
    assert "fills more of the frame" not in said, "no photo can help"
    assert "sure of none" in card and "99.9 %" not in card
    assert not answer["sure"]


def test_the_card_says_figures_as_people_do(model_file, tmp_path):
    bundle = read(model_file)
    bundle.facts["figures"] = {"train_loss": 0.31244, "valid_loss": None, "accuracy": 0.8699, "roc_auc": 0.93}
    with running([TorchModel(write(tmp_path / "x.tipoff", bundle), 10**7)]) as url:
        card = httpx.get(f"{url}/card").text
    said = re.findall(r"<dt>(.*)</dt><dd>(.*)</dd>", card)
    assert ("Accuracy", "87.0 %") in said and ("AUC", "0.930") in said
    assert ("Training loss", "0.312") in said
    assert ("Validation loss", "none") in said
    assert "validation loss" in bundle.card and "valid_loss" not in bundle.card


# answers ------------------------------------------------------------------------------------------


def test_many_files_are_answered_in_their_order(url):
    got = send(url, ("a.png", RED), ("b.png", BLUE)).json()
    assert got["model"] == "colours"
    assert [(a["file"], a["label"]) for a in got["answers"]] == [("a.png", "red"), ("b.png", "blue")]
    first = got["answers"][0]
    assert abs(sum(first["probabilities"].values()) - 1) < 1e-5
    assert (
        first["sentence"]
        and first["sure"] in (True, False)
        and first["milliseconds"] > 0
        and "heat" not in first
    )


def test_a_file_may_be_the_whole_body(url):
    got = httpx.post(f"{url}/predict?name=x.png", content=RED, headers={"content-type": "image/png"}).json()
    assert got["answers"][0]["file"] == "x.png" and got["answers"][0]["label"] == "red"


def test_the_answer_is_that_of_python(url, model_file, photos):
    files = sorted(photos.rglob("*.jpg"))
    predict = load_predictor(model_file)
    got = send(url, *((f.name, f.read_bytes()) for f in files[:30])).json()["answers"]
    for file, answer in zip(files[:30], got, strict=True):
        wanted = predict(file)
        assert answer["label"] == wanted["label"]
        assert answer["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-4)


def test_a_bad_file_does_not_harm_the_others(url):
    reply = send(url, ("notes.pdf", b"%PDF-1.7"), ("b.png", BLUE))
    bad, good = reply.json()["answers"]
    assert reply.status_code == 200 and good["label"] == "blue"
    assert bad == {"file": "notes.pdf", "error": "notes.pdf is a PDF, not a picture."}


def test_422_when_no_file_can_be_answered(url):
    reply = send(url, ("a.jpg", b""), ("b.jpg", RED[:40]))
    assert reply.status_code == 422
    assert reply.json()["answers"][0]["error"] == "a.jpg is empty (0 bytes)."


def test_heat_says_where_it_looked(url):
    answer = send(url, ("a.png", RED), path="/predict?heat=true").json()["answers"][0]
    heat = answer["heat"]
    assert (
        len(heat["values"]) == heat["rows"] * heat["columns"]
        and 0 <= min(heat["values"]) <= max(heat["values"]) <= 1
    )
    assert heat["box"] == pytest.approx([0.125, 0, 0.875, 1])
    plain = send(url, ("a.png", RED)).json()["answers"][0]
    assert answer["probabilities"] == pytest.approx(plain["probabilities"], abs=1e-5)


def test_names_are_only_shown(url):
    name = '../../<img src=x onerror="alert(1)">\u202e.png'
    assert send(url, (name, RED)).json()["answers"][0]["file"] == '<img src=x onerror="alert(1)">.png'
    assert (
        plain_name("C:\\photos\\a.jpg") == "a.jpg"
        and plain_name("") == "the file"
        and len(plain_name("x" * 999)) == 200
    )


# what else it says ----------------------------------------------------------------------------------


def test_card_health_ready_metrics_and_reference(url):
    about = httpx.get(f"{url}/card.json").json()
    assert (
        about["classes"] == ["blue", "green", "red"]
        and about["input"] == "image"
        and about["runtime"] == "torch"
    )
    assert httpx.get(f"{url}/card", headers={"accept": "application/json"}).json() == about
    assert httpx.get(f"{url}/health").text == "ok\n" and httpx.get(f"{url}/ready").status_code == 200
    send(url, ("a.png", RED))
    counted = httpx.get(f"{url}/metrics").text
    assert 'tipoff_files_total{model="colours",outcome="answered"}' in counted
    assert 'tipoff_requests_total{route="/predict",status="200"}' in counted
    api = httpx.get(f"{url}/openapi.json").json()
    assert {"multipart/form-data", "application/octet-stream"} == set(
        api["paths"]["/predict"]["post"]["requestBody"]["content"]
    )


def test_every_answer_carries_the_security_headers(url):
    for reply in (httpx.get(f"{url}/health"), httpx.get(f"{url}/nothing"), httpx.post(f"{url}/predict")):
        policy = reply.headers["content-security-policy"]
        assert (
            "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert (
            reply.headers["x-content-type-options"] == "nosniff"
            and reply.headers["x-frame-options"] == "DENY"
        )


def test_several_models_each_under_its_name(model):
    with running([model, Slow(0)]) as url:
        assert send(url, ("a.png", RED), path="/colours/predict").json()["answers"][0]["label"] == "red"
        assert send(url, ("a", b"hi"), path="/slow/predict").json()["answers"][0]["label"] == "hi"
        assert [m["address"] for m in httpx.get(f"{url}/models").json()] == ["/colours/", "/slow/"]
        assert send(url, ("a.png", RED)).status_code in (404, 405)


# limits ---------------------------------------------------------------------------------------------


def test_limits_of_bytes_files_and_pixels(model_file):
    from tipoff.serve.torch_model import TorchModel

    with running([TorchModel(model_file, 1000)], Settings(max_upload=0.05, max_files=2)) as url:
        large = send(url, ("a.png", b"x" * 60_000))
        assert large.status_code == 413 and "0.05 MB" in large.json()["error"]
        many = send(url, *[(f"{i}.png", b"x") for i in range(3)])
        assert many.status_code == 413 and "2 files" in many.json()["error"]
        pixels = send(url, ("a.png", RED))
        assert pixels.status_code == 422 and "1,000" in pixels.json()["answers"][0]["error"]


def test_a_body_without_a_length_is_bounded_too(model):
    def endless():
        for _ in range(10_000):
            yield b"x" * 10_000

    with running([model], Settings(max_upload=0.1)) as url:
        try:
            reply = httpx.post(f"{url}/predict", content=endless(), timeout=10)
            assert reply.status_code == 413
        except httpx.TransportError:
            pass  # the server hung up on a client that went on sending
        assert httpx.get(f"{url}/health").text == "ok\n"


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"", "image/png", "holds no file"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", "cannot be read|too early|no file"),
        (b"abc", "multipart/form-data", "boundary"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "no file",
        ),
    ],
)
def test_a_broken_request_is_refused_with_a_sentence(url, body, kind, says):
    import re

    reply = httpx.post(f"{url}/predict", content=body, headers={"content-type": kind})
    assert reply.status_code == 400 and re.search(says, reply.json()["error"])


def test_a_wrong_parameter_is_named(url):
    reply = send(url, ("a.png", RED), path="/predict?heat=perhaps")
    assert reply.status_code == 400 and "'heat'" in reply.json()["error"]


# who may ask ----------------------------------------------------------------------------------------


def test_a_token_is_asked_for(model):
    with running([model], Settings(token="s3cret")) as url:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic !!!"}):
            refused = send(url, ("a.png", RED), headers=headers)
            assert refused.status_code == 401 and "Authorization" in refused.json()["error"]
        assert send(url, ("a.png", RED), headers={"authorization": "Bearer s3cret"}).status_code == 200
        assert send(url, ("a.png", RED), auth=("anybody", "s3cret")).status_code == 200
        assert (
            httpx.get(f"{url}/health").status_code == 200 and httpx.get(f"{url}/card.json").status_code == 401
        )


def test_a_site_elsewhere_may_ask_only_where_it_is_named(model):
    origin = {"origin": "https://shop.example"}
    with running([model], Settings(cors=("https://shop.example",))) as url:
        assert (
            send(url, ("a.png", RED), headers=origin).headers["access-control-allow-origin"]
            == origin["origin"]
        )
        other = send(url, ("a.png", RED), headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_a_server_for_this_machine_is_not_reached_under_another_name(url):
    assert httpx.get(f"{url}/health", headers={"host": "evil.example"}).status_code == 400


# pages of other sites, tokens, and what fails ------------------------------------------------------

SHOP = "https://shop.example"


def preflight(url, origin=SHOP):
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    return httpx.options(f"{url}/predict", headers=headers)


def test_a_named_site_may_ask_with_a_token(model):
    """A browser asks first, and without the token, whether it may."""
    with running([model], Settings(token="s3cret", cors=(SHOP,))) as url:
        may = preflight(url)
        assert may.status_code == 200 and may.headers["access-control-allow-origin"] == SHOP
        assert "authorization" in may.headers["access-control-allow-headers"].lower()
        asked = send(url, ("a.png", RED), headers={"origin": SHOP, "authorization": "Bearer s3cret"})
        assert asked.status_code == 200 and asked.headers["access-control-allow-origin"] == SHOP
        without = send(url, ("a.png", RED), headers={"origin": SHOP})
        assert without.status_code == 401 and without.headers["access-control-allow-origin"] == SHOP
        other = preflight(url, "https://evil.example")
        assert other.status_code == 400 and "--cors" in other.json()["error"]
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_not_answered(url, headers):
    reply = send(url, ("a.png", RED), headers=headers)
    assert reply.status_code == 403 and "--cors" in reply.json()["error"]


def test_its_own_page_and_programs_are_answered(url):
    own = url.replace("127.0.0.1", "localhost")
    for headers in (
        {"sec-fetch-site": "same-origin", "origin": own},
        {"origin": url},
        {"sec-fetch-site": "none"},
        {},
    ):
        assert send(url, ("a.png", RED), headers=headers).status_code == 200
    assert httpx.get(f"{url}/", headers={"sec-fetch-site": "cross-site"}).status_code == 200  # a link


def test_a_failure_inside_is_said_in_json_with_the_headers(capsys):
    broken = Slow(0)
    broken.answer = lambda samples, heat: 1 / 0
    with running([broken], Settings(cors=(SHOP,))) as url:
        reply = send(url, ("a", b"x"), headers={"origin": SHOP})
    assert reply.status_code == 500 and "log" in reply.json()["error"]
    assert reply.headers["content-security-policy"] and reply.headers["access-control-allow-origin"] == SHOP
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_what_is_no_http_is_refused_in_json(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as s:
        s.sendall(b"nonsense\r\n\r\n")
        said = b"".join(iter(lambda: s.recv(10_000), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    assert b" 400 " in head.splitlines()[0] and b"nosniff" in head
    assert json.loads(body) == {"error": "Invalid HTTP request received."}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "0.0.0.0", "127.0.0.1.nip.io", "localhost.evil.example", "", "[::1", "localhost."],
)
def test_other_names_of_this_machine_are_refused_in_json(url, host):
    reply = httpx.get(f"{url}/card.json", headers={"host": host})
    assert reply.status_code == 400 and "error" in reply.json()


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("127.1", True), ("localhost", True), ("::1", True),
     ("::ffff:127.0.0.1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_the_whole_of_127_is_this_machine(host, local):
    assert Settings(host=host).local is local


def test_a_client_that_sends_too_much_hears_why(model, tmp_path):
    from tipoff.cli.ask import Remote, TooLarge

    with running([model], Settings(max_upload=0.1)) as url, pytest.raises(TooLarge, match=r"0\.1 MB at most"):
        Remote(url).ask(b"x" * 9_000_000, "a.png")


# load -----------------------------------------------------------------------------------------------


def ask_all(url, contents):
    async def run_all():
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:
            return await asyncio.gather(*(client.post(f"{url}/predict", content=c) for c in contents))

    return asyncio.run(run_all())


def test_what_arrives_together_is_answered_together():
    slow = Slow(0.1)
    with running([slow]) as url:
        replies = ask_all(url, [b"%02d" % i for i in range(20)])
    assert [r.json()["answers"][0]["label"] for r in replies] == [f"{i:02}" for i in range(20)]
    assert slow.batches[0] < 20 and max(slow.batches) > 4 and len(slow.batches) < 10


def test_samples_of_another_key_are_another_batch():
    slow = Slow(0.05)
    with running([slow]) as url:
        replies = ask_all(url, [b"a" * (1 + i % 2) for i in range(10)])
    assert all(r.status_code == 200 for r in replies) and sum(slow.batches) == 10 and max(slow.batches) <= 5


def test_too_much_at_once_is_told_to_come_back():
    with running([Slow(0.3)], Settings(queue=4)) as url:
        replies = ask_all(url, [b"xx"] * 12)
    busy = [r for r in replies if r.status_code == 503]
    assert busy and len(busy) < 12
    assert all(r.headers["retry-after"] == "1" and r.json()["error"] for r in busy)


def test_a_slow_client_does_not_hold_up_another(url):
    host, port = url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(20)]
    for s in slow:
        s.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc")
    began = time.perf_counter()
    assert send(url, ("a.png", RED)).status_code == 200
    assert time.perf_counter() - began < 3
    for s in slow:
        s.close()


def test_a_body_that_trickles_is_given_up(url, monkeypatch):
    monkeypatch.setattr(upload, "FIRST_SECONDS", 0.2)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as s:
        s.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc")
        reply = s.recv(10_000)
    assert b" 408 " in reply.split(b"\r\n")[0]


def test_a_header_that_never_ends_is_given_up(model, monkeypatch):
    monkeypatch.setattr(run, "HEADER_SECONDS", 0.2)
    with running([model]) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as s:
            s.sendall(b"GET / HTTP/1.1\r\nX-A: ")
            assert s.recv(100) == b""
        assert httpx.get(f"{url}/health").text == "ok\n"


# the log --------------------------------------------------------------------------------------------


def test_a_line_a_request_without_line_breaks_from_outside(model, capsys):
    with running([model], Settings(log="json")) as url:
        httpx.get(f"{url}/a%0Ab")
        send(url, ("a.png", RED))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [(x["path"], x["status"]) for x in lines] == [("/a\nb", 404), ("/predict", 200)]
    assert lines[1]["note"] == "1 files, 1 answered"
