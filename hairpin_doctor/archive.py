"""hairpin-doctor as one file: a zip archive of it and all that it imports, which Python runs as it is (PEP 441).

Made from what is installed here, so that a checkout, an installed package and the archive itself can each hand it on. Only
source goes in: compiled parts would bind it to one machine or one Python, and every library here does without.
"""

from __future__ import annotations

import importlib.util
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

OURS = "hairpin-doctor"
OUR_PACKAGES = ("hairpin_doctor", "probes")
# Large, and never imported here: protocols and tools of scapy, lexers and styles for other languages.
LEFT_OUT = re.compile(
    r"scapy/(contrib|tools|modules)/|pygments/(lexers|styles)/(?!__init__\.py|_mapping\.py)"
)
LICENCE = re.compile(r"[^/]+\.dist-info/(licenses/.+|LICEN[CS]E[^/]*|COPYING[^/]*|NOTICE[^/]*)")
OLDEST = (3, 11)
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file knows: equal sources give equal archives
MAIN = f"""# For every Python since 2.7: one that is too old must be able to read this.
import os
import sys

if sys.version_info < {OLDEST}:
    newer = ["python3.%d" % minor for minor in range({OLDEST[1]}, 40)
             if any(os.access(os.path.join(place, "python3.%d" % minor), os.X_OK)
                    for place in os.environ.get("PATH", os.defpath).split(os.pathsep))]
    sys.stderr.write("Error: hairpin-doctor needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is %s%s.\\n" % (
        sys.version.split()[0], "; start it by " + newer[-1] if newer else ""))
    sys.exit(2)
sys.path[0] = os.path.abspath(sys.path[0])
from hairpin_doctor.cli.main import main

main()
"""


class NoArchive(RuntimeError):
    """What belongs into the archive is not to be found here; the message is one sentence."""


def archive() -> bytes:
    """The file's content, about 4 MB; the archive that runs, if one does. Raises NoArchive."""
    running = running_archive()
    if running is not None:
        return running.read_bytes()
    packed = io.BytesIO()
    packed.write(SHEBANG)
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in sorted({"__main__.py": MAIN.encode(), **dict(_contents())}.items()):
            file.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def running_archive() -> Path | None:
    """The archive that this very program runs from, or None where it is installed."""
    found = Path(__file__).parent.parent
    return found if found.is_file() else None


def program() -> tuple[str, ...]:
    """The words that start this program once more, before its arguments."""
    running = running_archive()
    return (sys.executable, str(running)) if running else (sys.executable, "-m", OUR_PACKAGES[0])


def _contents() -> Iterator[tuple[str, bytes]]:
    for package in OUR_PACKAGES:
        yield from _source_of(package)
    for distributed, each in _needed(OURS, {}).items():
        for file in each.files or ():
            name = file.as_posix()
            wanted = name.endswith(".py") and ".." not in file.parts and not LEFT_OUT.match(name)
            if LICENCE.fullmatch(name) or (wanted and distributed != OURS):
                yield name, Path(str(each.locate_file(file))).read_bytes()


def _source_of(package: str) -> Iterator[tuple[str, bytes]]:
    """From where it is imported: in a checkout its distribution lists no file of it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise NoArchive(f"package {package} is not to be found by {sys.executable}")
    root = Path(spec.origin).parent
    for path in root.rglob("*.py"):
        yield path.relative_to(root.parent).as_posix(), path.read_bytes()


def _needed(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """The distribution of this name, with those that it requires and those that they require. Raises NoArchive."""
    try:
        found[name] = this = distribution(name)
    except PackageNotFoundError:
        raise NoArchive(f"{name} is not installed for {sys.executable}") from None
    if not this.files:
        raise NoArchive(f"what belongs to {name} is not recorded here, as pip and pipx would record it")
    for requirement in this.requires or ():
        bare, _, only_if = requirement.partition(";")
        other = bare[: re.match(r"[\w.-]*", bare).end()].lower()  # type: ignore[union-attr]
        # What is for other systems, older Pythons or an extra has a condition; none of it is needed here.
        if not only_if and other not in found:
            _needed(other, found)
    return found
