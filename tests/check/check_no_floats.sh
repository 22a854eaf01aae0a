#!/bin/sh
# check_no_floats.sh [ROOT]: no floating point in lib/, where the money is: no type, no
# constant, no conversion.  Comments and texts do not count.
set -eu
cd "${1-.}"
bad=0
files=0
for file in $(find lib -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort); do
	files=$((files + 1))
	# The compiler takes the comments out and keeps the lines' numbers.
	found=$(${CC:-gcc} -x c -fpreprocessed -dD -E "$file" 2>/dev/null |
		LC_ALL=C awk -v file="$file" '
		/^# [0-9]+ / { number = $2 - 1; next }
		{
			number++
			line = $0
			gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
			gsub(/[A-Za-z_0-9.]+/, " & ", line)
			n = split(line, word, /[^A-Za-z_0-9.]+/)
			for (i = 1; i <= n; i++)
				if (word[i] ~ /^(float|double|_Float[0-9]+|_Complex)$/ ||
				    word[i] ~ /^(strtof|strtod|strtold|atof)$/ ||
				    word[i] ~ /^([0-9]+\.[0-9]*|\.[0-9]+)([eE].*)?[fFlL]?$/ ||
				    word[i] ~ /^[0-9]+[eE][0-9]+$/)
					print file ":" number ": " word[i]
		}')
	conversions=$(LC_ALL=C grep -nE '%[-+ #0-9.*]*L?[aefgAEFG]([^a-zA-Z]|$)' "$file" |
		grep -E 'printf|addf|fault_set|_set\(|scanf|"' | grep '"' || true)
	if [ -n "$found" ]; then
		echo "$found"
		bad=1
	fi
	if [ -n "$conversions" ]; then
		echo "$conversions" | sed "s|^|$file:|"
		bad=1
	fi
done
echo "$files files"
[ $bad = 0 ] && [ $files != 0 ]
