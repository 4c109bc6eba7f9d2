"""Fixes on the cluster's side: which interface announces the VIP, by MetalLB's L2Advertisement."""

from __future__ import annotations

from hairpin_doctor.fixes.changes import Change, Deletion, Manifest, ResourceRef
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.vantage_point import STAND_IN
from probes.target import Address, resolution

METALLB = "metallb-system"
EXISTING = (
    "An L2Advertisement without `interfaces` announces on every interface beside this one: "
    "list them with `kubectl -n metallb-system get l2advertisements -o yaml` and give each `interfaces`, or delete it."
)


def l2_advertisement(interface: str) -> str:
    """The manifest; MetalLB announces every pool on the named interface (metallb.io, L2Advertisement.spec)."""
    return "\n".join(
        (
            "apiVersion: metallb.io/v1beta1",
            "kind: L2Advertisement",
            "metadata:",
            f"  name: {_object_name(interface)}",
            f"  namespace: {METALLB}",
            "spec:",
            "  # For every pool; add ipAddressPools to announce only some of them here.",
            "  interfaces:",
            f'  - "{interface}"',
            "",
        )
    )


def _object_name(interface: str) -> str:
    """RFC 1123 label, as Kubernetes wants object names."""
    return "announce-on-" + "".join(
        c if c.isalnum() and c.isascii() else "-" for c in interface.lower()
    ).strip("-")


def check_from_client(vip: Address, client: str) -> str:
    """How success is seen."""
    if client.startswith(STAND_IN):
        return f"the same scan again, with its --stand-in: {vip} works"
    return f"on {client}: sudo hairpin-doctor scan {vip}"


def announce_step(interface: str, vip: Address, *, leave_bgp: bool = False) -> Step:
    """Apply the advertisement, and where BGP announced the VIP end that, so that the router does not answer beside it."""
    bgp: tuple[Change, ...] = (Deletion(ResourceRef("bgpadvertisements", METALLB)),)
    advertisement = ResourceRef("l2advertisement", METALLB, _object_name(interface))
    return Step(
        place="cluster",
        machine="any machine with kubectl",
        why=f"the speaker answers {resolution(vip)} for the VIP on {interface} and nowhere else",
        changes=(*(bgp if leave_bgp else ()), Manifest(advertisement, l2_advertisement(interface))),
    )


def advertise_pool(namespace: str, pool: str, vip: Address, client: str) -> Fix:
    """Announce one pool by L2 on every interface: what a cluster needs where nothing selects the pool."""
    text = "\n".join(
        (
            "apiVersion: metallb.io/v1beta1",
            "kind: L2Advertisement",
            "metadata:",
            f"  name: announce-{pool}",
            f"  namespace: {namespace}",
            "spec:",
            "  ipAddressPools:",
            f"    - {pool}",
            "",
        )
    )
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="the speakers announce only what an advertisement selects",
        changes=(Manifest(ResourceRef("l2advertisement", namespace, f"announce-{pool}"), text),),
    )
    caution = (
        "It announces on every interface of the node; name one in `interfaces` where several share a segment."
    )
    return Fix(f"Announce the pool {pool} by L2", (step,), check_from_client(vip, client), (caution,))


def announce_on(interface: str, vip: Address, client: str, *, leave_bgp: bool = False) -> Fix:
    """Announce on an interface that already is in the client's segment, such as the bridge itself."""
    cautions = [EXISTING]
    if leave_bgp:
        cautions.append(
            "Without the BGP route, clients beyond the router reach the VIP by the router's own ARP."
        )
    return Fix(
        title=f"Announce {vip} by L2 on {interface}",
        steps=(announce_step(interface, vip, leave_bgp=leave_bgp),),
        check=check_from_client(vip, client),
        cautions=tuple(cautions),
        reason=f"it changes nothing on the host: {interface} already is in the client's segment",
    )
