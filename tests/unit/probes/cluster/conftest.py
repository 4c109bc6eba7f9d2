"""API servers that serve recorded objects, and the two ways to ask them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.cluster.api import Api, Patience
from probes.cluster.host import ClusterHost
from probes.cluster.in_cluster import InCluster
from probes.cluster.kubectl import Kubectl
from scripts.cluster_api import Answers, ApiServer, make_certificate, write_kubeconfig

TOKEN = "eyJhbGciOiJSUzI1NiJ9.a-service-account"
Serve = Callable[[Answers], ApiServer]
AskedBy = Callable[..., ClusterHost]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Made anew in every run."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def serve(certificate: tuple[Path, Path]) -> Iterator[Serve]:
    """`serve(answers)`: an HTTPS API server that knows one service account."""
    running: list[ApiServer] = []

    def start(answers: Answers) -> ApiServer:
        running.append(ApiServer(answers, certificate, TOKEN).__enter__())
        return running[-1]

    yield start
    for each in running:
        each.__exit__()


@pytest.fixture(params=["in-cluster", "kubectl"])
def asked_by(request: pytest.FixtureRequest, certificate: tuple[Path, Path], tmp_path: Path) -> AskedBy:
    """`asked_by(server)`: a host that asks it as a pod would, and one that asks it by the real kubectl."""

    def host(server: ApiServer, patience: float = 10, token: str = TOKEN) -> ClusterHost:
        return ClusterHost(_api(request.param, server, certificate[0], tmp_path, token), Patience(patience))

    return host


def _api(kind: str, server: ApiServer, ca: Path, folder: Path, token: str) -> Api:
    if kind == "in-cluster":
        (folder / "token").write_text(f"{token}\n")
        shutil.copy(ca, folder / "ca.crt")
        return InCluster("127.0.0.1", server.port, folder)
    program = shutil.which("kubectl")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not installed (Debian: kubernetes-client)")
        pytest.skip("kubectl is not installed")
    return Kubectl((program, "--kubeconfig", str(write_kubeconfig(folder / "config", server.url, ca, token))))
