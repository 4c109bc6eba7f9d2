"""Every answer is remembered, and a recording answers as the machine did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hairpin_doctor.recording import Asked, Recording, RememberingHost, ReplayingHost
from probes.host import Absent, Denied, Host, Question, Silent, Unanswered
from probes.probe import Layer, Scope, probe
from probes.questions.links import Links
from probes.questions.machine import Counters, Moment, Sysctl

FORWARD = Sysctl("net/ipv4/ip_forward")
Fake = Callable[[Any], Any]


def recording(*asked: Asked) -> Recording:
    return Recording("n5", "2026-01-02T03:04:05+00:00", Scope(()), asked)


def test_equal_questions_are_asked_once_and_others_are_not_mixed_up(fake: Fake) -> None:
    machine = fake({Sysctl: lambda question: len(question.name)})
    host = RememberingHost(machine)
    assert [host.ask(Sysctl("a")), host.ask(Sysctl("a")), host.ask(Sysctl("bb"))] == [1, 1, 2]
    assert machine.asked == [Sysctl("a"), Sysctl("bb")]


def test_a_question_with_another_moment_is_another_question(fake: Fake) -> None:
    machine = fake({Counters: lambda question: {question.moment: 1}})
    host = RememberingHost(machine)
    assert host.ask(Counters(Moment.BEFORE)) != host.ask(Counters(Moment.AFTER))


class Slow:
    """Answers only after somebody else has come to ask, too."""

    def __init__(self) -> None:
        self.times, self.asked_twice = 0, threading.Event()

    def ask(self, question: Question[Any]) -> Any:
        self.times += 1
        self.asked_twice.wait(timeout=5)
        return self.times


def test_two_threads_that_ask_at_once_share_one_answer() -> None:
    slow = Slow()
    host = RememberingHost(slow)

    def ask_second() -> Any:
        threading.Timer(0.02, slow.asked_twice.set).start()
        return host.ask(FORWARD)

    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(host.ask, FORWARD)
        second = pool.submit(ask_second)
        assert (first.result(timeout=5), second.result(timeout=5)) == (1, 1)
    assert slow.times == 1


@pytest.mark.parametrize(
    "error", [Denied("CAP_NET_RAW", "ARP"), Absent("no such file"), Silent("nobody"), Unanswered("why not")]
)
def test_an_unanswered_question_is_asked_once_and_replayed_with_its_type(
    fake: Fake, error: Unanswered
) -> None:
    machine = fake({FORWARD: error})
    host = RememberingHost(machine)
    for _ in range(2):
        with pytest.raises(type(error)):
            host.ask(FORWARD)
    assert machine.asked == [FORWARD]
    assert host.asked() == (Asked(FORWARD, unanswered=error),)
    with pytest.raises(type(error)) as replayed:
        ReplayingHost(recording(*host.asked())).ask(FORWARD)
    assert str(replayed.value) == str(error)


def test_a_defect_is_no_answer_and_is_not_recorded(fake: Fake) -> None:
    host = RememberingHost(fake({FORWARD: ZeroDivisionError("defect"), Links(): ()}))
    with pytest.raises(ZeroDivisionError):
        host.ask(FORWARD)
    host.ask(Links())
    assert host.asked() == (Asked(Links(), ()),)


def test_answers_are_kept_in_the_order_of_asking_also_empty_ones(fake: Fake) -> None:
    host = RememberingHost(fake({FORWARD: 0, Links(): ()}))
    host.ask(FORWARD)
    host.ask(Links())
    assert host.asked() == (Asked(FORWARD, 0), Asked(Links(), ()))


def test_a_replay_gives_the_recorded_answer_and_nothing_for_what_was_not_asked() -> None:
    host = ReplayingHost(recording(Asked(FORWARD, 0)))
    assert host.ask(FORWARD) == 0
    with pytest.raises(Absent, match="Links was not asked"):
        host.ask(Links())


def test_others_that_rest_on_a_probe_do_not_make_it_work_again(fake: Fake) -> None:
    @probe(Layer.MACHINE)
    def seen(host: Host, scope: Scope) -> list[int]:
        return [host.ask(FORWARD)]

    remembering = RememberingHost(fake({FORWARD: 1}))
    replaying = ReplayingHost(recording(Asked(FORWARD, 1)))
    for host in (remembering, replaying):
        first = seen.look(host, Scope(()))
        assert seen.look(host, Scope(())) is first
        assert seen.look(host, Scope((), timeout_ms=1)) is not first
    unchanging = fake({FORWARD: 1})
    assert seen.look(unchanging, Scope(())) is not seen.look(unchanging, Scope(()))
