"""How long a scan of one VIP takes on the healthy homelab, and how long labs take to build and to take down."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Figure, measured, timed
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting

SCANS, BUILDS = 7, 5


@dataclass(frozen=True)
class Figures:
    """What was measured, by kind of budget."""

    scans: tuple[Figure, ...]
    builds: tuple[Figure, ...]
    others: tuple[Figure, ...]


def figures() -> Figures:
    """All of them."""
    build, down = life("healthy")
    bgp_build, bgp_down = life("bgp-same-subnet")
    return Figures(tuple(scans()), (build, down, bgp_down), (bgp_build,))


def setting(name: str) -> Setting:
    """A case with the names of the story."""
    case = find(name)
    if case is None:
        raise SystemExit(f"there is no case {name}")
    return Setting(case, Names.story(), case.variant())


def scans() -> Iterator[Figure]:
    """From the VM, from the host, and from the host together with the VM's report; whole processes."""
    chosen = setting("healthy")
    vip = str(chosen.names.dns_vip)
    with tempfile.TemporaryDirectory() as room, chosen.lab() as lab:
        report = str(Path(room) / "vm.json")
        scan(lab, "vm", vip, "--save", report)
        runs = {
            "scan VIP:53/udp on the VM": ("vm", f"{vip}:53/udp"),
            "scan VIP:53/udp on the host": ("host", f"{vip}:53/udp"),
            "scan VIP on the VM": ("vm", vip),
            "scan VIP on the host": ("host", vip),
            "scan --with vm.json on the host": ("host", "--with", report),
        }
        for name, (role, *arguments) in runs.items():
            yield measured(name, lambda r=role, a=arguments: scan(lab, r, *a), SCANS)  # type: ignore[misc]


def scan(lab: Lab, role: str, *arguments: str) -> None:
    """One scan; the exit status of healthy is 0."""
    argv = lab.place(role).wrap([sys.executable, "-m", "hairpin_doctor", "scan", "--no-cluster", *arguments])
    subprocess.run(argv, check=True, capture_output=True)


def life(name: str) -> tuple[Figure, Figure]:
    """Build and take down a case."""
    chosen, builds, downs = setting(name), [], []
    for _ in range(BUILDS):
        lab = chosen.lab()
        builds.append(timed(lab.__enter__))
        downs.append(timed(lambda lab=lab: lab.__exit__(None, None, None)))  # type: ignore[misc]
    return Figure(f"lab: build {name}", tuple(builds)), Figure(f"lab: take down {name}", tuple(downs))
