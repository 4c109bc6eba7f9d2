"""In which subnet of a bridge a stand-in client takes its address, and by which gateway it sends."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from hairpin_doctor.stand_in_address import parse_address
from hairpin_doctor.stand_in_settling import default_route, joined, subnet_of
from probes.host import Absent
from probes.interfaces import InterfaceFacts
from probes.questions.links import LinkAddress
from probes.questions.routing import Route, RouteTo

OWN = ("fe80::1/64", "2001:db8::1/64", "fd00::1/64", "192.0.2.1/24", "198.51.100.7/32")


@pytest.fixture
def bridge(link: Callable[..., Any]) -> Any:
    own = map(ip_interface, OWN)
    return link(3, "br0", addresses=tuple(LinkAddress(each.ip, each.network.prefixlen) for each in own))


@pytest.mark.parametrize(
    ("vip", "given", "prefix", "own"),
    [
        ("192.0.2.53", (), "192.0.2.0/24", "192.0.2.1"),
        ("fd00::53", (), "fd00::/64", "fd00::1"),  # of several, that of the VIP
        ("fd77::53", (), "2001:db8::/64", "2001:db8::1"),  # a routed one
        ("fd77::53", ("192.0.2.9/24", "fd77::9/64"), "fd77::/64", None),
        ("fd00::53", ("fd00::9/64",), "fd00::/64", "fd00::1"),
    ],
)
def test_the_subnet_is_the_given_ones_else_that_of_a_vip_else_the_first(
    bridge: Any, vip: str, given: tuple[str, ...], prefix: str, own: str | None
) -> None:
    found = subnet_of([bridge], [parse_address(each) for each in given], [ip_address(vip)])
    assert found is not None
    assert (str(found.prefix), found.own and str(found.own)) == (prefix, own)


def test_a_bridge_with_a_link_local_address_alone_tells_no_prefix(link: Callable[..., Any]) -> None:
    only = LinkAddress(ip_address("fe80::1"), 64)
    assert subnet_of([link(3, "br0", addresses=(only,))], (), [ip_address("fd00::53")]) is None


@pytest.mark.parametrize(
    ("gateway", "interface", "expected"),
    [
        ("fe80::99", "br0", "fe80::99"),
        ("fe80::99", "wan0", "fd00::1"),  # the host is the router of its guests
        ("fd00::99", "br0", "fd00::99"),
        (None, None, "fd00::1"),
    ],
)
def test_the_default_route_is_the_hosts_gateway_if_that_is_on_the_bridge_else_the_host(
    fake: Callable[..., Any], bridge: Any, gateway: str | None, interface: str | None, expected: str
) -> None:
    subnet = subnet_of([bridge], (), [ip_address("fd00::53")])
    assert subnet is not None
    route = Route("unicast", interface, ip_address(gateway), None, 254) if gateway else Absent("no route")
    assert str(default_route(fake({RouteTo: route}), [bridge], subnet)) == expected


def test_a_firewall_bridge_without_an_address_is_in_the_subnet_of_the_bridge_that_a_veth_joins_to_it(
    bridge: Any, link: Callable[..., Any]
) -> None:
    firewall = link(4, "fwbr100i0")
    ends = (
        link(5, "fwpr100p0", kind="veth", lower=6, master=3),
        link(6, "fwln100i0", kind="veth", lower=5, master=4),
    )
    found = joined(InterfaceFacts((bridge, firewall, *ends)), firewall)
    assert [each.name for each in found] == ["fwbr100i0", "br0"]
    subnet = subnet_of(found, (), [ip_address("192.0.2.53")])
    assert subnet is not None
    assert str(subnet.own) == "192.0.2.1"
