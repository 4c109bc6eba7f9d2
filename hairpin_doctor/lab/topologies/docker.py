"""The homelab with Docker on the host: FORWARD drops by default, and the accept rules that make the rest work.

    laptop ── switch ── eno1 ─┤ bridge0 ├─ vnet1 ── VM        filter FORWARD: policy DROP
                          host (ip_forward) ── cni0 ── pods        bridged frames: accepted (DOCKER-USER)
                                            ── docker0 172.17.0.1  to and from pods: accepted (FLANNEL-FWD)

The rules are those that dockerd 24 and flannel 0.25 write; the accept rule for bridged frames is the one that
Docker's documentation and many forum answers recommend, and that the bridged VM needs while call-iptables is 1.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Bridge, Machine, Ruleset, Topology

DOCKER = """*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
:FLANNEL-FWD - [0:0]
-I FORWARD 1 -j DOCKER-USER
-I FORWARD 2 -j DOCKER-ISOLATION-STAGE-1
-I FORWARD 3 -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-I FORWARD 4 -o docker0 -j DOCKER
-I FORWARD 5 -i docker0 ! -o docker0 -j ACCEPT
-I FORWARD 6 -i docker0 -o docker0 -j ACCEPT
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -m physdev --physdev-is-bridged -j ACCEPT
-A DOCKER-USER -j RETURN
-A FLANNEL-FWD -s {pods} -m comment --comment "flanneld forward" -j ACCEPT
-A FLANNEL-FWD -d {pods} -m comment --comment "flanneld forward" -j ACCEPT
COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
"""


def docker_beside(names: Names, variant: Variant) -> Topology:
    """Every client reaches every VIP."""
    rules = Ruleset("iptables", DOCKER.format(pods=names.pods))
    docker0 = Bridge(name="docker0", addresses=(ip_interface("172.17.0.1/16"),))

    def install(host: Machine) -> Machine:
        return replace(host.with_interface(docker0), rulesets=(*host.rulesets, rules))

    return homelab(names, variant).change("host", install)
