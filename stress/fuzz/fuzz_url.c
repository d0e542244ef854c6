/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a URL.
 */
#include "fuzz_check.h"
#include "fuzz_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct url {
	const char *text;
	size_t length;
	const struct weir_fault_sink *sink; /* of the checks that hold for every source */
};

/* A fault that names a byte of the URL names one that is there, and is wrong. */
static void on_fault(const struct weir_fault *fault, void *user)
{
	const struct url *url = user;
	size_t at;

	url->sink->fault(fault, url->sink->user);
	if (sscanf(fault->message, "URL: byte %zu of the URL is", &at) != 1)
		return;
	FUZZ_CHECK(at >= 1 && at <= url->length);
	FUZZ_CHECK(url->text[at - 1] == ' ' || url->text[at - 1] == '#');
}

static enum weir_code apply(struct weir_config *config, const struct weir_driver *driver,
                            const struct weir_fault_sink *sink, struct weir_error *err, void *arg)
{
	struct url *url = arg;
	const struct weir_fault_sink outer = {on_fault, url};

	url->sink = sink;
	return weir_config_apply_url(config, driver, url->text, &outer, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct url url = {text, strlen(text), NULL};

	fuzz_config_check(&(struct fuzz_source){
		.apply = apply,
		.arg = &url,
		.name = "URL",
		.input = text,
		.length = url.length,
	});
	free(text);
	return 0;
}
