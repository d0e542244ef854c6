/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenario files: what they mean, that every fault is found with its line, and that
 * no bytes whatever do worse than be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "random.h"
#include "scenario.h"
#include "scenario_builtin.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SCENARIO "[scenario]\nname = it\ndoc = A test\n"
#define STUB SCENARIO "connections = 4\n"
#define ROLE "[role callers]\nthreads = 4\n"
#define SQLITE SCENARIO "driver = sqlite\n"
#define LOOKUP "[statement lookup]\nsql = SELECT 1\nkind = read\n"
#define TABLES "[database]\nsql = CREATE TABLE kv(id)\n"

static struct bench_faults faults;

static struct bench_scenario *read_text(const char *text)
{
	faults.count = 0;
	return bench_scenario_read(text, strlen(text), "it.ini", &faults);
}

/* The faults as they are printed. */
static char *printed(void)
{
	static char text[65536];
	FILE *const out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	bench_faults_print(out, "it.ini", &faults);
	assert_int_equal(fclose(out), 0);
	return text;
}

static struct bench_scenario *read_good(const char *text)
{
	struct bench_scenario *const scenario = read_text(text);

	if (scenario == NULL)
		fail_msg("%s\n%s", text, printed());
	return scenario;
}

/* ---- what files mean ---- */

static void test_a_stub_scenario(void **state)
{
	struct bench_scenario *const scenario =
		read_good("\xEF\xBB\xBF; a comment\n# another\n[scenario] ; behind a header\n"
	              "name = it\n"
	              "doc = A line,\n"
	              "\tand another\n"
	              "min_connections = 2\nmax_connections = 9\n"
	              "open_time = 150ms\nping_time = 200us\nacquire_timeout = 1.5s\nsample = 250us\n"
	              "seed = 7\non_request = yes\npools = weir, mutex-grow\n"
	              "[role callers]\n  threads = 3\n  arrival = steady:50/s\n  hold = sleep:2ms\n"
	              "[role company]\ncompanion = yes\narrival = once\n"
	              "[phase up]\nseconds = 1\n"
	              "[phase away]\nseconds = 2.5\ndriver = down\nrate = 0.1..1\nthreads = 50%\n");

	(void)state;
	assert_string_equal(scenario->name, "it");
	assert_string_equal(scenario->doc, "A line, and another");
	assert_int_equal(scenario->kind, BENCH_KIND_PHASES);
	assert_int_equal(scenario->conns_min, 2);
	assert_int_equal(scenario->conns, 9);
	assert_int_equal(scenario->abilities, POOL_GROWS | POOL_HEALS);
	assert_int_equal(scenario->open_ns, 150000000);
	assert_int_equal(scenario->ping_ns, 200000);
	assert_int_equal(scenario->acquire_timeout_ns, 1500000000);
	assert_int_equal(scenario->sample_ns, 250000);
	assert_int_equal(scenario->seed, 7);
	assert_true(scenario->on_request);
	assert_int_equal(scenario->pools_count, 2);
	assert_string_equal(scenario->pools[1], "mutex-grow");
	assert_int_equal(scenario->roles_count, 2);
	assert_int_equal(scenario->roles[0].threads, 3);
	assert_int_equal(scenario->roles[0].arrival.kind, BENCH_ARRIVAL_STEADY);
	assert_float_equal(scenario->roles[0].arrival.per_s, 50.0, 0.0);
	assert_string_equal(scenario->roles[0].hold.text, "sleep:2ms");
	assert_int_equal(scenario->roles[1].threads, 1);
	assert_true(scenario->roles[1].companion);
	assert_int_equal(bench_scenario_other_threads(scenario), 1);
	assert_int_equal(scenario->phases_count, 2);
	assert_float_equal(scenario->seconds, 3.5, 1e-9);
	assert_float_equal(scenario->phases[0].rate_from, 1.0, 0.0);
	assert_true(scenario->phases[1].down);
	assert_float_equal(scenario->phases[1].rate_from, 0.1, 0.0);
	assert_float_equal(scenario->phases[1].rate_to, 1.0, 0.0);
	assert_float_equal(scenario->phases[1].active_share, 0.5, 0.0);
	bench_scenario_free(scenario);
}

static void test_a_sql_scenario(void **state)
{
	struct bench_scenario *const scenario = read_good(
		SQLITE "sizes = 1, 2,8\nquick_sizes = 2\n"
			   "[role callers]\nrun = 80% lookup, 20% update\n"
			   "[statement lookup]\nsql = SELECT value\n\tFROM kv WHERE id = ?1\nkind = read\n"
			   "parameters = zipf:1..1000:1.1\nrows = one\n"
			   "[statement update]\nsql = UPDATE kv SET value = ?2 WHERE id = ?1\nkind = write\n"
			   "parameters = uniform:1..1000, bytes:100\n"
			   "[database]\nsql = CREATE TABLE kv(id INTEGER PRIMARY KEY, value);\n"
			   "sql = CREATE INDEX i\n\tON kv(value);\n"
			   "durability = visible\ncache = 2MiB\n");

	(void)state;
	assert_int_equal(scenario->kind, BENCH_KIND_SQL);
	assert_int_equal(scenario->conns, 0);
	assert_int_equal(scenario->sizes[2], 8);
	assert_int_equal(scenario->sizes[3], 0);
	assert_int_equal(scenario->quick_sizes[0], 2);
	assert_int_equal(scenario->roles[0].threads, 0);
	assert_int_equal(scenario->roles[0].run_count, 2);
	assert_int_equal(scenario->roles[0].run[1].statement, 1);
	assert_float_equal(scenario->roles[0].run[1].percent, 20.0, 0.0);
	assert_true(scenario->roles[0].run[0].below < scenario->roles[0].run[1].below);
	assert_string_equal(scenario->statements[0].call.sql, "SELECT value\nFROM kv WHERE id = ?1");
	assert_true(scenario->statements[0].one_row);
	assert_false(scenario->statements[0].call.writes);
	assert_int_equal(scenario->statements[1].call.index, 1);
	assert_int_equal(scenario->statements[1].parameters_count, 2);
	assert_true(scenario->statements[1].call.writes);
	assert_true(bench_scenario_writes(scenario));
	assert_string_equal(scenario->script,
	                    "\nCREATE TABLE kv(id INTEGER PRIMARY KEY, value);\nCREATE INDEX i\n"
	                    "ON kv(value);");
	assert_true(scenario->settings.visible);
	assert_int_equal(scenario->settings.cache_kib, 2048);
	bench_scenario_free(scenario);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		enum bench_kind kind;
	} cases[] = {
		{STUB ROLE, BENCH_KIND_LEASES},
		{STUB "kind = sparse\nsmall_connections = 2\n[role callers]\nthreads = 2\n",
	     BENCH_KIND_SPARSE},
		{STUB ROLE "arrival = every:1ms\n", BENCH_KIND_PHASES},
		{STUB ROLE "[role others]\n", BENCH_KIND_PHASES},
		{STUB ROLE "[phase one]\nseconds = 1\n", BENCH_KIND_PHASES},
		{SCENARIO "min_connections = 1\nmax_connections = 2\n" ROLE, BENCH_KIND_PHASES},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bench_scenario *const scenario = read_good(cases[i].text);

		assert_int_equal(scenario->kind, cases[i].kind);
		/* Without phases everything is one. */
		assert_int_equal(scenario->phases_count, cases[i].kind == BENCH_KIND_PHASES);
		bench_scenario_free(scenario);
	}
}

/* ---- faults ---- */

static const struct {
	const char *text;
	const char *says; /* the one fault that there is */
} one_fault[] = {
	{"", "it.ini: there is no section [scenario]\n"},
	{"[scenario]\ndoc = x\nconnections = 4\n" ROLE, "it.ini:1: [scenario] needs a name\n"},
	{SCENARIO "connections = 4\n", "it.ini:1: a scenario needs threads"},
	{SCENARIO ROLE, "it.ini:1: [scenario] needs connections"},
	{STUB ROLE "nothing\n", "it.ini:7: neither [section], nor name = value"},
	{STUB ROLE "= 5\n", "it.ini:7: neither"},
	{STUB ROLE "thraeds = 5\n",
     "it.ini:7: [role] has no setting \"thraeds\"; did you mean \"threads\"?"},
	{STUB ROLE "wibble = 5\n", "it.ini:7: [role] has no setting \"wibble\", but threads, arrival"},
	{STUB ROLE "threads = 5\n", "it.ini:7: threads was set before, in line 6\n"},
	{STUB ROLE "[role callers]\nthreads = 2\n", "it.ini:7: [role callers] was there before"},
	{STUB ROLE "[scenario]\n", "it.ini:7: [scenario] was there before, in line 1"},
	{STUB ROLE "[phrase x]\nseconds = 1\n",
     "it.ini:7: there is no section [phrase x]; did you mean [phase NAME]?"},
	{STUB ROLE "[wibble]\n", "it.ini:7: there is no section [wibble], but [scenario], [role NAME]"},
	{STUB ROLE "[phase]\nseconds = 1\n", "it.ini:7: [phase ]: a name has 1 to"},
	{STUB ROLE "[phase x\nseconds = 1\n", "it.ini:7: a section is written [name]"},
	{STUB ROLE "[phase x] seconds = 1\nseconds = 1\n",
     "it.ini:7: \" seconds = 1\" behind the section's ]"},
	{"name = x\n" STUB ROLE, "it.ini:1: \"name\" is in no section; begin with [scenario]"},
	{STUB "[role callers]\nthreads = 0\n",
     "it.ini:6: threads = \"0\": a whole number from 1 to 1024"},
	{STUB "[role callers]\nthreads = 1.5\n", "it.ini:6: threads = \"1.5\": a whole number"},
	{STUB "[role callers]\nthreads = 1000\n[role b]\nthreads = 25\n",
     "it.ini:5: the roles have 1025 threads together"},
	{STUB ROLE "hold = nap:2ms\n", "it.ini:7: hold = \"nap:2ms\""},
	{STUB ROLE "arrival = steady:500\n", "it.ini:7: arrival = \"steady:500\": closed, once"},
	{STUB ROLE "companion = yes\n", "it.ini:5: the first role is what is measured"},
	{STUB ROLE "companion = maybe\n", "it.ini:7: companion = \"maybe\": no or yes"},
	{STUB ROLE "[role b]\ncompanion = yes\n[role c]\n",
     "it.ini:9: [role c] has to come before the companions"},
	{STUB ROLE "run = lookup\n", "it.ini:7: run needs driver = sqlite"},
	{STUB ROLE LOOKUP, "it.ini:7: [statement] needs driver = sqlite"},
	{STUB "seconds = 0\n" ROLE, "it.ini:5: seconds = \"0\": a number of seconds from 0.01 to 600"},
	{STUB "seconds = 2s\n" ROLE, "it.ini:5: seconds = \"2s\""},
	{STUB "open_time = 3\n" ROLE, "it.ini:5: open_time = \"3\": a duration"},
	{STUB "acquire_timeout = 2h\n" ROLE, "it.ini:5: acquire_timeout = \"2h\": a duration"},
	{STUB "seed = -1\n" ROLE, "it.ini:5: seed = \"-1\": a whole number"},
	{STUB "pools = weir,,none\n" ROLE, "it.ini:5: pools = \"weir,,none\": names of pools"},
	{STUB "pools = weird\n" ROLE, "it.ini:5: pools = \"weird\": no pool has that name"},
	{STUB "sizes = 1, 2\n" ROLE, "it.ini:7: sizes, in line 5, say how many threads"},
	{STUB "sizes = 1 2\n[role callers]\n", "it.ini:5: sizes = \"1 2\": whole numbers"},
	{STUB "quick_sizes = 1\n" ROLE, "it.ini:5: quick_sizes go with sizes"},
	{STUB "max_connections = 5\n" ROLE,
     "it.ini:5: max_connections goes without connections, in line 4"},
	{SCENARIO "min_connections = 5\n" ROLE,
     "it.ini:4: min_connections and max_connections go together"},
	{SCENARIO "min_connections = 5\nmax_connections = 2\n" ROLE,
     "it.ini:4: min_connections is above"},
	{STUB "small_connections = 2\n" ROLE, "it.ini:5: small_connections needs kind = sparse"},
	{STUB "kind = sparse\nsmall_connections = 2\n" ROLE,
     "it.ini:5: sparse has one role of 2 threads"},
	{STUB ROLE "[phase x]\n", "it.ini:7: [phase x] needs seconds"},
	{STUB ROLE "[phase x]\nseconds = 1\nrate = 0.1-1\n", "it.ini:9: rate = \"0.1-1\": a factor"},
	{STUB ROLE "[phase x]\nseconds = 1\nthreads = 101%\n", "it.ini:9: threads = \"101%\": a share"},
	{STUB ROLE "[phase x]\nseconds = 1\ndriver = away\n",
     "it.ini:9: driver = \"away\": up or down"},
	{STUB "seconds = 3\n" ROLE "[phase x]\nseconds = 1\n", "it.ini:5: seconds goes without phases"},
	{STUB ROLE "[phase x]\nseconds = 400\n[phase y]\nseconds = 400\n",
     "it.ini:7: the phases take 800 s together"},
	{SQLITE "[role callers]\n" LOOKUP TABLES, "it.ini:5: [role callers] needs run"},
	{SQLITE "[role callers]\nrun = lokup\n" LOOKUP TABLES,
     "it.ini:6: there is no [statement lokup]; did you mean \"lookup\"?"},
	{SQLITE "[role callers]\nrun = 80% lookup\n" LOOKUP TABLES,
     "it.ini:6: run: the shares of up to 8 statements have to add up to 100 %, not 80"},
	{SQLITE "[role callers]\nrun = lookup\n" LOOKUP,
     "it.ini:1: driver = sqlite needs a [database]"},
	{SQLITE "[role callers]\nrun = lookup\n[statement lookup]\nkind = read\n" TABLES,
     "it.ini:7: [statement lookup] needs sql"},
	{SQLITE "[role callers]\nrun = lookup\n[statement lookup]\nsql = SELECT 1\n" TABLES,
     "it.ini:7: [statement lookup] needs kind"},
	{SQLITE "[role callers]\nrun = lookup\n" LOOKUP "parameters = uniform:9..1\n" TABLES,
     "it.ini:10: parameters = \"uniform:9..1\": \"uniform:9..1\" is none of"},
	{SQLITE "[role callers]\nrun = lookup\n" LOOKUP TABLES "cache = 8MB\n",
     "it.ini:12: cache = \"8MB\": a size"},
	{SQLITE "[role callers]\nrun = lookup\n" LOOKUP TABLES "file = none.sql\n",
     "it.ini:12: file = \"none.sql\": cannot be opened"},
	{SQLITE "[role callers]\nrun = lookup\narrival = once\n" LOOKUP TABLES,
     "it.ini:7: arrival = once needs driver = stub"},
	{SQLITE "[role callers]\nrun = lookup\nhold = none\n" LOOKUP TABLES,
     "it.ini:7: hold needs driver = stub"},
	{SQLITE "[role callers]\nrun = lookup\n" LOOKUP TABLES "[phase x]\nseconds = 1\n",
     "it.ini:12: [phase] needs driver = stub"},
};

static void test_every_fault_has_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(one_fault); i++) {
		if (read_text(one_fault[i].text) != NULL)
			fail_msg("no fault:\n%s", one_fault[i].text);
		if (faults.count != 1 ||
		    strncmp(printed(), one_fault[i].says, strlen(one_fault[i].says)) != 0)
			fail_msg("%s\n%s\n%s", one_fault[i].text, one_fault[i].says, printed());
	}
}

/* One look has to be enough, so all of them are there, in the order of the lines. */
static void test_all_faults_at_once(void **state)
{
	(void)state;
	assert_null(read_text("[scenario]\nname = five faults\ndoc = x\nconnectoins = 4\n\n"
	                      "[role callers]\nthreads = many\nhold = nap:5ms\n\n[roel others]\n"));
	assert_int_equal(faults.count, 5);
	assert_string_equal(
		printed(),
		"it.ini:2: name = \"five faults\": 1 to 25 letters, digits, - and _\n"
		"it.ini:4: [scenario] has no setting \"connectoins\"; did you mean \"connections\"?\n"
		"it.ini:7: threads = \"many\": a whole number from 1 to 1024\n"
		"it.ini:8: hold = \"nap:5ms\": \"nap:5ms\" is not none, work:TIME, sleep:TIME or "
		"mix:SHARE%work:TIME,…\n"
		"it.ini:10: there is no section [roel others]; did you mean [role NAME]?\n");
}

/* ---- no text at all ---- */

static void test_lines_and_bytes(void **state)
{
	char *const text = calloc(1, 1200000);
	char *at;

	(void)state;
	assert_non_null(text);
	/* A line of a megabyte is one fault, and the lines behind it keep their numbers. */
	at = text + sprintf(text, STUB "seed = ");
	memset(at, '1', 1000000);
	(void)strcpy(at + 1000000, "\n" ROLE "hold = x\n");
	assert_null(read_text(text));
	assert_int_equal(faults.count, 2);
	assert_non_null(strstr(printed(), "it.ini:5: longer than 197 bytes"));
	assert_non_null(strstr(printed(), "it.ini:8: hold"));
	/* More than a megabyte is no scenario. */
	memset(text, ';', 1100000);
	text[1100000] = '\0';
	assert_null(read_text(text));
	assert_int_equal(faults.count, 1);
	free(text);

	faults.count = 0;
	assert_null(bench_scenario_read(STUB ROLE "\0x", strlen(STUB ROLE) + 2, "it.ini", &faults));
	assert_int_equal(faults.count, 1);
	assert_non_null(strstr(printed(), "it.ini:7: a NUL byte"));
	/* What a terminal would obey is not printed. */
	assert_null(read_text(STUB ROLE "hold = \033[31mred\n"));
	assert_null(strchr(printed(), '\033'));
}

static void test_line_ends(void **state)
{
	static const char *const texts[] = {
		"[scenario]\r\nname = it\r\ndoc = A test\r\nconnections = 4\r\n[role a]\r\nthreads = 2\r\n",
		"[scenario]\nname = it\ndoc = A test\nconnections = 4\n[role a]\nthreads = 2",
		"\n  [scenario]  \n\tname=it\n doc = A test\nconnections = 4\n[role a]\nthreads = 2 ; two",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct bench_scenario *const scenario = read_good(texts[i]);

		assert_string_equal(scenario->name, "it");
		assert_string_equal(scenario->doc, "A test");
		assert_int_equal(scenario->roles[0].threads, 2);
		bench_scenario_free(scenario);
	}
}

/* Too many of everything. */
static void test_limits(void **state)
{
	static const char *const more[] = {"[role r%d]\n", "[phase p%d]\nseconds = 0.1\n",
	                                   "wibble%d = 1\n"};
	char *const text = calloc(1, 65536);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(more); i++) {
		char *at = text + sprintf(text, STUB ROLE);

		for (int k = 0; k < 600; k++) {
			char line[64];

			(void)snprintf(line, sizeof(line), "%.*s%d%s", (int)(strchr(more[i], '%') - more[i]),
			               more[i], k, strchr(more[i], '%') + 2);
			at = stpcpy(at, line);
		}
		assert_null(read_text(text));
		assert_true(faults.count > BENCH_FAULTS_MAX);
		assert_non_null(strstr(printed(), "more faults"));
	}
	free(text);
}

static void test_garbage(void **state)
{
	struct bench_random random = bench_random_init(20240601, 0);

	(void)state;
	for (int round = 0; round < 3000; round++) {
		const struct bench_embedded *const seed =
			&bench_embedded_scenarios[bench_random_below(&random, 10)];
		char *const text = malloc(seed->length);
		size_t length = seed->length;

		assert_non_null(text);
		memcpy(text, seed->text, length);
		for (uint32_t left = 1 + bench_random_below(&random, 6); left > 0; left--) {
			const size_t at = bench_random_below(&random, (uint32_t)length);

			if (bench_random_below(&random, 2) == 0) {
				text[at] = (char)bench_random_below(&random, 256);
			} else if (length > 40) {
				memmove(text + at, text + at + (length - at) / 4, length - at - (length - at) / 4);
				length -= (length - at) / 4;
			}
		}
		faults.count = 0;
		bench_scenario_free(bench_scenario_read(text, length, "it.ini", &faults));
		free(text);
	}
}

/* ---- the built-in ones ---- */

static void test_builtin(void **state)
{
	size_t count;
	const struct bench_scenario *const *const all = bench_scenarios(&count);

	(void)state;
	assert_int_equal(count, 20);
	for (size_t i = 0; i < count; i++) {
		char path[512];
		char *text;
		FILE *file;
		size_t length;

		assert_ptr_equal(bench_scenario_find(all[i]->name), all[i]);
		/* The program has what the tree has. */
		(void)snprintf(path, sizeof(path), BENCH_SCENARIO_FOLDER "/%s.ini", all[i]->name);
		file = fopen(path, "re");
		if (file == NULL)
			fail_msg("no %s", path);
		text = calloc(1, all[i]->text_length + 2);
		assert_non_null(text);
		length = fread(text, 1, all[i]->text_length + 1, file);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(length, all[i]->text_length);
		assert_memory_equal(text, all[i]->text, length);
		free(text);
	}
	assert_null(bench_scenario_find("nowhere"));
}

/* A file of SQL lies beside the scenario's own. */
static void test_sql_file(void **state)
{
	char folder[] = "/tmp/weir-bench-test-XXXXXX";
	char path[64];
	char sql[64];
	struct bench_scenario *scenario;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(sql, sizeof(sql), "%s/tables.sql", folder);
	(void)snprintf(path, sizeof(path), "%s/it.ini", folder);
	file = fopen(sql, "we");
	assert_non_null(file);
	assert_true(fputs("CREATE TABLE t(a);", file) >= 0);
	assert_int_equal(fclose(file), 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(SQLITE "[role callers]\nrun = lookup\n" LOOKUP
	                         "[database]\nfile = tables.sql\n",
	                  file) >= 0);
	assert_int_equal(fclose(file), 0);
	faults.count = 0;
	scenario = bench_scenario_load(path, &faults);
	if (scenario == NULL)
		fail_msg("%s", printed());
	assert_string_equal(scenario->script, "\nCREATE TABLE t(a);");
	bench_scenario_free(scenario);
	assert_int_equal(unlink(sql), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_null(bench_scenario_load(path, &faults));
	assert_int_equal(faults.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stub_scenario),
		cmocka_unit_test(test_a_sql_scenario),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_every_fault_has_its_line),
		cmocka_unit_test(test_all_faults_at_once),
		cmocka_unit_test(test_lines_and_bytes),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_sql_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
