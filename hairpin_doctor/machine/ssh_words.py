"""What ssh's own words on standard error mean, and what to do about it. They are English: ssh is run in the C locale."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hairpin_doctor.machine.ssh import AGENT, CONNECT_S, Destination

# Each is looked for in every line, the most telling first: after its cause, ssh often adds a line on the consequence.
MEANINGS = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key has changed since you last logged in; find out why by `{by_hand}` before you trust the new one",
    ),
    (
        r"Host key verification failed",
        "its host key is not known here; log in once by `{by_hand}`, and compare the key that it shows",
    ),
    (
        r"Permission denied \(",
        "it takes none of the keys that are here, and passwords are not asked for; see `{by_hand}`, then ssh-copy-id (a new "
        "key) or ssh-add (a key with a passphrase{agent})",
    ),
    (
        r"Too many authentication failures",
        "it was offered too many keys; name the right one by IdentityFile and IdentitiesOnly in ~/.ssh/config",
    ),
    (r"Could not resolve hostname", "its name is not known here"),
    (r"connect to .* port \d+: Connection refused", "it refuses the connection: no ssh server listens there"),
    (r"connect to .* port \d+: (Connection|Operation) timed out", f"it did not answer within {CONNECT_S} s"),
    (r"connect to .* port \d+: (No route to host|Network is unreachable)", "no way leads there from here"),
    (r"timed out during banner exchange", "something listens there, but no ssh server answered"),
    (r"Unable to negotiate", "it and this ssh have no cipher or key type in common"),
    (r"Bad (configuration option|owner or permissions)", "ssh refuses its own configuration on this machine"),
    (r"Timeout, server .* not responding", "the connection was lost"),
    (
        r"Connection (closed|reset) by|: Connection (closed|reset)",
        "it closed the connection before anybody was logged in",
    ),
)


def meaning(words: Sequence[str], where: Destination, *, agent_lost: bool = False) -> str:
    """Why ssh failed, in our words where they are plainer, and ssh's own beside them.

    `agent_lost`: sudo was called, and told ssh nothing of the user's agent.
    """
    agent = f"; sudo drops the agent unless called with --preserve-env={AGENT}" if agent_lost else ""
    for pattern, text in MEANINGS:
        said = next((line for line in words if re.search(pattern, line)), None)
        if said is not None:
            return f"{text.format(by_hand=where.by_hand, agent=agent)} ({_own(said)})"
    return (
        f"ssh failed: {_own(words[-1])}" if words else "the connection was lost"
    )  # of which it tells only at INFO


def _own(line: str) -> str:
    line = line.strip("@ ")
    return line if line.startswith("ssh: ") else f"ssh: {line}"
