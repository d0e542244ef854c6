/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The style sheet of the HTML report.
 */
#ifndef BENCH_PAGE_STYLE_H
#define BENCH_PAGE_STYLE_H

extern const char bench_page_style[];

#endif
