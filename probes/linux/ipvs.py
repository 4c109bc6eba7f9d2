"""Answers about IPVS, the kernel's own load balancer, from /proc/net/ip_vs.

The lines are those of ip_vs_info_seq_show (net/netfilter/ipvs/ip_vs_ctl.c):

    Prot LocalAddress:Port Scheduler Flags
      -> RemoteAddress:Port Forward Weight ActiveConn InActConn
    TCP  C0A80835:0035 rr
      -> 0AF40053:0035      Masq    1      0          0
    UDP  [2001:0db8:0000:0000:0000:0000:0000:0035]:0035 rr
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from probes.linux.procfs import NET
from probes.questions.firewall import VirtualServer, VirtualServers
from probes.questions.traffic import Endpoint
from probes.target import Address, Protocol

PROTOCOLS = {"TCP": Protocol.TCP, "UDP": Protocol.UDP}


def virtual_servers(_: VirtualServers) -> tuple[VirtualServer, ...]:
    """Read the table. A kernel that has loaded no IPVS has no such file."""
    return parse((NET / "ip_vs").read_text())


def parse(text: str) -> tuple[VirtualServer, ...]:
    """The virtual servers of the table; those of other protocols and by firewall mark are left out."""
    found: list[VirtualServer] = []
    ours = False
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["->"]:
            if ours and len(words) >= 4 and words[3].isdigit() and int(words[3]):
                server = Endpoint(*_pair(words[1]))
                found[-1] = replace(found[-1], real_servers=(*found[-1].real_servers, server))
            continue
        ours = len(words) >= 2 and words[0] in PROTOCOLS
        if ours:
            found.append(VirtualServer(*_pair(words[1]), PROTOCOLS[words[0]], ()))
    return tuple(found)


def _pair(text: str) -> tuple[Address, int]:
    """Address and port, both in hexadecimal; IPv6 in brackets."""
    address, _, port = text.rpartition(":")
    if address.startswith("["):
        return IPv6Address(address.strip("[]")), int(port, 16)
    return IPv4Address(int(address, 16)), int(port, 16)
