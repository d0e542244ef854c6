#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: promtool_test.sh EXPOSITION
#
# What weir_metrics_write says to Prometheus is what Prometheus' own linter wants, without
# a single finding. Exit 77, which skips the test, where there is no promtool.
set -eu

exposition=$1
if ! command -v promtool >/dev/null 2>&1; then
	echo "promtool_test: SKIPPED: no promtool here (Debian: apt-get install prometheus)" >&2
	exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

wrong() {
	echo "promtool_test: $*" >&2
	cat "$scratch/text" "$scratch/found" >&2
	exit 1
}

: >"$scratch/found"
"$exposition" "$scratch" >"$scratch/text" || wrong "no figures"

# A linter that is silent about nothing shows nothing.
for name in db_client_connections weir_lease_acquires_total weir_write_outcomes_total; do
	grep -q "^$name{.*} [0-9]*\$" "$scratch/text" || wrong "there is no $name"
done
for name in db_client_connection_use_time_seconds weir_transaction_commit_time_seconds \
	weir_file_sync_time_seconds weir_gate_group_size; do
	grep -q "^$name"'_bucket{.*,le="+Inf"} [1-9][0-9]*$' "$scratch/text" ||
		wrong "$name is empty, or not there"
done
printf 'weir_x_count 1\n' | promtool check metrics >"$scratch/found" 2>&1 &&
	wrong "promtool finds nothing in what is wrong"

promtool check metrics <"$scratch/text" >"$scratch/found" 2>&1 || wrong "promtool exits with $?"
[ ! -s "$scratch/found" ] || wrong "promtool has findings"
