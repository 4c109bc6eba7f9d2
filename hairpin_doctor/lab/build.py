"""Topology -> running network. `with Lab(topology) as lab:` builds it and leaves nothing behind."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TypeVar

from hairpin_doctor.lab import render
from hairpin_doctor.lab.daemon import DIRECTORY, Daemon
from hairpin_doctor.lab.init import INIT
from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.manifest import announcing_interfaces
from hairpin_doctor.lab.readiness import daemon_ready, poll, ports_forward
from hairpin_doctor.lab.services import ANNOUNCER, BGP, Announcer
from hairpin_doctor.lab.state import State, this_process
from hairpin_doctor.lab.topology import Bridge, Machine, Topology
from hairpin_doctor.machine.change import Undo
from hairpin_doctor.machine.commands import Place, ip_batch, run
from hairpin_doctor.machine.daemons import Running
from hairpin_doctor.machine.files import Directory, File
from hairpin_doctor.machine.namespaces import Namespaces, inside
from hairpin_doctor.machine.signals import undisturbed

Answer = TypeVar("Answer")
RULESET_TOOLS = {
    "nft": ["nft", "-f", "-"],
    "iptables": ["iptables-nft-restore", "--noflush"],
    "ip6tables": ["ip6tables-nft-restore", "--noflush"],
    "iptables-legacy": ["iptables-legacy-restore", "--noflush"],
    "ip6tables-legacy": ["ip6tables-legacy-restore", "--noflush"],
    "ipvs": ["ipvsadm", "-R"],
}


class Lab:
    """A network of namespaces. Machines are named by role ("vm") or by name ("homeassistant").

    Raises CommandFailed if the kernel refuses a part, NotReady if a daemon does not come up; either way
    everything made so far is gone again.
    """

    def __init__(self, topology: Topology, *, case: str = "") -> None:
        self.topology = topology
        self.tag = secrets.token_hex(3)
        self._undo = Undo()
        self._daemons: dict[tuple[str, str], Running] = {}
        pid, born = this_process()
        namespaces = {machine.role: f"hd-{self.tag}-{machine.role}" for machine in topology.machines}
        hostnames = {machine.role: machine.name for machine in topology.machines}
        self.state = State(self.tag, namespaces, hostnames, pid, born, case=case)

    def __enter__(self) -> Lab:
        try:
            self._build()
        except BaseException:
            with undisturbed():
                self._undo.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():
            self._undo.__exit__(kind, error, trace)

    def place(self, key: str) -> Place:
        """Namespace and host name of a machine."""
        return self.state.place(self.topology.machine(key).role)

    def run(self, key: str, argv: Sequence[str], timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command on a machine and return what it said, whatever its exit code."""
        wrapped = self.place(key).wrap(argv)
        return subprocess.run(wrapped, capture_output=True, text=True, check=False, timeout=timeout)

    def popen(self, key: str, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command on a machine with pipes; it dies with the lab at the latest."""
        pipe = subprocess.PIPE
        return subprocess.Popen(self.place(key).wrap(argv), stdout=pipe, stderr=pipe, text=True)

    def apply(self, key: str, commands: str) -> str:
        """Run shell commands on a machine, stopping at the first that fails. Raises CommandFailed."""
        return run(self.place(key).wrap(["/bin/sh", "-e", "-c", commands]))

    def inside(self, key: str, work: Callable[[], Answer]) -> Answer:
        """Call `work` in a thread of this process that has entered the machine's network and has its name."""
        place = self.place(key)
        return inside(place.namespace, work, place.hostname, place.mounts)

    def set_announcer(self, how: Callable[[Announcer], Announcer], key: str = "host") -> None:
        """Restart the announcer of a machine with other behaviour, or start one if there is none yet."""
        machine = self.topology.machine(key)
        now = next((Announcer.of(d) for d in machine.daemons if d.name == ANNOUNCER), None)
        wanted = how(now or Announcer(vips=(), interfaces=()))
        self.replace_daemon(key, wanted.daemon())

    def apply_manifest(self, text: str, vips: tuple[Address, ...]) -> tuple[str, ...]:
        """Do what MetalLB does when this YAML is applied: announce `vips` on exactly the `interfaces` it names.

        Returns these; () means every interface. Raises ManifestError if it holds no L2Advertisement.
        """
        interfaces = announcing_interfaces(text)
        self.set_announcer(lambda old: _obeying(replace(old, vips=vips), interfaces))
        return interfaces

    def replace_daemon(self, key: str, daemon: Daemon) -> None:
        """Start it in place of the daemon of that name, and wait until it serves."""
        self.replace_daemons([(key, daemon)])

    def replace_daemons(self, daemons: Sequence[tuple[str, Daemon]]) -> None:
        """The same for many that wait for each other, as BGP speakers do; each with its machine."""
        for key, daemon in daemons:
            self.stop(key, daemon.name)
            self.topology = self.topology.change(key, partial(Machine.with_daemon, changed=daemon))
            self._start(self.topology.machine(key), daemon)
        for key, daemon in daemons:
            self._await(self.topology.machine(key), daemon)

    def stop(self, key: str, daemon: str) -> None:
        """End a daemon of a machine, e.g. "bird" to remove BGP; nothing happens if it does not run."""
        machine = self.topology.machine(key)
        running = self._daemons.pop((machine.role, daemon), None)
        if running is not None:
            running.undo()
        self.topology = self.topology.change(key, lambda m: m.without_daemon(daemon))

    def remove_bgp(self) -> None:
        """End every BGP speaker; the router forgets what it learned, as BIRD withdraws it from the kernel."""
        for machine in self.topology.machines:
            if any(daemon.name == BGP for daemon in machine.daemons):
                self.stop(machine.role, BGP)
                run(["ip", "-n", self.place(machine.role).namespace, "route", "flush", "proto", "bird"])

    def keep(self) -> None:
        """Leave it running when the block ends; `lab down` takes it away."""
        self.state = replace(self.state, kept=True)
        self.state.file.do()
        self._undo.pop_all()

    def _build(self) -> None:
        machines = self.topology.machines
        self._undo.carry_out(self.state.file)
        self._undo.carry_out(Directory(self.state.directory))
        self.state.maker_file.do()
        self._undo.carry_out(Namespaces(tuple(self.state.namespaces.values())))
        self._each(machines, self._lay_cables)
        self._each(machines, self._lend)
        self._each(machines, self._configure)
        for machine in machines:
            for daemon in machine.daemons:
                self._start(machine, daemon)
        self._each(
            (m for m in machines if any(isinstance(i, Bridge) for i in m.interfaces)), self._await_ports
        )
        self._each((m for m in machines if m.daemons), self._await_daemons)
        self._each((m for m in machines if m.neighbours), self._neighbours)
        for machine in machines:
            for line in render.disabling_lines(machine):
                run(["bridge", "-n", self.place(machine.role).namespace, *line.split()])

    def _each(self, machines: Iterable[Machine], work: Callable[[Machine], None]) -> None:
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(work, machines))

    def _lay_cables(self, machine: Machine) -> None:
        place = self.place(machine.role)
        run(place.wrap(["/bin/sh", "-s"]), render.sysctl_script(render.machine_sysctls(machine)))
        lines = render.cable_lines(self.topology, machine, self.state.namespaces.__getitem__)
        if lines:
            ip_batch(lines, place.namespace)

    def _lend(self, machine: Machine) -> None:
        lines = render.lending_lines(self.topology, machine, self.state.namespaces.__getitem__)
        if lines:
            ip_batch(lines, self.place(machine.role).namespace)

    def _configure(self, machine: Machine) -> None:
        place = self.place(machine.role)
        ip_batch(render.machine_lines(machine), place.namespace)
        for version, rules in render.policy_lines(machine).items():
            if rules:
                ip_batch(rules, place.namespace, version=version)
        run(place.wrap(["/bin/sh", "-s"]), render.sysctl_script(render.interface_sysctls(machine)))
        lines = [*render.fdb_lines(machine), *render.vlan_lines(machine)]
        if lines:
            run(["bridge", "-n", place.namespace, "-batch", "-"], "\n".join(lines) + "\n")
        if machine.traffic_control:
            run(["tc", "-n", place.namespace, "-batch", "-"], "\n".join(machine.traffic_control) + "\n")
        for ruleset in machine.rulesets:
            run(place.wrap(RULESET_TOOLS[ruleset.tool]), ruleset.text)
        for line in render.flow_lines(machine):
            run(place.wrap(["conntrack", *line.split()]))

    def _neighbours(self, machine: Machine) -> None:
        ip_batch(render.neighbour_lines(machine), self.place(machine.role).namespace)

    def _start(self, machine: Machine, daemon: Daemon) -> None:
        directory = self.state.directory
        for name, text in daemon.files:
            File(directory / name, text.replace(DIRECTORY, str(directory))).do()
        argv = [word.replace(DIRECTORY, str(directory)) for word in daemon.argv]
        log = directory / f"{machine.role}-{daemon.name}.log"
        running = Running(self.place(machine.role), argv, log)
        self._daemons[machine.role, daemon.name] = running
        self._undo.carry_out(running)
        if daemon.name == INIT and running.process is not None:
            self._await(machine, daemon)
            mounts = {**self.state.mounts, machine.role: f"/proc/{running.process.pid}/ns/mnt"}
            self.state = replace(self.state, mounts=mounts)

    def _await(self, machine: Machine, daemon: Daemon) -> None:
        running = self._daemons[machine.role, daemon.name]
        for readiness in daemon.ready:
            daemon_ready(running, daemon.name, readiness, self.state.directory)

    def _await_daemons(self, machine: Machine) -> None:
        for daemon in machine.daemons:
            self._await(machine, daemon)

    def _await_ports(self, machine: Machine) -> None:
        place = self.place(machine.role)
        poll(f"bridge ports of {machine.name}", lambda: ports_forward(place))


def _obeying(old: Announcer, interfaces: tuple[str, ...]) -> Announcer:
    """`old` on exactly these interfaces. MetalLB's own rules hold again: no enslaved port, its own MACs."""
    return replace(old, interfaces=interfaces, habit="speaker", listen_enslaved=False, answer_with={})
