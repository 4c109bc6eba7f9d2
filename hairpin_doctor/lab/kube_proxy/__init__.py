"""The packet filter rules kube-proxy writes for a Service, in its iptables mode and in its nftables mode.

Shape and chain names follow Kubernetes v1.31 and later (pkg/proxy/iptables and pkg/proxy/nftables, and the rule
dumps in their tests); the names are hashed as kube-proxy hashes them.
"""

from __future__ import annotations

from hairpin_doctor.lab.kube_proxy.iptables import iptables_rules
from hairpin_doctor.lab.kube_proxy.nftables import nftables_rules
from hairpin_doctor.lab.kube_proxy.service import Cluster, Endpoint, Service, ServicePort

__all__ = ["Cluster", "Endpoint", "Service", "ServicePort", "iptables_rules", "nftables_rules"]
