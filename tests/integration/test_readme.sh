#!/bin/sh
# test_readme.sh: the examples of README.md work as they stand there, and the two clients
# lose nothing and count nothing twice when tolld is killed under them.
set -eu

build=${TOLL_BUILD:-build/release}
folder=$(mktemp -d build/readme-XXXXXX)
ledger=$folder/ledger.db
socket=$folder/events.sock
tolld_pid=
client_pid=
want=0
EVENTS=4000 # of each client

finish()
{
	code=$?
	trap - EXIT
	for pid in $client_pid $tolld_pid; do
		kill "$pid" 2>/dev/null || true
	done
	[ $code = 0 ] || [ $code = 77 ] || cat "$folder"/log* "$folder"/*.out 2>/dev/null || true
	rm -rf "$folder"
	exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

start()
{
	"$build/tolld" --ledger "$ledger" --socket "$socket" \
		--prices packaging/pricebook.sample.json 2>"$folder/log" &
	tolld_pid=$!
	tries=0
	until grep -qs 'msg="ready"' "$folder/log"; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ] || ! kill -0 "$tolld_pid" 2>/dev/null; then
			echo "tolld did not start"
			exit 1
		fi
		sleep 0.05
	done
}

# The code block behind the marker, on the test's socket.
example()
{
	awk -v marker="<!-- example: $1 -->" '
		$0 == marker { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside { print }' README.md | sed "s|/run/toll/events.sock|$socket|"
}

stored()
{
	"$build/toll" status --ledger "$ledger" --json | tr ',{}' '\n\n\n' |
		sed -n 's/^ *"events": *\([0-9]*\).*/\1/p' | head -n 1
}

# Waits until that many events are stored, and no more.
expect()
{
	tries=0
	while [ "$(stored)" != "$want" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ]; then
			echo "$1: $(stored) events are stored, not $want"
			exit 1
		fi
		sleep 0.05
	done
	echo "$1: $want events are stored"
}

# Runs a client, kills tolld in the middle, starts it again, waits for the client's end.
under_fire()
{
	timeout 60 "$@" >"$folder/$1.out" 2>&1 &
	client_pid=$!
	for again in 1 2 3; do
		sleep 0.4
		kill -9 "$tolld_pid"
		wait "$tolld_pid" 2>/dev/null || true
		mv "$folder/log" "$folder/log.$1.$again"
		start
	done
	wait "$client_pid" || { echo "$1 failed"; exit 1; }
	client_pid=
}

start

example shell >"$folder/shell.sh"
[ -s "$folder/shell.sh" ] || { echo "README.md has no shell example"; exit 1; }
sh "$folder/shell.sh"
want=$((want + 1))
expect shell

example python >"$folder/client.py"
[ -s "$folder/client.py" ] || { echo "README.md has no Python example"; exit 1; }
cat >>"$folder/client.py" <<end
for i in range($EVENTS):
    toll.send({"id": "py-%d" % i, "time": "2026-11-22T09:00:00Z", "account": "a",
               "model": "acme/embed-3", "api": "openai.embeddings",
               "usage": {"prompt_tokens": i + 1, "total_tokens": i + 1}})
    if i % 10 == 0:
        time.sleep(0.004)
toll.flush()
end
under_fire python3 "$folder/client.py"
want=$((want + 1 + EVENTS))
expect python

example node >"$folder/client.js"
[ -s "$folder/client.js" ] || { echo "README.md has no Node example"; exit 1; }
sed -i '/^toll\.close();$/d' "$folder/client.js"
cat >>"$folder/client.js" <<end
let i = 0;
const timer = setInterval(() => {
  for (let n = 0; n < 10 && i < $EVENTS; n++, i++) {
    toll.send({ id: "js-" + i, time: "2026-11-22T10:00:00Z", account: "a",
                model: "acme/embed-3", api: "openai.embeddings",
                usage: { prompt_tokens: i + 1, total_tokens: i + 1 } });
  }
  if (i === $EVENTS) {
    clearInterval(timer);
    toll.close();
  }
}, 4);
end
under_fire node "$folder/client.js"
want=$((want + 1 + EVENTS))
expect node

kill "$tolld_pid"
wait "$tolld_pid"
tolld_pid=
"$build/toll" verify --ledger "$ledger"
