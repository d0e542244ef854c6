# SPDX-License-Identifier: BSD-2-Clause
#
# Installs the libraries, their headers, and a package that find_package(weir)
# finds: the targets are weir::weir, weir::stub, weir::sqlite and weir::migrate,
# and weir::http where it is built.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(TARGETS weir weir_stub weir_sqlite weir_migrate EXPORT weir)
if(TARGET weir_http)
	install(TARGETS weir_http EXPORT weir)
endif()
install(DIRECTORY include/weir TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
if(WEIR_BUILD_TOOLS)
	install(TARGETS weir_tool)
	install(FILES docs/man/weir.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(EXPORT weir NAMESPACE weir:: DESTINATION ${package_dir})
configure_package_config_file(
	${PROJECT_SOURCE_DIR}/cmake/weir-config.cmake.in ${PROJECT_BINARY_DIR}/weir-config.cmake
	INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weir-config-version.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES
	${PROJECT_BINARY_DIR}/weir-config.cmake ${PROJECT_BINARY_DIR}/weir-config-version.cmake
	DESTINATION ${package_dir})
