"""What MetalLB's speaker on a scanned node says of a VIP itself: what it means to do, which is evidence and no proof."""

from __future__ import annotations

from hairpin_doctor.vantage_point import VantagePoint
from probes.speaker import SpeakerFacts
from probes.target import Address, resolution

LAYER2, BGP = "layer2", "bgp"


def protocols(host: VantagePoint, vip: Address) -> tuple[str, ...] | None:
    """By which protocols its speaker announces the VIP; () = by none, None = no speaker says anything there."""
    facts = host.findings.get(SpeakerFacts)
    return facts.protocols(vip) if facts else None


def by_bgp_alone(host: VantagePoint, vip: Address) -> bool:
    """Whether it says that it announces the VIP to routers, and answers nobody's ARP."""
    return protocols(host, vip) == (BGP,)


def sentences(host: VantagePoint, vip: Address) -> tuple[str, ...]:
    """For `because`."""
    facts, found = host.findings.get(SpeakerFacts), protocols(host, vip)
    if facts is None or facts.word is None or found is None:
        return ()
    said = f"The speaker on {host.name} says that it announces {vip} by {' and '.join(found)}"
    if LAYER2 in found:
        answered = facts.answered(vip)
        said += f"; it has answered {answered} {resolution(vip)} requests for it since it started"
    elif not found:
        others = len({each.address for each in facts.word.announced or ()})
        said = f"The speaker on {host.name} says that it announces {others} other addresses, and not {vip}"
    stale = "It has refused its newest configuration and goes on with an older one (its log says why)."
    return (f"{said} (its metrics).", *((stale,) if facts.word.config_is_stale else ()))
