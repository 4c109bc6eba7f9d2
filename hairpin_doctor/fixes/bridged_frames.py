"""Fixes that keep the host's own NAT rules off frames that are only bridged, without breaking pod -> ClusterIP."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Attachment
from probes.br_netfilter import CALL_IPTABLES, BrNetfilterFacts
from probes.interfaces import InterfaceFacts
from probes.target import Address


def fixes_for_bridged_frames(attachment: Attachment, vip: Address, client: str) -> tuple[Fix, ...]:
    """The narrow one first: one port, one VIP; then the general one, for all bridges but the pods' own."""
    return (_notrack(attachment, vip, client), _switch_off(attachment, vip, client))


def _notrack(attachment: Attachment, vip: Address, client: str) -> Fix:
    port = attachment.port.name if attachment.port else attachment.interface.name
    rule = f"PREROUTING -m physdev --physdev-in {port} -d {vip} -j CT --notrack"
    step = Step(
        place="host",
        machine=attachment.host.name,
        why=f"what is not tracked is not translated: frames for {vip} that come in by {port} are bridged as they are",
        commands=(f"iptables -t raw -I {rule}",),
        undo=(f"iptables -t raw -D {rule}",),
    )
    caution = f"Right only while another machine serves {vip}: {attachment.host.name} no longer serves it to {port}."
    return Fix(
        f"Leave frames for {vip} from {port} untranslated",
        (step,),
        check_from_client(vip, client),
        (caution,),
    )


def _switch_off(attachment: Attachment, vip: Address, client: str) -> Fix:
    host = attachment.host
    facts, interfaces = host.findings[BrNetfilterFacts], host.findings[InterfaceFacts]
    keep = [b.name for b in interfaces.bridges() if b.index != attachment.interface.index and b.addresses]
    name = attachment.interface.name
    commands = [f"ip link set {bridge} type bridge nf_call_iptables 1" for bridge in keep]
    undo = [
        f"ip link set {bridge} type bridge nf_call_iptables 0"
        for bridge in keep
        if bridge not in facts.bridges
    ]
    if name in facts.bridges:
        commands.append(f"ip link set {name} type bridge nf_call_iptables 0")
        undo.insert(0, f"ip link set {name} type bridge nf_call_iptables 1")
    if facts.call_iptables:
        commands.append(f"sysctl -w {CALL_IPTABLES}=0")
        undo.insert(0, f"sysctl -w {CALL_IPTABLES}=1")
    step = Step(
        place="host",
        machine=host.name,
        why=f"{name} then bridges without iptables; {', '.join(keep) or 'no other bridge'} keeps it, which pods need",
        commands=tuple(commands),
        undo=tuple(undo),
    )
    cautions = (
        "k3s, RKE2 and Docker set the sysctl back to 1 when they start: order this after them.",
        "Never where a bridge firewall (Proxmox) relies on iptables for bridged frames.",
        "Prove afterwards from a pod that it still reaches a ClusterIP whose backend is on the same node.",
    )
    return Fix(
        f"Keep iptables off frames that {name} bridges", (step,), check_from_client(vip, client), cautions
    )
