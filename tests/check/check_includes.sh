#!/bin/sh
# check_includes.sh [ROOT]: a folder includes only itself and lower tiers of lib/TIERS, and
# a third-party header only where its owner is.
set -eu
cd "${1-.}"
[ -s lib/TIERS ] || { echo "lib/TIERS is not there"; exit 1; }

find lib daemon cli tests -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | LC_ALL=C awk '
function folder_of(path,   part)
{
	split(path, part, "/")
	return part[1] == "lib" ? "lib/" part[2] : part[1]
}
function wrong(what)
{
	print file ":" number ": " what
	bad = 1
}
function look(   from, to, header)
{
	from = folder_of(file)
	if (!(from in tier)) {
		wrong("folder " from " has no line in lib/TIERS")
		return
	}
	header = line
	if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
		sub(/^[^"]*"/, "", header)
		sub(/".*/, "", header)
		# By path from lib/, or from the top for what is beside it.
		to = folder_of(header)
		if (!(to in tier) || to ~ /^lib\//)
			to = folder_of("lib/" header)
		if (!(to in tier))
			wrong("\"" header "\": not a path from lib/ or from the top")
		else if (to != from && tier[to] >= tier[from])
			wrong("\"" header "\": tier " tier[from] " includes " to " of " tier[to])
	} else if (line ~ /^[ \t]*#[ \t]*include[ \t]*</) {
		sub(/^[^<]*</, "", header)
		sub(/>.*/, "", header)
		if (header in owned) {
			if (!((header, from) in owner))
				wrong("<" header ">: belongs to " owned[header])
		} else if (!(header in standard) && header !~ /^(sys|linux|netinet|arpa)\//)
			wrong("<" header ">: has no owner in lib/TIERS")
	}
}
BEGIN {
	n = split("assert ctype dirent dlfcn errno fcntl fnmatch ftw getopt glob grp inttypes " \
		"langinfo limits locale malloc poll pthread pwd regex sched setjmp signal spawn " \
		"stdarg stdatomic stdbool stddef stdint stdio stdlib string strings time unistd " \
		"wchar wctype", \
		names, " ")
	for (i = 1; i <= n; i++)
		standard[names[i] ".h"] = 1
	while ((getline line < "lib/TIERS") > 0) {
		if (line ~ /^#/ || line ~ /^[ \t]*$/)
			continue
		n = split(line, word, /[ \t]+/)
		tier[word[2]] = word[1] + 0
		for (i = 3; i <= n; i++) {
			owned[word[i]] = owned[word[i]] (owned[word[i]] ? " and " : "") word[2]
			owner[word[i], word[2]] = 1
		}
	}
}
{
	file = $0
	number = 0
	while ((getline line < file) > 0) {
		number++
		if (line ~ /^[ \t]*#[ \t]*include/)
			look()
	}
	close(file)
	files++
}
END {
	print files + 0 " files"
	exit bad || !files
}'
