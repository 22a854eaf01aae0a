#!/bin/sh
# run-fuzz.sh BUILD PROGRAM...: runs each fuzz target for its share of $SECONDS_ALL, a line
# each with its runs, and fails on any finding; its bytes are in BUILD/found then, and
# `PROGRAM FILE` shows it again.  $SEED is libFuzzer's.
#
# Before them a target with a planted fault is run: where it is not found, nothing that
# this script says is worth a thing.
set -u

build=$1
shift
seconds=$((SECONDS_ALL / $#))
[ $seconds -gt 0 ] || seconds=1
found=$build/found
bad=0
mkdir -p "$found"

# The planted fault takes some thousand runs, less than a second, from any seed.
planted_runs=1000000
planted_seconds=60
max_len=4096

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:symbolize=1
export UBSAN_OPTIONS=print_stacktrace=1
symbolizer=$(command -v llvm-symbolizer-14) && export ASAN_SYMBOLIZER_PATH="$symbolizer"

# fuzz NAME PROGRAM KEPT-CORPUS OPTION...: the exit code, and `log`, `new` and `runs`.
fuzz()
{
	name=$1 program=$2 kept=$3
	shift 3
	log=$build/$name.log
	new=$build/corpus/$name
	mkdir -p "$new"
	code=0
	"$program" -seed="$SEED" -max_len=$max_len -timeout=10 -dict=tests/fuzz/toll.dict \
		-artifact_prefix="$found/$name-" -print_final_stats=1 "$@" "$new" "$kept" \
		>"$log" 2>&1 || code=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
	artefact=$(sed -n 's/.*Test unit written to *//p' "$log" | tail -n 1)
}

echo "fuzz: SEED=$SEED, $# targets of $seconds s each"
rm -rf "$build/corpus/planted"
fuzz planted "$build/planted" tests/fuzz/corpus/sse -runs=$planted_runs \
	-max_total_time=$planted_seconds
if [ $code = 0 ] || [ ! -s "$artefact" ] ||
	! grep -q 'AddressSanitizer: heap-buffer-overflow' "$log"; then
	tail -n 40 "$log" | sed 's/^/          /'
	echo "fuzz: the planted fault was not found (exit code $code); see $log"
	[ -z "$artefact" ] || echo "  another was: $build/planted $artefact"
	bad=1
else
	printf '  %-24s %10s runs  found, as it must be\n' planted "${runs:-?}"
	rm -f "$artefact"
fi

for program; do
	name=${program##*/fuzz_}
	kept=tests/fuzz/corpus/$name
	if [ -z "$(ls "$kept" 2>/dev/null)" ]; then
		echo "fuzz: $name has no seeds in $kept"
		bad=1
		continue
	fi
	fuzz "$name" "$program" "$kept" -max_total_time=$seconds
	if [ $code != 0 ] || [ "${runs:-0}" = 0 ]; then
		printf '  %-24s %10s runs  FAILED, exit code %d\n' "$name" "${runs:-?}" $code
		tail -n 60 "$log" | sed 's/^/          /'
		[ -z "$artefact" ] || echo "  see it again: $program $artefact"
		bad=1
		continue
	fi
	printf '  %-24s %10s runs  nothing found, %s kept files, %s new\n' "$name" "$runs" \
		"$(ls "$kept" | wc -l)" "$(ls "$new" | wc -l)"
done
exit $bad
