"""Objects of a cluster, by kubectl and a context that was named. What there was is read before anything is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from hairpin_doctor.fixes.changes import Change, Deletion, Manifest, Patch, ResourceRef, RestartedDaemonSet
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.tools import path_of, run_tool

ClusterChange = Deletion | Manifest | Patch | RestartedDaemonSet
SERVER_SIDE = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class Kubectl:
    """`kubectl` in the context `context`; the API server may take `timeout_s` seconds for an answer."""

    context: str
    timeout_s: int = 10

    def run(self, *words: str, text: str | None = None) -> str:
        """What it prints. Raises CannotChange with its own words."""
        if path_of("kubectl") is None:
            raise CannotChange("kubectl is not installed here: carry the cluster's steps out where it is")
        head = ["kubectl", "--context", self.context, f"--request-timeout={self.timeout_s}s"]
        return run_tool([*head, *words], text)

    def get(self, of: ResourceRef) -> list[dict[str, Any]]:
        """The object, or all of the kind, without what the server adds; none if there is none."""
        words = [of.resource, *([of.name] if of.name is not None else [])]
        text = self.run("-n", of.namespace, "get", *words, "--ignore-not-found", "-o", "json")
        found = json.loads(text) if text.strip() else {"items": []}
        return [_without_status(each) for each in found.get("items", [found])]

    def find(self, change: ClusterChange) -> Found:
        """What stands there before."""
        if isinstance(change, RestartedDaemonSet):
            return Found(False)
        if isinstance(change, Deletion):
            return _found_deletion(self.get(change.of))
        if isinstance(change, Patch):
            return _found_patch(change, self.get(change.of))
        return _found_manifest(change, self.get(change.of))

    def do(self, change: ClusterChange, *, dry_run: bool = False) -> None:
        """Carry it out; `dry_run`: the server checks it and keeps nothing."""
        trial = ("--dry-run=server",) if dry_run else ()
        if isinstance(change, Manifest):
            self.run("apply", *trial, "-f", "-", text=change.yaml)
        elif isinstance(change, Patch):
            head = ("-n", change.of.namespace, "patch", change.of.resource, change.of.name or "")
            self.run(*head, "--type", change.type, "-p", change.patch, *trial)
        elif isinstance(change, Deletion):
            names = (change.of.name,) if change.of.name is not None else ("--all",)
            self.run("-n", change.of.namespace, "delete", change.of.resource, *names, *trial)
        elif not dry_run:
            self.run("-n", change.namespace, "rollout", "restart", "daemonset", change.name)


def _without_status(found: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in found.get("metadata", {}).items() if key not in SERVER_SIDE}
    annotations = {k: v for k, v in metadata.get("annotations", {}).items() if k != APPLIED}
    metadata |= {"annotations": annotations} if "annotations" in metadata else {}
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}


def _as_manifest(found: Mapping[str, Any]) -> Manifest:
    """JSON is YAML."""
    metadata = found["metadata"]
    of = ResourceRef(found["kind"].lower(), metadata.get("namespace", "default"), metadata["name"])
    return Manifest(of, json.dumps(found))


def _found_deletion(standing: list[dict[str, Any]]) -> Found:
    return Found(not standing, tuple(map(_as_manifest, standing)))


def _found_manifest(change: Manifest, standing: list[dict[str, Any]]) -> Found:
    if not standing:
        return Found(False, (Deletion(change.of),))
    import yaml  # takes 15 ms, and only whoever applies a manifest needs it

    wanted = yaml.safe_load(change.yaml)
    return SO if _within(wanted, standing[0]) else Found(False, (_as_manifest(standing[0]),))


def _within(wanted: Any, found: Any) -> bool:
    """Whether everything that is wanted stands in what is found."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_within(v, found.get(k)) for k, v in wanted.items())
    return bool(wanted == found)


def _found_patch(change: Patch, standing: list[dict[str, Any]]) -> Found:
    if not standing:
        raise CannotChange(f"there is no {change.of.resource} {change.of.namespace}/{change.of.name}")
    patch = json.loads(change.patch)
    if change.type == "merge":
        if _within(patch, standing[0]):
            return SO
        back = _former(patch, standing[0])
        return Found(False, (Patch(change.of, "merge", json.dumps(back), change.patch),))
    if all(_is_there(each, standing[0]) for each in patch):
        return SO
    former = [_replace(each["path"].removesuffix("/-"), standing[0]) for each in patch]
    return Found(False, (Patch(change.of, "json", json.dumps(former)),))


def _former(patch: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The merge patch that puts back what this one changes; null takes away what was not there."""
    standing = found if isinstance(found, Mapping) else {}
    return {
        key: _former(value, standing.get(key)) if isinstance(value, Mapping) else standing.get(key)
        for key, value in patch.items()
    }


def _at(path: str, found: Any) -> Any:
    for part in path.strip("/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _replace(path: str, found: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": _at(path, found)}


def _is_there(operation: Mapping[str, Any], found: Any) -> bool:
    """Whether a list has such an element already: a port of that number and protocol is that port."""
    if operation["op"] == "replace":
        return bool(_at(operation["path"], found) == operation["value"])
    elements = _at(operation["path"].removesuffix("/-"), found) or []
    wanted = operation["value"]
    keys = [key for key in ("port", "protocol") if key in wanted] or list(wanted)
    return any(all(each.get(key) == wanted[key] for key in keys) for each in cast(list[Any], elements))


def is_clusters(change: Change) -> bool:
    """Whether it is a change of the cluster."""
    return isinstance(change, ClusterChange)
