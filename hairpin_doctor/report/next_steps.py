"""The exact next command, and on which machine: what would turn "not known" into a verdict."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from hairpin_doctor.last_seen import Trail
from hairpin_doctor.report.report import NextStep, Report, Target, VantagePoint
from hairpin_doctor.report.wording import moment
from hairpin_doctor.vantage_point import STAND_IN
from hairpin_doctor.vantage_point import VantagePoint as Looked
from probes.interfaces import InterfaceFacts
from probes.routes import RouteFacts
from probes.target import Address

COMMAND = "hairpin-doctor scan"


def next_steps(
    report: Report, saved: str | None, trails: Iterable[Trail] = (), bridge: str | None = None
) -> tuple[NextStep, ...]:
    """What to do next, in order; empty where nothing is left to learn.

    `saved` is the file this report goes to; `trails` tell where the packets of what has no cause yet were last seen;
    `bridge` of this machine is where a stand-in client could look from.
    """
    if not report.vantage_points:
        return ()
    watched = dict.fromkeys(map(_watch, trails)) if report.verdict in ("unexplained", "undetermined") else ()
    return (*_steps(report, saved, bridge), *watched)


def bridge_of_vms(machines: Iterable[Looked], vips: Iterable[Address]) -> str | None:
    """A bridge of these machines, with ports, in the subnet of a VIP: a stand-in client there would ask as a VM does."""
    wanted = tuple(vips)
    for each in machines:
        routes, interfaces = each.findings.get(RouteFacts), each.findings.get(InterfaceFacts)
        for prefix in routes.connected if routes and interfaces else ():
            link = interfaces.by_name(prefix.interface) if interfaces else None
            holds = any(vip in prefix.prefix for vip in wanted)
            if holds and interfaces and link and link.kind == "bridge" and interfaces.ports_of(link):
                return link.name
    return None


def _watch(trail: Trail) -> NextStep:
    why = f"while {trail.client} tries again, to see where its packets end; -e shows the MACs"
    return NextStep(f"on {trail.machine}", why, (f"sudo tcpdump -eni any {trail.filter}",))


def _steps(report: Report, saved: str | None, bridge: str | None) -> Iterator[NextStep]:
    live = next((each for each in report.vantage_points if each.live), report.vantage_points[0])
    bare = next(filter(unnamed, report.targets), None)
    if bare is not None:
        yield from _name_a_port(report, bare, live)
    open_question = report.verdict in ("undetermined", "unexplained")
    if open_question and live.missing_rights:
        yield NextStep(f"on {live.name}", "it needs root to see all", (f"sudo {COMMAND} {_targets(report)}",))
    if report.verdict == "unexplained":
        yield from _look_again(report)
    roles = {each.role for each in report.vantage_points}
    if "host" not in roles and (open_question or _needs_host(report)):
        yield from _ask_the_host(report, live, saved)
    elif report.not_tested:
        yield from _ask_a_client(report, live, bridge)


def unnamed(target: Target) -> bool:
    """Whether a bare address was tried, and whether it works stayed open: no port of it was named or found."""
    return target.port is None and all(state.works is None for state in target.states)


def _name_a_port(report: Report, bare: Target, live: VantagePoint) -> Iterator[NextStep]:
    """Where the bare address was tried: with the ports that somebody else knew, else with any."""
    known = [f"{t.port}/{t.protocol}" for t in report.targets if t.vip == bare.vip and t.port]
    tried = [state.vantage_point for state in bare.states]
    where = live.name if live.name in tried or not tried else tried[0]
    why = "only a named port that fails is a symptom"
    why += "" if known else "; name one of the Service, such as 80/tcp"
    command = f"sudo {COMMAND} {' '.join(_named(bare.vip, port) for port in known[:4] or ['80/tcp'])}"
    if where == live.name:
        yield NextStep(f"on {where}", why, (command,))
        return
    yield NextStep(
        f"on {where}", f"{why}; copy the file here", (f"{command} --save {shlex.quote(where)}.json",)
    )
    again = f"sudo {COMMAND} --with {shlex.quote(where)}.json"
    yield NextStep(f"on {live.name}", "both views are judged together", (again,))


def _needs_host(report: Report) -> bool:
    return any(each.severity == "broken" for each in report.undetermined) and bool(
        report.of_severity("broken")
    )


def _ask_the_host(report: Report, live: VantagePoint, saved: str | None) -> Iterator[NextStep]:
    """By one command where ssh leads there, else by a file that is carried."""
    if live.live:
        why = "where ssh leads to it: both views are judged together, and nothing stays there"
        yield _from_there(
            report, live, f"scan the host that serves {_vips(report)} from here", "root@HOST", why
        )
    file = Path(saved).name if saved else f"{live.name}.json"
    if saved is None:
        why = "where it does not: keep what was seen here" if live.live else "keep what was seen here"
        yield NextStep(f"on {live.name}", why, (f"sudo {COMMAND} {_targets(report)} --save {file}",))
    where = f"copy {file} to the host that serves {_vips(report)}, and there"
    yield NextStep(where, "both views are judged together", (f"sudo {COMMAND} --with {shlex.quote(file)}",))


def _look_again(report: Report) -> Iterator[NextStep]:
    """Clients that failed in a report from before this scan: what was mended since is not in it."""
    if not any(each.live for each in report.vantage_points):
        return
    failing = {state.vantage_point for _, state in report.states() if state.works is False}
    for each in report.vantage_points:
        stood_in = each.name.startswith(STAND_IN)
        if each.name in failing and not each.live and each.role == "client" and not stood_in:
            why = f"its report is of {moment(each.taken_at)}: what was changed since then is not in it"
            command = f"sudo {COMMAND} {_targets(report)} --save {each.name}.json"
            yield NextStep(f"on {each.name}, again", why, (command,))


def _ask_a_client(report: Report, live: VantagePoint, bridge: str | None) -> Iterator[NextStep]:
    """As a VM would see it, from a client where ssh leads to one, else by a file that is carried."""
    if live.live and bridge is not None:
        why = f"a port is added to {bridge} for some seconds, and nothing stays"
        command = f"sudo {COMMAND} {_targets(report)} --stand-in {shlex.quote(bridge)}"
        yield NextStep(f"on {live.name}, look as a VM on {bridge} would", why, (command,))
    if live.live:
        why = "where ssh leads to it; nothing stays there"
        yield _from_there(report, live, "scan a client from here", "USER@CLIENT", why)
    where = f"on a client of {_vips(report)}, such as a VM or a machine of the LAN"
    save = f"sudo {COMMAND} {_targets(report)} --save client.json"
    yield NextStep(where, "the client's path is seen only from there; copy the file here", (save,))
    yield NextStep(
        f"on {live.name}", "both views are judged together", (f"sudo {COMMAND} --with client.json",)
    )


def _from_there(report: Report, live: VantagePoint, what: str, login: str, why: str) -> NextStep:
    sudo = "" if login.startswith("root@") else " --sudo"
    command = f"sudo {COMMAND} {_targets(report)} --from ssh://{login}{sudo}"
    return NextStep(f"on {live.name}, {what}", why, (command,))


def _vips(report: Report) -> str:
    return " and ".join(dict.fromkeys(target.vip for target in report.targets)) or "the VIP"


def _targets(report: Report) -> str:
    """Arguments for `scan`; a bare VIP where more than four ports would be named."""
    named = [_named(t.vip, f"{t.port}/{t.protocol}") if t.port else t.vip for t in report.targets]
    return " ".join(dict.fromkeys(named if len(named) <= 4 else [t.vip for t in report.targets]))


def _named(vip: str, port: str) -> str:
    """A target for a shell, to which the brackets of an IPv6 address mean something."""
    return shlex.quote(f"[{vip}]:{port}") if ":" in vip else f"{vip}:{port}"
