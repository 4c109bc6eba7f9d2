"""Which Services of type LoadBalancer does the cluster have, and which endpoints stand behind those with a VIP in scope?

Asked of the cluster's API, so it tells what should be, not what a node does. Endpoints of Services outside of the scope
are not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host, Unanswered
from probes.probe import Layer, Scope, probe
from probes.questions.cluster import (
    ApiGroups,
    LoadBalancerService,
    LoadBalancerServices,
    ServiceEndpoints,
    SliceEndpoint,
)
from probes.target import Address


@dataclass(frozen=True)
class EndpointsOf:
    """The endpoints of a Service; None where they could not be seen."""

    service: LoadBalancerService
    endpoints: tuple[SliceEndpoint, ...] | None


@dataclass(frozen=True)
class ClusterServicesFacts:
    """All LoadBalancer Services, and the endpoints of those in scope."""

    services: tuple[LoadBalancerService, ...]
    in_scope: tuple[EndpointsOf, ...]

    def of(self, vip: Address) -> tuple[EndpointsOf, ...]:
        """The Services that have this VIP; several may share it (MetalLB's allow-shared-ip)."""
        return tuple(each for each in self.in_scope if vip in holds(each.service))


def holds(service: LoadBalancerService) -> tuple[Address, ...]:
    """Its addresses: those assigned, else those asked for."""
    return service.addresses or service.requested


@probe(Layer.CLUSTER)
def cluster_services(host: Host, scope: Scope) -> ClusterServicesFacts:
    """Raises Unanswered where Services cannot be listed."""
    host.ask(ApiGroups())
    services = host.ask(LoadBalancerServices())
    wanted = set(scope.vips)
    here = [each for each in services if wanted & set(holds(each))]
    return ClusterServicesFacts(services, tuple(EndpointsOf(each, _endpoints(host, each)) for each in here))


def _endpoints(host: Host, service: LoadBalancerService) -> tuple[SliceEndpoint, ...] | None:
    """A cluster that serves no EndpointSlices at all (before 1.17) does not say that there is no endpoint."""
    try:
        return host.ask(ServiceEndpoints(service.namespace, service.name))
    except Unanswered:
        return None
