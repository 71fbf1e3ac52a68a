#!/bin/bash -eu
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for it: with $CC, $CXX, $CFLAGS,
# $CXXFLAGS and $LIB_FUZZING_ENGINE, from $SRC/ns-tool in $WORK into $OUT, each with its seeds, its
# dictionary and its options. What runs them may not have our libraries, so they go along; under
# MemorySanitizer libmount would have to be instrumented, and is left out.
libraries="mount;libseccomp;jansson"
[ "$SANITIZER" != memory ] || libraries="libseccomp;jansson"

cmake -G Ninja -S "$SRC/ns-tool" -B "$WORK/ns-tool" \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
    -DNST_FUZZ=ON -DNST_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DNST_FUZZ_SANITIZERS= \
    -DNST_WERROR=OFF -DNST_LIBRARIES="$libraries" \
    -DCMAKE_BUILD_RPATH='$ORIGIN/lib' -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
mkdir -p "$OUT/lib"

for source in "$SRC"/ns-tool/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    cmake --build "$WORK/ns-tool" --target "$target" "${target}_dict"
    cp "$WORK/ns-tool/$target" "$WORK/ns-tool/$target.dict" "$OUT"
    cp "$SRC/ns-tool/fuzz/$target.options" "$OUT"
    rm -f "$OUT/${target}_seed_corpus.zip"
    (cd "$SRC/ns-tool/corpus/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
done
ldd "$OUT"/fuzz_* 2>/dev/null | sed -nE 's/.* => (.*\/lib(mount|blkid|selinux|pcre2-8|seccomp|jansson)\.so\S*) .*/\1/p' | sort -u |
    xargs -r cp -L -t "$OUT/lib"
