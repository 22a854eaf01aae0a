#!/bin/sh
# check_links.sh: tolld is linked with what it needs, and with no network library: its ingest
# must not depend on anybody's server, nor on the many libraries behind that one.
set -eu
build=${TOLL_BUILD:-build/release}
bad=0
needed=$(objdump -p "$build/tolld" | sed -n 's/^ *NEEDED *//p')
[ -n "$needed" ] || { echo "tolld: no libraries are listed"; exit 1; }
for library in $needed; do
	case $library in
	libsqlite3.so.* | libuv.so.* | libc.so.* | libm.so.* | libpthread.so.*) ;;
	# Of the sanitizers.
	libasan.so.* | libubsan.so.* | libtsan.so.* | libgcc_s.so.*) ;;
	*)
		echo "tolld is linked with $library"
		bad=1
		;;
	esac
done
exit $bad
