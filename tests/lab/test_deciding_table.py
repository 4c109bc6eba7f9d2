"""The kernel names the routing table that decided, which it does only when asked for it."""

from __future__ import annotations

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.cases.routing import VPN_TABLE
from hairpin_doctor.lab.names import Names
from probes.linux.netlink_routes import MAIN_TABLE, route_to
from probes.questions.routing import RouteTo

pytestmark = pytest.mark.lab
LOCAL_TABLE = 255


def test_a_route_by_policy_a_plain_one_and_a_local_one() -> None:
    case, names = find("policy-route-captures-pods"), Names.random(5)
    assert case is not None
    with Lab(case.build(names)) as lab:

        def table(question: RouteTo) -> int:
            return lab.inside("host", lambda: route_to(question)).table

        assert table(RouteTo(names.laptop_ip, names.dns_pod, names.pod_bridge)) == VPN_TABLE
        assert table(RouteTo(names.laptop_ip)) == MAIN_TABLE
        assert table(RouteTo(names.host_ip)) == LOCAL_TABLE
