"""Applying a fix of a report to a running lab exactly as written: the commands on the machine, the manifest by MetalLB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.names import Names

ENDS_BGP = "delete bgpadvertisements"


def first_broken(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first diagnosis that is more than a note, as a person would take it."""
    return next((each for each in report["diagnoses"] if each["severity"] != "note"), None)


def can_be_applied(fix: Mapping[str, Any]) -> bool:
    """Whether the lab can carry it out: commands for its machines and manifests; no prose, and no looking at a cluster."""
    return all(step["manifest"] if step["place"] == "cluster" else step["commands"] for step in fix["steps"])


def apply_fix(lab: Lab, case: Case, names: Names, fix: Mapping[str, Any]) -> Iterator[str]:
    """Carry the steps out in order and yield what was done. Raises CommandFailed where a command fails."""
    for step in fix["steps"]:
        if step["place"] == "cluster":
            yield from _in_the_cluster(lab, names, step)
            continue
        role = case.client if step["place"] == "client" else case.host
        lab.apply(role, "\n".join(step["commands"]))
        yield from (f"{lab.place(role).hostname}# {command}" for command in step["commands"])


def _in_the_cluster(lab: Lab, names: Names, step: Mapping[str, Any]) -> Iterator[str]:
    """There is no cluster in the lab: its announcer and BGP speaker obey what kubectl would have told them."""
    for command in step["commands"]:
        if ENDS_BGP in command:
            lab.remove_bgp()
        yield f"$ {command}"
    if step["manifest"]:
        interfaces = lab.apply_manifest(step["manifest"], names.vips)
        yield f"$ kubectl apply -f - (L2Advertisement, interfaces: {', '.join(interfaces)})"


def undo_fix(lab: Lab, case: Case, fix: Mapping[str, Any]) -> None:
    """Run the undo of every step on a machine, last step first. Raises CommandFailed where a command fails."""
    for step in reversed(fix["steps"]):
        if step["place"] in ("host", "client"):
            role = case.client if step["place"] == "client" else case.host
            lab.apply(role, "\n".join(step["undo"]))
