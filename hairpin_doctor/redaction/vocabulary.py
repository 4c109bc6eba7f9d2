"""The words that a redacted text keeps: those of the kernel's, iptables', nft's and Kubernetes' own languages.

Whatever is not here, no number and no interface name that the system itself gives, is replaced. A word that is missing
costs the reader a word, never a secret.
"""

from __future__ import annotations

import errno
import re

_IPTABLES = """
A above ACCEPT ACK addrtype all and any apply AUDIT avg bit burst bytes CANARY check CHECKSUM clamp CLASSIFY
CLOSE CNI comment COMMIT connbytes connlimit CONNMARK connmark conntrack cpu csum CT ctdir ctorigdst ctorigsrc
ctstate ctstatus day dccp dir DNAT DNATED DNPT DOCKER dport dports DROP DSCP DST dst ecn ESTABLISHED every exist
expire EXT EXTERNAL family FIN FIREWALL flags FORWARD fragment from FW FWD FWO FWX gid goto hashlimit hex HINT
HL HOSTPORT htable icmp icmpv6 if igmp ignore iif in INGRESS INPUT INVALID invert IP iprange ipvs is ISOLATION
jump kerneltz KUBE KUBELET layer len length level LIBVIRT LIBVIRT_FWI limit list LOCAL LOG log loose mac mangle
MARK mark mask MASQ MASQUERADE match max mh min mode ms mss multiport name nat NETMAP NEW nfacct NFLOG nflog
nfmask NFQUEUE ng NODEPORT NODEPORTS NONE NOTRACK notrack nth oif or original osf out OUTPUT owner packet
packets physdev pkt pkttype pmtu pol POLICY policy ports post POSTROUTING prefix PREROUTING probability proto
protocol PROXY PRT PSH QUEUE queue quota random RATEEST rateest raw rcheck realm recent REDIRECT REJECT reject
rejected RELATED remove reply reset restore RETURN route rpfilter rsource RST rt sctp sec SECMARK seconds
security seen SEP SERVICES SET set shutdown since size sizes SNAT SNATED socket source sport sports SRC src
srcip srcmask STAGE state statistic status strict string superset SVC SVCS SVL SYN syn SYNPROXY tables tag
target TARPIT tcp TCPMSS threshold time timestart timestop to TOS tos total TPROXY tproxy TRACE TTL ttl type u32
udp udplite uid ULOG UNKNOWN unreachable UNTRACKED update upto URG USER using v4 v6 validmark VIRT vlan weekdays
with XLB xmark xor zero
"""
_NFT = """
abs accept accepted accounting addr admin arp assured bitmask bridge broadcast bypass chain concat confirmed
continue counter crypto ct daddr delete destroy dev devgroup dmac dnat drop dropped dup dying dynamic dynset
eexpr egress elem element established ether expected exthdr fib field filter flag flow flowtable flush forward
forwarding frag fully fwd goto handle hashsize hook hop host ibriport ibrname icmpx ifname iifgroup iifkind
iifname iiftype inc inet info ingress inout input interval invalid ip ip6 ip6tables ipsec iptables ipv4 ipv6
hlen htype jhash key l3proto l4proto last left limit lladdr local localnet map masquerade maxseq meta metainfo meter
monitor multicast nd net netdev netmap new nexthdr nexthop nf nfproto nfqueue nft no notnull num numgen obrname
oifgroup oifkind oifname oiftype op operation optstrip osf output payload peer per performance persistent pknock pkttype
plen policy port postrouting prerouting prio priority prohibited proto ptype redirect related return right rpf rule ruleset
saddr secmark secpath seed service share skgid skuid smac snat socket src state symhash synproxy table tcpopt th
third timeout tproxy typeof ulog unicast unreach untracked update used val verdict vmap xt zone
"""
_KUBERNETES = """
admission antrea api app apps attribute audit auto available balancer blocked by calico canal ccm cilium claim
class cluster clusterip clusterips com component config controller coredns default deny destination destinations
dns docker endpoint endpoints endpointslice envoy event external externally firewall flannel flanneld for from
frr frrk8s haproxy has health healthcheck hostport http https hubble incoming incus info ingress internal
invalid io ip ipam ips is istio it k0s k3s k8s kindnet kindnetd klipper kube kubelet kubernetes label labels
last lb libvirt load loadbalancer local lxc lxd managed mark masq masquerade meant metallb metrics microk8s must
name namespace networking nginx no node nodeport nodeports nodes not on only openelb operator other others ovn
own packet pod podman pods pool portal portals porter ports prefer proxy public range ranges rbac ready release
requiring rke2 rules save service services session should sig source speaker svclb system tcp that the their
this traefik traffic udp v1 v1beta1 v1beta2 v2 via vip visible was weave web webhook whereabouts will without
would
Active balancers Connect CrashLoopBackOff discovery DoesNotExist enable ErrImagePull Established exclude Exists ghcr hostname
Idle ImagePullBackOff ipvs In lbipam leader NotIn OpenConfirm OpenSent Opaque quay registry svc v0 v1alpha1
announcer crd False false handling IPAMRequestSatisfied kubesphere l2 legacy projectcalico True true v1alpha2 v2alpha1
org vipHost
"""
_KERNEL = """
ACKED addr addrconf address addresses addrwatch af agent arping arpwatch as automatic avahi bad bareudp batadv
batman bgpd bird blackhole blocking bond bonding br bridge cali can cap carrier charon chronyd cilium clock
CLOSE CLOSED CLOSING cni connmand containerd controller DELAY delay deleted dev device dhclient dhcpcd dhcpd
directed disabled dnsmasq docker dockerd dormant down dropped dsa dummy dumpcap duplicate dying en endpoint eno
enp ens enslaved entry erspan ESTABLISHED eth ethernet exabgp FAILED failed FIN flannel forwarding frames frr fwmark
geneve gobgpd gre gretap group gtp hairpin hostapd hsr icmp ifb INCOMPLETE incomplete inet interface invalid
ip6erspan ip6gre ip6gretap ip6tnl IPv6 ipip ipoib ipvlan ipvtap isolated iwd k3s l3mdev keepalived kernel kubelet kvm LAST
learning left libvirtd link LISTEN listening lladdr lldpd lo local lookup loop lower lxc macsec macvlan macvtap
main manager martian may message metallb mlb mode multicast neighbor neighbour net netkit network networkd
NetworkManager nlmon NOARP noarp none not ntpd on open openvpn openvswitch own packet passthru peer PERMANENT
permanent permanently podman port priority private PROBE probe prohibit promiscuous qemu REACHABLE reachable
received RECV redirect resolved route rule SENT sit source speaker STALE stale static supplicant SYN systemd
table tailscaled tap TCP tcpdump team throw TIME tun tunl tunnel UDP unbound unicast unreachable up upper used
vcan vepa veth vip virbr vlan vlan8021q vmbr vnet vrf vti vxlan WAIT waiting wg wireguard wireshark with wl wlan
wpa wwan x86 xfrm zebra
"""
_MORE = """
accepted after another answered Apr Aug before block bridged cannot Completed conf connection connections Dec
dropped established etc Feb Fri fully Generated handled hdr http isolated Jan Jul Jun lib local
localhost machine Mar masquerade May Mon netfilter NOTE Nov Oct refused requires rules run Sat Sep silent Sun
stand standin sysctl this Thu traffic Tue unanswered usr Wed
"""
_DNS = """
BADALG BADKEY BADMODE BADNAME BADSIG BADTIME BADTRUNC BADVERS FORMERR NOERROR NOTAUTH NOTIMP NOTZONE NXDOMAIN NXRRSET
REFUSED SERVFAIL YXDOMAIN YXRRSET
"""
_TEXTS = (_IPTABLES, _NFT, _KUBERNETES, _KERNEL, _MORE, _DNS)
WORDS = frozenset(" ".join(_TEXTS).split()) | frozenset(errno.errorcode.values())

# Names of interfaces that the kernel, systemd (systemd.net-naming-scheme(7)) or a program gives by counting.
COUNTED = re.compile(
    r"(?:eth|eno|ens|enp|wlan|wlp|wls|wwan|br|bridge|virbr|vmbr|lxcbr|lxdbr|vnet|tap|tun|bond|team|cni|docker|podman|wg"
    r"|dummy|macvlan|macvtap|ipvs|flannel|metallb|mlb|vlan|vxlan|usb|ib|can|hsr|vrf|sit|gre|tunl|ppp|lan|wan)"
    r"[0-9](?:[0-9]|(?:np|[spfdnvcuiabr])(?=[0-9]))*"
)
# Interfaces of guests and containers: what they are stays, whose they are does not.
RANDOM = re.compile(r"(veth|cali|lxc|tap|vnet|enx)([0-9A-Za-z]+)")
SAYS_NOTHING = re.compile(r"[0-9]+|0x[0-9a-f]+")


def is_kept(word: str) -> bool:
    """Whether a run of ASCII letters and digits says nothing about whom it comes from."""
    return bool(word in WORDS or SAYS_NOTHING.fullmatch(word) or COUNTED.fullmatch(word))
