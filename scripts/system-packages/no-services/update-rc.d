#!/bin/sh
exec sh "${0%/*}/../start-nothing" update-rc.d "$@"
