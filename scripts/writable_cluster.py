"""A Kubernetes API server over HTTPS that keeps what kubectl tells it: discovery, objects, dry runs. For tests.

It knows two kinds, L2Advertisement and Service, answers discovery and OpenAPI as far as kubectl 1.32 asks for them, and
understands create, merge and JSON patches (RFC 7386, RFC 6902: add and replace), and deletion.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
KINDS = {
    "l2advertisements": ("metallb.io/v1beta1", "L2Advertisement", "l2advertisement"),
    "services": ("v1", "Service", "service"),
}
VERBS = ["create", "delete", "get", "list", "patch", "update"]


@dataclass
class WritableCluster:
    """`objects` by "RESOURCE/NAMESPACE/NAME"; `written`: each request that writes, "dry" before those that only try."""

    certificate: tuple[Path, Path]
    objects: dict[str, Object] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    refuses: str | None = None

    def __enter__(self) -> WritableCluster:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What a kubeconfig calls `server`."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, verb: str, path: str, query: Mapping[str, list[str]], sent: Any) -> tuple[int, Any]:
        """Code and body of one request."""
        if path in DISCOVERY:
            return 200, DISCOVERY[path]
        found = _key(path)
        if found is None:
            return 404, _status(404, "NotFound", f"the server does not know {path}")
        resource, namespace, name = found
        if verb == "GET" and name is None:
            return 200, self._list(resource, namespace)
        key = f"{resource}/{namespace}/{name or sent['metadata']['name']}"
        if verb != "POST" and key not in self.objects:
            return 404, _status(404, "NotFound", f'{resource} "{name}" not found')
        return (200, self.objects[key]) if verb == "GET" else self._write(verb, key, query, sent)

    def _list(self, resource: str, namespace: str) -> Object:
        version, kind, _ = KINDS[resource]
        items = [each for key, each in self.objects.items() if key.startswith(f"{resource}/{namespace}/")]
        return {"apiVersion": version, "kind": f"{kind}List", "metadata": {}, "items": items}

    def _write(self, verb: str, key: str, query: Mapping[str, list[str]], sent: Any) -> tuple[int, Any]:
        dry = query.get("dryRun") == ["All"] or (verb == "DELETE" and (sent or {}).get("dryRun") == ["All"])
        self.written.append(f"{'dry ' if dry else ''}{verb} {key}")
        if self.refuses is not None:
            return 403, _status(403, "Forbidden", self.refuses)
        before = self.objects.get(key)
        after = sent if verb == "POST" else None if verb == "DELETE" else patched(before or {}, sent)
        if not dry and after is None:
            del self.objects[key]
        elif not dry and after is not None:
            self.objects[key] = after | {"metadata": {"uid": "1", "resourceVersion": "7"} | after["metadata"]}
        return (201 if verb == "POST" else 200), after or before


def patched(found: Object, patch: Any) -> Object:
    """A merge patch (an object) or a JSON patch (a list) applied."""
    if isinstance(patch, list):
        made = deepcopy(found)
        for operation in patch:
            *parents, last = operation["path"].strip("/").split("/")
            at: Any = made
            for part in parents:
                at = at[part]
            if last == "-":
                at.append(operation["value"])
            else:
                at[last] = operation["value"]
        return made
    merged = {key: value for key, value in found.items() if patch.get(key, "") is not None}
    for key, value in patch.items():
        if isinstance(value, dict):
            merged[key] = patched(merged.get(key) or {}, value)
        elif value is not None:
            merged[key] = value
    return merged


def _key(path: str) -> tuple[str, str, str | None] | None:
    parts = path.strip("/").split("/")
    if "namespaces" not in parts or len(parts) < parts.index("namespaces") + 3:
        return None
    namespace, resource, *name = parts[parts.index("namespaces") + 1 :]
    return (resource, namespace, name[0] if name else None) if resource in KINDS else None


def _status(code: int, reason: str, message: str) -> Object:
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    }  # fmt: skip


def _resources(version: str) -> Object:
    found = [
        {"name": name, "singularName": one, "namespaced": True, "kind": kind, "verbs": VERBS}
        for name, (group, kind, one) in KINDS.items()
        if group == version
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}


def _openapi(version: str) -> Object:
    """As much as says that the server checks fields itself (`fieldValidation`), so that kubectl need not."""
    group, _, number = version.rpartition("/")
    paths = {}
    for name, (of, kind, _one) in KINDS.items():
        if of == version:
            root = f"/apis/{version}" if group else f"/api/{version}"
            operation = {
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "OK"}},
                "x-kubernetes-group-version-kind": {"group": group, "version": number, "kind": kind},
            }
            paths[f"{root}/namespaces/{{namespace}}/{name}/{{name}}"] = {"patch": operation}
    return {"openapi": "3.0.0", "info": {"title": "lab", "version": "1"}, "paths": paths}


GROUP = {"groupVersion": "metallb.io/v1beta1", "version": "v1beta1"}
DISCOVERY: dict[str, Any] = {
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [{"name": "metallb.io", "versions": [GROUP], "preferredVersion": GROUP}],
    },
    "/api/v1": _resources("v1"),
    "/apis/metallb.io/v1beta1": _resources("metallb.io/v1beta1"),
    "/openapi/v3": {
        "paths": {
            "api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"},
            "apis/metallb.io/v1beta1": {"serverRelativeURL": "/openapi/v3/apis/metallb.io/v1beta1"},
        }
    },
    "/openapi/v3/api/v1": _openapi("v1"),
    "/openapi/v3/apis/metallb.io/v1beta1": _openapi("metallb.io/v1beta1"),
}


def _handler(cluster: WritableCluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            split = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            code, body = cluster.answer(self.command, split.path, parse_qs(split.query), sent)
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler
