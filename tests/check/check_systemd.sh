#!/bin/sh
# check_systemd.sh [ROOT]: the service is exposed by at most 0.5 of 10, and its units are
# well formed.
set -eu
cd "${1-.}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
units=packaging/systemd

# The threshold is in tenths.
systemd-analyze security --offline=true --no-pager --threshold=5 $units/tolld.service \
	>"$folder/security" || { cat "$folder/security"; exit 1; }
tail -n 1 "$folder/security"

# The programs need not be installed to check the rest.
umask 022 # systemd dislikes units that others may write
for unit in tolld.service tolld.socket; do
	sed -e 's|/usr/local/bin/tolld|/bin/true|' $units/$unit >"$folder/$unit"
done
systemd-analyze verify --man=no "$folder/tolld.service" "$folder/tolld.socket" \
	>"$folder/verify" 2>&1 || { cat "$folder/verify"; exit 1; }
# It warns about what it ignores and still ends well.
if grep -q "$folder" "$folder/verify"; then
	cat "$folder/verify"
	exit 1
fi
