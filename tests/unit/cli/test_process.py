"""The command as a process: exit codes, signals, missing rights, a strange /proc."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hairpin_doctor.version import __version__

Process = Callable[..., subprocess.CompletedProcess[str]]
ALONE = (shutil.which("unshare") or "unshare", "--net", "--mount")
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give rights away or take /proc/sys away"
)
HANGING = """
import time, probes.linux.host as host
def ask(self, question):
    print("asked", flush=True)
    time.sleep(30)
host.LinuxHost.ask = ask
from hairpin_doctor.cli.main import main
main(["scan", "192.0.2.1:53", "--save", {path!r}])
"""


def test_it_tells_its_version(process: Process) -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"hairpin-doctor {__version__}\n", "")


def test_help_imports_no_heavy_library() -> None:
    heavy = "('rich', 'cattrs', 'pyroute2', 'dns', 'scapy', 'yaml', 'probes', 'hairpin_doctor.lab')"
    code = f"""import sys
from hairpin_doctor.cli.main import run
run(['--help'])
print([m for m in {heavy} if m in sys.modules])"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_exit_code_2_with_the_near_one(process: Process) -> None:
    done = process("scna")
    assert done.returncode == 2
    assert "there is no command 'scna'; did you mean scan?" in done.stderr


def test_a_closed_pipe_is_no_traceback() -> None:
    argv = f"{sys.executable} -m hairpin_doctor rules | head -1"
    done = subprocess.run(
        ["sh", "-c", argv], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.stderr == ""


def test_a_full_disk_does_not_pass_for_success() -> None:
    argv = f"{sys.executable} -m hairpin_doctor rules > /dev/full"
    done = subprocess.run(
        ["sh", "-c", argv], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3]
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def heed_ctrl_c() -> None:
    """A shell's background job is started with SIGINT ignored, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_with_130_and_leaves_no_file(tmp_path: Path) -> None:
    code = HANGING.format(path=str(tmp_path / "vm.json"))
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        preexec_fn=heed_ctrl_c,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "asked\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said.strip() == "interrupted; nothing was left behind"
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_without_any_right_the_scan_still_runs_and_says_what_it_could_not_see(process: Process) -> None:
    nobody = (*ALONE, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    done = process("scan", "192.0.2.7:80/tcp", prefix=nobody)
    assert done.returncode in (3, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert "Run it as root (sudo) to see them." in " ".join(done.stdout.split())
    assert "CAP_NET_ADMIN" in done.stdout


@needs_root
@pytest.mark.parametrize("what", ["mount -t tmpfs none /proc/sys", "mount -o bind,ro /proc/sys /proc/sys"])
def test_a_missing_or_read_only_proc_sys_is_survived(process: Process, what: str) -> None:
    done = process("scan", "192.0.2.7:80/tcp", prefix=(*ALONE, "sh", "-c", f'{what} && exec "$@"', "sh"))
    assert done.returncode in (3, 4), done.stderr
    assert "Traceback" not in done.stderr


@needs_root
def test_without_nft_and_iptables_the_scan_says_so(process: Process, tmp_path: Path) -> None:
    done = process("scan", "192.0.2.7:80/tcp", "-v", prefix=ALONE, PATH=str(tmp_path))
    assert done.returncode in (2, 3, 4), done.stderr
    assert "Traceback" not in done.stderr
