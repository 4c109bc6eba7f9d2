"""No secret beside what is read enters a report of any form: passwords of peers, tokens, keys, environments."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from hairpin_doctor.machine.ssh import parse_destination
from probes.linux.configuration import read_setup
from scripts.cluster_api import ApiServer, write_kubeconfig
from scripts.cluster_objects import METALLB, homelab, resource

Call = Callable[..., Result]
VIP = "192.0.2.53"
SECRET = "hunter2.eyJhbGciOiJSUzI1NiJ9"
NAMED = ("password", "token", "secret", "message", "stringData", "command")
READ_WHOLE = ("labels", "matchLabels", "selector", "config.conf")
"""Labels are read as they are: what is written there is shown to everybody who may list the objects."""
OPTIONS = [f"--password={SECRET}", f"--token={SECRET}", SECRET, f"--lb-class-secret={SECRET}"]


def planted(found: Any, key: str = "") -> Any:
    """The object with the secret in every mapping and list of it, as `kubectl apply` also writes it into annotations."""
    if key in READ_WHOLE:
        return found
    if isinstance(found, list):
        return [planted(each) for each in found] + (OPTIONS if found and isinstance(found[0], str) else [])
    if not isinstance(found, dict):
        return found
    more = {name: SECRET for name in NAMED if name not in found}
    if key == "metadata":
        more["annotations"] = {
            **found.get("annotations", {}),
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": {"password": SECRET}}),
            "k3s.io/node-args": json.dumps(["agent", "--token", SECRET]),
        }
    inner = {name: planted(each, name) for name, each in found.items()}
    return {**inner, **more}


def cluster() -> dict[str, Any]:
    """A homelab with a peer; the API's lists of groups are no place for secrets."""
    peer = resource(
        "router",
        myASN=64512,
        peerASN=64513,
        peerAddress="192.0.2.1",
        password=SECRET,
        passwordSecret={"name": "router"},
    )
    answers = {path: planted(found) for path, found in homelab(VIP).items()}
    answers["/apis"] = homelab(VIP)["/apis"]
    speaker = answers["/apis/apps/v1/daemonsets"][0]["spec"]["template"]["spec"]["containers"][0]
    speaker["args"] = ["--lb-class=home", *OPTIONS]
    speaker["env"] = [
        {"name": "METALLB_ML_SECRET_KEY_PATH", "value": SECRET},
        {"name": "FRR_PASSWORD", "value": SECRET},
    ]
    advertised = resource("all", ipAddressPools=["homelab"], peers=["router"])
    return {
        **answers,
        "/apis/metallb.io/v1beta2/bgppeers": [planted(peer)],
        METALLB + "bgpadvertisements": [planted(advertised)],
    }


@pytest.fixture
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not installed (Debian: kubernetes-client)")
        pytest.skip("kubectl is not installed")
    return found


@pytest.fixture
def kubeconfig(kubectl: str, tmp_path: Path) -> Iterator[str]:
    with ApiServer(cluster()) as server:
        yield str(write_kubeconfig(tmp_path / "config", server.url, token=SECRET))


@pytest.mark.parametrize("output", ["short", "table", "json", "markdown", "html"])
def test_a_report_holds_none_of_a_clusters(
    call: Call, kubeconfig: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTER_PASSWORD", SECRET)
    saved = tmp_path / "saved.json"
    found = call("scan", VIP, "--kubeconfig", kubeconfig, "-o", output, "-v", "--save", str(saved))
    assert found.exit_code == 0, found.stderr
    assert '"peer_asn": 64513' in saved.read_text()  # it was read, beside its password
    for text in (found.stdout, found.stderr, saved.read_text()):
        assert SECRET not in text


def test_what_a_plugin_that_logs_in_writes_is_not_handed_on(
    call: Call, kubectl: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "log-in"
    plugin.write_text(f"#!/bin/sh\necho got token {SECRET} >&2\nexit 3\n")
    plugin.chmod(0o755)
    executed = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(plugin),
        "interactiveMode": "Never",
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"exec": executed}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (tmp_path / "config").write_text(json.dumps(config))
    saved = tmp_path / "saved.json"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    found = call("scan", VIP, "-v", "--save", str(saved))
    assert "the program by which its kubeconfig logs in failed" in saved.read_text()
    for text in (found.stdout, found.stderr, saved.read_text()):
        assert SECRET not in text


FILES = {
    "etc/netplan/wifi.yaml": f"network:\n  wifis:\n    wlan0:\n      access-points: {{home: {{password: {SECRET}}}}}\n",
    "etc/network/interfaces": f"auto lo\niface wlan0 inet dhcp\n  wpa-psk {SECRET}\nsource /etc/network/interfaces.d/*\n",
    "etc/systemd/network/wg0.netdev": f"[NetDev]\nKind=wireguard\n[WireGuard]\nPrivateKey={SECRET}\n",
    "run/NetworkManager/devices/3": f"[device]\nmanaged=1\npsk={SECRET}\n",
    "run/systemd/netif/links/3": f"NETWORK_FILE=/etc/systemd/network/wg0.network\nKEY={SECRET}\n",
    "sys/class/net/wg0/ifindex": "3\n",
    "etc/frr/frr.conf": f"router bgp 1\n neighbor 192.0.2.1 password {SECRET}\n",
    "etc/bird/bird.conf": f'protocol bgp {{ password "{SECRET}"; }}\n',
}


def test_files_of_network_managers_and_routing_daemons_give_away_none(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read_setup(tmp_path)
    assert found.netplan
    assert found.managers
    assert found.network_files
    assert SECRET not in json.dumps(dataclasses.asdict(found))


@pytest.mark.parametrize(
    "text", [f"ssh://root:{SECRET}@vm", f"ssh://root:a/{SECRET}@vm", f"ssh://root:a@b:{SECRET}@vm"]
)
def test_a_password_of_an_ssh_address_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="without a password") as error:
        parse_destination(text)
    assert SECRET not in str(error.value)
