"""`make lab-vm`: cases of the lab that need more of the kernel, in a virtual machine with Debian's kernel (QEMU, no KVM).

The guest's root is this machine's own, read-only by virtiofs under an overlay in memory: nothing of it can be changed.
The kernel is unpacked from Debian's package beside the environment, not installed. Two minutes for a case and more,
since every instruction is interpreted. Exit 0 only if every case came out as expected.
"""

from __future__ import annotations

import base64
import gzip
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from hairpin_doctor.lab.cases import MODULE_CASES, find

REPOSITORY = Path(__file__).resolve().parents[1]
KEPT = REPOSITORY / ".venv" / "lab-vm"
VIRTIOFSD = ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
MODULES = ("virtio_pci", "virtiofs", "overlay")
SECONDS_PER_CASE = 900
RECORDED = "recorded"
GOOD = "LAB-VM: as expected"
INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /below /above /new
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod $module; done
mount -t virtiofs -o ro root /below
mount -t tmpfs above /above; mkdir /above/upper /above/work
mount -t overlay -o lowerdir=/below,upperdir=/above/upper,workdir=/above/work root /new
mount -t proc proc /new/proc; mount -t sysfs sys /new/sys; mount -t devtmpfs dev /new/dev
mount -t tmpfs run /new/run
cp /job /new/run/job
ip link set lo up
umount -l /proc /sys /dev
exec switch_root /new /bin/bash /run/job
"""
JOB = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
mkdir -p /lib/modules && ln -sfn {modules} /lib/modules/$(uname -r)
hostname lab-vm
for module in br_netfilter veth macvlan nf_tables {needed}; do modprobe $module; done
cd {repository} && .venv/bin/hairpin-doctor lab run {case} --record /run && echo "{good}"
[ ! -e /run/{case}.json.gz ] || base64 /run/{case}.json.gz > /dev/ttyS1
echo o > /proc/sysrq-trigger; sleep 30
"""


class CannotBoot(click.ClickException):
    """A tool is missing, or the kernel cannot be had; the message is one sentence."""

    exit_code = 2


@click.command()
@click.argument("cases", nargs=-1)
@click.option(
    "--record", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Keep recordings here."
)
def main(cases: tuple[str, ...], record: Path | None) -> None:
    """Run CASES, or all that need kernel modules, one guest each."""
    names = cases or tuple(case.name for case in MODULE_CASES)
    kernel = _kernel()
    good = [_run(name, kernel, record) for name in names]
    sys.exit(0 if all(good) else 1)


def _run(name: str, kernel: Path, record: Path | None) -> bool:
    """Boot a guest that runs the case; what it prints goes to the terminal as it comes."""
    case = find(name)
    if case is None:
        raise CannotBoot(f"there is no case {name!r}; `hairpin-doctor lab list` shows them")
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        room = Path(folder)
        tree = kernel / "lib" / "modules" / _release(kernel)
        text = JOB.format(
            modules=tree, needed=" ".join(case.modules), repository=REPOSITORY, case=name, good=GOOD
        )
        (room / "initrd.gz").write_bytes(gzip.compress(_initrd(kernel, text), 1))
        good = any(GOOD in line for line in list(_boot(kernel, room)))  # to the end: the recording comes last
        if good and record is not None:
            (record / f"{name}.json.gz").write_bytes(base64.b64decode((room / RECORDED).read_bytes()))
        return good


def _boot(kernel: Path, room: Path) -> Iterator[str]:
    """The guest's console, line by line, shown and yielded; both processes end with it, or when their time is up."""
    server = next((path for path in VIRTIOFSD if Path(path).exists()), None)
    machine = shutil.which("qemu-system-x86_64")
    if server is None or machine is None:
        raise CannotBoot("the guest needs QEMU: apt-get install qemu-system-x86 qemu-system-common")
    socket = room / "root.sock"
    options = ("-o", "source=/", "-o", "cache=always", "-o", "sandbox=chroot")
    files = subprocess.Popen(
        [server, f"--socket-path={socket}", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(socket)
        guest = subprocess.Popen(
            ["timeout", str(SECONDS_PER_CASE), machine, *_arguments(kernel, room, socket)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        with guest:
            for line in guest.stdout or ():
                click.echo(line.rstrip())
                yield line
    finally:
        files.kill()
        files.wait()


def _arguments(kernel: Path, room: Path, socket: Path) -> list[str]:
    memory = "memory-backend-memfd,id=memory,size=1G,share=on"
    return [
        *(
            "-M",
            "q35",
            "-accel",
            "tcg",
            "-smp",
            "2",
            "-m",
            "1G",
            "-display",
            "none",
            "-no-reboot",
            "-nic",
            "none",
        ),
        *("-object", memory, "-numa", "node,memdev=memory", "-chardev", f"socket,id=files,path={socket}"),
        *("-device", "vhost-user-fs-pci,chardev=files,tag=root"),
        *("-kernel", str(next((kernel / "boot").glob("vmlinuz-*"))), "-initrd", str(room / "initrd.gz")),
        *("-serial", "mon:stdio", "-serial", f"file:{room / RECORDED}"),
        *("-append", "console=ttyS0 quiet panic=-1"),
    ]


def _await(socket: Path) -> None:
    deadline = time.monotonic() + 10
    while not socket.exists():
        if time.monotonic() > deadline:
            raise CannotBoot("virtiofsd did not start; does this machine let it share a folder?")
        time.sleep(0.05)


def _kernel() -> Path:
    """Debian's cloud kernel, unpacked; fetched by apt once."""
    place = KEPT / "kernel"
    if place.exists():
        return place
    KEPT.mkdir(parents=True, exist_ok=True)
    depends = _said(["apt-cache", "depends", "linux-image-cloud-amd64"])
    package = next(
        (line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line), None
    )
    if package is None:
        raise CannotBoot("apt knows no linux-image-cloud-amd64 here: run apt-get update on Debian first")
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        _said(["apt-get", "download", "-qq", package], folder)
        _said(["dpkg", "-x", str(next(Path(folder).glob("*.deb"))), f"{folder}/root"])
        _said(["depmod", "-b", f"{folder}/root", _release(Path(folder) / "root")])
        (Path(folder) / "root").rename(place)
    return place


def _release(kernel: Path) -> str:
    return next((kernel / "lib" / "modules").iterdir()).name


def _initrd(kernel: Path, job: str) -> bytes:
    """busybox, the modules that mount the root, `INIT` and the job, as a cpio archive."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise CannotBoot("the guest needs busybox: apt-get install busybox-static")
    files: dict[str, tuple[int, bytes]] = {
        "bin/busybox": (0o755, Path(busybox).read_bytes()),
        "init": (0o755, INIT.encode()),
        "job": (0o644, job.encode()),
    }
    for number, path in enumerate(_needed(kernel)):
        files[f"modules/{number:02}-{path.name}"] = (0o644, path.read_bytes())
    return _archive(files)


def _needed(kernel: Path) -> list[Path]:
    """The files of the modules, those first that others need."""
    order: dict[str, None] = {}
    for module in MODULES:
        wanted = ["modprobe", "-d", str(kernel), "-S", _release(kernel), "--show-depends", module]
        order |= dict.fromkeys(
            line.split()[1] for line in _said(wanted).splitlines() if line.startswith("insmod ")
        )
    return [Path(each) for each in order]


def _archive(files: dict[str, tuple[int, bytes]]) -> bytes:
    """A cpio archive in the new ASCII format (kernel's Documentation/driver-api/early-userspace/buffer-format.rst)."""
    folders = dict.fromkeys(str(Path(name).parent) for name in files if "/" in name)
    entries = [
        *((name, 0o040755, b"") for name in folders),
        *((name, 0o100000 | mode, content) for name, (mode, content) in files.items()),
        ("TRAILER!!!", 0, b""),
    ]
    out = bytearray()
    for number, (name, mode, content) in enumerate(entries, 1):
        numbers = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % each for each in numbers) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return bytes(out)


def _said(argv: list[str], folder: str | None = None) -> str:
    try:
        return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise CannotBoot(f"the guest's kernel is fetched with {argv[0]}, which is not installed") from None
    except subprocess.CalledProcessError as error:
        raise CannotBoot(f"{' '.join(argv)} failed: {error.stderr.strip()}") from None


if __name__ == "__main__":
    main()
