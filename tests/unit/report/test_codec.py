"""Every question and answer survives JSON; what is of a wrong type does not get in."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.codec import answer_type, decode_recording, encode_recording
from probes.host import Absent, Denied, Silent
from probes.probe import Scope
from probes.questions import ALL, Sysctl
from probes.questions.links import Links
from probes.questions.traffic import Handshake
from probes.target import parse_target

SCOPE = Scope(
    (parse_target("192.0.2.53:53/udp"), parse_target("192.0.2.80")), 1500, 900, (IPv4Address("192.0.2.10"),)
)
PLAIN = {
    int: 7,
    float: 1.5,
    bool: True,
    str: "eth0.10@x",
    IPv4Address: IPv4Address("192.0.2.1"),
    IPv6Address: IPv6Address("2001:db8::53"),
    IPv4Network: IPv4Network("192.0.2.0/24"),
}


def sample(kind: Any, *, full: bool, field: str = "") -> Any:
    """A value of any type that a question or answer has; `full` fills what is optional."""
    if kind is str and (field == "mac" or field.endswith("_mac")):
        return "02:00:00:00:00:01"
    if kind in PLAIN:
        return PLAIN[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if type(None) in parts and not full else sample(parts[0], full=full, field=field)
    if origin is tuple:
        return tuple(sample(part, full=full) for part in parts if part is not Ellipsis)
    if origin is Literal:
        return parts[-1]
    if origin in (dict, Mapping):
        return {"TcpExt.Something": sample(parts[1], full=full)}
    if issubclass(kind, Enum):
        return list(kind)[-1]
    hints = get_type_hints(kind)
    return kind(**{f.name: sample(hints[f.name], full=full, field=f.name) for f in dataclasses.fields(kind)})


def through_json(recording: Recording) -> Recording:
    return decode_recording(json.loads(json.dumps(encode_recording(recording), allow_nan=False)))


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_question_and_its_answer_come_back_as_they_were(kind: type[Any], full: bool) -> None:
    asked = Asked(sample(kind, full=full), sample(answer_type(kind), full=full))
    recording = Recording("vm", "2026-01-02T03:04:05+00:00", SCOPE, (asked,))
    found = through_json(recording)
    assert found == recording
    assert repr(found.asked) == repr(recording.asked)  # == alone takes the text "open" for Handshake.OPEN


@pytest.mark.parametrize("error", [Denied("CAP_NET_RAW", "ArpSweep"), Absent("no file"), Silent("no answer")])
def test_the_reason_for_no_answer_comes_back_with_its_kind(error: Any) -> None:
    recording = Recording("vm", "2026-01-02T03:04:05+00:00", SCOPE, (Asked(Links(), unanswered=error),))
    found = through_json(recording).asked[0].unanswered
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert getattr(found, "right", None) == getattr(error, "right", None)


def test_a_whole_scan_comes_back_equal(recorded: Callable[..., Recording]) -> None:
    recording = recorded(Handshake.SILENT)
    found = through_json(recording)
    assert {type(each.question): each.answer for each in found.asked} == {
        type(each.question): each.answer for each in recording.asked
    }
    assert found.scope == recording.scope


def encoded(
    question: str = "Sysctl", parameters: Any = None, answer: Any = 1, **other: Any
) -> dict[str, Any]:
    value = encode_recording(Recording("vm", "2026-01-02T03:04:05+00:00", SCOPE, ()))
    asked = {"question": question, "parameters": {"name": "net/x"} if parameters is None else parameters}
    value["asked"] = [{**asked, "answer": answer, "unanswered": None, **other}]
    return value


def test_unknown_fields_are_ignored_and_unknown_questions_left_out() -> None:
    newer = encoded(parameters={"name": "net/x", "since": 3}, colour="blue")
    newer["asked"].append({"question": "Telepathy", "parameters": {}, "answer": "?", "unanswered": None})
    newer["weather"] = "fair"
    newer["scope"]["mood"] = {"deep": [[[]]]}
    found = decode_recording(newer)
    assert found.asked == (Asked(Sysctl("net/x"), 1),)
    assert found.unknown == ("Telepathy",)


def test_unknown_fields_deep_in_an_answer_are_ignored() -> None:
    answer = sample(answer_type(Links), full=True)
    newer = encode_recording(Recording("vm", "2026-01-02T03:04:05+00:00", SCOPE, (Asked(Links(), answer),)))
    link = newer["asked"][0]["answer"][0]
    for place in (link, link["port"], link["port"]["vlans"][0], link["bridge"], link["addresses"][0]):
        place["since"] = {"a": [1, {"b": None}]}
    assert decode_recording(newer).asked[0].answer == answer


@pytest.mark.parametrize("name", ["$(reboot)", "a\x1b[2J", "", "x" * 300, "\u202egnp"])
def test_the_name_of_an_unknown_question_is_shown_and_so_must_be_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="no name that a command could hold"):
        decode_recording(encoded(question=name))


@pytest.mark.parametrize("field", ["tool_version", "redacted_by"])
@pytest.mark.parametrize("value", [7, [], "a b", "\x1b[2J", "$(reboot)"])
def test_a_label_that_is_no_plain_word_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"no text|no name that a command could hold"):
        decode_recording({**encoded(), field: value})


@pytest.mark.parametrize("answer", ["1", 1.0, True, None, [1], {"a": 1}, 10**400])
def test_a_number_is_not_made_of_something_else(answer: Any) -> None:
    with pytest.raises(ValueError, match=r"belongs|large"):
        decode_recording(encoded(answer=answer))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Links", "abc"),
        ("Links", [7]),
        ("Links", [{}]),
        ("KernelLog", "a line"),
        ("Counters", []),
        ("Counters", {"a": "1"}),
        (
            "RouteTo",
            {"type": "unicast", "interface": None, "gateway": "nonsense", "source": None, "table": 1},
        ),
    ],
)
def test_an_answer_of_a_wrong_shape_is_refused(question: str, answer: Any) -> None:
    parameters = {
        "KernelLog": {"containing": "x"},
        "Counters": {"moment": "before"},
        "RouteTo": {"destination": "192.0.2.1"},
    }
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode_recording(encoded(question, parameters.get(question, {}), answer))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vantage_point", "$(reboot)"),
        ("vantage_point", "a\x1b[2Jb"),
        ("vantage_point", 7),
        ("taken_at", "yesterday"),
        ("taken_at", "2026-01-02T03:04:05"),
        ("scope", {"targets": ["x"], "timeout_ms": 1, "arp_window_ms": 1, "clients": []}),
        ("scope", {"targets": [], "timeout_ms": "1", "arp_window_ms": 1, "clients": []}),
        ("asked", {}),
    ],
)
def test_a_recording_with_a_wrong_head_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_recording({**encoded(), field: value})


@pytest.mark.parametrize("name", ["$(reboot)", "eth0;id", "-rf", "a b", "a\nb", "`id`", ""])
def test_an_interface_name_that_a_shell_would_act_on_is_refused(name: str) -> None:
    link = encode_recording(
        Recording(
            "vm", "2026-01-02T03:04:05+00:00", SCOPE, (Asked(Links(), sample(answer_type(Links), full=True)),)
        )
    )
    link["asked"][0]["answer"][0]["name"] = name
    with pytest.raises(ValueError, match="no name that a command could hold"):
        decode_recording(link)


def test_a_mac_that_is_none_is_refused() -> None:
    link = encode_recording(
        Recording(
            "vm", "2026-01-02T03:04:05+00:00", SCOPE, (Asked(Links(), sample(answer_type(Links), full=True)),)
        )
    )
    link["asked"][0]["answer"][0]["mac"] = "02:00; reboot"
    with pytest.raises(ValueError, match="no MAC that a command could hold"):
        decode_recording(link)
