/* Configuration: what is taken, and every fault with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/yaml.h"

static struct faults faults;

static struct yaml_file *open_bytes(const char *bytes, size_t size)
{
    char path[] = "/tmp/lienthong-unit-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, bytes + done, size - done);
        assert_true(written > 0);
        done += (size_t)written;
    }
    close(fd);
    struct yaml_file *file = yaml_open(path, "x.yaml", &faults);
    unlink(path);
    return file;
}

static struct yaml_file *open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

static void assert_faults(const char *const *expected)
{
    size_t i = 0;
    for (; expected[i]; i++) {
        if (i == faults.kept)
            fail_msg("missing: %s", expected[i]);
        assert_string_equal(faults.lines[i], expected[i]);
    }
    if (faults.kept > i)
        fail_msg("one more: %s", faults.lines[i]);
    assert_int_equal(faults.count, i);
}
#define ASSERT_FAULTS(...) assert_faults((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void values(void **state)
{
    (void)state;
    struct yaml_file *file = open_text("name: Ủy ban nhân dân\nnumber: -12\nquoted: '007'\nyes: true\nno: false\n"
                                       "wait: 36h\nfrom: 2026-03-02\nnothing:\nempty: ''\nlist: [a, 'b']\n");
    char string[64] = "unset";
    int64_t number = 5;
    bool truth = false;
    assert_non_null(file);
    const struct yaml_node *root = yaml_root(file), *list;
    assert_true(yaml_is_mapping(root) && yaml_count(root) == 10 && yaml_line(root) == 1);
    assert_true(yaml_get_string(root, "name", true, string, sizeof string));
    assert_string_equal(string, "Ủy ban nhân dân");
    assert_true(yaml_get_int(root, "number", true, -12, 0, &number) && number == -12);
    assert_true(yaml_get_string(root, "quoted", true, string, sizeof string));
    assert_string_equal(string, "007");
    assert_true(yaml_is_quoted(yaml_get(root, "quoted")) && !yaml_is_quoted(yaml_get(root, "number")));
    assert_true(yaml_get_bool(root, "yes", true, &truth) && truth);
    assert_true(yaml_get_bool(root, "no", true, &truth) && !truth);
    assert_true(yaml_get_duration_ms(root, "wait", true, 0, 129600000, &number) && number == 129600000);
    assert_true(yaml_get_time_ms(root, "from", true, &number) && number == 1772384400000);
    assert_false(yaml_get_string(root, "nothing", false, string, sizeof string));
    assert_string_equal(string, "007");
    assert_true(yaml_get_string(root, "empty", true, string, sizeof string));
    assert_string_equal(string, "");
    list = yaml_get(root, "list");
    assert_true(yaml_is_sequence(list) && yaml_count(list) == 2);
    assert_string_equal(yaml_scalar(yaml_item(list, 1)), "b");
    assert_null(yaml_item(list, 2));
    assert_string_equal(yaml_scalar(yaml_key(root, 1)), "number");
    assert_string_equal(yaml_scalar(yaml_value(root, 1)), "-12");
    assert_string_equal(yaml_scalar(list), "");
    assert_int_equal(yaml_line(list), 10);
    assert_string_equal(yaml_name(list), "x.yaml");
    yaml_check_unused(root);
    ASSERT_FAULTS();
    yaml_close(file);
}

static void wrong_values(void **state)
{
    (void)state;
    struct yaml_file *file = open_text("a: 12x\nb: 300\nc: '5'\nd: yes\ne: 10\nf: 2026-02-30\ng: [1]\nh: {k: 1}\n"
                                       "i: 012\nj: 99999999999999999999\nk: abcdef\nl: 8d\nm: ~\n");
    char string[4] = "old";
    int64_t number = 5;
    bool truth = true;
    assert_non_null(file);
    const struct yaml_node *root = yaml_root(file);
    assert_false(yaml_get_int(root, "a", false, 0, 10, &number));
    assert_false(yaml_get_int(root, "b", false, 0, 10, &number));
    assert_false(yaml_get_int(root, "c", false, 0, 10, &number));
    assert_false(yaml_get_bool(root, "d", false, &truth));
    assert_false(yaml_get_duration_ms(root, "e", false, 0, 10, &number));
    assert_false(yaml_get_time_ms(root, "f", false, &number));
    assert_false(yaml_get_int(root, "g", false, 0, 10, &number));
    assert_false(yaml_get_string(root, "h", false, string, sizeof string));
    assert_false(yaml_get_int(root, "i", false, 0, 10, &number));
    assert_false(yaml_get_int(root, "j", false, 0, INT64_MAX, &number));
    assert_false(yaml_get_string(root, "k", false, string, sizeof string));
    assert_false(yaml_get_duration_ms(root, "l", false, 1000, 604800000, &number));
    assert_false(yaml_get_string(root, "m", true, string, sizeof string));
    assert_false(yaml_get_string(root, "absent", true, string, sizeof string));
    assert_false(yaml_get_string(root, "absent", false, string, sizeof string));
    assert_false(yaml_get_string(yaml_get(root, "g"), "key", true, string, sizeof string));
    assert_false(yaml_get_string(NULL, "key", true, string, sizeof string));
    assert_true(number == 5 && truth);
    assert_string_equal(string, "old");
    ASSERT_FAULTS(
        "x.yaml:1: 'a' must be a whole number, not '12x'",
        "x.yaml:2: 'b' must be between 0 and 10, not 300",
        "x.yaml:3: 'c' must be a whole number, not '5'",
        "x.yaml:4: 'd' must be true or false, not 'yes'",
        "x.yaml:5: 'e' must be a duration such as 90s, 15m, 36h or 7d, not '10'",
        "x.yaml:6: 'f' must be a date or a time such as 2026-03-02 or 2026-03-02T16:30:00+07:00, not '2026-02-30'",
        "x.yaml:7: 'g' must be a whole number, not a list",
        "x.yaml:8: 'h' must be a text, not a mapping",
        "x.yaml:9: 'i' must be a whole number, not '012'",
        "x.yaml:10: 'j' must be a whole number, not '99999999999999999999'",
        "x.yaml:11: 'k' is too long: 6 bytes, at most 3",
        "x.yaml:12: 'l' must be between 1000ms and 604800000ms, not '8d'",
        "x.yaml:13: 'm' is missing: a text",
        "x.yaml:1: 'absent' is missing: a text",
        "x.yaml:7: 'key: ...' is expected here");
    yaml_close(file);
}

static void unused_keys(void **state)
{
    (void)state;
    struct yaml_file *file = open_text("known: 1\nagencies:\n  - code: A\n    cod: B\n  - code: C\nfree:\n  x: {y: 1}\n"
                                       "mispelt:\n  inside: 1\n");
    char string[8];
    assert_non_null(file);
    const struct yaml_node *root = yaml_root(file);
    const struct yaml_node *agencies = yaml_get(root, "agencies"), *free = yaml_get(root, "free");
    assert_non_null(yaml_get(root, "known"));
    for (size_t i = 0; i < yaml_count(agencies); i++)
        assert_true(yaml_get_string(yaml_item(agencies, i), "code", true, string, sizeof string));
    assert_non_null(yaml_value(free, 0));
    yaml_check_unused(root);
    ASSERT_FAULTS("x.yaml:4: nobody knows 'cod' here; misspelt?", "x.yaml:7: nobody knows 'y' here; misspelt?",
                  "x.yaml:8: nobody knows 'mispelt' here; misspelt?");
    yaml_close(file);
}

static void keys_twice(void **state)
{
    (void)state;
    struct yaml_file *file = open_text("a: 1\nb:\n  c: 1\n  d: 2\n  'c': 3\na: 2\nA: 3\n");
    ASSERT_FAULTS("x.yaml:6: 'a' a second time; first in line 1", "x.yaml:5: 'c' a second time; first in line 3");
    yaml_close(file);
}

/* The whole file is refused, with one line that says where. */
static void refused_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault_begin;
    } cases[] = {
        { "a: 1\nb: [1, 2\nc: 3\n", "x.yaml:3: not YAML: " },
        { "a: 1\n\tb: 2\n", "x.yaml:2: not YAML: " },
        { "a: \xC3\x28\n", "x.yaml:1: not YAML: " },
        { "", "x.yaml: is empty" },
        { "# only this\n", "x.yaml: is empty" },
        { "a: 1\n---\nb: 2\n", "x.yaml:2: a second document; one per file" },
        { "a: &x 1\nb: *x\n", "x.yaml:2: aliases (*name) are not taken here" },
        { "a: &x [*x]\n", "x.yaml:1: aliases (*name) are not taken here" },
        { "&x [*x]\n", "x.yaml:1: aliases (*name) are not taken here" },
        { "b: 1\na: \"x\\0y\"\n", "x.yaml:2: a value may not hold a zero byte" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        faults.count = faults.kept = 0;
        assert_null(open_text(cases[i].text));
        assert_int_equal(faults.count, 1);
        if (strncmp(faults.lines[0], cases[i].fault_begin, strlen(cases[i].fault_begin)) != 0)
            fail_msg("case %zu: %s", i, faults.lines[0]);
    }
}

static void odd_files(void **state)
{
    (void)state;
    assert_null(yaml_open("/nowhere/x.yaml", "x.yaml", &faults));
    assert_null(yaml_open("/", "folder.yaml", &faults));
    ASSERT_FAULTS("x.yaml: cannot be opened: No such file or directory", "folder.yaml: cannot be read: Is a directory");
    faults.count = faults.kept = 0;

    /* 64 deep is taken, 65 is not, and neither is as deep as somebody can type. */
    enum { DEEPEST = 100000 };
    static const size_t depths[] = { 64, 65, DEEPEST };
    static char deep[2 * DEEPEST];
    struct yaml_file *file;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        memset(deep, '[', depths[i]);
        memset(deep + depths[i], ']', depths[i]);
        file = open_bytes(deep, 2 * depths[i]);
        assert_int_equal(file != NULL, depths[i] == 64);
        yaml_close(file);
    }
    ASSERT_FAULTS("x.yaml:1: nested more than 64 deep", "x.yaml:1: nested more than 64 deep");
    faults.count = faults.kept = 0;
    file = open_text("? [a]\n: 1\n");
    ASSERT_FAULTS("x.yaml:1: a key must be a plain word");
    yaml_close(file);
}

static void too_large(void **state)
{
    (void)state;
    size_t size = YAML_FILE_BYTES_MAX + 1;
    char *bytes = malloc(size);
    memset(bytes, '\n', size);
    memcpy(bytes, "a: 1", 4);
    struct yaml_file *file = open_bytes(bytes, size - 1);
    assert_non_null(file);
    yaml_close(file);
    assert_null(open_bytes(bytes, size));
    free(bytes);
    ASSERT_FAULTS("x.yaml: is larger than 8 MiB");
}

static void faults_are_bounded(void **state)
{
    (void)state;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    for (int i = 0; i < FAULTS_MAX + 5; i++)
        faults_add(&faults, "x.yaml", i, "%s", longer);
    assert_int_equal(faults.count, FAULTS_MAX + 5);
    assert_int_equal(faults.kept, FAULTS_MAX);
    assert_int_equal(strlen(faults.lines[FAULTS_MAX - 1]), FAULT_TEXT_SIZE - 1);
    yaml_fault(NULL, "nowhere");
    assert_int_equal(faults.count, FAULTS_MAX + 5);
}

static int setup(void **state)
{
    (void)state;
    return faults_init(&faults) != RESULT_OK;
}

static int teardown(void **state)
{
    (void)state;
    faults_done(&faults);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_values, setup, teardown),
        cmocka_unit_test_setup_teardown(unused_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_files, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_files, setup, teardown),
        cmocka_unit_test_setup_teardown(too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
