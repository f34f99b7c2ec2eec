/* A folder of YAML: what it becomes, and the bytes that say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/directory_folder.h"

/* ---------------------------------------------------------------- a good one */

static void becomes_tables(void **state)
{
    (void)state;
    struct directory *directory = folder_read((struct folder){ 0 });
    const struct tables *tables = directory_tables(directory);
    const struct agency *district = tables_agency(tables, "000.00.07.H29"), *ward = tables_agency(tables, "H29.07.01"),
                        *police = tables_agency(tables, "G01.29.07");
    assert_int_equal(tables->version, 0);
    assert_string_equal(tables->gateway, "test");
    assert_int_equal(tables->lease_ms, 90000);
    assert_int_equal(tables->submit_window, 256);
    assert_int_equal(tables->agency_count, 3);
    assert_string_equal(tables->agencies[0].code, "G01.29.07");
    assert_non_null(district);
    assert_string_equal(district->code, "H29.07");
    assert_string_equal(district->name, "Quận 7");
    assert_int_equal(district->kind, AGENCY_DISTRICT);
    assert_int_equal(district->agency_class, CLASS_IDEMPOTENT);
    assert_int_equal(ward->agency_class, CLASS_NEITHER);            /* the careful one when nothing is said */
    assert_int_equal(ward->key_count, 0);
    assert_int_equal(police->attempts_max, 3);
    assert_int_equal(police->backoff_ms_min, 5000);
    assert_true(police->rate_per_second == 2.5);
    assert_int_equal(ward->attempts_max, 20);

    uint32_t roles = 0;
    assert_ptr_equal(tables_agency_of_key(tables, district->keys[0].bytes, now_ms, &roles), district);
    assert_int_equal(roles, ROLE_SENDER | ROLE_RECEIVER);
    /* By another Z85 decoder: */
    static const uint8_t first[] = { 0x54, 0xFC, 0xBA, 0x24, 0xE9, 0x32, 0x49, 0x96 };
    assert_memory_equal(district->keys[0].bytes, first, sizeof first);
    assert_int_equal(police->keys[0].from_ms, 1672506000000);       /* 2023-01-01 00:00 +07:00 */

    assert_true(tables_permit(tables, ward, police, KIND_FORWARD, "1.0"));
    assert_true(tables_permit(tables, district, police, KIND_SUPPLEMENT, ""));
    assert_false(tables_permit(tables, ward, police, KIND_RESULT, ""));
    assert_false(tables_permit(tables, ward, district, KIND_FORWARD, ""));
    assert_true(tables_permit(tables, police, ward, KIND_RESULT, "2.000986"));
    assert_false(tables_permit(tables, police, ward, KIND_RESULT, "1.001193"));
    assert_ptr_equal(tables_route(tables, "2.000986", "residence", ward), police);
    assert_null(tables_route(tables, "2.000986", "civil-status", ward));
    assert_null(tables_route(tables, "2.000986", "residence", police));

    directory_version_set(directory, 7);
    assert_int_equal(tables->version, 7);
    directory_free(directory);
    directory_free(NULL);
}

static void optional_files(void **state)
{
    (void)state;
    struct directory *directory = folder_read((struct folder){ .routes = "", .procedures = "" });
    assert_int_equal(directory_tables(directory)->route_count, 0);
    directory_free(directory);
    directory = folder_read((struct folder){ .gateway = "name: test\nsupplement: { answer: w5, remind: none }\n" });
    const struct tables *tables = directory_tables(directory);
    assert_int_equal(tables->supplement.answer.number, 5);
    assert_int_equal(tables->supplement.remind.kind, DEADLINE_NONE);
    assert_int_equal(tables->payment.answer.kind, DEADLINE_DAYS);       /* as it was */
    assert_int_equal(tables->payment.answer.number, 30);
    directory_free(directory);
    directory = folder_read((struct folder){ .permits = "[]\n", .routes = "" });        /* nobody may do anything */
    assert_int_equal(directory_tables(directory)->permit_count, 0);
    directory_free(directory);
    folder_has_fault((struct folder){ .gateway = "" }, "gateway.yaml:", "No such file");
    folder_has_fault((struct folder){ .permits = "", .routes = "" }, "permits.yaml:", "No such file");
    folder_has_fault((struct folder){ .agencies = "" }, "agencies.yaml:", "No such file");
    /* ... and nothing about unknown agencies, which would be untrue */
}

static void several_agency_files(void **state)
{
    (void)state;
    struct directory *one = folder_read((struct folder){ 0 });
    const char *rest = strstr(agencies_good, "- { code: G01");
    char first[1000];
    assert_true(span_to_string(span_of(agencies_good, (size_t)(rest - agencies_good)), first, sizeof first));
    assert_int_equal(mkdir(scratch_path(&scratch, "agencies"), 0700), 0);
    scratch_file(&scratch, "agencies/b.yaml", first);
    scratch_file(&scratch, "agencies/a.yaml", rest);
    struct directory *other = folder_read((struct folder){ .agencies = "" });
    assert_true(span_equal(directory_bytes(one), directory_bytes(other)));

    scratch_file(&scratch, "agencies/b.yaml", "- { code: H29.07, name: x, kind: WRD }\n");
    folder_has_fault((struct folder){ .agencies = "", .permits = "[]\n", .routes = "", .procedures = "" },
                 "agencies/b.yaml:1:", "unknown kind 'WRD'; known: WARD, DISTRICT, DEPARTMENT, SECTOR, ONE_STOP");
    scratch_file(&scratch, "agencies/b.yaml", "- { code: H29.07, name: x, kind: WARD }\n");
    folder_write((struct folder){ 0 });
    assert_null(directory_read(scratch.folder, now_ms, &faults));
    assert_true(faults_have(&faults, "agencies/b.yaml:1:", "code 'H29.07' a second time; first in agencies.yaml:1"));
    assert_true(faults_have(&faults, "agencies/a.yaml:1:", "code 'G01.29.07' a second time; first in agencies.yaml:4"));
    assert_true(faults_have(&faults, "agencies/a.yaml:2:", "already one of 'G01.29.07' (agencies.yaml:5)"));
    assert_int_equal(faults.count, 3);
    unlink(scratch_path(&scratch, "agencies/a.yaml"));
    unlink(scratch_path(&scratch, "agencies/b.yaml"));
    assert_int_equal(rmdir(scratch_path(&scratch, "agencies")), 0);
    directory_free(one);
    directory_free(other);
}

/* ---------------------------------------------------------------- canonical bytes */

static void same_meaning_same_bytes(void **state)
{
    (void)state;
    struct directory *one = folder_read((struct folder){ 0 });
    struct directory *other = folder_read((struct folder){
        .gateway = "# a comment\n\nsubmit_window: 256\nlease: 1500ms\nname:   \"test\"\n",
        .agencies =
            "- { code: G01.29.07, kind: SECTOR, name: Công an Quận 7, class: probe,\n"
            "    keys: [{ to: 2025-01-01, from: 2023-01-01T00:00:00+07:00, roles: [receiver],\n"
            "             public_key: " KEY_B " }],\n"
            "    delivery: { rate_per_second: 2.500, attempts: 3, lapses: 5 } }\n"
            "- { kind: WARD, code: H29.07.01, parent: 000.00.07.H29, name: Phường Tân Phong, class: neither }\n\n"
            "- code: H29.07     # another\n"
            "  aliases: [000.00.07.H29]\n"
            "  name: \"Quận 7\"\n"
            "  kind: DISTRICT\n"
            "  class: idempotent\n"
            "  keys: [{ public_key: " KEY_A ", roles: [receiver, sender] }]\n",
        .permits =
            "- { from: G01.29.*, to: \"*\", kinds: \"*\", procedure: 2.000986 }\n"
            "- { from: 000.00.07.H29, to: G01.29.*, kinds: [FORWARD] }\n"
            "- { from: WARD, to: G01.29.*, kinds: [SUPPLEMENT, FORWARD] }\n"
            "- { from: H29.07, to: G01.29.*, kinds: [SUPPLEMENT, FORWARD] }\n",
    });
    assert_false(span_equal(directory_bytes(one), directory_bytes(other)));         /* the lease */
    directory_free(other);
    scratch_file(&scratch, "gateway.yaml", "# a comment\n\nsubmit_window: 256\nlease: 90000ms\nname:   \"test\"\n");
    other = directory_read(scratch.folder, now_ms + 500LL * 24 * 3600 * 1000, &faults);
    assert_non_null(other);
    assert_int_equal(tables_agency(directory_tables(other), "G01.29.07")->key_count, 0);    /* it has expired since */
    assert_true(span_equal(directory_bytes(one), directory_bytes(other)));
    assert_true(hash_equal(&directory_tables(one)->hash, &directory_tables(other)->hash));
    directory_free(one);
    directory_free(other);
}

/* They are stored and hashed: a change of this text is another version of the format. */
static void the_bytes_stay(void **state)
{
    (void)state;
    static const char expected[] =
        "lienthong directory 3\n"
        "gateway test\n"
        "lease 90000\n"
        "antecedent_wait 2592000000\n"
        "purge_after 2592000000\n"
        "submit_window 256\n"
        "supplement w7 w1\n"
        "payment d30 w1\n"
        "agency G01.29.07 SECTOR PROBE 0 0 Công an Quận 7\n"
        " key Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID 2 1672506000000 1735664400000\n"
        " delivery 3 5 259200000 5000 1800000 4 2500 5 30000\n"
        "agency H29.07 DISTRICT IDEMPOTENT 0 0 Quận 7\n"
        " alias 000.00.07.H29\n"
        " key rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7 3 0 0\n"
        " delivery 20 5 259200000 5000 1800000 4 0 5 30000\n"
        "agency H29.07.01 WARD NEITHER 0 0 Phường Tân Phong\n"
        " parent H29.07\n"
        " delivery 20 5 259200000 5000 1800000 4 0 5 30000\n"
        "permit H29.07 G01.29.* * FORWARD SUPPLEMENT\n"
        "permit G01.29.* * 2.000986 FORWARD PROGRESS SUPPLEMENT_REQUEST SUPPLEMENT CORRECTION_REQUEST "
        "FINANCIAL_OBLIGATION PAYMENT REFUSAL WITHDRAWAL STOP RESULT RETURNED RECALL SEND_BACK APOLOGY URGE CONSULT "
        "OPINION RATING\n"
        "permit WARD G01.29.* * FORWARD SUPPLEMENT\n"
        "route 2.000986 residence H29.07.* G01.29.07\n"
        "procedure 2.000986 - 0 0 - - - * Liên thông khai sinh\n"
        " step civil-status WARD - inside\n"
        " step residence G01.29.* - inside civil-status\n"
        "late w1 h2 h4 60 30 86400000\n"
        "receipt h4\n";
    struct directory *directory = folder_read((struct folder){ 0 });
    struct span bytes = directory_bytes(directory);
    if (!span_equal(bytes, span_of_string(expected)))
        fprintf(stderr, "%.*s", (int)bytes.size, (const char *)bytes.bytes);
    assert_true(span_equal(bytes, span_of_string(expected)));
    struct hash hash = hash_of(bytes);
    assert_true(hash_equal(&hash, &directory_tables(directory)->hash));
    directory_free(directory);
}

static void every_meaning_shows(void **state)
{
    (void)state;
    static const struct folder others[] = {
        { .gateway = "name: test2\n" }, { .gateway = "name: test\npurge_after: 1d\n" },
        { .gateway = "name: test\ndelivery: { breaker_after: 6 }\n" },
        { .gateway = "name: test\nlate: { ask: w2 }\n" }, { .gateway = "name: test\nlate: { ask_short: h1 }\n" },
        { .gateway = "name: test\nlate: { quiet: none }\n" }, { .gateway = "name: test\nlate: { escalations: 0 }\n" },
        { .gateway = "name: test\nlate: { brake_per_hour: 0 }\n" },
        { .gateway = "name: test\nlate: { urge_answer: 25h }\n" },
        { .permits = "- { from: WARD, to: G01.29.*, kinds: [FORWARD] }\n" },
        { .routes = "" }, { .routes = "- { procedure: 2.000986, step: residence, to: G01.29.07 }\n" },
        { .procedures = "" },
        { .procedures = "- { code: 2.000986, name: Liên thông khai sinh, steps: [{ name: civil-status, "
                        "agency: WARD, title: Đăng ký khai sinh }, { name: residence, agency: G01.29.*, "
                        "after: [civil-status] }] }\n" },
    };
    struct directory *one = folder_read((struct folder){ 0 });
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct directory *other = folder_read(others[i]);
        assert_false(hash_equal(&directory_tables(one)->hash, &directory_tables(other)->hash));
        directory_free(other);
    }
    directory_free(one);
    /* Which route comes first has a meaning within a step, and none between steps. */
    static const char permits[] = "- { from: \"*\", to: \"*\", kinds: \"*\" }\n";
    static const char a[] = "- { procedure: p, step: a, from: WARD, to: H29.07 }\n",
                      b[] = "- { procedure: p, step: a, to: G01.29.07 }\n",
                      c[] = "- { procedure: p, step: c, to: H29.07 }\n";
    char abc[300], cab[300], order[300];
    snprintf(abc, sizeof abc, "%s%s%s", a, b, c);
    snprintf(cab, sizeof cab, "%s%s%s", c, a, b);
    snprintf(order, sizeof order, "%s- { procedure: p, step: a, from: DISTRICT, to: G01.29.07 }\n%s", c, a);
    one = folder_read((struct folder){ .permits = permits, .routes = abc, .procedures = "" });
    struct directory *two = folder_read((struct folder){ .permits = permits, .routes = cab, .procedures = "" });
    assert_true(span_equal(directory_bytes(one), directory_bytes(two)));
    const struct tables *tables = directory_tables(two);
    assert_string_equal(tables_route(tables, "p", "a", tables_agency(tables, "H29.07.01"))->code, "H29.07");
    assert_string_equal(tables_route(tables, "p", "a", tables_agency(tables, "H29.07"))->code, "G01.29.07");
    directory_free(two);
    two = folder_read((struct folder){ .permits = permits, .routes = order, .procedures = "" });
    assert_false(span_equal(directory_bytes(one), directory_bytes(two)));
    directory_free(one);
    directory_free(two);
}

/* As SIGHUP does: a second one beside the first, which stays as it is while it is used. */
static void a_second_load(void **state)
{
    (void)state;
    struct directory *first = folder_read((struct folder){ 0 });
    const struct agency *police = tables_agency(directory_tables(first), "G01.29.07");
    folder_has_fault((struct folder){ .permits = "- { from: WARD, to: G01.29.08, kinds: [FORWARD] }\n", .routes = "" },
                 "permits.yaml:1:", "G01.29.08");
    struct directory *second = folder_read((struct folder){ .permits = "[]\n", .routes = "" });
    const struct tables *before = directory_tables(first), *after = directory_tables(second);
    assert_true(tables_permit(before, tables_agency(before, "H29.07"), police, KIND_FORWARD, ""));
    directory_free(first);
    assert_false(tables_permit(after, tables_agency(after, "H29.07"), tables_agency(after, "G01.29.07"), KIND_FORWARD,
                               ""));
    directory_free(second);
}

static void described_in_both_languages(void **state)
{
    (void)state;
    char words[2048];
    struct text text = text_of(words, sizeof words);
    struct directory *directory = folder_read((struct folder){ 0 });
    directory_describe(directory, &text);
    assert_false(text.cut);
    assert_non_null(strstr(words, "Cơ quan / agencies: 3\n"));
    assert_non_null(strstr(words, "phường, xã, thị trấn / wards and communes (WARD): 1\n"));
    assert_non_null(strstr(words, "Khóa còn hạn / keys not expired: 2\n"));
    assert_non_null(strstr(words, "agencies without a key (cannot connect): 1\n"));
    assert_non_null(strstr(words, "Quyền gửi / permits: 3\n"));
    assert_null(strstr(words, "ONE_STOP"));
    directory_free(directory);
}

/* ---------------------------------------------------------------- size */

static void large_and_too_large(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    size_t room = COUNT * 400;
    char *text = test_malloc(room);
    struct text all = text_of(text, room);
    for (int i = 0; i < COUNT; i++)
        text_add(&all, "- { code: H%02d.%02d, name: Xã số %d, kind: WARD, aliases: [000.00.%02d.H%02d] }\n",
                 i / 100, i % 100, i, i % 100, i / 100);
    struct folder folder = { .agencies = text, .permits = "- { from: \"*\", to: WARD, kinds: [FORWARD] }\n",
                             .routes = "", .procedures = "" };
    struct directory *directory = folder_read(folder);
    const struct tables *tables = directory_tables(directory);
    assert_int_equal(tables->agency_count, COUNT);
    assert_string_equal(tables_agency(tables, "000.00.95.H40")->code, "H40.95");
    directory_free(directory);
    text_add(&all, "- { code: H99, name: x, kind: WARD }\n");
    folder_has_fault((struct folder){ .agencies = text, .permits = "[]\n", .routes = "", .procedures = "" },
                 "agencies.yaml:1:", "more than 4096 agencies");

    all = text_of(text, room);                      /* long names: too many bytes for one turn */
    for (int i = 0; i < COUNT; i++)
        text_add(&all, "- { code: H%02d.%02d, kind: WARD, name: %0150d, aliases: [x%040d] }\n", i / 100, i % 100, i, i);
    assert_false(all.cut);
    folder_has_fault(folder, scratch.folder, "too large to take force in one turn");
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(becomes_tables), cmocka_unit_test(optional_files), cmocka_unit_test(several_agency_files),
        cmocka_unit_test(same_meaning_same_bytes), cmocka_unit_test(the_bytes_stay),
        cmocka_unit_test(every_meaning_shows), cmocka_unit_test(a_second_load),
        cmocka_unit_test(described_in_both_languages), cmocka_unit_test(large_and_too_large),
    };
    return cmocka_run_group_tests_name("directory: reading", tests, folder_start, folder_stop);
}
