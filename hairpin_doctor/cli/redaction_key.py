"""The key that --redact works by: a new one for each report, or one in a file, so that reports can still be joined."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.redaction.key import Key

NEW_KEY, LONGEST = 32, 1024


def chosen_key(redact: bool, path: str | None) -> Key | None:
    """The key in the file, which is made if it is missing; a new one for --redact alone; None for neither.

    Raises Refused where the file cannot be used.
    """
    if path is None and not redact:
        return None
    from hairpin_doctor.redaction.key import Key

    if path is None:
        return Key(secrets.token_bytes(NEW_KEY))
    try:
        return Key(_in_file(Path(path)))
    except OSError as error:
        raise Refused(f"{path}: {(error.strerror or str(error)).lower()}.") from None


def _in_file(path: Path) -> bytes:
    try:
        return _made(path)
    except FileExistsError:
        return _read(path)


def _made(path: Path) -> bytes:
    """A new key, readable only by its owner."""
    secret = secrets.token_bytes(NEW_KEY)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secret.hex()}\n")
    return secret


def _read(path: Path) -> bytes:
    from hairpin_doctor.redaction.key import SHORTEST

    if not path.is_file():
        raise Refused(f"{path}: it is not a regular file.")
    with path.open("rb") as file:
        content = file.read(LONGEST)
    try:
        secret = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) < SHORTEST:
        raise Refused(f"{path}: it holds no key: at least {2 * SHORTEST} hexadecimal digits belong there.")
    return secret
