#!/bin/sh
# check_install.sh [ROOT]: make install puts exactly these files there, with their modes;
# an existing configuration stays; make uninstall takes the rest away.
set -eu
cd "${1-.}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mode=${TOLL_MODE:-release}

# Not the make that runs this: its flags are none of ours.
fresh_make()
{
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --no-print-directory "MODE=$mode" \
		DESTDIR="$folder" PREFIX=/opt/toll "$@"
}

fresh_make install >/dev/null
cat >"$folder.want" <<'end'
644 etc/toll/tolld.json
644 opt/toll/lib/systemd/system/tolld.service
644 opt/toll/lib/systemd/system/tolld.socket
644 opt/toll/lib/sysusers.d/toll.conf
644 opt/toll/lib/tmpfiles.d/toll.conf
644 opt/toll/share/doc/toll/README.md
644 opt/toll/share/doc/toll/SECURITY.md
644 opt/toll/share/man/man1/toll-tail.1
644 opt/toll/share/man/man1/toll.1
644 opt/toll/share/man/man5/toll-event.5
644 opt/toll/share/man/man5/toll-pricebook.5
644 opt/toll/share/man/man5/toll-statement.5
644 opt/toll/share/man/man5/toll-vectors.5
644 opt/toll/share/man/man8/tolld.8
644 opt/toll/share/toll/pricebook.sample.json
644 opt/toll/share/toll/schema/config.schema.json
644 opt/toll/share/toll/schema/event.schema.json
644 opt/toll/share/toll/schema/pricebook.schema.json
644 opt/toll/share/toll/schema/statement-mapping.schema.json
644 opt/toll/share/toll/statement-mapping.sample.json
644 opt/toll/share/toll/tolld.json
644 opt/toll/share/toll/vectors.sample.json
755 opt/toll/bin/toll
755 opt/toll/bin/tolld
end
trap 'rm -rf "$folder" "$folder.want" "$folder.got"' EXIT
(cd "$folder" && find . -type f -printf '%m %P\n' | LC_ALL=C sort) >"$folder.got"
diff "$folder.want" "$folder.got"

unit=$folder/opt/toll/lib/systemd/system/tolld.service
grep -q '^ExecStart=/opt/toll/bin/tolld --config /etc/toll/tolld.json$' "$unit" || {
	echo "tolld.service does not name the prefix:"
	cat "$unit"
	exit 1
}

echo '{}' >"$folder/etc/toll/tolld.json"
fresh_make install >/dev/null
[ "$(cat "$folder/etc/toll/tolld.json")" = '{}' ] || {
	echo "the configuration was overwritten"
	exit 1
}
fresh_make uninstall >/dev/null
left=$(find "$folder" -type f -printf '%P\n')
[ "$left" = etc/toll/tolld.json ] || { echo "left behind: $left"; exit 1; }
