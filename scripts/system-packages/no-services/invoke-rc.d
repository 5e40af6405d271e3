#!/bin/sh
exec sh "${0%/*}/../start-nothing" invoke-rc.d "$@"
