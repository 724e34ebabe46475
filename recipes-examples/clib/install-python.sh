#!/bin/bash
set -ex

${PYTHON} -m pip install ./python --no-deps --no-build-isolation -vv
