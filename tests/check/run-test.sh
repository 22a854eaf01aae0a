#!/bin/sh
# run-test.sh MODE NAME COMMAND: runs one check or test, prints a line about it with time and
# counts, and leaves "passed failed skipped" in build/MODE/log/NAME.result.
#
# What it printed is in build/MODE/log/NAME.log, and shown when it failed; a line that begins
# with "note: " is shown in any case.
# A test that ran nothing has failed; one that was skipped is named.  A script says so with exit
# code 77 and its last line, a test program with cmocka's skip().
set -u

mode=$1
name=$2
command=$3
logs=build/$mode/log
log=$logs/$name.log

export TOLL_BUILD="build/$mode" TOLL_MODE="$mode"
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
# A test that hangs fails; the sanitizers are slow.
seconds_max=600

# ThreadSanitizer of this compiler needs addresses that are not spread too wide.
plain=
if [ "$mode" = tsan ] && setarch "$(uname -m)" -R true 2>/dev/null; then
	plain="setarch $(uname -m) -R"
fi

now_ms()
{
	date +%s%3N
}

# Sums up the counts that stand behind a word in cmocka's summary lines.
count()
{
	sed -n "s/^\[  *$1  *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" |
		awk '{ n += $1 } END { print n + 0 }'
}

# What the test came to, from $code and the log.
judge()
{
	good=0 bad=0 skip=0
	case $command in
	*.sh)
		case $code in
		0) good=1 ;;
		77) skip=1 ;;
		*) bad=1 ;;
		esac
		;;
	*)
		good=$(count PASSED)
		bad=$(count FAILED)
		skip=$(count SKIPPED)
		# It died, or it ran nothing at all.
		if [ "$bad" = 0 ] && { [ "$code" != 0 ] || [ $((good + skip)) = 0 ]; }; then
			bad=1
		fi
		;;
	esac
}

say()
{
	word=ok
	[ "$skip" = 0 ] || word=SKIPPED
	[ "$bad" = 0 ] || word=FAILED
	printf '  %-7s %-36s %5d.%03d s  %d passed' "$word" "$name" \
		$((took / 1000)) $((took % 1000)) "$good"
	[ "$bad" = 0 ] || printf ', %d failed' "$bad"
	[ "$skip" = 0 ] || printf ', %d skipped' "$skip"
	echo
	if [ "$bad" != 0 ]; then
		[ "$code" != 124 ] || echo "          no end after $seconds_max s"
		sed 's/^/          /' "$log"
	elif [ "$skip" != 0 ]; then
		grep -i skip "$log" | grep -v -e '^\[' -e 'SKIPPED TEST' |
			sed 's/^/          /'
	fi
	# What must be seen though nothing is wrong: where we and others disagree, and why.
	[ "$bad" != 0 ] || sed -n 's/^note: /          /p' "$log"
}

begin=$(now_ms)
# shellcheck disable=SC2086
timeout -k 10 $seconds_max $plain "$command" >"$log" 2>&1 </dev/null
code=$?
took=$(($(now_ms) - begin))
judge
# Two that end at once are told one after the other.
say | flock "$logs/.telling" cat
echo "$good $bad $skip" >"$logs/$name.result"
