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
    switch = "net.ipv4.ip_forward" if endpoint.version == 4 else "net.ipv6.conf.all.forwarding"
    text = (
        f"On {there}: it must forward (`sysctl {switch}` says 1), its firewall must let in what comes from "
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


def mend_pod_route(host: str, endpoint: Address, vip: Address, client: str) -> Fix:
    """Where is the pod, and why did the plugin's agent set no route to it?"""
    look = (
        f"kubectl get pods -A -o wide | grep -F {endpoint}",
        "ip route show" if endpoint.version == 4 else "ip -6 route show",
        "kubectl get pods -A -o wide | grep -E 'flannel|calico|cilium|kindnet|kube-router'",
    )
    text = (
        f"Is {endpoint} a pod of {host}, then its interface or the route to it is gone: restart the CNI plugin's agent "
        "there, or delete the pod. Is it one of another node, the agent sets the route to that node's pods: restart it on "
        "both. Is it no pod any more, the service proxy lags behind the cluster: restart that. Where the default gateway is "
        "meant to know the pod network, look for its route to that node."
    )
    step = Step("cluster", ANYWHERE, "the CNI plugin sets a route to every pod", tuple(map(Look, look)), text)
    return Fix(f"Have the CNI plugin set the route to {endpoint}", (step,), check_from_client(vip, client))
