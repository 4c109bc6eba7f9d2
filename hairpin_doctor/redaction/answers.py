"""Questions and answers redacted by their types, so that what nobody thought of is left out and never let through."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Mapping
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from hairpin_doctor.recording import Asked
from hairpin_doctor.redaction.addresses import CannotRedact
from hairpin_doctor.redaction.fields import FIELDS, WHOLE, How
from hairpin_doctor.redaction.nftables import redact_json
from hairpin_doctor.redaction.text import Redactor
from probes.host import Absent, Denied, Question, Silent, Unanswered

COUNTER = re.compile(r"[A-Za-z0-9]+\.[A-Za-z0-9]+")
VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
RIGHT = re.compile(r"CAP_[A-Z_]+(?: (?:and|or) CAP_[A-Z_]+)*")
OF_AN_INTERFACE = re.compile(r"(net/ipv[46]/(?:conf|neigh)/)(.+)(/[^/]+)")
OWN = re.compile(r"[a-z0-9_/-]*")


def redact_asked(asked: Asked, redactor: Redactor) -> Asked:
    """A question with what came of it. Raises CannotRedact, with one phrase, for what is not known to be harmless."""
    kind = type(asked.question)
    question: Question[Any] = _value(asked.question, (kind, WHOLE), redactor)
    if asked.unanswered is not None:
        return Asked(question, unanswered=_unanswered(asked.unanswered, kind.__name__))
    return Asked(question, _value(asked.answer, (kind, WHOLE), redactor))


def _unanswered(error: Unanswered, what: str) -> Unanswered:
    """The kind of the refusal, without its words: they may quote anything."""
    if isinstance(error, Denied):
        return Denied(error.right if RIGHT.fullmatch(error.right) else "a right", what)
    kind = type(error) if isinstance(error, Absent | Silent) else Unanswered
    return kind(f"{what} got no answer (the reason is left out by redaction)")


def _value(value: Any, place: tuple[type[Any], str], redactor: Redactor) -> Any:
    if value is None or isinstance(value, bool | int | float | Enum):
        return value
    if isinstance(value, IPv4Address | IPv6Address):
        return redactor.addresses.address(value)
    if isinstance(value, IPv4Network | IPv6Network):
        return redactor.addresses.network(value)
    if isinstance(value, str):
        return _text(value, place, redactor)
    if isinstance(value, tuple):
        return tuple(_value(each, place, redactor) for each in value)
    if isinstance(value, Mapping):
        return {_text(key, place, redactor): _value(each, place, redactor) for key, each in value.items()}
    if dataclasses.is_dataclass(value):
        return _dataclass(value, redactor)
    raise CannotRedact(f"{type(value).__name__} is of a kind that redaction does not know")


def _dataclass(value: Any, redactor: Redactor) -> Any:
    kind = type(value)
    literal = _literals(cast(Hashable, kind))
    changed = {
        field.name: _value(getattr(value, field.name), (kind, field.name), redactor)
        for field in dataclasses.fields(value)
        if field.name not in literal
    }
    return dataclasses.replace(value, **changed)


@cache
def _literals(kind: Hashable) -> frozenset[str]:
    """Fields of which every possible value stands in the code: nothing of a user's can be there."""
    return frozenset(name for name, hint in get_type_hints(cast(type, kind)).items() if _is_literal(hint))


def _is_literal(hint: Any) -> bool:
    origin: object = get_origin(hint)
    return origin is Literal and all(isinstance(each, str | int) for each in get_args(hint))


def _text(text: str, place: tuple[type[Any], str], redactor: Redactor) -> str:
    how = FIELDS.get(place)
    if how is None:
        kind, field = place
        raise CannotRedact(
            f"{kind.__name__}{f'.{field}' if field else ''} is a text that redaction does not know"
        )
    match how:
        case How.TEXT | How.NAME:
            return redactor.text(text)
        case How.MAC:
            return redactor.addresses.mac(text) if text else text
        case How.TOKEN:
            return redactor.token(text)
        case How.NFT:
            return redact_json(text, redactor)
        case How.VERSION:
            found = VERSION.match(text)
            return found[0] if found else ""
        case How.SYSCTL:
            return _sysctl(text, redactor)
        case How.COUNTERS:
            if not COUNTER.fullmatch(text):
                raise CannotRedact("a counter has a name that no counter of the kernel has")
            return text


def _sysctl(path: str, redactor: Redactor) -> str:
    found = OF_AN_INTERFACE.fullmatch(path)
    before, name, after = found.groups() if found else (path, "", "")
    if not OWN.fullmatch(before + after):
        raise CannotRedact("a sysctl has a name that no sysctl of the kernel has")
    return f"{before}{redactor.text(name)}{after}"
