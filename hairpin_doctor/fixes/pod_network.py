"""Fixes of the pod network between nodes. Each CNI plugin mends its own: what to look at, and what must be true."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE
from probes.target import Address


def mend_pod_network(
    host: str, endpoint: Address, next_hop: Address | None, vip: Address, client: str
) -> Fix:
    """Look at the route here and at forwarding there; the plugin's own agent puts right what it has set up."""
    here = (f"ip route get {endpoint}", f"kubectl get pods -A -o wide | grep -F {endpoint}")
    there = f"the node that runs {endpoint}"
    text = (
        f"On {there}: ip_forward must be 1 (cat /proc/sys/net/ipv4/ip_forward), its firewall must let in what comes from "
        f"{host} (vxlan: UDP 4789 or 8472; ipip: protocol 4; wireguard: its UDP port) and forward it. Restart the CNI "
        "plugin's agent on both nodes: it sets routes and tunnels up again."
    )
    if next_hop is not None:
        text = f"{next_hop}, where {host} sends the packets, must be that node now. {text}"
    return Fix(
        f"Mend the pod network between {host} and {there}",
        (
            Step("host", host, "which way the packets take, and where the pod runs", tuple(map(Look, here))),
            Step("cluster", ANYWHERE, "what must hold on the other node", instructions=text),
        ),
        check_from_client(vip, client),
    )
