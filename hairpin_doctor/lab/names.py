"""Every name, number and address of a homelab, from the origin story or drawn at random."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from hairpin_doctor.lab.ip import Address, InterfaceAddress, Network

PREFIXES = (22, 23, 24, 25, 26)
REAL_VENDORS = ("84:47:09", "3c:ec:ef", "00:1b:21", "b8:27:eb", "74:83:c2")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names by role. MACs are lower case. `lan` is the subnet of host, VM, router and VIPs."""

    host: str
    vm: str
    router: str
    laptop: str
    remote: str
    printer: str
    switch: str
    second_switch: str
    other_node: str

    bridge: str
    uplink: str
    tap: str
    second_nic: str
    own_mac_interface: str
    pod_bridge: str
    vm_nic: str
    lan_nic: str

    bridge_mac: str
    uplink_mac: str
    tap_mac: str
    second_nic_mac: str
    own_mac: str
    vm_mac: str
    router_mac: str
    laptop_mac: str
    remote_mac: str
    printer_mac: str
    other_node_mac: str
    stranger_mac: str

    lan: Network
    router_ip: Address
    host_ip: Address
    vm_ip: Address
    laptop_ip: Address
    other_node_ip: Address
    nested_ip: Address
    dns_vip: Address
    web_vip: Address
    second_lan: Network
    remote_lan: Network
    pods: Network
    services: Network
    link_local: Address
    dns_record: str
    host_as: int
    router_as: int

    @property
    def vips(self) -> tuple[Address, ...]:
        """Both load balancer addresses."""
        return (self.dns_vip, self.web_vip)

    @property
    def dns_pod(self) -> Address:
        """The DNS server's pod."""
        return self.pods[83]

    @property
    def web_pod(self) -> Address:
        """The HTTP server's pod."""
        return self.pods[84]

    @property
    def host_pods(self) -> Network:
        """The first 256 addresses of the pod range, which this node hands out."""
        return ip_network((self.pods.network_address, self.pods.max_prefixlen - 8))

    def on_lan(self, address: Address) -> InterfaceAddress:
        """`address` with the LAN's prefix length."""
        return ip_interface((address, self.lan.prefixlen))

    @classmethod
    def story(cls) -> Names:
        """The homelab of the origin story, with a bridge MAC of its own each time."""
        return cls(
            host="n5",
            vm="homeassistant",
            router="udm",
            laptop="laptop",
            remote="remote",
            printer="printer",
            switch="switch",
            second_switch="switch2",
            other_node="n6",
            bridge="bridge0",
            uplink="eno1",
            tap="vnet1",
            second_nic="enp197s0",
            own_mac_interface="metallb0",
            pod_bridge="cni0",
            vm_nic="enp1s0",
            lan_nic="eth0",
            bridge_mac=_fresh_mac(),
            uplink_mac="84:47:09:1a:2b:01",
            tap_mac="fe:54:00:8e:31:10",
            second_nic_mac="84:47:09:1a:2b:02",
            own_mac="02:4d:4c:42:00:01",
            vm_mac="52:54:00:8e:31:10",
            router_mac="74:83:c2:11:22:01",
            laptop_mac="3c:06:30:44:55:66",
            remote_mac="3c:06:30:44:55:77",
            printer_mac="00:1b:a9:12:34:56",
            other_node_mac="84:47:09:1a:2c:06",
            stranger_mac="00:1b:21:de:ad:99",
            lan=ip_network("192.168.8.0/24"),
            router_ip=ip_address("192.168.8.1"),
            host_ip=ip_address("192.168.8.246"),
            vm_ip=ip_address("192.168.8.10"),
            laptop_ip=ip_address("192.168.8.100"),
            other_node_ip=ip_address("192.168.8.247"),
            nested_ip=ip_address("192.168.8.11"),
            dns_vip=ip_address("192.168.8.53"),
            web_vip=ip_address("192.168.8.50"),
            second_lan=ip_network("192.168.9.0/24"),
            remote_lan=ip_network("192.168.20.0/24"),
            pods=ip_network("10.244.0.0/16"),
            services=ip_network("10.96.0.0/12"),
            link_local=ip_address("169.254.77.1"),
            dns_record="homeassistant.lan",
            host_as=65100,
            router_as=65001,
        )

    @classmethod
    def random(cls, seed: int) -> Names:
        """Everything drawn at random; the same seed gives the same names, but for the bridge's MAC."""
        dice = random.Random(seed)
        machines = _words(dice, 9)
        interfaces = [word[:9] + str(dice.randrange(100)) for word in _words(dice, 8)]
        macs = _macs(dice, 12)
        lan, second, remote = _subnets(dice)
        addresses = dice.sample(list(lan.hosts()), 8)
        drawn: dict[str, Any] = {}
        for fields, values in ((_MACHINES, machines), (_INTERFACES, interfaces), (_MACS, macs)):
            drawn.update(zip(fields, values, strict=True))
        drawn.update(zip(_ADDRESSES, addresses, strict=True))
        drawn["bridge_mac"] = _fresh_mac()
        return cls(
            **drawn,
            lan=lan,
            second_lan=second,
            remote_lan=remote,
            pods=ip_network(f"10.{dice.randrange(128, 255)}.0.0/16"),
            services=ip_network(f"172.{dice.randrange(16, 24)}.0.0/16"),
            link_local=ip_address(f"169.254.{dice.randrange(1, 255)}.{dice.randrange(1, 255)}"),
            dns_record=f"{_words(dice, 1)[0]}.home.arpa",
            host_as=dice.randrange(64512, 65000),
            router_as=dice.randrange(65000, 65535),
        )


_MACHINES = ("host", "vm", "router", "laptop", "remote", "printer", "switch", "second_switch", "other_node")
_INTERFACES = (
    "bridge",
    "uplink",
    "tap",
    "second_nic",
    "own_mac_interface",
    "pod_bridge",
    "vm_nic",
    "lan_nic",
)
_MACS = (
    "bridge_mac",
    "uplink_mac",
    "tap_mac",
    "second_nic_mac",
    "own_mac",
    "vm_mac",
    "router_mac",
    "laptop_mac",
    "remote_mac",
    "printer_mac",
    "other_node_mac",
    "stranger_mac",
)
_ADDRESSES = (
    "router_ip",
    "host_ip",
    "vm_ip",
    "laptop_ip",
    "other_node_ip",
    "nested_ip",
    "dns_vip",
    "web_vip",
)


def _fresh_mac() -> str:
    """A MAC that no other lab has: a doubled one shows in the kernel's log, which all namespaces share."""
    return "5a:94:" + secrets.token_bytes(4).hex(":")


def _words(dice: random.Random, count: int) -> list[str]:
    """Different pronounceable words, nine letters at most."""
    words: set[str] = set()
    while len(words) < count:
        syllables = dice.randrange(2, 5)
        words.add("".join(dice.choice("bdfgklmnprstvz") + dice.choice("aeiou") for _ in range(syllables)))
    return dice.sample(sorted(words), count)


def _macs(dice: random.Random, count: int) -> list[str]:
    """Different unicast MACs, some locally administered, some with a vendor's prefix."""
    macs: set[str] = set()
    while len(macs) < count:
        local = (
            f"{dice.randrange(0, 256) & 0xFC | 0x02:02x}:{dice.randrange(256):02x}:{dice.randrange(256):02x}"
        )
        front = dice.choice((*REAL_VENDORS, local))
        macs.add(":".join((front, *(f"{dice.randrange(256):02x}" for _ in range(3)))))
    return dice.sample(sorted(macs), count)


def _subnets(dice: random.Random) -> tuple[Network, Network, Network]:
    """LAN, second segment and remote subnet: private, different, of various sizes."""
    blocks = dice.sample(range(1, 60), 3)
    networks: list[Network] = []
    for block in blocks:
        outer = ip_network(dice.choice((f"192.168.{4 * block}.0/22", f"10.{block}.{4 * block}.0/22")))
        inner: list[Network] = list(outer.subnets(new_prefix=dice.choice(PREFIXES)))
        networks.append(dice.choice(inner))
    return networks[0], networks[1], networks[2]
