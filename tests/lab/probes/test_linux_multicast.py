"""The real machine: neighbour solicitations over a bridge that snoops MLD, and what that bridge is seen to do."""

from __future__ import annotations

import socket
import struct
import time
from ipaddress import IPv6Address
from typing import Any

import pytest

from probes.questions.firewall import TrackedConnections
from probes.questions.links import Links
from probes.questions.multicast import JoinedGroups, MulticastForwarding
from probes.questions.neighbours import ArpReply, NeighbourSolicitations
from probes.target import solicited_node

VIP, OWN = IPv6Address("2001:db8::53"), IPv6Address("2001:db8::10")
GROUP = solicited_node(VIP)


@pytest.fixture
def ipv6(dual_stack: Any) -> Any:
    """`b` holds the VIP and has left its group."""
    dual_stack.ip("a", f"address add {OWN}/64 dev eth0 nodad")
    dual_stack.ip("b", f"address add {VIP}/64 dev eth0 nodad")
    return dual_stack


def ask(net: Any, *macs: str) -> Any:
    own = net.link_local("a")
    return net.ask("a", NeighbourSolicitations("eth0", OWN, own, (VIP,), (VIP,), macs, 400))


def index(net: Any, machine: str, name: str) -> int:
    return next(link.index for link in net.ask(machine, Links()) if link.name == name)


def addresses(replies: tuple[ArpReply, ...]) -> list[tuple[object, str]]:
    return [(each.address, each.mac) for each in replies]


def test_the_holder_answers_a_multicast_solicitation(ipv6: Any) -> None:
    found = ask(ipv6)
    assert addresses(found.replies) == [(VIP, ipv6.mac("b"))]
    assert found.replies[0].overrides  # an address of the kernel's own
    assert (found.directly, found.stations) == ((), ())


def test_where_multicast_is_not_delivered_a_frame_to_the_stations_own_mac_is_answered(ipv6: Any) -> None:
    ipv6.ip("h", "link set pb type bridge_slave mcast_flood off")
    found = ask(ipv6, ipv6.mac("b"))
    assert found.replies == ()
    assert addresses(found.directly) == [(VIP, ipv6.mac("b"))]
    (port,) = (link.port for link in ipv6.ask("h", Links()) if link.name == "pb")
    assert port.multicast_flood is False


def test_stations_are_found_by_an_echo_request_to_all_nodes(ipv6: Any) -> None:
    ipv6.ip("b", f"address del {VIP}/64 dev eth0")
    found = ask(ipv6)
    assert (found.replies, found.directly) == ((), ())
    assert set(found.stations) == {ipv6.mac(name) for name in ("b", "c")} | {ipv6.mac("h", "br0")}


def test_a_bridge_tells_its_querier_its_members_and_its_routers(ipv6: Any) -> None:
    def join() -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.setsockopt(
            socket.IPPROTO_IPV6,
            socket.IPV6_JOIN_GROUP,
            GROUP.packed + struct.pack("@I", socket.if_nametoindex("eth0")),
        )
        return made

    ipv6.ip("h", "link set br0 type bridge mcast_snooping 1 mcast_querier 0")
    ipv6.opened.enter_context(ipv6.inside("c", join))
    assert (index(ipv6, "c", "eth0"), GROUP) in [
        (e.interface, e.group) for e in ipv6.ask("c", JoinedGroups())
    ]
    (bridge,) = ipv6.ask("h", MulticastForwarding())
    assert (bridge.bridge, bridge.snooping, bridge.querier) == (index(ipv6, "h", "br0"), True, False)
    ipv6.ip("h", "link set br0 type bridge mcast_querier 1", "link set pa type bridge_slave mcast_router 2")
    deadline = time.monotonic() + 15  # the kernel counts itself as one only after its first query
    while not bridge.querier and time.monotonic() < deadline:
        time.sleep(0.1)
        (bridge,) = ipv6.ask("h", MulticastForwarding())
    assert (bridge.querier, bridge.routers) == (True, (index(ipv6, "h", "pa"),))
    assert (index(ipv6, "h", "pc"), GROUP) in [(each.port, each.group) for each in bridge.members]


def test_a_tentative_and_a_failed_address_are_no_usable_ones(ipv6: Any) -> None:
    ipv6.ip("c", "address add 2001:db8::77/64 dev eth0 nodad", "address add 2001:db8::78/64 dev eth0 nodad")
    ipv6.sysctl("a", {"ipv6/conf/eth0/accept_dad": 1, "ipv6/conf/eth0/dad_transmits": 60})
    ipv6.ip("a", "address add 2001:db8::79/64 dev eth0")
    ipv6.sysctl("a", {"ipv6/conf/eth0/dad_transmits": 1})
    states = {
        str(own.address): own.state
        for link in ipv6.ask("a", Links())
        if link.name == "eth0"
        for own in link.addresses
    }
    assert states[str(OWN)] is None
    assert states["2001:db8::79"] == "tentative"


def test_tracked_flows_to_an_ipv6_vip_are_those_to_it_and_no_others(ipv6: Any) -> None:
    """The kernel's own filter gives the others (ctnetlink_filter_match_tuple, seen on Linux 6.18)."""
    for port, destination in ((5001, VIP), (5002, OWN)):
        flow = f"-I -p udp -s 2001:db8::99 --sport {port} -d {destination} --dport 53 -t 60"
        ipv6.run("b", "conntrack", *flow.split(), "--dst-nat", "2001:db8:1::5")
    found = ipv6.ask("b", TrackedConnections((VIP,)))
    assert [(each.original.source_port, each.original.destination) for each in found] == [(5001, VIP)]
    assert str(found[0].reply.source) == "2001:db8:1::5"
    assert not found[0].seen_reply
