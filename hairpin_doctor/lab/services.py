"""The daemons of the homelab: announcer, BIRD, DNS server, HTTP server."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Literal

from hairpin_doctor.lab import announcer as announcer_script
from hairpin_doctor.lab import asker, crowd, pod_http
from hairpin_doctor.lab.daemon import DIRECTORY, Answering, BirdAnswers, BirdEstablished, Daemon, ReadyLine
from hairpin_doctor.lab.ip import Address

ANNOUNCER = "announcer"
BGP = "bird"


@dataclass(frozen=True, kw_only=True)
class Announcer:
    """How the L2 announcer behaves; announcer.py explains the fields."""

    vips: tuple[Address, ...]
    interfaces: tuple[str, ...]
    habit: Literal["bound", "speaker"] = "speaker"
    listen_enslaved: bool = False
    process: str = "speaker"
    answer_with: Mapping[str, str] = field(default_factory=dict)
    hears: Literal["group", "frames"] = "group"

    def daemon(self) -> Daemon:
        """The process that behaves so."""
        config = json.dumps(
            {
                "vips": [str(vip) for vip in self.vips],
                "interfaces": list(self.interfaces),
                "habit": self.habit,
                "listen_enslaved": self.listen_enslaved,
                "process": self.process,
                "answer_with": dict(self.answer_with),
                "hears": self.hears,
            }
        )
        argv, files = _script("announcer.py")
        return Daemon(ANNOUNCER, (*argv, config), ready=(ReadyLine(announcer_script.READY),), files=files)

    @classmethod
    def of(cls, daemon: Daemon) -> Announcer:
        """The behaviour that `daemon`, made by `daemon()`, was made from."""
        config = json.loads(daemon.argv[-1])
        return cls(
            vips=tuple(ip_address(vip) for vip in config["vips"]),
            interfaces=tuple(config["interfaces"]),
            habit=config["habit"],
            listen_enslaved=config["listen_enslaved"],
            process=config["process"],
            answer_with=config["answer_with"],
            hears=config["hears"],
        )


DNSMASQ = (
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--no-resolv",
    "--no-hosts",
    "--user=root",
    "--pid-file=",
)
LOCALHOST = (ip_address("127.0.0.1"),)


def dns_server(
    address: Address,
    records: Mapping[str, Address],
    name: str = "dns",
    localhost: tuple[Address, ...] = LOCALHOST,
) -> Daemon:
    """dnsmasq without upstream servers: answers `records` and "localhost", and NXDOMAIN for the rest.

    Without any address of `localhost` it knows only `records`, and refuses the rest: it has nobody to ask.
    """
    hosts = [f"--host-record={host},{answer}" for host, answer in records.items()]
    own = [f"--listen-address={address}", "--bind-interfaces", "--local-ttl=60"]
    local = ["--local=//", *(f"--host-record=localhost,{each}" for each in localhost)] if localhost else []
    return Daemon(name, (*DNSMASQ, *own, *local, *hosts), ready=(Answering(address, 53, "udp"),))


def dns_forwarder(address: Address, upstream: Address) -> Daemon:
    """dnsmasq that asks `upstream` for every name; of itself it knows its version alone."""
    forwarding = (f"--listen-address={address}", "--bind-interfaces", f"--server={upstream}")
    return Daemon("dns", (*DNSMASQ, *forwarding), ready=(Answering(address, 53, "tcp"),))


def http_server(address: Address, ports: tuple[int, ...]) -> Daemon:
    """The small HTTP server of pod_http.py."""
    argv, files = _script("pod_http.py")
    words = (*argv, str(address), *(str(port) for port in ports))
    return Daemon("http", words, ready=(ReadyLine(pod_http.READY),), files=files)


def dns_asker(server: Address, source_port: int) -> Daemon:
    """The small program of asker.py, which asks from one port for ever."""
    argv, files = _script("asker.py")
    words = (*argv, str(server), str(source_port))
    return Daemon("asker", words, ready=(ReadyLine(asker.READY),), files=files)


def crowded_connections() -> Daemon:
    """The small program of crowd.py, which leaves no room in the machine's table of connections."""
    argv, files = _script("crowd.py")
    return Daemon("crowd", argv, ready=(ReadyLine(crowd.READY),), files=files)


@dataclass(frozen=True)
class Session:
    """One side of a BGP session."""

    own: Address
    own_as: int
    peer: Address
    peer_as: int

    @property
    def channel(self) -> str:
        """BIRD's word for routes of this family."""
        return f"ipv{self.own.version}"

    @property
    def router_id(self) -> IPv4Address:
        """32 bits in either family (RFC 6286): of an IPv6 address the last."""
        return IPv4Address(int(self.own) & 0xFFFFFFFF)


ROUTERS_BIRD = f"{DIRECTORY}/bird-router.ctl"


def bgp_speaker(session: Session, advertised: tuple[Address, ...], *, established: bool = True) -> Daemon:
    """BIRD as MetalLB's BGP mode: advertises host routes with itself as next hop, and leaves the kernel's routes alone.

    Not `established`: ready without a session, where the fault is that there is none.
    """
    routes = "\n".join(f"    route {ip_network(vip)} unreachable;" for vip in advertised)
    static = f"protocol static vips {{\n    {session.channel};\n{routes}\n}}\n"
    channel = f"{session.channel} {{ import none; export where source = RTS_STATIC; next hop self; }};"
    return _bird("speaker", session, static, channel, () if established else None)


def bgp_router(session: Session, learned: tuple[Address, ...] | None) -> Daemon:
    """BIRD as the router: takes the routes in and puts them into the kernel; ready when `learned` are there.

    None: ready without a session.
    """
    kernel = f"protocol kernel {{\n    {session.channel} {{ import none; export all; }};\n}}\n"
    return _bird("router", session, kernel, f"{session.channel} {{ import all; export none; }};", learned)


def _bird(
    side: str, session: Session, more: str, channel: str, learned: tuple[Address, ...] | None
) -> Daemon:
    config = (
        f"router id {session.router_id};\nprotocol device {{ }}\n{more}"
        f"protocol bgp peer {{\n    local {session.own} as {session.own_as};\n"
        f"    neighbor {session.peer} as {session.peer_as};\n    direct;\n"
        f"    connect delay time 0;\n    connect retry time 1;\n    error wait time 1, 2;\n    {channel}\n}}\n"
    )
    base = f"{DIRECTORY}/bird-{side}"
    argv = ("bird", "-f", "-c", f"{base}.conf", "-s", f"{base}.ctl", "-P", f"{base}.pid")
    control = f"{base}.ctl"
    ready = BirdAnswers(control) if learned is None else BirdEstablished(control, "peer", learned)
    return Daemon(BGP, argv, ready=(ready,), files=((f"bird-{side}.conf", config),))


def _script(name: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """A module of this package as a file in the lab's directory, since it may come out of a .pyz, and how it is started."""
    text = resources.files("hairpin_doctor.lab").joinpath(name).read_text(encoding="utf-8")
    return (sys.executable, "-S", "-E", f"{DIRECTORY}/{name}"), ((name, text),)
