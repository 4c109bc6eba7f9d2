"""Fixes that let neighbour solicitations through to an announcer, and let it answer."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import BridgePortFlag, BridgeSnooping, Look, RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.own_mac_interface import BEHIND_OTHERS
from hairpin_doctor.solicitations import Kept
from hairpin_doctor.vantage_point import VantagePoint
from probes.questions.links import Link
from probes.target import Address, Network


def stop_snooping(kept: Kept, vip: Address, client: str) -> Fix:
    """Flood multicast as a bridge without snooping does."""
    step = Step(
        place="host",
        machine=kept.host.name,
        why=f"{kept.bridge.name} then sends multicast to every port and to itself, so that the announcer hears it",
        changes=(BridgeSnooping(kept.bridge.name, False, True),),
    )
    cautions = (
        "Heavy multicast (IPTV) then floods every port; an announcer that joins the VIP's group is the narrower cure.",
    )
    return Fix(
        f"Stop multicast snooping on {kept.bridge.name}", (step,), check_from_client(vip, client), cautions
    )


def flood_again(kept: Kept, vip: Address, client: str) -> Fix:
    """Let unregistered multicast out of the port."""
    assert kept.unflooded is not None
    step = Step(
        place="host",
        machine=kept.host.name,
        why=f"solicitations then go out of {kept.unflooded.name}, behind which the announcer is",
        changes=(BridgePortFlag(kept.unflooded.name, "mcast_flood", 1, 0),),
    )
    return Fix(f"Let multicast out of {kept.unflooded.name}", (step,), check_from_client(vip, client))


def new_link_local(host: VantagePoint, link: Link, vip: Address, client: str) -> Fix:
    """Look why there is none: a duplicate, addrgenmode none, or it was flushed; then make one and restart the speaker."""
    step = Step(
        place="host",
        machine=host.name,
        why="a link-local address that is missing or failed is an accident: its reason decides how it comes back",
        changes=(
            Look(f"ip -6 addr show dev {link.name}"),
            Look(f"ip -d link show dev {link.name}"),
            Look("journalctl -k --grep 'duplicate address'"),
        ),
        instructions=(
            f"Where it failed, another station has that address: give one of the two another MAC. Where it is missing, "
            f"set addrgenmode eui64 and take {link.name} down and up. Then restart the speaker of {host.name}."
        ),
    )
    return Fix(f"Give {link.name} a usable link-local address", (step,), check_from_client(vip, client))


def route_to_answer_by(host: VantagePoint, link: Link, prefix: Network, vip: Address, client: str) -> Fix:
    """A route by the announcing interface that only sockets bound to it take."""
    step = Step(
        place="host",
        machine=host.name,
        why=f"an answer that is bound to {link.name} can then be sent; by its metric nothing else goes there",
        changes=(RouteEntry(str(prefix), link.name, metric=BEHIND_OTHERS),),
    )
    caution = f"It goes away with {link.name}: set it where that is configured."
    return Fix(f"Give {link.name} a route to {prefix}", (step,), check_from_client(vip, client), (caution,))
