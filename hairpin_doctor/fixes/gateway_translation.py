"""The last resort against a VIP in the clients' own subnet: the gateway translates it."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


def translate_at_the_gateway(vip: Address, client: VantagePoint) -> Fix:
    """Explained only, so that nobody takes it for the simple way."""
    text = (
        f"Last resort: have the gateway translate (DNAT) {vip} to a node's address and a NodePort, and masquerade what it "
        f"sends there. Clients still ask by ARP for {vip}: the gateway must answer (proxy ARP, or the address itself)."
    )
    step = Step("router", "the gateway", "the gateway then stands between client and node", instructions=text)
    cautions = (
        "The service sees the gateway's address instead of the client's.",
        "All of this traffic crosses the gateway twice, and ends with it or with that one node.",
        "It has to be kept in step with the cluster by hand, port by port.",
    )
    title = f"Translate {vip} at the gateway"
    reason = "it hides the fault instead of ending it, so it comes last"
    return Fix(title, (step,), check_from_client(vip, client.name), cautions, reason)
