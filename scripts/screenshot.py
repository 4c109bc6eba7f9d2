"""docs/images/*.svg: what `scan` and `walk` show in a terminal, drawn by Rich from recorded reports; no fonts are loaded."""

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
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.terminal import show
from hairpin_doctor.scan import judge
from hairpin_doctor.walkthrough.keys import press
from hairpin_doctor.walkthrough.layout import frame
from hairpin_doctor.walkthrough.state import Walk

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests" / "golden" / "recordings"
IMAGES = ROOT / "docs" / "images"
LOOK, ROWS = Look(unicode=True, colour=True, width=80), 24
COMMAND = "sudo hairpin-doctor scan --with vm.json"
FIX = re.compile(r"\n *(\x1b\[[0-9;]*m)* *Fix 1 of")  # the picture ends where the fixes begin


def scan_picture() -> str:
    """The joint scan of the homelab's story, down to its first fix."""
    stream = io.StringIO()
    show(_report("bgp-same-subnet"), Page(stream, LOOK))
    return _drawn(f"$ {COMMAND}\n{FIX.split(stream.getvalue())[0]}", "scan", "n5")


def walk_picture() -> str:
    """A walk through a case of the lab, at the hop where the path breaks."""
    walk = Walk("lab case vip-on-port-mac", "answer", report=_report("vip-on-port-mac")).to("hops")
    broken = next(n for n, hop in enumerate(walk.path.hops if walk.path else ()) if hop.state == "broken")
    for _ in range(broken):
        walk, _act = press(walk, "down")
    return _drawn(
        "\n".join(frame(walk, LOOK, ROWS)), "walk", "sudo hairpin-doctor walk --lab vip-on-port-mac"
    )


def _report(case: str) -> Report:
    file = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
    return judge(decode_recording(each) for each in file["recordings"]).report


def _drawn(text: str, name: str, title: str) -> str:
    console = Console(record=True, width=LOOK.width, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text))
    without_fonts = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title=title, code_format=without_fonts, unique_id=name)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "scan.svg").write_text(scan_picture())
    (IMAGES / "walk.svg").write_text(walk_picture())
