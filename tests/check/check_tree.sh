#!/bin/sh
# check_tree.sh [ROOT]: nothing generated is kept, no warning is switched off, no path of
# somebody's machine, no white space at the end of a line.
set -eu
cd "${1-.}"
bad=0
if [ -e .git ] && command -v git >/dev/null 2>&1; then
	list=$(git -c safe.directory='*' ls-files --cached --others --exclude-standard)
else
	list=$(find . -path ./build -prune -o -path ./.git -prune -o -type f -print |
		sed 's|^\./||')
fi
[ -n "$list" ] || { echo "no files"; exit 1; }

found()
{
	if [ -n "$2" ]; then
		echo "$1:"
		echo "$2" | sed 's/^/  /'
		bad=1
	fi
}

found "generated files" "$(echo "$list" | grep -E \
	'(^|/)build/|\.(o|a|d|so|db|db-wal|db-shm|lock|gcda|gcno|profraw|pyc|orig|rej|swp)$|~$' ||
	true)"

# The checks themselves name what they look for.
texts=$(echo "$list" | grep -v '^tests/check/' || true)
search()
{
	echo "$texts" | while IFS= read -r file; do
		[ ! -f "$file" ] || LC_ALL=C grep -IHnE "$1" "$file" || true
	done
}
off='#pragma (GCC|clang) diagnostic|NOLINT|clang-format off|no_sanitize|-Wno-|suppressions='
found "warnings and findings switched off" "$(search "$off")"
found "paths of one machine" "$(search '(^|[^A-Za-z0-9_.])/(home/[a-z]|root/|work/|Users/)')"
found "white space at the end of a line" "$(search '[ 	]+$')"
echo "$(echo "$list" | wc -l) files"
exit $bad
