/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Other projects' pools, from the folder that the build puts them in. See peers.h.
 */
#include "peers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entrants.h"
#include "peer_child.h"
#include "runner.h"

#define MISSING_NAME "missing.txt"

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text);

	return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void add_object(const char *path, const char *file, struct bench_peer_notes *notes)
{
	char problem[BENCH_PEER_NOTE_MAX];

	if (!bench_entrants_load(path, BENCH_STANDING_PEER, problem, sizeof(problem)))
		bench_peer_notes_failed(notes, file, problem);
}

static void add_program(const char *path, const char *file, struct bench_peer_notes *notes)
{
	char problem[BENCH_PEER_NOTE_MAX] = "";
	struct bench_peer_child *child = NULL;
	const struct bench_peer_hello *hello;

	if (!bench_entrants_have_room())
		(void)snprintf(problem, sizeof(problem), "there are too many pools");
	else
		child = bench_peer_child_start(path, BENCH_PEER_PATIENCE_NS, problem, sizeof(problem));
	if (child == NULL) {
		bench_peer_notes_failed(notes, file, problem);
		return;
	}
	hello = bench_peer_child_hello(child);
	if (bench_pool_exists(hello->pool)) {
		bench_peer_notes_failed(notes, file, "there is another pool of its name");
		bench_peer_child_end(child);
		return;
	}
	bench_entrants_add(&(struct bench_entrant){
		.child = child,
		.name = hello->pool,
		.doc = bench_peer_child_doc(child),
		.extra_work = hello->extra_work[0] != '\0' ? hello->extra_work : NULL,
		.standing = BENCH_STANDING_PEER,
	});
}

/* What the build left out, and why. */
static void add_missing(const char *path, struct bench_peer_notes *notes)
{
	FILE *const file = fopen(path, "re");
	char line[BENCH_PEER_NOTE_MAX];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *const colon = strstr(line, ": ");

		if (colon == NULL)
			continue;
		*colon = '\0';
		colon[2 + strcspn(colon + 2, "\n")] = '\0';
		bench_peer_notes_missing(notes, line, colon + 2);
	}
	if (file != NULL)
		(void)fclose(file);
}

static void add_file(const char *dir, const char *name, struct bench_peer_notes *notes)
{
	char path[PATH_MAX];
	struct stat status;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) || name[0] == '.' ||
	    stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	if (ends_with(name, ".so"))
		add_object(path, name, notes);
	else if (strcmp(name, MISSING_NAME) == 0)
		add_missing(path, notes);
	else if (access(path, X_OK) == 0)
		add_program(path, name, notes);
}

/* peers/ beside this program. */
static bool own_folder(char *dir, size_t size)
{
	const ssize_t length = readlink("/proc/self/exe", dir, size);
	char *slash;

	if (length <= 0 || (size_t)length >= size)
		return false;
	dir[length] = '\0';
	slash = strrchr(dir, '/');
	return slash != NULL && snprintf(slash, size - (size_t)(slash - dir), "/peers") <
	                            (int)(size - (size_t)(slash - dir));
}

bool bench_peers_add(const char *dir, struct bench_peer_notes *notes)
{
	char own[PATH_MAX] = "";
	struct dirent **names;
	int count;

	if (dir == NULL && own_folder(own, sizeof(own)))
		dir = own;
	count = scandir(dir != NULL ? dir : "", &names, NULL, alphasort);
	if (count < 0) {
		(void)fprintf(stderr,
		              "weir-bench: no peers in \"%s\": %s; ./dev bench --peers builds them "
		              "(cmake -DWEIR_PEERS=ON), or name their folder with --peers-dir\n",
		              dir != NULL ? dir : "", strerror(errno));
		return false;
	}
	for (int i = 0; i < count; i++) {
		add_file(dir, names[i]->d_name, notes);
		free(names[i]);
	}
	free(names);
	return true;
}
