"""A scan without a terminal: targets found, views joined, verdicts and sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.examine import of_the_machine
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.next_steps import next_steps
from hairpin_doctor.scan import NoTarget, Request, judge, scan
from hairpin_doctor.targets import choose_targets
from hairpin_doctor.vantage_points import newest_of_each
from probes import questions as q
from probes.catalogue import CATALOGUE
from probes.host import Absent, Denied
from probes.questions.traffic import Handshake
from probes.target import parse_target

DNS = parse_target("192.0.2.53:53")
LEFT_OUT = "left out by --only or --skip"
KUBE_PROXY = """*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXT-ABC - [0:0]
:KUBE-SVC-ABC - [0:0]
:KUBE-SEP-ABC - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A KUBE-SERVICES -d 192.0.2.53/32 -p udp -m comment --comment "default/dns:dns loadbalancer IP" -m udp --dport 53 -j KUBE-EXT-ABC
-A KUBE-EXT-ABC -j KUBE-SVC-ABC
-A KUBE-SVC-ABC -j KUBE-SEP-ABC
-A KUBE-SEP-ABC -p udp -m udp -j DNAT --to-destination 10.244.0.5:53
COMMIT
"""  # noqa: E501 - as iptables-save prints it


def answering(host: Any, kind: type, answer: Any) -> Any:
    host.answers = {**host.answers, kind: answer}
    return host


def rules(host: Any, text: str) -> Any:
    def answer(question: q.IptablesRules) -> str:
        return text if (question.variant, question.family) == ("nft", 4) else ""

    return answering(host, q.IptablesRules, answer)


def commands(report: Any) -> str:
    return "\n".join(command for step in report.next_steps for command in step.commands)


def test_all_well_from_a_client_is_said_with_its_round_trips(fake_client: Callable[..., Any]) -> None:
    report = scan(fake_client(), Request((DNS,))).report
    assert report.verdict == "healthy"
    assert report.answer == "192.0.2.53 works from vm (53/tcp 1.2 ms, 53/udp 0.9 ms)"


def test_a_symptom_seen_from_a_client_alone_leads_to_the_host(fake_client: Callable[..., Any]) -> None:
    report = scan(fake_client(Handshake.SILENT), Request((DNS,))).report
    assert report.verdict == "undetermined"
    assert report.answer.startswith("192.0.2.53 fails from vm (53/tcp no answer; 53/udp DNS: no answer)")
    assert [state.works for _, state in report.states()] == [False, False]
    assert "scan --with vm.json" in commands(report)


def test_two_reports_of_one_machine_count_once_and_the_newer_wins(recorded: Callable[..., Recording]) -> None:
    old = replace(recorded(Handshake.SILENT), taken_at="2020-01-01T00:00:00+00:00")
    kept, said = newest_of_each([old, recorded(Handshake.OPEN)])
    assert len(kept) == 1
    assert said == ("vm was scanned more than once: the older scan of 2020-01-01T00:00:00+00:00 is left out",)
    assert judge([old, recorded(Handshake.OPEN)]).report.verdict == "healthy"


def test_two_machines_of_one_name_stay_two(recorded: Callable[..., Recording]) -> None:
    kept, said = newest_of_each([recorded(boot="a"), recorded(boot="b")])
    assert sorted(each.vantage_point for each in kept) == ["vm", "vm-2"]
    assert said == ()


def test_a_report_made_on_this_very_machine_is_replaced_by_what_is_seen_now(
    fake_client: Callable[..., Any], recorded: Callable[..., Recording]
) -> None:
    scanned = scan(fake_client(), Request((DNS,), others=(recorded(Handshake.SILENT),)))
    assert len(scanned.recordings) == 1
    assert scanned.report.verdict == "healthy"
    assert scanned.report.vantage_points[0].name == "vm"
    assert "was made on this very machine" in scanned.report.notices[0]


def test_the_targets_and_addresses_of_other_reports_are_taken_over(
    fake_client: Callable[..., Any], recorded: Callable[..., Recording]
) -> None:
    other = recorded(Handshake.SILENT, "192.0.2.99:80/tcp", name="laptop", boot="b")
    scanned = scan(fake_client(), Request((DNS,), others=(other,)))
    scope = scanned.recordings[0].scope
    assert scope.targets == (DNS, parse_target("192.0.2.99:80/tcp"))
    assert [str(each) for each in scope.clients] == ["192.0.2.10"]
    assert {point.name: point.live for point in scanned.report.vantage_points} == {
        "vm": True,
        "laptop": False,
    }


def test_where_an_older_report_is_left_unexplained_that_client_is_to_be_scanned_again(
    fake_client: Callable[..., Any], recorded: Callable[..., Recording]
) -> None:
    old = recorded(Handshake.SILENT, name="laptop", boot="b")
    report = replace(scan(fake_client(), Request((DNS,), others=(old,))).report, verdict="unexplained")
    steps = next_steps(report, None)
    assert steps[0].where == "on laptop, again"
    assert "what was changed since then is not in it" in steps[0].why
    assert "--save laptop.json" in steps[0].commands[0]
    judged = replace(judge([old]).report, verdict="unexplained")
    assert not any("again" in each.where for each in next_steps(judged, None))


def test_without_a_target_a_host_looks_at_what_it_serves(fake_client: Callable[..., Any]) -> None:
    host = rules(fake_client(), KUBE_PROXY)
    assert choose_targets(host, (), ()) == (parse_target("192.0.2.53:53/udp"),)


def test_a_bare_address_becomes_the_ports_programmed_for_it(fake_client: Callable[..., Any]) -> None:
    host = rules(fake_client(), KUBE_PROXY)
    assert choose_targets(host, [parse_target("192.0.2.53")], ()) == (parse_target("192.0.2.53:53/udp"),)
    assert choose_targets(host, [parse_target("192.0.2.1")], ()) == (parse_target("192.0.2.1"),)


def test_no_target_and_none_found_is_said(fake_client: Callable[..., Any]) -> None:
    host = answering(rules(fake_client(), ""), q.NftRuleset, '{"nftables": []}')
    with pytest.raises(NoTarget, match="serves no LoadBalancer address; name one"):
        scan(host, Request())


def test_no_target_and_no_right_to_read_the_rules_is_said(fake_client: Callable[..., Any]) -> None:
    refused = Denied("CAP_NET_ADMIN", "rules")
    host = answering(answering(fake_client(root=False), q.IptablesRules, refused), q.NftRuleset, refused)
    with pytest.raises(NoTarget, match="run it as root, or name one"):
        scan(host, Request())


def test_what_a_missing_right_hid_is_said_with_how_to_see_it(fake_client: Callable[..., Any]) -> None:
    host = answering(fake_client(root=False), q.ArpSweep, Denied("CAP_NET_RAW", "ARP"))
    report = scan(host, Request((DNS,))).report
    hidden = "Not seen on vm without CAP_NET_RAW: a second machine that answers ARP."
    assert report.not_seen[0] == f"{hidden} Run it as root (sudo) to see them."
    assert report.vantage_points[0].missing_rights == ("CAP_NET_RAW",)


def test_a_probe_that_cannot_run_is_named_with_its_reason(fake_client: Callable[..., Any]) -> None:
    host = answering(fake_client(), q.PacketSockets, Absent("/proc/net/packet does not exist here"))
    report = scan(host, Request((DNS,))).report
    assert "Probe announcers on vm was skipped: /proc/net/packet does not exist here" in report.not_seen


def test_every_probe_is_listed_and_those_left_out_say_why(fake_client: Callable[..., Any]) -> None:
    chosen = tuple(each for each in CATALOGUE if each.id in ("machine", "routes"))
    report = scan(fake_client(), Request((DNS,), probes=chosen)).report
    assert [run.id for run in report.probes] == [each.id for each in of_the_machine(CATALOGUE)]
    others = {run.reason for run in report.probes if run.id not in ("machine", "routes")}
    assert others == {LEFT_OUT}


def test_a_bare_address_that_is_silent_asks_for_a_port(fake_client: Callable[..., Any]) -> None:
    report = scan(fake_client(Handshake.SILENT), Request((parse_target("192.0.2.53"),))).report
    assert "192.0.2.53:80/tcp" in commands(report)
    assert report.answer.endswith("name a port that fails: only that is a symptom")


def test_a_client_that_tried_a_bare_address_is_told_the_ports_that_the_host_knows(
    fake_client: Callable[..., Any], recorded: Callable[..., Recording]
) -> None:
    client = recorded(Handshake.SILENT, "192.0.2.53")
    host = rules(fake_client(name="n5", boot="n5"), KUBE_PROXY)
    first, second = scan(host, Request((), (client,))).report.next_steps[:2]
    assert first.where == "on vm"
    assert first.commands == ("sudo hairpin-doctor scan 192.0.2.53:53/udp --save vm.json",)
    assert second.commands == ("sudo hairpin-doctor scan --with vm.json",)


def test_a_host_scanned_without_knowing_of_the_client_is_told_of_it(
    fake_client: Callable[..., Any], recorded: Callable[..., Recording]
) -> None:
    client = recorded(Handshake.SILENT)
    host = rules(fake_client(name="n5", boot="n5"), KUBE_PROXY)
    alone = scan(host, Request((DNS,))).recordings
    assert any("scanned without the report of vm" in each for each in judge([*alone, client]).report.notices)
    together = scan(host, Request((DNS,), others=(client,))).report
    assert not any("scanned without the report" in each for each in together.notices)
