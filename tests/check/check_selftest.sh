#!/bin/sh
# check_selftest.sh: the checks can fail.  Each is run on a small tree that it must pass,
# then on the same tree with one thing wrong, which it must find and name.
set -eu
checks=$PWD/tests/check
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0
cases=0

# A tree that every check passes.
fresh()
{
	rm -rf "$folder/t"
	mkdir "$folder/t"
	cd "$folder/t"
	mkdir -p lib/base lib/money lib/usage lib/catalogue lib/statement lib/bill daemon cli \
		packaging/man schema
	cp "$root/.clang-format" .
	cp -r "$root/packaging/systemd" "$root/packaging/tolld.json" packaging/
	cp "$root/schema/config.schema.json" schema/
	cp "$root/daemon/settings.def" daemon/
	printf '%s\n' '0 lib/base' '1 lib/money' '5 lib/usage sqlite3.h' '6 lib/statement' \
		'8 daemon uv.h' '8 cli' >lib/TIERS
	printf '#include <stdint.h>\n\nint one(void);\n' >lib/base/one.h
	printf '#include "base/one.h"\n\nint two(void)\n{\n\treturn one();\n}\n' >lib/money/two.c
	echo 'X(chat, "some.chat", "a shape")' >lib/usage/formats.def
	echo 'E(wrap, "some.wrap", "an envelope")' >lib/usage/envelopes.def
	echo 'C(INPUT, "input_x", TOKEN)' >lib/usage/component.def
	printf 'R(NONE, "none", "")\nR(LOST, "got-lost", "")\n' >lib/usage/reason.def
	echo 'C(LITTLE, "some-list", "a catalogue")' >lib/catalogue/catalogue.def
	echo 'K(KEPT, "kept_x", "a key of a report")' >lib/catalogue/tally.def
	echo 'P(LITTLE, "some-page", "a form")' >lib/catalogue/publish.def
	echo 'F(SOME, "some-bill", CSV, "USD", "a format")' >lib/statement/formats.def
	echo 'F(SOME, "some_field", TEXT, "a field")' >lib/statement/field.def
	echo 'M(SOME, "some_sum", "an amount")' >lib/statement/money.def
	echo 'C(SOME, "some-clock", "a clock")' >lib/statement/clock.def
	echo 'U("some-unit", 2, "a unit")' >lib/statement/unit.def
	echo 'C(SOME, "some-cause", "a cause")' >lib/bill/cause.def
	echo 'F(SOME, "some-api", "some-bill", "", "KEY", "a key", BEARER)' >lib/statement/fetch.def
	echo 'X(report)' >cli/commands.def
	echo '.TH T 1
.SH NAME
t \- report some.chat some.wrap some\-list some\-page some\-api some\-cause kept_x input_x
got\-lost' >packaging/man/toll.1
	cp packaging/man/toll.1 packaging/man/toll-event.5
	printf '.TH T 1\n.SH NAME\nt \\- %s\n' \
		'accepted unpriced duplicate conflict quarantined checkpoint' \
		>packaging/man/toll-tail.1
	cp packaging/man/toll.1 packaging/man/toll-pricebook.5
	cp packaging/man/toll.1 packaging/man/toll-vectors.5
	printf '.TH T 5\n.SH NAME\nt \\- %s\n' \
		'input_x some\-bill some_field some_sum some\-clock some\-unit' \
		>packaging/man/toll-statement.5
	{
		printf '.TH T 8\n.SH NAME\nt \\- x\n'
		sed -n 's/^[TN]([A-Z_]*, *"\([a-z_]*\)".*/\1/p' daemon/settings.def
	} >packaging/man/tolld.8
}

passes()
{
	cases=$((cases + 1))
	if ! "$checks/$1" . >"$folder/out" 2>&1; then
		echo "$1: fails where nothing is wrong:"
		cat "$folder/out"
		bad=1
	fi
}

# tells LINE...: what run-tests.sh says of the tests of tests/unit, which end as the first word says
# ("passed" or "failed").
tells()
{
	cases=$((cases + 1))
	end=passed
	"$checks/run-tests.sh" release unit >"$folder/out" 2>&1 || end=failed
	[ $end = "$1" ] || { echo "run-tests.sh: $end, not $1"; bad=1; }
	shift
	for line; do
		grep -q -e "$line" "$folder/out" || { echo "run-tests.sh: no $line"; bad=1; }
	done
}

script()
{
	mkdir -p tests/unit
	printf '#!/bin/sh\n%s\n' "$2" >"tests/unit/test_$1.sh"
	chmod +x "tests/unit/test_$1.sh"
}

# fails CHECK PATTERN WHAT-IS-WRONG
fails()
{
	cases=$((cases + 1))
	if "$checks/$1" . >"$folder/out" 2>&1; then
		echo "$1: does not find: $3"
		bad=1
	elif ! grep -q -e "$2" "$folder/out"; then
		echo "$1: finds \"$3\", but does not say $2:"
		cat "$folder/out"
		bad=1
	fi
	fresh
}

long_function()
{
	printf '%sint long_one(void)\n{\n' "$1"
	i=0
	while [ $i -lt 70 ]; do
		printf '\tone();\n'
		i=$((i + 1))
	done
	printf '\treturn 1;\n}\n'
}

fresh
passes check_includes.sh
echo '#include "money/two.h"' >lib/base/one.h
fails check_includes.sh 'lib/base/one.h:1: .*tier' "an include of a higher tier"
echo '#include "daemon/x.h"' >cli/x.c
fails check_includes.sh 'cli/x.c:1: .*tier' "an include of the same tier"
echo '#include <uv.h>' >lib/base/one.h
fails check_includes.sh 'belongs to daemon' "a header that has another owner"
echo '#include <curl/curl.h>' >lib/base/one.h
fails check_includes.sh 'no owner' "a header without an owner"
echo '#include "two.h"' >lib/money/two.c
fails check_includes.sh 'not a path' "an include without its folder"
mkdir lib/new && echo '#include <stdio.h>' >lib/new/x.c
fails check_includes.sh 'no line in lib/TIERS' "a folder without a tier"

passes check_no_floats.sh
echo 'int x(double y);' >>lib/money/two.c
fails check_no_floats.sh 'two.c:7: double' "a double"
echo 'int y = (int)1.5;' >>lib/base/one.h
fails check_no_floats.sh 'one.h:4: 1.5' "a constant with a point"
echo 'int z = (int)1e3;' >>lib/base/one.h
fails check_no_floats.sh 'one.h:4: 1e3' "a constant with an exponent"
echo 'int w = atof("1");' >>lib/base/one.h
fails check_no_floats.sh 'one.h:4: atof' "atof"
# shellcheck disable=SC2028
echo 'int v = printf("%.2f", 1);' >>lib/base/one.h
fails check_no_floats.sh 'one.h:4' "a conversion"
echo '/* a double, 1.5 of "them" */ // float' >>lib/base/one.h
echo 'const char *text = "a double, 1.5";' >>lib/base/one.h
passes check_no_floats.sh
fresh

passes check_one_writer.sh
printf 'int x(void)\n{\n\treturn sqlite3_open("x", 0);\n}\n' >lib/usage/x.c
fails check_one_writer.sh 'lib/usage/x.c: sqlite3_open ' "a ledger opened elsewhere"
printf 'int x(void)\n{\n\treturn sqlite3_wal_checkpoint_v2(0, 0, 0, 0, 0);\n}\n' >cli/x.c
fails check_one_writer.sh 'cli/x.c: sqlite3_wal_checkpoint_v2 ' "a checkpoint elsewhere"
mkdir lib/ledger
printf 'int x(void)\n{\n\tsqlite3_open_v2(0);\n\tsqlite3_open_v2(1);\n}\n' >lib/ledger/ledger.c
fails check_one_writer.sh 'ledger.c: sqlite3_open_v2 (2 times)' "one more in a known place"
echo 'S(A, WRITER, SEEK, "PRAGMA WAL_Checkpoint(FULL)")' >daemon/x.def
fails check_one_writer.sh 'daemon/x.def: .*WAL_Checkpoint' "a checkpoint as SQL"
echo '/* sqlite3_open("x") */' >>lib/base/one.h
passes check_one_writer.sh
fresh

passes check_lengths.sh
awk 'BEGIN { for (i = 0; i < 801; i++) print "int x;" }' >lib/base/long.c
fails check_lengths.sh '800 lines' "801 lines"
awk 'BEGIN { printf "//"; for (i = 0; i < 99; i++) printf "x"; print "" }' >lib/base/wide.c
fails check_lengths.sh 'wide.c:1: 101 columns' "101 columns"
umlauts()
{
	awk -v n="$1" 'BEGIN { printf "\t\t// "; while (n-- > 0) printf "\303\244"; print "" }'
}
umlauts 81 >lib/base/wide.c
passes check_lengths.sh
umlauts 82 >lib/base/wide.c
fails check_lengths.sh '101 columns' "101 columns by tabs"
long_function '' >lib/base/f.c
fails check_lengths.sh 'f.c:74: 71 lines' "a function of 71 lines"
{
	long_function ''
	printf 'int table(void)\n{\n\tstatic const int rows[] = {\n'
	awk 'BEGIN { for (i = 0; i < 99; i++) print "\t\t1," }'
	printf '\t};\n\n'
	awk 'BEGIN { for (i = 0; i < 71; i++) print "\tone();" }'
	printf '}\n'
} | sed 1,75d >lib/base/f.c
fails check_lengths.sh '72 lines' "a function of 72 lines and a table"
long_function '/* Longer than most: a table in code. */
' >lib/base/f.c
passes check_lengths.sh
fresh

passes check_format.sh
echo 'int   x;' >>lib/base/one.h
fails check_format.sh 'one.h: not laid out' "a wrong layout"

passes check_tree.sh
mkdir build2 && echo x >build2/x.o
fails check_tree.sh 'x.o' "an object file"
echo '/* NOLINT */' >>lib/base/one.h
fails check_tree.sh 'one.h:4' "a warning switched off"
echo '/* see /home/me/x */' >>lib/base/one.h
fails check_tree.sh 'one.h:4' "a path of one machine"
printf 'int x; \n' >>lib/base/one.h
fails check_tree.sh 'one.h:4' "white space at the end"

passes check_systemd.sh
sed -i -e '/^Private/d' -e '/^Protect/d' -e '/^Restrict/d' packaging/systemd/tolld.service
fails check_systemd.sh 'Overall exposure' "an exposed service"
sed -i 's/^User=toll/Usr=toll/' packaging/systemd/tolld.service
fails check_systemd.sh 'Usr' "an unknown directive"

export TOLL_BUILD="$folder"
# The smallest program that has it all, and then lacks what stands behind the first word.
harden()
{
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
	# shellcheck disable=SC2086
	gcc -O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
		-fcf-protection -fPIE -pie -Wl,-z,relro,-z,now "$@" -o "$folder/tolld" \
		"$folder/probe.c"
	cp "$folder/tolld" "$folder/toll"
}
mode_before=${TOLL_MODE-}
export TOLL_MODE=release
harden
passes check_hardening.sh
harden -no-pie -fno-pie
fails check_hardening.sh 'position independent' "a program of a fixed address"
harden -Wl,-z,norelro
fails check_hardening.sh 'relro' "relocations that stay writable"
harden -Wl,-z,lazy
fails check_hardening.sh 'z now' "a program that is bound when it runs"
harden -Wl,-z,execstack
fails check_hardening.sh 'noexecstack' "a stack that can be run"
harden -fno-stack-protector
fails check_hardening.sh 'stack-protector' "a stack that nobody watches"
harden -U_FORTIFY_SOURCE
fails check_hardening.sh 'FORTIFY' "buffers without their sizes"
harden -fcf-protection=none
fails check_hardening.sh 'cf-protection' "jumps that land anywhere"
harden -fno-stack-clash-protection
fails check_hardening.sh 'stack-clash' "frames that jump over the guard"
export TOLL_MODE="$mode_before"

echo 'int uv_loop_init(void *x); int main(void) { return uv_loop_init(0); }' |
	gcc -x c -o "$folder/tolld" - -luv
passes check_links.sh
echo 'int curl_global_init(long x); int main(void) { return curl_global_init(0); }' |
	gcc -x c -o "$folder/tolld" - -lcurl
fails check_links.sh 'libcurl' "a daemon that knows the network"
printf '#!/bin/sh\n' >"$folder/tolld"
chmod +x "$folder/tolld"
fails check_links.sh 'no libraries' "a program of which nothing is known"
passes check_config.sh
sed -i '/linger_ms/d' packaging/tolld.json
fails check_config.sh 'tolld.json differs' "a setting that the sample does not have"
sed -i 's/"linger_ms": 5/"linger_ms": 6/' packaging/tolld.json
fails check_config.sh 'tolld.json differs' "another default"
sed -i 's/"maximum": 60000/"maximum": 60001/' schema/config.schema.json
fails check_config.sh 'schema.json differs' "another limit in the schema"
echo 'N(NEW_ONE, "new_one", 1, 0, 2, "x")' >>daemon/settings.def
fails check_config.sh 'new_one' "a setting that is nowhere"
printf '#!/bin/sh\necho no such setting\nexit 2\n' >"$folder/tolld"
fails check_config.sh 'no such setting' "a sample that tolld refuses"

# The page as it is, with a test of each name that does nothing.
security()
{
	cp "$root/SECURITY.md" .
	grep -o '`tests/[^`]*`' SECURITY.md | tr -d '`' | while read -r name; do
		file=${name%%:*}
		mkdir -p "${file%/*}"
		printf 'static void %s(void) { }\n/* runs %s */\n' "${name#*:}" "${name#*:}" \
			>>"$file"
	done
}
security
passes check_security.sh
rm tests/unit/test_secret.c
fails check_security.sh 'test_secret.c is not there' "a test file that is gone"
security
sed -i 's/test_no_core_is_dumped/test_renamed/g' tests/integration/test_local_user.c
fails check_security.sh 'no test_no_core_is_dumped' "a test that has another name"
security
sed -i '/runs test_no_core_is_dumped/d' tests/integration/test_local_user.c
fails check_security.sh 'does not run test_no_core_is_dumped' "a test that nobody runs"
security
sed -i 's/`tests.unit.test_log.c:[a-z_]*`//g' SECURITY.md
fails check_security.sh 'names no test' "a row without a test"
security
sed -i 's/^### A stolen backup/### A backup/' SECURITY.md
fails check_security.sh 'A stolen backup' "a part that is gone"
security
sed -i '/`/d' SECURITY.md
fails check_security.sh 'no rows' "a page without a table"
passes check_man.sh
rm packaging/man/tolld.8
fails check_man.sh 'tolld.8: is not there' "a page that is missing"
echo '.nosuchmacro' >>packaging/man/toll.1
fails check_man.sh 'nosuchmacro' "a page with a warning"
sed -i 's/linger_ms//' packaging/man/tolld.8
fails check_man.sh '"linger_ms"' "a setting that the page does not have"
sed -i 's/some.chat/some.chatter/' packaging/man/toll-event.5
fails check_man.sh '"some.chat"' "an api that the page does not have"
sed -i 's/some.wrap/some.wrapper/' packaging/man/toll-event.5
fails check_man.sh '"some.wrap"' "an envelope that the page does not have"
sed -i 's/got.-lost//' packaging/man/toll-event.5
fails check_man.sh '"got-lost"' "a reason that the page does not have"
sed -i 's/input_x//' packaging/man/toll-pricebook.5
fails check_man.sh '"input_x"' "a component that the page does not have"
sed -i 's/unpriced//' packaging/man/toll-tail.1
fails check_man.sh '"unpriced"' "a verdict that the page does not have"
sed -i 's/some.-list//' packaging/man/toll.1
fails check_man.sh '"some-list"' "a catalogue that the page does not have"
sed -i 's/some.-cause//' packaging/man/toll.1
fails check_man.sh '"some-cause"' "a cause that the page does not have"
sed -i 's/some.-page//' packaging/man/toll.1
fails check_man.sh '"some-page"' "a form of publishing that the page does not have"
sed -i 's/some.-api//' packaging/man/toll.1
fails check_man.sh '"some-api"' "an API of statements that the page does not have"
sed -i 's/some.-bill//' packaging/man/toll-statement.5
fails check_man.sh '"some-bill"' "a format of statements that the page does not have"
sed -i 's/some.-unit//' packaging/man/toll-statement.5
fails check_man.sh '"some-unit"' "a unit of amounts that the page does not have"
rm packaging/man/toll-vectors.5
fails check_man.sh 'toll-vectors.5' "a page that is not there"
sed -i 's/kept_x//' packaging/man/toll.1
fails check_man.sh '"kept_x"' "a key of a report that the page does not have"
sed -i 's/report//' packaging/man/toll.1
fails check_man.sh '"report"' "a command that the page does not have"

script good 'exit 0'
script skips 'echo skipped here; exit 77'
tells passed 'ok  *test_good ' 'SKIPPED test_skips ' 'skipped here' \
	'^check: skipped 1: test_skips' '^check: 1 passed, 0 failed'
script bad 'echo it is wrong; exit 1'
script dies 'kill -9 $$'
tells failed 'FAILED  test_bad ' '  it is wrong' 'FAILED  test_dies ' '^check: 1 passed, 2 failed'
rm tests/unit/test_*.sh
echo >tests/unit/test_gone.c
tells failed 'FAILED  test_gone ' '^check: 0 passed, 1 failed'
mkdir -p build/release/tests/unit
cp /bin/true build/release/tests/unit/test_gone # it runs nothing
tells failed 'FAILED  test_gone ' '^check: 0 passed, 1 failed'

echo "$cases cases"
exit $bad
