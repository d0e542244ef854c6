# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the built-in scenarios into a C file, as bytes: a string would have to be
# quoted, and cut where compilers end.
#
# cmake -D OUTPUT=<file.c> -D "FILES=<file.ini>;..." -P embed.cmake

set(arrays "")
set(entries "")
foreach(path IN LISTS FILES)
	get_filename_component(stem ${path} NAME_WE)
	string(MAKE_C_IDENTIFIER "text_${stem}" array)
	file(READ ${path} bytes HEX)
	string(LENGTH "${bytes}" digits)
	math(EXPR length "${digits} / 2")
	string(REGEX REPLACE "(................................)" "\\1\n\t" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
	string(APPEND arrays "static const char ${array}[] = {\n\t${bytes}'\\0'};\n\n")
	string(APPEND entries "\t{\"${stem}.ini\", ${array}, ${length}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* SPDX-License-Identifier: BSD-2-Clause */
#include \"scenario_builtin.h\"

${arrays}const struct bench_embedded bench_embedded_scenarios[] = {
${entries}	{0},
};
")
