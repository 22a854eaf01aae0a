#!/bin/sh
# test_price_import.sh: the command line of toll price import: where the book, the report and
# the exit code go, and what happens to what is no catalogue.
set -eu
build=${TOLL_BUILD:-build/release}
toll=$build/toll
folder=$(mktemp -d build/price-import-XXXXXX)
trap 'rm -rf "$folder"' EXIT
bad=0

fail()
{
	echo "test_price_import: $*"
	bad=1
}

# code WANTED COMMAND...: runs it, its output in $folder/out and $folder/err.
code()
{
	wanted=$1
	shift
	got=0
	"$@" >"$folder/out" 2>"$folder/err" || got=$?
	[ "$got" = "$wanted" ] || fail "exit code $got, not $wanted: $*: $(cat "$folder/err")"
}

says()
{
	grep -qF -- "$2" "$folder/$1" || fail "$1 does not say \"$2\": $(cat "$folder/$1")"
}

whole='{"m":{"mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":2e-06}}'
lost='{"m":{"mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":1e-30,"odd":1}}'
echo "$whole" >"$folder/whole.json"
echo "$lost" >"$folder/lost.json"

# The book to standard output, the report to standard error; the book is one.
code 0 "$toll" price import --from litellm "$folder/whole.json"
says out '{"component": "input", "per_million": "1.00"}'
says err 'converted'
cp "$folder/out" "$folder/book.json"
code 0 "$toll" price lint "$folder/book.json"

# The same from standard input, and the same twice.
code 0 sh -c "'$toll' price import --from litellm - <'$folder/whole.json'"
cmp -s "$folder/out" "$folder/book.json" || fail "another book from standard input"

# A price that is not in the book is exit code 1, and the book is written all the same.
code 1 "$toll" price import --from litellm "$folder/lost.json"
says out '"per_million": "1.00"'
says err 'output_cost_per_token, 1 times: needs more than 18 decimals of a unit'
says err 'odd, 1 times'

# -o and --report; what was there stays there after a failure.
code 1 "$toll" price import --from litellm "$folder/lost.json" -o "$folder/made.json" \
	--report "$folder/report.json"
[ ! -s "$folder/out" ] || fail "-o wrote to standard output too"
code 0 "$toll" price lint "$folder/made.json"
grep -q '"complete":false' "$folder/report.json" || fail "no report: $(cat "$folder/report.json")"
grep -q '"key":"odd","value":"1"' "$folder/report.json" || fail "no row of odd"
cp "$folder/made.json" "$folder/before.json"
echo '{"m":{"mode":"chat","input_cost_per_token":1e-30,"odd":1}}' >"$folder/none.json"
code 3 "$toll" price import --from litellm "$folder/none.json" --output "$folder/made.json" \
	--report "$folder/refused.json"
says err 'input_cost_per_token, 1 times: needs more than 18 decimals of a unit'
says err 'odd, 1 times'
grep -q '"key":"odd","value":"1"' "$folder/refused.json" || fail "no report of what was refused"
says err 'no model of this catalogue has a price that a book can say'
cmp -s "$folder/made.json" "$folder/before.json" || fail "a failure changed the file"
ln -s made.json "$folder/link.json"
code 0 "$toll" price import --from litellm "$folder/whole.json" -o "$folder/link.json"
[ -h "$folder/link.json" ] || fail "the symbolic link was replaced"
cmp -s "$folder/made.json" "$folder/book.json" || fail "not written through the link"
code 3 "$toll" price import --from litellm "$folder/whole.json" -o "$folder/no/such/book.json"
says err 'No such file or directory'
code 0 "$toll" price import --from litellm "$folder/whole.json" -o /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
[ "$(find "$folder" -name '*.json.??????' | wc -l)" = 0 ] || fail "a half-written file is left"

# JSON: one object.
code 1 "$toll" price import --json --from litellm "$folder/lost.json"
python3 - "$folder/out" <<'end' || fail "--json is not one object of report and book"
import json, sys
result = json.load(open(sys.argv[1]))
assert sorted(result) == ["book", "report"], sorted(result)
assert result["book"]["models"][0]["model"] == "m"
keys = result["report"]["keys"]
assert keys["seen"] == sum(n for kind, n in keys.items() if kind != "seen") == 4, keys
assert len(result["report"]["rows"]) == 4
end
code 0 "$toll" price import --json --from litellm "$folder/whole.json" -o "$folder/made.json"
says out '{"report":{"catalogue":"litellm"'
grep -q '"book":' "$folder/out" && fail "the book is in the result and in the file"

# From when on.
code 0 "$toll" price import --from litellm "$folder/whole.json"
says out '"effective_from": "2000-01-01T00:00:00Z"'
code 0 "$toll" price import --from litellm "$folder/whole.json" --effective-from 2026-08-01
says out '"effective_from": "2026-08-01T00:00:00.000Z"'
code 2 "$toll" price import --from litellm "$folder/whole.json" --effective-from yesterday
says err 'a date is due'

# Wrong use.
code 2 "$toll" price import "$folder/whole.json"
says err '--from NAME is due: litellm'
code 2 "$toll" price import --from litelm "$folder/whole.json"
says err 'there is no catalogue litelm: litellm'
code 2 "$toll" price import --from litellm
for word in ftp://example.org/a.json "file://$folder/whole.json"; do
	code 2 "$toll" price import --from litellm "$word"
	says err "$word: a catalogue is read from https://"
done
code 2 "$toll" price import --from litellm "$folder/whole.json" "$folder/lost.json"

# What is no catalogue, and which it is instead.
code 3 "$toll" price import --from openrouter "$folder/whole.json"
says err 'this is no openrouter catalogue; it looks like litellm: --from litellm'
code 3 "$toll" price import --from litellm "$folder/absent.json"
says err 'No such file'
echo '{' >"$folder/broken.json"
code 3 "$toll" price import --from litellm "$folder/broken.json"
says err 'line'
truncate -s 200M "$folder/large.json"
code 3 "$toll" price import --from litellm "$folder/large.json"
says err 'longer than 33554432 bytes'

code 0 "$toll" formats
says out 'litellm'
code 0 "$toll" formats openrouter-v2.4
says out 'USD per token, image, megapixel'
code 2 "$toll" formats litelm
says err 'near it: litellm'
exit $bad
