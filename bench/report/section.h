/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A section of a markdown file that is written on its own: what lies between two
 * comments, which no reader sees. The rest of the file stays as it is.
 */
#ifndef BENCH_SECTION_H
#define BENCH_SECTION_H

/* The section of that name with its comments, malloc'ed; NULL: text has none. */
char *bench_section_take(const char *text, const char *name);

/* text with body in place of the section of that name, or with the section at its
 * end if it has none; malloc'ed. NULL without memory, or if a section begins and
 * does not end: there is no telling what it would replace. */
char *bench_section_put(const char *text, const char *name, const char *body);

#endif
