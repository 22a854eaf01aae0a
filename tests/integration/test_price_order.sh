#!/bin/sh
# test_price_order.sh: neither the order of events nor how they are batched changes a sum.  The
# same random lines, with phases and repeats, are imported in other orders and other pieces, and
# partly before the book is in force: every report is the same to the last decimal, the ledger
# verifies, and the sum is that of a second reckoning (tests/support/price_oracle.py).
#
# SEED=1 comes from the environment and is printed.
set -eu
export PYTHONDONTWRITEBYTECODE=1

command -v python3 >/dev/null 2>&1 || {
	echo "SKIPPED: there is no python3, which the second reckoning is written in"
	exit 77
}
build=${TOLL_BUILD:-build/release}
seed=${TOLL_SEED:-${SEED:-1}}
books=3
orders=4
events=3000
[ "${TOLL_MODE:-release}" = release ] || events=400
toll=$build/toll
folder=$(mktemp -d build/order-XXXXXX)
trap 'rm -rf "$folder"' EXIT
echo "SEED=$seed"

# reports LEDGER OUT: all that the ledger adds up.
reports()
{
	: >"$2"
	for group in account key model source hour; do
		"$toll" report --json --by $group --ledger "$1" >>"$2"
	done
}

# apply LEDGER: the book is in force from here on; a ledger is made where there is none.
apply()
{
	"$toll" import --prices "$folder/book.json" --ledger "$1" /dev/null >/dev/null
}

# import LEDGER FILE: each line is taken, in whatever state.
import()
{
	"$toll" import --strict --json --ledger "$1" "$2" >"$folder/import" 2>&1 || {
		cat "$folder/import"
		echo "a line of $2 was not taken"
		exit 1
	}
}

# check LEDGER WHAT: as the first one, and sound.
check()
{
	"$toll" verify --ledger "$1" >"$folder/verify" || { cat "$folder/verify"; exit 1; }
	reports "$1" "$folder/got"
	diff "$folder/want" "$folder/got" >"$folder/diff" || {
		cut -c 1-2000 "$folder/diff"
		echo "SEED=$seed, book $book: $2: another report"
		exit 1
	}
}

book=0
while [ $book -lt $books ]; do
	book=$((book + 1))
	rm -f "$folder"/*
	python3 tests/support/price_orders.py events $((seed * 1000 + book)) $events "$folder"
	apply "$folder/first.db"
	import "$folder/first.db" "$folder/events.ndjson"
	reports "$folder/first.db" "$folder/want"
	check "$folder/first.db" "itself"
	"$toll" report --json --ledger "$folder/first.db" >"$folder/report"
	python3 tests/support/price_orders.py same "$folder" "$folder/report"
	order=0
	while [ $order -lt $orders ]; do
		order=$((order + 1))
		rm -f "$folder"/part-* "$folder"/next.db*
		parts=$(python3 tests/support/price_orders.py shuffle $((seed * 1000 + order)) \
			"$folder")
		part=0
		while [ $part -lt "$parts" ]; do
			part=$((part + 1))
			# Every other time some come before there is a price.
			if [ $part = $((1 + order % 2 * 2)) ] || [ $part = "$parts" ]; then
				apply "$folder/next.db"
			fi
			import "$folder/next.db" "$folder/part-$part.ndjson"
		done
		"$toll" suspense retry --ledger "$folder/next.db" >/dev/null
		check "$folder/next.db" "order $order in $parts parts"
	done
done

# A report that is another one is seen.
grep -v '"id": "r-0",' "$folder/events.ndjson" >"$folder/less.ndjson"
rm -f "$folder"/next.db*
apply "$folder/next.db"
import "$folder/next.db" "$folder/less.ndjson"
reports "$folder/next.db" "$folder/got"
if cmp -s "$folder/want" "$folder/got"; then
	echo "a request that is missing changed no report"
	exit 1
fi
echo "$books books in $orders orders: the same sums"
