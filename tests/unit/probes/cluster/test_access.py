"""Which cluster would be asked, by what is configured; nothing is run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from probes.cluster.access import NoAccess, access, unreadable
from probes.cluster.in_cluster import InCluster
from probes.cluster.kubectl import Kubectl
from probes.host import Silent


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with a kubectl in PATH and nothing else."""
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return {"PATH": str(program.parent), "HOME": str(tmp_path)}


def kubeconfig(folder: Path, text: str = "clusters: [{cluster: {server: https://[::1]:1}}]") -> Path:
    file = folder / ".kube" / "config"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_without_any_configuration_there_is_no_cluster(home: dict[str, str]) -> None:
    assert access(home, on_nodes=()) is None


def test_a_kubeconfig_without_a_server_names_no_cluster(home: dict[str, str], tmp_path: Path) -> None:
    kubeconfig(tmp_path, "apiVersion: v1\nkind: Config\n")
    assert access(home, on_nodes=()) is None


def test_the_users_kubeconfig_is_left_to_kubectl_to_find(home: dict[str, str], tmp_path: Path) -> None:
    kubeconfig(tmp_path)
    assert access(home, on_nodes=()) == Kubectl((f"{home['PATH']}/kubectl",))


def test_kubeconfig_of_the_environment_counts_and_a_pipe_is_left_alone(
    home: dict[str, str], tmp_path: Path
) -> None:
    file = kubeconfig(tmp_path)
    assert (
        access({**home, "HOME": "/nonexistent", "KUBECONFIG": f"/dev/null:{file}"}, on_nodes=()) is not None
    )
    assert access({**home, "KUBECONFIG": "/dev/null"}, on_nodes=()) is None


def test_a_context_and_a_file_of_the_user_are_passed_on(home: dict[str, str], tmp_path: Path) -> None:
    file = str(kubeconfig(tmp_path))
    found = access(home, "attic", file)
    assert isinstance(found, Kubectl)
    assert found.command[1:] == ("--kubeconfig", file, "--context", "attic")


def test_a_file_that_is_not_there_is_an_error(home: dict[str, str]) -> None:
    with pytest.raises(NoAccess, match="no such file"):
        access(home, kubeconfig="/nonexistent/config")


def test_a_pods_service_account_is_used_where_there_is_no_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    environment = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    assert InCluster.found(environment, tmp_path) == InCluster("10.96.0.1", 443, tmp_path)
    assert InCluster.found({}, tmp_path) is None


def test_on_a_node_the_kubeconfig_of_its_distribution_is_used(home: dict[str, str], tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "bin")
    found = access({**home, "HOME": "/nonexistent"}, on_nodes=("/nonexistent/k3s.yaml", str(file)))
    assert isinstance(found, Kubectl)
    assert found.command[-1] == str(file)


def test_why_no_cluster_is_asked_is_known_where_a_file_says_so(home: dict[str, str], tmp_path: Path) -> None:
    assert unreadable(home, on_nodes=()) is None
    gone = {**home, "KUBECONFIG": "/nonexistent/config"}
    assert unreadable(gone, on_nodes=()) == "KUBECONFIG names /nonexistent/config, and there is no such file"
    there = {**home, "KUBECONFIG": f"/nonexistent/config:{kubeconfig(tmp_path)}"}
    assert unreadable(there, on_nodes=()) is None


def test_a_nodes_kubeconfig_that_is_roots_is_named(
    home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(kubeconfig(tmp_path / "bin"))
    monkeypatch.setattr("os.access", lambda path, mode: path != file)
    assert unreadable({**home, "HOME": "/nonexistent"}, (file,)) == f"{file} may not be read by this user"


@pytest.mark.parametrize("flavour", ["oc", "k3s kubectl", "k0s kubectl", "microk8s kubectl"])
def test_where_there_is_no_kubectl_its_distributions_own_is_used(
    flavour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.cluster.access.MORE_PATHS", ())
    program = tmp_path / flavour.split()[0]
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    kubeconfig(tmp_path)
    found = access({"PATH": str(tmp_path), "HOME": str(tmp_path)}, on_nodes=())
    assert found == Kubectl((str(program), *flavour.split()[1:]))


def test_a_program_that_kubectl_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nsetsid sleep 20 &\nexec echo '{}'\n")
    program.chmod(0o755)
    start = time.monotonic()
    with pytest.raises(Silent):  # it might still write: the pipe is open
        Kubectl((str(program),)).get("/apis", 0.5)
    assert time.monotonic() - start < 10
