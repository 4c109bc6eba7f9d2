"""What is said of a stand-in client."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.answer import answer
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.scan import judge
from hairpin_doctor.vantage_point import STAND_IN
from hairpin_doctor.vantage_points import newest_of_each, not_shown_by
from probes.questions.links import Links
from probes.questions.machine import Identity, KernelLog

HEALTHY = Path(__file__).parents[1] / "golden" / "recordings" / "healthy.json.gz"


def recorded_of_healthy() -> list[Recording]:
    return [decode_recording(each) for each in parse(gzip.decompress(HEALTHY.read_bytes()))["recordings"]]


def test_what_a_stand_in_is_never_asked_is_not_said_to_be_missing() -> None:
    host, client = recorded_of_healthy()
    unasked = tuple(each for each in client.asked if not isinstance(each.question, KernelLog))
    client = replace(client, asked=unasked)
    stand_in = replace(client, vantage_point=f"{STAND_IN}bridge0")
    assert any("own_address_warnings" in each for each in judge((host, client)).report.not_seen)
    assert not any("own_address_warnings" in each for each in judge((host, stand_in)).report.not_seen)


def test_only_a_stand_in_cannot_show_a_fault_of_a_vm() -> None:
    (said,) = not_shown_by(("n5", f"{STAND_IN}bridge0"), ("192.0.2.53",))
    assert said.startswith("stand-in@bridge0 is no VM")
    assert "hairpin-doctor scan 192.0.2.53 --save vm.json" in said


def test_a_report_with_a_stand_in_alone_says_so_and_one_with_a_vm_beside_it_only_once() -> None:
    host, client = recorded_of_healthy()
    stand_in = replace(client, vantage_point=f"{STAND_IN}bridge0")
    alone = judge((host, stand_in)).report
    assert answer(alone).count("a fault of one VM itself would not show") == 1
    assert any("is no VM" in each for each in alone.notices)
    scanned = judge((host, client)).report
    assert "would not show" not in answer(scanned)
    assert not any("is no VM" in each for each in scanned.notices)


def in_another_boot(recording: Recording, permanent_mac: str, boot: str) -> Recording:
    """The same machine-id in another boot, with a network card of that MAC."""

    def changed(asked: Asked) -> Asked:
        if isinstance(asked.answer, Identity):
            return replace(asked, answer=replace(asked.answer, boot_id=boot, machine="m"))
        if isinstance(asked.question, Links):
            links = tuple(replace(each, permanent_mac=permanent_mac) for each in asked.answer)
            return replace(asked, answer=links)
        return asked

    return replace(recording, asked=tuple(map(changed, recording.asked)))


@pytest.mark.parametrize(("mac", "count"), [("52:54:00:00:00:01", 1), ("52:54:00:00:00:02", 2)])
def test_a_machine_that_was_rebooted_is_one_and_its_clone_is_another(mac: str, count: int) -> None:
    host, _ = recorded_of_healthy()
    before = in_another_boot(host, "52:54:00:00:00:01", "a")
    after = replace(in_another_boot(host, mac, "b"), taken_at="2030-01-01T00:00:00+00:00")
    kept, said = newest_of_each([before, after])
    assert len(kept) == count
    assert kept[0].taken_at == after.taken_at
    assert len(said) == 2 - count


def test_the_same_file_given_twice_needs_no_word() -> None:
    host, client = recorded_of_healthy()
    kept, said = newest_of_each([host, client, host])
    assert len(kept) == 2
    assert said == ()
