"""What the guests of `make lab-vm` have for a cluster: a VM and a pod beside the host, kube-proxy's rules, a speaker.

VM and pod are namespaces; the host is the guest's first one. Shell for the guest, where nothing waits for a time but for a
state: of a guest every instruction is interpreted, and it may be slower than any time that could be written down.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from hairpin_doctor.lab import announcer
from hairpin_doctor.lab.kube_proxy import Cluster, Endpoint, Service, ServicePort, iptables_rules
from scripts.virtual_machine import REPOSITORY

PYTHON = f"{REPOSITORY}/.venv/bin/python -S"
PORT, POD_PORT = 80, 8080
RANGES = {4: ("10.244.0.0/24", "10.96.0.0/16"), 6: ("fd00:244::/64", "fd00:96::/112")}
"""Addresses of pods and of Services, by the version of IP."""
POD = {4: "10.244.0.83", 6: "fd00:244::83"}
POD_SERVES = (
    f"/usr/sbin/ip netns exec pod {PYTHON} -m http.server {POD_PORT} --bind :: --directory /etc/lab-vm"
)
"""For ExecStart= of a unit; over both versions."""
ASKED = f"""\
asked() {{ # VIP SECONDS: once, from the VM, by a TCP of its own kernel
    local get='printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && grep -q HTTP <&3'
    timeout $2 ip netns exec vm bash -c "exec 3<> /dev/tcp/$1/{PORT} && $get"
}}
served() {{ for try in $(seq 100); do ! asked $1 60 || return 0; sleep 1; done; false; }}
unserved() {{ for try in 1 2 3; do ! asked $1 20 || return 1; done; }}
"""


def kube_proxy(vip: str, node: str) -> str:
    """The command that gives the kernel the rules for a Service default/web with this VIP."""
    version = ip_address(vip).version
    pods, services = map(ip_network, RANGES[version])
    web = Service(
        name="web",
        cluster_ip=services[80],
        ports=(ServicePort("http", PORT, "tcp", POD_PORT),),
        endpoints=(Endpoint(ip_address(POD[version])),),
        vip=ip_address(vip),
    )
    command = "iptables-nft-restore" if version == 4 else "ip6tables-nft-restore"
    rules = iptables_rules((web,), Cluster(pods, services, ip_address(node)))
    return f"{command} <<'END'\n{rules}END\n"


def speaker(vips: Sequence[str], interface: str) -> str:
    """The command that announces `vips`, all of one version of IP, on `interface`, which the shell puts in."""
    configuration = {
        "vips": list(vips),
        "interfaces": ["@ON@"],
        "habit": "bound",
        "listen_enslaved": True,
        "process": "speaker",
        "answer_with": {},
        "hears": "group",
    }
    before, after = json.dumps(configuration).split("@ON@")
    return f"{PYTHON} {announcer.__file__} '{before}'{interface}'{after}'"
