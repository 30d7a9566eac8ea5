"""Promises of the layout: small rooms, modules and signatures, tests in the mirrored folder."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MOST_MODULES, MOST_LINES, MOST_PARAMETERS = 12, 300, 8
WITH_CODE = {"embedbench", "embedbench/cli", "embedbench/report"}
"""Rooms whose `__init__.py` may hold more than its docstring."""

MANY_PARAMETERS = {"embedbench/comparison/api.py: compare"}
MAY_RE_EXPORT = {
    "embedbench/__init__.py",
    "embedbench/cli/__init__.py",
    "embedbench/conformance.py",
    "embedbench/encoder.py",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Rule = Callable[[Path], list[str]]


def modules(root: Path) -> list[Path]:
    """Return the modules of the package below `root`, with `__init__.py`."""
    return sorted((root / "embedbench").rglob("*.py"))


def name_of(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_docstring_alone(path: Path) -> bool:
    tree = parse(path)
    return len(tree.body) == 1 and ast.get_docstring(tree) is not None


def large_rooms(root: Path) -> list[str]:
    """Return the rooms with too many modules, without sub-rooms and `__init__.py`."""
    counts: dict[str, int] = {}
    for path in modules(root):
        if path.name != "__init__.py":
            room = name_of(root, path.parent)
            counts[room] = counts.get(room, 0) + 1
    return [f"{room}: {count}" for room, count in counts.items() if count > MOST_MODULES]


def long_modules(root: Path) -> list[str]:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(root)}
    return [f"{name_of(root, path)}: {n}" for path, n in lines.items() if n > MOST_LINES]


def long_signatures(root: Path) -> list[str]:
    """Return the functions with too many parameters, without `self` and `cls`."""
    found = []
    for path in modules(root):
        for node in ast.walk(parse(path)):
            if isinstance(node, Function):
                arguments = node.args
                names = [
                    argument.arg
                    for argument in (
                        *arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs,
                        *filter(None, (arguments.vararg, arguments.kwarg)),
                    )
                ]  # fmt: skip
                function = f"{name_of(root, path)}: {node.name}"
                if len(set(names) - {"self", "cls"}) > MOST_PARAMETERS:
                    found.append(function)
    return sorted(set(found) - MANY_PARAMETERS)


def rooms_with_code(root: Path) -> list[str]:
    """Return the rooms whose `__init__.py` is missing, or holds more than its docstring.

    A folder whose `__init__.py` is its only module is a module with data beside it.
    """
    rooms = {path.parent for path in modules(root) if path.name != "__init__.py"}
    return [
        name_of(root, room)
        for room in sorted(rooms)
        if name_of(root, room) not in WITH_CODE
        and not ((room / "__init__.py").is_file() and is_docstring_alone(room / "__init__.py"))
    ]


def modules_without_tests(root: Path) -> list[str]:
    """Return the modules without `test_NAME.py` in the mirrored folder of `tests/`.

    Sub-packages are mirrored by their folder; one that is a module itself by its name.
    """
    missing = []
    for path in modules(root):
        module = path.relative_to(root / "embedbench")
        if path.name == "__init__.py":
            if any(other != path for other in path.parent.glob("*.py")):
                continue
            module = module.parent
        elif path.name == "__main__.py":
            continue
        test = root / "tests" / module.parent / f"test_{module.stem}.py"
        if not test.is_file():
            missing.append(name_of(root, test))
    return missing


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module binds by other means than an import."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def imports_of_package(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("embedbench"):
            for alias in node.names:
                yield node.module or "", alias.name


def second_hand_imports(root: Path) -> list[str]:
    """Return the imports of a name from a module that merely imported it."""
    files = {name_of(root, path): path for path in modules(root)}
    found = []
    for importer, path in files.items():
        for module, name in imports_of_package(parse(path)):
            base = module.replace(".", "/")
            source = f"{base}.py" if f"{base}.py" in files else f"{base}/__init__.py"
            if source not in files or source in MAY_RE_EXPORT:
                continue
            is_module = {f"{base}/{name}.py", f"{base}/{name}/__init__.py"} & files.keys()
            if not is_module and name not in defined_names(parse(files[source])):
                found.append(f"{importer}: {name} from {module}")
    return found


LIST_OF_NINE = ", ".join(f"p{number}" for number in range(9))
PLANTED: list[tuple[Rule, dict[str, str], list[str]]] = [
    (
        large_rooms,
        {f"embedbench/room/m{number}.py": "" for number in range(13)},
        ["embedbench/room: 13"],
    ),
    (long_modules, {"embedbench/room/long.py": "x = 1\n" * 301}, ["embedbench/room/long.py: 301"]),
    (
        long_signatures,
        {"embedbench/room/wide.py": f"class A:\n    def call(self, {LIST_OF_NINE}): ...\n"},
        ["embedbench/room/wide.py: call"],
    ),
    (
        long_signatures,
        {"embedbench/wide.py": "def call(a, b, c, d, /, e, f, *g, h, **i): ...\n"},
        ["embedbench/wide.py: call"],
    ),
    (
        rooms_with_code,
        {"embedbench/room/__init__.py": '"""A room."""\nx = 1\n', "embedbench/room/one.py": ""},
        ["embedbench/room"],
    ),
    (rooms_with_code, {"embedbench/room/one.py": ""}, ["embedbench/room"]),
    (
        modules_without_tests,
        {"embedbench/room/one.py": "", "embedbench/kit/__init__.py": "", "tests/test_one.py": ""},
        ["tests/test_kit.py", "tests/room/test_one.py"],
    ),
    (
        second_hand_imports,
        {
            "embedbench/a.py": "x = 1\n",
            "embedbench/b.py": "from embedbench.a import x\n",
            "embedbench/c.py": "def f():\n    from embedbench.b import x\n",
        },
        ["embedbench/c.py: x from embedbench.b"],
    ),
]
RULES = sorted({rule for rule, *_ in PLANTED}, key=lambda rule: rule.__name__)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize(
    ("rule", "files", "offenders"), PLANTED, ids=[rule.__name__ for rule, *_ in PLANTED]
)
def test_a_planted_offender_is_found(
    rule: Rule, files: dict[str, str], offenders: list[str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert rule(tmp_path) == sorted(offenders, key=offenders.index)


def test_limits_and_exceptions_are_not_offences(tmp_path: Path) -> None:
    files = {
        "embedbench/__init__.py": '"""The package."""\nx = 1\n',
        "embedbench/room/__init__.py": '"""A room."""\n',
        "embedbench/comparison/__init__.py": '"""A room."""\n',
        "embedbench/comparison/api.py": f"def compare({LIST_OF_NINE}): ...\n",
        "embedbench/data.py": "from embedbench.room import one\n",
        "embedbench/names.py": "from embedbench.room.one import x\n",
        "embedbench/room/one.py": "x: int = 1\n" + "\n" * 299,
        "tests/test_data.py": "",
        "tests/test_names.py": "",
        "tests/room/test_one.py": "",
        "tests/comparison/test_api.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert {rule.__name__: rule(tmp_path) for rule in RULES} == {r.__name__: [] for r in RULES}
