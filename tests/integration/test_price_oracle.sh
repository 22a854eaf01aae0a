#!/bin/sh
# test_price_oracle.sh: what a request costs is what toll-pricebook(5) says, by a second reckoning
# that shares nothing with the program (tests/support/price_oracle.py): random books with all that
# a rate card can hold, and for each some hundred requests on and beside every threshold and hour.
#
# SEED=1 RUNS=200 (books) come from the environment; the seed is printed.
set -eu

command -v python3 >/dev/null 2>&1 || {
	echo "SKIPPED: there is no python3, which the second reckoning is written in"
	exit 77
}
build=${TOLL_BUILD:-build/release}
seed=${TOLL_SEED:-${SEED:-1}}
books=${RUNS:-200}
vectors=500
# The sanitizers are slow, and the sums are the same.
[ "${TOLL_MODE:-release}" = release ] || vectors=40
folder=$(mktemp -d build/oracle-XXXXXX)
trap 'rm -rf "$folder"' EXIT
echo "SEED=$seed RUNS=$books"

half=$((books / 2))
python3 tests/support/price_oracle.py generate "$seed" 1 $half $vectors "$folder" &
python3 tests/support/price_oracle.py generate "$seed" $((half + 1)) "$books" $vectors "$folder"
wait $!

book=0
while [ $book -lt "$books" ]; do
	book=$((book + 1))
	"$build/toll" price test "$folder/vectors-$book.ndjson" --book "$folder/book-$book.json" \
		>"$folder/out" 2>&1 || {
		echo "book $book of seed $seed:"
		head -60 "$folder/out"
		mkdir -p "$build/found"
		cp "$folder/book-$book.json" "$folder/vectors-$book.ndjson" "$build/found"
		echo "both are in $build/found; to see them again: SEED=$seed RUNS=$books"
		exit 1
	}
	grep -q "^$vectors vectors by .*: $vectors as expected, 0 different\.$" "$folder/out" || {
		echo "book $book of seed $seed: not all of it was run"
		cat "$folder/out"
		exit 1
	}
done

# One that is wrong by its last decimal is found, so that none was found above means something.
python3 - "$folder/vectors-1.ndjson" >"$folder/wrong.ndjson" <<'end'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
one = next(line for line in lines if line["expect"] not in ("0", "unpriced"))
whole, _, decimals = one["expect"].partition(".")
one["expect"] = whole + "." + str(int("1" + decimals.ljust(18, "0")) + 1)[1:]
for line in lines:
    print(json.dumps(line))
end
if "$build/toll" price test "$folder/wrong.ndjson" --book "$folder/book-1.json" >"$folder/out"; then
	echo "a wrong amount was not found"
	exit 1
fi
grep -q ': 0.000000000000000001 less$' "$folder/out" || { cat "$folder/out"; exit 1; }
echo "$((books * vectors)) requests by $books books: no difference"
