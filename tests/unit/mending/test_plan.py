"""Plans: stages in order, options with their reason, and whether a change may stay."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import Deletion, LinkMac, Look, MacvlanLink, ResourceRef, Sysctl
from hairpin_doctor.fixes.fix import Step
from hairpin_doctor.mending.plan import Plan, Stage, plans
from hairpin_doctor.mending.reprobe import compare, must_work_from_here, probe_until_good
from hairpin_doctor.mending.risks import risk_of
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import load, parse
from hairpin_doctor.scan import judge

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"


def planned(case: str, here: str | None = None, context: str | None = None) -> tuple[Plan, ...]:
    report = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
    judged = judge(decode_recording(each) for each in report["recordings"])
    return plans(judged.judgement, here, context=context)


def test_the_host_comes_before_the_cluster_and_each_option_says_why_it_has_its_place() -> None:
    (plan,) = planned("l2-on-eno1")
    assert plan.code == "HD104"
    assert [[stage.place for stage in option.stages] for option in plan.options] == [
        ["cluster"],
        ["host", "cluster"],
        ["host", "cluster"],
    ]
    assert all(option.fix.reason for option in plan.options)


def test_vips_that_the_same_changes_mend_share_a_plan() -> None:
    (plan,) = planned("l2-on-eno1")
    assert len(plan.vips) == 2


def test_translation_at_the_router_is_explained_and_comes_last() -> None:
    plan = planned("bgp-same-subnet")[0]
    last = plan.options[-1]
    assert last.fix.title.startswith("Translate")
    assert [each.fix.title.split()[0] for each in plan.options] == [
        "Announce",
        "Announce",
        "Move",
        "Translate",
    ]
    assert all(each.fix.reason for each in plan.options)
    assert last.stages[0].place == "router"
    assert not last.stages[0].changes
    assert len(last.fix.cautions) == 3


def test_only_this_machine_is_changed_and_the_cluster_only_by_a_context() -> None:
    (plan,) = planned("l2-on-eno1", here="n5")
    assert [[stage.place for stage in option.here] for option in plan.options] == [[], ["host"], ["host"]]
    (plan,) = planned("l2-on-eno1", here="n5", context="home")
    assert [stage.place for stage in plan.options[1].here] == ["host", "cluster"]
    assert not plan.options[1].elsewhere


def test_commands_that_only_look_are_shown_and_not_carried_out() -> None:
    stage = Stage("cluster", "x", (Step("cluster", "x", "why", (Look("kubectl get pods"),)),), here=True)
    assert stage.commands == ("kubectl get pods",)
    assert stage.changes == ()


def test_the_risk_is_that_of_the_worst_change_and_what_is_new_hits_nobody() -> None:
    made = (
        MacvlanLink("metallb0", "br0", "02:00:00:00:00:07", 1500),
        Sysctl("net/ipv4/conf/metallb0/rp_filter", 2),
    )
    assert risk_of(made).level == "low"
    assert risk_of((*made, Deletion(ResourceRef("bgpadvertisements", "m")))).level == "high"
    assert "keeps its MAC" in risk_of((LinkMac("br0", "a", "a"),)).could_break[0]


@pytest.mark.parametrize(
    ("before", "after", "must_mend", "good"),
    [
        ({"v 1/tcp": True}, {"v 1/tcp": True}, False, True),
        ({"v 1/tcp": True}, {"v 1/tcp": False}, False, False),
        ({"v 1/tcp": True}, {"v 1/tcp": None}, False, False),
        ({"v 1/tcp": True}, {}, False, False),
        ({"v 1/tcp": False}, {"v 1/tcp": False}, False, True),
        ({"v 1/tcp": False}, {"v 1/tcp": False}, True, False),
        ({"v 1/tcp": False}, {"v 1/tcp": True}, True, True),
        ({"other 1/tcp": False}, {"other 1/tcp": False}, True, True),
    ],
)
def test_a_change_stays_only_if_nothing_that_worked_fails(
    before: dict[str, bool | None], after: dict[str, bool | None], must_mend: bool, good: bool
) -> None:
    assert compare(before, after, ("v",)).good(must_mend=must_mend) is good


def test_probing_goes_on_for_a_while_until_it_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hairpin_doctor.mending.reprobe.time.sleep", lambda _: None)
    answers = iter([{"v 1/tcp": False}, {"v 1/tcp": True}])
    assert probe_until_good(lambda: next(answers), {"v 1/tcp": False}, ("v",), must_mend=True).mended


@pytest.mark.parametrize(
    ("case", "live", "wanted"),
    [
        ("l2-on-eno1", "homeassistant", True),
        ("l2-on-eno1", "n5", False),
        ("bridged-frames-hit-host-nat", "n5", False),  # it fails from there too, by n5's own rules
    ],
)
def test_a_fix_has_to_mend_what_fails_from_here_alone(case: str, live: str, wanted: bool) -> None:
    report = judge(load(RECORDINGS / f"{case}.json.gz").recordings).report
    points = tuple(replace(each, live=each.name == live) for each in report.vantage_points)
    assert must_work_from_here(replace(report, vantage_points=points), ("192.168.8.53",)) is wanted
