"""Which targets a scan is about: given ones, those of other reports, or what the service rules here serve."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.recording import Recording
from probes.host import Host, Unanswered
from probes.probe import Scope
from probes.service_rules import ServiceRulesFacts, service_rules
from probes.target import Address, BadTarget, Target


class NoTarget(Exception):
    """Nothing was named and nothing was found; the message is one sentence."""


def refuse_ipv6(target: Target) -> Target:
    """The probes for neighbour discovery (RFC 4861) do not exist yet: better a sentence than a half-seen verdict."""
    if target.vip.version == 6:
        raise BadTarget(f"{target}: IPv6 targets cannot be examined yet, only IPv4 ones.")
    return target


def choose_targets(
    host: Host, given: Iterable[Target], others: Iterable[Recording]
) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """The targets, and sentences about those left out. Raises NoTarget where there is none, BadTarget for IPv6."""
    named = [refuse_ipv6(target) for target in given]
    named += [t for each in others for t in each.scope.targets if t.vip.version == 4]
    if named:
        return _widened(host, tuple(dict.fromkeys(named))), ()
    fronts = _service_rules(host, Scope(()))
    found = (
        [Target(front.vip, front.port, front.protocol) for front in fronts.load_balancer_ports]
        if fronts
        else []
    )
    wanted = tuple(dict.fromkeys(target for target in found if target.vip.version == 4))
    if not wanted:
        raise NoTarget(_why_none(fronts))
    left_out = sorted({str(target.vip) for target in found if target.vip.version == 6})
    said = f"IPv6 cannot be examined yet; left out: {', '.join(left_out)}"
    return wanted, (said,) if left_out else ()


def _why_none(facts: ServiceRulesFacts | None) -> str:
    name_one = "name one, for example: hairpin-doctor scan 192.0.2.53:53/udp"
    if facts is None or facts.unread:
        unread = "the service rules of this machine could not all be read"
        return f"no target was given, and {unread}; run it as root, or {name_one}"
    return f"no target was given, and this machine serves no LoadBalancer address; {name_one}"


def _widened(host: Host, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """A bare VIP becomes the ports that are programmed for it here, where there are any."""
    if all(target.port for target in targets):
        return targets
    facts = _service_rules(host, Scope(targets))
    found: list[Target] = []
    for target in targets:
        ports = _programmed(facts, target.vip) if facts and target.port is None else []
        found.extend(ports or [target])
    return tuple(dict.fromkeys(found))


def _programmed(facts: ServiceRulesFacts, vip: Address) -> list[Target]:
    here = [Target(each.vip, each.port, each.protocol) for each in facts.programmed(vip) if each.names_vip]
    fronts = [
        Target(each.vip, each.port, each.protocol) for each in facts.load_balancer_ports if each.vip == vip
    ]
    return list(dict.fromkeys((*here, *fronts)))


def _service_rules(host: Host, scope: Scope) -> ServiceRulesFacts | None:
    try:
        return service_rules.look(host, scope)
    except Unanswered:
        return None
