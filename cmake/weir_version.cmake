# SPDX-License-Identifier: BSD-2-Clause
#
# The version has one source, include/weir/version.h: a number kept in two files
# is wrong in one of them some day.

set(header ${CMAKE_CURRENT_LIST_DIR}/../include/weir/version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
file(STRINGS ${header} line REGEX "^#define WEIR_VERSION_STRING ")
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" WEIR_HEADER_VERSION "${line}")
unset(header)
unset(line)
