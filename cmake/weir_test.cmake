# SPDX-License-Identifier: BSD-2-Clause
#
# weir_add_test(<name> SOURCES <file>... [LINK <target>...] [LABELS <label>...]
#               [ARGS <argument>...] [TIMEOUT <seconds>] [WHITE_BOX])
#
# One executable and one ctest test of the same name, linked with weir and cmocka.
# WHITE_BOX tests may include core/testing.h. They see symbols that a shared
# library hides, so they exist only where weir is static.

set(WEIR_TEST_TIMEOUT 120) # also under sanitizers, on two cores that are busy
if(WEIR_COVERAGE)
	set(WEIR_TEST_TIMEOUT 480) # without optimisation, and with a locked counter in each branch
endif()

function(weir_add_test name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "WHITE_BOX" "TIMEOUT" "SOURCES;LINK;LABELS;ARGS")
	if(arg_WHITE_BOX AND BUILD_SHARED_LIBS)
		return()
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT ${WEIR_TEST_TIMEOUT})
	endif()
	add_executable(${name} ${arg_SOURCES})
	weir_configure_target(${name})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/tests)
	target_link_libraries(${name} PRIVATE ${arg_LINK} weir::weir weir::cmocka Threads::Threads)
	if(arg_WHITE_BOX)
		target_link_libraries(${name} PRIVATE weir_testing)
	endif()
	if(TARGET coverage_end)
		target_link_libraries(${name} PRIVATE coverage_end)
	endif()
	add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
	set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
