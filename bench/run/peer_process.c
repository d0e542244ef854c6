/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A child program that is spoken to in lines. See peer_process.h.
 */
#include "peer_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cancel.h"
#include "monotonic.h"

#define LOOK_MS 100
#define READ_SIZE 65536
/* A timeline of minutes has some megabytes. */
#define LINE_MAX_SIZE ((size_t)64 << 20)

/* After fork: nothing here may allocate. */
static void become(const char *program, int fd, pid_t parent)
{
	char *const argv[] = {(char *)(uintptr_t)program, NULL};
	sigset_t none;

	/* Its own group: Ctrl-C reaches this process alone, which then ends the whole
	 * group, launchers and all. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
		(void)execv(program, argv);
	_exit(BENCH_PEER_NO_PROGRAM);
}

int bench_peer_process_start(struct bench_peer_process *process, const char *program)
{
	const pid_t parent = getpid();
	int ends[2];

	*process = (struct bench_peer_process){.fd = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return errno;
	process->pid = fork();
	if (process->pid == 0)
		become(program, ends[1], parent);
	(void)close(ends[1]);
	if (process->pid < 0) {
		const int reason = errno;

		(void)close(ends[0]);
		process->pid = 0;
		return reason;
	}
	/* Here as well: whoever ends the group must not come before the child. */
	(void)setpgid(process->pid, process->pid);
	process->fd = ends[0];
	return 0;
}

int bench_peer_process_end(struct bench_peer_process *process)
{
	int status = -1;

	if (process->pid == 0)
		return -1;
	(void)close(process->fd);
	/* One that is ending by itself keeps its own exit code. */
	(void)kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	free(process->buffer);
	*process = (struct bench_peer_process){.fd = -1};
	return status;
}

bool bench_peer_process_say(const struct bench_peer_process *process, const char *line)
{
	const size_t length = strlen(line);
	struct iovec parts[2] = {{(void *)(uintptr_t)line, length}, {(void *)(uintptr_t) "\n", 1}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	do
		sent = sendmsg(process->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	/* Orders are far smaller than the socket's buffer. */
	return sent == (ssize_t)length + 1;
}

/* Read what is there; false: the end, or an endless line. */
static bool read_more(struct bench_peer_process *process)
{
	ssize_t got;

	if (process->size - process->used < READ_SIZE) {
		const size_t size = process->size == 0 ? READ_SIZE * 2 : process->size * 2;
		char *const larger = size <= LINE_MAX_SIZE ? realloc(process->buffer, size) : NULL;

		if (larger == NULL)
			return false;
		process->buffer = larger;
		process->size = size;
	}
	got = read(process->fd, process->buffer + process->used, READ_SIZE);
	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	process->used += (size_t)got;
	return true;
}

enum bench_peer_line bench_peer_process_hear(struct bench_peer_process *process,
                                             int64_t deadline_ns, void (*tick)(void *tick_context),
                                             void *tick_context, const char **line)
{
	size_t looked = 0;

	if (process->line_size > 0) {
		process->used -= process->line_size;
		memmove(process->buffer, process->buffer + process->line_size, process->used);
		process->line_size = 0;
	}
	for (;;) {
		struct pollfd ready = {.fd = process->fd, .events = POLLIN};
		char *const end = process->used > looked
		                      ? memchr(process->buffer + looked, '\n', process->used - looked)
		                      : NULL;

		if (end != NULL) {
			*end = '\0';
			process->line_size = (size_t)(end - process->buffer) + 1;
			*line = process->buffer;
			return BENCH_PEER_LINE;
		}
		looked = process->used;
		if (bench_cancel_wait(0))
			return BENCH_PEER_CANCELLED;
		if (poll(&ready, 1, LOOK_MS) > 0) {
			if (!read_more(process))
				return BENCH_PEER_ENDED;
			continue;
		}
		if (bench_now() > deadline_ns)
			return BENCH_PEER_LATE;
		if (tick != NULL)
			tick(tick_context);
	}
}
