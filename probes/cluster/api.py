"""What both ways to an API server share: how long it may take, how much it may say, and what a refusal means.

An API server is not trusted: a huge, deeply nested or broken answer is an answer that was not understood, no failure, and
never "there is no such thing", which would read as an empty list.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import quote

from probes.host import Absent, Denied, Silent

LARGEST = 32 * 2**20  # bytes of one answer; 500 Services are about 1 MiB
PAGE, PAGES = 500, 20
REQUEST_SECONDS, ALL_SECONDS = 3.0, 10.0
JsonObject = dict[str, Any]


class Api(Protocol):
    """A way to an API server."""

    def get(self, path: str, seconds: float) -> bytes:
        """The body of a successful GET; raises Denied, Absent or Silent. Never takes longer than `seconds`."""
        ...


class Patience:
    """The time that a cluster may cost in all, from the first question on."""

    def __init__(self, seconds: float = ALL_SECONDS) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._end: float | None = None

    def for_one(self) -> float:
        """Seconds for the next request; raises Silent where none are left."""
        with self._lock:
            if self._end is None:
                self._end = time.monotonic() + self._seconds
        left = self._end - time.monotonic()
        if left <= 0:
            raise Silent(f"the cluster's API had answered only a part within {self._seconds:g} s")
        return min(left, REQUEST_SECONDS)


def items(api: Api, patience: Patience, path: str) -> Iterator[JsonObject]:
    """Every object of a list, page by page; what is no object is left out."""
    separator = "&" if "?" in path else "?"
    more = ""
    for _ in range(PAGES):
        page = one(api, patience, f"{path}{separator}limit={PAGE}{more}")
        found = page.get("items")
        yield from (each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))
        metadata = page.get("metadata")
        token = metadata.get("continue") if isinstance(metadata, dict) else None
        if not isinstance(token, str) or not token:
            return
        more = f"&continue={quote(token, safe='')}"
    raise Silent(
        f"{resource(path)[1]}: the cluster holds more than {PAGE * PAGES}, which are not looked through"
    )


def one(api: Api, patience: Patience, path: str) -> JsonObject:
    """One object. Raises Silent where the answer is none."""
    body = api.get(path, patience.for_one())
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Silent(f"the cluster's answer about {resource(path)[1]} could not be understood") from None
    if not isinstance(found, dict):
        raise Silent(f"the cluster's answer about {resource(path)[1]} is no object")
    return found


def resource(path: str) -> tuple[str, str]:
    """Verb and resource, as RBAC names them: ("list", "services") of /api/v1/services?limit=500."""
    parts = path.partition("?")[0].strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    group = f".{parts[1]}" if parts[0] == "apis" and len(parts) > 1 else ""
    return ("list" if len(rest) < 2 else "get"), f"{rest[0]}{group}" if rest else "API groups"


def denied(path: str) -> Denied:
    """RBAC refused it."""
    verb, what = resource(path)
    return Denied(f"RBAC {verb} on {what}", f"the cluster's {what}")


def absent(path: str) -> Absent:
    """The API serves no such thing."""
    return Absent(f"the cluster has no {resource(path)[1]}")


def too_large(path: str) -> Silent:
    """More than anybody should have to hold in memory."""
    return Silent(f"the cluster's answer about {resource(path)[1]} is larger than {LARGEST >> 20} MiB")
