"""Facts that were seen, and the reason for those that were not."""

from __future__ import annotations

import pytest

from hairpin_doctor.findings import Findings, MissingFacts, Seen, Unseen
from probes.connections import ConnectionFacts, connections
from probes.host import Absent, Denied
from probes.machine import MachineFacts
from probes.neighbours import NeighbourFacts, neighbours

SEEN = Seen(neighbours, NeighbourFacts(()), 1.5)


def missing(findings: Findings) -> MissingFacts:
    with pytest.raises(MissingFacts) as error:
        findings[ConnectionFacts]
    return error.value


def test_seen_facts_are_given_by_their_type() -> None:
    findings = Findings("n5", [SEEN])
    assert findings[NeighbourFacts] is SEEN.facts
    assert findings.get(NeighbourFacts) is SEEN.facts
    assert findings.all == (SEEN,)


def test_a_missing_right_is_kept_and_leads_to_root() -> None:
    unseen = Unseen.because(connections, Denied("CAP_NET_ADMIN", "conntrack"), 0.1)
    assert unseen.right == "CAP_NET_ADMIN"
    assert not unseen.crashed
    error = missing(Findings("n5", [unseen]))
    assert error.vantage_point == "n5"
    assert "conntrack" in error.what
    assert error.how_to_get == "run the scan on n5 as root"


def test_where_no_right_helps_root_is_not_proposed() -> None:
    error = missing(Findings("n5", [Unseen.because(connections, Absent("no conntrack here"), 0.1)]))
    assert "as root" not in error.how_to_get
    assert "no conntrack here" in error.how_to_get


def test_what_was_not_asked_is_told_apart_from_what_was_not_answered() -> None:
    assert "was not asked on n5" in missing(Findings("n5", [])).what


def test_get_never_raises() -> None:
    findings = Findings("n5", [SEEN, Unseen(connections, "because")])
    assert findings.get(ConnectionFacts) is None
    assert findings.get(MachineFacts) is None
