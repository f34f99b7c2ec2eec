/* statuses.yaml: what can be wrong with it, what it means, its canonical bytes, and the one that is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/directory_folder.h"

static const char good[] =
    "receipt: h2\n"
    "may_state_due: [G01.29.07]\n"
    "maps:\n"
    "  - name: police\n"
    "    from: [G01.29.07, WARD]\n"
    "    valid_from: 2024-07-01\n"
    "    codes:\n"
    "      \"7\": 4\n"
    "      \"03\": { status: 2, receipt: true }\n"
    "      đã-đến: none\n";

static struct directory *read_with(const char *text)
{
    scratch_file(&scratch, "statuses.yaml", text);
    return folder_read((struct folder){ 0 });
}

static void has_fault(const char *text, const char *where, const char *words)
{
    scratch_file(&scratch, "statuses.yaml", text);
    folder_has_fault((struct folder){ 0 }, where, words);
    unlink(scratch_path(&scratch, "statuses.yaml"));
}

static void what_it_means(void **state)
{
    (void)state;
    struct directory *directory = read_with(good);
    const struct tables *tables = directory_tables(directory);

    assert_int_equal(tables->receipt.kind, DEADLINE_WORKING_HOURS);
    assert_int_equal(tables->receipt.number, 2);
    assert_int_equal(tables->due_mover_count, 1);
    assert_int_equal(tables->status_map_count, 2);          /* one for each of `from` */
    const struct agency *police = tables_agency(tables, "G01.29.07");
    const struct status_code *code = status_code_find(tables->status_maps, tables->status_map_count, police,
                                                      now_ms + 400LL * 24 * 3600 * 1000, "03");
    assert_non_null(code);
    assert_int_equal(code->status, STATUS_ACCEPTED);
    assert_true(code->receipt);
    assert_null(status_code_find(tables->status_maps, tables->status_map_count, police, now_ms, "03"));
    directory_free(directory);

    unlink(scratch_path(&scratch, "statuses.yaml"));
    directory = folder_read((struct folder){ 0 });
    tables = directory_tables(directory);
    assert_int_equal(tables->receipt.number, 4);            /* four working hours unless it says otherwise */
    assert_int_equal(tables->status_map_count, 0);
    directory_free(directory);
}

static bool same_hash(const char *one, const char *two)
{
    struct directory *a = read_with(one);
    struct hash hash = directory_tables(a)->hash;
    directory_free(a);
    struct directory *b = read_with(two);
    bool same = hash_equal(&hash, &directory_tables(b)->hash);
    directory_free(b);
    unlink(scratch_path(&scratch, "statuses.yaml"));
    return same;
}

static void canonical(void **state)
{
    (void)state;
    assert_true(same_hash("maps: [{ name: a, from: WARD, codes: { x: 4, y: none } }]\n",
                          "receipt: h4\nmaps:\n  - codes: { y: { receipt: false }, x: { status: 4 } }\n"
                          "    from: [WARD]\n    name: a\n"));
    assert_false(same_hash("maps: [{ name: a, from: WARD, codes: { x: 4 } }]\n",
                           "maps: [{ name: a, from: WARD, codes: { x: 5 } }]\n"));
    assert_false(same_hash("maps:\n  - { name: a, from: WARD, codes: { x: 4 } }\n"
                           "  - { name: b, from: WARD, codes: { x: 5 } }\n",
                           "maps:\n  - { name: b, from: WARD, codes: { x: 5 } }\n"
                           "  - { name: a, from: WARD, codes: { x: 4 } }\n"));
    assert_false(same_hash("receipt: h4\n", "receipt: none\n"));
    assert_false(same_hash("may_state_due: WARD\n", "may_state_due: [G01.29.07]\n"));
}

static void faults_of_statuses(void **state)
{
    (void)state;
    has_fault("- x\n", "statuses.yaml:1:", "statuses.yaml is expected");
    has_fault("receipt: d4\n", "statuses.yaml:1:", "working hours or days");
    has_fault("receit: h4\n", "statuses.yaml:1:", "nobody knows 'receit'");
    has_fault("may_state_due: NOBODY.1\n", "statuses.yaml:1:", "is no agency of this directory");
    has_fault("maps: x\n", "statuses.yaml:1:", "'maps' must be a list");
    has_fault("maps:\n  - x\n", "statuses.yaml:2:", "a map of statuses is expected");
    has_fault("maps:\n  - { from: WARD, codes: { x: 4 } }\n", "statuses.yaml:2:", "'name' is missing");
    has_fault("maps:\n  - { name: A, from: WARD, codes: { x: 4 } }\n", "statuses.yaml:2:", "a-z, 0-9 and '-', not 'A'");
    has_fault("maps:\n  - { name: a, codes: { x: 4 } }\n", "statuses.yaml:2:", "'from' is missing");
    has_fault("maps:\n  - { name: a, from: WARD }\n", "statuses.yaml:2:", "'codes' must hold 1 to");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes: {}\n", "statuses.yaml:4:", "'codes' must hold 1 to");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes:\n      x: 11\n", "statuses.yaml:5:",
              "is 1 to 10, or none");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes:\n      x: done\n", "statuses.yaml:5:", "not 'done'");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes:\n      x: { statu: 4 }\n", "statuses.yaml:5:",
              "nobody knows 'statu'");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes:\n      x: 4\n      x: 5\n", "statuses.yaml:6:", "'x'");
    has_fault("maps:\n  - name: a\n    from: WARD\n    codes:\n      \"\": 4\n", "statuses.yaml:5:",
              "text on one line");
    has_fault("maps:\n  - name: a\n    from: WARD\n    valid_from: 2024-02-01\n    valid_to: 2024-01-01\n"
              "    codes: { x: 4 }\n", "statuses.yaml:5:", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_means), cmocka_unit_test(canonical), cmocka_unit_test(faults_of_statuses),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_stop);
}
