"""Whoever carries changes out: this machine, with kubectl for the cluster if a context was named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hairpin_doctor.fixes import changes as c
from hairpin_doctor.machine.changing import (
    addresses,
    bridges,
    config_files,
    connections,
    links,
    packet_filters,
    routes,
    sysctls,
    units,
    vlans,
)
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.kubectl import Kubectl


class Hands(Protocol):
    """Finds what stands before a change, and carries it out."""

    def find(self, change: c.Change) -> Found:
        """What stands there now. Raises CannotChange."""

    def do(self, change: c.Change) -> None:
        """Make it so. Raises CannotChange."""


Pair = tuple[Callable[[Any], Found], Callable[[Any], None]]
ON_THIS_MACHINE: dict[type[c.Change], Pair] = {
    c.BridgeNetfilter: (bridges.find_switch, bridges.set_switch),
    c.BridgeNetfilterIpv6: (bridges.find_switch, bridges.set_switch),
    c.BridgePortFlag: (bridges.find_port_flag, bridges.set_port_flag),
    c.BridgeSnooping: (bridges.find_switch, bridges.set_switch),
    c.BridgeVlan: (vlans.find_vlan, vlans.set_vlan),
    c.ConfigFile: (config_files.find_file, config_files.write_file),
    c.EnabledUnit: (units.find_enabled, units.set_enabled),
    c.FdbEntry: (bridges.find_fdb, bridges.set_fdb),
    c.ForgottenFlow: (connections.find_flow, connections.forget_flow),
    c.ForgottenNeighbour: (routes.find_learned, routes.forget),
    c.InterfaceAddress: (addresses.find_address, addresses.set_address),
    c.IptablesRule: (packet_filters.find_iptables, packet_filters.set_iptables),
    c.LinkMac: (links.find_mac, links.set_mac),
    c.LinkMtu: (links.find_mtu, links.set_mtu),
    c.LinkState: (links.find_state, links.set_state),
    c.MacvlanLink: (links.find_made, links.make),
    c.NeighbourEntry: (routes.find_neighbour, routes.set_neighbour),
    c.NftRule: (packet_filters.find_nft, packet_filters.set_nft),
    c.PolicyRule: (routes.find_rule, routes.set_rule),
    c.RemovedFile: (config_files.find_removed_file, config_files.remove_file),
    c.RemovedFolder: (config_files.find_removed_folder, config_files.remove_folder),
    c.RemovedLink: (links.find_removed, links.remove),
    c.RouteEntry: (routes.find_route, routes.set_route),
    c.Sysctl: (sysctls.find_sysctl, sysctls.set_sysctl),
    c.UnusedChain: (packet_filters.find_unused, packet_filters.remove_unused),
    c.VethPort: (links.find_made, links.make),
    c.VlanLink: (links.find_made, links.make),
}


@dataclass(frozen=True)
class ThisMachine:
    """The network namespace of this thread, and the cluster behind `kubectl`."""

    kubectl: Kubectl | None = None

    def find(self, change: c.Change) -> Found:
        """What stands there now; commands that only look are never run. Raises CannotChange."""
        if isinstance(change, c.Look):
            return SO
        if isinstance(change, c.Deletion | c.Manifest | c.Patch | c.RestartedDaemonSet):
            return self._cluster().find(change)
        return ON_THIS_MACHINE[type(change)][0](change)

    def do(self, change: c.Change) -> None:
        """Make it so. Raises CannotChange."""
        if isinstance(change, c.Deletion | c.Manifest | c.Patch | c.RestartedDaemonSet):
            self._cluster().do(change)
        elif not isinstance(change, c.Look):
            ON_THIS_MACHINE[type(change)][1](change)

    def _cluster(self) -> Kubectl:
        if self.kubectl is None:
            raise CannotChange("the cluster is changed only with --context NAME")
        return self.kubectl
