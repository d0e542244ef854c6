/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What holds for every source of a configuration, whatever text it gets.
 */
#ifndef STRESS_FUZZ_CONFIG_H
#define STRESS_FUZZ_CONFIG_H

#include <stddef.h>

#include <weir/config.h>

/* Applies one text to config; arg is the caller's. */
typedef enum weir_code (*fuzz_apply)(struct weir_config *config, const struct weir_driver *driver,
                                     const struct weir_fault_sink *sink, struct weir_error *err,
                                     void *arg);

struct fuzz_source {
	fuzz_apply apply;
	void *arg;
	const char *name;  /* that faults must carry */
	const char *input; /* length bytes, of which every fault must speak */
	size_t length;
	int lines_max; /* 0: faults have no line */
};

/*
 * Apply source without a driver, and with the stub's and SQLite's; check
 *   each fault: its code, source and line; a message of one printable line; a
 *     setting and a value that are in the input, as it is or percent-decoded
 *   the result: OK without a fault and else the code of the first, which err has;
 *     a config that is untouched unless OK, and never past its size
 *   what was accepted: written as a URL, as pairs and as an INI file, and read
 *     again, it is the same configuration
 */
void fuzz_config_check(const struct fuzz_source *source);

/* A file without a name that holds length bytes of text; path (32 bytes) can be
 * opened as long as the descriptor that is returned is. */
int fuzz_config_file(const char *text, size_t length, char path[32]);

#endif
