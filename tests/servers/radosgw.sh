#!/bin/sh
# Runs a Ceph cluster of one monitor, one OSD in memory and one gateway in a directory, until it is told to end.
#
#   radosgw.sh <directory> <port of the gateway> <port of the monitor> <access key> <secret key>
set -eu
home=$1 port=$2 monitor=$3 access=$4 secret=$5
rm -rf "$home"
mkdir -p "$home/mon" "$home/osd" "$home/rgw"
uuid() { cat /proc/sys/kernel/random/uuid; }
fsid=$(uuid) osd=$(uuid)

cat >"$home/ceph.conf" <<END
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$monitor/0]
mon initial members = a
keyring = $home/keyring
run dir = $home
admin socket = $home/\$name.asok
log file = $home/\$name.log
pid file =
crash dir = $home
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon osd min in ratio = 0
mon data avail crit = 0
paxos propose interval = 0.01
paxos min wait = 0.005
osd objectstore = memstore
memstore device bytes = 4294967296
mon data = $home/mon
osd data = $home/osd
rgw data = $home/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw run sync thread = false
END
export CEPH_CONF="$home/ceph.conf"

running=""
# Nothing is worth a clean end.
trap 'kill -9 $running 2>/dev/null; wait; exit 0' TERM INT EXIT

key() { ceph-authtool "$home/keyring" --gen-key "$@" >/dev/null; }
ceph-authtool --create-keyring "$home/keyring" >/dev/null
key -n mon. --cap mon 'allow *'
key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
key -n client.rgw --cap mon 'allow rwx' --cap osd 'allow rwx'
key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor]" "$home/monmap" >/dev/null
ceph-mon --mkfs -i a --keyring "$home/keyring" --monmap "$home/monmap" >/dev/null
ceph-mon -i a -f >/dev/null 2>&1 &
running="$running $!"
timeout 20 ceph auth import -i "$home/keyring" 2>/dev/null
timeout 20 ceph osd new "$osd" 0 >/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$osd" >/dev/null 2>&1
ceph-osd -i 0 -f >/dev/null 2>&1 &
running="$running $!"
timeout 40 radosgw-admin user create --uid test --display-name test --access-key "$access" --secret-key "$secret" >/dev/null 2>&1
radosgw -f -n client.rgw >/dev/null 2>&1 &
running="$running $!"
wait
