#!/bin/sh
# check_config.sh [ROOT]: the sample configuration and its schema have every setting of
# daemon/settings.def with its default and limits, in that order, and tolld takes the sample.
set -eu
cd "${1-.}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# "key default min max" of each; a text has no limits.
sed -n -e 's/^T([A-Z_]*, *"\([a-z_]*\)", *"\([^"]*\)".*/\1 "\2"/p' \
	-e 's/^N([A-Z_]*, *"\([a-z_]*\)", *\([0-9]*\), *\([0-9]*\), *\([0-9]*\),.*/\1 \2 \3 \4/p' \
	daemon/settings.def >"$folder/settings"
[ "$(grep -c '^[TN](' daemon/settings.def)" = "$(wc -l <"$folder/settings")" ] ||
	{ echo "daemon/settings.def has a line that is not understood"; exit 1; }
[ -s "$folder/settings" ] || { echo "no settings"; exit 1; }

# One member a line in both files.
sed -n 's/^\t"\([a-z_]*\)": \(.*[^,]\),*$/\1 \2/p' packaging/tolld.json >"$folder/sample"
# The sample says where the control socket is by default.
awk '{ print $1, $1 == "control" ? "\"/run/toll/control.sock\"" : $2 }' "$folder/settings" |
	diff - "$folder/sample" ||
	{ echo "packaging/tolld.json differs (>) from the settings (<)"; exit 1; }

awk '
/^\t\t"[a-z_]+": \{$/ { key = $1; gsub(/[":]/, "", key); value = min = max = "" }
/^\t\t\t"default":/ { value = $2; sub(/,$/, "", value) }
/^\t\t\t"minimum":/ { min = " " $2; sub(/,$/, "", min) }
/^\t\t\t"maximum":/ { max = " " $2; sub(/,$/, "", max) }
/^\t\t\},?$/ { print key " " value min max }
' schema/config.schema.json | diff "$folder/settings" - ||
	{ echo "schema/config.schema.json differs (>) from the settings (<)"; exit 1; }

"${TOLL_BUILD:-build/release}/tolld" --check-config --config packaging/tolld.json
