"""In which VLAN a bridge that filters by VLAN hears a client, and in which it should: that of the client's subnet."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.fixes.changes import BridgeVlan
from hairpin_doctor.fixes.changes.bridges import Membership
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link, PortVlan
from probes.target import Address


@dataclass(frozen=True)
class Misfiled:
    """A VLAN setting that keeps client and host apart: the sentences that show it, and the change that ends it."""

    why: tuple[str, ...]
    change: BridgeVlan


def access_vlan(vlans: tuple[PortVlan, ...]) -> int | None:
    """The VLAN that frames without a tag are filed under (PVID), None where they are dropped."""
    return next((each.vid for each in vlans if each.pvid), None)


def home(attachment: Attachment, address: Address) -> tuple[Link, int] | None:
    """The bridge, or the VLAN interface on it, that holds the client's subnet, and the VLAN of that."""
    bridge = attachment.interface
    if bridge.bridge is None or not bridge.bridge.vlan_filtering:
        return None
    own = access_vlan(bridge.bridge.vlans)
    if own is not None and _holds(bridge, address):
        return bridge, own
    for link in attachment.host.findings[InterfaceFacts].stacked_on(bridge):
        if link.kind == "vlan" and link.vlan_id is not None and _holds(link, address):
            return link, link.vlan_id
    return None


def misfiled(attachment: Attachment, address: Address, client: str) -> Misfiled | None:
    """Why frames without a tag that the client sends never come up where its subnet is; None where they do."""
    found, port = home(attachment, address), attachment.port
    if found is None or port is None or port.port is None or attachment.vlan is None or attachment.tagged:
        return None
    link, wanted = found
    bridge = attachment.interface
    heard = f"{bridge.name} filters by VLAN and hears {client} behind {port.name} in VLAN {attachment.vlan}."
    if attachment.vlan != wanted:
        why = (heard, f"{link.name}, which has the subnet of {client}, is in VLAN {wanted}.")
        return Misfiled(why, file_under(port, wanted))
    own = bridge.bridge.vlans if bridge.bridge else ()
    if link is not bridge and own and not any(each.holds(wanted) for each in own):
        why = (heard, f"{bridge.name} itself is not in VLAN {wanted}: {link.name} gets no frame of it.")
        return Misfiled(why, BridgeVlan(bridge.name, wanted, scope="self"))
    return None


def file_under(port: Link, vlan: int) -> BridgeVlan:
    """The change that makes `vlan` the port's access VLAN."""
    vlans = port.port.vlans if port.port else ()
    member = next((each for each in vlans if each.holds(vlan)), None)
    before: Membership = "none" if member is None else "untagged" if member.untagged else "tagged"
    return BridgeVlan(port.name, vlan, "access", before=before, access_before=access_vlan(vlans))


def _holds(link: Link, address: Address) -> bool:
    return any(address in ip_interface(f"{e.address}/{e.prefix_length}").network for e in link.addresses)
