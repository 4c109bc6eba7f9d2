"""A small network of namespaces: machines `a`, `b` and `c` behind the ports of a bridge on machine `h`.

Addresses: 192.0.2.1 on br0 of `h`, .10 in `a`, .20 in `b`, .30 in `c`, each on eth0. Ports on `h`: pa, pb, pc.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.lab.readiness import poll
from hairpin_doctor.machine.commands import ip_batch, run
from hairpin_doctor.machine.namespaces import Namespaces, inside
from probes.host import Question
from probes.linux import LinuxHost
from probes.neighbour_discovery import usable_link_locals
from probes.questions.links import Links

ADDRESSES = {"h": IPv4Address("192.0.2.1")} | {
    name: IPv4Address(f"192.0.2.{number}") for name, number in (("a", 10), ("b", 20), ("c", 30))
}


class Net:
    """The machines; `close` ends sockets that tests opened."""

    def __init__(self, tag: str) -> None:
        self.namespaces = {name: f"{tag}-{name}" for name in ADDRESSES}
        self.opened = ExitStack()

    def inside(self, machine: str, work: Callable[[], Any]) -> Any:
        """Call `work` in a thread that is in the machine's network."""
        return inside(self.namespaces[machine], work)

    def ask(self, machine: str, question: Question[Any]) -> Any:
        """What LinuxHost answers there."""
        return self.inside(machine, lambda: LinuxHost().ask(question))

    def ip(self, machine: str, *lines: str) -> None:
        """`ip` commands there."""
        ip_batch(lines, self.namespaces[machine])

    def run(self, machine: str, *argv: str, text: str | None = None) -> str:
        """A program there."""
        return run(["ip", "netns", "exec", self.namespaces[machine], *argv], text)

    def nft(self, machine: str, hook: str, *rules: str, kind: str = "filter") -> None:
        """A chain of nftables rules there; `hook` with its priority, e.g. "input priority 0"."""
        name = hook.split()[0]
        lines = [
            f"table ip t_{name} {{",
            f"chain {name} {{",
            f"type {kind} hook {hook}; policy accept;",
            *rules,
            "}",
            "}",
        ]
        self.run(machine, "nft", "-f", "-", text="\n".join(lines) + "\n")

    def sysctl(self, machine: str, settings: dict[str, int]) -> None:
        """Settings below /proc/sys/net there."""
        for name, value in settings.items():
            self.inside(machine, lambda n=name, v=value: Path("/proc/sys/net", n).write_text(str(v)))

    def socket(self, machine: str, kind: int, address: str, port: int) -> socket.socket:
        """A bound socket there, listening if it is a stream; closed with the test."""

        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET, kind)
            made.bind((address, port))
            if kind == socket.SOCK_STREAM:
                made.listen()
            return made

        made: socket.socket = self.opened.enter_context(self.inside(machine, make))
        return made

    def link_local(self, machine: str) -> IPv6Address | None:
        """The usable link-local address there, if it has one yet."""
        name = "br0" if machine == "h" else "eth0"
        link = next(link for link in self.ask(machine, Links()) if link.name == name)
        return next(usable_link_locals(link), None)

    def mac(self, machine: str, interface: str = "eth0") -> str:
        """The MAC of an interface there."""
        text: str = self.inside(machine, lambda: _mac(interface))
        return text


def _mac(interface: str) -> str:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((interface, 0))
        return bytes(link.getsockname()[4]).hex(":")


def _wired(net: Net) -> None:
    net.ip("h", "link set lo up", "link add br0 address 02:00:00:00:00:01 type bridge", "link set br0 up",
           "address add 192.0.2.1/24 dev br0")  # fmt: skip
    for name in "abc":
        net.ip(
            "h",
            f"link add p{name} type veth peer name eth0 netns {net.namespaces[name]}",
            f"link set p{name} master br0 up",
        )
        net.ip(name, "link set lo up", f"address add {ADDRESSES[name]}/24 dev eth0", "link set eth0 up")


@pytest.fixture
def net() -> Iterator[Net]:
    """The network, gone after the test."""
    made = Net(f"hdt{os.getpid():x}")
    namespaces = Namespaces(tuple(made.namespaces.values()))
    with ExitStack() as stack:
        stack.callback(namespaces.undo)
        stack.enter_context(made.opened)
        namespaces.do()
        _wired(made)
        yield made


@pytest.fixture
def dual_stack(net: Net) -> Net:
    """The network with IPv6 as well, without duplicate address detection; each machine has its link-local address."""
    for machine in net.namespaces:
        name = "br0" if machine == "h" else "eth0"
        settings = ("disable_ipv6", 1), ("accept_dad", 0), ("disable_ipv6", 0)
        for key, value in settings:
            net.sysctl(machine, {f"ipv6/conf/{group}/{key}": value for group in ("all", name)})
    for machine in net.namespaces:
        poll(f"the link-local address of {machine}", lambda name=machine: net.link_local(name) is not None)
    return net
