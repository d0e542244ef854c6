/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Holders of record locks. F_OFD_GETLK tells surely whether a byte is locked, but
 * names one holder only; /proc/locks has all of them, where the file's device is
 * written there as stat has it, and their processes are visible.
 */
#include "doctor_locks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static void read_command(pid_t pid, char command[32])
{
	char path[64];
	FILE *file;

	(void)snprintf(command, 32, "?");
	if (pid <= 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(command, 32, file) != NULL)
		command[strcspn(command, "\n")] = '\0';
	(void)fclose(file);
}

static void add_holder(struct lock_holders *holders, pid_t pid, bool exclusive)
{
	const size_t listed = holders->count < LOCK_HOLDERS_MAX ? holders->count : LOCK_HOLDERS_MAX;

	for (size_t i = 0; i < listed; i++) {
		if (holders->list[i].pid == pid)
			return;
	}
	if (holders->count < LOCK_HOLDERS_MAX) {
		struct lock_holder *holder = &holders->list[holders->count];

		holder->pid = pid;
		holder->exclusive = exclusive;
		read_command(pid, holder->command);
	}
	holders->count++;
}

/* A line: "1: POSIX  ADVISORY  READ 77 fd:01:1311 123 123", the last perhaps "EOF". */
static void add_listed(struct lock_holders *holders, const char *line, const struct stat *status,
                       int64_t byte, int64_t length)
{
	char kind[16];
	char access[16];
	char last[24];
	int pid;
	unsigned major_number;
	unsigned minor_number;
	unsigned long inode;
	long long first;
	long long end = INT64_MAX;

	/* A process that waits for the lock is listed with "->" and does not match. */
	if (sscanf(line, "%*d: %15s %*s %15s %d %x:%x:%lu %lld %23s", kind, access, &pid, &major_number,
	           &minor_number, &inode, &first, last) != 8)
		return;
	if (strcmp(kind, "POSIX") != 0 && strcmp(kind, "OFDLCK") != 0)
		return;
	if (inode != (unsigned long)status->st_ino || major_number != major(status->st_dev) ||
	    minor_number != minor(status->st_dev))
		return;
	if (strcmp(last, "EOF") != 0 && sscanf(last, "%lld", &end) != 1)
		return;
	if (first < byte + length && end >= byte)
		add_holder(holders, (pid_t)pid, strcmp(access, "WRITE") == 0);
}

static void add_all_listed(struct lock_holders *holders, int fd, int64_t byte, int64_t length)
{
	FILE *file = fopen("/proc/locks", "re");
	struct stat status;
	char line[256];

	if (file == NULL)
		return;
	if (fstat(fd, &status) == 0) {
		while (fgets(line, sizeof(line), file) != NULL)
			add_listed(holders, line, &status, byte, length);
	}
	(void)fclose(file);
}

bool lock_holders_of(int fd, int64_t byte, int64_t length, struct lock_holders *holders)
{
	/* A lock for writing would clash with any other. */
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)byte,
		.l_len = (off_t)length,
	};

	memset(holders, 0, sizeof(*holders));
	if (fd < 0)
		return true;
	if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
		return false;
	if (lock.l_type == F_UNLCK)
		return true;
	add_holder(holders, lock.l_pid, lock.l_type == F_WRLCK);
	if (lock.l_pid > 0)
		add_all_listed(holders, fd, byte, length);
	return true;
}

void lock_holders_text(const struct lock_holders *holders, char *text, size_t text_size)
{
	const size_t listed = holders->count < LOCK_HOLDERS_MAX ? holders->count : LOCK_HOLDERS_MAX;
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < listed && length < text_size; i++) {
		const struct lock_holder *holder = &holders->list[i];
		const char *between = i > 0 ? ", " : "";

		length += (size_t)(holder->pid > 0
		                       ? snprintf(text + length, text_size - length, "%spid %d (%s)",
		                                  between, (int)holder->pid, holder->command)
		                       : snprintf(text + length, text_size - length,
		                                  "%sa process without a pid", between));
	}
	if (holders->count > listed && length < text_size)
		(void)snprintf(text + length, text_size - length, ", and %zu more",
		               holders->count - listed);
}
