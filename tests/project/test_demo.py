"""`make demo` on real namespaces: the story comes out right, the documents quote it, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from difflib import unified_diff
from pathlib import Path

import pytest

from hairpin_doctor.lab.state import saved
from scripts.quotes import QUOTING, demo, essence, quoted_anew, said_by

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs root")


def test_the_story_comes_out_right_and_the_documents_quote_it() -> None:
    said = said_by(demo())
    for document in QUOTING:
        text = document.read_text()
        now = quoted_anew(text, said)
        if essence(now) != essence(text):
            changed = unified_diff(
                text.splitlines(), now.splitlines(), "quoted", "printed now", lineterm="", n=0
            )
            pytest.fail(
                "\n".join((f"{document} is out of date, run `make readme`:", *changed)), pytrace=False
            )


def heed_ctrl_c() -> None:
    """A shell's background job is started with SIGINT ignored, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_in_the_middle_of_the_demo_leaves_nothing_behind() -> None:
    argv = [sys.executable, "-m", "scripts.demo"]
    running = subprocess.Popen(
        argv,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )
    assert running.stdout
    for line in running.stdout:
        if "scan" in line:
            break
    (tag,) = (state.tag for state in saved() if state.builder == running.pid)
    time.sleep(0.3)  # into the scan, wherever it is just then
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=20)
    assert running.returncode == 130, errors
    assert "Traceback" not in errors
    assert tag not in {state.tag for state in saved()}
    assert tag not in subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
