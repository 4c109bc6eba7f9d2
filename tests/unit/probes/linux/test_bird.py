"""BIRD's replies, as BIRD 2.0.12 gave them, read from a control socket that a thread serves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from probes.host import Absent
from probes.linux import bird
from probes.questions.bgp import BgpDaemonState, BgpSession

VIP, OTHER = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54")
PROTOCOLS = """2002-Name       Proto      Table      State  Since         Info
1002-vips       Static     master4    up     02:07:09.131
1006-  Channel ipv4
     State:          UP

1002-peer       BGP        ---        up     02:07:09.986  Established
1006-  BGP state:          Established
     Neighbor address: 10.9.0.2
     Channel ipv4
     State:          UP

1002-spare      BGP        ---        start  02:07:16.093  Idle          Received: Bad peer AS
1006-  BGP state:          Idle
     Neighbor address: 10.9.0.3
     Last error:       Received: Bad peer AS

1002-x;show     BGP        ---        start  02:07:16.093  Idle
1006-  BGP state:          Idle
0000
"""
REPLIES = {
    "restrict": "0016 Access restricted\n",
    "show protocols all": PROTOCOLS.replace("0000\n", "0000 \n"),
    "show route for 192.0.2.53 export peer": "1007-Table master4:\n 192.0.2.53/32        unreachable [vips]\n0000 \n",
    "show route for 192.0.2.54 export peer": "1007-Table master4:\n 0.0.0.0/0            unicast [up]\n0000 \n",
}


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A control socket that the kernel would list; yields what it is asked."""
    path = tmp_path / "bird.ctl"
    listed = tmp_path / "unix"
    head = "Num RefCount Protocol Flags Type St Inode Path\n"
    listed.write_text(f"{head}00: 00000002 00000000 00010000 0001 01 330942 {path}\n")
    monkeypatch.setattr(bird, "UNIX_SOCKETS", listed)
    asked: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        serving = threading.Thread(target=_serve, args=(server, asked))
        serving.start()
        yield asked
        serving.join(timeout=5)


def _serve(server: socket.socket, asked: list[str]) -> None:
    channel, _ = server.accept()
    with channel:
        channel.sendall(b"0001 BIRD 2.0.12 ready.\n")
        for line in channel.makefile():
            asked.append(line.strip())
            channel.sendall(REPLIES.get(line.strip(), "9001 There is no such thing\n").encode())


def test_sessions_are_read_with_their_state_last_error_and_what_goes_out(control: list[str]) -> None:
    found = bird.bgp_daemon_state(BgpDaemonState((VIP, OTHER)))
    assert found == (
        BgpSession("BIRD", "peer", IPv4Address("10.9.0.2"), True, "Established", None, (VIP,)),
        BgpSession("BIRD", "spare", IPv4Address("10.9.0.3"), False, "Idle", "Received: Bad peer AS", ()),
    )
    assert control[0] == "restrict"
    assert all(each.startswith("show ") for each in control[1:])


def test_where_no_bird_listens_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unix").write_text("Num RefCount Protocol Flags Type St Inode Path\n")
    monkeypatch.setattr(bird, "UNIX_SOCKETS", tmp_path / "unix")
    with pytest.raises(Absent):
        bird.bgp_daemon_state(BgpDaemonState((VIP,)))
