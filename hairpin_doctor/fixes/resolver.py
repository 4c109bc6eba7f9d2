"""Fixes of the DNS server behind a Service: what to look at, since its configuration is in no common place."""

from __future__ import annotations

from shlex import quote

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE, named
from probes.target import Address


def resolver_configuration(service: str | None, vip: Address, client: str, what: str) -> Fix:
    """Look at the server's own words and settings; `what` it is that they must allow."""
    commands = [f"kubectl get services -A | grep -F {vip}"]
    if service is not None:
        namespace, name = map(quote, named(service))
        slices = f"kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name}"
        commands = [
            f"{slices} -o wide",
            f"kubectl -n {namespace} get pods -o wide",
            f"kubectl -n {namespace} get configmaps",
        ]
    look = Step(
        "cluster",
        ANYWHERE,
        "the pods of the server, and where its configuration is",
        tuple(map(Look, commands)),
    )
    change = Step(
        place="cluster",
        machine="the DNS server's own configuration",
        why="the network has carried question and answer: only the server can answer differently",
        instructions=what,
    )
    return Fix(f"Have the DNS server behind {vip} answer", (look, change), check_from_client(vip, client))
