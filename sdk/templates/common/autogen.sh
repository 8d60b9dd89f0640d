#!/bin/sh
# Makes configure.
cd "$(dirname "$0")" && mkdir -p m4 && autoreconf --install
