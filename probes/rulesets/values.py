"""Sets of addresses, ports, protocols or interface names, as matches and nftables sets name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network, summarize_address_range

from probes.target import Address, Network

Scalar = Address | int | str


@dataclass(frozen=True)
class Values:
    """`exact` values, closed `ranges` (both ends of one type), name `prefixes` (interface wildcards).

    `complete` is false where the kernel may hold members that the dump does not tell (dynamic sets, unreadable items).
    """

    exact: frozenset[Scalar] = frozenset()
    ranges: tuple[tuple[Scalar, Scalar], ...] = ()
    prefixes: tuple[str, ...] = ()
    complete: bool = True

    def __contains__(self, value: Scalar) -> bool:
        if value in self.exact:
            return True
        if isinstance(value, str):
            return any(value.startswith(prefix) for prefix in self.prefixes)
        return any(_within(value, low, high) for low, high in self.ranges)

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """The members that are addresses, as networks, sorted."""
        found: list[Network] = [ip_network(item) for item in self.exact if not isinstance(item, int | str)]
        for low, high in self.ranges:
            found += _summarised(low, high)
        return tuple(sorted(found, key=lambda network: (network.version, network.network_address.packed)))

    @cached_property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """The members that are numbers, as closed ranges."""
        single = [(item, item) for item in self.exact if isinstance(item, int)]
        return tuple(single + [(a, b) for a, b in self.ranges if isinstance(a, int) and isinstance(b, int)])


def _within(value: Scalar, low: Scalar, high: Scalar) -> bool:
    if isinstance(value, int):
        return isinstance(low, int) and isinstance(high, int) and low <= value <= high
    if isinstance(value, str) or isinstance(low, int | str) or isinstance(high, int | str):
        return False
    return value.version == low.version and int(low) <= int(value) <= int(high)


def _summarised(low: Scalar, high: Scalar) -> Iterable[Network]:
    if isinstance(low, int | str) or isinstance(high, int | str) or low.version != high.version:
        return ()
    return list(summarize_address_range(low, high))


def of_networks(texts: Iterable[str]) -> Values:
    """Values of addresses or prefixes such as "192.0.2.1", "192.0.2.0/24", "10.0.0.0/255.0.0.0". Raises ValueError."""
    exact: set[Scalar] = set()
    ranges: list[tuple[Scalar, Scalar]] = []
    for text in texts:
        if "/" not in text:
            exact.add(ip_address(text))
            continue
        network = ip_network(text, strict=False)
        if network.num_addresses == 1:
            exact.add(network.network_address)
        else:
            ranges.append((network.network_address, network.broadcast_address))
    return Values(frozenset(exact), tuple(ranges))


def of_ports(texts: Sequence[str]) -> Values:
    """Values of ports "80" or "8000:8010" as iptables writes them; an open end is 0 or 65535. Raises ValueError."""
    exact: set[Scalar] = set()
    ranges: list[tuple[Scalar, Scalar]] = []
    for text in texts:
        low, colon, high = text.partition(":")
        if colon:
            ranges.append((int(low or 0), int(high or 65535)))
        else:
            exact.add(int(text))
    return Values(frozenset(exact), tuple(ranges))


def of_names(names: Iterable[str], wildcard: str) -> Values:
    """Values of names; one that ends in `wildcard` ("+" of iptables, "*" of nft) stands for all with that beginning."""
    listed = list(names)
    prefixes = tuple(name[:-1] for name in listed if name.endswith(wildcard))
    return Values(frozenset(name for name in listed if not name.endswith(wildcard)), (), prefixes)
