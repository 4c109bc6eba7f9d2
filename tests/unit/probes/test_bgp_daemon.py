"""What the probe bgp_daemon makes of a daemon's answer, and of none."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from probes.bgp_daemon import bgp_daemon
from probes.host import Absent
from probes.probe import Scope
from probes.questions.bgp import BgpDaemonState, BgpSession
from probes.target import parse_target

VIP = IPv4Address("192.0.2.53")
SCOPE = Scope((parse_target("192.0.2.53:53/udp"),))


def test_a_machine_without_a_daemon_says_nothing_of_sessions(fake: Any) -> None:
    facts = bgp_daemon.look(fake({BgpDaemonState: Absent("no BIRD")}), SCOPE)
    assert facts.sessions is None
    assert facts.established() == ()


def test_the_daemon_is_asked_about_the_vips_in_scope(fake: Any) -> None:
    up = BgpSession("BIRD", "tor", None, True, "Established", None, (VIP,))
    down = BgpSession("BIRD", "spare", None, False, "Active", "Socket: Connection refused", ())
    host = fake({BgpDaemonState((VIP,)): (up, down)})
    facts = bgp_daemon.look(host, SCOPE)
    assert facts.established() == (up,)
    assert facts.advertises(VIP)
