"""The address is shown when the server answers, not before."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from tests.serve.test_process import free_port
from tipoff.cli import serve as command
from tipoff.serve.ready import when_ready
from tipoff.serve.settings import Settings


class Loading(BaseHTTPRequestHandler):
    """A server whose first two answers are that it is not ready."""

    asked = 0

    def do_GET(self):
        Loading.asked += 1
        self.send_response(503 if Loading.asked < 3 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


def test_it_waits_until_the_server_answers():
    port, called = free_port(), threading.Event()
    thread = when_ready("127.0.0.1", port, called.set)
    assert not called.wait(0.25), "nobody listens yet"
    server = HTTPServer(("127.0.0.1", port), Loading)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert called.wait(10) and Loading.asked == 3
        thread.join(5)
    finally:
        server.shutdown()
        server.server_close()


def test_the_page_is_opened_once_it_is_there(tmp_path, monkeypatch, capsys):
    (tmp_path / "things.tipoff").touch()
    opened, order = [], []

    def serve(path, settings, ready):
        order.append(capsys.readouterr().out)
        ready()

    monkeypatch.setattr("tipoff.serve.run.serve", serve)
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)))
    command.run_server(tmp_path, Settings(port=free_port()), open_page=True)
    said = capsys.readouterr().out
    assert order == ["Loading 1 model: things.tipoff ...\n"]
    assert len(opened) == 1 and f"Ready at {opened[0]}" in said
    assert f"no browser could be opened: open {opened[0]} yourself" in " ".join(said.split())


def test_it_is_not_opened_unasked(tmp_path, monkeypatch, capsys):
    (tmp_path / "things.tipoff").touch()
    monkeypatch.setattr("tipoff.serve.run.serve", lambda path, settings, ready: ready())
    monkeypatch.setattr("webbrowser.open", lambda address: 1 / 0)
    command.run_server(tmp_path, Settings(port=free_port(), host="0.0.0.0"), open_page=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "Ready at http://0.0.0.0:" in said and "--token SECRET asks for a token" in said
