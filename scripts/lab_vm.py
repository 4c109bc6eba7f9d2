"""`make lab-vm`: what of the lab needs more than this machine's kernel and its namespaces, in virtual machines.

Cases that need kernel modules run whole inside a guest. `--real-client` puts a real guest, on a real tap, into the place
of the client in a case that is built here. `--reboot` boots a guest by systemd, with a fix that was made lasting; `--mends`
mends such a guest by the command line, and boots it again. Two minutes for a case and more. Exit 0 only if every case came
out as expected.
"""

from __future__ import annotations

import base64
import signal
import sys
import tempfile
from pathlib import Path

import click

from hairpin_doctor.lab.cases import MODULE_CASES, find
from hairpin_doctor.lab.cases.case import Case
from scripts.after_a_reboot import run_with_reboot
from scripts.after_a_reboot_files import MANAGERS
from scripts.mended_guest import run_mended
from scripts.mended_guest_files import STORIES
from scripts.real_client import REAL_CLIENT_CASES, run_with_real_client
from scripts.virtual_machine import REPOSITORY, CannotBoot, boot, modules_of, unpacked_kernel

RECORDED = "recorded"
GOOD = "LAB-VM: as expected"
JOB = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
mkdir -p /lib/modules && ln -sfn {modules} /lib/modules/$(uname -r)
hostname lab-vm
for module in br_netfilter veth macvlan nf_tables {needed}; do modprobe $module; done
cd {repository} && .venv/bin/hairpin-doctor lab run {case} --record /run && echo "{good}"
[ ! -e /run/{case}.json.gz ] || base64 /run/{case}.json.gz > /dev/ttyS1
echo o > /proc/sysrq-trigger; sleep 30
"""


@click.command()
@click.argument("cases", nargs=-1)
@click.option(
    "--record", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Keep recordings here."
)
@click.option("--real-client", is_flag=True, help="A real guest on a tap as the client of CASES.")
@click.option(
    "--reboot",
    "managers",
    multiple=True,
    type=click.Choice([*MANAGERS]),
    help="Who makes the guest's bridge.",
)
@click.option(
    "--mends",
    multiple=True,
    type=click.Choice([*STORIES]),
    help="A host with this cause, mended by `fix` as a person types it, and booted again.",
)
def main(
    cases: tuple[str, ...],
    record: Path | None,
    real_client: bool,
    managers: tuple[str, ...],
    mends: tuple[str, ...],
) -> None:
    """Run CASES, one guest each; without any, all that need kernel modules, then those with a real client."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # the guest and its files' server end with us
        signal.signal(number, lambda *_: sys.exit(143))
    if cases or managers or mends:
        good = [_run(_case(name), record, real_client=real_client) for name in cases]
        good += [run_with_reboot(each) for each in managers]
        good += [run_mended(each) for each in mends]
    else:
        good = [_run(case, record, real_client=False) for case in MODULE_CASES]
        good += [_run(_case(name), record, real_client=True) for name in REAL_CLIENT_CASES]
    sys.exit(0 if all(good) else 1)


def _case(name: str) -> Case:
    case = find(name)
    if case is None:
        raise CannotBoot(f"there is no case {name!r}; `hairpin-doctor lab list` shows them")
    return case


def _run(case: Case, record: Path | None, *, real_client: bool) -> bool:
    if real_client:
        return run_with_real_client(case)
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        return _whole(case, Path(folder), record)


def _whole(case: Case, room: Path, record: Path | None) -> bool:
    """Boot a guest that runs the case; what it prints goes to the terminal as it comes."""
    job = JOB.format(
        modules=modules_of(unpacked_kernel()),
        needed=" ".join(case.modules),
        repository=REPOSITORY,
        case=case.name,
        good=GOOD,
    )
    good = False
    with boot(job, room, ("-nic", "none", "-serial", f"file:{room / RECORDED}")) as guest:
        for line in guest.stdout or ():  # to the end: the recording comes last
            click.echo(line.rstrip())
            good = good or GOOD in line
    if good and record is not None:
        (record / f"{case.name}.json.gz").write_bytes(base64.b64decode((room / RECORDED).read_bytes()))
    return good


if __name__ == "__main__":
    main()
