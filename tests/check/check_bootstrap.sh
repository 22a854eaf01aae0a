#!/bin/sh
# check_bootstrap.sh: packaging/bootstrap is silent where nothing is missing, installs by
# name what is, and says what to run where it may not.  No package is touched.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

wrong()
{
	echo "$1:"
	sed 's/^/  /' "$folder/out" "$folder/calls"
	bad=1
}

# A machine on which nothing but the shell's own tools is installed; who: its user id.
bare_machine()
{
	rm -rf "${folder:?}/bin"
	mkdir "$folder/bin"
	for tool in sh env cat ls true; do
		ln -s "/bin/$tool" "$folder/bin/$tool"
	done
	printf '#!/bin/sh\necho "%s"\n' "$1" >"$folder/bin/id"
	printf '#!/bin/sh\necho "apt-get $*" >>"%s/calls"\n' "$folder" >"$folder/bin/apt-get"
	chmod +x "$folder/bin/id" "$folder/bin/apt-get"
	: >"$folder/calls"
}

bootstrap()
{
	code=0
	PATH="$folder/bin" packaging/bootstrap "$1" >"$folder/out" 2>&1 </dev/null || code=$?
}

: >"$folder/calls"
if ! packaging/bootstrap check >"$folder/out" 2>&1 || [ -s "$folder/out" ]; then
	wrong "not silent where nothing is missing"
fi

bare_machine 0
bootstrap check
packages="gcc pkg-config libsqlite3-dev libuv1-dev libcmocka-dev libjansson-dev clang-format-14"
packages="$packages libcurl4-openssl-dev openssl strace nodejs chromium"
for package in $packages man-db groff-base systemd socat python3 python3-jsonschema; do
	grep -q "^apt-get install .*[ ]$package\( \|\$\)" "$folder/calls" ||
		wrong "as root: $package is not installed"
	grep -q "^  $package  *[a-z]" "$folder/out" || wrong "$package: it does not say why"
done
[ "$(head -n 1 "$folder/calls")" = "apt-get update -qq" ] || wrong "as root: no update first"
[ $code = 0 ] || wrong "as root: exit code $code"

bare_machine 0
bootstrap demo
if grep -q -e cmocka -e clang "$folder/calls"; then
	wrong "the demo needs no tools of the tests"
fi

bare_machine 0
bootstrap fuzz
grep -q "^apt-get install .*[ ]clang-14\( \|\$\)" "$folder/calls" ||
	wrong "as root: clang is not installed for the fuzzers"
[ $code = 0 ] || wrong "for the fuzzers: exit code $code"

bare_machine 1000
bootstrap check
[ $code = 1 ] || wrong "without rights: exit code $code"
[ ! -s "$folder/calls" ] || wrong "without rights: it ran something"
grep -q '^  apt-get update && apt-get install .*libuv1-dev' "$folder/out" ||
	wrong "without rights: it does not say what to run"

bare_machine 1000
printf '#!/bin/sh\n[ "$1" = -n ] && shift\necho "sudo" >>"%s/calls"\nexec "$@"\n' "$folder" \
	>"$folder/bin/sudo"
chmod +x "$folder/bin/sudo"
bootstrap demo
grep -q '^sudo' "$folder/calls" || wrong "with sudo: it was not asked"
grep -q '^apt-get install .*libuv1-dev' "$folder/calls" || wrong "with sudo: nothing installed"

bare_machine 0
rm "$folder/bin/apt-get"
bootstrap demo
[ $code = 1 ] || wrong "without apt-get: exit code $code"
grep -q 'libuv1-dev' "$folder/out" || wrong "without apt-get: it does not say what is missing"
exit $bad
