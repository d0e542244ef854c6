/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See dump_text.h. Nothing here but open, read, write, close and arithmetic.
 */
#include "dump_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Digits of the largest 64-bit number. */
#define DIGITS_MAX 20

static void add_byte(struct weir__dump_line *line, char byte)
{
	const unsigned char code = (unsigned char)byte;

	if (line->length < sizeof line->bytes - 1)
		line->bytes[line->length++] = code < 0x20 || code == 0x7f ? '?' : byte;
}

void weir__dump_begin(struct weir__dump_line *line)
{
	line->length = 0;
}

void weir__dump_add(struct weir__dump_line *line, const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		add_byte(line, *text);
}

void weir__dump_add_number(struct weir__dump_line *line, uint64_t number)
{
	char digits[DIGITS_MAX];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		add_byte(line, digits[--count]);
}

/* number / scale with three digits behind the point. */
static void add_scaled(struct weir__dump_line *line, uint64_t number, uint64_t scale)
{
	const uint64_t thousandths = number % scale * 1000 / scale;

	weir__dump_add_number(line, number / scale);
	add_byte(line, '.');
	add_byte(line, (char)('0' + thousandths / 100));
	add_byte(line, (char)('0' + thousandths / 10 % 10));
	add_byte(line, (char)('0' + thousandths % 10));
}

void weir__dump_add_time(struct weir__dump_line *line, int64_t ns)
{
	const uint64_t time = ns > 0 ? (uint64_t)ns : 0;

	if (time >= UINT64_C(1000000000)) {
		add_scaled(line, time, UINT64_C(1000000000));
		weir__dump_add(line, "s");
	} else if (time >= UINT64_C(1000000)) {
		add_scaled(line, time, UINT64_C(1000000));
		weir__dump_add(line, "ms");
	} else {
		weir__dump_add_number(line, time / 1000);
		weir__dump_add(line, "us");
	}
}

void weir__dump_add_named(struct weir__dump_line *line, const char *name, uint64_t number)
{
	add_byte(line, ' ');
	weir__dump_add(line, name);
	add_byte(line, '=');
	weir__dump_add_number(line, number);
}

void weir__dump_add_thread(struct weir__dump_line *line, uint32_t thread)
{
	static const char front[] = "/proc/self/task/";
	struct weir__dump_line path;
	char name[32];
	int fd;

	weir__dump_begin(&path);
	weir__dump_add(&path, front);
	weir__dump_add_number(&path, thread);
	weir__dump_add(&path, "/comm");
	path.bytes[path.length] = '\0';
	fd = open(path.bytes, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	const ssize_t length = read(fd, name, sizeof name);

	(void)close(fd);
	for (ssize_t i = 0; i < length && name[i] != '\n'; i++)
		add_byte(line, name[i]);
}

bool weir__dump_write(struct weir__dump_line *line, int fd)
{
	size_t done = 0;

	line->bytes[line->length++] = '\n'; /* the byte that add_byte leaves free */
	while (done < line->length) {
		const ssize_t written = write(fd, line->bytes + done, line->length - done);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0)
			done += (size_t)written;
	}
	return true;
}
