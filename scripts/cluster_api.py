"""A Kubernetes API server that serves recorded objects over HTTP or HTTPS: `python -m scripts.cluster_api FILE [PORT]`.

FILE: a JSON object, path -> list of objects, single object (one with "kind" or "groups") or status code (403, 401, 500).
Everything else is 404 as from a server without that kind. Tests give further behaviours as `Misbehaviour`.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 500: "InternalError", 302: "Found"}


@dataclass(frozen=True)
class Misbehaviour:
    """`hang`: never an answer. `drip`: a byte now and then. `raw`: this text as the body. `huge`: a body without an end."""

    kind: Literal["hang", "drip", "raw", "huge"]
    body: str = ""


Answers = Mapping[str, Any]


class ApiServer:
    """Serves the answers on 127.0.0.1 while it is entered. `asked`: each path that was asked for, with its query."""

    def __init__(
        self,
        answers: Answers,
        certificate: tuple[Path, Path] | None = None,
        token: str | None = None,
        port: int = 0,
    ) -> None:
        self.answers, self.token = answers, token
        self.asked: list[str] = []
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if certificate else "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What a kubeconfig calls `server`."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> ApiServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                try:
                    _answer(server, self)
                except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler


def _answer(server: ApiServer, request: BaseHTTPRequestHandler) -> None:
    split = urlsplit(request.path)
    found = server.answers.get(split.path, 404)
    if server.token is not None and request.headers.get("Authorization") != f"Bearer {server.token}":
        found = 401
    if isinstance(found, Misbehaviour):
        _misbehave(server, request, found)
    elif isinstance(found, int):
        _send(request, found, _status(found, split.path))
    elif isinstance(found, list):
        _send(request, 200, _page(found, parse_qs(split.query)))
    else:
        _send(request, 200, found)


def _status(code: int, path: str) -> dict[str, Any]:
    """The body of a refusal (apimachinery, metav1.Status)."""
    message = f'{path.rpartition("/")[2]} is forbidden: User "system:serviceaccount:default:doctor" cannot list resource'
    if code != 403:
        message = "the server could not find the requested resource" if code == 404 else REASONS[code]
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": REASONS[code], "details": {}, "code": code,
    }  # fmt: skip


def _page(found: list[Any], query: Mapping[str, list[str]]) -> dict[str, Any]:
    """One page of a list, with a token where there is more; of a label selector only "key=value,..." is understood."""
    wanted = dict(each.split("=", 1) for text in query.get("labelSelector", ()) for each in text.split(","))
    if wanted:
        found = [each for each in found if wanted.items() <= _labels(each).items()]
    start, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", ["500"])[0])
    more = {"continue": str(start + limit)} if len(found) > start + limit else {}
    return {"kind": "List", "apiVersion": "v1", "metadata": more, "items": found[start : start + limit]}


def _labels(found: Any) -> dict[str, str]:
    """{} for what is no object of Kubernetes: a test may serve anything."""
    metadata = found.get("metadata") if isinstance(found, dict) else None
    return dict(metadata.get("labels", {})) if isinstance(metadata, dict) else {}


def _send(request: BaseHTTPRequestHandler, code: int, body: object) -> None:
    content = json.dumps(body).encode()
    request.send_response(code)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    if code == 302:
        request.send_header("Location", "http://127.0.0.1:1/elsewhere")
    request.end_headers()
    request.wfile.write(content)


def _misbehave(server: ApiServer, request: BaseHTTPRequestHandler, how: Misbehaviour) -> None:
    if how.kind == "hang":
        server.ended.wait(60)
        return
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.end_headers()
    if how.kind == "raw":
        request.wfile.write(how.body.encode())
    while how.kind in ("drip", "huge") and not server.ended.is_set():
        request.wfile.write(b" " * (1 if how.kind == "drip" else 2**20))
        time.sleep(0.2 if how.kind == "drip" else 0)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / "ca.crt", folder / "server.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split()  # noqa: SIM905
    command += "-subj /CN=cluster -addext subjectAltName=IP:127.0.0.1".split()  # noqa: SIM905
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def write_kubeconfig(file: Path, url: str, ca: Path | None = None, token: str | None = None) -> Path:
    """A kubeconfig for one cluster; JSON is YAML."""
    cluster = {"server": url, **({"certificate-authority": str(ca)} if ca else {})}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "doctor", "user": {"token": token} if token else {}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "doctor"}}],
        "current-context": "lab",
    }
    file.write_text(json.dumps(config))
    return file


def main() -> None:
    """Serve a file's answers."""
    path, *port = sys.argv[1:]
    server = ApiServer(json.loads(Path(path).read_text()), port=int(port[0]) if port else 0)
    print(server.url, flush=True)  # noqa: T201 - how the caller learns where it listens
    server.serve()


if __name__ == "__main__":
    main()
