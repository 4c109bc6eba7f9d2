"""Fixes of a Kubernetes Service, as commands for kubectl, each with its undo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from shlex import quote

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look, Patch, ResourceRef, RestartedDaemonSet
from hairpin_doctor.fixes.changes.kubernetes import merge
from hairpin_doctor.fixes.fix import Fix, Step
from probes.target import Address, Network, ServicePort

ANYWHERE = "any machine with kubectl"


def named(service: str) -> tuple[str, str]:
    """Namespace and name of "namespace/name:port"."""
    namespace, _, rest = service.partition("/")
    return namespace, rest.partition(":")[0]


def _name(service: str) -> str:
    """Of the Service as a whole, which the fixes change, whatever port is spoken of."""
    return "/".join(named(service))


def policy_cluster(service: str, vip: Address, client: str) -> Fix:
    """Let every node send to every endpoint."""
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why="nodes without an endpoint of their own then send to those of other nodes",
        changes=(
            merge(
                _reference(service), {"externalTrafficPolicy": "Cluster"}, {"externalTrafficPolicy": "Local"}
            ),
        ),
    )
    caution = (
        "The backend then sees a node's address instead of the client's; a pod on that node avoids this."
    )
    return Fix(
        f"External traffic policy Cluster for {_name(service)}",
        (step,),
        check_from_client(vip, client),
        (caution,),
    )


def policy_local(service: str, vip: Address, client: str) -> Fix:
    """Let nodes send to endpoints of their own alone, without masquerade."""
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why="what stays on the node needs no masquerade, and the backend sees the client's address",
        changes=(
            merge(
                _reference(service), {"externalTrafficPolicy": "Local"}, {"externalTrafficPolicy": "Cluster"}
            ),
        ),
    )
    caution = "A node without a ready endpoint of its own then drops what arrives: the announcing node must have one."
    return Fix(
        f"External traffic policy Local for {_name(service)}",
        (step,),
        check_from_client(vip, client),
        (caution,),
    )


def source_ranges(
    service: str, now: Sequence[Network], more: Sequence[Network], vip: Address, client: str
) -> Fix:
    """Let further networks in."""
    before, after = [str(each) for each in now], [str(each) for each in (*now, *more)]
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why="the service proxy drops clients outside of these ranges",
        changes=(
            merge(
                _reference(service), {"loadBalancerSourceRanges": after}, {"loadBalancerSourceRanges": before}
            ),
        ),
    )
    caution = "Wider is simpler: the whole subnet of the client, if all of it is to be served."
    return Fix(
        f"Let {', '.join(map(str, more))} use {_name(service)}",
        (step,),
        check_from_client(vip, client),
        (caution,),
    )


def add_port(service: str, port: ServicePort, target: int, vip: Address, client: str) -> Fix:
    """Serve one more port or protocol. The ports as they were are kept in a file for the undo."""
    value = {
        "name": f"{port.protocol}-{port.port}",
        "port": port.port,
        "protocol": str(port.protocol).upper(),
        "targetPort": target,
    }
    patch = json.dumps([{"op": "add", "path": "/spec/ports/-", "value": value}])
    kept = f"{named(service)[1]}-ports.json"
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why=f"the service proxy then translates {port} as well",
        changes=(Patch(_reference(service), "json", patch, kept=kept, path="/spec/ports"),),
    )
    caution = f"If the backend listens on another port than {target}, name that one as targetPort."
    mixed = (
        "An API server before Kubernetes 1.26 may refuse TCP and UDP in one LoadBalancer Service (mixed protocols): there a "
        "second Service with the same address serves the other protocol (MetalLB: metallb.io/allow-shared-ip on both)."
    )
    return Fix(f"Add {port} to {_name(service)}", (step,), check_from_client(vip, client), (caution, mixed))


def look_at_backend(service: str | None, vip: Address, client: str) -> Fix:
    """Which pods stand behind it, on which port they should listen, and whether they do."""
    commands: tuple[str, ...] = (f"kubectl get services -A | grep -F {vip}",)
    if service is not None:
        namespace, name = map(quote, named(service))
        commands = (
            f"kubectl -n {namespace} get service {name} -o yaml",
            f"kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name} -o yaml",
            f"kubectl -n {namespace} get pods -o wide",
        )
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why="targetPort must be a port that the pod's program listens on, at the pod's own address and not at 127.0.0.1",
        changes=tuple(map(Look, commands)),
    )
    return Fix("Make the backend listen where the Service sends", (step,), check_from_client(vip, client))


def make_ready(service: str, vip: Address, client: str) -> Fix:
    """Which pods the Service selects, and why none of them is ready."""
    namespace, name = map(quote, named(service))
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why=(
            "an endpoint is ready when the Service's selector matches the labels of a pod, and that pod is ready: it runs, "
            "and its readiness probe passes"
        ),
        changes=(
            Look(f"kubectl -n {namespace} get service {name} -o wide"),
            Look(f"kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name} -o yaml"),
            Look(f"kubectl -n {namespace} get pods -o wide --show-labels"),
            Look(f"kubectl -n {namespace} get events --sort-by=.lastTimestamp"),
        ),
    )
    title = f"Have a ready pod behind {_name(service)}"
    return Fix(title, (step,), check_from_client(vip, client))


def restart_proxy(vip: Address, client: str) -> Fix:
    """Have the service proxy program everything anew, after a look at whether the Service is there at all."""
    step = Step(
        place="cluster",
        machine=ANYWHERE,
        why="the proxy programs every Service with a load balancer address; its log says why it could not",
        changes=(
            Look(f"kubectl get services -A | grep -F {vip}"),
            Look("kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=50"),
            RestartedDaemonSet("kube-system", "kube-proxy"),
        ),
    )
    caution = "On k3s and RKE2 the proxy is part of the agent: restart that service on the node instead."
    return Fix(f"Have the service proxy program {vip}", (step,), check_from_client(vip, client), (caution,))


def _reference(service: str) -> ResourceRef:
    return ResourceRef("service", *named(service))
