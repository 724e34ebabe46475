#!/bin/bash
set -ex

make DESTINATION="${PREFIX}" install-lib
