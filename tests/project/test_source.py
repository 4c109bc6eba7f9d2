"""Short files, short functions, no loose ends, and nothing opened behind the seam's back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("hairpin_doctor", "probes")
LONGEST_FILE, LONGEST_FUNCTION = 250, 50
LOOSE_END = re.compile(r"\b(TODO|FIXME|XXX)\b")
JUDGING = {"rules", "fixes", "diagnose.py", "network.py", "situation.py", "states.py", "translation.py"}
LOOKS_ITSELF = {"open", "exec", "eval", "__import__", "input"}

SOURCES = [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TEXTS = [
    path.relative_to(ROOT)
    for pattern in ("*.md", "*.py", "docs/**/*.md", "scripts/*", "benchmarks/*.py", "tests/**/*.py")
    for path in sorted(ROOT.glob(pattern))
    if path.is_file() and path != Path(__file__)
]

each_source = pytest.mark.parametrize("path", SOURCES, ids=str)


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@each_source
def test_no_file_is_too_long_to_read_at_one_sitting(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= LONGEST_FILE


@each_source
def test_no_function_is_too_long_to_see_at_once(path: Path) -> None:
    long = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


@each_source
def test_every_module_says_what_it_is(path: Path) -> None:
    module = tree(path)
    assert not module.body or ast.get_docstring(module)


@each_source
def test_no_error_is_swallowed_without_a_word(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            silent = all(isinstance(each, ast.Pass) for each in node.body)
            assert not (broad and silent), f"line {node.lineno}"


@pytest.mark.parametrize("path", [*SOURCES, *TEXTS], ids=str)
def test_no_loose_end_is_left(path: Path) -> None:
    assert LOOSE_END.findall((ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.parts[0] == "probes" and "linux" not in path.parts], ids=str
)
def test_no_probe_opens_anything_by_a_builtin(path: Path) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & LOOKS_ITSELF == set()


@pytest.mark.parametrize("path", [path for path in SOURCES if set(path.parts) & JUDGING], ids=str)
def test_no_judgement_depends_on_when_it_is_made(path: Path) -> None:
    called = {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called & {"now", "today", "utcnow"} == set()


def test_no_directory_of_tests_is_a_package_that_would_shadow_the_real_one() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
