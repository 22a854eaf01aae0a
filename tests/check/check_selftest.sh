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
	mkdir -p lib/base lib/money lib/usage lib/catalogue daemon cli packaging/man schema
	cp "$root/.clang-format" .
	cp -r "$root/packaging/systemd" "$root/packaging/tolld.json" packaging/
	cp "$root/schema/config.schema.json" schema/
	cp "$root/daemon/settings.def" daemon/
	printf '0 lib/base\n1 lib/money\n5 lib/usage sqlite3.h\n8 daemon uv.h\n8 cli\n' >lib/TIERS
	printf '#include <stdint.h>\n\nint one(void);\n' >lib/base/one.h
	printf '#include "base/one.h"\n\nint two(void)\n{\n\treturn one();\n}\n' >lib/money/two.c
	echo 'X(chat, "some.chat", "a shape")' >lib/usage/formats.def
	echo 'E(wrap, "some.wrap", "an envelope")' >lib/usage/envelopes.def
	echo 'C(INPUT, "input_x", TOKEN)' >lib/usage/component.def
	printf 'R(NONE, "none", "")\nR(LOST, "got-lost", "")\n' >lib/usage/reason.def
	echo 'C(LITTLE, "some-list", "a catalogue")' >lib/catalogue/catalogue.def
	echo 'K(KEPT, "kept_x", "a key of a report")' >lib/catalogue/tally.def
	echo 'P(LITTLE, "some-page", "a form")' >lib/catalogue/publish.def
	echo 'X(report)' >cli/commands.def
	echo '.TH T 1
.SH NAME
t \- report some.chat some.wrap some\-list some\-page kept_x input_x
got\-lost' >packaging/man/toll.1
	cp packaging/man/toll.1 packaging/man/toll-event.5
	printf '.TH T 1\n.SH NAME\nt \\- %s\n' \
		'accepted unpriced duplicate conflict quarantined checkpoint' \
		>packaging/man/toll-tail.1
	cp packaging/man/toll.1 packaging/man/toll-pricebook.5
	cp packaging/man/toll.1 packaging/man/toll-vectors.5
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
sed -i 's/some.-page//' packaging/man/toll.1
fails check_man.sh '"some-page"' "a form of publishing that the page does not have"
rm packaging/man/toll-vectors.5
fails check_man.sh 'toll-vectors.5' "a page that is not there"
sed -i 's/kept_x//' packaging/man/toll.1
fails check_man.sh '"kept_x"' "a key of a report that the page does not have"
sed -i 's/report//' packaging/man/toll.1
fails check_man.sh '"report"' "a command that the page does not have"

echo "$cases cases"
exit $bad
