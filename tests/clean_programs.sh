#!/bin/bash
# Twenty clean programs, each a hundred times (or $1): `ns-tool check` has nothing to say of any.
# NST_TOOL names the tool. What isn't installed is told and left out.
set -euo pipefail
times=${1:-100}
tool=${NST_TOOL:?}
tried=0
status=0
"$tool" check -- true 2>/dev/null || status=$?
if [ $status = 77 ]; then
    echo 'ns-tool check cannot make a parent of its own here'
    [ "${NST_REQUIRE_KERNEL:-}" = 1 ] && exit 1
    exit 77
fi
commands=(
    "true"
    "unshare -m true"
    "unshare -m --propagation slave true"
    "unshare -Urm true"
    "unshare -mpf true"
    "unshare -mpf --mount-proc true"
    "unshare -mupif true"
    "unshare -Urmpf true"
    "unshare -m sh -c 'mount -t tmpfs x /mnt; umount /mnt'"
    "unshare -m sh -c 'mount -t tmpfs x /mnt; exec true'"
    "unshare -m sh -c 'mount --bind /usr /mnt; exec true'"
    "unshare -m sh -c 'mount --rbind / /mnt; umount -R -l /mnt'"
    "unshare -m sh -c 'mount -t tmpfs -o nosuid,nodev x /mnt; mkdir /mnt/a; mount --bind /mnt/a /mnt/a; true'"
    "unshare -m unshare -m true"
    "unshare -m --propagation unchanged sh -c 'mount --make-rprivate /; mount -t tmpfs x /mnt; true'"
    "sh -c 'unshare -m sh -c \"mount -t tmpfs x /mnt; exec sleep 0.01\" & wait'"
    "bwrap --bind / / true"
    "bwrap --ro-bind / / --tmpfs /tmp --dev /dev --proc /proc true"
    "bwrap --ro-bind / / --unshare-all true"
    "bwrap --tmpfs / --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 true"
)
for command in "${commands[@]}"; do
    if [[ $command == bwrap* ]] && ! command -v bwrap >/dev/null; then
        echo "left out, not installed: $command"
        continue
    fi
    for ((i = 0; i < times; i++)); do
        if ! said=$(eval "'$tool' check -- $command" 2>&1); then
            printf 'a false alarm, run %d of: %s\n%s\n' "$i" "$command" "$said"
            exit 1
        fi
    done
    tried=$((tried + 1))
done
echo "$tried clean programs, $times runs each: no false alarm"
