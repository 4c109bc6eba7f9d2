"""The homelab's host scans from its VM through a real sshd; the verdict is the joint one, and nothing stays in the VM."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.examination import SCAN, Verdict
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.machine_state import differences, machine_state
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.machine.namespaces import processes

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(SSHD is None, reason="needs sshd and ssh (Debian: openssh-server)"),
]
NAMES = Names.story()
STORY = find("bgp-same-subnet")
VM = f"ssh://root@{NAMES.vm_ip}"
# In a mount namespace of its own: sshd wants /run/sshd, and this machine need not have one.
SERVE = "mount -t tmpfs none /run && mkdir /run/sshd && exec {sshd} -D -e -f {folder}/sshd_config"
SSHD_CONFIG = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
"""
SSH = """#!/bin/sh
exec /usr/bin/ssh -F none -i {folder}/key -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=yes "$@"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys made for this test, and an ssh that knows no others."""
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "key"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True)
    (folder / "known").write_text(f"{NAMES.vm_ip} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(folder=folder))
    (folder / "ssh").write_text(SSH.format(folder=folder))
    (folder / "ssh").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Lab]:
    assert STORY is not None
    with Setting(STORY, NAMES, Variant()).lab() as lab, serving(lab, folder):
        yield lab


@contextmanager
def serving(lab: Lab, folder: Path) -> Iterator[None]:
    serve = lab.popen("vm", ["/bin/sh", "-c", SERVE.format(sshd=SSHD, folder=folder)])
    try:
        assert serve.stderr is not None
        while "listening" not in (line := serve.stderr.readline()):
            assert line, "sshd does not start"
        yield
    finally:
        serve.kill()
        serve.communicate()


def scanning(lab: Lab, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    def heed_ctrl_c() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    path = f"PATH={folder}:{os.environ['PATH']}"
    argv = lab.place("host").wrap(["env", path, *SCAN, "--no-cluster", "--from", VM, *arguments])
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_ctrl_c)


def of_the_vm(lab: Lab) -> set[int]:
    return set(processes(lab.place("vm").namespace))


def test_the_host_gets_the_joint_verdict_by_one_command_and_nothing_stays(lab: Lab, folder: Path) -> None:
    assert STORY is not None
    before, running = machine_state(lab.place("vm")), of_the_vm(lab)
    out, said = scanning(lab, folder, *STORY.targets(NAMES)).communicate()
    assert said == ""
    assert Verdict.of(json.loads(out)).wrong(STORY.expected["both"]) is None
    await_processes(lab, running)
    after = machine_state(lab.place("vm"))
    assert [each for each in differences(before, after) if "nf_conntrack_count" not in each] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_near_end_ends_the_scan_there_ends_with_it(
    lab: Lab, folder: Path, how: signal.Signals
) -> None:
    running = of_the_vm(lab)
    scan = scanning(lab, folder, *STORY.targets(NAMES) if STORY else ())
    await_scan(lab, running)
    scan.send_signal(how)
    scan.communicate()
    await_processes(lab, running)


def await_scan(lab: Lab, before: set[int]) -> None:
    """Until there are two processes of the program: the one that watches, and the one that looks."""
    deadline = time.monotonic() + 30
    while sum(b"hairpin-doctor: " in command(pid) and is_python(pid) for pid in of_the_vm(lab) - before) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_python(pid: int) -> bool:
    """Not a shell that is about to start it, such as a shim of pyenv's."""
    try:
        return "python" in Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False


def await_processes(lab: Lab, wanted: set[int]) -> None:
    deadline = time.monotonic() + 10
    while (now := of_the_vm(lab)) != wanted:
        assert time.monotonic() < deadline, [command(pid) for pid in now - wanted]
        time.sleep(0.05)


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # ended meanwhile
        return b""


def test_a_host_key_that_nobody_knows_is_not_accepted(lab: Lab, folder: Path) -> None:
    known = folder / "known"
    text = known.read_text()
    known.write_text("")
    try:
        out, said = scanning(lab, folder, *STORY.targets(NAMES) if STORY else ()).communicate()
    finally:
        known.write_text(text)
    assert out == ""
    assert said.startswith(f"Error: {VM}: its host key is not known here; log in once by `ssh root@")
