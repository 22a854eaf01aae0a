#!/bin/sh
# check_format.sh [ROOT]: the code is laid out as .clang-format says, by version 14.
set -eu
cd "${1-.}"
files=$(find lib daemon cli tests -name '*.[ch]' 2>/dev/null | LC_ALL=C sort)
[ -n "$files" ] || { echo "no files"; exit 1; }
bad=0
for file in $files; do
	if ! clang-format-14 --style=file "$file" | cmp -s - "$file"; then
		echo "$file: not laid out as .clang-format says; make format does it"
		bad=1
	fi
done
exit $bad
