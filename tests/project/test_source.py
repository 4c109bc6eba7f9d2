"""Short files, short functions, no loose ends, and nothing opened behind the seam's back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("hairpin_doctor", "probes")
LONGEST_FILE, LONGEST_FUNCTION = 250, 50
LOOSE_END = re.compile(r"\b(TODO|FIXME|XXX)\b")
JUDGING = {"rules", "fixes", "diagnose.py", "network.py", "situation.py", "states.py", "translation.py"}
CLOCKS = {"now", "today", "utcnow"}
LOOKS_ITSELF = {"open", "exec", "eval", "__import__", "input"}

SOURCES = [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TEXTS = [
    path.relative_to(ROOT)
    for pattern in ("*.md", "*.py", "docs/**/*.md", "scripts/*", "benchmarks/*.py", "tests/**/*.py")
    for path in sorted(ROOT.glob(pattern))
    if path.is_file() and path != Path(__file__)
]


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called(path: Path, kind: type[ast.Name] | type[ast.Attribute]) -> set[str]:
    """Names of the functions (ast.Name) or methods (ast.Attribute) that a file calls."""
    functions = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    return {
        str(vars(each).get("id") or vars(each).get("attr")) for each in functions if isinstance(each, kind)
    }


def is_swallowed(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    broad = node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
    )
    return broad and all(isinstance(each, ast.Pass) for each in node.body)


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 100
    assert len(TEXTS) > 100


def test_no_file_is_too_long_to_read_at_one_sitting() -> None:
    assert {path: lines for path in SOURCES if (lines := len(text(path).splitlines())) > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_see_at_once() -> None:
    long = {
        f"{path}: {each.name}": lines
        for path in SOURCES
        for each in functions(path)
        if (lines := (each.end_lineno or 0) - each.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    assert [path for path in SOURCES if tree(path).body and not ast.get_docstring(tree(path))] == []


def test_no_error_is_swallowed_without_a_word() -> None:
    swallowed = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if is_swallowed(node)
    ]
    assert swallowed == []


def test_no_loose_end_is_left() -> None:
    assert {path: found for path in (*SOURCES, *TEXTS) if (found := LOOSE_END.findall(text(path)))} == {}


def test_no_probe_opens_anything_by_a_builtin() -> None:
    probes = [path for path in SOURCES if path.parts[0] == "probes" and "linux" not in path.parts]
    assert {path: found for path in probes if (found := called(path, ast.Name) & LOOKS_ITSELF)} == {}


def test_no_judgement_depends_on_when_it_is_made() -> None:
    judging = [path for path in SOURCES if set(path.parts) & JUDGING]
    assert {path: found for path in judging if (found := called(path, ast.Attribute) & CLOCKS)} == {}


def test_no_directory_of_tests_is_a_package_that_would_shadow_the_real_one() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
