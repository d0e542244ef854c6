/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Passwords do not belong into logs.
 */
#ifndef WEIR_CORE_LOG_MASK_H
#define WEIR_CORE_LOG_MASK_H

#include <stddef.h>

/*
 * Copy text to out with "***" in place of the password of every URL (between the first
 * ':' behind "://" and the last '@' that can belong to it), and of the value behind '='
 * or ':' of every key that is called password, passwd, pwd, secret, token, apikey,
 * api_key or access_key, or ends so: quoted, or up to white space or one of &;,'")]}.
 * Cut to size, always terminated (size > 0). Returns the bytes written, the end counted.
 */
size_t weir__mask_secrets(const char *text, char *out, size_t size);

#endif
