"""Reading /proc/net/ip_vs, as Linux 6.1 writes it (`make lab-vm` shows it: `lab run healthy-ipvs`)."""

from __future__ import annotations

from ipaddress import ip_address

from probes.linux.ipvs import parse
from probes.questions.firewall import VirtualServer
from probes.questions.traffic import Endpoint
from probes.target import Protocol

HEADER = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
"""
DRAINED = (
    HEADER
    + """\
UDP  C0A80835:0035 rr
  -> 0AF40053:0035      Masq    1      0          0
  -> 0AF40054:0035      Masq    0      0          3
TCP  [2001:0db8:0000:0000:0000:0000:0000:0035]:0050 rr persistent 10800
  -> [2001:0db8:0000:0000:0000:0000:0000:0083]:1F90      Masq    100    1          2
"""
)


def test_a_virtual_server_has_its_real_servers_but_those_that_get_nothing_new() -> None:
    assert parse(DRAINED) == (
        VirtualServer(
            ip_address("192.168.8.53"), 53, Protocol.UDP, (Endpoint(ip_address("10.244.0.83"), 53),)
        ),
        VirtualServer(
            ip_address("2001:db8::35"), 80, Protocol.TCP, (Endpoint(ip_address("2001:db8::83"), 8080),)
        ),
    )


def test_servers_by_firewall_mark_and_of_other_protocols_are_left_out_with_their_real_servers() -> None:
    others = """\
FWM  00000001 rr
  -> 0AF40053:0035      Masq    1      0          0
SCTP C0A80835:0035 rr
  -> 0AF40053:0035      Masq    1      0          0
"""
    assert parse(HEADER + others) == ()


def test_a_virtual_server_without_a_real_server_is_there_all_the_same() -> None:
    (found,) = parse(HEADER + "TCP  C0A80835:0035 rr\n")
    assert found.real_servers == ()
