"""A program that is fed and read within bounds: real processes, none of which can hold us up or fill our memory."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hairpin_doctor.machine import bounded_process
from hairpin_doctor.machine.bounded_process import CannotRun, Conversation, Ended

MARK = b"begins\n"


def hold(script: str, content: bytes = b"", stall_s: float = 20, answer_s: float = 20) -> Ended:
    return Conversation(content, MARK, stall_s, answer_s).hold(["/bin/sh", "-c", script])


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_what_is_written_before_the_mark_is_noise_and_what_comes_after_is_the_output() -> None:
    ended = hold("echo welcome; printf 'beg'; sleep 0.1; printf 'ins\\nthe report'; echo words >&2; exit 3")
    assert ended == Ended(3, True, "welcome\n", b"the report", "words\n")


def test_it_is_fed_and_its_input_stays_open_until_it_ends() -> None:
    ended = hold("head -c 300000 | wc -c; echo begins; timeout 0.2 cat; echo $?", b"x" * 300_000)
    assert ended == Ended(
        0, True, "300000\n", b"124\n", ""
    )  # timeout(1): what read to the end of input was still reading


def test_a_program_that_takes_nothing_and_ends_is_told_by_its_code_and_words() -> None:
    ended = hold("exec <&-; echo no >&2; exit 127", b"x" * 1_000_000)
    assert ended == Ended(127, False, "", b"", "no\n")


def test_a_flood_of_words_neither_blocks_nor_is_kept() -> None:
    ended = hold("head -c 3000000 /dev/zero >&2; echo last >&2; echo begins; echo done")
    assert ended.output == b"done\n"
    assert len(ended.words) == bounded_process.KEPT_WORDS
    assert ended.words.endswith("last\n")


def test_a_flood_of_noise_hides_no_mark_and_is_not_kept() -> None:
    ended = hold("head -c 3000000 /dev/zero; echo begins; echo done")
    assert ended.output == b"done\n"
    assert len(ended.noise) == bounded_process.KEPT_NOISE


def test_endless_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_process, "LARGEST_OUTPUT", 2 * 1024 * 1024)
    with within(10), pytest.raises(CannotRun, match="it sent more than 2 MiB, which no report is"):
        hold("echo begins; cat /dev/zero")


def test_one_that_neither_takes_the_program_nor_begins_is_given_up() -> None:
    with within(5), pytest.raises(CannotRun, match=r"nothing moved for 0\.3 s"):
        hold("while :; do echo still here >&2; sleep 0.05; done", b"x" * 1_000_000, stall_s=0.3)


def test_one_that_began_and_does_not_end_is_given_up_though_it_goes_on_talking() -> None:
    with within(5), pytest.raises(CannotRun, match=r"it took longer than 0\.3 s"):
        hold("echo begins; while :; do echo still here >&2; sleep 0.05; done", answer_s=0.3)


def test_one_that_closes_its_output_and_lives_on_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_process, "LAST_WORDS_S", 0.2)
    with within(5):
        ended = hold("echo begins; echo done; exec >&-; sleep 30")
    assert ended.output == b"done\n"


def test_what_is_not_there_is_said_in_one_sentence() -> None:
    with pytest.raises(CannotRun, match="there is no no-such-program on this machine"):
        Conversation(b"", MARK, 1, 1).hold(["no-such-program"])


def test_an_interruption_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: object, **how: object) -> None:
            super().__init__(*arguments, **how)  # type: ignore[call-overload]
            started.append(self)

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(bounded_process.subprocess, "Popen", Noted)
    monkeypatch.setattr(Conversation, "_take", interrupt)
    with pytest.raises(KeyboardInterrupt):
        hold("echo begins; sleep 30")
    assert [each.returncode for each in started] == [-9]
