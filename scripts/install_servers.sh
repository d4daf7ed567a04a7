#!/bin/sh
# Installs the S3 servers that the tests start, below .cache/servers (bin/ holds the programs). Idempotent: what is there
# already is left alone. Needs python3 and go; a server whose tools are missing is named and passed over, and the
# exit status is then 1.
#
#   scripts/install_servers.sh            all of them
#   scripts/install_servers.sh moto       one: moto, versitygw, minio, radosgw
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
home=${STOREPORT_SERVERS:-$root/.cache/servers}
mkdir -p "$home/bin"
failed=""

have() { command -v "$1" >/dev/null 2>&1; }

moto() {
  [ -x "$home/bin/moto_server" ] && return 0
  have python3 || { echo "moto: python3 is missing" >&2; return 1; }
  python3 -m venv "$home/moto" && "$home/moto/bin/pip" install --quiet --disable-pip-version-check \
    'moto[server,s3]==5.*' boto3 awscrt && ln -sf ../moto/bin/moto_server "$home/bin/moto_server"
}

# Go programs at the versions that the tests' tables of capabilities were made with.
go_program() { # name package
  [ -x "$home/bin/$1" ] && return 0
  have go || { echo "$1: go is missing" >&2; return 1; }
  GOBIN="$home/bin" GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=0 go install -ldflags "-s -w" "$2"
}

versitygw() { go_program versitygw github.com/versity/versitygw/cmd/versitygw@latest; }
minio() { go_program minio github.com/minio/minio@latest; }

# Debian's, into the system: it has no place of its own. Only for a superuser with apt.
radosgw() {
  have radosgw && have ceph-mon && return 0
  have apt-get && [ "$(id -u)" = 0 ] || { echo "radosgw: needs apt and the superuser" >&2; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 -qq update >/dev/null || return 1
  apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends \
    radosgw ceph-mon ceph-osd ceph-common >/dev/null
}

for server in ${*:-moto versitygw minio radosgw}; do
  "$server" || failed="$failed $server"
done
[ -z "$failed" ] || { echo "Not installed:$failed" >&2; exit 1; }
