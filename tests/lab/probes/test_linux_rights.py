"""The real machine without rights: what is Denied, and what the kernel does in our place."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from probes.arp import arp
from probes.host import Denied, Question
from probes.linux import LinuxHost
from probes.probe import Scope
from probes.questions.directed import DirectedExchanges
from probes.questions.firewall import IptablesRules, NftRuleset, TrackedConnections
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpSweep, Neighbours
from probes.questions.routing import RouteTo
from probes.questions.sockets import PacketSockets
from probes.questions.traffic import Echoes, Endpoint, Handshake, Handshakes, RoutedEchoes
from probes.target import Target

pytestmark = pytest.mark.lab
A, B, VIP = (IPv4Address(f"192.0.2.{n}") for n in (10, 20, 53))
PR_SET_SECUREBITS, SECBIT_NOROOT = 28, 1  # linux/prctl.h, linux/securebits.h
CAPABILITY_VERSION_3, CAP_DAC_OVERRIDE = 0x20080522, 1 << 1  # linux/capability.h


def give_rights_away() -> None:
    """Drop this thread's capabilities but the one to read files, also for programs that it starts (capset(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(CAP_DAC_OVERRIDE, CAP_DAC_OVERRIDE, 0, 0, 0, 0)
    assert libc.prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0) == 0
    assert libc.capset(header, sets) == 0


def unprivileged(net: Any, work: Callable[[], Any]) -> Any:
    """Call `work` on machine `a` without rights."""

    def begin() -> Any:
        give_rights_away()
        return work()

    return net.inside("a", begin)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        (ArpSweep("eth0", A, (VIP,), (), 50), "CAP_NET_RAW"),
        (RoutedEchoes("eth0", A, "02:00:00:00:00:01", (VIP,), 50), "CAP_NET_RAW"),
        (DirectedExchanges("eth0", A, ((VIP, "02:00:00:00:00:01"),), (), 50), "CAP_NET_RAW"),
        (IptablesRules("nft", 4), "CAP_NET_ADMIN"),
        (NftRuleset(), "CAP_NET_ADMIN"),
        (TrackedConnections((VIP,)), "CAP_NET_ADMIN"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Question) else str(each),
)
def test_what_needs_a_right_is_denied_by_its_name(net: Any, question: Question[Any], right: str) -> None:
    with pytest.raises(Denied) as denied:
        unprivileged(net, lambda: LinuxHost().ask(question))
    assert denied.value.right == right


@pytest.mark.parametrize(
    "question", [Links(), ForwardingDatabase(), Neighbours(Moment.BEFORE), RouteTo(VIP), PacketSockets()]
)
def test_what_needs_none_is_answered_alike(net: Any, question: Question[Any]) -> None:
    assert unprivileged(net, lambda: LinuxHost().ask(question)) == net.ask("a", question)


def test_a_handshake_works_and_shows_no_frames(net: Any) -> None:
    net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 80)
    (answer,) = unprivileged(net, lambda: LinuxHost().ask(Handshakes((Endpoint(B, 80),), 250)))
    assert (answer.outcome, answer.frames) == (Handshake.OPEN, None)


def test_a_ping_socket_pings_and_sees_no_messages(net: Any) -> None:
    net.inside("a", _allow_ping_sockets)
    (answer,) = unprivileged(net, lambda: LinuxHost().ask(Echoes((B,), 250)))
    assert (answer.replied_from, answer.messages) == (B, None)


def _allow_ping_sockets() -> None:
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")


def test_the_kernel_asks_by_arp_in_our_place(net: Any) -> None:
    net.ip("b", "address add 192.0.2.53/32 dev eth0")
    scope = Scope((Target(VIP),), arp_window_ms=300)
    facts = unprivileged(net, lambda: arp.look(LinuxHost(), scope))
    assert facts.macs(VIP) == (net.mac("b"),)
    assert not facts.sees_duplicates(VIP)
