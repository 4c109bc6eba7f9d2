"""Objects of the cluster: applied, patched, deleted, a DaemonSet restarted. All by kubectl."""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote
from typing import Any, Literal

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class ResourceRef:
    """An object: `resource` as kubectl names it ("service", "l2advertisements.metallb.io"); no name means all of them."""

    resource: str
    namespace: str
    name: str | None = None

    def kubectl(self, verb: str) -> str:
        """`kubectl -n NAMESPACE VERB RESOURCE [NAME]`, quoted."""
        words = f"kubectl -n {quote(self.namespace)} {verb} {self.resource}"
        return f"{words} {quote(self.name)}" if self.name is not None else words


@dataclass(frozen=True)
class Manifest(Change):
    """The object is as the YAML says. A report shows the YAML instead of a command."""

    of: ResourceRef
    yaml: str

    def commands(self) -> tuple[str, ...]:
        """None: `kubectl apply -f -` reads the YAML."""
        return ()

    def undo(self) -> tuple[str, ...]:
        """Delete it: a scan of machines does not know whether there was another one of that name."""
        return (self.of.kubectl("delete"),)


@dataclass(frozen=True)
class Patch(Change):
    """The object is patched. `patch` and `back`, which takes it back, are JSON text.

    `kept`: without a known way back, the pasted commands keep `path` of the object in this file before.
    """

    of: ResourceRef
    type: Literal["merge", "json"]
    patch: str
    back: str | None = None
    kept: str | None = None
    path: str | None = None

    def commands(self) -> tuple[str, ...]:
        """kubectl patch, after the part that it changes was kept."""
        keep: tuple[str, ...] = ()
        if self.kept is not None and self.path is not None:
            shown = "{" + self.path.replace("/", ".") + "}"
            keep = (f"{self.of.kubectl('get')} -o jsonpath='{shown}' > {quote(self.kept)}",)
        return (*keep, self._patch(quote(self.patch)))

    def undo(self) -> tuple[str, ...]:
        """kubectl patch with what was seen or kept before."""
        if self.back is not None:
            return (self._patch(quote(self.back)),)
        if self.kept is None or self.path is None:
            return ()
        head = json.dumps({"op": "replace", "path": self.path}, separators=(",", ":"))[:-1]
        escaped = f'[{head},"value":'.replace('"', '\\"')
        return (self._patch(f'"{escaped}$(cat {quote(self.kept)})}}]"'),)

    def _patch(self, argument: str) -> str:
        return f"{self.of.kubectl('patch')} --type {self.type} -p {argument}"


@dataclass(frozen=True)
class Deletion(Change):
    """The object, or all of that kind in the namespace, is gone. The pasted commands keep it in a file before."""

    of: ResourceRef

    def commands(self) -> tuple[str, ...]:
        """kubectl get, kept, and delete."""
        delete = self.of.kubectl("delete") + (" --all" if self.of.name is None else "")
        return (f"{self.of.kubectl('get')} -o yaml > {self._kept}", delete)

    def undo(self) -> tuple[str, ...]:
        """Apply what was kept."""
        return (f"kubectl apply -f {self._kept}",)

    @property
    def _kept(self) -> str:
        return quote("-".join(filter(None, (self.of.resource.partition(".")[0], self.of.name))) + ".yaml")


@dataclass(frozen=True)
class RestartedDaemonSet(Change):
    """Its pods are made anew. Nothing is left to take back."""

    namespace: str
    name: str

    def commands(self) -> tuple[str, ...]:
        """kubectl rollout restart."""
        return (f"kubectl -n {quote(self.namespace)} rollout restart daemonset {quote(self.name)}",)

    def undo(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


def merge(of: ResourceRef, spec: dict[str, Any], before: dict[str, Any]) -> Patch:
    """A merge patch of fields of `spec`, and the one that puts the values back which were seen before."""
    return Patch(of, "merge", json.dumps({"spec": spec}), json.dumps({"spec": before}))
