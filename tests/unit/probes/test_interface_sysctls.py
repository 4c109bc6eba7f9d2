"""The effective settings are the kernel's combination of `all` and the interface's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from probes.host import Absent, Denied
from probes.interface_sysctls import COMBINED, IPV6_FORWARDING, interface_sysctls
from probes.probe import Scope
from probes.questions.links import Links
from probes.questions.machine import Sysctl
from probes.target import parse_target

NOTHING = Scope(())


def settings(everywhere: int, own: int, forward: int = 1) -> Callable[[Sysctl], int]:
    def answer(question: Sysctl) -> int:
        if question.name == "net/ipv4/ip_forward":
            return forward
        return everywhere if "/conf/all/" in question.name else own

    return answer


@pytest.mark.parametrize("name", COMBINED)
@pytest.mark.parametrize(("everywhere", "own", "effective"), [(0, 1, 1), (2, 1, 2), (1, 2, 2), (0, 0, 0)])
def test_the_greater_value_decides(
    fake: Any, link: Any, name: str, everywhere: int, own: int, effective: int
) -> None:
    host = fake({Links(): (link(2, "eth0"),), Sysctl: settings(everywhere, own)})
    facts = interface_sysctls.look(host, NOTHING)
    assert getattr(facts.of("eth0"), name) == effective
    assert getattr(facts.own[0], name) == own


@pytest.mark.parametrize("name", ["forwarding", "accept_redirects"])
def test_forwarding_is_the_interfaces_own_whatever_all_says(fake: Any, link: Any, name: str) -> None:
    facts = interface_sysctls.look(fake({Links(): (link(2, "eth0"),), Sysctl: settings(1, 0)}), NOTHING)
    assert getattr(facts.of("eth0"), name) == 0


def test_an_interface_name_with_a_dot_is_kept_whole(fake: Any, link: Any) -> None:
    host = fake({Links(): (link(2, "eth0.10"),), Sysctl: settings(0, 1)})
    assert interface_sysctls.look(host, NOTHING).of("eth0.10") is not None
    assert Sysctl("net/ipv4/conf/eth0.10/rp_filter") in host.asked


def test_a_file_that_is_missing_is_unknown_and_not_zero(fake: Any, link: Any) -> None:
    host = fake({Links(): (link(2, "eth0"),), Sysctl: Absent("no such file")})
    facts = interface_sysctls.look(host, NOTHING)
    assert facts.ip_forward is None
    assert facts.of("eth0") is not None
    assert facts.of("eth0").rp_filter is None
    assert facts.of("eth9") is None


def test_a_right_that_is_missing_is_not_taken_for_a_missing_file(fake: Any, link: Any) -> None:
    host = fake({Links(): (link(2, "eth0"),), Sysctl: Denied("root", "reading")})
    with pytest.raises(Denied):
        interface_sysctls.look(host, NOTHING)


@pytest.mark.parametrize(
    ("switch", "forced", "forwards"), [(1, 0, True), (0, 0, False), (0, 1, True), (None, 0, None)]
)
def test_ipv6_is_forwarded_by_the_machines_switch_or_an_interfaces_own(
    fake: Any, link: Any, switch: int | None, forced: int, forwards: bool | None
) -> None:
    def answer(question: Sysctl) -> int:
        if question.name == IPV6_FORWARDING:
            if switch is None:
                raise Absent("no IPv6 here")
            return switch
        return forced if question.name == "net/ipv6/conf/eth0/force_forwarding" else 0

    host = fake({Links(): (link(2, "eth0"), link(3, "eth1")), Sysctl: answer})
    facts = interface_sysctls.look(host, Scope((parse_target("[2001:db8::53]:53"),)))
    assert facts.forwards(6) is forwards
    assert facts.forwards(4) is False
    assert facts.forced == (("eth0",) if forced else ())
