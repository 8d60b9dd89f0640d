#!/bin/sh
# Makes ./configure from configure.ac; needed once in a fresh clone.
set -e
cd "$(dirname "$0")"
mkdir -p m4
exec autoreconf --install --warnings=all,no-obsolete,no-portability
