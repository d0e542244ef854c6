# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the tables of the coverage report, and to the file verdict what is wrong and
# the closing line. Exits 1 if something is. Plain awk.
#
# Input: gcovr's figures by file (--csv). Variables: lines, its list of lines
# (--sonarqube); justified, the reasons: "file:function:text of the line | reason",
# where the text may be * for the whole function; verdict.

function folder_of(path)
{
	if (path ~ /^core\/platform\//)
		return "core/platform"
	if (path ~ /^(core\/db|drivers\/[^\/]+)\//)
		return substr(path, 1, match(path, /\/[^\/]*$/) - 1)
	return substr(path, 1, index(path, "/") - 1)
}

# Not more than it is: 96.99 is no 97.
function percent(part, whole)
{
	if (whole == 0)
		return "-"
	return sprintf("%d.%d", int(part * 100 / whole), int(part * 1000 / whole) % 10)
}

function wrong(text)
{
	print text >verdict
	failed = 1
}

function row(name, l, lt, b, bt)
{
	printf "| %s | %d of %d | %s | %d of %d | %s |\n", name, l, lt, percent(l, lt), b, bt,
		percent(b, bt)
}

# Alignment is no part of a text.
function trimmed(text)
{
	gsub(/[ \t]+/, " ", text)
	gsub(/^ | $/, "", text)
	return text
}

function read_reasons(line, at, key)
{
	while ((getline line < justified) > 0) {
		if (line ~ /^(#.*)?$/)
			continue
		at = index(line, " | ")
		key = trimmed(substr(line, 1, at - 1))
		if (at == 0 || trimmed(substr(line, at + 3)) == "" || key !~ /^[^:]+:[^:]+:./)
			wrong("justified.txt: no reason in: " line)
		reason[key] = trimmed(substr(line, at + 3))
	}
}

# The functions and texts of one source. A definition begins at the left margin.
function read_source(path, line, number, name, left, start)
{
	name = left = "-"
	number = 0
	while ((getline line < path) > 0) {
		number++
		if (line ~ /^[A-Za-z].*\(/ && line !~ /;[ \t]*$/ && line !~ /^(extern|#)/) {
			left = line
			sub(/\(.*/, "", left)
			sub(/.*[ *]/, "", left)
		}
		if (line ~ /^[A-Za-z{]/ && left != "-")
			name = left
		text[path, number] = trimmed(line)
		function_of[path, number] = name
		known[path ":" name ":" trimmed(line)] = known[path ":" name ":*"] = 1
		if (line ~ /^}/)
			name = left = "-"
	}
	close(path)
}

# What was not run of one file, runs of lines with one reason together.
function list_lines(path, first, last, why, n, i, name, next_why)
{
	first = 0
	for (i = 1; i <= missing[path] + 1; i++) {
		n = i <= missing[path] ? number_of[path, i] : 0
		next_why = n == 0 ? "" : why_of(path, n)
		if (first != 0 && (n == 0 || next_why != why || function_of[path, n] != name)) {
			printf "| %s:%s | `%s` | %s |\n", path,
				first == last ? first : first "-" last, name, why
			first = 0
		}
		if (n != 0 && first == 0) {
			first = n
			name = function_of[path, n]
			why = next_why
		}
		last = n
	}
}

function why_of(path, n, key)
{
	key = path ":" function_of[path, n] ":"
	if ((key text[path, n]) in reason)
		return reason[key text[path, n]]
	if ((key "*") in reason)
		return reason[key "*"]
	wrong(path ":" n ": not run, and not in justified.txt: " key text[path, n])
	return "**none**"
}

BEGIN {
	FS = ","
	lines_least = 97
	branches_least = 90
	printf "" >verdict
	read_reasons()
	print "| folder | lines | % | branches | % |"
	print "|---|---:|---:|---:|---:|"
}

FNR > 1 {
	folder = folder_of($1)
	if (!(folder in lt))
		folders[++folders_count] = folder
	lt[folder] += $2
	l[folder] += $3
	bt[folder] += $5
	b[folder] += $6
	if ($1 ~ /^core\//) {
		core_lt += $2
		core_l += $3
		core_bt += $5
		core_b += $6
		files[++files_count] = $1
		read_source($1)
	}
}

END {
	order = "core core/db core/platform drivers/sqlite drivers/stub bench cli stress"
	n = split(order, wanted, " ")
	for (i = 1; i <= n; i++)
		row(wanted[i], l[wanted[i]], lt[wanted[i]], b[wanted[i]], bt[wanted[i]])
	row("**core/, all of it**", core_l, core_lt, core_b, core_bt)
	print "\n## Lines of core/ that were not run\n"
	RS = ">" # the list is XML without line ends
	while ((getline line < lines) > 0) {
		if (match(line, /<file path="[^"]*"/))
			path = substr(line, RSTART + 12, RLENGTH - 13)
		if (path ~ /^core\// && line ~ /covered="false"/ &&
				match(line, /lineNumber="[0-9]+"/))
			number_of[path, ++missing[path]] = substr(line, RSTART + 12, RLENGTH - 13) + 0
	}
	print "| where | function | why |"
	print "|---|---|---|"
	for (i = 1; i <= files_count; i++)
		list_lines(files[i])
	for (key in reason)
		if (!(key in known))
			wrong("justified.txt: there is no such line: " key)
	if (core_lt == 0 || core_l * 100 < lines_least * core_lt)
		wrong("core/ is below " lines_least " % of its lines")
	if (core_bt == 0 || core_b * 100 < branches_least * core_bt)
		wrong("core/ is below " branches_least " % of its branches")
	printf "coverage: core lines %s %% (%d of %d), branches %s %% (%d of %d)\n",
		percent(core_l, core_lt), core_l, core_lt,
		percent(core_b, core_bt), core_b, core_bt >verdict
	exit failed
}
