"""Read kube-proxy's names: which Service a rule, element or chain belongs to."""

from __future__ import annotations

import re

from probes.rulesets.crossing import Path
from probes.target import Address

# "ns/name:port loadbalancer IP", "masquerade traffic for ns/name:port external destinations" (pkg/proxy/iptables)
_COMMENT = re.compile(r"(?:^| for )([a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9.-]*(?::[a-z0-9-]*)?)(?= |$)")
# external-HASH-ns/name/tcp/port (pkg/proxy/nftables)
_CHAIN = re.compile(r"(?:external|service|firewall)-[A-Z0-9]{8}-([^/]+)/([^/]+)/[^/]+/([^/]*?)(?:__.*)?$")


def service_in_comment(comment: str | None) -> str | None:
    """The "namespace/name:portname" in a comment of kube-proxy's."""
    found = _COMMENT.search(comment or "")
    return found[1] if found else None


def service_in_chain(chain: str) -> str | None:
    """The "namespace/name:portname" in a chain's name of nftables mode."""
    found = _CHAIN.match(chain)
    if not found:
        return None
    namespace, name, port = found.groups()
    return f"{namespace}/{name}:{port}" if port else f"{namespace}/{name}"


def service_of(path: Path) -> str | None:
    """The Service on the way to an event, from the first rule, element or chain that names one."""
    for step in path:
        comments = (step.element.comment if step.element else None, step.rule.comment)
        named = next((found for comment in comments if (found := service_in_comment(comment))), None)
        named = named or service_in_chain(step.rule.chain)
        if named:
            return named
    return None


def naming_step(path: Path, vip: Address) -> str | None:
    """The text of the rule or element on the way that names this very address; None if no rule does."""
    for step in path:
        if step.element and any(vip in part.exact for part in step.element.key):
            return f"{step.rule.text} [{step.element.text}]"
        if any(vip in test.values.exact and not test.negated for test in step.rule.destinations):
            return step.rule.text
    return None
