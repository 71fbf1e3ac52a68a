#!/bin/bash
# The conformance pack as whoever gets it has it: unpacked elsewhere, run by its own script. What this kernel isn't known to break goes
# as is expected, and a file that expects something else doesn't.
#
#     tests/kernel_pack.sh ARCHIVE      the archive is made there by ci/kernel/pack
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

archive=${1:?where the archive is made}
work=$(mktemp -d "${TMPDIR:-/tmp}/nst_test.XXXXXX")
trap 'rm -rf "$work"' EXIT

ci/kernel/pack "$archive" >"$work/said" || { cat "$work/said"; exit 1; }
tar -C "$work" -xzf "$archive"
cd "$work/ns-tool-pack"
files=$(ls sequences | wc -l)
[ "$files" -gt 2000 ] || { echo "only $files sequences"; exit 1; }
./run >../tap || { grep -A40 '^not ok' ../tap | head -80; exit 1; }
[ "$(grep -c '^ok ' ../tap)" = "$files" ] || { echo "not every file has its line"; exit 1; }
tail -1 ../tap

rm sequences/*
printf '# options: --random --expected\n1 mkdir("/a", 0755) = 0\n' >sequences/wrong
if ./run >../tap; then
    echo "what is expected isn't held against what the kernel answers"
    exit 1
fi
