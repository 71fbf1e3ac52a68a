#!/bin/bash
# Installs the library of BUILD below a directory of its own, builds the example against it both
# ways, and holds what it says: the setup is sound, and each of its mistakes is found.
#
# usage: check.sh BUILD COMPILER FLAGS
set -euo pipefail

build=$1 compiler=$2 flags=$3
example=$(dirname "$(readlink -f "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

says() { # STATUS TEXT COMMAND...
    local status=0 wanted=$1 text=$2
    shift 2
    "$@" >"$scratch/out" 2>&1 || status=$?
    [ "$status" != 77 ] || [ "${NST_REQUIRE_KERNEL:-}" = 1 ] || { cat "$scratch/out"; exit 77; }
    if [ "$status" != "$wanted" ] || ! grep -qF -- "$text" "$scratch/out"; then
        cat "$scratch/out"
        echo "$*: status $status, expected $wanted and '$text'"
        exit 1
    fi
    echo "$*: $text"
}

cmake --install "$build" --prefix "$scratch/installed" >/dev/null
cp -r "$example" "$scratch/with-make"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/installed" -name ns-tool.pc)")
make -s -C "$scratch/with-make" CC="$compiler" CFLAGS="$flags" LDFLAGS="$flags"
cmake -S "$example" -B "$scratch/with-cmake" -DCMAKE_PREFIX_PATH="$scratch/installed" \
    -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" >/dev/null
cmake --build "$scratch/with-cmake" >/dev/null

export NST_SEED=7 NST_CASES=100
for way in with-make with-cmake; do
    says 0 "it held" "$scratch/$way/isolates"
    says 1 "breaks isolation: the setup shows in the parent: + /mnt" "$scratch/$way/isolates" too-late
    says 1 "breaks isolation: " "$scratch/$way/isolates" not-recursive
    says 0 "it held" "$scratch/$way/own_property"
    says 1 "breaks has_mnt: the container has no /mnt" "$scratch/$way/own_property" not-recursive
done
