"""What clears a cause for one failing client must not hide another client, which fails by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Diagnosis, Rule
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from hairpin_doctor.rules.bridged_frames_hit_host_nat import bridged_frames_hit_host_nat
from hairpin_doctor.rules.reverse_path_filter_drops import reverse_path_filter_drops
from hairpin_doctor.rules.stale_neighbour import stale_neighbour
from hairpin_doctor.rules.stateful_gateway_sees_half import stateful_gateway_sees_half
from hairpin_doctor.rules.vip_answers_with_a_port_mac import vip_answers_with_a_port_mac
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.traffic import Handshake, Handshakes

STRANGER = "3c:06:30:77:88:99"


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (bgp_vip_in_clients_subnet, "bgp-same-subnet"),
        (bridged_frames_hit_host_nat, "bridged-frames-hit-host-nat"),
        (reverse_path_filter_drops, "metallb0-rp-filter"),
        (stale_neighbour, "stale-neighbour"),
        (stateful_gateway_sees_half, "bgp-same-subnet-proxy-arp-stateful"),
        (vip_answers_with_a_port_mac, "vip-on-port-mac"),
    ],
)
def test_a_client_that_fails_otherwise_hides_none(
    recorded: Callable[[str], Any], rule: Rule, name: str
) -> None:
    case = recorded(name)
    other = failing_otherwise(case, STRANGER if rule is bgp_vip_in_clients_subnet else None)
    assert isinstance(case.verdict(rule, case.host, other), Cleared)
    for order in ([other, case.client], [case.client, other]):
        assert isinstance(case.verdict(rule, case.host, *order), Diagnosis)


def failing_otherwise(case: Any, answer: str | None) -> Any:
    """The client, refused, and answered by this MAC alone or by nobody."""
    refused = case.client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.REFUSED))
    reply = (ArpReply(case.vip, answer, answer, 0.1),) if answer else ()
    without = refused.client_says(
        ArpSweep, lambda _, found: (*(each for each in found if each.address != case.vip), *reply)
    )
    return without.client
