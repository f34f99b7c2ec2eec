/* SHA-256, tagged fields, Merkle trees. The expected values come from another implementation (hashlib), where the
 * tree is built the way RFC 9162 section 2.1.1 words it: split at the largest power of two, from the top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/hash.h"

static void assert_hash(struct hash hash, const char *hex)
{
    char text[HASH_TEXT_SIZE];
    hash_text(&hash, text);
    assert_string_equal(text, hex);
}

static void plain(void **state)
{
    (void)state;
    assert_hash(hash_of((struct span){ 0 }), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* FIPS 180-4's "abc". */
    struct hash abc = hash_of(span_of_string("abc")), zero = { 0 };
    assert_hash(abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(hash_short(&abc) == 0xba7816bf8f01cfeaULL);
    assert_true(hash_is_zero(&zero));
    zero.bytes[31] = 1;
    assert_false(hash_is_zero(&zero));
    assert_true(hash_equal(&abc, &abc));
    assert_false(hash_equal(&abc, &zero));
}

static void tagged_fields(void **state)
{
    (void)state;
    struct hash_fields fields;
    hash_fields_begin(&fields, "lienthong test v1");
    hash_fields_add(&fields, 1, span_of_string("ab"));
    hash_fields_add(&fields, 2, (struct span){ 0 });
    hash_fields_add_u64(&fields, 3, 1);
    assert_hash(hash_fields_end(&fields), "55328c95451d5be36b6ffc6001d7da7cfe7abbfca1cae62f0c47d31b95328c4e");
}

/* Small fields are gathered before they are hashed: whatever their sizes, the same as hashed in one piece. */
static void fields_of_every_size(void **state)
{
    static uint8_t bytes[3 * HASH_GATHER_BYTES], plain[16 + 4 * (8 + sizeof bytes)];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 3);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        const struct span spans[] = { span_of_string("d"), span_of(bytes, size), span_of(bytes, size % 5),
                                      span_of(bytes, sizeof bytes - size), span_of(bytes, size / 2) };
        struct hash_fields fields;
        size_t used = 0;
        hash_fields_begin(&fields, "d");
        for (uint32_t number = 0; number < 5; number++) {
            const uint8_t head[] = { 0, 0, 0, (uint8_t)number, 0, 0, (uint8_t)(spans[number].size >> 8),
                                     (uint8_t)spans[number].size };
            memcpy(plain + used, head, sizeof head);
            memcpy(plain + used + sizeof head, spans[number].bytes, spans[number].size);
            used += sizeof head + spans[number].size;
            if (number)
                hash_fields_add(&fields, number, spans[number]);
        }
        struct hash gathered = hash_fields_end(&fields), whole = hash_of(span_of(plain, used));
        assert_true(hash_equal(&gathered, &whole));
    }
}

static struct hash of_two(const char *domain, uint32_t number, const char *a, const char *b)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, domain);
    hash_fields_add(&fields, number, span_of_string(a));
    hash_fields_add(&fields, number, span_of_string(b));
    return hash_fields_end(&fields);
}

static void different_lists_differ(void **state)
{
    (void)state;
    struct hash base = of_two("d", 1, "ab", "c");
    struct hash other[] = { of_two("d", 1, "a", "bc"), of_two("d", 2, "ab", "c"), of_two("e", 1, "ab", "c"),
                            of_two("d", 1, "abc", ""), of_two("d", 1, "c", "ab") };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(hash_equal(&base, &other[i]));
}

static void merkle_trees(void **state)
{
    (void)state;
    static const char *const roots[] = {            /* of "leaf 0" ... "leaf n-1" */
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "1bb97dcc21635d47e2663efdfd0a174686d98dd701352dd2cd06e8b43fd3d305",
        "fc5f6b88ff8554f75bb2f9e6f39c31b1936d44b69276edf7b1205a955b9761e3",
        "d4f92c8fbb89720eb3b55677c7d7efaddfeb10d11a1a84a0ba8f1a23337faa95",
        "4f631084a157c54f54fcfb23ff5eb8650c4ba160c295bb13a9832b109d52677e",
        "341515982d650e23520dbd54d7fcf0afa1b70cc3a16a411d464dc9c1ac96c301",
        "8363c3821ce41ebb46222116a42cc83dba753984b23cfca26aaad0a6867336ea",
        "5a61fc2b54f9cfa71774f2432143dd40c6cb2b11947faf65a7d3da5cb65199c8",
        "c5c2c820ed342fdda8ce896b6b9cf5b8c00a21cc4b20714cc6e5d3c05c35240b",
        "7447cadc6862b30dedcb28c4b329909366b3bd338f6a90fefadcc4b2a8a2b948",
    };
    for (size_t count = 0; count < sizeof roots / sizeof *roots; count++) {
        struct hash leaves[10];
        for (size_t i = 0; i < count; i++) {
            char array[16];
            struct text leaf = text_of(array, sizeof array);
            text_add(&leaf, "leaf %zu", i);
            leaves[i] = merkle_leaf(span_of_string(array));
        }
        assert_hash(merkle_root(leaves, count), roots[count]);
    }
}

static int start(void **state)
{
    (void)state;
    return hash_start() != RESULT_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(tagged_fields),
        cmocka_unit_test(fields_of_every_size),
        cmocka_unit_test(different_lists_differ),
        cmocka_unit_test(merkle_trees),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
