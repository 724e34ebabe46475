#!/bin/bash
set -e

target="${PREFIX}/share/doc/failing-script"
mkdir -p "${target}"
for part in contents; do
    cp "${part}.txt" "${target}/"
done
cp manual.md "${target}/"
echo "installed in ${target}"
