"""Reports on disk: written whole or not at all, and read as something that a stranger may have written."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hairpin_doctor.recording import Recording
from hairpin_doctor.report.reading import STANDARD_INPUT, BadReport, bounded, read_bounded, reason
from hairpin_doctor.report.report import MAJOR, SCHEMA_NAME, Report

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["BadReport", "Saved", "check_destination", "load", "parse", "recordings_in", "save", "to_json"]
VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,40}")
OURS = re.compile(rb'\s*\{\s*"schema"\s*:\s*"' + re.escape(SCHEMA_NAME).encode() + rb"/\d+")


@dataclass(frozen=True)
class Saved:
    """What a report file gives back: the recordings that it rests on. Verdicts are judged anew, never believed."""

    path: str
    recordings: tuple[Recording, ...]


def to_json(report: DataclassInstance, *, indent: int | None = 2) -> str:
    """A report or a comparison as JSON, ASCII only: no terminal that it is shown on can take a string for a command."""
    return json.dumps(report, indent=indent, allow_nan=False, default=_by_field) + "\n"


def _by_field(value: DataclassInstance) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def load(path: str | Path) -> Saved:
    """Read a report. Raises BadReport, whose sentence names the file and what is wrong with it."""
    try:
        return Saved(str(path), recordings_in(read_bounded(path)))
    except BadReport as error:
        name = "standard input" if str(path) == STANDARD_INPUT else path
        raise BadReport(f"{name}: {error}") from None


def recordings_in(content: bytes) -> tuple[Recording, ...]:
    """Those of a report that came by another way than a file. Raises BadReport."""
    return _recordings(parse(bounded(content)))


def parse(text: bytes) -> dict[str, Any]:
    """JSON text of a report of a major version that we know. Raises BadReport."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise BadReport("it is nested too deeply for a report.") from None
    except ValueError as error:
        raise BadReport(f"it is not valid JSON ({_phrase(error)}).") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    version = (
        re.fullmatch(rf"{re.escape(SCHEMA_NAME)}/(\d{{1,6}})", schema) if isinstance(schema, str) else None
    )
    if version is None:
        raise BadReport('it is JSON, but no report of hairpin-doctor (there is no "schema" of ours in it).')
    if int(version[1]) != MAJOR:
        raise BadReport(
            f"it is a report of version {version[1]}, and this hairpin-doctor reads version {MAJOR}; "
            "use the same version of the tool on both machines."
        )
    report: dict[str, Any] = found
    return report


def _recordings(report: dict[str, Any]) -> tuple[Recording, ...]:
    from hairpin_doctor.report.codec import decode_recording

    found = report.get("recordings")
    if not isinstance(found, list) or not found:
        raise BadReport("it holds no recordings, so there is nothing to judge.")
    try:
        version = _label(report.get("tool_version"))
        read = (decode_recording(each) for each in found)
        return tuple(each if each.tool_version else replace(each, tool_version=version) for each in read)
    except RecursionError:
        raise BadReport("it is nested too deeply for a report.") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadReport(f"it is damaged or was made by something else ({_phrase(error)}).") from None


def _label(value: object) -> str | None:
    """The version of the tool, for reports whose recordings do not name it themselves; whatever else is there is nothing."""
    return value if isinstance(value, str) and VERSION.fullmatch(value) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _phrase(error: Exception) -> str:
    text = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
    return text if len(text) <= 120 else f"{text[:117]}..."


def check_destination(path: str | Path) -> None:
    """Refuse, before any work, a place that cannot take a report, or that holds something else. Raises BadReport."""
    place = Path(path)
    if not place.parent.is_dir():
        raise BadReport(f"{path}: there is no directory {place.parent}.")
    if not os.access(place.parent, os.W_OK):
        raise BadReport(f"{path}: no right to write to {place.parent.absolute()}.")
    if not place.exists():
        return
    if not place.is_file():
        raise BadReport(f"{path}: it is not a regular file.")
    try:
        with place.open("rb") as file:
            start = file.read(256)
    except OSError as error:
        raise BadReport(f"{path}: {reason(error)}.") from None
    if start and not OURS.match(start):
        raise BadReport(f"{path}: it exists and is no report of ours, so it is not overwritten.")


def save(report: Report, path: str | Path) -> None:
    """Write the report whole or not at all, readable only by its owner. Raises BadReport."""
    check_destination(path)
    text = to_json(report, indent=None)
    try:
        with _replacing(Path(path)) as descriptor, os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadReport(f"{path}: {reason(error)}.") from None


@contextmanager
def _replacing(path: Path) -> Iterator[int]:
    """A new file beside `path` that takes its place at the end, or vanishes on any error, Ctrl-C included."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        _give_to_invoker(descriptor)
        yield descriptor
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _give_to_invoker(descriptor: int) -> None:
    """Under sudo the file belongs to who called sudo, so that it can be copied away without root."""
    uid, gid = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and uid.isdecimal() and gid.isdecimal():
        os.fchown(descriptor, int(uid), int(gid))
