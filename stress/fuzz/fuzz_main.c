/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs a fuzz target without a fuzzer, as a plain test: every file of the folders
 * given, then a fixed number of random changes of those files. The seed is printed;
 * the same one gives the same inputs.
 *
 * The input of the run under way is kept in a file, which is removed when all went
 * well: however the process dies, what it died of is there.
 */
#include "fuzz_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stress_random.h"

#define INPUT_MAX 4096
#define FILES_MAX 512
#define RUNS_DEFAULT 3000
#define SEED_DEFAULT 20240601
#define CHANGES_MAX 8
#define EXIT_USAGE 2

struct file {
	uint8_t *bytes;
	size_t size;
};

struct campaign {
	uint64_t random;
	uint64_t seed;
	unsigned long runs;
	char kept[128]; /* the name of the file that holds the input under way */
	int kept_fd;
	size_t count;
	struct file files[FILES_MAX];
};

/* ---- files ---- */

static int complain(const char *path, const char *what)
{
	(void)fprintf(stderr, "fuzz: %s: %s\n", path, what);
	return EXIT_USAGE;
}

static int load_file(struct campaign *campaign, const char *path)
{
	struct file *file = &campaign->files[campaign->count];
	FILE *stream = fopen(path, "rbe");

	if (stream == NULL)
		return complain(path, strerror(errno));
	if (campaign->count == FILES_MAX) {
		(void)fclose(stream);
		return complain(path, "too many files");
	}
	file->bytes = malloc(INPUT_MAX);
	if (file->bytes == NULL)
		abort();
	file->size = fread(file->bytes, 1, INPUT_MAX, stream);
	campaign->count++;
	(void)fclose(stream);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A file, or the files of a folder in the order of their names. A folder that is
 * not there counts as empty: a target without regressions has none. */
static int load(struct campaign *campaign, const char *path)
{
	struct dirent **entries;
	struct stat status;
	int result = 0;
	int count;

	if (stat(path, &status) != 0)
		return errno == ENOENT ? 0 : complain(path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return load_file(campaign, path);
	count = scandir(path, &entries, is_visible, alphasort);
	if (count < 0)
		return complain(path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char name[INPUT_MAX];

		(void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (result == 0)
			result = load_file(campaign, name);
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* ---- changes ---- */

struct change {
	uint8_t *bytes; /* INPUT_MAX of them */
	size_t size;
	struct campaign *campaign;
};

static size_t draw(const struct change *change, size_t limit)
{
	return limit == 0 ? 0 : stress_random_below(&change->campaign->random, (uint32_t)limit);
}

static void flip_bit(struct change *change)
{
	if (change->size > 0)
		change->bytes[draw(change, change->size)] ^= (uint8_t)(1u << draw(change, 8));
}

static void set_byte(struct change *change)
{
	if (change->size > 0)
		change->bytes[draw(change, change->size)] = (uint8_t)draw(change, 256);
}

static void cut_out(struct change *change)
{
	const size_t at = draw(change, change->size);
	const size_t length = draw(change, change->size - at);

	memmove(change->bytes + at, change->bytes + at + length, change->size - at - length);
	change->size -= length;
}

/* Put bytes in at a random place, as far as there is room. */
static void put_in(struct change *change, const uint8_t *bytes, size_t length)
{
	const size_t at = draw(change, change->size + 1);
	const size_t room = INPUT_MAX - change->size;

	length = length < room ? length : room;
	memmove(change->bytes + at + length, change->bytes + at, change->size - at);
	memcpy(change->bytes + at, bytes, length);
	change->size += length;
}

static void put_in_byte(struct change *change)
{
	const uint8_t byte = (uint8_t)draw(change, 256);

	put_in(change, &byte, 1);
}

static void repeat_part(struct change *change)
{
	uint8_t part[256];
	const size_t at = draw(change, change->size);
	const size_t left = change->size - at;
	const size_t length = draw(change, left < sizeof(part) ? left : sizeof(part));

	memcpy(part, change->bytes + at, length);
	put_in(change, part, length);
}

static void put_in_part_of_another(struct change *change)
{
	const struct file *other = &change->campaign->files[draw(change, change->campaign->count)];
	const size_t at = draw(change, other->size);

	put_in(change, other->bytes + at, draw(change, other->size - at + 1));
}

static void (*const changes[])(struct change *change) = {
	flip_bit, set_byte, cut_out, put_in_byte, repeat_part, put_in_part_of_another,
};

/* ---- runs ---- */

static void run(const struct campaign *campaign, const uint8_t *bytes, size_t size)
{
	/* A copy of its own length: a read past it is one past an allocation. */
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, size);
	if (ftruncate(campaign->kept_fd, 0) != 0 ||
	    pwrite(campaign->kept_fd, bytes, size, 0) != (ssize_t)size)
		(void)complain(campaign->kept, "cannot be written");
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_changed(struct campaign *campaign)
{
	uint8_t bytes[INPUT_MAX];
	struct change change = {.bytes = bytes, .campaign = campaign};

	for (unsigned long i = 0; i < campaign->runs; i++) {
		const struct file *file;

		campaign->random = stress_random_init(campaign->seed, i);
		file = &campaign->files[draw(&change, campaign->count)];
		memcpy(bytes, file->bytes, file->size);
		change.size = file->size;
		for (size_t left = 1 + draw(&change, CHANGES_MAX); left > 0; left--)
			changes[draw(&change, sizeof(changes) / sizeof(changes[0]))](&change);
		run(campaign, bytes, change.size);
	}
}

static int usage(FILE *stream, int code)
{
	(void)fputs("usage: fuzz_<target> [--seed N] [--runs N] FILE-OR-FOLDER...\n\n"
	            "Runs each file through the target, then N random changes of them (3000).\n"
	            "Exit codes: 0 passed, 2 wrong use; a finding ends the process.\n",
	            stream);
	return code;
}

/* The value of a numeric option, or false. */
static bool read_number(const char *text, unsigned long long *number)
{
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	*number = strtoull(text, &end, 10);
	return *end == '\0';
}

static int run_all(struct campaign *campaign, const char *program)
{
	const char *slash = strrchr(program, '/');

	(void)snprintf(campaign->kept, sizeof(campaign->kept), "%s.%ld.input",
	               slash != NULL ? slash + 1 : program, (long)getpid());
	campaign->kept_fd = open(campaign->kept, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (campaign->kept_fd < 0)
		return complain(campaign->kept, strerror(errno));
	(void)printf("seed %llu, %lu runs; the input under way is in %s\n",
	             (unsigned long long)campaign->seed, campaign->runs, campaign->kept);
	(void)fflush(stdout);
	for (size_t i = 0; i < campaign->count; i++)
		run(campaign, campaign->files[i].bytes, campaign->files[i].size);
	if (campaign->count > 0)
		run_changed(campaign);
	(void)close(campaign->kept_fd);
	(void)unlink(campaign->kept);
	(void)printf("%zu files and %lu changes of them passed\n", campaign->count,
	             campaign->count > 0 ? campaign->runs : 0);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct campaign campaign = {.seed = SEED_DEFAULT, .runs = RUNS_DEFAULT};
	int result = EXIT_SUCCESS;

	for (int i = 1; i < argc && result == EXIT_SUCCESS; i++) {
		unsigned long long number = 0;
		const bool is_seed = strcmp(argv[i], "--seed") == 0;

		if (strcmp(argv[i], "--help") == 0)
			return usage(stdout, EXIT_SUCCESS);
		if (is_seed || strcmp(argv[i], "--runs") == 0) {
			if (!read_number(argv[++i], &number))
				return usage(stderr, EXIT_USAGE);
			*(is_seed ? &campaign.seed : &campaign.runs) = number;
		} else if (argv[i][0] == '-') {
			return usage(stderr, EXIT_USAGE);
		} else {
			result = load(&campaign, argv[i]);
		}
	}
	if (result == EXIT_SUCCESS && campaign.count == 0)
		return usage(stderr, EXIT_USAGE);
	if (result == EXIT_SUCCESS)
		result = run_all(&campaign, argv[0]);
	for (size_t i = 0; i < campaign.count; i++)
		free(campaign.files[i].bytes);
	return result;
}
