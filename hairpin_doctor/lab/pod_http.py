"""A small HTTP server for a pod of the lab. Run as a script: pod_http.py ADDRESS PORT [PORT ...].

Answers whatever it is sent, so that a client can tell a finished exchange from a mere handshake.
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import threading

BODY = b"hello from the pod\n"
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
READY = "http ready"


def answer(connection: socket.socket) -> None:
    """Wait for the first bytes of a request, answer, close. A client that goes away is no error."""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(5)
        if connection.recv(4096):
            connection.sendall(ANSWER)


def serve(address: str, ports: list[int]) -> None:
    """Listen on every port and answer for ever."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listeners = [socket.create_server((address, port), family=family, backlog=64) for port in ports]
    print(READY, flush=True)  # noqa: T201 - the builder waits for this line
    while True:
        for listener in select.select(listeners, [], [])[0]:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    serve(sys.argv[1], [int(port) for port in sys.argv[2:]])
