#!/bin/bash
set -e

mkdir -p "${PREFIX}/share/tool"
echo "data" > "${PREFIX}/share/tool/data.txt"
