"""Who listens for ARP, with those left out that do address configuration."""

from __future__ import annotations

from typing import Any

import pytest

from probes.announcers import ADDRESS_CONFIGURATION, ArpListener, announcers
from probes.probe import Scope
from probes.questions.links import Links
from probes.questions.sockets import PacketSocket, PacketSockets

ARP, IPV4 = 0x0806, 0x0800


def listeners(fake: Any, link: Any, *sockets: PacketSocket) -> Any:
    links = (link(2, "eth0"), link(3, "br0"))
    return announcers.look(fake({Links(): links, PacketSockets(): sockets}), Scope(()))


def test_a_speaker_listens_on_each_interface_once(fake: Any, link: Any) -> None:
    sockets = [PacketSocket(ARP, index, "speaker") for index in (2, 3, 3)]
    facts = listeners(fake, link, *sockets)
    assert facts.listeners == (ArpListener("eth0", "speaker"), ArpListener("br0", "speaker"))
    assert facts.interfaces() == ("eth0", "br0")
    assert not facts.unnamed()


@pytest.mark.parametrize("process", sorted(ADDRESS_CONFIGURATION))
def test_dhcp_clients_and_their_like_are_left_out(fake: Any, link: Any, process: str) -> None:
    assert listeners(fake, link, PacketSocket(ARP, 2, process)).interfaces() == ()


def test_a_nameless_listener_stays_and_is_told(fake: Any, link: Any) -> None:
    facts = listeners(fake, link, PacketSocket(ARP, 2, None), PacketSocket(ARP, 3, "speaker"))
    assert facts.interfaces() == ("eth0", "br0")
    assert facts.unnamed()


@pytest.mark.parametrize(
    "socket",
    [PacketSocket(IPV4, 2, "speaker"), PacketSocket(ARP, 0, "arpwatch"), PacketSocket(ARP, 9, "gone")],
)
def test_other_ethertypes_unbound_sockets_and_vanished_interfaces_are_no_listeners(
    fake: Any, link: Any, socket: PacketSocket
) -> None:
    assert listeners(fake, link, socket).listeners == ()
