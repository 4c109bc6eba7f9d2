"""The cluster's objects as YAML with a kustomization beside them, for `kubectl apply -k` or a GitOps repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.fixes.changes import Manifest
from hairpin_doctor.fixes.persistence.persistence import header
from hairpin_doctor.mending.plan import Stage

FOLDER = "cluster"


@dataclass(frozen=True)
class OutputFile:
    """A file by its path below the folder."""

    path: str
    text: str
    mode: int = 0o644


def cluster_files(stage: Stage) -> tuple[OutputFile, ...]:
    """A file per object, which says why it is there, and the kustomization; none where there is no object to apply."""
    objects = tuple(_objects(stage))
    if not objects:
        return ()
    names = "".join(f"  - {each.path.rpartition('/')[2]}\n" for each in objects)
    kustomization = (
        header("what a fix adds to the cluster")
        + "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        + f"resources:\n{names}"
    )
    return (*objects, OutputFile(f"{FOLDER}/kustomization.yaml", kustomization))


def _objects(stage: Stage) -> Iterator[OutputFile]:
    for step in stage.steps:
        for change in step.changes:
            if isinstance(change, Manifest):
                stem = f"{change.of.resource.partition('.')[0]}-{change.of.name}"
                name = re.sub(r"[^A-Za-z0-9-]", "-", stem)
                yield OutputFile(f"{FOLDER}/{name}.yaml", header(step.why) + change.yaml)
