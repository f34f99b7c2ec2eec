/* Message ids: the bits of RFC 9562, versions 7 and 8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/base/hash.h"
#include "gateway/base/uuid.h"

static const uint8_t ones[10] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
static const uint8_t zeros[10];

static void assert_text(struct uuid uuid, const char *expected)
{
    char text[UUID_TEXT_SIZE];
    uuid_text(&uuid, text);
    assert_string_equal(text, expected);
}

static void version_7_bits(void **state)
{
    (void)state;
    /* The time of the RFC's own example, appendix A.6: 2022-02-22 14:22:22 -05:00. */
    assert_text(uuid_v7(0x017F22E279B0, ones), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    assert_text(uuid_v7(0x017F22E279B0, zeros), "017f22e2-79b0-7000-8000-000000000000");
    struct uuid uuid = uuid_v7(0x017F22E279B0, ones);
    assert_int_equal(uuid_version(&uuid), 7);
    assert_true(uuid_time_ms(&uuid) == 1645557742000);
}

static void time_is_brought_into_range(void **state)
{
    (void)state;
    assert_text(uuid_v7(-1, zeros), "00000000-0000-7000-8000-000000000000");
    assert_text(uuid_v7(INT64_MAX, zeros), "ffffffff-ffff-7000-8000-000000000000");
}

static void version_8_repeats(void **state)
{
    (void)state;
    struct span agency = span_of_string("H29.7.1"), key = span_of_string("HS-000001");
    struct uuid uuid = uuid_v8(0x017F22E279B0, agency, key), again = uuid_v8(0x017F22E279B0, agency, key);
    /* SHA-256 of the tagged fields begins 171baa642782367324ea (hashlib). */
    assert_text(uuid, "017f22e2-79b0-871b-aa64-2782367324ea");
    assert_int_equal(uuid_version(&uuid), 8);
    assert_true(uuid_equal(&uuid, &again));
    /* Moving a byte from one part to the other is another record. */
    again = uuid_v8(0x017F22E279B0, span_of_string("H29.7.1H"), span_of_string("S-000001"));
    assert_false(uuid_equal(&uuid, &again));
}

static void version_needs_the_variant(void **state)
{
    (void)state;
    struct uuid uuid = uuid_v7(1, zeros);
    for (int top = 0; top < 4; top++) {
        uuid.bytes[8] = (uint8_t)(top << 6);
        assert_int_equal(uuid_version(&uuid), top == 2 ? 7 : 0);
    }
}

static void now_is_now_and_random(void **state)
{
    (void)state;
    int64_t before_ms = clock_wall_ms();
    struct uuid a = uuid_v7_now(), b = uuid_v7_now();
    int64_t after_ms = clock_wall_ms();
    assert_in_range(uuid_time_ms(&a), before_ms, after_ms);
    assert_int_equal(uuid_version(&a), 7);
    assert_memory_not_equal(a.bytes + 6, b.bytes + 6, 10);
}

static void text_and_back(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "017f22e2-79b0-7fff-bfff-fffffffffff", "017f22e2-79b0-7fff-bfff-ffffffffffff0",
        "017f22e279b0-7fff-bfff-ffffffffffff0", "017f22e2-79b07-fff-bfff-ffffffffffff",
        "017f22e2-79b0-7fff-bfff-fffffffffffg", "{17f22e2-79b0-7fff-bfff-ffffffffffff",
        "017f22e2 79b0 7fff bfff ffffffffffff",
    };
    struct uuid uuid = uuid_v7(0x017F22E279B0, ones), back = { { 0 } };
    assert_true(uuid_read(span_of_string("017F22E2-79b0-7FFF-bfff-ffffffffFFFF"), &back));
    assert_true(uuid_equal(&uuid, &back));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (uuid_read(span_of_string(bad[i]), &back))
            fail_msg("taken: %s", bad[i]);
    assert_true(uuid_equal(&uuid, &back));
}

static int start(void **state)
{
    (void)state;
    return hash_start() != RESULT_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_7_bits),            cmocka_unit_test(time_is_brought_into_range),
        cmocka_unit_test(version_8_repeats),         cmocka_unit_test(version_needs_the_variant),
        cmocka_unit_test(now_is_now_and_random),     cmocka_unit_test(text_and_back),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
