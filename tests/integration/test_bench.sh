#!/bin/sh
# test_bench.sh: the bench measures and writes all of its figures; not how good they are.
set -eu
build=${TOLL_BUILD:-build/release}
folder=$(mktemp -d build/bench-test-XXXXXX)
trap 'rm -rf "$folder"' EXIT

"$build/tests/bench/bench" --build "$build" --output "$folder/bench.json" --events 4000 --rounds 1
# The ratio of so few events may well be zero per cent, and a reload nobody's wait.
grep -qE '"ratio_percent": \{ "median": [0-9]+' "$folder/bench.json"
grep -qE '"reload_more_us": \{ "median": [0-9]+' "$folder/bench.json"
for figure in events_per_s ack_p50_us ack_p99_us bytes_per_event peak_rss_kib \
	reload_longest_us ceiling_rows_per_s ratings_per_s loading_ms loading_peak_kib \
	reconcile_month_ms reconcile_month_peak_kib reconcile_month_by_day_ms \
	reconcile_month_days_ms reconcile_days_ms \
	reconcile_all_ms \
	reconcile_all_peak_kib; do
	grep -qE "\"$figure\": \{ \"median\": [1-9][0-9]*, \"rounds\": \[[1-9][0-9]*\] \}" \
		"$folder/bench.json" || {
		echo "$figure is not in:"
		cat "$folder/bench.json"
		exit 1
	}
done
# Statements alone, and with a ledger too small for their targets: none is held to one.
"$build/tests/bench/bench" --build "$build" --output "$folder/bills.json" --reconcile 2000 \
	--rounds 1 >"$folder/bills.txt"
grep -q '"events": 2000,' "$folder/bills.json"
grep -qE '"reconcile_all_ms": \{ "median": [1-9]' "$folder/bills.json"
if grep -E ': (met|MISSED)$' "$folder/bills.txt"; then
	exit 1
fi
left=$(find build -maxdepth 1 -name 'bench-??????' -o -maxdepth 1 -name 'bench-book-??????' \
	-o -maxdepth 1 -name 'bench-bill-??????')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
