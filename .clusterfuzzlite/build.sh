#!/bin/bash -eu
exec "$SRC/ns-tool/ci/oss-fuzz/build.sh"
