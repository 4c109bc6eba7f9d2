"""Guests for `make lab-vm`: QEMU without KVM, Debian's kernel unpacked beside the environment, and this machine's root.

The root comes by virtiofs under an overlay in memory: nothing of it can be changed. Every instruction is interpreted, so
that a guest boots in half a minute and Python starts in seconds.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

REPOSITORY = Path(__file__).resolve().parents[1]
KEPT = REPOSITORY / ".venv" / "lab-vm"
VIRTIOFSD = ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
PATIENT = "no_timer_check mitigations=off"
"""On a busy machine the kernel's test of its timer fails; and retpolines cost much where nothing is speculated."""
MODULES = ("virtio_pci", "virtiofs", "overlay", "virtio_blk")
SECONDS_PER_GUEST = 5400
ROOT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /below /above /new
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod $module; done
mount -t virtiofs -o ro root /below
mount -t {above} /above; mkdir -p /above/upper /above/work
mount -t overlay -o lowerdir=/below,upperdir=/above/upper,workdir=/above/work root /new
mount -t proc proc /new/proc; mount -t sysfs sys /new/sys; mount -t devtmpfs dev /new/dev
mount -t tmpfs run /new/run
"""
"""What is written lies above the machine's root: in memory, or on a disk that outlives a reboot."""
INIT = (
    ROOT.format(above="tmpfs above")
    + """\
cp /job /new/run/job
ip link set lo up
umount -l /proc /sys /dev
exec switch_root /new /bin/bash /run/job
"""
)
INIT_SYSTEMD = (
    ROOT.format(above="ext4 /dev/vda")
    + """\
mount -t tmpfs tmp /new/tmp; mount -t tmpfs tmp /new/var/tmp
[ -e /new/etc/lab-vm ] || . /job
umount -l /proc /sys /dev
exec switch_root /new /lib/systemd/systemd
"""
)
"""systemd as process 1; the job prepares the root below /new before the first boot and makes /new/etc/lab-vm."""


class CannotBoot(click.ClickException):
    """A tool is missing, or the kernel cannot be had; the message is one sentence."""

    exit_code = 2


@contextmanager
def boot(
    job: str, room: Path, devices: Sequence[str], inside: Sequence[str] = (), init: str = INIT
) -> Iterator[subprocess.Popen[str]]:
    """A guest that runs the shell script `job` as its only process; its console is the process's output.

    `devices`: QEMU's further arguments. `inside`: words before the command, which bring it into a network namespace. Both
    of its processes end with the context. `init`: what the kernel starts; see INIT_SYSTEMD. Raises CannotBoot.
    """
    kernel = unpacked_kernel()
    server = next((path for path in VIRTIOFSD if Path(path).exists()), None)
    machine = shutil.which("qemu-system-x86_64")
    if server is None or machine is None:
        raise CannotBoot("the guest needs QEMU: apt-get install qemu-system-x86 qemu-system-common")
    (room / "initrd.gz").write_bytes(gzip.compress(_initrd(kernel, job, init), 1))
    socket = room / "root.sock"
    options = ("-o", "source=/", "-o", "cache=always", "-o", "sandbox=chroot")
    files = subprocess.Popen(
        [server, f"--socket-path={socket}", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(socket)
        with subprocess.Popen(
            [*inside, "timeout", str(SECONDS_PER_GUEST), machine, *_machine(kernel, room, socket), *devices],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as guest:
            try:
                yield guest
            finally:
                guest.terminate()
    finally:
        files.kill()
        files.wait()


def modules_of(kernel: Path) -> Path:
    """Where the guest finds its modules."""
    return kernel / "lib" / "modules" / _release(kernel)


def _machine(kernel: Path, room: Path, socket: Path) -> list[str]:
    memory = "memory-backend-memfd,id=memory,size=1G,share=on"
    plain = "-M q35 -accel tcg -smp 2 -m 1G -display none -no-reboot -serial mon:stdio"
    return [
        *plain.split(),
        *("-object", memory, "-numa", "node,memdev=memory", "-chardev", f"socket,id=files,path={socket}"),
        *("-device", "vhost-user-fs-pci,chardev=files,tag=root"),
        *("-kernel", str(next((kernel / "boot").glob("vmlinuz-*"))), "-initrd", str(room / "initrd.gz")),
        *("-append", f"console=ttyS0 quiet panic=-1 {PATIENT}"),
    ]


def _await(socket: Path) -> None:
    deadline = time.monotonic() + 10
    while not socket.exists():
        if time.monotonic() > deadline:
            raise CannotBoot("virtiofsd did not start; does this machine let it share a folder?")
        time.sleep(0.05)


def unpacked_kernel() -> Path:
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


def _initrd(kernel: Path, job: str, init: str) -> bytes:
    """busybox, the modules that mount the root, `init` and the job, as a cpio archive."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise CannotBoot("the guest needs busybox: apt-get install busybox-static")
    files: dict[str, tuple[int, bytes]] = {
        "bin/busybox": (0o755, Path(busybox).read_bytes()),
        "init": (0o755, init.encode()),
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
