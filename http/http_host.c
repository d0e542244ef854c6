/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The names that a loopback server answers to.
 */
#include "http_host.h"

#include <string.h>
#include <strings.h>

/* The length of the name in "name", "name:port", "[address]" or "[address]:port"; 0
 * when it is none of them. */
static size_t name_length(const char *host)
{
	const size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	const char *rest = host + length;

	if (length > strlen(host))
		return 0;
	if (*rest == '\0')
		return length;
	if (*rest != ':')
		return 0;
	rest++;
	return rest[strspn(rest, "0123456789")] == '\0' ? length : 0;
}

bool weir__http_host_is_local(const char *host, const char *own)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	size_t length = 0;

	if (host == NULL)
		return true;
	length = name_length(host);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (length == strlen(names[i]) && strncasecmp(host, names[i], length) == 0)
			return true;
	}
	if (length > 2 && host[0] == '[') {
		host++;
		length -= 2;
	}
	return length > 0 && length == strlen(own) && strncasecmp(host, own, length) == 0;
}
