"""A stand-in client: a network namespace with one cable to a bridge, as a VM on it has, for the seconds of a scan.

Whatever happens to us, also kill -9, a watcher takes it away: it waits for the end of a pipe that only we hold open, and it
is the one who takes it away at a regular end too, so that there is one way and it is always gone.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from shlex import quote
from typing import TypeVar

from hairpin_doctor.machine.commands import CommandFailed, ip_batch, run
from hairpin_doctor.machine.namespaces import DIRECTORY, inside

NIC = "eth0"
PREFIX = "hd-stand-in-"
GONE_WITHIN = 10.0  # s
CLIENT_SETTINGS = (
    ("ipv4/ip_forward", 0),
    *(
        (f"ipv4/conf/{group}/{name}", value)
        for group in ("all", "default")
        for name, value in (("rp_filter", 0), ("arp_ignore", 0), ("arp_announce", 0), ("accept_redirects", 1))
    ),
    *((f"ipv6/conf/{group}/disable_ipv6", 1) for group in ("all", "default")),
)
"""Of a plain client. Without IPv6 no address is made up and no router is asked that nobody wants to know of."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Cable:
    """What the stand-in hangs on. `pin`: the bridge's MAC must be set for good, since it has no port that could keep it."""

    bridge: str
    bridge_mac: str
    mtu: int
    pin: bool


@dataclass
class StandIn:
    """The change "a stand-in client hangs on this bridge". Its address is given later, once one is proven free."""

    cable: Cable
    tag: str = field(default_factory=lambda: secrets.token_hex(3))
    _watcher: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def namespace(self) -> str:
        """Its network namespace; the process id in it tells whose it is."""
        return f"{PREFIX}{os.getpid()}-{self.tag}"

    @property
    def port(self) -> str:
        """The port of the bridge that it hangs on."""
        return f"hd-{self.tag}"

    @property
    def mac(self) -> str:
        """Locally administered and like no other's; the port's begins with fe, so that no bridge takes it (lowest wins)."""
        return f"02:5d:00:{':'.join(self.tag[i : i + 2] for i in (0, 2, 4))}"

    def do(self) -> None:
        """Lay the cable. Raises CommandFailed where the kernel refuses."""
        self._watch()
        names = {
            "port": self.port,
            "namespace": self.namespace,
            "bridge": self.cable.bridge,
            "mtu": self.cable.mtu,
        }
        ip_batch([f"netns add {self.namespace}"])
        run(["ip", "netns", "exec", self.namespace, "sh", "-c", _as_a_client()])
        if self.cable.pin:
            ip_batch([f"link set dev {self.cable.bridge} address {self.cable.bridge_mac}"])
        ip_batch(
            line.format(**names)
            for line in (
                f"link add name {{port}} mtu {{mtu}} address fe{self.mac[2:]} type veth peer name {NIC} mtu {{mtu}} "
                f"address {self.mac} netns {{namespace}}",
                "link set {port} master {bridge}",
                "link set {port} up",
            )
        )
        ip_batch(["link set lo up", f"link set {NIC} up"], self.namespace)

    def settle(self, address: IPv4Interface, gateway: IPv4Address | None) -> None:
        """Take the address, and the default route where there is a gateway."""
        route = [f"route add default via {gateway}"] if gateway is not None else []
        ip_batch([f"addr add {address} dev {NIC}", *route], self.namespace)

    def inside(self, work: Callable[[], Answer]) -> Answer:
        """Call `work` in a thread that is in its network."""
        return inside(self.namespace, work)

    def undo(self) -> None:
        """Let the watcher take it away, and wait for that. A second call finds nothing left to do."""
        watcher, self._watcher = self._watcher, None
        if watcher is None or watcher.stdin is None:
            return
        watcher.stdin.close()
        try:
            watcher.wait(GONE_WITHIN)
        except subprocess.TimeoutExpired:
            raise CommandFailed(
                f"the stand-in client could not be taken away: ip link del {self.port}; ip netns del {self.namespace}"
            ) from None

    def _watch(self) -> None:
        """Started before anything is made; in a session of its own, so that a Ctrl-C at the terminal does not reach it."""
        script = f"read -r _; {removal(self.namespace, self.port)}"
        self._watcher = subprocess.Popen(
            ["sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _as_a_client() -> str:
    """A new namespace takes its settings from the machine, which may be a router; a client is none."""
    return "; ".join(f"echo {value} > /proc/sys/net/{name}" for name, value in CLIENT_SETTINGS)


def removal(namespace: str, port: str) -> str:
    """The shell commands that take a stand-in away, the processes in it too."""
    kill = f"for pid in $(ip netns pids {quote(namespace)}); do kill -9 $pid; done"
    return f"ip link del {quote(port)}; {kill}; ip netns del {quote(namespace)}"


def remove_leftovers() -> tuple[str, ...]:
    """Take away stand-ins of which process and watcher are both gone, as after both were killed; their names."""
    found: list[str] = []
    for path in sorted(DIRECTORY.glob(f"{PREFIX}*")) if DIRECTORY.exists() else ():
        owner, _, tag = path.name.removeprefix(PREFIX).partition("-")
        if owner.isdigit() and not Path("/proc", owner).exists():
            subprocess.run(["sh", "-c", removal(path.name, f"hd-{tag}")], check=False, capture_output=True)
            found.append(path.name)
    return tuple(found)
