/* Bytes, bounded buffers, hex. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/span.h"

/* Wherever it stands among plain letters, of which eight are looked at in one step. */
static void utf8_anywhere(void **state)
{
    (void)state;
    char letters[40];

    for (size_t size = 2; size < sizeof letters; size++)
        for (size_t at = 0; at + 2 <= size; at++) {
            memset(letters, at % 2 ? 0x7F : 0x01, sizeof letters);
            assert_true(span_is_utf8(span_of(letters, size)));
            memcpy(letters + at, "\xC4\x91", 2);
            assert_true(span_is_utf8(span_of(letters, size)));
            assert_true(span_is_utf8(span_of(letters, at)));
            assert_false(span_is_utf8(span_of(letters, at + 1)));
            letters[at] = 'd';
            assert_false(span_is_utf8(span_of(letters, size)));
            letters[at + 1] = 0;
            assert_false(span_is_utf8(span_of(letters, size)));
        }
}

static void utf8_edges(void **state)
{
    (void)state;
    /* First and last code point of every length, and both sides of the surrogates. */
    static const char *const good[] = {
        "", "\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Nguyễn Văn Ví Dụ", "e\xCC\x82\xCC\xA3",
    };
    static const char *const bad[] = {
        "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xC2\xC0", "\xE0\x9F\xBF", "\xE0\xA0",
        "\xE1\x80\x7F", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "abc\xE1\xBB", "\xC3\x28",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!span_is_utf8(span_of_string(good[i])))
            fail_msg("good[%zu] refused", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (span_is_utf8(span_of_string(bad[i])))
            fail_msg("bad[%zu] taken", i);
    assert_false(span_is_utf8(span_of("a\0b", 3)));
}

static void to_string(void **state)
{
    (void)state;
    char string[5] = "zzzz";
    assert_true(span_to_string(span_of_string("abcd"), string, sizeof string));
    assert_string_equal(string, "abcd");
    assert_false(span_to_string(span_of_string("abcde"), string, sizeof string));
    assert_string_equal(string, "");
    assert_false(span_to_string(span_of("a\0b", 3), string, sizeof string));
    assert_string_equal(string, "");
    assert_true(span_to_string((struct span){ 0 }, string, sizeof string));
    assert_string_equal(string, "");
}

static void equal(void **state)
{
    (void)state;
    assert_true(span_equal((struct span){ 0 }, span_of("x", 0)));
    assert_true(span_equal(span_of("a\0b", 3), span_of("a\0b", 3)));
    assert_false(span_equal(span_of("a\0b", 3), span_of("a\0c", 3)));
    assert_false(span_equal(span_of_string("ab"), span_of_string("abc")));
    assert_int_equal(span_of_string(NULL).size, 0);
}

static void arena_pieces(void **state)
{
    (void)state;
    struct arena arena;
    struct span copy;
    assert_int_equal(arena_init(&arena, 40), RESULT_OK);
    char *first = arena_take(&arena, 1);
    char *second = arena_take(&arena, 17);
    assert_int_equal(second - first, 16);
    assert_int_equal((uintptr_t)second % 16, 0);
    assert_int_equal(arena_room(&arena), 0);                /* 16 + 32 rounded would be 48: the rest is used up */
    assert_null(arena_take(&arena, 1));
    arena_reset(&arena);
    assert_int_equal(arena_room(&arena), 40);
    assert_null(arena_take(&arena, 41));
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_true(arena_copy(&arena, span_of_string("hồ sơ"), &copy));
    assert_true(span_equal(copy, span_of_string("hồ sơ")));
    assert_ptr_equal(copy.bytes, first);
    assert_true(arena_copy(&arena, (struct span){ 0 }, &copy));
    assert_int_equal(copy.size, 0);
    assert_false(arena_copy(&arena, span_of("0123456789012345678901234567890", 31), &copy));
    arena_done(&arena);
    arena_done(&arena);
}

/* Whatever the room, the text is the longest whole beginning, zero-terminated, and nothing is written past it. */
static void cut_at_a_character(void **state)
{
    (void)state;
    static const char *const whole = "aệ😀b";                /* 1 + 3 + 4 + 1 bytes */
    static const size_t fits[] = { 0, 1, 1, 1, 4, 4, 4, 4, 8, 9 };
    for (size_t room = 0; room <= 9; room++)
        for (int by_format = 0; by_format <= 1; by_format++) {
            char array[16];
            memset(array, '#', sizeof array);
            struct text text = text_of(array, room + 1);
            if (by_format)
                text_add(&text, "%s", whole);
            else
                text_add_span(&text, span_of_string(whole));
            assert_int_equal(text.used, fits[room]);
            assert_memory_equal(array, whole, fits[room]);
            assert_int_equal(array[text.used], 0);
            assert_int_equal(text.cut, room < 9);
            assert_int_equal(array[room + 1], '#');
        }
}

static void nothing_after_a_cut(void **state)
{
    (void)state;
    char array[8];
    struct text text = text_of(array, sizeof array);
    text_add(&text, "%s", "123456ễ");
    assert_true(text.cut);
    assert_string_equal(array, "123456");
    text_add(&text, "x");                                   /* would fit, and would read as if it followed */
    text_add_span(&text, span_of_string("y"));
    text_add_hex(&text, "z", 1);
    assert_string_equal(array, "123456");
}

static void text_joins(void **state)
{
    (void)state;
    char array[32];
    struct text text = text_of(array, sizeof array);
    text_add(&text, "%d-%s", 7, "b");
    text_add_span(&text, span_of_string("ơ"));
    text_add_hex(&text, "\x00\xFF\x0A", 3);
    assert_string_equal(array, "7-bơ00ff0a");
    assert_false(text.cut);
    assert_int_equal(text.used, strlen(array));
}

static void hex(void **state)
{
    (void)state;
    uint8_t bytes[3] = { 9, 9, 9 };
    assert_true(hex_read(span_of_string("00fFa5"), bytes, 3));
    assert_memory_equal(bytes, "\x00\xFF\xA5", 3);
    static const char *const bad[] = { "", "00ff", "00ffa", "00ffa5a5", "00ffg5", "0x00ff", " 00ffa5", "00ff-5" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hex_read(span_of_string(bad[i]), bytes, 3));
    assert_memory_equal(bytes, "\x00\xFF\xA5", 3);          /* written only on success */
    assert_true(hex_read((struct span){ 0 }, bytes, 0));
}

static void results(void **state)
{
    (void)state;
    assert_string_equal(result_name(RESULT_OK), "ok");
    assert_string_equal(result_name(RESULT_NOT_FOUND), "not-found");
    assert_string_equal(result_name(RESULT_BROKEN), "broken");
    assert_string_equal(result_name((enum result)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_edges),      cmocka_unit_test(utf8_anywhere),
        cmocka_unit_test(to_string),       cmocka_unit_test(equal),
        cmocka_unit_test(arena_pieces),    cmocka_unit_test(cut_at_a_character),  cmocka_unit_test(nothing_after_a_cut),
        cmocka_unit_test(text_joins),      cmocka_unit_test(hex),                 cmocka_unit_test(results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
