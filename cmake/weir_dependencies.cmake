# SPDX-License-Identifier: BSD-2-Clause
#
# Finds every library weir uses and makes an imported target weir::<name> of
# each. All misses are gathered and reported at once, as one command to run.

set(weir_missing_packages "")
set(weir_missing_files "")

# weir_find(<name> HEADER <file> PACKAGE <Debian package> [LIBRARIES <name>...])
# A library that weir uses through inline functions alone needs no LIBRARIES.
function(weir_find name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;PACKAGE" "LIBRARIES")
	find_path(WEIR_${name}_INCLUDE_DIR ${arg_HEADER})
	mark_as_advanced(WEIR_${name}_INCLUDE_DIR)
	set(found ${WEIR_${name}_INCLUDE_DIR})
	set(libraries "")
	foreach(library IN LISTS arg_LIBRARIES)
		find_library(WEIR_${library}_LIBRARY ${library})
		mark_as_advanced(WEIR_${library}_LIBRARY)
		list(APPEND libraries ${WEIR_${library}_LIBRARY})
		if(NOT WEIR_${library}_LIBRARY)
			set(found "")
		endif()
	endforeach()
	if(NOT found)
		list(APPEND weir_missing_packages ${arg_PACKAGE})
		list(APPEND weir_missing_files "${arg_HEADER} ${arg_LIBRARIES}")
		set(weir_missing_packages ${weir_missing_packages} PARENT_SCOPE)
		set(weir_missing_files ${weir_missing_files} PARENT_SCOPE)
		return()
	endif()
	add_library(weir::${name} INTERFACE IMPORTED GLOBAL)
	target_include_directories(weir::${name} SYSTEM INTERFACE ${WEIR_${name}_INCLUDE_DIR})
	target_link_libraries(weir::${name} INTERFACE ${libraries})
endfunction()

# GLOBAL: a project that adds weir as a folder links through these targets too.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED GLOBAL)

weir_find(ck HEADER ck_pr.h PACKAGE libck-dev)
weir_find(inih HEADER ini.h PACKAGE libinih-dev LIBRARIES inih)

if(WEIR_SQLITE_TARGET STREQUAL SQLite::SQLite3)
	find_package(SQLite3 QUIET GLOBAL)
	if(NOT SQLite3_FOUND)
		list(APPEND weir_missing_packages libsqlite3-dev)
		list(APPEND weir_missing_files "sqlite3.h sqlite3")
	endif()
elseif(NOT TARGET ${WEIR_SQLITE_TARGET})
	message(FATAL_ERROR "WEIR_SQLITE_TARGET is ${WEIR_SQLITE_TARGET}, which is no target here: "
		"define it before weir is added, or leave the option at SQLite::SQLite3.")
endif()

# What weir::http needs; without it that one library is left out.
if(WEIR_HTTP)
	find_path(WEIR_microhttpd_INCLUDE_DIR microhttpd.h)
	find_library(WEIR_microhttpd_LIBRARY microhttpd)
	mark_as_advanced(WEIR_microhttpd_INCLUDE_DIR WEIR_microhttpd_LIBRARY)
	if((WEIR_microhttpd_INCLUDE_DIR AND WEIR_microhttpd_LIBRARY) OR NOT WEIR_HTTP STREQUAL AUTO)
		weir_find(microhttpd HEADER microhttpd.h PACKAGE libmicrohttpd-dev LIBRARIES microhttpd)
	else()
		message(STATUS "weir::http is left out: libmicrohttpd-dev is not installed")
	endif()
endif()

# What the static probes of core are made with; without it they are nothing.
if(WEIR_PROBES)
	find_path(WEIR_sdt_INCLUDE_DIR sys/sdt.h)
	mark_as_advanced(WEIR_sdt_INCLUDE_DIR)
	if(WEIR_sdt_INCLUDE_DIR OR NOT WEIR_PROBES STREQUAL AUTO)
		weir_find(sdt HEADER sys/sdt.h PACKAGE systemtap-sdt-dev)
	else()
		message(STATUS "there will be no static probes: systemtap-sdt-dev is not installed")
	endif()
endif()

if(WEIR_BUILD_TOOLS OR WEIR_BUILD_TESTS)
	weir_find(jansson HEADER jansson.h PACKAGE libjansson-dev LIBRARIES jansson)
endif()
if(WEIR_BUILD_TOOLS)
	find_package(benchmark CONFIG QUIET)
	if(NOT benchmark_FOUND)
		list(APPEND weir_missing_packages libbenchmark-dev)
		list(APPEND weir_missing_files "benchmark/benchmark.h benchmark")
	endif()
endif()
if(WEIR_BUILD_TESTS)
	weir_find(cmocka HEADER cmocka.h PACKAGE libcmocka-dev LIBRARIES cmocka)
endif()

if(weir_missing_packages)
	list(JOIN weir_missing_packages " " packages)
	list(JOIN weir_missing_files "\n  " files)
	message(FATAL_ERROR "weir needs libraries that are not installed. On Debian or Ubuntu run\n"
		"  apt-get install ${packages}\n"
		"or ./dev setup, which does it. Not found:\n  ${files}")
endif()
