"""A model of texts asked by a program: JSON, text files, tables, and what is no text."""

import httpx2 as httpx
import pytest

from tests.serve.running import running

TEXT = "My aunt saw this film on Friday and found it lovely, with a touching story."


@pytest.fixture(scope="module")
def url(text_model):
    with running([text_model]) as address:
        yield address


def ask(url, **how):
    return httpx.post(f"{url}/predict", **how).json()


def test_one_text_or_a_list_gets_an_answer_each(url):
    one = ask(url, json={"text": TEXT})["answers"]
    assert [a["label"] for a in one] == ["good"] and "good" in one[0]["sentence"]
    several = ask(url, json=[{"text": TEXT}, "A dull film, and stupid to the very end."])["answers"]
    assert [a["label"] for a in several] == ["good", "bad"]
    assert several[0]["probability"] == pytest.approx(one[0]["probability"], abs=1e-5)


def test_why_says_what_the_answer_loses_without_each_word(url):
    answer = httpx.post(f"{url}/predict?why=true", json={"text": TEXT}).json()["answers"][0]
    assert "".join(w["word"] for w in answer["why"]) == TEXT
    without = ask(url, json={"text": TEXT.replace("lovely, ", "")})["answers"][0]
    lovely = next(w for w in answer["why"] if w["word"] == "lovely, ")
    assert lovely["share"] == pytest.approx(
        answer["probabilities"]["good"] - without["probabilities"]["good"], abs=1e-4
    )


def test_text_files_and_plain_bodies_are_texts(url):
    files = [
        ("file", ("a.txt", TEXT.encode())),
        ("file", ("b.txt", b"A dull film.")),
        ("file", ("c.txt", b"\0\1")),
    ]
    a, b, c = ask(url, files=files)["answers"]
    assert (a["file"], a["label"], b["file"], b["label"]) == ("a.txt", "good", "b.txt", "bad")
    assert c == {"file": "c.txt", "error": "c.txt is no text: it holds zero bytes."}
    assert (
        ask(url, content=TEXT.encode(), headers={"Content-Type": "text/plain"})["answers"][0]["label"]
        == "good"
    )


def test_a_table_comes_back_with_its_answers(url):
    table = f'id,review\n1,"{TEXT}"\n2,A dull film.\n3,\n'.encode()
    made = httpx.post(f"{url}/predict", files={"file": ("new.csv", table)}, headers={"Accept": "text/csv"})
    rows = made.text.splitlines()
    assert rows[0].startswith("id,review,label,probability") and len(rows) == 4
    assert "1 row without a text in review" in made.headers["X-Notes"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"text": 3}', "The text is 3"),
        (b"{}", "The text is missing"),
        (b'{"txt": "x"}', "has 'txt'"),
        (b'{"text": " "}', "The text is empty"),
        (b'["good", ""]', "Text 2 is empty"),
        (b"[]", "holds 0 texts"),
        (b'{"text": ', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text": "' + b"long " * 200_001 + b'"}', "up to 1,000,000 are read"),
    ],
)
def test_what_is_no_text_is_refused_with_a_sentence(url, body, why):
    made = httpx.post(f"{url}/predict", content=body, headers={"Content-Type": "application/json"})
    assert made.status_code == 422 and why in made.json()["answers"][0]["error"]


@pytest.mark.parametrize(
    ("table", "why"),
    [(b"a,b\n1,2\n", "The model learned from review; there are a, b"), (b"review\n\n", "no rows"), (b"review,b\n,1\n,2\n", "holds no text")],
)  # fmt: skip
def test_a_table_without_texts_is_refused(url, table, why):
    answer = ask(url, files={"file": ("new.csv", table)})["answers"][0]
    assert why in answer["error"]


@pytest.mark.parametrize(
    "text",
    [
        "🙂" * 50,
        "שלום עולם",
        "<script>alert(1)</script>",
        "\ud800 half".encode("utf-8", "replace").decode(),
        "a" * 50_000,
    ],
)
def test_odd_texts_are_answered(url, text):
    assert ask(url, json={"text": text})["answers"][0]["label"] in ("bad", "good")


def test_the_reference_describes_it(url):
    openapi = httpx.get(f"{url}/openapi.json").json()
    body = openapi["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert {"application/json", "text/plain", "multipart/form-data"} == set(body)
    assert ask(url, json=body["application/json"]["example"])["answers"][0]["label"]


@pytest.mark.parametrize("kind", ["text/csv", "Text/CSV; charset=utf-8", "text/tab-separated-values"])
def test_a_table_as_the_body_is_no_single_text(url, kind):
    got = ask(url, content=f'review\n"{TEXT}"\nA dull film.\n'.encode(), headers={"Content-Type": kind})
    assert [(a["row"], a["label"], "file" in a) for a in got["answers"]] == [
        (2, "good", False),
        (3, "bad", False),
    ]
