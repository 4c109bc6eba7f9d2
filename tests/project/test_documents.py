"""What the documents say is so: commands, make targets, links, the version, and the quotations that are quick to check."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hairpin_doctor.cli.main import cli
from hairpin_doctor.lab.cases import CATALOGUE as CASES
from hairpin_doctor.rules.catalogue import CATALOGUE as RULES
from hairpin_doctor.version import __version__
from scripts.quotes import BLOCK, QUOTING, essence, here

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path.relative_to(ROOT) for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))
]
DOCS = ROOT / "docs"
GUIDES = ("how-to", "reference", "explanation")
COMMAND = re.compile(r"(?:`|^|[$#] |sudo )(hairpin-doctor [^`\n]*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=str)


def unwrapped(path: Path) -> str:
    """A command in prose may go on in the next line."""
    text = (ROOT / path).read_text()
    return re.sub(r"`[^`\n]*\n[^`\n]*`", lambda found: found[0].replace("\n", " "), text)


def commands() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        found = COMMAND.findall(unwrapped(path))
        yield from ((path, command.partition("  #")[0].strip()) for command in dict.fromkeys(found))


@pytest.mark.parametrize(("path", "command"), list(commands()))
def test_a_command_in_a_document_exists_with_its_options(path: Path, command: str) -> None:
    _, *words = shlex.split(command)
    current: click.Command = cli
    context = click.Context(current)
    while words and isinstance(current, click.Group) and not words[0].startswith("-"):
        found = current.get_command(context, words.pop(0).rstrip(",.;:"))
        assert found is not None, f"{path}: {command}"
        current = found
    known = {name for option in current.params for name in option.opts} | set(context.help_option_names)
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert options <= known | {"-h"}, f"{path}: {command}"


@each_document
def test_codes_and_cases_in_commands_exist(path: Path) -> None:
    text = unwrapped(path)
    codes = set(re.findall(r"hairpin-doctor explain (HD\d+)", text))
    cases = set(re.findall(r"lab (?:run|up|shell) ([a-z0-9][a-z0-9-]*)", text)) - {"the-case"}
    assert codes <= {rule.code for rule in RULES}
    known = [case.name for case in CASES]
    assert [name for name in cases if not any(each.startswith(name) for each in known)] == []


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    there = (ROOT / path).parent
    assert [link for link in LINK.findall((ROOT / path).read_text()) if not (there / link).exists()] == []


@each_document
def test_make_targets_exist(path: Path) -> None:
    wanted = set(re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / path).read_text(), re.MULTILINE))
    assert wanted <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each_document
def test_files_named_in_a_document_exist(path: Path) -> None:
    named = re.findall(r"`((?:hairpin_doctor|probes|scripts|tests|docs)/[\w./]+)`", (ROOT / path).read_text())
    made_up = {"probes/thing.py", "tests/unit/probes/test_thing.py", "hairpin_doctor/rules/the_slug.py"}
    assert [name for name in named if name not in made_up and not (ROOT / name).exists()] == []


def test_every_page_of_the_site_exists_and_every_guide_is_on_it() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    named = set(re.findall(r"[\w./-]+\.md", text))
    assert [page for page in named if not (DOCS / page).is_file()] == []
    guides = {path.relative_to(DOCS).as_posix() for folder in GUIDES for path in (DOCS / folder).glob("*.md")}
    assert guides - named == set()


def test_no_page_of_the_site_leads_out_of_it_and_none_is_named_twice() -> None:
    """What mkdocs' strict build refuses, said here without building: that takes a package that the tests do without."""
    out = [
        (path.name, link)
        for path in DOCS.rglob("*.md")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
        if not (path.parent / link).resolve().is_relative_to(DOCS.resolve())
    ]
    assert out == []
    pages = re.findall(r"[\w./-]+\.md", (ROOT / "mkdocs.yml").read_text())
    assert len(pages) == len(set(pages))


def test_a_picture_in_the_documents_loads_nothing() -> None:
    for image in DOCS.glob("images/*.svg"):
        text = image.read_text()
        assert re.search(r"url\((?!#)|<script|xlink:href=\"(?!#)|@font-face|@import", text) is None, (
            image.name
        )
        assert "BREAKS" in text


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == __version__


def quotations() -> list[tuple[str, str]]:
    found = (each for document in QUOTING for each in BLOCK.finditer(document.read_text()))
    return [(each["command"], each["output"]) for each in found if each["prompt"] == "$"]


@pytest.mark.parametrize(("command", "output"), quotations())
def test_what_a_document_quotes_is_what_the_command_prints(command: str, output: str) -> None:
    assert essence(here(command)).strip() == essence(output).strip()
