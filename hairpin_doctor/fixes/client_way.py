"""Fixes of a client's own way to a VIP of its LAN, or to its gateway."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look, RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from probes.target import Address, resolution


def into_the_lan(client: str, vip: Address, interface: str, caution: str) -> Fix:
    """A route for the VIP alone by the interface of the LAN."""
    step = Step(
        place="client",
        machine=client,
        why="in a table the longest prefix wins, and none is longer than that of one address",
        changes=(RouteEntry(f"{vip}/{vip.max_prefixlen}", device=interface),),
    )
    title = f"Send packets for {vip} out by {interface}"
    return Fix(title, (step,), check_from_client(vip, client), (caution,))


def right_gateway(client: str, gateway: Address | None, vip: Address) -> Fix:
    """Another gateway, or that one is looked at; which is right is not known."""
    step = Step(
        place="client",
        machine=client,
        why="a packet for another subnet leaves in a frame to the gateway's MAC, which nobody tells",
        changes=(
            Look(f"ip {'-6 ' if vip.version == 6 else ''}route show"),
            Look(f"ip neigh show {gateway}"),
            Look("ip -br link"),
        ),
        instructions=(
            "Compare the gateway with that of a machine of the same LAN that works, and give this one the right one "
            f"({_source(vip)}, or its configuration). Is it right, then look at that router, and at the link to it."
        ),
    )
    return Fix("Give it a gateway that answers", (step,), check_from_client(vip, client))


def right_netmask(client: str, interface: str, length: int, vip: Address) -> Fix:
    """The prefix length of the LAN, at its source."""
    step = Step(
        place="client",
        machine=client,
        why=f"it then asks for {vip} by {resolution(vip)} in the LAN, as its other machines do",
        changes=(Look(f"ip -{vip.version} address show {interface}"),),
        instructions=(
            f"Give its address the prefix length of the LAN, {length}, where it comes from: {_source(vip)} or a file."
            + (
                " A prefix is on-link for it where the router advertises it with the flag L."
                if vip.version == 6
                else ""
            )
        ),
    )
    return Fix("Give it the netmask of the LAN", (step,), check_from_client(vip, client))


def _source(vip: Address) -> str:
    """What gives a machine its subnet and its gateway."""
    return "DHCP" if vip.version == 4 else "router advertisements"
