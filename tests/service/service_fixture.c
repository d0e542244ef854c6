/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See service_fixture.h.
 */
#include "service_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int service_set_up(void **state)
{
	struct service_fixture *fixture = calloc(1, sizeof *fixture);
	struct weir_service_options options;

	if (fixture == NULL)
		return -1;
	(void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/weir-service-XXXXXX");
	if (mkdtemp(fixture->folder) == NULL)
		return -1;
	(void)snprintf(fixture->file, sizeof fixture->file, "%s/weir.ini", fixture->folder);
	fixture->stub = weir_stub_create();
	memset(&options, 0, sizeof options);
	options.size = sizeof options;
	options.manual = true;
	*state = fixture;
	return weir_service_create(&fixture->service, &options, NULL) == WEIR_OK ? 0 : -1;
}

int service_tear_down(void **state)
{
	struct service_fixture *fixture = *state;
	char path[512];
	DIR *folder;

	weir_service_destroy(fixture->service);
	weir_stub_unhang(fixture->stub);
	(void)!weir_stub_drain(fixture->stub, weir_deadline_in(WEIR_SECONDS(10)));
	weir_stub_destroy(fixture->stub);
	folder = opendir(fixture->folder);
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		(void)snprintf(path, sizeof path, "%s/%s", fixture->folder, entry->d_name);
		(void)unlink(path);
	}
	(void)closedir(folder);
	(void)rmdir(fixture->folder);
	free(fixture);
	return 0;
}

void service_sqlite_config(struct service_fixture *fixture, struct weir_config *config,
                           const char *name, const char *settings)
{
	char url[512];

	weir_config_init(config, weir_sqlite_driver());
	(void)snprintf(url, sizeof url, "sqlite://%s/%s.db?max_size=4&%s", fixture->folder, name,
	               settings != NULL ? settings : "");
	assert_code(weir_config_apply_url(config, weir_sqlite_driver(), url, NULL, NULL), WEIR_OK);
	(void)snprintf(config->name, sizeof config->name, "%s", name);
}

void service_stub_config(struct weir_config *config, const char *name, const char *settings)
{
	char url[512];

	weir_config_init(config, weir_stub_engine_driver());
	(void)snprintf(url, sizeof url, "stub:?max_size=4&%s", settings != NULL ? settings : "");
	assert_code(weir_config_apply_url(config, weir_stub_engine_driver(), url, NULL, NULL), WEIR_OK);
	(void)snprintf(config->name, sizeof config->name, "%s", name);
}

void service_add_sqlite(struct service_fixture *fixture, const char *name, const char *settings)
{
	struct weir_config config;

	service_sqlite_config(fixture, &config, name, settings);
	assert_code(weir_service_add(fixture->service, weir_sqlite_driver(), NULL, &config, NULL),
	            WEIR_OK);
}

void service_add_stub(struct service_fixture *fixture, const char *name, const char *settings)
{
	struct weir_config config;

	service_stub_config(&config, name, settings);
	assert_code(
		weir_service_add(fixture->service, weir_stub_engine_driver(), fixture->stub, &config, NULL),
		WEIR_OK);
}

void service_write_file(struct service_fixture *fixture, const char *text)
{
	FILE *file = fopen(fixture->file, "w");

	assert_non_null(file);
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '%' && at[1] == 's') {
			(void)fputs(fixture->folder, file);
			at++;
		} else {
			(void)fputc(*at, file);
		}
	}
	assert_int_equal(fclose(file), 0);
}

enum weir_code service_read_file(struct service_fixture *fixture, bool again,
                                 const struct weir_fault_sink *sink, struct weir_error *err)
{
	const struct weir_driver *drivers[] = {weir_sqlite_driver(), weir_stub_engine_driver()};

	return (again ? weir_service_reload_ini : weir_service_add_ini)(fixture->service, fixture->file,
	                                                                drivers, 2, sink, err);
}

static bool append(void *arg, const char *bytes, size_t length)
{
	struct service_text *text = arg;

	if (text->length + length >= sizeof text->bytes)
		return false;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
	return true;
}

void service_text_init(struct service_text *text)
{
	text->length = 0;
	text->bytes[0] = '\0';
	text->writer.write = append;
	text->writer.arg = text;
}

void service_dump_text(struct weir_service *service, struct service_text *text)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	weir_service_dump(service, fileno(file));
	rewind(file);
	text->length = fread(text->bytes, 1, sizeof text->bytes - 1, file);
	text->bytes[text->length] = '\0';
	(void)fclose(file);
}
