"""What is said of a stand-in client."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

from hairpin_doctor.report.answer import answer
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.scan import judge
from hairpin_doctor.vantage_point import STAND_IN
from hairpin_doctor.vantage_points import not_shown_by

HEALTHY = Path(__file__).parents[1] / "golden" / "recordings" / "healthy.json.gz"


def test_only_a_stand_in_cannot_show_a_fault_of_a_vm() -> None:
    (said,) = not_shown_by(("n5", f"{STAND_IN}bridge0"), ("192.0.2.53",))
    assert said.startswith("stand-in@bridge0 is no VM")
    assert "hairpin-doctor scan 192.0.2.53 --save vm.json" in said


def test_a_report_with_a_stand_in_alone_says_so_and_one_with_a_vm_beside_it_only_once() -> None:
    host, client = (
        decode_recording(each) for each in parse(gzip.decompress(HEALTHY.read_bytes()))["recordings"]
    )
    stand_in = replace(client, vantage_point=f"{STAND_IN}bridge0")
    alone = judge((host, stand_in)).report
    assert answer(alone).count("a fault of one VM itself would not show") == 1
    assert any("is no VM" in each for each in alone.notices)
    scanned = judge((host, client)).report
    assert "would not show" not in answer(scanned)
    assert not any("is no VM" in each for each in scanned.notices)
