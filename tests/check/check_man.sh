#!/bin/sh
# check_man.sh [ROOT]: each man page is free of warnings and names every member of the lists
# it documents.
set -eu
cd "${1-.}"
# One that is set and not installed is a warning of its own.
export LC_ALL=C.UTF-8
man=packaging/man
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

# second FILE MACROS: the second argument of X(NAME, "second", ...), one a line.
second()
{
	sed -n "s/^[$2]([A-Za-z0-9_]*, *\"\\([^\"]*\\)\".*/\\1/p" "$1"
}

# names PAGE LIST-NAME WORD...: each word stands in the page as a word of its own.
names()
{
	page=$1
	list=$2
	shift 2
	if [ $# = 0 ]; then
		echo "$list: no members found"
		bad=1
	fi
	# A page that is not there was named already.
	[ -s "$folder/$page" ] || return 0
	for word; do
		pattern="(^|[^A-Za-z0-9_.-])$(echo "$word" | sed 's/\./\\./g')([^A-Za-z0-9_-]|\$)"
		if ! LC_ALL=C grep -qE "$pattern" "$folder/$page"; then
			echo "$man/$page: \"$word\" of $list is not in it"
			bad=1
		fi
	done
}

for page in toll.1 toll-tail.1 toll-event.5 toll-pricebook.5 toll-statement.5 toll-vectors.5 \
	tolld.8; do
	if [ ! -s "$man/$page" ]; then
		echo "$man/$page: is not there"
		bad=1
		: >"$folder/$page"
		continue
	fi
	man --warnings -E UTF-8 -l -Tutf8 -Z "$man/$page" 2>"$folder/warnings" >/dev/null || bad=1
	if [ -s "$folder/warnings" ]; then
		sed "s|^|$man/$page: |" "$folder/warnings"
		bad=1
	fi
	sed -e 's/\\-/-/g' -e 's/\\f[A-Z]//g' -e 's/\\f(..//g' -e 's/\\&//g' "$man/$page" \
		>"$folder/$page"
done

# Splitting at spaces is meant: a name has none.
# shellcheck disable=SC2046
{
	names tolld.8 daemon/settings.def $(second daemon/settings.def TN)
	names toll-event.5 lib/usage/formats.def $(second lib/usage/formats.def X)
	names toll-event.5 lib/usage/envelopes.def $(second lib/usage/envelopes.def E)
	names toll-event.5 lib/usage/component.def $(second lib/usage/component.def C)
	names toll-event.5 lib/usage/reason.def $(second lib/usage/reason.def R | grep -v '^none$')
	names toll-pricebook.5 lib/usage/component.def $(second lib/usage/component.def C)
	names toll-statement.5 lib/statement/formats.def $(second lib/statement/formats.def F)
	names toll-statement.5 lib/statement/field.def $(second lib/statement/field.def F)
	names toll-statement.5 lib/statement/money.def $(second lib/statement/money.def M)
	names toll-statement.5 lib/statement/clock.def $(second lib/statement/clock.def C)
	names toll-statement.5 lib/statement/unit.def \
		$(sed -n 's/^U("\([^"]*\)".*/\1/p' lib/statement/unit.def)
	names toll-statement.5 lib/usage/component.def $(second lib/usage/component.def C)
	names toll-tail.1 'the verdicts' accepted unpriced duplicate conflict quarantined checkpoint
	names toll.1 lib/catalogue/catalogue.def $(second lib/catalogue/catalogue.def C)
	names toll.1 lib/catalogue/tally.def $(second lib/catalogue/tally.def K)
	names toll.1 lib/catalogue/publish.def $(second lib/catalogue/publish.def P)
	names toll.1 lib/statement/fetch.def $(second lib/statement/fetch.def F)
	names toll.1 lib/bill/cause.def $(second lib/bill/cause.def C)
	names toll.1 cli/commands.def $(sed -n 's/^[A-Z]*(\([a-z_]*\).*/\1/p' cli/commands.def)
}
exit $bad
