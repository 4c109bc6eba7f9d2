"""What rtnetlink says of a bridge port's VLANs, in pyroute2's own message type (this kernel has no VLAN filtering)."""

from __future__ import annotations

from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from probes.linux.netlink_links import port_vlans
from probes.questions.links import PortVlan


def message(*vlans: tuple[int, int]) -> ifinfmsg:
    """Encoded and decoded again, as it comes from the kernel; family 7 is AF_BRIDGE."""
    made = ifinfmsg()
    made["family"] = 7
    made["attrs"] = [
        ["IFLA_IFNAME", "vnet1"],
        ["IFLA_AF_SPEC", {"attrs": [["IFLA_BRIDGE_VLAN_INFO", {"flags": f, "vid": v}] for v, f in vlans]}],
    ]
    made.encode()
    found = ifinfmsg(made.data)
    found.decode()
    return found


def test_the_access_vlan_is_pvid_and_untagged_and_a_trunk_vlan_is_neither() -> None:
    assert port_vlans(message((10, 6), (20, 0))) == (PortVlan(10, True, True), PortVlan(20, False, False))


def test_a_port_without_vlan_information_has_no_vlans() -> None:
    made = ifinfmsg()
    made["attrs"] = [["IFLA_IFNAME", "vnet1"]]
    made.encode()
    found = ifinfmsg(made.data)
    found.decode()
    assert port_vlans(found) == ()
