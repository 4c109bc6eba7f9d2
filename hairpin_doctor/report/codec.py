"""Recordings <-> plain JSON values: every question and answer by its own type, decoded strictly.

A recording comes from another machine, so nothing of it is believed: a wrong type is refused and never coerced, and a
name that could break out of a pasted command is refused too (see `safe_names`). Fields that we do not know are ignored
and questions that we do not know are left out: a newer version may ask more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args, get_origin

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.safe_names import refuse_unsafe, refuse_unsafe_name
from hairpin_doctor.report.strict import WrongType, address, as_list, as_object, as_text, converter
from probes.host import Absent, Denied, Question, Silent, Unanswered
from probes.probe import Scope
from probes.questions import ALL
from probes.target import Target, parse_target

Json = dict[str, Any]
QUESTIONS: dict[str, type[Question[Any]]] = {each.__name__: each for each in ALL}
KINDS: dict[str, type[Unanswered]] = {"absent": Absent, "silent": Silent, "unanswered": Unanswered}


def answer_type(question: type[Question[Any]]) -> Any:
    """The type argument of `Question[...]`, e.g. int for Sysctl."""
    bases = getattr(question, "__orig_bases__", ())
    return next(get_args(base)[0] for base in bases if get_origin(base) is Question)


def encode_recording(recording: Recording) -> Json:
    """A recording as JSON values."""
    scope = recording.scope
    return {
        "vantage_point": recording.vantage_point,
        "taken_at": recording.taken_at,
        "scope": {
            "targets": [str(target) for target in scope.targets],
            "timeout_ms": scope.timeout_ms,
            "arp_window_ms": scope.arp_window_ms,
            "clients": [str(client) for client in scope.clients],
        },
        "tool_version": recording.tool_version,
        "redacted_by": recording.redacted_by,
        "asked": [_encode_asked(each) for each in recording.asked],
    }


def decode_recording(value: object) -> Recording:
    """The recording again. Raises ValueError (one phrase) or cattrs' own errors where the value is none."""
    found = as_object(value, "a recording")
    scope = as_object(found.get("scope"), "scope")
    unknown: dict[str, None] = {}
    asked = (
        _decode_asked(as_object(each, "an answer"), unknown) for each in as_list(found.get("asked"), "asked")
    )
    return Recording(
        vantage_point=_vantage_point(found.get("vantage_point")),
        taken_at=_moment(found.get("taken_at")),
        scope=Scope(
            targets=tuple(_target(each) for each in as_list(scope.get("targets"), "targets")),
            timeout_ms=converter().structure(scope.get("timeout_ms"), int),
            arp_window_ms=converter().structure(scope.get("arp_window_ms"), int),
            clients=tuple(address(each) for each in as_list(scope.get("clients"), "clients")),
        ),
        asked=tuple(each for each in asked if each is not None),
        tool_version=_label(found.get("tool_version"), "tool_version"),
        redacted_by=_label(found.get("redacted_by"), "redacted_by"),
        unknown=tuple(unknown),
    )


def _encode_asked(asked: Asked) -> Json:
    return {
        "question": type(asked.question).__name__,
        "parameters": converter().unstructure(asked.question),
        "answer": None if asked.unanswered else converter().unstructure(asked.answer),
        "unanswered": _encode_unanswered(asked.unanswered) if asked.unanswered else None,
    }


def _encode_unanswered(error: Unanswered) -> Json:
    if isinstance(error, Denied):
        return {"kind": "denied", "right": error.right, "what": error.what}
    kind = next((name for name, known in KINDS.items() if type(error) is known), "unanswered")
    return {"kind": kind, "right": None, "what": str(error)}


def _decode_asked(value: Json, unknown: dict[str, None]) -> Asked | None:
    name = as_text(value.get("question"), "question")
    kind = QUESTIONS.get(name)
    if kind is None:
        refuse_unsafe_name(name)
        unknown[name] = None
        return None
    question: Question[Any] = converter().structure(value.get("parameters"), kind)
    refuse_unsafe(question)
    if value.get("unanswered") is not None:
        return Asked(question, unanswered=_decode_unanswered(as_object(value["unanswered"], "unanswered")))
    answer = converter().structure(value.get("answer"), answer_type(kind))
    refuse_unsafe(answer)
    return Asked(question, answer)


def _decode_unanswered(value: Json) -> Unanswered:
    kind, what = as_text(value.get("kind"), "kind"), as_text(value.get("what"), "what")
    if kind == "denied":
        return Denied(as_text(value.get("right"), "right"), what)
    return KINDS.get(kind, Unanswered)(what)


def _vantage_point(value: object) -> str:
    name = as_text(value, "vantage_point")
    refuse_unsafe_name(name)
    return name


def _label(value: object, what: str) -> str | None:
    """A short plain text, or nothing: reports of earlier versions have none."""
    if value is None:
        return None
    text = as_text(value, what)
    refuse_unsafe_name(text)
    return text


def _moment(value: object) -> str:
    text = as_text(value, "taken_at")
    if datetime.fromisoformat(text).tzinfo is None:
        raise WrongType(f"taken_at {text!r} has no time zone")
    return text


def _target(value: object) -> Target:
    return parse_target(as_text(value, "a target"))
