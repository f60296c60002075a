"""Reading runs no code of the file, and takes no memory that the file itself does not justify."""

import ast
import json
import resource
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tipoff
from tests.bundle.bundle_parts import safetensors_of, with_spec, zipped

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory limits and /proc are of Linux")


def test_neither_pickle_nor_torch_load_is_used_for_model_files():
    root = Path(tipoff.__file__).parent
    for file in (*(root / "bundle").glob("*.py"), root / "spec.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not {"pickle", "marshal", "shelve", "subprocess"} & set(names), file
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "torch.load", "__import__", "os.system"), (
                    file
                )


WATCH = """
import sys
from tests.bundle.bundle_parts import OWN, answers
from tipoff.errors import TipoffError
answers(sys.argv[1])                      # everything that a good file needs is imported now
seen = []
NOISY = ("pickle.", "exec", "compile", "import", "subprocess.", "os.", "socket.", "shutil.", "ctypes.", "marshal.")
sys.addaudithook(lambda event, args: seen.append((event, str(args)[:200])) if event.startswith(NOISY) or (
    event == "open" and args[1] not in ("r", "rb", None)) else None)
for path in sys.argv[2:]:
    n = len(seen)
    try:
        answers(path)
        print("read", path)
    except TipoffError as e:
        pass
    if seen[n:]:
        print("did", seen[n:])
print("done")
"""


def python(code: str, *args) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        cwd=Path(__file__).parents[2],  # where `tests` can be imported from
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def pickled() -> bytes:
    return b"cos\nsystem\n(S'touch /tmp/tipoff-was-here'\ntR."


@pytest.mark.slow
def test_names_of_code_in_a_file_import_and_run_nothing(good, good_file, tmp_path):
    def name(text):
        return with_spec(good, lambda s: s["plan"]["inputs"].__setitem__(0, {"is": text, "command": "true"}))

    evil = [
        name(n)
        for n in (
            "os:system",
            "subprocess:Popen",
            "antigravity",
            "this:x",
            "builtins:eval",
            "tipoff.cli.main:run",
        )
    ]
    evil += [
        with_spec(good, lambda s: s["model"].update({"__reduce__": ["os:system", "true"]})),
        {**good, "model.safetensors": pickled()},
        {**good, "check.safetensors": pickled()},
        {**good, "spec.json": pickled()},
        {**good, "__init__.py": b"import antigravity", "sitecustomize.py": b"raise SystemExit"},
    ]  # fmt: skip
    paths = [zipped(tmp_path / f"{i}.tipoff", files) for i, files in enumerate(evil)]
    out = python(WATCH, good_file, *paths).splitlines()
    assert out == [f"read {paths[-1]}", "done"]  # the last is whole; what it holds besides is never looked at


HUNGER = """
import resource, sys
from tests.bundle.bundle_parts import OWN, answers
from tipoff.errors import TipoffError
answers(sys.argv[1])
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (400 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        answers(path)
        print("read", path)
    except TipoffError as e:
        pass
print("done", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@linux
@pytest.mark.slow
def test_files_that_claim_terabytes_take_no_memory(good, good_file, tmp_path):
    classifier = {"is": "vision.classifier@1", "arch": "timm/test_efficientnet", "n_out": 3}
    tera = [[2**38], [0, 2**40]]
    header = {"0.weight": {"dtype": "F32", "shape": tera[0], "data_offsets": tera[1]}}
    raw = bytearray(good_file.read_bytes())
    at = raw.index(b"PK\1\2")
    raw[at + 20 : at + 28] = struct.pack("<LL", 2**32 - 2, 2**32 - 2)
    directory = bytearray(good_file.read_bytes())
    directory[-10:-6] = struct.pack("<L", 2**32 - 2)
    files = [
        {**good, "model.safetensors": safetensors_of(header, bytes(64))},
        {**good, "model.safetensors": safetensors_of({}, b"", claimed=2**62)},
        {
            **good,
            "model.safetensors": safetensors_of(
                json.dumps({f"t{i}": 1 for i in range(100_000)}).encode(), b""
            ),
        },
        with_spec(good, lambda s: s["model"].update(width=10**11)),
        with_spec(good, lambda s: s["model"].update(width=2**62)),
        with_spec(good, lambda s: s.update(model={**classifier, "lin_ftrs": [2**30, 2**30]})),
        with_spec(good, lambda s: s.update(model={**classifier, "lin_ftrs": [1] * 10**5})),
        with_spec(good, lambda s: s["plan"].update(item_tfms=[[]] * 100_000)),
        with_spec(good, lambda s: s["plan"]["item_tfms"][0].update(size=[2**31, 2**31])),
    ]
    paths = [zipped(tmp_path / f"{i}.tipoff", f) for i, f in enumerate(files)]
    for name, data in (("size", raw), ("directory", directory)):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    out = python(HUNGER, good_file, *paths).split()
    assert out[:-1] == ["done"] and int(out[-1]) < 250  # MB: the longest spec.json here has 1.5 MB


def test_the_limit_bites(tmp_path):
    """The test above would notice: the same limit stops an allocation of 1 GB."""
    if sys.platform != "linux":
        pytest.skip("memory limits are of Linux")
    assert resource.RLIMIT_AS is not None
    out = python(
        """
        import resource
        limit = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + (400 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            bytearray(1 << 30)
        except MemoryError:
            print("stopped")
        """
    )
    assert out.split() == ["stopped"]
