#!/bin/sh
# run-tests.sh MODE SECTION...: runs the checks and tests of the sections, a line each
# (run-test.sh), and ends with one line "check: N passed, N failed".  SECTION/test_NAME is one
# test program of a section.
#
# JOBS of them run at a time, as many as there are processors unless told otherwise; those that
# load the machine themselves (ALONE) run one by one.
set -u

mode=$1
shift
build=build/$mode
logs=$build/log
jobs=${JOBS:-$(nproc)}
ALONE="soak"
here=${0%/*}
mkdir -p "$logs"
total=$logs/.results
: >"$total"

# "NAME COMMAND" of each test of a section.
tests_of()
{
	case $1 in
	style)
		for script in tests/check/check_*.sh; do
			name=${script##*/}
			echo "${name%.sh} $script"
		done
		;;
	*/*)
		echo "${1##*/} $build/tests/$1"
		;;
	*)
		# By source, so that a stale program in build/ is not run.
		for source in "tests/$1"/test_*.c; do
			[ -e "$source" ] || continue
			name=${source##*/}
			name=${name%.c}
			echo "$name $build/tests/$1/$name"
		done
		for script in "tests/$1"/test_*.sh; do
			[ -e "$script" ] || continue
			name=${script##*/}
			echo "${name%.sh} $script"
		done
		;;
	esac
}

# Adds what the tests of a list left; one that left nothing has failed.
add_results()
{
	while read -r name _; do
		if ! result=$(cat "$logs/$name.result" 2>/dev/null); then
			result="0 1 0"
			echo "  FAILED  $name: it could not be run"
		fi
		echo "$name $result" >>"$total"
	done <"$1"
}

for section; do
	echo "$section ($mode)"
	list=$logs/.tests
	tests_of "$section" >"$list"
	while read -r name _; do
		rm -f "$logs/$name.result"
	done <"$list"
	at_once=$jobs
	case " $ALONE " in
	*" ${section%%/*} "*) at_once=1 ;;
	esac
	xargs -P "$at_once" -L 1 "$here/run-test.sh" "$mode" <"$list"
	add_results "$list"
done

awk '{ passed += $2; failed += $3; skipped += $4; if ($4) names = names " " $1 }
END {
	if (skipped)
		printf "check: skipped %d:%s\n", skipped, names
	printf "check: %d passed, %d failed\n", passed, failed
	exit failed != 0
}' "$total"
