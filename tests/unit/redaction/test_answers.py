"""Every question and answer that exists can be redacted, and what redaction does not know is not let out."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.redaction.fields import FIELDS, WHOLE
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.redact import redact
from hairpin_doctor.report.codec import answer_type
from probes.host import Absent, Denied, Question
from probes.probe import Scope
from probes.questions import ALL
from probes.questions.links import Link, Links
from probes.questions.machine import Counters, Identity, MachineIdentity, Moment, Sysctl
from probes.target import parse_target

KEY = Key(b"k" * 32)


def texts(kind: Any, place: tuple[Any, str]) -> Iterator[tuple[Any, str]]:
    """Every place at which a text can stand, in a type and in all that it holds."""
    origin: Any = get_origin(kind)
    if kind is str:
        yield place
    elif origin in (Union, types.UnionType, tuple, dict, Mapping):
        for part in get_args(kind):
            yield from texts(part, place)
    elif dataclasses.is_dataclass(kind):
        for name, hint in get_type_hints(kind).items():
            yield from texts(hint, (kind, name))
    else:
        assert (
            origin is Literal
            or kind in (type(None), Ellipsis)
            or issubclass(kind, (int, float, Enum))
            or "ipaddress" in kind.__module__
        )


EVERY = {
    place for kind in ALL for place in (*texts(kind, (kind, WHOLE)), *texts(answer_type(kind), (kind, WHOLE)))
}


def test_of_every_text_in_every_question_and_answer_is_said_how_it_is_redacted() -> None:
    missing = {f"{kind.__name__}.{field}" for kind, field in EVERY - FIELDS.keys()}
    assert not missing, "say in hairpin_doctor/redaction/fields.py how these are redacted"


def test_nothing_is_said_of_texts_that_do_not_exist() -> None:
    assert not FIELDS.keys() - EVERY


def recording(*asked: Asked) -> Recording:
    return Recording(
        "payroll-vm", "2026-01-02T03:04:05+00:00", Scope((parse_target("192.168.8.53:53"),)), asked
    )


@dataclasses.dataclass(frozen=True)
class Rumour:
    about: str


@dataclasses.dataclass(frozen=True)
class Gossip(Question[Rumour]):
    """A question that redaction has never heard of."""


def test_an_answer_that_redaction_does_not_know_is_left_out_and_said() -> None:
    found = redact(
        recording(Asked(Gossip(), Rumour("the boss")), Asked(Sysctl("net/ipv4/ip_forward"), 1)), KEY
    )
    assert found.recording.asked == (Asked(Sysctl("net/ipv4/ip_forward"), 1),)
    assert len(found.left_out) == 1
    assert "Gossip (Rumour.about is a text that redaction does not know)" in found.left_out[0]
    assert "boss" not in found.left_out[0]


def test_the_recordings_own_name_targets_and_key_are_seen_to() -> None:
    found = redact(recording(), KEY).recording
    assert "payroll" not in found.vantage_point
    assert str(found.scope.targets[0]) != "192.168.8.53:53"
    assert found.scope.targets[0].port == 53
    assert found.redacted_by == KEY.fingerprint
    assert redact(found, Key(b"other" * 5)).recording == found


def test_the_words_of_a_refusal_are_left_out_and_its_kind_and_right_stay() -> None:
    asked = (
        Asked(Links(), unanswered=Absent("no such thing on payroll-vm")),
        Asked(MachineIdentity(), unanswered=Denied("CAP_NET_RAW", "payroll-vm")),
    )
    absent, denied = (each.unanswered for each in redact(recording(*asked), KEY).recording.asked)
    assert isinstance(absent, Absent)
    assert isinstance(denied, Denied)
    assert denied.right == "CAP_NET_RAW"
    assert "payroll" not in f"{absent}{denied}"


def test_who_a_machine_is_is_hidden_and_equal_machines_stay_equal() -> None:
    me = Identity("payroll-vm", "4a25b24c-e413-4b3c-8a28-00297ea2e338", 1, "6.8.12-4-acme", True)
    one, two = (
        redact(recording(Asked(MachineIdentity(), me)), KEY).recording.asked[0].answer for _ in range(2)
    )
    assert one == two
    assert one.kernel == "6.8.12"
    assert one.boot_id != me.boot_id
    assert one.network_namespace == 1


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("net/ipv4/conf/all/rp_filter", True),
        ("net/ipv4/conf/br-acme.10/rp_filter", False),
        ("net/ipv4/neigh/payroll/proxy_delay", False),
    ],
)
def test_a_sysctl_loses_the_name_of_its_interface_alone(path: str, kept: bool) -> None:
    found = redact(recording(Asked(Sysctl(path), 1)), KEY).recording.asked[0].question
    assert isinstance(found, Sysctl)
    assert (found.name == path) is kept
    assert found.name.rpartition("/")[2] == path.rpartition("/")[2]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(Sysctl("net/Acme Corp/x"), 1),
        Asked(Counters(Moment.BEFORE), {"Acme Corp": 1}),
    ],
)
def test_names_that_no_kernel_has_are_left_out(asked: Asked) -> None:
    found = redact(recording(asked), KEY)
    assert found.recording.asked == ()
    assert "Acme" not in found.left_out[0]


def test_a_mac_of_no_known_form_is_left_out(sample_link: Callable[..., Link]) -> None:
    found = redact(recording(Asked(Links(), (sample_link(mac="acme"),))), KEY)
    assert found.recording.asked == ()


@pytest.fixture
def sample_link() -> Callable[..., Link]:
    def make(**changes: Any) -> Link:
        plain = Link(
            2,
            "eth0",
            None,
            "52:54:00:00:00:01",
            None,
            1500,
            True,
            True,
            True,
            True,
            0,
            None,
            None,
            (),
            None,
            None,
            None,
        )
        return dataclasses.replace(plain, **changes)

    return make
