/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a run ran on. See machine.h.
 */
#include "machine.h"

#include <gnu/libc-version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define GIB (1024.0 * 1024.0 * 1024.0)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUILD_KIND "sanitizer"
#elif defined(__OPTIMIZE__)
#define BUILD_KIND "optimised"
#else
#define BUILD_KIND "not optimised"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void set_text(char *out, const char *text)
{
	(void)snprintf(out, BENCH_TEXT_MAX, "%.*s", (int)strcspn(text, "\n"), text);
}

/* The first line of a file, or fallback if there is none. */
static void read_line(char *out, const char *path, const char *fallback)
{
	FILE *file = fopen(path, "re");
	char line[BENCH_TEXT_MAX];

	set_text(out, fallback);
	if (file == NULL)
		return;
	if (fgets(line, sizeof(line), file) != NULL && line[0] != '\n')
		set_text(out, line);
	(void)fclose(file);
}

/* The value of the first line of /proc/cpuinfo that starts with key; the value
 * is copied to out if out is not NULL. */
static bool find_cpuinfo(const char *key, char *out, const char *containing)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[8192];
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		const char *colon = strchr(line, ':');

		if (colon == NULL || strncmp(line, key, strlen(key)) != 0)
			continue;
		if (containing != NULL && strstr(colon, containing) == NULL)
			break;
		found = true;
		if (out != NULL)
			set_text(out, colon + 1 + strspn(colon + 1, " \t"));
	}
	(void)fclose(file);
	return found;
}

/* The first line that a command prints, or fallback if it prints none. */
static void read_command(char *out, const char *command, const char *fallback)
{
	FILE *pipe = popen(command, "re");
	char line[BENCH_TEXT_MAX];

	set_text(out, fallback);
	if (pipe == NULL)
		return;
	if (fgets(line, sizeof(line), pipe) != NULL && line[0] != '\n')
		set_text(out, line);
	(void)pclose(pipe);
}

static void read_commit(char *out)
{
	char changed[BENCH_TEXT_MAX];

	set_text(out, "unknown");
	/* Started elsewhere, git would name the commit of someone else's tree. */
	if (access("include/weir/weir.h", R_OK) != 0)
		return;
	read_command(out, "git rev-parse --short=12 HEAD 2>/dev/null", "unknown");
	if (strspn(out, "0123456789abcdef") != strlen(out)) {
		set_text(out, "unknown");
		return;
	}
	/* A report written earlier does not change what is measured. */
	read_command(changed, "git status --porcelain -uno -- . ':!results' 2>/dev/null", "");
	if (changed[0] != '\0')
		(void)snprintf(out + strlen(out), BENCH_TEXT_MAX - strlen(out), "-dirty");
}

unsigned bench_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

void bench_machine_read(struct bench_machine *machine)
{
	const time_t now = time(NULL);
	struct utsname system;
	struct tm utc;

	memset(machine, 0, sizeof(*machine));
	(void)uname(&system);
	(void)gmtime_r(&now, &utc);
	if (!find_cpuinfo("model name", machine->cpu, NULL))
		set_text(machine->cpu, "unknown");
	set_text(machine->arch, system.machine);
	(void)snprintf(machine->kernel, BENCH_TEXT_MAX, "%.20s %.100s", system.sysname, system.release);
	machine->processors = bench_processors();
	machine->memory_gib = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / GIB;
	read_line(machine->governor, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none");
	read_line(machine->idle_driver, "/sys/devices/system/cpu/cpuidle/current_driver", "none");
	machine->virtual_machine = find_cpuinfo("flags", NULL, " hypervisor");
	if (getloadavg(&machine->load_before, 1) != 1)
		machine->load_before = 0.0;
	set_text(machine->compiler, COMPILER);
	machine->build = BUILD_KIND;
	(void)snprintf(machine->libc, BENCH_TEXT_MAX, "%s", gnu_get_libc_version());
	read_commit(machine->commit);
	(void)strftime(machine->date, sizeof(machine->date), "%Y-%m-%d", &utc);
	(void)strftime(machine->time, sizeof(machine->time), "%H:%M:%S", &utc);
}
