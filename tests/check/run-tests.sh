#!/bin/sh
# run-tests.sh MODE SECTION...: runs the checks and tests of the sections, a line each
# with time and counts, and ends with one line "check: N passed, N failed".  SECTION/test_NAME
# is one test program of a section.
#
# What a test printed is in build/MODE/log/NAME.log, and shown when it failed; a line that
# begins with "note: " is shown in any case.
# A test that ran nothing has failed; one that was skipped is named.  A script says so
# with exit code 77 and its last line, a test program with cmocka's skip().
set -u

mode=$1
shift
build=build/$mode
logs=$build/log
mkdir -p "$logs"
passed=0
failed=0
skipped=0
skipped_names=

export TOLL_BUILD="$build" TOLL_MODE="$mode"
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
	sed -n "s/^\[  *$1  *\] \([0-9][0-9]*\) test(s).*/\1/p" "$2" |
		awk '{ n += $1 } END { print n + 0 }'
}

# run NAME COMMAND...
run()
{
	name=$1
	shift
	log=$logs/$name.log
	begin=$(now_ms)
	# shellcheck disable=SC2086
	timeout -k 10 $seconds_max $plain "$@" >"$log" 2>&1 </dev/null
	code=$?
	took=$(($(now_ms) - begin))
	good=0 bad=0 skip=0
	case $1 in
	*.sh)
		case $code in
		0) good=1 ;;
		77) skip=1 ;;
		*) bad=1 ;;
		esac
		;;
	*)
		good=$(count PASSED "$log")
		bad=$(count FAILED "$log")
		skip=$(count SKIPPED "$log")
		# It died, or it ran nothing at all.
		if [ "$bad" = 0 ] && { [ $code != 0 ] || [ $((good + skip)) = 0 ]; }; then
			bad=1
		fi
		;;
	esac
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	word=ok
	if [ "$skip" != 0 ]; then
		word=SKIPPED
		skipped_names="$skipped_names $name"
	fi
	if [ "$bad" != 0 ]; then
		word=FAILED
	fi
	printf '  %-7s %-36s %5d.%03d s  %d passed' "$word" "$name" \
		$((took / 1000)) $((took % 1000)) "$good"
	[ "$bad" = 0 ] || printf ', %d failed' "$bad"
	[ "$skip" = 0 ] || printf ', %d skipped' "$skip"
	echo
	if [ "$bad" != 0 ]; then
		[ $code != 124 ] || echo "          no end after $seconds_max s"
		sed 's/^/          /' "$log"
	elif [ "$skip" != 0 ]; then
		grep -i skip "$log" | grep -v -e '^\[' -e 'SKIPPED TEST' |
			sed 's/^/          /'
	fi
	# What must be seen though nothing is wrong: where we and others disagree, and why.
	[ "$bad" != 0 ] || sed -n 's/^note: /          /p' "$log"
}

for section; do
	echo "$section ($mode)"
	case $section in
	style)
		for script in tests/check/check_*.sh; do
			name=${script##*/}
			run "${name%.sh}" "$script"
		done
		;;
	*/*)
		run "${section##*/}" "$build/tests/$section"
		;;
	*)
		# By source, so that a stale program in build/ is not run.
		for source in "tests/$section"/test_*.c; do
			[ -e "$source" ] || continue
			name=${source##*/}
			name=${name%.c}
			run "$name" "$build/tests/$section/$name"
		done
		for script in "tests/$section"/test_*.sh; do
			[ -e "$script" ] || continue
			name=${script##*/}
			run "${name%.sh}" "$script"
		done
		;;
	esac
done

[ -z "$skipped_names" ] || echo "check: skipped $skipped:$skipped_names"
echo "check: $passed passed, $failed failed"
[ "$failed" = 0 ]
