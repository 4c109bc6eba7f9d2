"""A case of the lab whose client is a real virtual machine: a guest's kernel and virtio-net behind a real tap on the bridge.

The lab's own VM is a namespace behind a veth. This shows that the doctor sees the same where libvirt's shape is real: a tap
(fe:54:00:..), the guest's MAC (52:54:00:..) learned behind it, offloads, and a kernel that is not the host's.
"""

from __future__ import annotations

import base64
import gzip
import json
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from pathlib import Path

import click

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.checks import Observation
from hairpin_doctor.lab.examination import CLIENT, ByCommand, ScanFailed, Verdict
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.prove import proof
from hairpin_doctor.lab.running import Setting, run_case
from hairpin_doctor.machine.commands import run
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.files import load
from scripts.virtual_machine import REPOSITORY, CannotBoot, boot, modules_of, unpacked_kernel

REAL_CLIENT_CASES = ("healthy", "vip-on-port-mac", "bgp-same-subnet")
TAP, TAP_MAC, GUEST_MAC = "vnet77", "fe:54:00:77:00:01", "52:54:00:77:00:01"
READY, END = b"ready\n", b"end\n"
SECONDS_TO_BOOT, SECONDS_PER_COMMAND = 900, 600
JOB = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
mkdir -p /lib/modules && ln -sfn {modules} /lib/modules/$(uname -r)
hostname real-guest
modprobe virtio_net
nic=$(ls /sys/class/net | grep -v lo)
ip link set $nic up; ip address add {address} dev $nic; ip route add default via {gateway}
stty -F /dev/ttyS1 raw -echo
exec 3<> /dev/ttyS1
cd {repository}; echo ready >&3
while read -r command <&3; do
    sh -c "$command" > /run/said 2> /run/complained
    tail -3 /run/complained
    gzip -c /run/said | base64 >&3; echo end >&3
done
"""


@dataclass(frozen=True)
class Guest:
    """The wire to the guest's shell: one command at a time, its output compressed, as base64, over a serial line."""

    wire: socket.socket

    def await_ready(self) -> None:
        """Raises CannotBoot if the guest does not come up in time."""
        self.wire.settimeout(SECONDS_TO_BOOT)
        if READY not in self._until(READY):
            raise CannotBoot("the guest did not come up; its console says why")

    def said(self, command: str) -> bytes:
        """What the command printed there. Raises CannotBoot if there is no answer in time."""
        self.wire.settimeout(SECONDS_PER_COMMAND)
        self.wire.sendall(command.encode() + b"\n")
        packed = self._until(END).removesuffix(END)
        return gzip.decompress(base64.b64decode(packed))

    def _until(self, end: bytes) -> bytes:
        heard = bytearray()
        while not heard.endswith(end):
            try:
                more = self.wire.recv(65536)
            except TimeoutError:
                raise CannotBoot("the guest says nothing any more") from None
            if not more:
                raise CannotBoot("the guest is gone")
            heard += more
        return bytes(heard)


@dataclass(frozen=True)
class InGuest(ByCommand):
    """As `ByCommand`, but the client's scan runs in the guest."""

    guest: Guest

    def client(self) -> tuple[Verdict, tuple[Recording, ...]]:
        """See Scanner."""
        targets = " ".join(self.case.targets(self.names))
        said = self.guest.said(
            f".venv/bin/hairpin-doctor scan {targets} --no-cluster --save /run/vm.json > /run/shown; cat /run/vm.json"
        )
        place = self.folder / CLIENT
        place.write_bytes(said)
        try:
            return Verdict.of(json.loads(said)), load(place).recordings
        except (ValueError, KeyError):
            raise ScanFailed(f"the scan in the guest left no report: {said[:200]!r}") from None


def run_with_real_client(case: Case) -> bool:
    """Build the case here, put a guest on its bridge, and prove verdicts and fix as the lab does."""
    setting = Setting(case, Names.story(), case.variant())
    click.echo(click.style(f"{case.name}, the client a real guest on a tap", bold=True))

    def step(lab: Lab, setting: Setting) -> bool:
        with _guest(lab, setting.names) as guest:
            prove = proof(
                _tell_proof,
                scanner_of=lambda lab, case, names, folder: InGuest(lab, case, names, folder, guest),
            )
            return prove(lab, setting)

    return run_case(setting, _tell, [step])


@contextmanager
def _guest(lab: Lab, names: Names) -> Iterator[Guest]:
    place = lab.place("host")
    tap = f"tuntap add {TAP} mode tap", f"link set {TAP} address {TAP_MAC} master {names.bridge} up"
    for words in tap:
        run(["ip", "-n", place.namespace, *words.split()])
    job = JOB.format(
        modules=modules_of(unpacked_kernel()),
        repository=REPOSITORY,
        address=_free(names),
        gateway=names.router_ip,
    )
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        serial = Path(folder) / "serial.sock"
        devices = (
            *("-chardev", f"socket,id=serial,path={serial},server=on,wait=off", "-serial", "chardev:serial"),
            *("-netdev", f"tap,id=nic,ifname={TAP},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=nic,mac={GUEST_MAC}"),
        )
        enter = ("ip", "netns", "exec", place.namespace)
        with boot(job, Path(folder), devices, enter) as process, _wire(serial) as wire:
            threading.Thread(target=_show, args=(process,), daemon=True).start()
            guest = Guest(wire)
            guest.await_ready()
            yield guest


def _free(names: Names) -> IPv4Interface | IPv6Interface:
    """An address of the LAN that nothing in the case has."""
    taken = set(vars(names).values())
    hosts = (IPv4Address(int(each)) for each in reversed(list(names.lan.hosts())))
    return names.on_lan(next(each for each in hosts if each not in taken))


@contextmanager
def _wire(place: Path) -> Iterator[socket.socket]:
    deadline = time.monotonic() + 30
    with socket.socket(socket.AF_UNIX) as wire:
        while True:
            try:
                wire.connect(str(place))
            except OSError:
                if time.monotonic() > deadline:
                    raise CannotBoot("QEMU did not start; is /dev/net/tun there?") from None
                time.sleep(0.1)
            else:
                yield wire
                return


def _show(process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        click.echo(f"    guest: {line.rstrip()}")


def _tell(observation: Observation) -> None:
    click.echo(f"{observation.check.role}: {observation.seen}{'' if observation.holds else '  WRONG'}")


def _tell_proof(good: bool, text: str) -> None:
    click.echo(f"{text}{'' if good else '  WRONG'}")
