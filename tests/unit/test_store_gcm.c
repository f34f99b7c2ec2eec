/* AES-256-GCM: the standard's own vector; two libraries agree on every size; whatever is changed does not open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/hash.h"
#include "gateway/store/gcm.h"

/* Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which SP 800-38D refers to. */
static const uint8_t key[GCM_KEY_BYTES] = {
    0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08,
    0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08,
};
static const uint8_t nonce[GCM_NONCE_BYTES] = {
    0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88,
};
static const uint8_t bound[] = {
    0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef,
    0xab, 0xad, 0xda, 0xd2,
};
static const uint8_t text[] = {
    0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5, 0xaf, 0xf5, 0x26, 0x9a,
    0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda, 0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72,
    0x1c, 0x3c, 0x0c, 0x95, 0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
    0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39,
};
static const uint8_t sealed[sizeof text + GCM_TAG_BYTES] = {
    0x52, 0x2d, 0xc1, 0xf0, 0x99, 0x56, 0x7d, 0x07, 0xf4, 0x7f, 0x37, 0xa3, 0x2a, 0x84, 0x42, 0x7d,
    0x64, 0x3a, 0x8c, 0xdc, 0xbf, 0xe5, 0xc0, 0xc9, 0x75, 0x98, 0xa2, 0xbd, 0x25, 0x55, 0xd1, 0xaa,
    0x8c, 0xb0, 0x8e, 0x48, 0x59, 0x0d, 0xbb, 0x3d, 0xa7, 0xb0, 0x8b, 0x10, 0x56, 0x82, 0x88, 0x38,
    0xc5, 0xf6, 0x1e, 0x63, 0x93, 0xba, 0x7a, 0x0a, 0xbc, 0xc9, 0xf6, 0x62,
    0x76, 0xfc, 0x6e, 0xce, 0x0f, 0x4e, 0x17, 0x68, 0xcd, 0xdf, 0x88, 0x53, 0xbb, 0x2d, 0x55, 0x1b,
};

static struct gcm_key the_key;

#define BOUND span_of(bound, sizeof bound)

static void the_vector(void **state)
{
    uint8_t plain[sizeof text], bytes[sizeof sealed];

    (void)state;
    assert_int_equal(gcm_open_anywhere(key, nonce, BOUND, span_of(sealed, sizeof sealed), plain), RESULT_OK);
    assert_memory_equal(plain, text, sizeof text);
    if (!gcm_is_fast())
        skip();
    memcpy(bytes, text, sizeof text);
    gcm_seal(&the_key, nonce, BOUND, bytes, sizeof text);
    assert_memory_equal(bytes, sealed, sizeof sealed);
    memset(plain, 0, sizeof plain);
    assert_int_equal(gcm_open(&the_key, nonce, BOUND, span_of(sealed, sizeof sealed), plain), RESULT_OK);
    assert_memory_equal(plain, text, sizeof text);
}

static void assert_closed(const uint8_t *nonce_now, struct span bound_now, struct span now)
{
    static const uint8_t zeros[sizeof text];
    uint8_t plain[sizeof text];

    memset(plain, 'p', sizeof plain);
    assert_int_equal(gcm_open_anywhere(key, nonce_now, bound_now, now, plain), RESULT_INVALID);
    assert_memory_equal(plain, zeros, now.size - GCM_TAG_BYTES);
    if (!gcm_is_fast())
        return;
    memset(plain, 'p', sizeof plain);
    assert_int_equal(gcm_open(&the_key, nonce_now, bound_now, now, plain), RESULT_INVALID);
    assert_memory_equal(plain, zeros, now.size - GCM_TAG_BYTES);
}

static void changed_does_not_open(void **state)
{
    uint8_t bytes[sizeof sealed], other[GCM_NONCE_BYTES], label[sizeof bound];

    (void)state;
    memcpy(bytes, sealed, sizeof sealed);
    memcpy(other, nonce, sizeof nonce);
    memcpy(label, bound, sizeof bound);
    for (unsigned bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_closed(nonce, BOUND, span_of(bytes, sizeof bytes));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * sizeof other; bit++) {
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_closed(other, BOUND, span_of(sealed, sizeof sealed));
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * sizeof label; bit++) {
        label[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_closed(nonce, span_of(label, sizeof label), span_of(sealed, sizeof sealed));
        label[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = GCM_TAG_BYTES; size < sizeof sealed; size++)
        assert_closed(nonce, BOUND, span_of(sealed, size));
}

/* Sealed in place by the one, opened by both; one byte behind the tag stays as it is. */
static void libraries_agree(void **state)
{
    static uint8_t bytes[4096 + GCM_TAG_BYTES + 1], plain[4096];

    (void)state;
    if (!gcm_is_fast())
        skip();
    for (size_t size = 0; size <= 4096; size = size < 600 ? size + 1 : size + 97) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(i * 7 + size);
        bytes[size + GCM_TAG_BYTES] = 'x';
        gcm_seal(&the_key, nonce, BOUND, bytes, size);
        assert_int_equal(bytes[size + GCM_TAG_BYTES], 'x');
        struct span whole = span_of(bytes, size + GCM_TAG_BYTES);
        memset(plain, 0, sizeof plain);
        assert_int_equal(gcm_open_anywhere(key, nonce, BOUND, whole, plain), RESULT_OK);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(plain[i], (uint8_t)(i * 7 + size));
        memset(plain, 0, sizeof plain);
        assert_int_equal(gcm_open(&the_key, nonce, BOUND, whole, plain), RESULT_OK);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(plain[i], (uint8_t)(i * 7 + size));
    }
}

static int start(void **state)
{
    (void)state;
    assert_int_equal(hash_start(), RESULT_OK);
    if (gcm_is_fast())
        gcm_key_set(&the_key, key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector), cmocka_unit_test(changed_does_not_open), cmocka_unit_test(libraries_agree),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
