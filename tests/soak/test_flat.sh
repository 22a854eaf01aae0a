#!/bin/sh
# test_flat.sh: an insert costs the same in a large ledger as in an empty one, by the work that
# SQLite counts: how long that takes is for `make bench-flat` to say, on a machine that is quiet.
# TOLL_FLAT sets how many; under a sanitizer a few show that it runs.
set -eu
build=${TOLL_BUILD:-build/release}
if [ "${TOLL_MODE:-release}" = release ]; then
	events=${TOLL_FLAT:-3000000}
else
	events=6000
	echo "note: flat: 6 000 events: this is ${TOLL_MODE:-release}"
fi
"$build/tests/bench/bench" --flat "$events" --slice $((events / 6)) --work 1
