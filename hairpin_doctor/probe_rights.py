"""What a probe may ask, and so which rights it can use: read from the names that its module and its helpers import."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from probes.host import Question
from probes.linux.rights import RIGHTS
from probes.probe import Probe
from probes.questions import ALL


def question_of(probe: Probe[Any]) -> str:
    """The probe's question in one sentence: the first of its documentation."""
    text = " ".join(probe.documentation.partition("\n\n")[0].split())
    return re.split(r"(?<=[.?])\s", text, maxsplit=1)[0]


def asks(probe: Probe[Any]) -> tuple[type[Question[Any]], ...]:
    """Every type of question that the probe or a helper of it can ask, in the order of the questions' list."""
    found: set[type[Question[Any]]] = set()
    for module in _modules(sys.modules[probe.look.__module__], set()):
        found |= {each for each in vars(module).values() if isinstance(each, type) and each in ALL}
    return tuple(each for each in ALL if each in found)


def rights(probe: Probe[Any]) -> tuple[str, ...]:
    """The rights that its questions need; without them it sees less or nothing, and says so."""
    return tuple(sorted({RIGHTS[each] for each in asks(probe) if each in RIGHTS}))


def _modules(module: ModuleType, seen: set[str]) -> Iterator[ModuleType]:
    if module.__name__ in seen:
        return
    seen.add(module.__name__)
    yield module
    for value in vars(module).values():
        name = _home(value)
        if name is not None and name.startswith("probes.") and name in sys.modules:
            yield from _modules(sys.modules[name], seen)


def _home(value: object) -> str | None:
    """The module that a probe or function in a module's names comes from."""
    if isinstance(value, Probe):
        return value.look.__module__
    return value.__module__ if isinstance(value, FunctionType) else None
