"""`tipoff predict --url`: the answers of a server, printed as those of a file."""

import json

import pytest

from tests.serve.running import running
from tipoff.cli.main import run
from tipoff.serve.settings import Settings


def tipoff(*args):
    with pytest.raises(SystemExit) as stopped:
        run([str(a) for a in args])
    return stopped.value.code or 0


@pytest.fixture(scope="module")
def url(model):
    with running([model], Settings(token="s3cret", log="json")) as address:
        yield address


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_server_answers_as_the_file_does(url, model_file, photos, tmp_path, capsys, form):
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    files = [*sorted((photos / "red").iterdir())[:5], tmp_path / "b.pdf"]
    assert tipoff("predict", model_file, *files, *form) == 0
    wanted = capsys.readouterr().out.splitlines()
    assert tipoff("predict", "--url", url, "--token", "s3cret", *files, *form) == 0
    got = [x for x in capsys.readouterr().out.splitlines()]
    assert len(got) == len(wanted) > 5
    for a, b in zip(got[: len(files)], wanted, strict=False):
        if form == ("--json",):
            a, b = json.loads(a), json.loads(b)
            assert (
                a.get("label") == b.get("label")
                and a["file"] == b["file"]
                and a.get("error") == b.get("error")
            )
        elif not form:
            assert a == b


def test_without_the_token_it_says_so(url, photos, capsys):
    assert tipoff("predict", "--url", url, photos / "red") == 2
    assert "token" in capsys.readouterr().err


def test_no_server_there(photos, capsys):
    assert tipoff("predict", "--url", "http://127.0.0.1:9", photos / "red") == 2
    assert "Is tipoff serve running there?" in " ".join(capsys.readouterr().err.split())


def test_no_files(model_file, capsys):
    assert tipoff("predict", model_file) == 2
    assert "Which pictures" in " ".join(capsys.readouterr().err.split())
