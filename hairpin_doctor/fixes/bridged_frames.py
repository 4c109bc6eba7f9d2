"""Fixes that keep the host's own NAT rules off frames that are only bridged, without breaking pod -> ClusterIP."""

from __future__ import annotations

from shlex import quote

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import BridgeNetfilter, BridgeNetfilterIpv6, Change, IptablesRule, Sysctl
from hairpin_doctor.fixes.changes.packet_filter import IPTABLES
from hairpin_doctor.fixes.fix import Fix, Step
from probes.br_netfilter import SYSCTLS, BrNetfilterFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.target import Address


def leave_untranslated(
    attachment: Attachment, vip: Address, owner_mac: str, client: str, *, own: bool = False
) -> Fix:
    """The narrow one: frames between one port and the VIP's owner are not tracked.

    The owner is another machine, or (`own`) an interface of the same one beyond this bridge, which then translates them.

    Both directions: the answers to a flow that conntrack has not seen are INVALID, and kube-proxy in iptables mode
    drops these (KUBE-FORWARD), measured in docs/design/lab.md.
    """
    port = attachment.port.name if attachment.port else attachment.interface.name
    there = f"-m physdev --physdev-in {quote(port)} -d {vip} -j CT --notrack"
    back = f"-m physdev --physdev-in {quote(_port_of(attachment, owner_mac))} -s {vip} -j CT --notrack"
    step = Step(
        place="host",
        machine=attachment.host.name,
        why=f"what is not tracked is not translated: frames for {vip} that come in by {port} are bridged as they are",
        changes=tuple(
            IptablesRule(IPTABLES[vip.version], "raw", "PREROUTING", rule) for rule in (there, back)
        ),
    )
    caution = f"Right only while another machine serves {vip}: {attachment.host.name} no longer serves it to {port}."
    if own:
        caution = f"Right only while {owner_mac}, beyond {attachment.interface.name}, answers for {vip}."
    return Fix(
        f"Leave frames for {vip} from {port} untranslated",
        (step,),
        check_from_client(vip, client),
        (caution,),
    )


def _port_of(attachment: Attachment, mac: str) -> str:
    """The bridge port behind which the MAC was heard."""
    interfaces = attachment.host.findings[InterfaceFacts]
    for entry in attachment.host.findings[ForwardingDatabaseFacts].learned(mac):
        port = interfaces.by_index(entry.port)
        if port is not None and entry.bridge == attachment.interface.index:
            return port.name
    others = (port for port in interfaces.ports_of(attachment.interface) if port != attachment.port)
    return next((port.name for port in others), attachment.interface.name)


def iptables_off(attachment: Attachment, vip: Address, client: str) -> Fix:
    """The wide one: the sysctl off, and all other bridges keep by their own switch what the sysctl gave them."""
    host = attachment.host
    facts, interfaces = host.findings[BrNetfilterFacts], host.findings[InterfaceFacts]
    name = attachment.interface.name
    switch = BridgeNetfilter if vip.version == 4 else BridgeNetfilterIpv6
    own, sysctl = facts.switched_on(vip.version), facts.sysctl(vip.version)
    off = switch(name, False, name in own)
    keep = [bridge.name for bridge in interfaces.bridges() if bridge.name != name]
    changes: tuple[Change, ...] = (off,)
    if sysctl:
        kept = (switch(bridge, True, bridge in own) for bridge in keep)
        changes = (*kept, off, Sysctl(SYSCTLS[vip.version], 0, sysctl))
    step = Step(
        place="host",
        machine=host.name,
        why=f"iptables no longer sees what {name} bridges{_kept(keep)}",
        changes=changes,
    )
    cautions = (
        "k3s, RKE2 and Docker set the sysctl back to 1 when they start, and a bridge that is made later begins without its "
        "own switch (that of the pods, at every boot): `--persist` installs a service that sees to both.",
        "Never where a bridge firewall (Proxmox) relies on iptables for bridged frames.",
        "Prove afterwards from a pod that it still reaches a ClusterIP whose backend is on the same node.",
    )
    return Fix(
        f"Keep iptables off frames that {name} bridges", (step,), check_from_client(vip, client), cautions
    )


def _kept(bridges: list[str]) -> str:
    """A half sentence: which bridges go on being seen."""
    if not bridges:
        return ""
    return f"; {', '.join(bridges)} {'keeps' if len(bridges) == 1 else 'keep'} it, as pods need"
