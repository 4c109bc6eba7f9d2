"""Applying a fix of a report to a running lab exactly as written: the commands on the machine, the manifest by MetalLB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hairpin_doctor.lab import kubectl
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.readiness import poll
from hairpin_doctor.machine.commands import run

ENDS_BGP = "delete bgpadvertisements"


def first_broken(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first diagnosis that is more than a note, as a person would take it; a merely possible one promises no cure."""
    found = (each for each in report["diagnoses"] if each["confidence"] != "possible")
    return next((each for each in found if each["severity"] != "note"), None)


def to_mend(report: Mapping[str, Any], case: Case) -> Mapping[str, Any] | None:
    """The first broken one; where everything is a note, the one of which the case knows how it is mended."""
    noted = (each for each in report["diagnoses"] if each["code"] in case.codes[:1] and advice(case))
    return first_broken(report) or next(noted, None)


def advice(case: Case) -> bool:
    """Whether the case knows what a person does where a fix is advice only."""
    return any(each is not None for each in (case.repair, case.recovered, case.by_hand))


OF_THE_WHOLE_MACHINE = "net/netfilter/nf_conntrack_max"
"""A setting that no namespace may write: the lab leaves the machine that it runs on alone."""


def can_be_applied(fix: Mapping[str, Any]) -> bool:
    """Whether the lab can carry it out: commands for its machines and manifests; no prose, and no looking at a cluster."""
    return not any(
        OF_THE_WHOLE_MACHINE in line for step in fix["steps"] for line in step["commands"]
    ) and all(
        step["manifest"] or any(map(kubectl.understands, step["commands"]))
        if step["place"] == "cluster"
        else step["commands"] and not step["instructions"]
        for step in fix["steps"]
    )


def apply_fix(lab: Lab, case: Case, names: Names, fix: Mapping[str, Any]) -> Iterator[str]:
    """Carry the steps out in order and yield what was done. Raises CommandFailed where a command fails."""
    for step in fix["steps"]:
        if step["place"] == "cluster":
            yield from in_the_cluster(lab, case, names, step)
            continue
        role = role_of(lab, case, step)
        lab.apply(role, "\n".join(step["commands"]))
        yield from (f"{lab.place(role).hostname}# {command}" for command in step["commands"])
    await_cable(lab, case.client)


def role_of(lab: Lab, case: Case, step: Mapping[str, Any]) -> str:
    """Where a step is carried out: on the machine that it names, else on the client or the host, as its place says."""
    scanned = (case.host, case.client, *case.others)
    named = (role for role in scanned if lab.place(role).hostname == step["machine"])
    return next(named, case.client if step["place"] == "client" else case.host)


def in_the_cluster(lab: Lab, case: Case, names: Names, step: Mapping[str, Any]) -> Iterator[str]:
    """Carry out a cluster's step. The lab has none: its announcer and BGP speaker obey what kubectl would have told them."""
    names = case.addressed(names)
    for command in step["commands"]:
        if ENDS_BGP in command:
            lab.remove_bgp()
        if kubectl.understands(command):
            kubectl.obey(lab, case.host, names, case.cluster(names), command)
        yield f"$ {command}"
    if step["manifest"]:
        interfaces = lab.apply_manifest(step["manifest"], names.vips)
        yield f"$ kubectl apply -f - (L2Advertisement, interfaces: {', '.join(interfaces)})"


def await_cable(lab: Lab, role: str) -> None:
    """Wait for the machine's cable, and for ARP questions that were asked before and fail.

    Nobody scans within the second in which a cable is reported (linkwatch).
    """
    nic, place = lab.topology.machine(role).interfaces[0].name, lab.place(role)

    def in_use() -> bool:
        link = json.loads(run(["ip", "-n", place.namespace, "-json", "link", "show", "dev", nic]))[0]
        asking = run(["ip", "-n", place.namespace, "neigh", "show", "dev", nic, "nud", "incomplete"])
        return str(link["operstate"]) in ("UP", "UNKNOWN") and not asking.strip()

    poll(f"the cable of {place.hostname}", in_use)


def repair(lab: Lab, case: Case, names: Names) -> Iterator[str]:
    """Do what the first fix only advises. Nothing happens where the case does not know."""
    if case.by_hand is not None:
        role, commands = case.by_hand(names)
        lab.apply(role, commands)
        yield f"{lab.place(role).hostname}# {commands}"
    if case.repair is not None:
        role, daemon = case.repair(names)
        lab.replace_daemon(role, daemon)
        yield f"{lab.place(role).hostname}: {' '.join(daemon.argv)}"
    if case.recovered is not None:
        kubectl.program(lab, case.host, case.addressed(names), case.recovered(names))
        yield "the Service gets what it lacks"


def undo_fix(lab: Lab, case: Case, fix: Mapping[str, Any]) -> None:
    """Run the undo of every step on a machine, last step first. Raises CommandFailed where a command fails."""
    for step in reversed(fix["steps"]):
        if step["place"] in ("host", "client"):
            lab.apply(role_of(lab, case, step), "\n".join(step["undo"]))
