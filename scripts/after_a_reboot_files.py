"""What the guest of scripts/after_a_reboot.py finds in its /etc beside the files of a fix: its network, and its "cluster".

@MODULES@, @RELEASE@, @MASKED@, @MANAGERS@, @FILES@ and @UNINSTALL@ are filled in there.
"""

from __future__ import annotations

from scripts.guest_cluster import ASKED, POD, POD_SERVES, kube_proxy, speaker

VIP, VIP6, NODE, NODE6 = "192.0.2.53", "2001:db8::53", "192.0.2.246", "2001:db8::246"

PREPARE = """\
cd /new/etc && rm -rf systemd/system systemd/network network/interfaces* NetworkManager rc?.d init.d fstab
rm -rf /new/etc/hairpin-doctor /new/var/lib/hairpin-doctor /new/var/log/journal
mkdir -p /new/etc/network/interfaces.d /new/etc/lab-vm /new/etc/systemd/system /new/lib/modules
ln -sfn @MODULES@ /new/lib/modules/@RELEASE@
@FILES@
cd /new/etc/systemd/system
for unit in @MASKED@; do
    ln -s /dev/null $unit
done
mkdir -p multi-user.target.wants network-online.target.wants
for unit in k0scontroller story; do ln -s /etc/systemd/system/$unit.service multi-user.target.wants/; done
for unit in $(cat /new/etc/lab-vm/managers); do
    ln -s /lib/systemd/system/$unit multi-user.target.wants/ # one of ours in /etc goes first
    [ -e $unit ] && ln -sf /etc/systemd/system/$unit multi-user.target.wants/
done
cd /
"""

MASKED = (
    *(
        "getty.target",
        "systemd-logind.service",
        "systemd-user-sessions.service",
    ),
    *("systemd-timesyncd.service", "systemd-tmpfiles-setup.service", "systemd-tmpfiles-clean.timer"),
    *("systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-random-seed.service"),
    *("systemd-firstboot.service", "systemd-sysusers.service", "systemd-journal-flush.service"),
    *("systemd-binfmt.service", "systemd-pstore.service", "dev-hugepages.mount"),
)
"""What a guest without people needs not; cleaning temporary files would walk through this machine's, too."""
SITE = """\
[Unit]
Description=bridge0, by a unit of the site
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -ec "ip link add bridge0 type bridge; ip link add eno1 type dummy; ip link set eno1 master bridge0 up; \\
    ip addr add 192.0.2.246/24 dev bridge0; ip addr add 2001:db8::246/64 dev bridge0 nodad; ip link set bridge0 up"
"""
INTERFACES = """\
source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback
auto bridge0
iface bridge0 inet static
    address 192.0.2.246/24
    pre-up ip link add bridge0 type bridge
    pre-up ip link add eno1 type dummy
    pre-up ip link set eno1 master bridge0 up
iface bridge0 inet6 static
    address 2001:db8::246/64
"""
NETWORKD = {
    "10-bridge0.netdev": "[NetDev]\nName=bridge0\nKind=bridge\n",
    "10-eno1.netdev": "[NetDev]\nName=eno1\nKind=dummy\n",
    "10-bridge0.network": "[Match]\nName=bridge0\n[Network]\nAddress=192.0.2.246/24\n"
    "Address=2001:db8::246/64\nIPv6AcceptRA=no\n",
    "10-eno1.network": "[Match]\nName=eno1\n[Network]\nBridge=bridge0\n",
}
KEYFILES = {
    "bridge0": "type=bridge\n[bridge]\nstp=false\n[ipv4]\nmethod=manual\naddress1=192.0.2.246/24\n"
    "[ipv6]\nmethod=manual\naddress1=2001:db8::246/64\n",
    "eno1": "type=dummy\nmaster=bridge0\nslave-type=bridge\n[dummy]\n",
}
NETWORK_MANAGER = {
    f"system-connections/{name}.nmconnection": f"[connection]\nid={name}\ninterface-name={name}\n{text}"
    for name, text in KEYFILES.items()
}
UNITS, ONLINE = "etc/systemd/system", "etc/systemd/system/network-online.target.d/wait.conf"
MANAGERS: dict[str, dict[str, str]] = {
    "systemd-networkd": {
        **{f"etc/systemd/network/{name}": text for name, text in NETWORKD.items()},
        "etc/lab-vm/managers": "systemd-networkd.service systemd-networkd.socket\n",
        ONLINE: "[Unit]\nWants=systemd-networkd-wait-online.service\n",
        f"{UNITS}/systemd-networkd-wait-online.service.d/slow.conf": "[Service]\nExecStart=\n"
        "ExecStart=/lib/systemd/systemd-networkd-wait-online --timeout=900\n",
    },
    "ifupdown": {"etc/network/interfaces": INTERFACES, "etc/lab-vm/managers": "networking.service\n"},
    "NetworkManager": {
        **{f"etc/NetworkManager/{name}": text for name, text in NETWORK_MANAGER.items()},
        "etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=keyfile\n",
        "etc/lab-vm/managers": "NetworkManager.service\n",
        ONLINE: "[Unit]\nWants=NetworkManager-wait-online.service\n",
        f"{UNITS}/NetworkManager-wait-online.service.d/slow.conf": "[Service]\nEnvironment=NM_ONLINE_TIMEOUT=900\n",
    },
    "unit": {"etc/systemd/system/site.service": SITE, "etc/lab-vm/managers": "site.service\n"},
}

CLUSTER_UNIT = """\
[Unit]
Description=k0s - Zero Friction Kubernetes
After=network-online.target
Wants=network-online.target
[Service]
ExecStartPre=/bin/sh -x /etc/lab-vm/cluster
ExecStart=/bin/bash /etc/lab-vm/speakers
StandardOutput=append:/run/speakers
"""
CLUSTER = """\
mac=$(cat /sys/class/net/metallb0/address)
fdb=$(bridge fdb get "$mac" br bridge0)
set=$(sysctl -n net.ipv4.conf.metallb0.arp_ignore net.ipv4.conf.metallb0.rp_filter)
link=$(ip -4 -br addr show metallb0)
for try in 1 2 3; do # the kernel tells of a carrier once a second at most (linkwatch)
    case $link in *LOWERLAYERDOWN*) sleep 1; link=$(ip -4 -br addr show metallb0) ;; esac
done
echo $link, $fdb, $set > /run/at-start
"""
SPEAKERS = f"""\
{speaker([VIP], "metallb0")} &
# MetalLB's looks for new interfaces every ten seconds; an IPv6 VIP it announces on none without a link-local address
until ip -6 -br addr show dev metallb0 scope link -tentative | grep -q fe80::; do sleep 1; done
{speaker([VIP6], "metallb0")}
"""
BESIDE = f"""\
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip netns add vm; ip netns add pod
ip link add vnet1 type veth peer name eth0 netns vm; ip link set vnet1 master bridge0 up
ip link add cali83 type veth peer name eth0 netns pod; ip link set cali83 up
for each in "vm {VIP[:-2]}10/24 2001:db8::10/64" "pod {POD[4]}/24 {POD[6]}/64"; do
    set -- $each
    ip -n $1 link set lo up; ip -n $1 link set eth0 up
    ip -n $1 addr add $2 dev eth0; ip -n $1 addr add $3 dev eth0 nodad
done
ip addr add 10.244.0.1/24 dev cali83; ip -n pod route add default via 10.244.0.1
ip addr add fd00:244::1/64 dev cali83 nodad; ip -n pod route add default via fd00:244::1
{kube_proxy(VIP, NODE)}{kube_proxy(VIP6, NODE6)}"""
POD_UNIT = f"[Service]\nExecStart={POD_SERVES}\n"
STORY_UNIT = """\
[Unit]
Description=The story
After=k0scontroller.service
[Service]
ExecStart=/bin/bash /etc/lab-vm/story
"""
STORY = (
    """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec > /dev/ttyS0 2>&1 < /dev/null
trap 'systemctl --force --force poweroff' EXIT
PS4='+ $SECONDS '
"""
    + ASKED
    + """\
set -ex
cat /run/at-start || true
ip addr; systemctl --failed --no-pager; journalctl -b -q --no-pager -u @MANAGERS@ -u '*online*' -u k0scontroller | tail -n 60
grep -E '^metallb0@bridge0 (UP|UNKNOWN) 169.254.7.9/32 ?, .* dev bridge0 master bridge0 permanent, 1 2$' /run/at-start

bash -ex /etc/lab-vm/beside
systemctl start pod
ip -6 route show dev metallb0
for try in $(seq 300); do [ $(grep -c 'announcer ready' /run/speakers) != 2 ] || break; sleep 1; done
for vip in @VIP@ @VIP6@; do
    served $vip
    ip -n vm neigh show $vip | grep @MAC@
done

modprobe br_netfilter # late, with its own default of 1
ip link add cni0 type bridge
for try in $(seq 30); do
    sleep 1
    found=$(cat /proc/sys/net/bridge/bridge-nf-call-iptables /sys/class/net/{bridge0,cni0}/bridge/nf_call_iptables)
    [ "$(echo $found)" != "0 0 1" ] || break
done
[ "$(echo $found)" = "0 0 1" ]
sysctl -w net.bridge.bridge-nf-call-iptables=1
for try in $(seq 30); do sleep 1; [ $(sysctl -n net.bridge.bridge-nf-call-iptables) = 1 ] || break; done
[ $(sysctl -n net.bridge.bridge-nf-call-iptables) = 0 ]

@UNINSTALL@
for try in $(seq 60); do ip link show metallb0 || break; sleep 1; done
! ip link show metallb0
ip -n vm neigh flush all
for vip in @VIP@ @VIP6@; do unserved $vip; done
! systemctl list-units --all | grep hairpin-doctor
! find /etc -type f -name '*hairpin-doctor*' | grep .
[ $(sysctl -n net.bridge.bridge-nf-call-iptables) = 1 ]
echo "LAB-VM: it lasts"
"""
)
FILES = {
    "etc/lab-vm/story": STORY,
    "etc/hostname": "n5\n",
    # every instruction is interpreted there: udev may take longer than the 90 s that a device is waited for
    "etc/systemd/system.conf.d/slow.conf": "[Manager]\nDefaultDeviceTimeoutSec=15min\nDefaultTimeoutStartSec=15min\n",
    "etc/systemd/system/k0scontroller.service": CLUSTER_UNIT,
    "etc/systemd/system/story.service": STORY_UNIT,
    "etc/systemd/system/pod.service": POD_UNIT,
    "etc/lab-vm/cluster": CLUSTER,
    "etc/lab-vm/speakers": SPEAKERS,
    "etc/lab-vm/beside": BESIDE,
}
