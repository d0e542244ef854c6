#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What a guide tells people to type works as it is printed: all its blocks of sh, one
# after the other, in an empty folder. tutorial_test.sh WEIR PAGE

set -eu

weir=$1
page=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PATH=$(dirname "$weir"):$PATH
export PATH
unset WEIR_DATABASE WEIR_MIGRATIONS

awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" >"$folder/commands"
if [ ! -s "$folder/commands" ]; then
	echo "tutorial_test: no commands in $page" >&2
	exit 1
fi
mkdir "$folder/empty"
cd "$folder/empty"
sh -eux ../commands
