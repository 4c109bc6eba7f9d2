"""`scan --from`, with an ssh that runs the command here: what goes there, what comes back, and what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

Call = Callable[..., Result]
# The last word is the command, as sshd gives it to the login shell, which is noisy here.
SSH = """#!/bin/sh
echo "$@" > {folder}/argv
for command; do :; done
cd {folder}/there && echo welcome && exec /bin/sh -c "$command"
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """`ssh(script)`: a command of that name on the path, which finds a `{folder}` to write to."""
    (tmp_path / "there").mkdir()

    def make(script: str) -> Path:
        path = tmp_path / "bin" / "ssh"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script.format(folder=tmp_path))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
        return tmp_path

    return make


def test_it_scans_there_and_judges_both(call: Call, ssh: Callable[[str], Path]) -> None:
    folder = ssh(SSH)
    options = ("--only", "machine", "--timeout", "0.1", "--no-cluster")
    found = call("scan", "192.0.2.53:53", "--from", "ssh://root@vm:2222", *options, "-o", "json")
    assert found.exit_code == 4, found.stderr  # nobody asked anything of the target
    names = [point["name"] for point in json.loads(found.stdout)["vantage_points"]]
    assert len(names) == 2
    argv = (folder / "argv").read_text()
    assert "-p 2222 root@vm -- python3 -I -S -B -c" in argv
    assert argv.endswith(" scan -o json --timeout 0.1 --only machine --no-cluster -- 192.0.2.53:53\n")
    assert list((folder / "there").iterdir()) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'me@vm: Permission denied (publickey).' >&2; exit 255",
            "it takes none of the keys that are here",
        ),
        (r"printf 'evil \033]0;owned\007' >&2; exit 255", r"evil \x1b]0;owned\x07"),
        ("head -c 11 > {folder}/taken; printf 'hairpin-doctor: ready\\n{{}}'", "what came back is no report"),
    ],
)
def test_a_failure_there_is_one_harmless_sentence_and_exit_code_2(
    call: Call, ssh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    monkeypatch.setattr("hairpin_doctor.remote_scan._program", lambda: b"the program")
    ssh(f"#!/bin/sh\n{script}\n")
    found = call("scan", "192.0.2.53:53", "--from", "ssh://me@vm")
    assert found.exit_code == 2
    assert said in found.stderr
    assert found.stderr.startswith("Error: ssh://me@vm: ")
    assert len(found.stderr.splitlines()) == 1
    assert "\x1b" not in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "root@vm"), "is written ssh://"),
        (("--from", "ssh://root:secret@vm"), "without a password"),
        (("--sudo",), "--sudo needs --from"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    call: Call, ssh: Callable[[str], Path], arguments: tuple[str, ...], said: str
) -> None:
    folder = ssh(SSH)
    found = call("scan", "192.0.2.53:53", *arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr
    assert not (folder / "argv").exists()


def test_who_is_not_root_there_is_told_what_to_do(
    call: Call, ssh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hairpin_doctor.remote_scan import Remote

    monkeypatch.setattr("hairpin_doctor.remote_scan.scan_there", lambda *_: Remote((), False))
    found = call("scan", "192.0.2.53:53", "--from", "ssh://me@vm")
    assert found.stderr == "ssh://me@vm was scanned without root: log in as root, or add --sudo, to see all\n"


def test_a_tab_begins_the_address(machine: Any) -> None:
    from hairpin_doctor.cli.main import cli

    asked = {
        "_HAIRPIN_DOCTOR_COMPLETE": "zsh_complete",
        "COMP_WORDS": "hairpin-doctor scan --from s",
        "COMP_CWORD": "3",
    }
    done = CliRunner().invoke(cli, [], prog_name="hairpin-doctor", env=asked)
    assert "ssh://" in done.stdout
