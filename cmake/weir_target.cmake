# SPDX-License-Identifier: BSD-2-Clause
#
# What every target of weir has in common, and the three ways to make one.
# Everything is said per target: a project that adds weir keeps its own flags.

include(GNUInstallDirs)

add_library(weir_warnings INTERFACE)
set(weir_warning_flags
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2 -Wvla
	-Wundef)
target_compile_options(weir_warnings INTERFACE
	${weir_warning_flags}
	$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
	$<$<BOOL:${WEIR_WERROR}>:-Werror>)

# The language of weir's sources: C17 and C++17 with the interfaces of Linux, but
# without GNU's dialect.
add_library(weir_language INTERFACE)
target_compile_definitions(weir_language INTERFACE _GNU_SOURCE)

function(weir_configure_target target)
	target_link_libraries(${target} PRIVATE
		$<BUILD_INTERFACE:weir_warnings> $<BUILD_INTERFACE:weir_language>)
	set_target_properties(${target} PROPERTIES
		C_STANDARD 17
		C_STANDARD_REQUIRED ON
		C_EXTENSIONS OFF
		CXX_STANDARD 17
		CXX_STANDARD_REQUIRED ON
		CXX_EXTENSIONS OFF
		C_VISIBILITY_PRESET hidden
		CXX_VISIBILITY_PRESET hidden
		VISIBILITY_INLINES_HIDDEN ON
		POSITION_INDEPENDENT_CODE ON
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# weir_add_library(<target> ALIAS <weir::name> SOURCES <file>...)
function(weir_add_library target)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "ALIAS" "SOURCES")
	add_library(${target} ${arg_SOURCES})
	add_library(${arg_ALIAS} ALIAS ${target})
	weir_configure_target(${target})
	string(REPLACE "weir::" "" exported ${arg_ALIAS})
	set_target_properties(${target} PROPERTIES
		EXPORT_NAME ${exported}
		VERSION ${PROJECT_VERSION}
		SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
	target_include_directories(${target} PUBLIC
		$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
		$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
	if(BUILD_SHARED_LIBS)
		# Threads keep pointers into the library in thread-local storage; code
		# that dlclose took away would be called when they exit.
		target_link_options(${target} PRIVATE LINKER:-z,nodelete)
	endif()
endfunction()

# weir_add_tool(<name> SOURCES <file>... LINK <target>...)
# The target is <name>_tool, since a library may own the name.
function(weir_add_tool name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
	add_executable(${name}_tool ${arg_SOURCES})
	weir_configure_target(${name}_tool)
	set_target_properties(${name}_tool PROPERTIES OUTPUT_NAME ${name})
	target_link_libraries(${name}_tool PRIVATE ${arg_LINK})
endfunction()
