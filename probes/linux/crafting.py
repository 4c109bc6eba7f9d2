"""scapy's packet classes, imported so that a scan leaves no files behind.

Importing scapy creates ~/.config/scapy and writes 2.8 MB to ~/.cache/scapy (scapy/main.py, scapy/data.py); a look at a
machine may not. Where these folders cannot be made, it does without them. Without its cache it would unpack a table of
50,000 makers of network cards at each start, a quarter of its import; no packet needs them, so the table is left empty.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

FOLDERS = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")
MAKERS = "scapy.libs.manuf"
"""Where scapy/data.py, load_manuf, takes the makers' table from: the text DATA, a line per maker."""


@contextmanager
def _without_folders() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in FOLDERS}
    os.environ.update(dict.fromkeys(FOLDERS, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _without_makers() -> Iterator[None]:
    before = sys.modules.get(MAKERS)
    empty = sys.modules[MAKERS] = ModuleType(MAKERS)
    vars(empty)["DATA"] = ""
    try:
        yield
    finally:
        del sys.modules[MAKERS]
        if before is not None:
            sys.modules[MAKERS] = before


with _without_folders(), _without_makers():
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror, TCPerror, UDPerror
    from scapy.layers.inet6 import (
        ICMPv6DestUnreach,
        ICMPv6EchoReply,
        ICMPv6EchoRequest,
        ICMPv6TimeExceeded,
        IPerror6,
        IPv6,
    )
    from scapy.layers.l2 import Ether
    from scapy.packet import Packet

__all__ = [
    "DNS",
    "DNSQR",
    "ICMP",
    "IP",
    "TCP",
    "UDP",
    "Ether",
    "ICMPv6DestUnreach",
    "ICMPv6EchoReply",
    "ICMPv6EchoRequest",
    "ICMPv6TimeExceeded",
    "IPerror",
    "IPerror6",
    "IPv6",
    "Packet",
    "TCPerror",
    "UDPerror",
]
