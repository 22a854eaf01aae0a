#!/bin/sh
# check_one_writer.sh [ROOT]: a ledger is opened, checkpointed and backed up in the places that
# are known here, and nowhere else: one connection writes and checkpoints.
set -eu
cd "${1-.}"
bad=0

# The file, the call and how often it stands there.  Those of backup.c are of copies that nobody
# else has, and of a ledger whose lock it holds.
known='lib/ledger/backup.c sqlite3_backup_init 1
lib/ledger/backup.c sqlite3_open_v2 3
lib/ledger/backup.c sqlite3_wal_checkpoint_v2 1
lib/ledger/ledger.c sqlite3_open_v2 1
lib/ledger/ledger.c sqlite3_wal_checkpoint_v2 1
lib/ledger/store.c sqlite3_wal_checkpoint_v2 1
lib/ledger/verify_file.c sqlite3_open_v2 1'
calls='sqlite3_open[0-9a-z_]*|sqlite3_wal_checkpoint[0-9a-z_]*|sqlite3_wal_autocheckpoint'
calls="$calls|sqlite3_backup_init|SQLITE_FCNTL_CKPT[A-Z_]*"
# Also as SQL: in a text, upper or lower.
pragmas='wal_checkpoint|wal_autocheckpoint *= *[1-9]|vacuum  *into|attach  *database'

files=$(find lib daemon cli -name '*.[ch]' -o -name '*.def' 2>/dev/null | LC_ALL=C sort)
[ -n "$files" ] || { echo "no files"; exit 1; }
found=$(for file in $files; do
	# The compiler takes the comments out.
	${CC:-gcc} -x c -fpreprocessed -dD -E "$file" 2>/dev/null | LC_ALL=C grep -v '^# ' |
		LC_ALL=C grep -oE "($calls)[ (,]" | tr -d ' (,' | LC_ALL=C sort | uniq -c |
		awk -v file="$file" '{ print file, $2, $1 }'
done)
others=$(echo "$found" | while IFS= read -r line; do
	[ -z "$line" ] || echo "$known" | grep -qxF "$line" || echo "$line"
done)
if [ -n "$others" ]; then
	echo "$others" | sed 's/^\([^ ]*\) \([^ ]*\) \(.*\)/\1: \2 (\3 times) is in no known place/'
	bad=1
fi
sql=$(for file in $files; do
	${CC:-gcc} -x c -fpreprocessed -dD -E "$file" 2>/dev/null | LC_ALL=C grep -v '^# ' |
		LC_ALL=C grep -iE "\"[^\"]*($pragmas)" | sed "s|^|$file: |"
done)
if [ -n "$sql" ]; then
	echo "$sql"
	bad=1
fi
echo "$(echo "$files" | wc -l) files"
exit $bad
