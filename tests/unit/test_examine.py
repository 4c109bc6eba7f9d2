"""The engine: phases, parallel probes, isolated crashes, replay."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hairpin_doctor.examine import examine, replay
from hairpin_doctor.findings import Seen, Unseen
from probes.host import Absent, Denied, Host, Question
from probes.machine import machine
from probes.probe import Layer, Phase, Probe, Scope
from probes.questions.machine import Counters, Identity, MachineIdentity, Moment, Sysctl

SCOPE = Scope(())
Fake = Callable[[Any], Any]


@dataclass(frozen=True)
class Facts:
    said: Any


def made(
    name: str,
    look: Callable[[Host], Any],
    phase: Phase = Phase.DURING,
    asks_first: tuple[Question[Any], ...] = (),
) -> Probe[Any]:
    """A probe whose facts hold what `look` gave; each has a type of its own, as real ones have."""
    kind = type(f"{name.title()}Facts", (Facts,), {})
    return Probe(name, Layer.MACHINE, phase, kind, lambda host, _: kind(look(host)), "", asks_first)


def crash(_: Host) -> Any:
    raise ZeroDivisionError("by zero")


def test_a_crashing_probe_is_shown_as_crashed_and_stops_no_other(fake: Fake) -> None:
    probes = [made("broken", crash), made("well", lambda _: 1), made("later", lambda _: 2, Phase.AFTER)]
    broken, well, later = examine(fake({}), SCOPE, probes).findings.all
    assert isinstance(broken, Unseen)
    assert broken.crashed
    assert broken.right is None
    assert "ZeroDivisionError in crash, test_examine.py:" in broken.reason
    assert "by zero" not in broken.reason  # an exception may quote what it was reading
    assert isinstance(well, Seen)
    assert isinstance(later, Seen)


def test_what_the_machine_does_not_answer_is_no_crash(fake: Fake) -> None:
    probe = made("blind", lambda host: host.ask(Sysctl("x")))
    (denied,) = examine(fake({Sysctl: Denied("root", "reading x")}), SCOPE, [probe]).findings.all
    assert isinstance(denied, Unseen)
    assert (denied.crashed, denied.right) == (False, "root")


def test_phases_run_in_order_and_findings_come_in_the_order_of_the_catalogue(fake: Fake) -> None:
    ran: list[str] = []

    def note(name: str, phase: Phase) -> Probe[Any]:
        return made(name, lambda _: ran.append(name), phase)

    probes = [
        note("d", Phase.AFTER),
        note("c", Phase.DURING),
        note("b", Phase.TRAFFIC),
        note("a", Phase.BEFORE),
    ]
    seen: list[str] = []
    found = examine(fake({}), SCOPE, probes, progress=seen.append).findings.all
    assert ran == ["a", "b", "c", "d"]
    assert [each.probe.id for each in found] == ["d", "c", "b", "a"]
    assert seen == ran


def test_probes_of_one_phase_run_at_once(fake: Fake) -> None:
    together = threading.Barrier(3)

    def wait(_: Host) -> int:
        return together.wait(timeout=5)

    found = examine(fake({}), SCOPE, [made(name, wait) for name in "abc"]).findings.all
    assert all(isinstance(each, Seen) for each in found)


def test_first_questions_go_before_every_probe_even_of_an_earlier_phase(fake: Fake) -> None:
    first = Counters(Moment.BEFORE)
    host = fake({first: {}, Sysctl: 1})
    late = made("late", lambda h: h.ask(first), Phase.AFTER, (first,))
    early = made("early", lambda h: h.ask(Sysctl("x")), Phase.BEFORE)
    examine(host, SCOPE, [early, late])
    assert host.asked == [first, Sysctl("x")]


def test_an_unanswered_first_question_is_met_again_by_its_probe_only(fake: Fake) -> None:
    first = Counters(Moment.BEFORE)
    late = made("late", lambda h: h.ask(first), Phase.AFTER, (first,))
    host = fake({first: Absent("no counters")})
    unseen, seen = examine(host, SCOPE, [late, made("well", lambda _: 1)]).findings.all
    assert isinstance(unseen, Unseen)
    assert "no counters" in unseen.reason
    assert isinstance(seen, Seen)
    assert host.asked == [first]


def test_probes_share_answers_and_the_recording_holds_each_once(fake: Fake) -> None:
    host = fake({Sysctl: 1})
    probes = [made(name, lambda h: h.ask(Sysctl("x"))) for name in "ab"]
    found = examine(host, SCOPE, probes)
    assert host.asked == [Sysctl("x")]
    assert [each.question for each in found.recording.asked] == [Sysctl("x")]


def test_the_vantage_point_is_named_by_the_user_or_by_its_host_name(fake: Fake) -> None:
    host = fake({MachineIdentity(): Identity("n5", "boot", 1, "6.1", True)})
    assert examine(host, SCOPE, [machine]).findings.vantage_point == "n5"
    assert examine(host, SCOPE, [machine], name="n5-2").recording.vantage_point == "n5-2"
    assert (
        examine(fake({MachineIdentity(): Absent("?")}), SCOPE, [machine]).findings.vantage_point
        == "this machine"
    )


def test_a_replay_finds_the_same_without_a_machine(fake: Fake) -> None:
    host = fake({Sysctl("x"): 7, Sysctl("y"): Denied("root", "reading y")})
    probes = [
        made("a", lambda h: h.ask(Sysctl("x"))),
        made("b", lambda h: h.ask(Sysctl("y"))),
        made("c", crash),
    ]
    live = examine(host, Scope((), timeout_ms=5), probes)
    again = replay(live.recording, probes)
    assert again.recording is live.recording
    assert len(host.asked) == 2

    def essence(found: Seen[Any] | Unseen[Any]) -> Any:
        return found.facts if isinstance(found, Seen) else (found.reason, found.right, found.crashed)

    assert [essence(each) for each in again.findings.all] == [essence(each) for each in live.findings.all]


def test_an_interrupted_examination_waits_for_no_answer(fake: Fake) -> None:
    """Ctrl-C while probes wait: the interpreter would hold the user until the slowest of them has its answer."""
    waiting, released, answered = threading.Event(), threading.Event(), threading.Event()

    def slow(_: Host) -> None:
        waiting.set()
        released.wait(10)
        answered.set()

    def interrupted(_: str) -> None:
        waiting.wait(10)
        raise KeyboardInterrupt

    probes = [made("quick", lambda _: 1), made("slow", slow)]
    with pytest.raises(KeyboardInterrupt):
        examine(fake({}), SCOPE, probes, progress=interrupted)
    assert not answered.is_set()
    released.set()
