"""Who holds a lock, by what the kernel says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hairpin_doctor.machine.locks import holder, lock

HOLD = (
    "import sys; from pathlib import Path; from hairpin_doctor.machine.locks import lock\n"
    "with lock(Path(sys.argv[1]), wait=False):\n    print(flush=True); input()"
)


def test_the_process_that_holds_it_is_told_from_one_that_merely_opened_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w"):
        assert holder(path) is None
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            other.stdout.readline()
            assert holder(path) == other.pid
            other.communicate(b"\n")
        assert holder(path) is None


def test_it_is_free_after_the_block(tmp_path: Path) -> None:
    with lock(tmp_path / "lock", wait=False):
        assert holder(tmp_path / "lock") is not None
    assert holder(tmp_path / "lock") is None
