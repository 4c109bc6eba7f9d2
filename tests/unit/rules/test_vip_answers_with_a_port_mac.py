"""HD301: the live answer is the MAC of a bridge port that the client is not behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.vip_answers_with_a_port_mac import vip_answers_with_a_port_mac
from probes.host import Absent
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.machine import Sysctl
from probes.questions.neighbours import ArpSweep

Recorded = Callable[[str], Any]
CALL_IPTABLES = "net/bridge/bridge-nf-call-iptables"


def client_mac(case: Any) -> str:
    links = next(each.answer for each in case.client.asked if isinstance(each.question, Links))
    return next(link.mac for link in links if link.name != "lo")


def test_frames_from_another_port_to_a_ports_mac_are_dropped(recorded: Recorded) -> None:
    verdict = recorded("vip-on-port-mac").verdict(vip_answers_with_a_port_mac)
    assert isinstance(verdict, Diagnosis)
    assert "eno1" in verdict.summary


def test_a_client_behind_that_very_port_is_served(recorded: Recorded) -> None:
    case = recorded("vip-on-port-mac")
    mac, port = client_mac(case), case.link("eno1").index
    same = case.host_lists(ForwardingDatabase, lambda e: replace(e, port=port) if e.mac == mac else e)
    verdict = same.verdict(vip_answers_with_a_port_mac)
    assert isinstance(verdict, Cleared)
    assert "is behind eno1 itself" in verdict.reason


def test_the_bridges_own_mac_is_taken_whatever_the_port(recorded: Recorded) -> None:
    case = recorded("vip-on-port-mac")
    mac = case.link("bridge0").mac
    own = case.client_lists(ArpSweep, lambda r: replace(r, mac=mac) if r.address == case.vip else r)
    verdict = own.verdict(vip_answers_with_a_port_mac)
    assert isinstance(verdict, Cleared)
    assert "no port of the client's bridge" in verdict.reason


def test_a_bridge_that_took_over_its_ports_mac_takes_such_frames(recorded: Recorded) -> None:
    case = recorded("vip-on-port-mac")
    port = case.link("eno1").mac
    shared = case.host_lists(Links, lambda link: replace(link, mac=port) if link.name == "bridge0" else link)
    port_first = shared.host_says(Links, lambda _, links: tuple(reversed(links)))
    for each in (shared, port_first):
        assert isinstance(each.verdict(vip_answers_with_a_port_mac), Cleared)


def test_with_br_netfilter_and_dnat_the_frame_is_readdressed_by_sysctl_or_by_the_bridges_own_switch(
    recorded: Recorded,
) -> None:
    case = recorded("vip-on-port-mac")

    def switched(link: Any) -> Any:
        on = replace(link.bridge, nf_call_iptables=True) if link.bridge else None
        return replace(link, bridge=on) if link.name == "bridge0" else link

    for on in (case.host_sets({CALL_IPTABLES: 1}), case.host_lists(Links, switched)):
        verdict = on.verdict(vip_answers_with_a_port_mac)
        assert isinstance(verdict, Cleared)
        assert "br_netfilter readdresses" in verdict.reason


def test_the_switch_of_another_bridge_does_not_help(recorded: Recorded) -> None:
    def switched(link: Any) -> Any:
        on = replace(link.bridge, nf_call_iptables=True) if link.bridge else None
        return replace(link, bridge=on) if link.name == "cni0" else link

    case = recorded("vip-on-port-mac").host_lists(Links, switched)
    assert isinstance(case.verdict(vip_answers_with_a_port_mac), Diagnosis)


def test_without_the_module_nothing_readdresses(recorded: Recorded) -> None:
    case = recorded("vip-on-port-mac").host_says(
        Sysctl, lambda q, answer: Absent("not loaded") if q.name == CALL_IPTABLES else answer
    )
    assert isinstance(case.verdict(vip_answers_with_a_port_mac), Diagnosis)


def test_a_client_in_no_forwarding_database_leaves_it_open(recorded: Recorded) -> None:
    case = (
        recorded("vip-on-port-mac")
        .host_says(ForwardingDatabase, lambda *_: ())
        .host_says(ArpSweep, lambda *_: ())
    )
    assert isinstance(case.verdict(vip_answers_with_a_port_mac), Undetermined)
