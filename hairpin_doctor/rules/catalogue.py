"""Every rule, in the order of precedence among look-alikes: what explains more and is decided more directly comes first."""

from __future__ import annotations

from hairpin_doctor.rule import Rule
from hairpin_doctor.rules.announced_by_many_interfaces import announced_by_many_interfaces
from hairpin_doctor.rules.arp_ignored import arp_ignored
from hairpin_doctor.rules.backend_refuses import backend_refuses
from hairpin_doctor.rules.bgp_not_advertised import bgp_not_advertised
from hairpin_doctor.rules.bgp_session_down import bgp_session_down
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from hairpin_doctor.rules.br_netfilter_reset import br_netfilter_reset
from hairpin_doctor.rules.bridged_frames_dropped_by_forward import bridged_frames_dropped_by_forward
from hairpin_doctor.rules.bridged_frames_hit_host_nat import bridged_frames_hit_host_nat
from hairpin_doctor.rules.client_routes_vip_elsewhere import client_routes_vip_elsewhere
from hairpin_doctor.rules.conntrack_trouble import conntrack_trouble
from hairpin_doctor.rules.cross_node_pod_network_broken import cross_node_pod_network_broken
from hairpin_doctor.rules.deaf_announcing_interface import deaf_announcing_interface
from hairpin_doctor.rules.dns_answers_fail import dns_answers_fail
from hairpin_doctor.rules.duplicate_address import duplicate_address
from hairpin_doctor.rules.duplicate_mac import duplicate_mac
from hairpin_doctor.rules.ebpf_not_on_interface import ebpf_not_on_interface
from hairpin_doctor.rules.excluded_by_label import excluded_by_label
from hairpin_doctor.rules.firewall_drops import firewall_drops
from hairpin_doctor.rules.forwarding_off import forwarding_off
from hairpin_doctor.rules.hairpin_off_on_port import hairpin_off_on_port
from hairpin_doctor.rules.ipvs_without_strict_arp import ipvs_without_strict_arp
from hairpin_doctor.rules.legacy_and_nft_rules_mixed import legacy_and_nft_rules_mixed
from hairpin_doctor.rules.local_policy_no_local_endpoint import local_policy_no_local_endpoint
from hairpin_doctor.rules.macvlan_floods_lan import macvlan_floods_lan
from hairpin_doctor.rules.macvtap_cannot_reach_parent import macvtap_cannot_reach_parent
from hairpin_doctor.rules.mtu_black_hole import mtu_black_hole
from hairpin_doctor.rules.multihomed_asymmetry import multihomed_asymmetry
from hairpin_doctor.rules.ndp_unheard import ndp_unheard
from hairpin_doctor.rules.no_advertisement import no_advertisement
from hairpin_doctor.rules.no_ready_endpoints import no_ready_endpoints
from hairpin_doctor.rules.no_way_back import no_way_back
from hairpin_doctor.rules.nobody_answers import nobody_answers
from hairpin_doctor.rules.node_address_has_two_macs import node_address_has_two_macs
from hairpin_doctor.rules.ping_silent_by_design import ping_silent_by_design
from hairpin_doctor.rules.policy_route_captures_reply import policy_route_captures_reply
from hairpin_doctor.rules.pool_overlaps_infrastructure import pool_overlaps_infrastructure
from hairpin_doctor.rules.port_not_forwarding import port_not_forwarding
from hairpin_doctor.rules.protocol_missing import protocol_missing
from hairpin_doctor.rules.proxy_arp_answers import proxy_arp_answers
from hairpin_doctor.rules.reply_bypasses_nat import reply_bypasses_nat
from hairpin_doctor.rules.reverse_path_filter_drops import reverse_path_filter_drops
from hairpin_doctor.rules.source_address_hidden import source_address_hidden
from hairpin_doctor.rules.source_ranges_exclude_client import source_ranges_exclude_client
from hairpin_doctor.rules.speaker_not_running import speaker_not_running
from hairpin_doctor.rules.split_brain import split_brain
from hairpin_doctor.rules.stale_neighbour import stale_neighbour
from hairpin_doctor.rules.stale_udp_conntrack import stale_udp_conntrack
from hairpin_doctor.rules.stateful_gateway_sees_half import stateful_gateway_sees_half
from hairpin_doctor.rules.two_controllers import two_controllers
from hairpin_doctor.rules.vip_answers_with_a_port_mac import vip_answers_with_a_port_mac
from hairpin_doctor.rules.vip_not_programmed import vip_not_programmed
from hairpin_doctor.rules.vip_on_bridge_mac_works import vip_on_bridge_mac_works
from hairpin_doctor.rules.vip_outside_prefix import vip_outside_prefix
from hairpin_doctor.rules.vip_shares_the_bridge_mac import vip_shares_the_bridge_mac
from hairpin_doctor.rules.wrong_l2_domain import wrong_l2_domain

CATALOGUE: tuple[Rule, ...] = (
    duplicate_mac,
    pool_overlaps_infrastructure,
    no_advertisement,
    excluded_by_label,
    speaker_not_running,
    bgp_vip_in_clients_subnet,
    bgp_session_down,
    bgp_not_advertised,
    ipvs_without_strict_arp,
    duplicate_address,
    split_brain,
    vip_outside_prefix,
    port_not_forwarding,
    macvtap_cannot_reach_parent,
    client_routes_vip_elsewhere,
    deaf_announcing_interface,
    wrong_l2_domain,
    stale_neighbour,
    stateful_gateway_sees_half,
    mtu_black_hole,
    conntrack_trouble,
    vip_answers_with_a_port_mac,
    bridged_frames_dropped_by_forward,
    reply_bypasses_nat,
    hairpin_off_on_port,
    bridged_frames_hit_host_nat,
    no_way_back,
    policy_route_captures_reply,
    multihomed_asymmetry,
    reverse_path_filter_drops,
    legacy_and_nft_rules_mixed,
    source_ranges_exclude_client,
    local_policy_no_local_endpoint,
    no_ready_endpoints,
    ebpf_not_on_interface,
    vip_not_programmed,
    protocol_missing,
    firewall_drops,
    forwarding_off,
    backend_refuses,
    dns_answers_fail,
    cross_node_pod_network_broken,
    stale_udp_conntrack,
    proxy_arp_answers,
    arp_ignored,
    ndp_unheard,
    nobody_answers,
    vip_shares_the_bridge_mac,
    two_controllers,
    announced_by_many_interfaces,
    node_address_has_two_macs,
    macvlan_floods_lan,
    br_netfilter_reset,
    ping_silent_by_design,
    vip_on_bridge_mac_works,
    source_address_hidden,
)
