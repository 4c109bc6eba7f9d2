"""A node with two NICs in one LAN. The VIPs are announced on one of them.

                             ┌─ eno1 .246     ─┐
    laptop .100 ─┬─ switch ──┤                 ├ host "n5" ── pods
      router .1 ─┘           └─ enp197s0 .247 ─┘
        │
      remote client

Both have arp_ignore=1, so that each answers for its own address only. The route to the LAN goes by the first NIC:
answers of flows that come in by the second one leave by the first, which is harmless with rp_filter 0 or 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.homelab import SWITCH_BRIDGE, Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import ANNOUNCER, Announcer
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topology import Cable, CableEnd, End, Machine, Topology, change_interface

ONE_ANSWER = {"arp_ignore": 1, "rp_filter": 2}
SECOND_PORT = "to-host-2"


def two_nics(announced_on_second: bool = False) -> Callable[[Names, Variant], Topology]:
    """Every client reaches every VIP."""
    return lambda names, variant: _two_nics(names, variant, announced_on_second)


def _two_nics(names: Names, variant: Variant, on_second: bool) -> Topology:
    second = CableEnd(
        name=names.second_nic,
        mac=names.second_nic_mac,
        addresses=(names.on_lan(names.other_node_ip),),
        conf=ONE_ANSWER,
    )
    speaking = Announcer(vips=names.vips, interfaces=(names.second_nic if on_second else names.uplink,))

    def with_second(host: Machine) -> Machine:
        quiet = change_interface(host, names.uplink, lambda nic: replace(nic, conf=ONE_ANSWER))
        return quiet.with_interface(second).without_daemon(ANNOUNCER).with_daemon(speaking.daemon())

    topology = plain_nic(names, variant).change("host", with_second)
    plug = CableEnd(name=SECOND_PORT, master=SWITCH_BRIDGE)
    topology = topology.change("switch", lambda machine: machine.with_interface(plug))
    cable = Cable(End("switch", SECOND_PORT), End("host", names.second_nic))
    return replace(topology, cables=(*topology.cables, cable))
