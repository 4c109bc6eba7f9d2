"""HD511 on a recorded node whose service rules lack the VIP, with programs as Cilium's put in place of nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.ebpf_not_on_interface import ebpf_not_on_interface
from probes.questions.firewall import IngressProgram, IngressPrograms, IptablesRules

Recorded = Callable[[str], Any]
OF_EITHER_FAMILY = pytest.mark.parametrize("missing", ["vip-not-programmed", "vip-not-programmed-ipv6"])
"""A program is attached to an interface, and sees the frames of both versions of IP."""
OTHER_VIPS = ("192.168.8.50", "fd00:c0a8:800:1::32")


def without_proxy(case: Any) -> Any:
    """The case as if no proxy had ever written a rule there: that one of its Services is gone."""
    return case.host_says(
        IptablesRules,
        lambda _, text: "\n".join(
            line for line in text.splitlines() if not any(vip in line for vip in OTHER_VIPS)
        ),
    )


def with_programs(case: Any, *attached: tuple[str, str | None]) -> Any:
    """The case as if these programs (interface, name) were under tcx on its host."""
    answer = tuple(IngressProgram(case.link(interface).index, "tcx", name) for interface, name in attached)
    others = tuple(each for each in case.host.asked if type(each.question) is not IngressPrograms)
    return replace(case, host=replace(case.host, asked=(*others, Asked(IngressPrograms(), answer))))


@OF_EITHER_FAMILY
def test_packets_by_an_interface_that_the_datapath_does_not_have_are_told_from_a_service_that_it_lacks(
    recorded: Recorded,
    missing: str,
) -> None:
    case = with_programs(without_proxy(recorded(missing)), ("enp197s0", "cil_from_netdev"))
    found = case.verdict(ebpf_not_on_interface)
    assert isinstance(found, Diagnosis)
    assert "Cilium is not attached to bridge0" in found.summary
    assert "devices: enp197s0 bridge0" in found.fixes[0].steps[0].instructions


@OF_EITHER_FAMILY
def test_a_program_on_the_interface_or_on_the_clients_port_clears_it(
    recorded: Recorded, missing: str
) -> None:
    for interface in ("bridge0", "vnet1"):
        case = with_programs(without_proxy(recorded(missing)), (interface, "cil_from_netdev"))
        assert isinstance(case.verdict(ebpf_not_on_interface), Cleared)


@OF_EITHER_FAMILY
def test_programs_of_others_clear_it_and_those_whose_names_are_hidden_leave_it_open(
    recorded: Recorded,
    missing: str,
) -> None:
    other = with_programs(without_proxy(recorded(missing)), ("enp197s0", "count_packets"))
    assert isinstance(other.verdict(ebpf_not_on_interface), Cleared)
    hidden = with_programs(without_proxy(recorded(missing)), ("enp197s0", None))
    assert isinstance(hidden.verdict(ebpf_not_on_interface), Undetermined)


@OF_EITHER_FAMILY
def test_a_node_whose_proxy_writes_rules_has_no_such_datapath(recorded: Recorded, missing: str) -> None:
    case = with_programs(recorded(missing), ("enp197s0", "cil_from_netdev"))
    assert isinstance(case.verdict(ebpf_not_on_interface), Cleared)


def test_a_vip_that_a_packet_filter_serves_is_not_the_datapaths_matter(recorded: Recorded) -> None:
    case = with_programs(recorded("backend-refuses"), ("enp197s0", "cil_from_netdev"))
    assert isinstance(case.verdict(ebpf_not_on_interface), Cleared)
