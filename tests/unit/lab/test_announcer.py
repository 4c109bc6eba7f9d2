from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.lab import announcer as script
from hairpin_doctor.lab import wire
from hairpin_doctor.lab.services import Announcer, Session, bgp_router, bgp_speaker

VIP = IPv4Address("192.168.8.53")
MAC = bytes.fromhex("5a94ef2b7c01")


def test_an_answer_names_the_vip_as_sender_and_goes_to_who_asked() -> None:
    asker, address = bytes.fromhex("525400000001"), IPv4Address("192.168.8.10").packed
    frame = script.frame(script.REPLY, MAC, VIP.packed, asker, address, asker)
    assert len(frame) == 42
    assert frame[:6] == asker
    assert wire.arp_answerer(frame, VIP.packed) == "5a:94:ef:2b:7c:01"


def test_a_request_is_no_answer() -> None:
    assert wire.arp_answerer(wire.arp_request(MAC, VIP.packed, VIP.packed), VIP.packed) is None


@pytest.mark.parametrize(
    ("habit", "interfaces", "opened"),
    [
        ("bound", ["br"], ["br"]),
        ("speaker", ["br"], ["br", "eth1"]),
        ("speaker", [], ["br", "eth1"]),
        ("bound", ["port"], []),
    ],
)
def test_the_habit_decides_where_sockets_are_opened(
    habit: str, interfaces: list[str], opened: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("br", "eth1", "port"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(script, "Path", lambda _: tmp_path)
    monkeypatch.setattr(script, "suitable", lambda name, enslaved_too: name != "port" or enslaved_too)
    config = {"habit": habit, "interfaces": interfaces, "listen_enslaved": False}
    assert script.listening(config) == opened
    enslaved = script.listening({"habit": "bound", "interfaces": ["port"], "listen_enslaved": True})
    assert enslaved == ["port"]


def test_an_interface_that_is_enslaved_or_speaks_no_arp_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name, flags in (("up", "0x1003"), ("down", "0x1002"), ("noarp", "0x1083"), ("port", "0x1003")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text(flags)
    (tmp_path / "port" / "master").mkdir()
    monkeypatch.setattr(script, "Path", lambda _: tmp_path)
    found = [
        name for name in ("up", "down", "noarp", "port", "gone") if script.suitable(name, enslaved_too=False)
    ]
    assert found == ["up"]
    assert script.suitable("port", enslaved_too=True)


def test_an_announcer_survives_the_way_into_a_daemon_and_back() -> None:
    wanted = Announcer(
        vips=(VIP,), interfaces=("br",), habit="bound", answer_with={"br": "02:00:00:00:00:01"}
    )
    assert Announcer.of(wanted.daemon()) == wanted


def test_bgp_policies_are_explicit_on_both_sides() -> None:
    host, router = IPv4Address("10.0.0.2"), IPv4Address("10.0.0.1")
    speaker = bgp_speaker(Session(host, 65100, router, 65001), (VIP,)).files[0][1]
    learner = bgp_router(Session(router, 65001, host, 65100), (VIP,)).files[0][1]
    assert "import none; export where source = RTS_STATIC" in speaker
    assert "protocol kernel" not in speaker, "the host's own routes stay alone"
    assert "import all; export none" in learner
