"""HD103, HD306, HD307, HD404, HD501 to HD507: what the node does with packets that it takes for the VIP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Rule, Undetermined
from hairpin_doctor.rules.backend_refuses import backend_refuses
from hairpin_doctor.rules.firewall_drops import firewall_drops
from hairpin_doctor.rules.forwarding_off import forwarding_off
from hairpin_doctor.rules.local_policy_no_local_endpoint import local_policy_no_local_endpoint
from hairpin_doctor.rules.no_ready_endpoints import no_ready_endpoints
from hairpin_doctor.rules.port_not_forwarding import port_not_forwarding
from hairpin_doctor.rules.protocol_missing import protocol_missing
from hairpin_doctor.rules.reply_bypasses_nat import reply_bypasses_nat
from hairpin_doctor.rules.source_ranges_exclude_client import source_ranges_exclude_client
from hairpin_doctor.rules.vip_not_programmed import vip_not_programmed
from probes.questions.firewall import IptablesRules
from probes.questions.links import Links
from probes.questions.traffic import Handshake, Handshakes

Recorded = Callable[[str], Any]
OF_THE_PROXY = {
    "vip-not-programmed": vip_not_programmed,
    "protocol-missing": protocol_missing,
    "local-policy-no-local-endpoint": local_policy_no_local_endpoint,
    "no-ready-endpoints": no_ready_endpoints,
    "source-ranges-exclude-client": source_ranges_exclude_client,
    "forwarding-off": forwarding_off,
    "firewall-drops": firewall_drops,
    "backend-refuses": backend_refuses,
}


@pytest.mark.parametrize("name", OF_THE_PROXY)
def test_of_the_look_alikes_one_holds_and_all_others_are_ruled_out(recorded: Recorded, name: str) -> None:
    case = recorded(name)
    found = {each.code for each in OF_THE_PROXY.values() if isinstance(case.verdict(each), Diagnosis)}
    assert found == {OF_THE_PROXY[name].code}


@pytest.mark.parametrize("rule", [vip_not_programmed, protocol_missing], ids=lambda rule: rule.code)
def test_another_datapath_may_serve_what_no_rule_speaks_of(recorded: Recorded, rule: Rule) -> None:
    name = "vip-not-programmed" if rule is vip_not_programmed else "protocol-missing"

    def cilium(link: Any) -> Any:
        return replace(link, name="cilium_host") if link.name == "cni0" else link

    assert isinstance(recorded(name).host_lists(Links, cilium).verdict(rule), Undetermined)


def test_a_host_without_any_service_is_not_said_to_lack_one(recorded: Recorded) -> None:
    case = recorded("vip-not-programmed").host_says(
        IptablesRules,
        lambda _, text: "\n".join(line for line in text.splitlines() if "192.168.8.50" not in line),
    )
    assert isinstance(case.verdict(vip_not_programmed), Undetermined)


def test_an_endpoint_that_serves_the_host_does_not_refuse(recorded: Recorded) -> None:
    case = recorded("backend-refuses")
    served = case.host_lists(
        Handshakes,
        lambda each: each if each.destination.address == case.vip else replace(each, outcome=Handshake.OPEN),
    )
    assert isinstance(served.verdict(backend_refuses), Cleared)


@pytest.mark.parametrize("name", ["forwarding-off", "forwarding-off-on-bridge"])
def test_an_interface_that_forwards_is_no_cause(recorded: Recorded, name: str) -> None:
    on = {"net/ipv4/ip_forward": 1, "net/ipv4/conf/bridge0/forwarding": 1}
    assert isinstance(recorded(name).verdict(forwarding_off), Diagnosis)
    assert isinstance(recorded(name).host_sets(on).verdict(forwarding_off), Cleared)


def test_a_syn_ack_of_another_station_and_address_decides_alone(recorded: Recorded) -> None:
    case = recorded("reply-bypasses-nat")
    both, alone = case.verdict(reply_bypasses_nat), case.verdict(reply_bypasses_nat, case.client)
    assert isinstance(both, Diagnosis)
    assert isinstance(alone, Diagnosis)
    assert (both.confidence, alone.confidence) == (Confidence.PROVEN, Confidence.LIKELY)


def test_an_answer_from_the_node_itself_may_be_a_servers_choice_of_address(recorded: Recorded) -> None:
    def same_mac(answer: Any) -> Any:
        sent = next(each.destination_mac for each in answer.frames if each.outgoing)
        frames = tuple(each if each.outgoing else replace(each, source_mac=sent) for each in answer.frames)
        return replace(answer, frames=frames)

    case = recorded("reply-bypasses-nat")
    case = case.client_lists(Handshakes, same_mac)
    assert isinstance(case.verdict(reply_bypasses_nat, case.client), Undetermined)


@pytest.mark.parametrize(
    "name", ["port-isolated", "port-disabled", "port-learns-and-floods-nothing", "port-down"]
)
def test_the_port_is_named_with_the_command_that_sets_it_right(recorded: Recorded, name: str) -> None:
    verdict = recorded(name).verdict(port_not_forwarding)
    assert isinstance(verdict, Diagnosis)
    assert "vnet1" in verdict.fixes[0].steps[0].commands[0]


def test_of_two_ports_that_pass_nothing_none_is_named(recorded: Recorded) -> None:
    def disabled(link: Any) -> Any:
        return replace(link, port=replace(link.port, state="disabled")) if link.name == "eno1" else link

    case = recorded("port-disabled").host_lists(Links, disabled)
    assert isinstance(case.verdict(port_not_forwarding), Cleared)


def test_where_stp_runs_no_command_overrules_it(recorded: Recorded) -> None:
    def stp(link: Any) -> Any:
        return replace(link, bridge=replace(link.bridge, stp=True)) if link.name == "bridge0" else link

    verdict = recorded("port-disabled").host_lists(Links, stp).verdict(port_not_forwarding)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].commands == ()
    assert verdict.fixes[0].steps[0].instructions
