"""A scan over ssh, with ssh played: every way to fail has its sentence, and what comes back is a stranger's."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hairpin_doctor.machine.bounded_process import CannotRun, Ended
from hairpin_doctor.machine.ssh import Destination
from hairpin_doctor.remote_scan import Errand, Remote, RemoteFailed, scan_there
from hairpin_doctor.report.files import recordings_in
from probes.target import parse_target

RECORDING = Path(__file__).parents[1] / "golden/recordings/healthy.json.gz"
VM = Destination("vm", "me")


def report() -> bytes:
    return gzip.decompress(RECORDING.read_bytes())


def vips() -> list[str]:
    found = recordings_in(report())
    return sorted({str(target.vip) for each in found for target in each.scope.targets})


def coming_back(ended: Ended | Exception, *targets: str) -> Remote:
    def hold(where: Destination, errand: Errand) -> Ended:
        assert where == VM
        if isinstance(ended, Exception):
            raise ended
        return ended

    return scan_there(VM, Errand(tuple(map(parse_target, targets)), 2.0), hold)


def failing(ended: Ended | Exception, *targets: str) -> str:
    with pytest.raises(RemoteFailed) as error:
        coming_back(ended, *targets)
    said = str(error.value)
    assert said.startswith("ssh://me@vm: ")
    return said.removeprefix("ssh://me@vm: ")


def test_a_report_is_read_with_its_recordings_whatever_the_verdict() -> None:
    for code in (0, 1, 3, 4):
        found = coming_back(Ended(code, True, "welcome to vm\n", report(), "some words\n"), *vips())
        assert found.recordings
        assert found.root is True


@pytest.mark.parametrize(
    ("code", "noise", "words", "said"),
    [
        (2, "hairpin-doctor: too old 3.9.2\n", "", "Python there is 3.9.2, and the scan needs 3.11 or newer"),
        (2, "motd\nhairpin-doctor: no sudo No such file or directory\n", "", "there is no sudo there"),
        (2, "hairpin-doctor: no room Cannot allocate memory\n", "", "cannot be kept in memory there"),
        (1, "", "sudo: a password is required\n", "sudo there refuses without a password"),
        (127, "", "bash: line 1: python3: command not found\n", "there is no python3 there; the scan needs Python 3.11"),
        (255, "", "me@vm: Permission denied (publickey).\n", "it takes none of the keys that are here"),
        (1, "This account is currently not available.\n", "", "(exit code 1): This account is currently not available."),
        (142, 'Please login as the user "debian"\n', "", '(exit code 142): Please login as the user "debian"'),
        (0, "", "", "(exit code 0): without a word"),
    ],
)  # fmt: skip
def test_what_does_not_begin_says_why(code: int, noise: str, words: str, said: str) -> None:
    assert said in failing(Ended(code, False, noise, b"", words))


@pytest.mark.parametrize(
    ("code", "output", "words", "said"),
    [
        (255, report()[:65526], "", "the connection was lost"),
        (247, report()[:65526], "", "ended (exit code 247): without a word"),
        (255, b"\n", "Timeout, server vm not responding.\n", "the connection was lost"),
        (255, b"\n", "", "the connection was lost"),
        (1, b"\n", "Error: it took longer than 210 s\n", "ended (exit code 1): it took longer than 210 s"),
        (4, b"\n", "Error: no target was given\n", "ended (exit code 4): no target was given"),
        (-9, b"\n", "", "ended (exit code -9): without a word"),
    ],
)
def test_what_begins_and_brings_no_whole_report_says_why(
    code: int, output: bytes, words: str, said: str
) -> None:
    assert said in failing(Ended(code, True, "", output, words))


def test_what_cannot_be_run_or_takes_too_long_is_told_with_the_machine_that_it_was_for() -> None:
    assert failing(CannotRun("there is no ssh on this machine")) == "there is no ssh on this machine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (report()[:5000], "it is not valid JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
        (
            b'{"schema": "hairpin-doctor/report/1", "recordings": [7]}',
            "it is damaged or was made by something else",
        ),
        (b'{"schema": "hairpin-doctor/report/9"}', "it is a report of version 9"),
        (b'{"a": "\x1b]0;owned\x07"}', "it is not valid JSON (Invalid control character"),
        (b'{"schema": "another/1"}', "no report of hairpin-doctor"),
        (gzip.compress(b" " * 70_000_000), "it is larger than 64 MiB"),
        (b"\x1f\x8bnot gzip", "it is damaged"),
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(content: bytes, said: str) -> None:
    assert said in failing(Ended(0, True, "", content, ""))


def test_a_report_may_not_name_addresses_that_nobody_asked_for() -> None:
    said = failing(Ended(0, True, "", report(), ""), "192.0.2.99:53")
    assert said.endswith("which nobody asked it for")
    assert coming_back(
        Ended(0, True, "", report(), "")
    ).recordings  # with no target the other side looks for its own
