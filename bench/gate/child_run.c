/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running a command of the user's. See child_run.h.
 */
#include "child_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cancel.h"
#include "monotonic.h"

#define OUT_MAX ((size_t)64 << 20)
#define LOOK_MS 20
/* Each round ends one generation of what the command started. */
#define ROUNDS_MAX 1000
/* What processes that outlive their command may still print before the pipes are
 * given up; they have been killed by then. */
#define DRAIN_NS BENCH_NS_PER_S

enum pipe_end { READ_END = 0, WRITE_END = 1 };

struct pipes {
	int out[2];
	int err[2];
	int life[2]; /* nothing is written; its end is that of this process */
};

static void watch(const struct pipes *pipes)
{
	char byte;

	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	while (read(pipes->life[READ_END], &byte, 1) < 0 && errno == EINTR)
		;
	(void)kill(0, SIGKILL);
	_exit(0);
}

/* The watcher is of the command's group, and takes it along when the gate is gone,
 * also by SIGKILL. It holds no write end of the output pipes: they would never
 * end. Nor is it the command's child: one that waits for any child would meet it. */
static void start_watcher(const struct pipes *pipes)
{
	const pid_t between = fork();

	if (between == 0) {
		if (fork() == 0)
			watch(pipes);
		_exit(0);
	}
	if (between > 0)
		(void)waitpid(between, NULL, 0);
}

static void become(const struct pipes *pipes, const char *command)
{
	const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	(void)setpgid(0, 0);
	(void)close(pipes->life[WRITE_END]);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGINT, SIG_DFL);
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(pipes->out[WRITE_END], STDOUT_FILENO) < 0 ||
	    dup2(pipes->err[WRITE_END], STDERR_FILENO) < 0)
		_exit(127);
	(void)close(pipes->out[WRITE_END]);
	(void)close(pipes->err[WRITE_END]);
	start_watcher(pipes);
	(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
	for (int end = 0; end < 2; end++) {
		close_end(&pipes->out[end]);
		close_end(&pipes->err[end]);
		close_end(&pipes->life[end]);
	}
}

static bool open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(pipes->out, O_CLOEXEC) == 0 && pipe2(pipes->err, O_CLOEXEC) == 0 &&
	    pipe2(pipes->life, O_CLOEXEC) == 0)
		return true;
	close_pipes(pipes);
	return false;
}

static void keep_tail(struct bench_child *child, const char *bytes, size_t count)
{
	if (count > BENCH_CHILD_TAIL) {
		bytes += count - BENCH_CHILD_TAIL;
		count = BENCH_CHILD_TAIL;
	}
	if (child->tail_length + count > BENCH_CHILD_TAIL) {
		const size_t drop = child->tail_length + count - BENCH_CHILD_TAIL;

		memmove(child->tail, child->tail + drop, child->tail_length - drop);
		child->tail_length -= drop;
	}
	memcpy(child->tail + child->tail_length, bytes, count);
	child->tail_length += count;
	child->tail[child->tail_length] = '\0';
}

/* Twice the room each time; false without memory. */
static bool make_room(struct bench_child *child, size_t length)
{
	size_t size = child->out_size > 0 ? child->out_size : 4096;
	char *out;

	while (size < length)
		size *= 2;
	if (size == child->out_size)
		return true;
	out = realloc(child->out, size);
	if (out == NULL)
		return false;
	child->out = out;
	child->out_size = size;
	return true;
}

/* false: it is too much, or there is no memory for it. */
static bool keep_out(struct bench_child *child, const char *bytes, size_t count)
{
	if (child->out_length + count > OUT_MAX || !make_room(child, child->out_length + count + 1))
		return false;
	memcpy(child->out + child->out_length, bytes, count);
	child->out_length += count;
	child->out[child->out_length] = '\0';
	return true;
}

/* Take what is there, or wait for it, or for the end of the command; false when the
 * output is too long. pidfd: -1 where the kernel has none; then the end is seen at
 * the next look. */
static bool take(struct bench_child *child, struct pipes *pipes, int pidfd)
{
	struct pollfd polled[3] = {
		{.fd = pipes->out[READ_END], .events = POLLIN},
		{.fd = pipes->err[READ_END], .events = POLLIN},
		{.fd = pidfd, .events = POLLIN},
	};
	char bytes[65536];

	if (poll(polled, 3, LOOK_MS) <= 0)
		return true;
	for (int i = 0; i < 2; i++) {
		int *const fd = i == 0 ? &pipes->out[READ_END] : &pipes->err[READ_END];
		ssize_t count;

		if (polled[i].revents == 0)
			continue;
		count = read(*fd, bytes, sizeof(bytes));
		if (count == 0)
			close_end(fd);
		else if (count > 0 && i == 1)
			keep_tail(child, bytes, (size_t)count);
		else if (count > 0 && !keep_out(child, bytes, (size_t)count))
			return false;
	}
	return true;
}

static bool open_still(const struct pipes *pipes)
{
	return pipes->out[READ_END] >= 0 || pipes->err[READ_END] >= 0;
}

/* Collect until the command ends or has to be ended. Returns whether it has been
 * waited for. */
static bool follow(struct bench_child *child, pid_t pid, struct pipes *pipes, int64_t deadline_ns,
                   int *status)
{
	int pidfd = pidfd_open(pid, 0);
	bool ended = false;

	for (;;) {
		if (!take(child, pipes, pidfd))
			child->end = BENCH_CHILD_TOO_LONG;
		else if (waitpid(pid, status, WNOHANG) == pid)
			ended = true;
		else if (bench_cancel_wait(0))
			child->end = BENCH_CHILD_CANCELLED;
		else if (bench_now() >= deadline_ns)
			child->end = BENCH_CHILD_TIMED_OUT;
		else
			continue;
		close_end(&pidfd);
		return ended;
	}
}

/* End and collect this process's children. Returns how many there were. */
static size_t end_children(void)
{
	FILE *const list = fopen("/proc/thread-self/children", "re");
	size_t count = 0;
	int pid;

	/* A kernel without the list leaves what is outside of the group alone. */
	if (list == NULL)
		return 0;
	for (; fscanf(list, "%d", &pid) == 1; count++) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)fclose(list);
	return count;
}

/* A process that made a group or session of its own (setsid, an interactive shell)
 * was not hit with the command's group. As this process is the subreaper, it becomes
 * its child when its parent is gone. */
static void end_strays(void)
{
	for (int round = 0; round < ROUNDS_MAX && end_children() > 0; round++)
		;
}

static void finish(struct bench_child *child, pid_t pid, struct pipes *pipes, bool ended,
                   int status)
{
	const int64_t deadline_ns = bench_now() + DRAIN_NS;

	/* The command's own pid is unused until it has been waited for; then the group
	 * keeps the number alive, because the watcher is in it. */
	(void)kill(-pid, SIGKILL);
	if (!ended)
		(void)waitpid(pid, &status, 0);
	end_strays();
	while (child->end != BENCH_CHILD_TOO_LONG && open_still(pipes) && bench_now() < deadline_ns)
		if (!take(child, pipes, -1))
			child->end = BENCH_CHILD_TOO_LONG;
	if (!ended || child->end == BENCH_CHILD_TOO_LONG)
		return;
	child->end = WIFEXITED(status) ? BENCH_CHILD_EXITED : BENCH_CHILD_SIGNALLED;
	child->code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

void bench_child_run(struct bench_child *child, const char *command, int64_t timeout_ns)
{
	const int64_t started_ns = bench_now();
	struct pipes pipes;
	int status = 0;
	bool ended;
	pid_t pid;

	*child = (struct bench_child){.end = BENCH_CHILD_NOT_STARTED};
	if (!open_pipes(&pipes)) {
		child->code = errno;
		return;
	}
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (pid < 0) {
		child->code = errno;
		close_pipes(&pipes);
		return;
	}
	if (pid == 0)
		become(&pipes, command);
	/* On both sides, so that neither has to wait for the other. */
	(void)setpgid(pid, pid);
	close_end(&pipes.out[WRITE_END]);
	close_end(&pipes.err[WRITE_END]);
	close_end(&pipes.life[READ_END]);
	ended = follow(child, pid, &pipes, started_ns + timeout_ns, &status);
	finish(child, pid, &pipes, ended, status);
	close_pipes(&pipes);
	child->took_ns = bench_now() - started_ns;
}

void bench_child_free(struct bench_child *child)
{
	free(child->out);
	*child = (struct bench_child){0};
}

void bench_child_describe(const struct bench_child *child, char *text, size_t text_size)
{
	switch (child->end) {
	case BENCH_CHILD_EXITED:
		(void)snprintf(text, text_size, "exited with code %d", child->code);
		break;
	case BENCH_CHILD_SIGNALLED:
		(void)snprintf(text, text_size, "was ended by signal %d (%s)", child->code,
		               strsignal(child->code));
		break;
	case BENCH_CHILD_TIMED_OUT:
		(void)snprintf(text, text_size, "took longer than --timeout allows");
		break;
	case BENCH_CHILD_TOO_LONG:
		(void)snprintf(text, text_size, "printed more than 64 MiB");
		break;
	case BENCH_CHILD_CANCELLED:
		(void)snprintf(text, text_size, "was stopped");
		break;
	case BENCH_CHILD_NOT_STARTED:
		(void)snprintf(text, text_size, "could not be started: %s", strerror(child->code));
		break;
	}
}
