"""Is a cluster configured here, and by which program is it asked? Looks at files and PATH only, and asks nobody.

In this order: what the user named, his kubeconfig, a pod's service account, and on a node the kubeconfig that its
distribution keeps for root.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.cluster.api import Api
from probes.cluster.in_cluster import InCluster
from probes.cluster.kubectl import Kubectl

PROGRAMS = (("kubectl",), ("oc",), ("k3s", "kubectl"), ("k0s", "kubectl"), ("microk8s", "kubectl"))
MORE_PATHS = ("/usr/local/bin", "/snap/bin", "/var/lib/rancher/rke2/bin")
ON_NODES = (
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/rke2/rke2.yaml",
    "/var/lib/k0s/pki/admin.conf",
    "/var/snap/microk8s/current/credentials/client.config",
    "/etc/kubernetes/admin.conf",
)
LARGEST_KUBECONFIG = 2**20


class NoAccess(Exception):
    """A cluster was named, but cannot be asked; the message is one sentence."""


def access(
    environment: Mapping[str, str],
    context: str | None = None,
    kubeconfig: str | None = None,
    on_nodes: tuple[str, ...] = ON_NODES,
) -> Api | None:
    """The way to the configured cluster, None where there is none. Raises NoAccess if one is named in vain."""
    named = context is not None or kubeconfig is not None
    if kubeconfig is not None and not Path(kubeconfig).is_file():
        raise NoAccess(f"--kubeconfig {kubeconfig}: there is no such file")
    program = _program(environment)
    if named and program is None:
        raise NoAccess(
            "--context and --kubeconfig need kubectl (or oc, k3s, k0s, microk8s), and none is in PATH"
        )
    chosen = [
        *(["--kubeconfig", kubeconfig] if kubeconfig else []),
        *(["--context", context] if context else []),
    ]
    if program is not None and (named or _names_a_cluster(_users(environment))):
        return Kubectl((*program, *chosen))
    in_cluster = InCluster.found(environment)
    if in_cluster is not None or program is None:
        return in_cluster
    file = next((each for each in (*_of_sudo(environment), *on_nodes) if _names_a_cluster([each])), None)
    return Kubectl((*program, "--kubeconfig", file)) if file else None


def unreadable(environment: Mapping[str, str], on_nodes: tuple[str, ...] = ON_NODES) -> str | None:
    """Where `access` finds nothing: which file would name a cluster if it were there, or if we might read it."""
    listed = environment.get("KUBECONFIG")
    named = _users(environment)
    if listed and not any(_is_there(each) for each in named):
        return f"KUBECONFIG names {', '.join(named)}, and there is no such file"
    closed = [each for each in (*named, *on_nodes) if _is_there(each) and not os.access(each, os.R_OK)]
    return f"{closed[0]} may not be read by this user" if closed else None


def _is_there(file: str) -> bool:
    try:
        return Path(file).exists()
    except OSError:  # in a folder that is closed to us
        return False


def _program(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    path = os.pathsep.join((environment.get("PATH", ""), *MORE_PATHS))
    for first, *rest in PROGRAMS:
        found = shutil.which(first, path=path)
        if found is not None:
            return (found, *rest)
    return None


def _users(environment: Mapping[str, str]) -> list[str]:
    """Where kubectl itself looks: the files of KUBECONFIG, else ~/.kube/config."""
    listed = environment.get("KUBECONFIG")
    if listed:
        return [each for each in listed.split(os.pathsep) if each]
    home = environment.get("HOME")
    return [str(Path(home) / ".kube" / "config")] if home else []


def _of_sudo(environment: Mapping[str, str]) -> Iterator[str]:
    """Under sudo, root's home is not where the user's kubeconfig is."""
    user = environment.get("SUDO_USER")
    if user and not environment.get("KUBECONFIG") and os.geteuid() == 0:
        try:
            yield str(Path(pwd.getpwnam(user).pw_dir) / ".kube" / "config")
        except KeyError:
            return


def _names_a_cluster(files: list[str]) -> bool:
    """Whether one of them holds the address of a server: kubectl asks localhost where none does."""
    return any(_holds_a_server(Path(each)) for each in files)


def _holds_a_server(file: Path) -> bool:
    try:
        if not file.is_file():  # a pipe would be emptied for kubectl
            return False
        with file.open("rb") as opened:
            return b"server" in opened.read(LARGEST_KUBECONFIG)
    except OSError:
        return False
