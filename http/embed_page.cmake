# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the live page into a C file, as bytes, with the Content-Security-Policy
# that fits it: the hashes of its one style sheet and its one script. What the page
# says between those tags is all that a browser will run.
#
# cmake -D OUTPUT=<file.c> -D PAGE=<file.html> -P embed_page.cmake

set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)

# hash_of(<out> <text> <tag>): the CSP source of what stands in <tag>...</tag>.
function(hash_of out text tag)
	string(FIND "${text}" "<${tag}>" from)
	string(FIND "${text}" "</${tag}>" to)
	string(LENGTH "<${tag}>" skip)
	if(from LESS 0 OR to LESS from)
		message(FATAL_ERROR "${PAGE} has no <${tag}>...</${tag}>.")
	endif()
	math(EXPR from "${from} + ${skip}")
	math(EXPR length "${to} - ${from}")
	string(SUBSTRING "${text}" ${from} ${length} inner)
	string(SHA256 hex "${inner}")
	# 32 bytes are ten groups of three and one of two: four zero digits fill it up.
	string(APPEND hex 00)
	set(base64 "")
	foreach(at RANGE 0 60 6)
		string(SUBSTRING ${hex} ${at} 6 three)
		math(EXPR value "0x${three}")
		foreach(shift 18 12 6 0)
			math(EXPR digit "(${value} >> ${shift}) & 63")
			string(SUBSTRING ${alphabet} ${digit} 1 letter)
			string(APPEND base64 ${letter})
		endforeach()
	endforeach()
	string(SUBSTRING ${base64} 0 43 base64)
	set(${out} "'sha256-${base64}='" PARENT_SCOPE)
endfunction()

file(READ ${PAGE} text)
hash_of(style "${text}" style)
hash_of(script "${text}" script)

file(READ ${PAGE} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n\t" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUTPUT} "/* SPDX-License-Identifier: BSD-2-Clause */
#include \"http_page.h\"

const char weir__http_page[] = {
	${bytes}'\\0'};

const size_t weir__http_page_length = ${length};

const char weir__http_page_policy[] =
	\"default-src 'none'; connect-src 'self'; img-src data:; \"
	\"style-src ${style}; \"
	\"script-src ${script}; \"
	\"base-uri 'none'; form-action 'none'; frame-ancestors 'none'\";
")
