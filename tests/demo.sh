#!/bin/sh
# demo.sh BUILD: yesterday's traffic of a made-up gateway, from the socket to the bill.
# Everything is in one folder under build/, which is removed at the end; KEEP=1 keeps it.
set -eu

build=$1
events=20000
seed=${SEED:-1}
tolld_pid=

mkdir -p build
folder=$(mktemp -d build/demo-XXXXXX)
ledger=$folder/ledger.db
socket=$folder/events.sock
traffic=$folder/traffic.ndjson

finish()
{
	code=$?
	trap - EXIT INT TERM
	if [ -n "$tolld_pid" ]; then
		kill "$tolld_pid" 2>/dev/null || true
		wait "$tolld_pid" 2>/dev/null || true
	fi
	if [ "${KEEP-}" = 1 ]; then
		echo "Kept: $folder"
	else
		rm -rf "$folder"
	fi
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

# What is shown is what runs: `toll` is the one just built, on the demo's ledger.
PATH=$PWD/$build:$PATH
export PATH TOLL_LEDGER="$ledger"

heading()
{
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
	shift
	for line; do
		echo "$line"
	done
	echo
}

# show EXPECTED-EXIT-CODES COMMAND...
show()
{
	allowed=$1
	shift
	printf '%s$ %s%s\n' "$bold" "$*" "$plain"
	code=0
	"$@" || code=$?
	case " $allowed " in
	*" $code "*) ;;
	*)
		echo "demo: this should not have ended with exit code $code" >&2
		exit 1
		;;
	esac
}

day=$(date -u -d yesterday +%F)
# The sample prices begin in 2026.
if [ "$(date -u -d yesterday +%Y)" -lt 2026 ]; then
	day=2026-01-01
fi

heading "1. The daemon" \
	"tolld listens on a Unix socket, prices what gateways tell it, and keeps it in one" \
	"SQLite file.  It gets the sample price book."
echo "${bold}\$ tolld --ledger $ledger --socket $socket \\"
echo "        --prices packaging/pricebook.sample.json &${plain}"
tolld --ledger "$ledger" --socket "$socket" --prices packaging/pricebook.sample.json \
	2>"$folder/log" &
tolld_pid=$!
tries=0
until [ -S "$socket" ] && grep -q 'msg="ready"' "$folder/log"; do
	tries=$((tries + 1))
	if [ $tries -gt 200 ] || ! kill -0 "$tolld_pid" 2>/dev/null; then
		echo "demo: tolld did not start:" >&2
		cat "$folder/log" >&2
		exit 1
	fi
	sleep 0.05
done
cat "$folder/log"

"$build/tests/tools/traffic" --seed "$seed" --events $events --day "$day" --resend 5 >"$traffic"
heading "2. A day of traffic" \
	"$events requests of $day, made up from seed $seed: chat, messages, generated content," \
	"embeddings and images, as the providers' own usage objects, streams among them." \
	"Some failed.  One in twenty lines is sent twice, as after a lost connection.  A few" \
	"requests are for a model without a price.  One line is broken.  The first one:"
head -n 1 "$traffic" | cut -c 1-300
echo
show "0 1" toll send --socket "$socket" "$traffic"

heading "3. The daemon stops" \
	"Everything it acknowledged was on disk before it said so."
echo "${bold}\$ kill -TERM $tolld_pid${plain}"
kill "$tolld_pid"
wait "$tolld_pid" || {
	cat "$folder/log" >&2
	exit 1
}
tolld_pid=
tail -n 1 "$folder/log"

heading "4. What was used, and what it costs" \
	"Counts are disjoint: what came from a cache is not in the input.  Amounts are exact;" \
	"nothing was rounded.  The lines that were sent twice count once."
show 0 toll report --by model
echo
show 0 toll report --by account

id=$(grep '"api":"anthropic.messages"' "$traffic" | grep '"stream":true' |
	grep '"cache_read_input_tokens":[1-9]' | grep '"ephemeral_5m_input_tokens":[1-9]' |
	head -n 1 | sed 's/^{"id":"\([^"]*\)".*/\1/')
heading "5. Where one amount comes from" \
	"Any request can be explained from its stored counts and the price that was in force:"
show 0 toll explain "$id"

heading "6. What is not on the bill yet" \
	"Nothing is ever a silent zero.  The broken line is kept as it came, with the reason;" \
	"requests without a price wait until the price book has one."
show 0 toll quarantine list
echo
show 0 toll suspense list

heading "7. Does it all add up?" \
	"Every charge is computed again from counts and prices, every sum from the requests:"
show 0 toll verify

heading "Where to look next" \
	"  make demo KEEP=1                     this again, and the ledger stays to look at" \
	"  README.md                            by hand in three lines, and how to feed it" \
	"  man -l packaging/man/toll.1          the command" \
	"  man -l packaging/man/toll-event.5    what a gateway sends" \
	"  packaging/pricebook.sample.json      the prices this used" \
	"  make check                           the tests"
