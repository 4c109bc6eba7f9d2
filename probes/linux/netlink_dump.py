"""A dump by netlink (netlink(7)), message by message as bytes: for what pyroute2 does not know, or knows too slowly."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 0x1, 0x300, 2, 3


def dump(protocol: int, kind: int, body: bytes) -> Iterator[bytes]:
    """The messages, headers included, that answer a request of this type. Raises OSError with the kernel's own error."""
    with closing(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)) as netlink:
        netlink.bind((0, 0))
        request = HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
        netlink.send(request + body)
        while True:
            data = netlink.recv(1 << 18)
            while len(data) >= HEADER.size:
                length, answer, _, _, _ = HEADER.unpack_from(data)
                if answer == NLMSG_DONE:
                    return
                if answer == NLMSG_ERROR:
                    code = struct.unpack_from("=i", data, HEADER.size)[0]
                    raise OSError(-code, "the kernel refused a dump")
                yield data[:length]
                data = data[(length + 3) & ~3 :]
