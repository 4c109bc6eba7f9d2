"""The recorded answers of every lab case, judged again without root: the same verdict from every vantage point."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

import pytest

from hairpin_doctor.cli.main import run
from hairpin_doctor.cli.output import EXIT_CODES
from hairpin_doctor.lab.cases import CATALOGUE, MODULE_CASES, Case
from hairpin_doctor.lab.cases.case import Vantage
from hairpin_doctor.lab.examination import Verdict, sufferers
from hairpin_doctor.lab.names import Names
from hairpin_doctor.recording import Recording
from hairpin_doctor.redacted import redacted
from hairpin_doctor.redaction.addresses import GROUP_BIT, KEPT, KEPT_MAKERS
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.redact import redact
from hairpin_doctor.report.codec import decode_recording, encode_recording
from hairpin_doctor.report.compose import with_recordings
from hairpin_doctor.report.files import parse, to_json
from hairpin_doctor.report.markdown import to_markdown
from hairpin_doctor.report.report import Report
from hairpin_doctor.scan import judge

KEY = Key(b"the same on every machine")
RECORDINGS = Path(__file__).parent / "recordings"

IN_A_GUEST = tuple(
    case for case in MODULE_CASES if case.name in ("port-in-another-vlan", "ipvs-without-strict-arp")
)
"""Recorded by `make lab-vm` on Debian's kernel 6.1, which has IPVS and bridges that filter by VLAN."""
ONE_OF_EACH_CHAPTER = sorted({"".join(case.codes)[:3]: case.name for case in reversed(CATALOGUE)}.values())


def recorded(case: Case) -> dict[Vantage, tuple[Recording, ...]]:
    report = parse(gzip.decompress((RECORDINGS / f"{case.name}.json.gz").read_bytes()))
    found = [decode_recording(each) for each in report["recordings"]]
    host, client = found[0], found[-1]  # one and the same where the node itself is the client
    return {"client": (client,), "host": (host,), "both": (host, client), "all": tuple(found)}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in (*CATALOGUE, *IN_A_GUEST)])
def test_a_recorded_case_is_judged_as_it_was_in_the_lab(case: Case) -> None:
    found = recorded(case)
    for vantage in case.expected:
        report = judge(found[vantage]).report
        verdict = Verdict.of(json.loads(to_json(report, indent=None)))
        assert verdict.wrong(case.expected[vantage]) is None, vantage
        assert lies(report) == [], vantage
        if vantage == "all":
            suffering = {case.build(STORY).machine(role).name for role in case.suffers}
            assert sufferers(verdict.report) == suffering


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CATALOGUE])
def test_redacted_recordings_of_a_case_name_nothing_real_and_are_judged_as_the_case_itself(
    case: Case,
) -> None:
    """Each machine's recording is redacted by itself; one key makes them fit each other."""
    both = machines(case)
    made = [redact(each, KEY) for each in both]
    assert [each.left_out for each in made] == [()] * len(made)
    report = judge(each.recording for each in made).report
    assert Verdict.of(json.loads(to_json(report, indent=None))).wrong(case.expected["both"]) is None
    real = telling(text_of(both))
    assert real & pieces(text_of(each.recording for each in made) + to_markdown(report)) == set()


@pytest.mark.parametrize("name", ONE_OF_EACH_CHAPTER)
def test_redacted_files_of_a_case_are_judged_by_the_command_as_the_case_itself(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = next(each for each in CATALOGUE if each.name == name)
    paths = []
    for number, recording in enumerate(machines(case)):
        scanned = redacted([recording], KEY)
        paths.append(str(tmp_path / f"{number}.json"))
        Path(paths[-1]).write_text(to_json(with_recordings(scanned.report, scanned.recordings)))
    code = run(["judge", *paths, "-o", "json"])
    verdict = Verdict.of(json.loads(capsys.readouterr().out))
    assert verdict.wrong(case.expected["both"]) is None
    assert code == EXIT_CODES[verdict.outcome]


def machines(case: Case) -> tuple[Recording, ...]:
    """The host's recording and the client's; one where the node itself is the client."""
    both = recorded(case)["both"]
    return both if both[0] is not both[-1] else both[:1]


def text_of(recordings: Iterable[Recording]) -> str:
    return json.dumps([encode_recording(each) for each in recordings])


ONE_FLOW = "HD506"
"""It stops a program's own flow, beside which all that a scan tries works."""
STORY = Names.story()
NAMES = {STORY.host, STORY.vm, STORY.laptop, STORY.other_node, "home"}
"""Names of machines, and of the Services' namespace."""
MAC = re.compile("[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
ADDRESS_OR_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*")


def pieces(text: str) -> set[str]:
    """Whatever in a text can be an address, a MAC or a name."""
    return {each.rstrip(".:") for each in ADDRESS_OR_NAME.findall(text)}


def telling(text: str) -> set[str]:
    """Those of a recording that would tell whose it is: addresses, MACs, and names that no program gives."""
    return {each for each in pieces(text) if is_somebodys(each)}


def is_somebodys(piece: str) -> bool:
    try:
        return not any(ip_address(piece) in block for block in KEPT)
    except ValueError:
        pass
    if MAC.fullmatch(piece):
        return not piece.startswith(KEPT_MAKERS) and not int(piece[:2], 16) & GROUP_BIT
    return piece in NAMES


def lies(report: Report) -> list[str]:
    """What a picture of the path would say against the verdict or the states of the targets."""
    known = {each.code for each in report.diagnoses}
    found = []
    for path in report.paths:
        states = [hop.state for hop in path.hops if not hop.beside]
        name = f"{path.client} to {path.vip}"
        stopped = [hop for hop in path.hops if not hop.beside and hop.state in ("broken", "not reached")]
        if path.works and not all(set(hop.codes) == {ONE_FLOW} for hop in stopped):
            found.append(f"{name} works, and a hop is broken")
        if path.works is False and set(states) == {"fine"}:
            found.append(f"{name} fails, and every hop is fine")
        if {code for hop in path.hops for code in hop.codes} - known and len(report.vantage_points) < 3:
            found.append(f"{name} is broken by a cause that was not diagnosed")
    return found
