# SPDX-License-Identifier: BSD-2-Clause
#
# Pools of other languages, as child programs of weir-bench: an executable
# bin/peers/<name> each. A peer that cannot be built here joins peers_missing.

# Add to <peer>_missing the packages whose variable is not set.
# weir_peer_needs(<peer> [<variable> <package>]...)
function(weir_peer_needs peer)
	set(packages "")
	list(LENGTH ARGN left)
	while(left GREATER 1)
		list(POP_FRONT ARGN variable package)
		if(NOT ${variable})
			list(APPEND packages ${package})
		endif()
		list(LENGTH ARGN left)
	endwhile()
	list(REMOVE_DUPLICATES packages)
	set(${peer}_missing "${packages}" PARENT_SCOPE)
	if(packages)
		list(JOIN packages " " packages)
		message(STATUS "Peer ${peer} is left out: apt-get install ${packages}")
		# Or the last build's would be taken for one of this.
		file(REMOVE ${peers_dir}/${peer})
		set(peers_missing "${peers_missing}${peer}: ${packages}\n" PARENT_SCOPE)
	endif()
endfunction()

# The upstream version of an installed Debian package: few of the pools know theirs.
# Otherwise what is given as otherwise.
function(weir_package_version variable package otherwise)
	set(version ${otherwise})
	find_program(WEIR_DPKG_QUERY dpkg-query)
	mark_as_advanced(WEIR_DPKG_QUERY)
	if(WEIR_DPKG_QUERY)
		execute_process(COMMAND ${WEIR_DPKG_QUERY} -W -f "\${Version}" ${package}
			OUTPUT_VARIABLE installed ERROR_QUIET)
		if(installed MATCHES "^([0-9]+:)?([0-9]+[.0-9]*)")
			set(version ${CMAKE_MATCH_2})
		endif()
	endif()
	set(${variable} ${version} PARENT_SCOPE)
endfunction()

# HikariCP
find_package(Java 17 QUIET COMPONENTS Runtime Development)
foreach(jar HikariCP slf4j-api slf4j-nop gson)
	find_file(WEIR_${jar}_JAR ${jar}.jar PATHS /usr/share/java)
	mark_as_advanced(WEIR_${jar}_JAR)
endforeach()
weir_peer_needs(hikaricp
	Java_FOUND default-jdk-headless
	WEIR_HikariCP_JAR libhikaricp-java
	WEIR_slf4j-api_JAR libslf4j-java
	WEIR_slf4j-nop_JAR libslf4j-java
	WEIR_gson_JAR libgoogle-gson-java)
if(NOT hikaricp_missing)
	include(UseJava)
	set(CMAKE_JAVA_COMPILE_FLAGS -Xlint:all)
	add_jar(hikaricp_jar
		SOURCES
			hikaricp/HikariChild.java
			hikaricp/Load.java
			hikaricp/Pass.java
			hikaricp/StubDriver.java
			hikaricp/StubPool.java
			hikaricp/Timeline.java
			hikaricp/UnsupportedConnection.java
		INCLUDE_JARS ${WEIR_HikariCP_JAR} ${WEIR_gson_JAR}
		OUTPUT_NAME hikaricp
		OUTPUT_DIR ${peers_dir})
	add_dependencies(peers hikaricp_jar)
	weir_package_version(hikaricp_version libhikaricp-java unknown)
	set(jars ${WEIR_HikariCP_JAR} ${WEIR_slf4j-api_JAR} ${WEIR_slf4j-nop_JAR} ${WEIR_gson_JAR})
	list(JOIN jars ":" hikaricp_class_path)
	configure_file(hikaricp/hikaricp.sh.in ${peers_dir}/hikaricp @ONLY FILE_PERMISSIONS
		OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endif()

# puddle, from Debian's GOPATH: nothing is fetched
find_program(WEIR_GO go)
find_path(WEIR_GOPATH src/github.com/jackc/puddle/pool.go PATHS /usr/share/gocode)
mark_as_advanced(WEIR_GO WEIR_GOPATH)
weir_peer_needs(puddle
	WEIR_GO golang-go
	WEIR_GOPATH golang-github-jackc-puddle-dev)
if(NOT puddle_missing)
	weir_package_version(puddle_version golang-github-jackc-puddle-dev unknown)
	set(puddle_sources
		puddle/load.go
		puddle/main.go
		puddle/pass.go
		puddle/pool.go
		puddle/sleep.go
		puddle/timeline.go)
	add_custom_command(OUTPUT ${peers_dir}/puddle
		COMMAND ${CMAKE_COMMAND} -E env GO111MODULE=off GOPATH=${WEIR_GOPATH} GOFLAGS=
			GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/go_cache CGO_ENABLED=0
			${WEIR_GO} build -trimpath -ldflags "-X main.puddleVersion=${puddle_version}"
			-o ${peers_dir}/puddle .
		WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/puddle
		DEPENDS ${puddle_sources}
		COMMENT "Building the peer puddle"
		VERBATIM)
	add_custom_target(peer_puddle ALL DEPENDS ${peers_dir}/puddle)
	add_dependencies(peers peer_puddle)
endif()

# r2d2, from Debian's crates: built in a copy, because cargo writes into the folder
set(crates /usr/share/cargo/registry)
find_program(WEIR_CARGO cargo)
find_program(WEIR_RUSTC rustc)
mark_as_advanced(WEIR_CARGO WEIR_RUSTC)
foreach(crate r2d2 serde-json libc) # folders named by version: only dpkg knows
	weir_package_version(${crate}_version librust-${crate}-dev NOTFOUND)
endforeach()
weir_peer_needs(r2d2
	WEIR_CARGO cargo
	WEIR_RUSTC rustc
	r2d2_version librust-r2d2-dev
	serde-json_version librust-serde-json-dev
	libc_version librust-libc-dev)
if(NOT r2d2_missing)
	execute_process(COMMAND ${WEIR_RUSTC} --version
		OUTPUT_VARIABLE rustc_version OUTPUT_STRIP_TRAILING_WHITESPACE)
	set(r2d2_copy ${CMAKE_CURRENT_BINARY_DIR}/r2d2)
	set(r2d2_sources
		r2d2/Cargo.toml
		r2d2/src/load.rs
		r2d2/src/main.rs
		r2d2/src/pass.rs
		r2d2/src/pool.rs
		r2d2/src/timeline.rs)
	file(CONFIGURE OUTPUT ${r2d2_copy}/.cargo/config.toml @ONLY CONTENT
"[source.crates-io]
replace-with = \"debian\"
[source.debian]
directory = \"@crates@\"
")
	add_custom_command(OUTPUT ${peers_dir}/r2d2
		COMMAND ${CMAKE_COMMAND} -E copy_directory ${CMAKE_CURRENT_SOURCE_DIR}/r2d2 ${r2d2_copy}
		COMMAND ${CMAKE_COMMAND} -E env CARGO_HOME=${r2d2_copy}/home
			CARGO_TARGET_DIR=${r2d2_copy}/target
			R2D2_VERSION=${r2d2_version} RUSTC_VERSION=${rustc_version}
			${WEIR_CARGO} build --offline --release
		COMMAND ${CMAKE_COMMAND} -E copy ${r2d2_copy}/target/release/r2d2 ${peers_dir}/r2d2
		WORKING_DIRECTORY ${r2d2_copy}
		DEPENDS ${r2d2_sources}
		COMMENT "Building the peer r2d2"
		VERBATIM)
	add_custom_target(peer_r2d2 ALL DEPENDS ${peers_dir}/r2d2)
	add_dependencies(peers peer_r2d2)
endif()
