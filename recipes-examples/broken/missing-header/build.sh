#!/bin/bash
set -ex

mkdir -p "${PREFIX}/bin"
${CC} ${CPPFLAGS} ${CFLAGS} ${LDFLAGS} hello.c -o "${PREFIX}/bin/hello"
