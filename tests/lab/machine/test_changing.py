"""Every kind of change, carried out by the kernel: done, done again for nothing, and taken back without a trace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hairpin_doctor.fixes import changes as c
from hairpin_doctor.lab.machine_state import differences, machine_state
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ON_THIS_MACHINE, ThisMachine
from hairpin_doctor.machine.commands import Place, ip_batch, run
from hairpin_doctor.machine.namespaces import Namespaces, inside

pytestmark = pytest.mark.lab
NAME = f"fix-{os.getpid()}"
MAC, OTHER_MAC = "02:00:00:00:00:07", "02:00:00:00:00:08"
NETWORK = (
    "link add bridge0 address 02:00:00:00:00:01 type bridge",
    "link add port0 type veth peer name far0",
    "link set port0 master bridge0 up",
    "link set far0 up",
    "link set bridge0 up",
    "link set lo up",
    "addr add 192.0.2.1/24 brd + dev bridge0",
    "addr add 192.0.2.53/24 dev bridge0",
    "addr add 198.51.100.53/32 dev lo",
    "route add 203.0.113.0/24 via 192.0.2.9 src 192.0.2.53",
    "route add blackhole 203.0.113.9/32",
    "neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 nud permanent dev bridge0",
    "neigh add 192.0.2.78 lladdr 02:00:00:00:00:78 nud stale dev bridge0",
    "addr add 2001:db8:1::1/64 dev bridge0 nodad",
    "addr add 2001:db8:1::53/64 dev bridge0 nodad",
    "addr add 2001:db8:2::53/128 dev lo",
    "addr add 2001:db8:3::1/64 dev far0 nodad",
    "route add 2001:db8:9::/64 via 2001:db8:1::9 src 2001:db8:1::53",
    "route add 2001:db8:8::/64 via 2001:db8:3::9",
    "route add blackhole 2001:db8:9::9/128",
    "neigh add 2001:db8:1::77 lladdr 02:00:00:00:00:77 nud permanent dev bridge0",
    "neigh add 2001:db8:1::78 lladdr 02:00:00:00:00:78 nud stale dev bridge0",
    "link add down0 address 02:00:00:00:00:0d type bridge",
    "addr add 2001:db8:4::1/64 dev down0 nodad",
    "addr add 203.0.113.129/25 dev far0",
    "route add 198.51.100.128/25 via 203.0.113.130",
)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    namespace = Namespaces((NAME,))
    namespace.do()
    try:
        ip_batch(NETWORK, NAME)
        run(["ip", "netns", "exec", NAME, "nft", "add table inet filter"])
        run(
            [
                "ip",
                "netns",
                "exec",
                NAME,
                "nft",
                "add chain inet filter forward { type filter hook forward priority 0; }",
            ]
        )
        yield Place(NAME, NAME)
    finally:
        namespace.undo()


def there(work: Callable[[], object]) -> object:
    return inside(NAME, work)


CHANGES = (
    (c.MacvlanLink("metallb0", "bridge0", MAC, 1500),),
    (c.VlanLink("vlan5", "bridge0", 5),),
    (
        c.LinkMac("bridge0", "02:00:00:00:00:01", "02:00:00:00:00:01"),
        c.VethPort("metallb0", "metallb0p", "bridge0", MAC, 1500),
        c.FdbEntry(MAC, "metallb0p", "master"),
    ),
    (c.FdbEntry(MAC, "bridge0"),),
    (c.LinkState("port0", up=False),),
    (c.LinkMac("far0", OTHER_MAC),),
    (c.LinkMtu("port0", 1400, 1500),),
    (c.BridgePortFlag("port0", "hairpin", 1, 0),),
    (c.BridgePortFlag("port0", "learning", 0, 1),),
    (c.BridgePortFlag("port0", "isolated", 1, 0),),
    (c.BridgePortFlag("port0", "state", 0, 3),),
    (c.BridgePortFlag("port0", "mcast_flood", 0, 1),),
    (c.BridgeSnooping("bridge0", enabled=False, before=True),),
    (c.BridgeVlan("port0", 7, "tagged"),),
    (c.BridgeVlan("port0", 7, "access"),),
    (c.BridgeVlan("port0", 1, "tagged"),),
    (c.BridgeVlan("bridge0", 7, "tagged", "self"),),
    (c.BridgeNetfilter("bridge0", enabled=True, before=False),),
    (c.BridgeNetfilterIpv6("bridge0", enabled=True, before=False),),
    (c.InterfaceAddress("169.254.1.2/32", "far0"),),
    (c.InterfaceAddress("192.0.2.53/24", "bridge0", present=False),),
    (c.InterfaceAddress("198.51.100.53/32", "lo", present=False),),
    (c.NeighbourEntry("192.0.2.77", "bridge0", "02:00:00:00:00:77", "permanent"),),
    (c.NeighbourEntry("192.0.2.78", "bridge0", "02:00:00:00:00:78", "stale"),),
    (c.ForgottenNeighbour("192.0.2.78"),),
    (c.RouteEntry("198.51.100.9/32", "bridge0"),),
    (c.RouteEntry("198.51.100.9/32", gateway="192.0.2.9"),),
    (c.RouteEntry("203.0.113.0/24", gateway="192.0.2.9", present=False),),
    (c.RouteEntry("203.0.113.9/32", present=False, of_type="blackhole"),),
    (c.PolicyRule("192.0.2.0/24", 5000),),
    (c.LinkState("far0", up=False),),
    (c.LinkState("down0"),),
    (c.LinkMac("bridge0", OTHER_MAC),),
    (c.InterfaceAddress("2001:db8:1::54/64", "bridge0"),),
    (c.InterfaceAddress("2001:db8:1::53/64", "bridge0", present=False),),
    (c.InterfaceAddress("2001:db8:1::1/64", "bridge0", present=False),),
    (c.InterfaceAddress("2001:db8:2::53/128", "lo", present=False),),
    (c.NeighbourEntry("2001:db8:1::77", "bridge0", "02:00:00:00:00:77", "permanent"),),
    (c.NeighbourEntry("2001:db8:1::78", "bridge0", "02:00:00:00:00:78", "stale"),),
    (c.ForgottenNeighbour("2001:db8:1::78"),),
    (c.RouteEntry("2001:db8:7::9/128", "bridge0"),),
    (c.RouteEntry("2001:db8:7::9/128", gateway="2001:db8:1::9"),),
    (c.RouteEntry("2001:db8:1::/64", "far0", metric=4096),),
    (c.RouteEntry("2001:db8:9::/64", gateway="2001:db8:1::9", present=False),),
    (c.RouteEntry("2001:db8:9::9/128", present=False, of_type="blackhole"),),
    (c.PolicyRule("2001:db8:1::/64", 5000),),
    (c.Sysctl("net/ipv6/conf/all/forwarding", 1),),
    (c.IptablesRule("ip6tables-nft", "raw", "PREROUTING", "-d 2001:db8:1::53 -j CT --notrack"),),
    (c.IptablesRule("ip6tables-legacy", "filter", "FORWARD", "-d 2001:db8:1::53 -j ACCEPT"),),
    (c.Sysctl("net/ipv4/conf/bridge0/rp_filter", 2),),
    (c.Sysctl("net/ipv4/ip_forward", 1),),
    (c.IptablesRule("iptables-nft", "raw", "PREROUTING", "-d 192.0.2.53 -j CT --notrack"),),
    (c.IptablesRule("iptables-legacy", "filter", "FORWARD", "-d 192.0.2.53 -j ACCEPT"),),
    (
        c.NftRule(
            "inet", "filter", "forward", "ip daddr 192.0.2.53 accept", "hairpin-doctor-192.0.2.53-tcp-53"
        ),
    ),
    (
        c.MacvlanLink("metallb0", "bridge0", MAC, 1500),
        c.Sysctl("net/ipv4/conf/metallb0/arp_ignore", 1),
        c.Sysctl("net/ipv4/conf/metallb0/rp_filter", 2),
        c.InterfaceAddress("169.254.1.2/32", "metallb0"),
        c.LinkState("metallb0"),
        c.FdbEntry(MAC, "bridge0"),
    ),
)


def _possible(group: tuple[c.Change, ...]) -> bool:
    """VLANs need a kernel that has them: `make lab-vm` brings one."""
    return Path("/sys/module/8021q").exists() or not {type(each) for each in group} & {
        c.VlanLink,
        c.BridgeVlan,
    }


def test_every_kind_that_a_machine_carries_out_is_tried() -> None:
    tried = {type(each) for group in CHANGES for each in group}
    only_undo = {c.RemovedLink, c.UnusedChain}
    elsewhere = {c.ForgottenFlow}  # tests/lab/probes/test_linux_sockets.py: it needs traffic
    # Files and units are tried in tests/unit/mending/test_installing.py, in a folder of their own.
    elsewhere |= {each for each in ON_THIS_MACHINE if each.__module__.endswith(".changes.files")}
    assert tried | only_undo | elsewhere == set(ON_THIS_MACHINE)


@pytest.mark.parametrize(
    "group", [*filter(_possible, CHANGES)], ids=lambda group: " ".join(type(each).__name__ for each in group)
)
def test_done_twice_changes_nothing_and_undone_leaves_no_trace(
    place: Place, group: tuple[c.Change, ...]
) -> None:
    if type(group[0]) in (c.NeighbourEntry, c.ForgottenNeighbour):
        learned = "lladdr 02:00:00:00:00:78 nud stale dev bridge0"
        ip_batch([f"neigh replace {address} {learned}" for address in ("192.0.2.78", "2001:db8:1::78")], NAME)
    hands, before, undo = ThisMachine(), machine_state(place), []

    def do() -> None:
        for change in group:
            found = hands.find(change)
            undo[:0] = found.undo
            assert not found.so
            hands.do(change)

    there(do)
    if type(group[0]) is not c.ForgottenNeighbour:
        assert differences(before, machine_state(place)) or "stale" in repr(group) or "LinkMac" in repr(group)
    pins = [each for each in group if isinstance(each, c.LinkMac)]
    assert all(there(lambda each=each: hands.find(each).so) for each in group if each not in pins)

    def take_back() -> None:
        for change in undo:
            if not hands.find(change).so:
                hands.do(change)

    there(take_back)
    assert differences(before, machine_state(place)) == []


def test_another_interface_of_that_name_is_in_the_way(place: Place) -> None:
    with pytest.raises(CannotChange, match="there already is an interface far0, and it is another one"):
        there(lambda: ThisMachine().find(c.MacvlanLink("far0", "bridge0", MAC, 1500)))


def test_an_interface_that_is_not_ours_is_not_removed(place: Place) -> None:
    assert there(lambda: ThisMachine().find(c.RemovedLink("bridge0", "macvlan")).so)


def test_a_first_address_with_others_behind_it_is_left_to_a_person(place: Place) -> None:
    with pytest.raises(CannotChange, match=r"would take 192\.0\.2\.53/24 along"):
        there(lambda: ThisMachine().find(c.InterfaceAddress("192.0.2.1/24", "bridge0", present=False)))


def test_what_the_kernel_refuses_is_said_in_one_sentence(place: Place) -> None:
    with pytest.raises(CannotChange, match="making x: the kernel says"):
        there(lambda: ThisMachine().do(c.MacvlanLink("x", "port0", MAC, 1500)))


def test_another_route_to_the_same_place_is_in_the_way(place: Place) -> None:
    with pytest.raises(
        CannotChange, match=r"already is a route to 203\.0\.113\.0/24, by 192\.0\.2\.9 bridge0"
    ):
        there(lambda: ThisMachine().find(c.RouteEntry("203.0.113.0/24", gateway="192.0.2.8")))


def test_a_chain_that_does_not_exist_is_said(place: Place) -> None:
    with pytest.raises(CannotChange, match="there is no chain inet filter nowhere"):
        there(lambda: ThisMachine().find(c.NftRule("inet", "filter", "nowhere", "accept", "x")))


@pytest.mark.parametrize(
    "change",
    [
        c.NftRule("inet", "filter; flush ruleset", "forward", "accept", "x"),
        c.IptablesRule("rm", "raw", "PREROUTING", "-j ACCEPT"),
        c.Sysctl("net/../kernel/panic", 1),
    ],
    ids=lambda change: type(change).__name__,
)
def test_names_that_would_do_something_else_are_refused(place: Place, change: c.Change) -> None:
    with pytest.raises(CannotChange):
        there(lambda: ThisMachine().find(change))


def test_a_look_is_never_run(place: Place) -> None:
    hands = ThisMachine()
    assert hands.find(c.Look("false")).so
    hands.do(c.Look("touch /nowhere/at/all"))
