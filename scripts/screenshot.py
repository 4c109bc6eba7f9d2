"""docs/images/scan.svg: what `scan` shows in a terminal, drawn by Rich from a recorded report; no fonts are loaded."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.terminal import show
from hairpin_doctor.scan import judge

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "tests" / "golden" / "recordings" / "bgp-same-subnet.json.gz"
IMAGE = ROOT / "docs" / "images" / "scan.svg"
WIDTH = 80
COMMAND = "sudo hairpin-doctor scan --with vm.json"
FIX = re.compile(r"\n *(\x1b\[[0-9;]*m)* *Fix 1 of")  # the picture ends where the fixes begin


def screenshot() -> str:
    """The SVG of the joint scan of the homelab's story, down to its first fix."""
    file = parse(gzip.decompress(RECORDING.read_bytes()))
    report = judge(decode_recording(each) for each in file["recordings"]).report
    stream = io.StringIO()
    show(report, Page(stream, Look(unicode=True, colour=True, width=WIDTH)))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ {COMMAND}\n{FIX.split(stream.getvalue())[0]}"))
    without_fonts = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="n5", code_format=without_fonts, unique_id="scan")


if __name__ == "__main__":
    IMAGE.parent.mkdir(exist_ok=True)
    IMAGE.write_text(screenshot())
