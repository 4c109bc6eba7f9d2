"""What the guest of scripts/mended_guest.py finds in its /etc: the site's network, a speaker, the story of both boots."""

from __future__ import annotations

MENDED, BOOTED_AGAIN = "LAB-VM: mended", "LAB-VM: it lasts"
NETWORK = """\
set -e
modprobe br_netfilter; modprobe nf_conntrack
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0 net.ipv4.conf.all.rp_filter=0
ip link add bridge0 address 52:54:00:00:00:01 type bridge
ip netns add lan; ip netns add vm; ip netns add pod
ip link add eno1 type veth peer name eth0 netns lan
ip link add vnet1 type veth peer name eth0 netns vm
for port in eno1 vnet1; do ip link set $port master bridge0 up; done
ip addr add 192.0.2.246/24 dev bridge0; ip link set bridge0 up
ip link add cni0 address 52:54:00:00:00:02 type bridge; ip addr add 10.244.0.1/24 dev cni0
ip link add veth83 type veth peer name eth0 netns pod; ip link set veth83 master cni0 up; ip link set cni0 up
for each in "lan 192.0.2.1" "vm 192.0.2.10" "pod 10.244.0.83"; do
    set -- $each
    ip -n $1 addr add $2/24 dev eth0; ip -n $1 link set eth0 up; ip -n $1 link set lo up
done
ip -n vm route add default via 192.0.2.1; ip -n pod route add default via 10.244.0.1
iptables-nft-restore --noflush <<'END'
*nat
:KUBE-SERVICES -
:KUBE-POSTROUTING -
:KUBE-MARK-MASQ -
:KUBE-EXT-AAAAAAAAAAAAAAAA -
:KUBE-SVC-AAAAAAAAAAAAAAAA -
:KUBE-SEP-AAAAAAAAAAAAAAAA -
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SERVICES -d 10.96.0.80/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -d 192.0.2.80/32 -p tcp -m comment --comment "default/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-AAAAAAAAAAAAAAAA
-A KUBE-EXT-AAAAAAAAAAAAAAAA -m comment --comment "masquerade traffic for default/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-AAAAAAAAAAAAAAAA -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "default/web:http -> 10.244.0.83:8080" -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SEP-AAAAAAAAAAAAAAAA -s 10.244.0.83/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.0.83:8080
COMMIT
END
"""  # noqa: E501
SITE = """\
[Unit]
Description=The site's network and pods
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /etc/lab-vm/network
"""
POD = """\
[Unit]
Description=The pod
After=site.service
[Service]
ExecStart=/usr/sbin/ip netns exec pod @REPOSITORY@/.venv/bin/python -S -m http.server 8080 --directory /etc/lab-vm
"""
SPEAKER = """\
[Unit]
Description=k0s, and in it the speaker, which announces where the advertisement says
After=network-online.target
Wants=network-online.target
[Service]
ExecStart=/bin/sh /etc/lab-vm/speaker
Restart=on-failure
RestartSec=1
"""
SPEAKER_SCRIPT = """\
. /etc/lab-vm/advertisement
exec @REPOSITORY@/.venv/bin/python -S @REPOSITORY@/hairpin_doctor/lab/announcer.py '{"vips": ["192.0.2.80"],
    "interfaces": ["'$on'"], "habit": "bound", "listen_enslaved": true, "process": "speaker",
    "answer_with": {}, "hears": "group"}'
"""
STORY_UNIT = """\
[Unit]
Description=The story
After=k0scontroller.service
[Service]
ExecStart=/bin/bash /etc/lab-vm/story
"""
STORY = """\
export PATH=@REPOSITORY@/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root PYTHONDONTWRITEBYTECODE=1 COLUMNS=100
exec > /dev/ttyS0 2>&1 < /dev/null
trap '[ $? = 0 ] || systemctl status --no-pager k0scontroller pod site; systemctl --force --force poweroff' EXIT
PS4='+ $SECONDS '
set -ex
mkdir -p /run/lab-vm
served() { ip netns exec vm bash -c 'exec 3<> /dev/tcp/192.0.2.80/80 && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && grep -q . <&3' & wait $!; }
served_within() {
    for try in $(seq $1); do timeout 5 bash -c "$(declare -f served); served" && return; sleep 1; done
    false
}
in_the_vm() { ip netns exec vm unshare -u sh -c 'hostname vm; exec "$@"' sh "$@"; }
forget() { ip netns exec vm ip neigh flush all; ip neigh flush all; bridge fdb flush dev bridge0 2> /dev/null || true; }
advertise() { echo "on=$1" > /etc/lab-vm/advertisement; systemctl restart k0scontroller; sleep 3; forget; }
apply() { # what a person types, and from another shell, once the VM is served, --confirm
    hairpin-doctor fix "$@" --target 192.0.2.80:80 --from /run/lab-vm/vm.json --apply --confirm-within 900 \\
        > /run/lab-vm/said 2>&1 &
    typed=$!
    until grep -q 'To keep it' /run/lab-vm/said; do kill -0 $typed || { cat /run/lab-vm/said; false; }; sleep 2; done
}
see() { in_the_vm hairpin-doctor scan 192.0.2.80:80 --save /run/lab-vm/vm.json -o short || true; }

if [ ! -e /etc/lab-vm/booted ]; then
    touch /etc/lab-vm/booted
    served_within 20

    sysctl -w net.netfilter.nf_conntrack_max=300
    @REPOSITORY@/.venv/bin/python -S @REPOSITORY@/hairpin_doctor/lab/crowd.py > /run/lab-vm/crowd &
    crowd=$!
    until [ -s /run/lab-vm/crowd ]; do sleep 1; done
    ! served_within 2
    rm -f /run/lab-vm/vm.json; see
    kill $crowd
    apply HD408
    served_within 5
    hairpin-doctor fix --confirm
    wait $typed
    cat /run/lab-vm/said
    [ $(sysctl -n net.netfilter.nf_conntrack_max) = 600 ]
    conntrack -C
    hairpin-doctor fix --rollback
    [ $(sysctl -n net.netfilter.nf_conntrack_max) = 300 ]
    ! served_within 2
    conntrack -F
    sysctl -w net.netfilter.nf_conntrack_max=65536
    served_within 5

    advertise eno1
    ! served_within 2
    rm -f /run/lab-vm/vm.json; see
    apply HD104 --option 2 --persist
    advertise metallb0 # what the plan's stage of the cluster says
    served_within 5
    hairpin-doctor fix --confirm
    wait $typed
    cat /run/lab-vm/said
    hairpin-doctor fix --history
    sync
    echo "LAB-VM: mended"
    exit
fi
served_within 60
in_the_vm hairpin-doctor scan 192.0.2.80:80 --save /run/lab-vm/vm.json
hairpin-doctor scan 192.0.2.80:80 --with /run/lab-vm/vm.json
hairpin-doctor fix --uninstall HD104
! ip link show metallb0
! find /etc -name '*hairpin-doctor*' | grep .
forget
! served_within 2
echo "LAB-VM: it lasts"
"""
FILES = {
    "etc/hostname": "n5\n",
    "etc/systemd/system.conf.d/slow.conf": "[Manager]\nDefaultDeviceTimeoutSec=15min\nDefaultTimeoutStartSec=15min\n",
    "etc/systemd/system/site.service": SITE,
    "etc/systemd/system/pod.service": POD,
    "etc/systemd/system/k0scontroller.service": SPEAKER,
    "etc/systemd/system/story.service": STORY_UNIT,
    "etc/lab-vm/managers": "site.service pod.service\n",
    "etc/lab-vm/network": NETWORK,
    "etc/lab-vm/advertisement": "on=bridge0\n",
    "etc/lab-vm/speaker": SPEAKER_SCRIPT,
    "etc/lab-vm/story": STORY,
}
