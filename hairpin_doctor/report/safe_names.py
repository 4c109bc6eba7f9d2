"""Names in a foreign report end up in commands that a tired root pastes: nothing that a shell would act on may pass.

Linux allows almost any character in an interface name (`$(reboot)` is one); such a name is refused, not quoted, since it
appears in manifests and prose as well.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from probes.questions.machine import Sysctl

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,252}", re.ASCII)
MAC = re.compile(r"(?:[0-9a-f]{2}(?::[0-9a-f]{2}){0,31})?", re.ASCII)
NAME_FIELDS = ("name", "interface", "hostname", "namespace", "node", "service", "pool")


class UnsafeName(ValueError):
    """A name that a shell could take for more than a name; the message is one phrase."""


def refuse_unsafe(value: object) -> None:
    """Raise UnsafeName if a name of an interface or machine, a MAC or a path in a question or answer is none."""
    for what, text in _names(value):
        _check(text, what, MAC if what == "MAC" else NAME)


def refuse_unsafe_name(name: str) -> None:
    """Raise UnsafeName if this is no plain name."""
    _check(name, "name", NAME)


def _check(text: str, what: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(text):
        raise UnsafeName(f"{text[:40]!r} is no {what} that a command could hold")


def _names(value: object) -> Iterator[tuple[str, str]]:
    """Every name in a value, whatever holds it."""
    if isinstance(value, tuple):
        for each in value:
            yield from _names(each)
    elif isinstance(value, Sysctl):
        yield "name", value.name.replace("/", ".")
    elif dataclasses.is_dataclass(value):
        yield from _fields(value)


def _fields(value: object) -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        content = getattr(value, field.name)
        if isinstance(content, str) and (field.name == "mac" or field.name.endswith("_mac")):
            yield "MAC", content
        elif isinstance(content, str) and field.name in NAME_FIELDS:
            yield "name", content
        elif isinstance(content, tuple):
            yield from _names(content)
