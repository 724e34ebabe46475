#!/bin/bash
set -ex

# The prefix is compiled into the library (where stopwords.txt lies), so that it has to be relocated at install.
make -j"${CPU_COUNT}" DESTINATION="${PREFIX}" libtally.so.1.2.0
make check
