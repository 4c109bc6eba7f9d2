"""`make demo`: the homelab's story on real network namespaces. Exit 0 only if it came out right."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import click

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.mend import apply_fix, first_broken
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.readiness import NotReady
from hairpin_doctor.lab.requirements import CannotBuild
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.machine.commands import CommandFailed
from hairpin_doctor.machine.signals import leaving_in_order

STORY = """\
A homelab: the Kubernetes node n5 has a bridge, and on it the VM homeassistant.
MetalLB gives the DNS Service the address 192.168.8.53, in the LAN's own subnet,
and advertises it to the router by BGP. The VM cannot reach it. Why?

    laptop .100 ---+                        +--- udm .1, router (BGP peer)
                   +--------- switch -------+
                                |
                              eno1
       n5 .246:  bridge0  <-----+-----> vnet1 --- homeassistant .10 (VM)

Every machine is a network namespace here; nothing leaves this computer."""


class WrongEnding(Exception):
    """The story did not come out as it should; the message says where."""


def main() -> NoReturn:
    """Tell the story, tear everything down, and leave."""
    try:
        with leaving_in_order():
            tell()
    except (WrongEnding, CannotBuild, CommandFailed, NotReady) as error:
        sys.exit(f"the demo failed: {error}")
    except KeyboardInterrupt:
        click.echo("interrupted; the lab is gone", err=True)
        sys.exit(130)
    sys.exit(0)


def tell() -> None:
    """Scan from both sides, mend by the first fix of the report, scan again. Raises WrongEnding."""
    case, names = find("bgp-same-subnet"), Names.story()
    if case is None:
        raise WrongEnding("the case bgp-same-subnet is not in the lab's catalogue")
    click.echo(STORY)
    vip = f"{names.dns_vip}:53/udp"
    with Setting(case, names, Variant()).lab() as lab, tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        heading("1. On the VM: nobody answers")
        expect(doctor(lab, "vm", folder, "scan", vip, "--save", "vm.json"), 1, "the VM's scan")
        heading("2. On the host alone: it reaches its own services, and says what it cannot know")
        expect(doctor(lab, "host", folder, "scan", vip), 4, "the host's scan")
        heading("3. On the host, with the VM's report: both judged together")
        both = ("scan", "--with", "vm.json", "--save", "both.json")
        expect(doctor(lab, "host", folder, *both), 1, "the joint scan")
        cause = first_broken(json.loads((folder / "both.json").read_text()))
        if cause is None or cause["code"] != "HD601":
            raise WrongEnding(f"the cause is HD601, the doctor says {cause and cause['code']}")
        fix: dict[str, Any] = cause["fixes"][0]
        heading("4. The first fix of that report, applied by the lab")
        click.echo(fix["title"])
        for line in apply_fix(lab, case, names, fix):
            click.echo(line)
        heading("5. On the VM again")
        expect(doctor(lab, "vm", folder, "scan", vip), 0, "the VM's scan after the fix")
    click.echo("\nThe lab is gone. More cases: hairpin-doctor lab list")


def heading(text: str) -> None:
    """A step of the story."""
    click.echo(f"\n{'=' * 80}\n{click.style(text, bold=True)}\n{'=' * 80}")


def doctor(lab: Lab, role: str, folder: Path, *arguments: str) -> int:
    """Run hairpin-doctor on a machine of the lab, in the user's terminal; its exit code.

    Ctrl-C reaches the demo alone, which ends it: a Python that is just starting would show where it was.
    """
    place = lab.place(role)
    click.echo(f"{place.hostname}# hairpin-doctor {' '.join(arguments)}\n")
    argv = place.wrap([sys.executable, "-m", "hairpin_doctor", *arguments])
    code = subprocess.run(argv, check=False, cwd=folder, start_new_session=True).returncode
    click.echo(f"(exit code {code})")
    return code


def expect(code: int, right: int, what: str) -> None:
    """Raises WrongEnding unless the exit code is the right one."""
    if code != right:
        raise WrongEnding(f"{what} ended with exit code {code}, which should be {right}")


if __name__ == "__main__":
    main()
