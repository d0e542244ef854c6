# SPDX-License-Identifier: BSD-2-Clause
#
# How a pool of another C project is built, as a shared object that weir-bench loads:
# bin/peers/<name>.so. A peer whose package is not there joins peers_missing.

# weir_add_peer(<name> SOURCE <file> HEADER <file> PACKAGES <Debian package>...
#               [INCLUDES <folder>...] LIBRARIES <library>... [ALSO <target>...])
function(weir_add_peer name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;HEADER" "PACKAGES;INCLUDES;LIBRARIES;ALSO")
	find_path(WEIR_PEER_${name}_INCLUDE_DIR ${arg_HEADER} PATH_SUFFIXES ${arg_INCLUDES})
	mark_as_advanced(WEIR_PEER_${name}_INCLUDE_DIR)
	set(found ${WEIR_PEER_${name}_INCLUDE_DIR})
	set(libraries "")
	foreach(library IN LISTS arg_LIBRARIES)
		find_library(WEIR_PEER_${library}_LIBRARY ${library})
		mark_as_advanced(WEIR_PEER_${library}_LIBRARY)
		list(APPEND libraries ${WEIR_PEER_${library}_LIBRARY})
		if(NOT WEIR_PEER_${library}_LIBRARY)
			set(found "")
		endif()
	endforeach()
	if(NOT found)
		list(JOIN arg_PACKAGES " " packages)
		message(STATUS "Peer ${name} is left out: apt-get install ${packages}")
		# Or the last build's would be taken for one of this.
		file(REMOVE ${PROJECT_BINARY_DIR}/bin/peers/${name}.so)
		set(peers_missing "${peers_missing}${name}: ${packages}\n" PARENT_SCOPE)
		return()
	endif()
	add_library(peer_${name} MODULE ${arg_SOURCE})
	add_dependencies(peers peer_${name})
	weir_configure_target(peer_${name})
	set_target_properties(peer_${name} PROPERTIES
		PREFIX ""
		OUTPUT_NAME ${name}
		C_VISIBILITY_PRESET default
		LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/peers)
	target_include_directories(peer_${name} PRIVATE
		${PROJECT_SOURCE_DIR}/bench ${PROJECT_SOURCE_DIR}/bench/load)
	target_include_directories(peer_${name} SYSTEM PRIVATE ${found})
	target_link_libraries(peer_${name} PRIVATE ${libraries} ${arg_ALSO} Threads::Threads)
	add_dependencies(peers peer_${name})
	if(WEIR_BUILD_TESTS)
		add_test(NAME peer_${name}_check
			COMMAND weir-bench_tool check-pool $<TARGET_FILE:peer_${name}>)
		set_tests_properties(peer_${name}_check PROPERTIES LABELS bench TIMEOUT 120)
	endif()
endfunction()
