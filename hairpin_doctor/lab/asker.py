"""A program that asks a DNS server for ever from one UDP port, as forwarders do. Run as a script; standard library only.

Arguments: the server's address, the source port. Answers are not read: who else binds the port may have them.
"""

from __future__ import annotations

import socket
import sys
import time

READY = "asking"
EVERY_S = 0.5
QUERY = bytes.fromhex(
    "4c4101000001000000000000096c6f63616c686f73740000010001"
)  # localhost. A, RFC 1035 section 4


def ask(server: str, source_port: int) -> None:
    """Send the question twice a second."""
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", source_port))
        print(READY, flush=True)  # noqa: T201 - the builder waits for this line
        while True:
            client.sendto(QUERY, (server, 53))
            time.sleep(EVERY_S)


if __name__ == "__main__":
    ask(sys.argv[1], int(sys.argv[2]))
