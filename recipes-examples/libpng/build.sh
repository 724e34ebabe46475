#!/bin/bash
set -ex

./configure --prefix="${PREFIX}" --with-zlib-prefix="${PREFIX}" --disable-static \
    CPPFLAGS="-I${PREFIX}/include ${CPPFLAGS}" LDFLAGS="-L${PREFIX}/lib ${LDFLAGS}"
make -j"${CPU_COUNT}"
make check TESTS=tests/pngtest-all
make install
rm "${PREFIX}"/lib/*.la
