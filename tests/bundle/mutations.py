"""Change model files at random, open each and ask it: `python -m tests.bundle.mutations FILE KIND SEED N`, in a process of its own.

Prints a line for each that did anything but answer or refuse with a sentence: another exception, code, too much memory or time.
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
import time
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from tipoff.bundle import load_predictor
from tipoff.cli.info import show_info
from tipoff.errors import TipoffError
from tipoff.notes import listening
from tipoff.serve.app import create_app
from tipoff.serve.model import open_model

MAX_SECONDS, MAX_MB = 6.0, 500
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 3, 2**31, 2**31 - 1, 10**6, 2**62, -(2**63), 10**30, 1e-300, 1e300, -1e300, 0.5, "", "x", "a\nb", "\ud800",
    "x" * 70_000, "../../etc/passwd", "os:system", [], [[]], [0], [1, 2, 3], ["a", "a"], [None], {}, {"is": "plan@1"}, {"text": 0},
    {"is": "vision.resize@1", "size": 8192}, {"is": "category@1"},
)  # fmt: skip
EVENTS = ("subprocess.", "os.exec", "os.spawn", "os.system", "os.posix_spawn", "os.fork", "socket.connect", "socket.getaddrinfo",
          "pickle.", "shutil.", "os.remove", "os.rename")  # fmt: skip


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in JSON values something can be changed."""
    found = [at] if at else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [p for k, v in pairs for p in places(v, (*at, k))]


def change_json(value: Any, rng: random.Random) -> str:
    """Change one place; a JSON text in it, such as a configuration, in one of its places. What was done, in words."""
    spots = places(value)
    *way, last = rng.choice(spots)
    there = value
    for k in way:
        there = there[k]
    old = there[last]
    if isinstance(old, str) and old.startswith("{") and len(old) < 100_000 and rng.random() < 0.9:
        inner = json.loads(old)
        done = change_json(inner, rng)
        there[last] = json.dumps(inner)
        return f"{[*way, last]}: {done}"
    how = rng.randrange(8)
    if how == 0:
        del there[last]
    elif how == 1 and isinstance(old, list):
        there[last] = old[: len(old) // 2] if rng.random() < 0.5 else [*old, *old]
    elif how == 2 and type(old) in (int, float):
        there[last] = old * rng.choice((2, -1, 1000, 10**9))
    else:
        there[last] = rng.choice(ODD)
    return f"{[*way, last]} = {json.dumps(there[last])[:80] if how else 'deleted'}"


def change_bytes(data: bytes, rng: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(min(len(made), 3000 if rng.random() < 0.7 else len(made)))
        how = rng.randrange(4)
        if how == 0:
            made[at] = rng.randrange(256)
        elif how == 1:
            made[at : at + 8] = rng.choice((b"\xff", b"\0", b"9")) * 8
        elif how == 2:
            del made[at : at + rng.choice((1, 8, 200))]
        else:
            made[at:at] = rng.randbytes(rng.choice((1, 8)))
    return bytes(made)


def changed(files: dict[str, bytes], rng: random.Random) -> tuple[dict[str, bytes], str]:
    name = rng.choice([*["spec.json"] * 12, *files])
    if name in ("spec.json", "texts.json") and rng.random() < 0.9:
        value = json.loads(files[name])
        done = " and ".join(change_json(value, rng) for _ in range(rng.choice((1, 1, 2))) if value)
        return {**files, name: json.dumps(value).encode()}, f"{name} {done}"
    return {**files, name: change_bytes(files[name], rng)}, f"{name}: bytes"


def question(kind: str) -> tuple[bytes, str, Any]:
    """What a file of the kind is asked, as an upload and in Python."""
    if kind == "image":
        out = io.BytesIO()
        Image.new("RGB", (40, 30), "red").save(out, "PNG")
        return out.getvalue(), "a.png", out.getvalue()
    if kind == "row":
        row = {"job": "nurse", "age": 40, "city": "Rome", "hours": 30, "since": "2020-01-11"}
        return json.dumps(row).encode(), "the file", row
    if kind == "pair":
        return b'{"ratings": {"film 1": 5}}', "the file", ("user 1", "film 1")
    return json.dumps({"text": "A lovely film"}).encode(), "the file", "A lovely film"


def use(path: Path, kind: str) -> None:
    """Everything that is done with a model file without training."""
    data, name, item = question(kind)
    predictor = load_predictor(path)
    predictor(item)
    model = open_model(path, 10**6)
    json.dumps(model.about.to_json(), ensure_ascii=False, allow_nan=False).encode()
    for answer in model.answer([model.read(data, name)], True):
        made = answer["table"].numbered() if "table" in answer else answer
        json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    with TestClient(create_app([model]), base_url="http://localhost") as client:
        for page in ("/", "/card", "/card.json"):
            assert client.get(page).status_code == 200, page
    with redirect_stdout(io.StringIO()):
        show_info(path, True)


def peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(source: Path, kind: str, seed: int, n: int) -> None:
    files, rng, folder = members(source), random.Random(seed), Path(tempfile.mkdtemp())
    use(source, kind)  # everything that a good file needs is imported now
    seen: list[str] = []
    sys.addaudithook(
        lambda event, args: seen.append(f"{event} {args!s:.100}") if event.startswith(EVENTS) else None
    )
    before = peak_mb()
    for i in range(n):
        made, done = changed(files, rng)
        path, began, said = zipped(folder / "m.tipoff", made), time.process_time(), ""
        seen.clear()
        try:
            with listening(lambda _: None), redirect_stderr(io.StringIO()):
                use(path, kind)
        except TipoffError as e:
            if len(str(e)) > 1500:
                said = f"a sentence of {len(str(e)):,} characters"
            try:
                str(e).encode()
            except UnicodeEncodeError:
                said = "a sentence that cannot be printed"
        except Exception as e:
            import traceback

            at = traceback.extract_tb(e.__traceback__)
            ours = [f for f in at if "/tipoff/" in f.filename][-1:]
            said = (
                f"{type(e).__name__}: {e!s:.150} at {ours[0].filename.partition('/tipoff/')[2]}:{ours[0].lineno}"
                if ours
                else repr(e)
            )
        if time.process_time() - began > MAX_SECONDS:
            said += f" took {time.process_time() - began:.1f} s"
        if peak_mb() - before > MAX_MB:
            said += f" took {peak_mb() - before:,.0f} MB"
            before = peak_mb()
        if seen:
            said += f" did {seen}"
        if said:
            print(f"{i}: {done}: {said}")
    print("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
