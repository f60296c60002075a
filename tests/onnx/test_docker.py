"""The folder for a container, and the commands that write it. The image itself is not built here."""

import re
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import tipoff
from tipoff.bundle.file import write
from tipoff.cli import docker
from tipoff.cli.docker import BASE_MB, PACKAGES_MB, dockerfile
from tipoff.cli.main import app, run
from tipoff.serve.onnx_model import OnnxModel


def call(*args) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as done:
        run([str(a) for a in args])
    return int(done.value.code or 0)


def lines(text: str) -> dict[str, str]:
    """The instructions of a Dockerfile; of those that are there twice, the last."""
    joined = text.replace("\\\n", " ")
    return dict(line.split(" ", 1) for line in joined.splitlines() if line)


def test_an_exported_file_becomes_a_folder_that_is_whole(exported, tmp_path, capsys):
    folder = tmp_path / "box"
    assert call("docker", exported, "--out", folder) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["Dockerfile", "three-things.onnx"]
    said = lines((folder / "Dockerfile").read_text())
    assert (folder / said["COPY"].split()[0]).exists()
    assert OnnxModel(folder / "three-things.onnx").about.name == "three-things"
    out = capsys.readouterr().out
    assert f"docker build -t tipoff-three-things {folder}" in out
    for word in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "no-new-privileges", "127.0.0.1:8000:8000"):
        assert word in out


def test_the_container_is_small_without_root_and_checked():
    text = dockerfile("m.onnx")
    said = lines(text)
    assert said["FROM"] == "python:3.12-slim"
    assert f'"tipoff[serve]=={tipoff.__version__}"' in said["RUN"] or "tipoff[serve]==" in text
    assert said["USER"].isdigit() and said["USER"] != "0"
    assert text.index("USER ") > text.index("COPY m.onnx") and text.index("USER ") < text.index("\nCMD ")
    assert len(text.splitlines()) <= 12


def test_the_command_of_the_container_is_one_that_tipoff_has():
    import json

    import typer.main

    program, command, *rest = json.loads(lines(dockerfile("m.onnx"))["CMD"])
    assert (program, command, rest[0]) == ("tipoff", "serve", "/models/m.onnx")
    serve = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    known = {o for p in serve.params for o in p.opts}
    assert {a for a in rest if a.startswith("--")} <= known


def test_the_health_check_asks_the_server(tmp_path):
    """Run as it is written, against a server that is there, one that is ill, and none."""
    import json
    import subprocess
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    check = lines(dockerfile("m.onnx"))["HEALTHCHECK"]
    python, *args = json.loads(check[check.index("CMD ") + 4 :])
    assert python == "python"
    status = [200]

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status[0] if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = [a.replace("127.0.0.1:8000", f"127.0.0.1:{server.server_port}") for a in args]

    def code() -> int:
        return subprocess.run([sys.executable, *here], capture_output=True).returncode

    assert code() == 0
    status[0] = 503
    assert code() != 0
    server.shutdown()
    server.server_close()
    assert code() != 0


def test_a_wheel_is_taken_along(exported, tmp_path):
    wheel = tmp_path / "tipoff-9.9-py3-none-any.whl"
    wheel.write_bytes(b"")
    assert call("docker", exported, "--out", tmp_path / "box", "--wheel", wheel) == 0
    text = (tmp_path / "box" / "Dockerfile").read_text()
    assert f"COPY {wheel.name} /wheel/{wheel.name}" in text and f'"/wheel/{wheel.name}[serve]"' in text
    assert call("docker", exported, "--out", tmp_path / "other", "--wheel", tmp_path / "no.whl") == 2


def test_a_folder_of_other_things_is_left_alone(exported, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert call("docker", exported, "--out", tmp_path) == 2
    assert "holds other things" in " ".join(capsys.readouterr().err.split())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_no_model_writes_no_folder(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("")
    assert call("docker", tmp_path / "a.txt", "--out", tmp_path / "box") == 2
    assert call("docker", tmp_path / "none.onnx", "--out", tmp_path / "box") == 2
    assert not (tmp_path / "box").exists()


def installed(name: str, extras: set[str], seen: dict[str, float]) -> dict[str, float]:
    """Megabytes on disk of a distribution and all that it needs, by name."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key not in seen:
        found = metadata.distribution(name)
        files = [Path(str(f.locate())) for f in found.files or ()]
        seen[key] = sum(f.stat().st_size for f in files if f.is_file()) / 1e6
    for text in metadata.requires(name) or ():
        need = Requirement(text)
        if need.marker and not any(need.marker.evaluate({"extra": e}) for e in extras or {""}):
            continue
        if re.sub(r"[-_.]+", "-", need.name).lower() not in seen:
            installed(need.name, need.extras, seen)
    return seen


def test_the_size_that_is_said_is_that_of_the_packages():
    """Compared with the same packages where the tests run; `RECORD` lists compiled files too."""
    found = installed("tipoff", {"serve"}, {})
    assert "torch" not in found and "opencv-python-headless" not in found and "onnxruntime" in found
    assert sum(found.values()) == pytest.approx(PACKAGES_MB, rel=0.2)
    assert BASE_MB + PACKAGES_MB + 20 < 400  # with a model of 20 MB


# tipoff export ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A model file of parts that tipoff knows, as the command line needs."""
    from tests.onnx.conftest import bundle_of

    return write(tmp_path_factory.mktemp("cli") / "small.tipoff", bundle_of(arch="timm/test_resnet"))


def test_export_says_how_near_it_is_and_docker_takes_what_it_wrote(small, capsys, monkeypatch):
    assert call("export", small, "--onnx") == 0
    out = capsys.readouterr().out
    assert "small.onnx" in out and "tipoff serve" in out
    assert "2 inputs kept in the model file: off by" in out and "12 made pictures" in out
    assert "the likeliest class is the same in 14 of 14" in out
    monkeypatch.setattr("tipoff.cli.export.run_export", lambda *_: pytest.fail("exported again"))
    assert call("docker", small) == 0
    folder = small.with_name("small-docker")
    assert (folder / "small.onnx").read_bytes() == small.with_suffix(".onnx").read_bytes()


def test_docker_exports_where_there_is_no_onnx_file_of_this_model(small, tmp_path, monkeypatch):
    asked: list[tuple[Path, Path]] = []

    def run_export(model, to):
        asked.append((model, to))
        to.parent.mkdir(parents=True)
        to.write_bytes(b"onnx")

    monkeypatch.setattr("tipoff.cli.export.run_export", run_export)
    alone = tmp_path / "alone.tipoff"
    alone.write_bytes(small.read_bytes())
    assert call("docker", alone, "--out", tmp_path / "box") == 0
    assert asked == [(alone, tmp_path / "box" / "alone.onnx")]


def test_export_asks_as_what(small, capsys):
    assert call("export", small) == 2
    assert "--onnx" in capsys.readouterr().err


def test_export_of_what_is_no_model_is_one_sentence(tmp_path, capsys):
    assert call("export", tmp_path / "none.tipoff", "--onnx") == 2
    assert "There is no model file" in capsys.readouterr().err


def test_what_is_printed_can_be_pasted(exported, tmp_path, capsys):
    call("docker", exported, "--out", tmp_path / "box")
    text = capsys.readouterr().out.replace("\\\n", " ")
    commands = [line.strip() for line in text.splitlines() if line.strip().startswith("docker ")]
    assert [shlex.split(c)[1] for c in commands] == ["build", "run"]
    assert docker.BASE in (tmp_path / "box" / "Dockerfile").read_text()
