"""br_netfilter acts where the sysctl or the bridge's own switch says so, and only where the module is there."""

from __future__ import annotations

from typing import Any

import pytest

from probes.br_netfilter import CALL_IPTABLES, br_netfilter
from probes.host import Absent
from probes.probe import Scope
from probes.questions.links import BridgeSettings, Links
from probes.questions.machine import Sysctl


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
