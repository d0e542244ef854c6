/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a Host header is one that a server on loopback may be asked by.
 *
 * A page on the web can give its own name the address 127.0.0.1 and have a browser
 * read what listens there (DNS rebinding); its name is then in the Host header.
 */
#ifndef WEIR_HTTP_HOST_H
#define WEIR_HTTP_HOST_H

#include <stdbool.h>

/* host: the header, or NULL when there was none (no browser leaves it out). own: the
 * address that is listened on, as text. True for localhost, 127.0.0.1, [::1] and
 * own, with any port or none. */
bool weir__http_host_is_local(const char *host, const char *own);

#endif
