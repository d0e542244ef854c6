/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 by the examples of FIPS 180-4 and by pieces, and what of a script is left
 * out of it.
 */
#include "source_fixture.h"

#include <string.h>

struct vector {
	const char *text;
	const char *hex;
};

static const struct vector vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void the_standards_examples_come_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(vectors); i++) {
		char hex[WEIR_MIGRATE_CHECKSUM_MAX];
		struct weir__sha256 sum;

		weir__sha256_begin(&sum);
		weir__sha256_add(&sum, vectors[i].text, strlen(vectors[i].text));
		weir__sha256_end(&sum, hex);
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void a_million_bytes_come_out_in_pieces_of_any_size(void **state)
{
	static const size_t pieces[] = {1, 63, 64, 65, 1000};
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < SOURCE_COUNT(pieces); i++) {
		char hex[WEIR_MIGRATE_CHECKSUM_MAX];
		struct weir__sha256 sum;

		weir__sha256_begin(&sum);
		for (size_t left = 1000000; left > 0;) {
			const size_t piece = left < pieces[i] ? left : pieces[i];

			weir__sha256_add(&sum, text, piece);
			left -= piece;
		}
		weir__sha256_end(&sum, hex);
		assert_string_equal(hex,
		                    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
}

/* Where the padding no longer fits into the block. */
static void every_length_around_a_block_is_its_own(void **state)
{
	char before[WEIR_MIGRATE_CHECKSUM_MAX] = "";
	char text[130];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t length = 50; length < sizeof text; length++) {
		char hex[WEIR_MIGRATE_CHECKSUM_MAX];
		struct weir__sha256 sum;

		weir__sha256_begin(&sum);
		weir__sha256_add(&sum, text, length);
		weir__sha256_end(&sum, hex);
		assert_string_not_equal(hex, before);
		memcpy(before, hex, sizeof before);
		if (length == 56)
			assert_string_equal(hex,
			                    "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
	}
}

static const char *script_sum(const char *text, char hex[WEIR_MIGRATE_CHECKSUM_MAX])
{
	struct weir__sha256 sum;

	weir__sha256_begin(&sum);
	weir__sha256_add_script(&sum, text, strlen(text));
	weir__sha256_end(&sum, hex);
	return hex;
}

static void line_ends_a_mark_and_the_end_are_left_out(void **state)
{
	static const char *const same[] = {
		"a;\r\nb;\r\n",
		"a;\rb;\r",
		"a;\nb;",
		"\xEF\xBB\xBF"
		"a;\nb;\n",
		"\xEF\xBB\xBF"
		"a;\rb; \t\r\n\r\n",
		"a;\r\nb;\n\n\f\v ",
		"a;\nb;\r",
	};
	char expected[WEIR_MIGRATE_CHECKSUM_MAX];
	char hex[WEIR_MIGRATE_CHECKSUM_MAX];

	(void)state;
	(void)script_sum("a;\nb;\n", expected);
	for (size_t i = 0; i < SOURCE_COUNT(same); i++)
		assert_string_equal(script_sum(same[i], hex), expected);
}

static void everything_else_is_in_it(void **state)
{
	static const char *const others[] = {" a;\nb;",  "a; \nb;",    "a;\n\nb;", "a;b;",
	                                     "\na;\nb;", "a;\r\r\nb;", "A;\nb;"};
	char expected[WEIR_MIGRATE_CHECKSUM_MAX];
	char hex[WEIR_MIGRATE_CHECKSUM_MAX];

	(void)state;
	(void)script_sum("a;\nb;\n", expected);
	for (size_t i = 0; i < SOURCE_COUNT(others); i++)
		assert_string_not_equal(script_sum(others[i], hex), expected);
}

static void a_script_of_nothing_is_nothing(void **state)
{
	static const char *const empty[] = {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF \t\r"};
	char hex[WEIR_MIGRATE_CHECKSUM_MAX];

	(void)state;
	for (size_t i = 0; i < SOURCE_COUNT(empty); i++)
		assert_string_equal(script_sum(empty[i], hex), vectors[0].hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples_come_out),
		cmocka_unit_test(a_million_bytes_come_out_in_pieces_of_any_size),
		cmocka_unit_test(every_length_around_a_block_is_its_own),
		cmocka_unit_test(line_ends_a_mark_and_the_end_are_left_out),
		cmocka_unit_test(everything_else_is_in_it),
		cmocka_unit_test(a_script_of_nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
