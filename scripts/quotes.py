"""What the documents quote is what the commands print: `make readme` quotes anew, a test compares.

A quotation is a ```console block whose first line is a prompt and a command. After `$ ` the command is run here, after
the name of a machine (`n5# `) it is taken from a run of `make demo`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUOTING = (ROOT / "README.md", ROOT / "docs" / "tutorial.md")
BLOCK = re.compile(
    r"^```console\n(?P<prompt>\S+) (?P<command>hairpin-doctor .*)\n(?P<output>(?:.*\n)*?)```$", re.M
)
DEMO = re.compile(r"^(\S+#) (hairpin-doctor .*)\n\n((?:.*\n)*?)\(exit code \d\)$", re.M)
VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\d+(\.\d+)? ms"), "TIME"),
    (re.compile(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b"), "MAC"),
    (re.compile(r"\s+"), " "),
)
ENVIRONMENT = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}

Said = Callable[[str, str], str]
"""Prompt and command -> what the command prints."""


def demo() -> dict[tuple[str, str], str]:
    """Run the demo at width 80: (prompt, command) -> output. For a command that is given twice, the first time."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the demo ended with {done.returncode}:\n{done.stdout}")
    found: dict[tuple[str, str], str] = {}
    for prompt, command, output in DEMO.findall(done.stdout):
        found.setdefault((prompt, command), output)
    return found


def here(command: str) -> str:
    """What the command prints on this machine."""
    program, *arguments = command.split()
    argv = [sys.executable, "-m", program.replace("-", "_"), *arguments]
    return subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout


def said_by(of_demo: Mapping[tuple[str, str], str]) -> Said:
    """From the demo, or from here after the prompt `$`."""
    return lambda prompt, command: here(command) if prompt == "$" else of_demo[prompt, command]


def quoted_anew(text: str, said: Said) -> str:
    """`text` with every quotation replaced by what is said now. KeyError for what the demo does not run."""

    def block(found: re.Match[str]) -> str:
        prompt, command = found["prompt"], found["command"]
        return f"```console\n{prompt} {command}\n{said(prompt, command).strip()}\n```"

    return BLOCK.sub(block, text)


def essence(text: str) -> str:
    """Without times, MACs and line breaks, which differ from run to run."""
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return text


if __name__ == "__main__":
    said = said_by(demo())
    for document in QUOTING:
        document.write_text(quoted_anew(document.read_text(), said))
