"""A case seen from its host alone, where a stand-in client looks in the VM's place."""

from __future__ import annotations

import json
from dataclasses import replace

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.examination import Verdict
from hairpin_doctor.lab.names import Names
from hairpin_doctor.report.files import to_json
from hairpin_doctor.scan import Request, scan
from hairpin_doctor.stand_in import CannotStandIn, Place, standing_in
from probes.interfaces import InterfaceFacts
from probes.linux import LinuxHost
from probes.questions.links import Links
from probes.target import parse_target


def stand_in_verdict(lab: Lab, case: Case, names: Names) -> Verdict:
    """What `scan --stand-in BRIDGE` says on the host: on the VM's bridge, by a port like the VM's, where the VM has one.

    Where no client can stand in, the verdict is "refused", and the report holds the reason.
    """

    def work() -> Verdict:
        host = LinuxHost()
        facts = InterfaceFacts(host.ask(Links()))
        tap = facts.by_name(names.tap)
        port = tap.master if tap is not None else None
        bridge = facts.by_index(port) if port is not None else None
        like = tap.name if bridge is not None and tap is not None else None
        place = Place(bridge.name if bridge is not None else names.bridge, like=like)
        request = Request(tuple(parse_target(text) for text in case.targets(names)))
        try:
            with standing_in(host, place, request, lambda _: None) as seen:
                done = scan(host, replace(request, others=(seen,)))
        except CannotStandIn as error:
            return Verdict("refused", (), {"reason": str(error)})
        return Verdict.of(json.loads(to_json(done.report)))

    return lab.inside(case.host, work)
