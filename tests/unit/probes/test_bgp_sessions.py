"""Who holds a BGP session with whom."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from probes.bgp_sessions import bgp_sessions
from probes.probe import Scope
from probes.questions.sockets import TcpConnection, TcpConnections
from probes.questions.traffic import Endpoint


def session(peer: str, state: str = "ESTABLISHED", ports: tuple[int, int] = (40000, 179)) -> TcpConnection:
    own, theirs = ports
    return TcpConnection(Endpoint(ip_address("192.0.2.10"), own), Endpoint(ip_address(peer), theirs), state)


def test_established_peers_are_told_once_whoever_opened_the_session(fake: Any) -> None:
    found = (
        session("192.0.2.1"),
        session("192.0.2.1", ports=(179, 40001)),
        session("192.0.2.2", ports=(179, 40002)),
    )
    facts = bgp_sessions.look(fake({TcpConnections(179): found}), Scope(()))
    assert [str(peer) for peer in facts.established_peers()] == ["192.0.2.1", "192.0.2.2"]


def test_listeners_attempts_and_loopback_are_no_peers(fake: Any) -> None:
    found = (session("0.0.0.0", "LISTEN"), session("192.0.2.1", "SYN_SENT"), session("127.0.0.1"))
    facts = bgp_sessions.look(fake({TcpConnections(179): found}), Scope(()))
    assert facts.established_peers() == ()
    assert len(facts.connections) == 3
