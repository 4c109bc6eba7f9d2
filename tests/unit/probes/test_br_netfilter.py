"""br_netfilter acts where the sysctl or the bridge's own switch says so, and only where the module is there."""

from __future__ import annotations

from typing import Any

import pytest

from probes.br_netfilter import CALL_IP6TABLES, CALL_IPTABLES, br_netfilter
from probes.host import Absent
from probes.probe import Scope
from probes.questions.links import BridgeSettings, Links
from probes.questions.machine import Sysctl
from probes.target import parse_target


def bridge(link: Any, index: int, name: str, call: bool) -> Any:
    return link(index, name, kind="bridge", bridge=BridgeSettings(False, call, False, False))


@pytest.mark.parametrize(
    ("sysctl", "own", "acts"),
    [(1, False, True), (1, True, True), (0, True, True), (0, False, False)],
)
def test_either_switch_suffices(fake: Any, link: Any, sysctl: int, own: bool, acts: bool) -> None:
    links = (link(2, "eth0"), bridge(link, 3, "br0", own), bridge(link, 4, "br1", False))
    facts = br_netfilter.look(fake({Links(): links, Sysctl(CALL_IPTABLES): sysctl}), Scope(()))
    assert facts.intercepts("br0") is acts
    assert facts.intercepts("br1") is bool(sysctl)
    assert facts.loaded


def test_without_the_module_a_bridges_switch_does_nothing(fake: Any, link: Any) -> None:
    answers = {Links(): (bridge(link, 3, "br0", True),), Sysctl(CALL_IPTABLES): Absent("not loaded")}
    facts = br_netfilter.look(fake(answers), Scope(()))
    assert not facts.loaded
    assert not facts.intercepts("br0")


@pytest.mark.parametrize(("ipv4", "ipv6"), [(1, 0), (0, 1)])
def test_each_version_of_ip_has_a_switch_of_its_own(fake: Any, link: Any, ipv4: int, ipv6: int) -> None:
    own = link(
        4, "br1", kind="bridge", bridge=BridgeSettings(False, False, False, False, nf_call_ip6tables=True)
    )
    answers = {
        Links(): (bridge(link, 3, "br0", False), own),
        Sysctl(CALL_IPTABLES): ipv4,
        Sysctl(CALL_IP6TABLES): ipv6,
    }
    facts = br_netfilter.look(fake(answers), Scope((parse_target("[2001:db8::53]:53"),)))
    assert facts.intercepts("br0") is bool(ipv4)
    assert facts.intercepts("br0", 6) is bool(ipv6)
    assert facts.intercepts("br1", 6)
    assert facts.intercepts("br1", 4) is bool(ipv4)


def test_the_switch_for_ipv6_is_not_asked_for_where_no_ipv6_vip_is(fake: Any, link: Any) -> None:
    host = fake({Links(): (bridge(link, 3, "br0", False),), Sysctl(CALL_IPTABLES): 1})
    br_netfilter.look(host, Scope((parse_target("192.0.2.53:53"),)))
    assert Sysctl(CALL_IP6TABLES) not in host.asked
