/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a case sets of the stand-ins.
 */
#ifndef WEIR_RELACY_STAND_INS_H
#define WEIR_RELACY_STAND_INS_H

/* The turnstile's slots whose process is gone, a bit each. */
extern unsigned stand_in_dead;

#endif
