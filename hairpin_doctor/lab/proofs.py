"""Which case of the lab proves which fix: symptom, fix, healthy, taken back, symptom and state as before.

A fix is known by the function that makes it, MODULE.FUNCTION of hairpin_doctor/fixes or hairpin_doctor/rules.
tests/project/test_every_fix_is_proven.py sees that none is without one, and that the cases do offer these fixes.
"""

from __future__ import annotations

FIRST = {
    "allow.accept_bridged": "docker-drops-bridged",
    "allow.allow": "firewall-drops",
    "allow.allow_on_the_client": "client-drops-queries",
    "announce.announce_on": "l2-on-eno1",
    "arp_ignored._carry": "arp-ignored",
    "arp_ignored._unfiltered": "arp-filtered",
    "bridged_frames.leave_untranslated": "bridged-frames-hit-host-nat",
    "client_routes_vip_elsewhere._send_it_into_the_lan": "client-vpn-takes-the-lan",
    "client_way.into_the_lan": "client-routes-vip-elsewhere",
    "duplicate_address._free": "duplicate-address-scanned",
    "duplicate_address._holds_what_a_node_serves": "client-holds-the-vip",
    "duplicate_mac._fix": "duplicate-mac",
    "forwarding_off._fix": "forwarding-off",
    "hairpin_off_on_port._hairpin_on": "hairpin-off-on-port",
    "ipvs_without_strict_arp._fix": "every-node-holds-the-vip",
    "macvlan_floods_lan._diagnosis": "metallb0-floods",
    "mtu_black_hole._raise": "mtu-black-hole",
    "multicast.flood_again": "port-floods-no-multicast-ipv6",
    "multicast.stop_snooping": "ndp-unheard-ipv6",
    "multicast.route_to_answer_by": "answers-without-a-route-ipv6",
    "multihomed_asymmetry._fix": "multihomed-asymmetry",
    "node_address_has_two_macs._diagnosis": "metallb0-arp-flux",
    "one_answerer.answer_on_one": "kernel-answers-twice",
    "policy_route_captures_reply._exclude": "policy-route-captures-lan",
    "port_not_forwarding._diagnosis": "port-isolated",
    "reply_bypasses_nat._masquerade": "reply-bypasses-nat",
    "reverse_path_filter_drops._fix": "metallb0-rp-filter",
    "service_object.add_port": "protocol-missing",
    "service_object.policy_cluster": "local-policy-no-local-endpoint",
    "service_object.restart_proxy": "vip-not-programmed",
    "service_object.source_ranges": "source-ranges-exclude-client",
    "stateful_gateway_sees_half._fixes": "bgp-other-subnet-stateful",
    "stale_neighbour._forget": "stale-neighbour",
    "stale_udp_conntrack._forget": "stale-udp-conntrack",
    "way_back.out_of_the_overlap": "container-network-overlaps-clients",
    "way_back.without_the_ban": "client-banned-by-route",
}
"""The case's first fix, carried out by the engine and taken back by it (tests/lab/test_cases.py)."""

FURTHER: dict[str, tuple[tuple[str, int], ...]] = {
    "bridged_frames.iptables_off": (
        ("hairpin-off-on-port", 1),
        ("bridged-frames-hit-host-nat", 1),
        ("docker-drops-bridged", 1),
    ),
    "own_mac_interface.own_mac_interface": (
        ("bgp-same-subnet", 1),
        ("l2-on-eno1", 1),
        ("l2-on-enp197s0", 1),
        ("vip-on-port-mac", 1),
    ),
    "own_mac_interface.own_mac_port": (("l2-on-eno1", 2), ("l2-on-enp197s0", 2), ("vip-on-port-mac", 2)),
    "vip_outside_prefix._fixes": (("vip-outside-prefix", 1),),
}
"""Cases with the position of the fix among those of their first cause; pasted as shown, its undo too (test_fixes.py)."""

NOTED = {"service_object.policy_local": ("flux-and-floods", "HD509")}
"""The first fix of a note, by its code; pasted as shown and taken back likewise, though nothing fails before."""

TOLD = {
    "announced_by_many_interfaces._name_one": "the cluster's advertisement, which nobody here has read",
    "backend_refuses._nobody_listens": "which program should listen is not known",
    "arp_ignored._dropped": "whose rule it is decides",
    "bgp._both_sides": "a router's configuration beside the cluster's",
    "bgp.announce_somewhere": "where is not known",
    "bgp.another_subnet": "where the clients' subnet and the pool lie is decided by people",
    "bgp.name_a_peer": "a router's address",
    "br_netfilter_reset._fix": "which value is right is a choice",
    "client_routes_vip_elsewhere._look_who_takes_it": "whose route it is decides",
    "client_routes_vip_elsewhere._nowhere": "which gateway is right is not known",
    "client_way.right_gateway": "which gateway is right is not known",
    "client_way.right_netmask": "the DHCP server's, or a file's",
    "duplicate_address._fixes": "the pool, by people",
    "ebpf_not_on_interface._attach": "by the values of Cilium or Calico",
    "firewall_drops._look": "the rule is not known",
    "gateway_translation.translate_at_the_gateway": "explained only, as the last resort",
    "ipvs_without_strict_arp._told": "kube-proxy's own configuration",
    "legacy_and_nft_rules_mixed._one": "which backend is kept is a choice",
    "local_policy_no_local_endpoint._schedule": "where a pod runs is its owner's",
    "macvtap_cannot_reach_parent._fixes": "the hypervisor's network definition",
    "mtu_black_hole._find": "the narrow link is not known",
    "multicast.new_link_local": "the reason decides",
    "nobody_answers._look_at_the_announcer": "the announcer is not known",
    "pod_network.mend_pod_network": "the CNI's",
    "pod_network.mend_pod_route": "the CNI's",
    "pool_overlaps_infrastructure._exclude": "the pool, by people",
    "proxy_arp_answers._turn_off": "the router's",
    "resolver.resolver_configuration": "the DNS server's",
    "service_object.look_at_backend": "the program in the pod",
    "service_object.make_ready": "the pod, or the Service's selector",
    "speaker_not_running._look": "the reason decides",
    "split_brain._fix": "memberlist between nodes",
    "way_back.route_to_the_client": "which router is right is not known",
    "two_controllers._end": "which of the two stays is a choice",
}
"""Fixes that no program carries out, and why: prose, with commands that look."""

ELSEWHERE = {
    "announce.advertise_pool": "it takes a cluster: tests/unit/machine/test_kubectl_and_a_server.py",
    "excluded_by_label._ignore": "as advertise_pool",
    "excluded_by_label._remove": "as advertise_pool",
    "conntrack_trouble._raise": "no namespace may raise the limit; seen in a guest: docs/design/lab.md",
}
"""Fixes with changes of which no case of the catalogue is the proof, and what stands for it."""
