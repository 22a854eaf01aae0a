#!/bin/sh
# check_hardening.sh: the programs of the release build have what the compiler and the
# linker can do against whoever finds a fault in them: addresses that are not known, tables
# that cannot be written, a stack that is watched and never run, libc functions that know the
# size of their buffers, and jumps that only land where they may.
#
# It reads the binaries, not the Makefile.  In the other modes, which nobody runs, it builds
# one function with the flags of a release and looks at that.
set -eu
mode=${TOLL_MODE:-release}
build=${TOLL_BUILD:-build/release}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

missing()
{
	echo "$1: $2"
	bad=1
}

# look BINARY: what it lacks.
look()
{
	if ! readelf -hldW "$1" >"$folder/elf" 2>"$folder/errors"; then
		missing "$1" "cannot be read"
		return
	fi
	readelf --dyn-syms -W "$1" >"$folder/symbols" 2>>"$folder/errors"
	if ! grep -q 'Type: *DYN' "$folder/elf" || ! grep -q 'INTERP' "$folder/elf"; then
		missing "$1" "not position independent (-fPIE -pie)"
	fi
	grep -q 'GNU_RELRO' "$folder/elf" || missing "$1" "no read-only relocations (-z relro)"
	grep -Eq '\(BIND_NOW\)|\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW' "$folder/elf" ||
		missing "$1" "not bound at the start (-z now)"
	case $(awk '$1 == "GNU_STACK" { print $7 $8 }' "$folder/elf") in
	*E*) missing "$1" "a stack that can be run (-z noexecstack)" ;;
	RW0x*) ;;
	*) missing "$1" "no word on its stack (GNU_STACK)" ;;
	esac
	grep -q ' RWE ' "$folder/elf" && missing "$1" "memory that can be written and run"
	grep -q '__stack_chk_fail' "$folder/symbols" ||
		missing "$1" "no watched stack (-fstack-protector-strong)"
	grep -Eq '__[a-z0-9]+_chk(@|$)' "$folder/symbols" ||
		missing "$1" "no sizes of buffers (-D_FORTIFY_SOURCE)"
	# The linker drops the note of IBT and SHSTK where the libc's own start has none, so the
	# instructions are looked for: those where a jump may land, and the probes of large frames.
	case $(uname -m) in
	x86_64)
		objdump -d --no-show-raw-insn "$1" >"$folder/code" 2>>"$folder/errors"
		grep -A 1 '<main>:$' "$folder/code" | grep -q 'endbr64' ||
			missing "$1" "jumps are not checked (-fcf-protection)"
		# shellcheck disable=SC2016
		grep -Eq 'or[a-z]* +\$0x0,(0x[0-9a-f]+)?\(%rsp\)' "$folder/code" ||
			missing "$1" "large frames are not probed (-fstack-clash-protection)"
		;;
	esac
}

case $mode in
release)
	look "$build/tolld"
	look "$build/toll"
	;;
*)
	echo "note: $mode is not hardened: looked at a function with the flags of a release"
	cat >"$folder/probe.c" <<'end'
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
	char large[65536];

	strncpy(large, words[count - 1], (size_t)count);
	return puts(large);
}
end
	sed -n -e 's/^HARDEN *:= *//p' -e 's/^CFLAGS_release *:= *//p' \
		-e 's/^LDFLAGS_release *:= *//p' Makefile |
		sed 's/\$(HARDEN)//' | tr '\n' ' ' >"$folder/flags"
	# shellcheck disable=SC2046
	gcc $(cat "$folder/flags") -o "$folder/probe" "$folder/probe.c"
	look "$folder/probe"
	;;
esac
exit $bad
