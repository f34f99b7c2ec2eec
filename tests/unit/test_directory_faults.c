/* What can be wrong with a directory, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/directory_folder.h"

static void gateway_faults(void **state)
{
    (void)state;
    folder_has_fault((struct folder){ .gateway = "lease: 90s\n" }, "gateway.yaml:1:", "'name' is missing");
    folder_has_fault((struct folder){ .gateway = "name: Test\n" }, "gateway.yaml:1:", "a-z, 0-9 and '-', not 'Test'");
    folder_has_fault((struct folder){ .gateway = "name: abcdefghijklmnopqrstuvwxyz-12345\n" }, "gateway.yaml:1:",
                     "too long");
    folder_has_fault((struct folder){ .gateway = "name: test\nlease: 16m\n" }, "gateway.yaml:2:", "between 1000ms");
    folder_has_fault((struct folder){ .gateway = "name: test\nleese: 1m\n" }, "gateway.yaml:2:",
                     "nobody knows 'leese'");
    folder_has_fault((struct folder){ .gateway = "name: test\nsubmit_window: 1025\n" }, "gateway.yaml:2:", "1024");
    folder_has_fault((struct folder){ .gateway = "name: test\npurge_after: 30\n" }, "gateway.yaml:2:", "duration");
    folder_has_fault((struct folder){ .gateway = "name: test\ndelivery: fast\n" }, "gateway.yaml:2:", "'delivery'");
    folder_has_fault((struct folder){ .gateway = "name: test\ndelivery:\n  attempts: 0\n" }, "gateway.yaml:3:",
                     "attempts");
    folder_has_fault((struct folder){ .gateway = "name: test\ndelivery:\n  backoff_min: 1h\n" }, "gateway.yaml:3:",
                 "longer than 'backoff_max'");
    folder_has_fault((struct folder){ .gateway = "name: test\nsupplement: w7\n" }, "gateway.yaml:2:", "asked for");
    folder_has_fault((struct folder){ .gateway = "name: test\nsupplement: { answer: 7d }\n" }, "gateway.yaml:2:",
                     "'answer' must be w3");
    folder_has_fault((struct folder){ .gateway = "name: test\npayment: { remind: d1 }\n" }, "gateway.yaml:2:",
                     "'remind' is working hours or days");
    folder_has_fault((struct folder){ .gateway = "name: test\npayment: { reply: d1 }\n" }, "gateway.yaml:2:", "reply");
    folder_has_fault((struct folder){ .gateway = "name: test\nlate: { ask: d3 }\n" }, "gateway.yaml:2:",
                     "'ask' is working hours or days");
    folder_has_fault((struct folder){ .gateway = "name: test\nlate: { brake_per_hour: -1 }\n" }, "gateway.yaml:2:",
                     "brake_per_hour");
    folder_has_fault((struct folder){ .gateway = "name: test\nlate: { urge_answer: 31d }\n" }, "gateway.yaml:2:",
                     "urge_answer");
    folder_has_fault((struct folder){ .gateway = "name: test\nlate: w1\n" }, "gateway.yaml:2:", "'late'");
    folder_has_fault((struct folder){ .gateway = "- name\n" }, "gateway.yaml:1:", "settings");
    folder_has_fault((struct folder){ .gateway = "name: [\n" }, "gateway.yaml:", "not YAML");
    static const char *const rates[] = { "-1", "1e3", "1.2345", "10000", ".5", "1.", "'2'", "[1]" };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        char text[100];
        snprintf(text, sizeof text, "name: test\ndelivery: { rate_per_second: %s }\n", rates[i]);
        folder_has_fault((struct folder){ .gateway = text }, "gateway.yaml:2:", "at most three decimals");
    }
}

/* One agency is added to the good ones; its fault stands in line 7 or 8. */
static void agency_has_fault(const char *entry, const char *where, const char *words)
{
    char text[2000];
    struct text all = text_of(text, sizeof text);

    text_add(&all, "%s%s\n", agencies_good, entry);
    assert_false(all.cut);
    folder_has_fault((struct folder){ .agencies = text }, where, words);
}

#define IN_7(entry, words) agency_has_fault("- { " entry " }", "agencies.yaml:7:", words)
#define WARD_2 "code: H29.07.02, name: x, kind: WARD, "

static void agency_faults(void **state)
{
    (void)state;
    static const char *const bad_codes[] = { "h29", "H2", "H29.", "H29..1", "H29.a", "29.H", "H29 .1", "'H29.07 '",
                                             "H29.é", "000.00.08.H29", "H29.1.2.3.4.5.6.7", "H29.12345678901", "WARD" };
    for (size_t i = 0; i < sizeof bad_codes / sizeof *bad_codes; i++) {
        char entry[100];
        snprintf(entry, sizeof entry, "- { code: %s, name: x, kind: WARD }", bad_codes[i]);
        agency_has_fault(entry, "agencies.yaml:7:", "is not an agency code");
    }
    static const char *const bad_aliases[] = { "00.00.08.H29 ", "''", "000.0.08.H29", "000.00.08.H29.1", "000.00.08.29",
                                               "a b", "x*", "đ", "WARD" };
    for (size_t i = 0; i < sizeof bad_aliases / sizeof *bad_aliases; i++) {
        char entry[100];
        snprintf(entry, sizeof entry, "- { " WARD_2 "aliases: [\"%s\"] }", bad_aliases[i]);
        agency_has_fault(entry, "agencies.yaml:7:", "cannot be an alias");
    }
    IN_7("name: x, kind: WARD", "'code' is missing");
    IN_7("code: H29.07.02, kind: WARD", "'name' is missing");
    IN_7("code: H29.07.02, name: x", "'kind' is missing");
    IN_7("code: H29.07.02, name: \"a\\nb\", kind: WARD", "one line");
    IN_7("code: H29.07.02, name: \"a\\u2028b\", kind: WARD", "one line");
    IN_7("code: H29.07.02, name: ' ', kind: WARD", "one line");
    IN_7("code: H29.07.02, name: x, kind: ward", "unknown kind 'ward'");
    IN_7(WARD_2 "class: safe", "unknown class 'safe'");
    IN_7(WARD_2 "clas: probe", "nobody knows 'clas'");
    IN_7(WARD_2 "aliases: one", "'aliases' must be a list");
    IN_7(WARD_2 "aliases: [a, b, c, d, e]", "at most 4");
    IN_7(WARD_2 "valid_from: 2024-01-01, valid_to: 2024-01-01", "'valid_to' must be later than 'valid_from'");
    IN_7(WARD_2 "valid_from: 1960-01-01", "later than 1970");
    IN_7(WARD_2 "valid_from: soon", "must be a date");
    IN_7(WARD_2 "delivery: { attempts: many }", "attempts");
    IN_7(WARD_2 "delivery: { backoff_max: 1s }", "longer than");
    agency_has_fault("- H29.07.02", "agencies.yaml:7:", "an agency is expected");
    folder_has_fault((struct folder){ .agencies = "code: H29.07\n", .permits = "[]\n", .routes = "", .procedures = "" },
                 "agencies.yaml:1:", "a list of agencies");
}

static void names_and_relations(void **state)
{
    (void)state;
    IN_7("code: H29.07.01, name: x, kind: WARD", "code 'H29.07.01' a second time; first in agencies.yaml:3");
    IN_7(WARD_2 "aliases: [000.00.07.H29]", "alias '000.00.07.H29' is already an alias of 'H29.07' (agencies.yaml:1)");
    IN_7(WARD_2 "aliases: [H29.07.01]", "alias 'H29.07.01' is already the code of 'H29.07.01' (agencies.yaml:3)");
    IN_7(WARD_2 "aliases: [H29.07.02]", "alias 'H29.07.02' is already the code of 'H29.07.02'");
    IN_7(WARD_2 "aliases: [x, x]", "alias 'x' is already an alias of 'H29.07.02'");
    IN_7(WARD_2 "parent: H29.99", "parent 'H29.99' is no agency");
    IN_7(WARD_2 "parent: H29.07.02", "the parents of 'H29.07.02' lead back");
    IN_7(WARD_2 "valid_to: 2025-07-01, successor: H29.99", "successor 'H29.99' is no agency");
    IN_7(WARD_2 "successor: H29.07", "a successor takes over at 'valid_to'");
    IN_7(WARD_2 "valid_to: 2025-07-01, successor: H29.07.02", "the successors of 'H29.07.02' lead back");
    agency_has_fault("- { " WARD_2 "valid_to: 2025-07-01, successor: H29.07.03 }\n"
                        "- { code: H29.07.03, name: x, kind: WARD, valid_to: 2026-01-01, successor: H29.07.04 }\n"
                        "- { code: H29.07.04, name: x, kind: WARD, valid_to: 2027-01-01, successor: H29.07.02 }",
                        "agencies.yaml:7:", "the successors of 'H29.07.02' lead back");
    agency_has_fault("- { " WARD_2 "valid_to: 2025-07-01, successor: H29.07.03 }\n"
                        "- { code: H29.07.03, name: x, kind: WARD, valid_to: 2024-01-01 }",
                        "agencies.yaml:7:", "'H29.07.03' ends before it could take over");
    /* A chain is walked, by code or alias. */
    char text[2000];
    snprintf(text, sizeof text, "%s- { " WARD_2 "valid_to: 2023-02-01, successor: H29.07.03 }\n"
             "- { code: H29.07.03, name: x, kind: WARD, valid_to: 2023-03-01, successor: 000.00.07.H29 }\n",
             agencies_good);
    struct directory *directory = folder_read((struct folder){ .agencies = text });
    const struct tables *tables = directory_tables(directory);
    assert_string_equal(tables_successor(tables, tables_agency(tables, "H29.07.02"), NULL, now_ms)->code, "H29.07");
    directory_free(directory);
}

static void key_faults(void **state)
{
    (void)state;
    IN_7(WARD_2 "keys: " KEY_C, "'keys' must be a list");
    IN_7(WARD_2 "keys: [" KEY_C "]", "a key is expected");
    IN_7(WARD_2 "keys: [{ roles: [sender] }]", "either 'public_key' or 'public_key_file'");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C ", public_key_file: x, roles: [sender] }]", "either 'public_key' or");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C " }]", "'roles' must say");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C ", roles: [] }]", "'roles' must say");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C ", roles: [send] }]", "unknown role 'send'; known: sender, receiver");
    IN_7(WARD_2 "keys: [{ public_key: short, roles: [sender] }]", "40 characters of Z85");
    IN_7(WARD_2 "keys: [{ public_key: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c~', roles: [sender] }]", "of Z85");
    IN_7(WARD_2 "keys: [{ public_key: '#####[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c', roles: [sender] }]", "of Z85");
    IN_7(WARD_2 "keys: [{ public_key: '0000000000000000000000000000000000000000', roles: [sender] }]", "of Z85");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C ", roles: [sender], from: 2024-01-01, to: 2023-01-01 }]", "'to' must be");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_C ", roles: [sender], until: 2023-01-01 }]", "nobody knows 'until'");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_A ", roles: [sender] }]",
         "this key is already one of 'H29.07' (agencies.yaml:2)");
    IN_7(WARD_2 "keys: [{ public_key: " KEY_A ", roles: [sender], to: 2020-01-01 }]", "already one of 'H29.07'");
    IN_7(WARD_2 "keys: [{ public_key_file: /no/such.public, roles: [sender] }]",
         "there is no key file /no/such.public: 'lienthong init'");
    IN_7(WARD_2 "keys: [{ public_key_file: x.secret, roles: [sender] }]", "takes public keys only");
    IN_7(WARD_2 "keys: [{ public_key_file: /dev/null, roles: [sender] }]", "cannot be read");
    IN_7(WARD_2 "keys: [{ public_key_file: /, roles: [sender] }]", "cannot be read");
    IN_7(WARD_2 "keys: [{}, {}, {}, {}, {}, {}, {}, {}, {}]", "at most 8");
}

static void two_keys_that_have_not_expired(void **state)
{
    (void)state;
    char text[2000];
    const char *format = "%s- { " WARD_2 "keys: [\n"
        "  { public_key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, roles: [sender]%s },\n"
        "  { public_key: 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', roles: [sender] },\n"
        "  { public_key: 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy', roles: [receiver], from: 2024-01-01 }] }\n";
    snprintf(text, sizeof text, format, agencies_good, "");
    folder_has_fault((struct folder){ .agencies = text }, "agencies.yaml:10:",
                     "more than 2 keys that have not expired");
    snprintf(text, sizeof text, format, agencies_good, ", to: 2023-09-01");
    struct directory *directory = folder_read((struct folder){ .agencies = text });
    const struct agency *ward = tables_agency(directory_tables(directory), "H29.07.02");
    assert_int_equal(ward->key_count, 2);
    uint32_t roles = 0;
    assert_null(tables_agency_of_key(directory_tables(directory), ward->keys[1].bytes, now_ms, &roles));
    assert_ptr_equal(tables_agency_of_key(directory_tables(directory), ward->keys[1].bytes,
                                          ward->keys[1].from_ms, &roles), ward);
    assert_int_equal(roles, ROLE_RECEIVER);
    directory_free(directory);
}

static void key_files(void **state)
{
    (void)state;
    static const char entry[] = "- { " WARD_2 "keys: [{ public_key_file: ward.public, roles: [sender] }] }";
    static const struct { const char *content, *words; } bad[] = {
        { "", "40 characters" }, { "short\n", "40 characters" },
        { "# a comment\nD:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n", "nothing else" },
        { "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c~\n", "does not hold a CURVE public key" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_file(&scratch, "ward.public", bad[i].content);
        agency_has_fault(entry, "agencies.yaml:7:", bad[i].words);
    }
    scratch_file(&scratch, "ward.public", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\r\n");
    char text[2000];
    snprintf(text, sizeof text, "%s%s\n", agencies_good, entry);
    struct directory *directory = folder_read((struct folder){ .agencies = text });
    assert_int_equal(tables_agency(directory_tables(directory), "H29.07.02")->key_count, 1);
    directory_free(directory);
    unlink(scratch_path(&scratch, "ward.public"));
}

static void permit_faults(void **state)
{
    (void)state;
    static const struct { const char *entry, *words; } bad[] = {
        { "from: WARD, to: G01.29.08, kinds: [FORWARD]", "'G01.29.08' is no agency of this directory, nor one of" },
        { "from: WARDS, to: SECTOR, kinds: [FORWARD]", "'WARDS' is no agency" },
        { "from: WARD, to: G02.*, kinds: [FORWARD]", "'G02.*' means no agency" },
        { "from: WARD, to: 'g02.*', kinds: [FORWARD]", "before '.*' the code" },
        { "from: WARD, to: '', kinds: [FORWARD]", "whom is expected" },
        { "from: WARD, kinds: [FORWARD]", "'to' is missing" },
        { "to: WARD, kinds: [FORWARD]", "'from' is missing" },
        { "from: [], to: WARD, kinds: [FORWARD]", "'from' must hold 1 to 64" },
        { "from: WARD, to: [SECTOR, { a: b }], kinds: [FORWARD]", "whom is expected" },
        { "from: WARD, to: SECTOR", "'kinds' must be a list" },
        { "from: WARD, to: SECTOR, kinds: FORWARD", "'kinds' must be a list" },
        { "from: WARD, to: SECTOR, kinds: [FORWARD, HALT]", "unknown kind 'HALT'" },
        { "from: WARD, to: SECTOR, kinds: [FORWARD], procedure: 9.9", "procedure '9.9' is not in procedures.yaml" },
        { "from: WARD, to: SECTOR, kinds: [FORWARD], procedure: a b", "is not a procedure code" },
        { "from: WARD, to: SECTOR, kinds: [FORWARD], proc: 1.0", "nobody knows 'proc'" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[500];
        snprintf(text, sizeof text, "%s- { %s }\n", permits_good, bad[i].entry);
        if (strstr(bad[i].entry, "{ a: b }")) {     /* the key inside is unknown as well */
            folder_write((struct folder){ .permits = text });
            assert_null(directory_read(scratch.folder, now_ms, &faults));
            assert_true(faults_have(&faults, "permits.yaml:3:", bad[i].words));
        } else
            folder_has_fault((struct folder){ .permits = text }, "permits.yaml:3:", bad[i].words);
    }
    folder_has_fault((struct folder){ .permits = "from: WARD\n", .routes = "" }, "permits.yaml:1:",
                     "a list of permits");
}

static void too_many_permits(void **state)
{
    (void)state;
    static char text[64 * 200];
    struct text all = text_of(text, sizeof text);
    text_add(&all, "- from: [");
    for (int i = 0; i < 64; i++)
        text_add(&all, "WARD, ");
    text_add(&all, "]\n  kinds: [FORWARD]\n  to: [");
    for (int i = 0; i < 64; i++)
        text_add(&all, "SECTOR, ");
    text_add(&all, "]\n");
    struct directory *directory = folder_read((struct folder){ .permits = text, .routes = "" });    /* 64 x 64 fit */
    assert_int_equal(directory_tables(directory)->permit_count, 1);                                 /* and mean one */
    directory_free(directory);
    text_add(&all, "- { from: WARD, to: WARD, kinds: [RATING] }\n");
    assert_false(all.cut);
    folder_has_fault((struct folder){ .permits = text, .routes = "" }, "permits.yaml:4:", "more than 4096 permits");
}

static void route_faults(void **state)
{
    (void)state;
    static const struct { const char *entry, *words; } bad[] = {
        { "procedure: 9.9, step: residence, to: G01.29.07", "'9.9' is not in procedures.yaml" },
        { "step: residence, to: G01.29.07", "'procedure' is missing" },
        { "procedure: 2.000986, to: G01.29.07", "'step' is missing" },
        { "procedure: 2.000986, step: Residence, to: G01.29.07", "a step is named with" },
        { "procedure: 2.000986, step: resident, to: G01.29.07", "'2.000986' has no step 'resident'" },
        { "procedure: 2.000986, step: residence", "'to' is missing" },
        { "procedure: 2.000986, step: residence, to: SECTOR", "'to' must be one agency, not 'SECTOR'" },
        { "procedure: 2.000986, step: residence, to: G01.29.08", "'G01.29.08' is no agency" },
        { "procedure: 2.000986, step: residence, from: H28.*, to: G01.29.07", "'H28.*' means no agency" },
        { "procedure: 2.000986, step: civil-status, from: DISTRICT, to: H29.07.01",
          "no permit lets 'from' send anything of procedure '2.000986' to 'H29.07.01'" },
        { "procedure: 2.000986, step: residence, from: H29.07.*, to: G01.29.07",
          "never reached: routes.yaml:1 comes first" },
        { "procedure: 2.000986, step: residence, to: G01.29.07, form: WARD", "nobody knows 'form'" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s- { %s }\n", routes_good, bad[i].entry);
        folder_has_fault((struct folder){ .routes = text }, "routes.yaml:2:", bad[i].words);
    }
    folder_has_fault((struct folder){ .routes = "- { procedure: 2.000986, step: residence, to: G01.29.07 }\n"
                                            "- { procedure: 2.000986, step: residence, from: WARD, to: G01.29.07 }\n" },
                 "routes.yaml:2:", "never reached");
    char text[2000];
    snprintf(text, sizeof text, "%s- { code: G01.29.08, name: x, kind: SECTOR, valid_to: 2023-01-01 }\n",
             agencies_good);
    folder_has_fault((struct folder){ .agencies = text,
                                  .routes = "- { procedure: 2.000986, step: residence, to: G01.29.08 }\n" },
                 "routes.yaml:1:", "'G01.29.08' has ended and nobody succeeds it");
}

#define TITLE_40 "Đăng ký khai sinh cho trẻ em trong "        /* 40 bytes */

static void procedure_faults(void **state)
{
    (void)state;
    static const struct { const char *rest, *words; } bad[] = {
        { "code: p, steps: [{ name: a, agency: WARD }]", "'name' is missing" },
        { "name: x, steps: [{ name: a, agency: WARD }]", "'code' is missing" },
        { "code: a b, name: x, steps: [{ name: a, agency: WARD }]", "is not a procedure code" },
        { "code: p, name: x", "'steps' must be a list of 1 to 16" },
        { "code: p, name: x, steps: []", "'steps' must be a list of 1 to 16" },
        { "code: p, name: x, steps: [{ name: a }]", "'agency' is missing" },
        { "code: p, name: x, steps: [{ name: a, agency: H29.99 }]", "'H29.99' is no agency" },
        { "code: p, name: x, steps: [{ name: A, agency: WARD }]", "a step is named with" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD }, { name: a, agency: WARD }]", "'a' a second time" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD, after: [b] }]", "procedure 'p' has no step 'b'" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD, after: b }]", "'after' must be a list" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD, after: [a] }]", "in a circle: step 'a'" },
        { "code: p, name: x, steps: [{ name: s, agency: WARD }, { name: a, agency: WARD, after: [s, c] }, "
          "{ name: b, agency: WARD, after: [a] }, { name: c, agency: WARD, after: [b] }]", "in a circle: step 'a'" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD, limit: 3 }]", "'limit' must be w3" },
        { "code: p, name: x, statutory: c24:00, steps: [{ name: a, agency: WARD }]", "'statutory' must be" },
        { "code: p, name: x, committed: w0, steps: [{ name: a, agency: WARD }]", "'committed' must be" },
        { "code: p, name: x, successor: q, steps: [{ name: a, agency: WARD }]", "successor 'q' is no procedure" },
        { "code: p, name: x, successor: p, steps: [{ name: a, agency: WARD }]", "the successors of 'p' lead back" },
        { "code: p, name: x, variant: A, steps: [{ name: a, agency: WARD }]", "a variant is named with" },
        { "code: 2.000986, name: x, valid_from: 2024-01-01, steps: [{ name: a, agency: WARD }]",
          "in force twice at the same time; the other: procedures.yaml:1" },
        { "code: p, name: x, steps: [{ name: a, agency: WARD, afer: [] }]", "nobody knows 'afer'" },
        { "code: p, name: x, steps: [{ name: a, title: '', agency: WARD }]", "'title' must be one line of text" },
        { "code: p, name: x, steps: [{ name: a, title: \"\\u0007\", agency: WARD }]", "'title' must be one line" },
        { "code: p, name: x, steps: [{ name: a, title: [b], agency: WARD }]", "'title' must be a text, not a list" },
        { "code: p, name: x, steps: [{ name: a, title: " TITLE_40 TITLE_40 TITLE_40 "x, agency: WARD }]",
          "'title' is too long: 121 bytes, at most 120" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[800];
        snprintf(text, sizeof text, "%s- { %s }\n", procedures_good, bad[i].rest);
        folder_has_fault((struct folder){ .procedures = text }, "procedures.yaml:4:", bad[i].words);
    }
    /* One after the other is no overlap, and neither is another variant. */
    char text[800];
    snprintf(text, sizeof text, "%s%s", procedures_good,
             "- { code: p, name: x, usual: true, valid_to: 2024-01-01, successor: q, steps: [{ name: a, agency: "
                 "citizen }] }\n"
             "- { code: p, name: x, usual: true, valid_from: 2024-01-01, steps: [{ name: a, agency: WARD }] }\n"
             "- { code: p, name: x, variant: v, statutory: d30, steps: [{ name: a, agency: \"*\", outside: true }] }\n"
             "- { code: q, name: x, committed: c15:00, steps: [{ name: a, agency: H29.07.01 }] }\n");
    directory_free(folder_read((struct folder){ .procedures = text }));
    snprintf(text, sizeof text, "- { code: p, name: x, steps: [{ name: a, title: \xFF, agency: WARD }] }\n");
    folder_has_fault((struct folder){ .procedures = text }, "procedures.yaml:1:",
                     "not YAML: invalid leading UTF-8 octet");
}

/* One pass finds them all, in every file. */
static void all_faults_at_once(void **state)
{
    (void)state;
    folder_write((struct folder){
        .gateway = "name: Test\nlease: 1h\n",
        .agencies = "- { code: H29.07, name: x, kind: WRD }\n- { code: H29.07, name: y, kind: WARD, parent: H1 }\n",
        .permits = "- { from: H29.08, to: H29.07, kinds: [X] }\n",
        .routes = "- { procedure: 1.0, step: a, to: H29.07 }\n",
        .procedures = "- { code: \"1.0\", name: x, steps: [{ name: b, agency: H29.09 }] }\n" });
    scratch_file(&scratch, "permit.yaml", "[]\n");
    assert_null(directory_read(scratch.folder, now_ms, &faults));
    static const char *const wheres[] = { "gateway.yaml:1:", "gateway.yaml:2:", "agencies.yaml:1:", "agencies.yaml:2:",
                                          "permits.yaml:1:", "routes.yaml:1:", "procedures.yaml:1:", "permit.yaml:" };
    for (size_t i = 0; i < sizeof wheres / sizeof *wheres; i++)
        if (!faults_have(&faults, wheres[i], ""))
            fail_msg("no fault at %s", wheres[i]);
    assert_true(faults_have(&faults, "permit.yaml:", "is no file of a directory"));
    assert_int_equal(faults.count, 11);
    unlink(scratch_path(&scratch, "permit.yaml"));
    faults_done(&faults);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    assert_null(directory_read("/no/such/folder", now_ms, &faults));
    assert_int_equal(faults.count, 1);
}

/* Three bytes changed somewhere: a directory or faults, never both, never a crash. */
static void damaged_files(void **state)
{
    (void)state;
    static const char bytes[] = "{}[],:-*&!|>'\"%@ \n#aH0.~\x01\xC3";
    uint64_t dice = 88172645463325252ULL;
    size_t good = 0;

    for (int round = 0; round < 2000; round++) {
        const char *const originals[] = { agencies_good, permits_good, routes_good, procedures_good };
        char texts[4][2000];
        for (size_t i = 0; i < 4; i++)
            assert_true(span_to_string(span_of_string(originals[i]), texts[i], sizeof texts[i]));
        for (int change = 0; change < 3; change++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            char *text = texts[dice % 4];
            text[(dice >> 8) % strlen(text)] = bytes[(dice >> 40) % (sizeof bytes - 1)];
        }
        folder_write((struct folder){ NULL, texts[0], texts[1], texts[2], texts[3] });
        struct directory *directory = directory_read(scratch.folder, now_ms, &faults);
        assert_true(directory ? !faults.count : faults.count > 0);
        good += directory != NULL;
        directory_free(directory);
    }
    assert_in_range(good, 1, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway_faults), cmocka_unit_test(agency_faults), cmocka_unit_test(names_and_relations),
        cmocka_unit_test(key_faults), cmocka_unit_test(two_keys_that_have_not_expired), cmocka_unit_test(key_files),
        cmocka_unit_test(permit_faults), cmocka_unit_test(too_many_permits), cmocka_unit_test(route_faults),
        cmocka_unit_test(procedure_faults), cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(damaged_files),
    };
    return cmocka_run_group_tests_name("directory: faults", tests, folder_start, folder_stop);
}
