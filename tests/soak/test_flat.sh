#!/bin/sh
# test_flat.sh: an insert costs the same in a ledger of ten million events as in an empty one.
# TOLL_FLAT sets how many; under a sanitizer, which has costs of its own, it only runs.
set -eu
build=${TOLL_BUILD:-build/release}
if [ "${TOLL_MODE:-release}" = release ]; then
	"$build/tests/bench/bench" --flat "${TOLL_FLAT:-10000000}"
else
	"$build/tests/bench/bench" --flat 6000 --slice 1000 || [ $? = 1 ]
	echo "note: flat: 6 000 events, and no rate asked for: this is ${TOLL_MODE:-release}"
fi
