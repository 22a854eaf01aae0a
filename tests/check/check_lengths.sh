#!/bin/sh
# check_lengths.sh [ROOT]: no file over 800 lines, no line over 100 columns, no function
# over 70 lines unless the comment above it says why ("Longer than most: ...").  Tables in
# a function (static const ... = { }) are data: their lines do not count.
set -eu
cd "${1-.}"
find lib daemon cli tests schema packaging .ci Makefile -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.sql' -o -name '*.def' -o -name Makefile \
	-o -name run -o -name bootstrap \) 2>/dev/null | LC_ALL=C sort | LC_ALL=C awk '
function wrong(what)
{
	print file ":" number ": " what
	bad = 1
}
function columns(text,   i, c, at)
{
	if (text !~ /[\t\200-\377]/)
		return length(text)
	at = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\t")
			at += 8 - at % 8
		else if (c !~ /[\200-\277]/)
			at++
	}
	return at
}
{
	file = $0
	number = 0
	begin = 0
	table = 0
	excused = 0
	code = file ~ /\.c$/
	# A .def is data: a row is a line, however long.
	data = file ~ /\.def$/
	while ((getline line < file) > 0) {
		number++
		if (!data && columns(line) > 100)
			wrong(columns(line) " columns; 100 are the most")
		if (!code)
			continue
		if (line ~ /Longer than most: ./)
			excused = 1
		if (line == "{") {
			begin = number
			rows = 0
		}
		if (line ~ /^\tstatic const .*\{$/)
			table = number
		if (table && line == "\t};") {
			rows += number - table + 1
			table = 0
		}
		if (line ~ /^}/) {
			n = number - begin - 1 - rows
			if (begin && n > 70 && !excused)
				wrong(n " lines in a function; 70 are the most")
			begin = 0
			excused = 0
		}
	}
	close(file)
	if (number > 800)
		wrong("800 lines are the most")
	files++
}
END {
	print files + 0 " files"
	exit bad || !files
}'
