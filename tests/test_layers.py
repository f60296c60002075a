"""Who may import whom: the table of docs/decisions/001-rooms.md, held by reading the imports of every module.

Imports under `if TYPE_CHECKING:` and inside functions count like any other.
"""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "tipoff"

GROUND = {"arguments", "checked", "errors", "fastai_names", "lazy", "near", "rng", "optional", "notes", "nn", "metrics"}
PLAIN = {*GROUND, "spec", "display", "decode", "deep_images", "answer", "facts", "figures", "strict_json", "verdict"}
BELOW_APPLICATIONS = {*PLAIN, "data", "train", "callbacks", "bundle", "learner", "interpret"}
APPLICATIONS = {"vision", "text", "tabular", "collab"}

# room -> what it may import: rooms, or single modules
MAY: dict[str, set[str]] = {
    "errors": set(),
    "fastai_names": set(),
    "lazy": {"fastai_names"},
    "near": {"errors", "fastai_names", "notes"},
    "arguments": {"errors"},
    "checked": {"arguments", "errors", "near"},
    "notes": {"errors"},
    "rng": {"errors"},
    "optional": {"errors"},
    "deep_images": {"errors", "notes"},
    "decode": {"errors", "notes", "deep_images", "downscale"},
    "downscale": set(),
    "facts": set(),
    "strict_json": set(),
    "answer": set(),
    "figures": {"answer"},
    "verdict": {"figures"},
    "nn": {"errors"},
    "metrics": {"errors"},
    "spec": {"errors", "optional"},
    "display": {"errors", "optional"},
    "spreadsheet": {"errors", "optional"},
    "data": PLAIN,
    "train": {*GROUND, "data.batch"},
    "callbacks": {*PLAIN, "data.batch", "train"},
    "bundle": {*PLAIN, "data"},
    "onnx": {*PLAIN, "data", "bundle"},
    "serve": {*PLAIN, "data", "bundle", "onnx"},  # never the training code
    "learner": {*PLAIN, "data", "train", "callbacks", "bundle"},
    "interpret": {*PLAIN, "data", "learner"},
    "testing": BELOW_APPLICATIONS,
    **{app: BELOW_APPLICATIONS for app in APPLICATIONS},
    "notebook": {*BELOW_APPLICATIONS, *APPLICATIONS},
    "faces": {*BELOW_APPLICATIONS, *APPLICATIONS, "notebook"},  # vision/all.py and its like: see FACES
    "cli": {*BELOW_APPLICATIONS, *APPLICATIONS, "onnx", "serve"},
}

FACES = {
    *("basics", "callback", "layers", "losses", "optimizer", "torch_core"),
    *("data.core", "data.load", "data.transforms"),
    *("vision.core", "vision.data", "vision.models", "vision.utils"),
    *("text.core", "text.data", "text.models"),
    *("tabular.core", "tabular.data"),
}

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}  # "data.batch" -> its file


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def found_in(nodes) -> set[str]:
    """The modules of tipoff that the import statements among `nodes` name."""
    out: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{a.name}" for a in node.names]
        else:
            continue
        for name in names:
            room, _, rest = name.partition(".")
            if room != "tipoff":
                continue
            while rest and rest not in FILES:  # from tipoff.data.batch import Batch -> data.batch
                rest = rest.rpartition(".")[0]
            out.add(rest or "__init__")
    return out


def imports(module: str) -> set[str]:
    return found_in(ast.walk(tree(module))) - {module}


def at_start(module: str) -> set[str]:
    """What importing the module imports: not what is inside functions or only for type checkers."""

    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        yield node
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    return found_in(visit(tree(module))) - {module}


def room(module: str) -> str:
    return "faces" if is_face(module) else module.partition(".")[0]


def is_face(module: str) -> bool:
    """Whether it only brings names together, under the module's name in fastai."""
    return module.endswith(".all") or any(module == f or module.startswith(f + ".") for f in FACES)


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_from_rooms_below(module):
    if module == "__init__":
        assert at_start(module) == {"lazy"}
        return
    assert room(module) in MAY, f"{module} is in a room that the table does not name: add it, and say why"
    allowed = MAY[room(module)]
    wrong = [
        other
        for other in sorted(imports(module))
        if room(other) != room(module)
        and other != "__init__"  # the version number
        and (room(other) == "faces" or not any(other == a or other.startswith(a + ".") for a in allowed))
    ]
    assert not wrong, f"{module} must not import {', '.join(wrong)}"


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that reach each other (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    out = []

    def visit(v: str) -> None:
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                out.append(sorted(group))

    for v in graph:
        if v not in index:
            visit(v)
    return out


def test_there_is_no_circle_among_rooms():
    rooms = {room(m) for m in FILES if m != "__init__"}
    graph = {r: {room(o) for m in FILES if room(m) == r for o in imports(m)} - {r, "__init__"} for r in rooms}
    assert circles(graph) == []


def test_there_is_no_circle_among_modules_when_they_are_imported():
    assert circles({m: at_start(m) & set(FILES) for m in FILES}) == []


def test_circles_for_type_checkers_are_only_those_of_the_learner():
    """The functions behind its methods take the learner itself: they name its type, and import nothing."""
    groups = circles({m: imports(m) & (set(FILES) - {"__init__"}) for m in FILES if m != "__init__"})
    assert {room(m) for group in groups for m in group} <= {"learner"}


@pytest.mark.parametrize("module", FILES)
def test_star_imports_are_only_of_faces_in_faces(module):
    stars = [n for n in ast.walk(tree(module)) if isinstance(n, ast.ImportFrom) and n.names[0].name == "*"]
    assert not stars or is_face(module)
    assert all(room(n.module.removeprefix("tipoff.")) == "faces" for n in stars)


@pytest.mark.parametrize("module", [m for m in FILES if is_face(m)])
def test_a_face_holds_imports_and_no_code(module):
    code = [n for n in tree(module).body[1:] if not isinstance(n, (ast.Import, ast.ImportFrom))]
    other = [
        n for n in code if not (isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign)) or is_lookup(n))
    ]
    assert not other, f"{module} defines something: {ast.unparse(other[0])[:60]}"


def is_lookup(node: ast.stmt) -> bool:
    """Whether it says what becomes of a name that is not listed."""
    if isinstance(node, ast.If):
        return ast.unparse(node) == "if not TYPE_CHECKING:\n    __getattr__ = missing(__name__, __all__)"
    return isinstance(node, ast.FunctionDef) and node.name == "__getattr__"


def is_public(name: str) -> bool:
    return not name.startswith("_")


def signature_is_whole(f: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    args = [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs, f.args.vararg, f.args.kwarg]
    named = [a for a in args if a is not None and a.arg not in ("self", "cls", "mcs")]
    return f.returns is not None and all(a.annotation is not None for a in named)


@pytest.mark.parametrize("module", FILES)
def test_what_is_public_says_what_it_is(module):
    """Modules, public classes and public functions have docstrings; every signature is annotated."""
    top = tree(module)
    assert ast.get_docstring(top), f"{module} has no docstring"
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    silent = [
        n.name
        for n in top.body
        if isinstance(n, (*functions, ast.ClassDef)) and is_public(n.name) and not ast.get_docstring(n)
    ]
    bare = [n.name for n in ast.walk(top) if isinstance(n, functions) and not signature_is_whole(n)]
    assert not silent, f"{module}: no docstring: {', '.join(silent)}"
    assert not bare, f"{module}: not annotated: {', '.join(bare)}"


HEAVY = ("torch", "matplotlib", "pandas", "numpy", "cv2", "timm", "torchvision", "sklearn", "PIL")


def test_importing_tipoff_imports_nothing_heavy():
    code = f"import sys, tipoff; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_imports_matplotlib_or_pandas_before_something_is_drawn():
    code = (
        "import sys, tipoff.vision, tipoff.tabular.row, tipoff.tabular.loaders, tipoff.cli.main; "
        "print([m for m in ('matplotlib.pyplot', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_of_a_table_answers_without_the_training_code():
    code = (
        "import sys, tipoff.tabular.row, tipoff.tabular.model, tipoff.tabular.procs; "
        "print([m for m in sys.modules if m.startswith(('tipoff.train', 'tipoff.learner', 'tipoff.callbacks'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["__init__", "vision", "text", "tabular", "collab"])
def test_a_package_offers_the_same_names_to_a_type_checker_as_when_it_runs(package):
    """What `attach` loads is in `_PLACES`; what a type checker reads is under `if TYPE_CHECKING:`."""
    body = tree(package).body
    places = next(
        ast.literal_eval(n.value) for n in body if isinstance(n, ast.Assign) and n.targets[0].id == "_PLACES"
    )
    typed = next(n for n in body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    offered = {n.module: tuple(a.asname for a in n.names) for n in typed.body}
    assert {m: set(names) for m, names in offered.items()} == {m: set(names) for m, names in places.items()}
