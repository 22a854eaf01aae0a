#!/bin/sh
# check_security.sh [ROOT]: SECURITY.md has its parts, and each row of its tables names tests
# that are there: a file, or FILE:FUNCTION of one that main() runs.
set -eu
cd "${1-.}"
page=SECURITY.md
bad=0

wrong()
{
	echo "$page: $1"
	bad=1
}

[ -f $page ] || { echo "$page: is not there"; exit 1; }
for part in 'How to report' 'What is promised' 'What is not' 'A buggy gateway' \
	'A hostile gateway' 'Another local user' 'A stolen backup' \
	'A hostile price book, catalogue or statement' \
	'A disk that changes or refuses what it was given'; do
	grep -q "^##* $part\$" $page || wrong "no part \"$part\""
done

tests=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT
# The rows but the heads, one line each: its number, and what the last column names.
awk -F '|' '/^\| / && $4 !~ /Shown by/ {
	print NR ": " $4 (NF == 5 ? "" : " columns=" NF - 2)
}' $page >"$list"
while read -r row names; do
	case $names in
	*columns=*) wrong "line ${row%:}: three columns are due" ;;
	*'`tests/'*) ;;
	*) wrong "line ${row%:}: it names no test" ;;
	esac
	for name in $(echo "$names" | tr -d '`'); do
		tests=$((tests + 1))
		file=${name%%:*}
		function=${name#*:}
		if [ ! -f "$file" ]; then
			wrong "line ${row%:}: $file is not there"
		elif [ "$file" = "$name" ]; then
			[ "${file##*.}" = sh ] || wrong "line ${row%:}: $file: which function?"
		elif ! grep -q "^static void $function(" "$file"; then
			wrong "line ${row%:}: $file has no $function"
		elif [ "$(grep -cw "$function" "$file")" -lt 2 ]; then
			wrong "line ${row%:}: $file does not run $function"
		fi
	done
done <"$list"
[ "$(wc -l <"$list")" -gt 0 ] || wrong "no rows"
echo "$(wc -l <"$list") rows, $tests tests"
exit $bad
