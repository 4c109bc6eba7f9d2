"""The API from a pod, by its service account (kubernetes.io, "Accessing the Kubernetes API from a Pod")."""

from __future__ import annotations

import http.client
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probes.cluster.api import LARGEST, absent, denied, too_large
from probes.host import Absent, Denied, Silent

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CHUNK = 64 * 1024


@dataclass(frozen=True)
class InCluster:
    """`account`: the folder with `token` and `ca.crt`; the token is read anew each time, since it is rotated."""

    host: str
    port: int
    account: Path

    @classmethod
    def found(cls, environment: Mapping[str, str], account: Path = ACCOUNT) -> InCluster | None:
        """Where this process runs in a pod with a service account."""
        host, port = (
            environment.get("KUBERNETES_SERVICE_HOST"),
            environment.get("KUBERNETES_SERVICE_PORT", "443"),
        )
        if not host or not port.isdigit() or not os.access(account / "token", os.R_OK):
            return None
        return cls(host, int(port), account)

    def get(self, path: str, seconds: float) -> bytes:
        """See Api. Redirects are not followed: the token is for this server only."""
        end = time.monotonic() + seconds
        try:
            token = (self.account / "token").read_text("ascii").strip()
            context = ssl.create_default_context(cafile=str(self.account / "ca.crt"))
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=seconds, context=context)
            try:
                connection.request(
                    "GET", path, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
                )
                response = connection.getresponse()
                body = _read(response, path, end)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            kind = type(error).__name__
            raise Silent(f"the cluster's API at {self.host} did not answer: {kind}") from None
        if response.status == http.client.OK:
            return body
        raise _refusal(path, response.status)


def _read(response: http.client.HTTPResponse, path: str, end: float) -> bytes:
    """The whole body, unless it is too large or comes too slowly."""
    found = bytearray()
    while chunk := response.read1(CHUNK):
        found += chunk
        if len(found) > LARGEST:
            raise too_large(path)
        if time.monotonic() > end:
            raise Silent("the cluster's API did not end its answer in time")
    return bytes(found)


def _refusal(path: str, status: int) -> Denied | Absent | Silent:
    if status == http.client.FORBIDDEN:
        return denied(path)
    if status == http.client.UNAUTHORIZED:
        return Denied("RBAC: a login that the cluster accepts", "the cluster's API")
    if status == http.client.NOT_FOUND:
        return absent(path)
    return Silent(f"the cluster's API answered with HTTP status {status}")
