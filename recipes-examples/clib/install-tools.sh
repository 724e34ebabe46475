#!/bin/bash
set -ex

# Links the installed library of the host environment, not the one in this folder.
make DESTINATION="${PREFIX}" tally
make DESTINATION="${PREFIX}" install-tools
