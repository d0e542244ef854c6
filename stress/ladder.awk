# SPDX-License-Identifier: BSD-2-Clause
#
# The figure of one rung, from its log: what it said in its summary line; else its
# name=value figures, added up; else the executions in its table; else its verdict.

BEGIN {
	split("rounds cuts points hit runs kills acknowledged durable committed failed lost faults",
		order, " ")
	for (i in order)
		wanted[order[i]] = 1
}

/^(models|explored|mutants|coverage): / {
	said = $0
	sub(/^[a-z]+: /, "", said)
}

{
	for (i = 1; i <= NF; i++) {
		if (split($i, pair, "=") == 2 && pair[1] in wanted && pair[2] ~ /^[0-9]+$/) {
			sum[pair[1]] += pair[2]
			figures = 1
		}
		if ($i == "complete" && $(i + 1) ~ /^[0-9]+$/)
			complete += $(i + 1)
		if ($i == "cut" && $(i + 1) ~ /^[0-9]+$/)
			cut += $(i + 1)
	}
}

/^fuzz_[a-z]+ +[0-9]+/ { executions += $2 }

/^[0-9]+ passed, [0-9]+ failed$/ { verdict = $0 }

function group(number, text)
{
	text = sprintf("%d", number)
	while (text ~ /[0-9][0-9][0-9][0-9]($|,)/)
		text = substr(text, 1, match(text, /[0-9][0-9][0-9]($|,)/) - 1) "," substr(text, RSTART)
	return text
}

END {
	if (said != "")
		text = said
	else if (figures)
		for (i = 1; i in order; i++) {
			if (order[i] in sum)
				text = text (text == "" ? "" : ", ") order[i] " " group(sum[order[i]])
		}
	else if (complete + cut > 0)
		text = group(complete) " executions in complete bounds, " group(cut) " cut or drawn"
	else if (executions > 0)
		text = group(executions) " executions"
	print text (text != "" && verdict != "" ? "; " : "") verdict
}
