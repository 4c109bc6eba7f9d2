"""HD211: a direct solicitation is answered and the multicast one is not, and the bridge in between says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis
from hairpin_doctor.rules.ndp_unheard import ndp_unheard
from probes.questions.links import LinkAddress, Links
from probes.questions.multicast import GroupMember, MulticastForwarding
from probes.questions.neighbours import NeighbourSolicitations
from probes.target import solicited_node

Recorded = Callable[[str], Any]
CASE, LINK_LOCAL = "ndp-unheard-ipv6", "no-link-local-ipv6"


def bridge_says(case: Any, **how: Any) -> Any:
    """The same network, but for what bridge0 does with multicast."""
    bridge = case.link("bridge0").index
    return case.host_lists(
        MulticastForwarding, lambda each: replace(each, **how) if each.bridge == bridge else each
    )


def test_a_snooping_bridge_with_a_querier_where_nobody_joined_is_proof(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(ndp_unheard)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert "keeps neighbour solicitations" in verdict.summary
    assert verdict.fixes[0].steps[0].commands == ("ip link set bridge0 type bridge mcast_snooping 0",)


def test_where_the_kernel_tells_of_no_querier_it_is_likely(recorded: Recorded) -> None:
    verdict = bridge_says(recorded(CASE), querier=None).verdict(ndp_unheard)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


@pytest.mark.parametrize("how", [{"snooping": False}, {"querier": False}])
def test_a_bridge_that_floods_is_not_blamed(recorded: Recorded, how: dict[str, bool]) -> None:
    verdict = bridge_says(recorded(CASE), **how).verdict(ndp_unheard)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes == ()
    assert any("does not keep them back" in each for each in verdict.because)


def test_neither_is_one_whose_group_was_joined_or_that_has_a_router_there(recorded: Recorded) -> None:
    case = recorded(CASE)
    bridge = case.link("bridge0").index
    member = GroupMember(bridge, solicited_node(case.vip))
    for how in ({"members": (member,)}, {"routers": (bridge,)}):
        verdict = bridge_says(case, **how).verdict(ndp_unheard)
        assert isinstance(verdict, Diagnosis)
        assert verdict.fixes == (), how


def test_without_the_host_the_clients_experiment_alone_is_not_proof(recorded: Recorded) -> None:
    case = recorded(CASE)
    verdict = case.verdict(ndp_unheard, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is not Confidence.PROVEN
    assert verdict.fixes == ()


def test_silence_to_the_direct_question_too_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE).client_says(NeighbourSolicitations, lambda _, said: replace(said, directly=()))
    assert isinstance(case.verdict(ndp_unheard), Cleared)


def test_an_announcing_interface_without_a_usable_link_local_address_is_likely_the_reason(
    recorded: Recorded,
) -> None:
    verdict = recorded(LINK_LOCAL).verdict(ndp_unheard)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert "no usable link-local address" in verdict.summary


@pytest.mark.parametrize("state", ["tentative", "dadfailed"])
def test_a_vip_that_the_kernel_does_not_answer_for_is_named_with_its_state(
    recorded: Recorded, state: str
) -> None:
    case = recorded(LINK_LOCAL)
    held = case.host_lists(
        Links,
        lambda link: (
            replace(link, addresses=(*link.addresses, LinkAddress(case.vip, 64, state)))
            if link.name == "bridge0"
            else link
        ),
    )
    verdict = held.verdict(ndp_unheard)
    assert isinstance(verdict, Diagnosis)
    assert f"is {state}" in verdict.summary


def test_an_ipv4_vip_is_none_of_its_business(recorded: Recorded) -> None:
    assert isinstance(recorded("nobody-announces").verdict(ndp_unheard), Cleared)
