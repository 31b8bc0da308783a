#!/bin/sh
# Does Lacuna set itself up where nothing is installed? Makes a minimal Debian 12 (debootstrap
# --variant=minbase) in a folder, puts the committed tree into it, and types the README's two
# commands there, nothing else. Run as root on Debian or Ubuntu: sh cmake/check-bare.sh [FOLDER]
# The mirror is the first one this machine itself uses; MIRROR overrides it.
set -eu
cd "$(dirname "$0")/.."

root=${1:-$(mktemp -d /var/tmp/lacuna-bare.XXXXXX)}
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' | head -n 1)}

command -v debootstrap >/dev/null 2>&1 || { echo "check-bare: needs debootstrap" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "check-bare: needs root, for chroot" >&2; exit 2; }

finish() { umount "$root/proc" "$root/dev" 2>/dev/null || true; }
trap finish EXIT

[ -x "$root/bin/sh" ] || debootstrap --variant=minbase bookworm "$root" "$mirror"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
# the chroot reaches the archive the way this machine does
for file in /etc/apt/apt.conf.d/*artifact* /etc/apt/apt.conf.d/*proxy*; do
    [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
rm -rf "$root/lacuna"
mkdir "$root/lacuna"
git archive HEAD | tar -x -C "$root/lacuna"

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    sh -c "cd /lacuna && $1"; }
inside 'sh cmake/bootstrap.sh run experiments/quickstart.yaml'
inside 'sh cmake/bootstrap.sh test'
test -s "$root/lacuna/results/quickstart/report.html"
echo "check-bare: both commands work on a bare Debian 12 in $root"
