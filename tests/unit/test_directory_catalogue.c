/* The catalogue of procedures, successors, hours and adapters: what becomes of them, and every fault with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "tests/unit/directory_folder.h"

static const char fields_good[] = "- { code: ht, name: Hộ tịch, escalation: H29.07, contact: Phòng Tư pháp }\n";
static const char hours_good[] = "- { name: std, counted: Mon-Fri 07:30-11:30 13:00-17:00 }\n"
                                 "- { name: police, counted: Mon-Sat 07:30-11:30 13:00-16:30 }\n";
static const char permits_all[] = "- { from: \"*\", to: \"*\", kinds: \"*\" }\n";

static int beside_start(void **state)
{
    int result = folder_start(state);
    scratch_file(&scratch, "fields.yaml", fields_good);
    scratch_file(&scratch, "hours.yaml", hours_good);
    return result;
}

static int beside_stop(void **state)
{
    unlink(scratch_path(&scratch, "fields.yaml"));
    unlink(scratch_path(&scratch, "hours.yaml"));
    return folder_stop(state);
}

static int64_t time_ms(const char *text)
{
    int64_t ms;
    assert_true(clock_read(span_of_string(text), &ms));
    return ms;
}

/* ---------------------------------------------------------------- procedures */

static const char catalogue[] =
    "- code: p\n"
    "  variant: usual\n"
    "  usual: true\n"
    "  name: Khai sinh\n"
    "  field: ht\n"
    "  valid_from: 2018-01-01\n"
    "  valid_to: 2024-01-01\n"
    "  successor: q\n"
    "  statutory: w3\n"
    "  committed: { all: w3, online: w2 }\n"
    "  components:\n"
    "    - { code: so-ho-khau, name: Sổ hộ khẩu, withdrawn: 2023-01-01, rule: Luật Cư trú, instead: CSDL dân cư }\n"
    "    - { code: giay, name: Giấy chứng sinh }\n"
    "    - { code: can-cuoc, name: Căn cước, shared: CSDL dân cư }\n"
    "    - { code: them, name: Thêm, optional: true }\n"
    "  fees: [{ code: le-phi, name: Lệ phí, dong: 8000, channels: [counter, post] }]\n"
    "  steps:\n"
    "    - { name: birth, title: Đăng ký khai sinh, agency: WARD, limit: w1, outputs: [number, certificate] }\n"
    "    - { name: home, agency: G01.29.*, limit: h4, after: [birth], optional: true }\n"
    "    - { name: wait, agency: citizen, limit: w9, after: [home], outside: true }\n"
    "    - { name: card, agency: DISTRICT, limit: h4, after: [home, wait], join: any }\n"
    "- { code: p, variant: verified, name: Khai sinh, field: ht, valid_from: 2018-01-01, valid_to: 2024-01-01,\n"
    "    steps: [{ name: birth, agency: WARD }] }\n"
    "- { code: p, variant: ward-1, senders: H29.07.01, name: Khai sinh, field: ht, valid_from: 2022-01-01,\n"
    "    valid_to: 2024-01-01, committed: w1, steps: [{ name: birth, agency: WARD, limit: w1 }] }\n"
    "- { code: q, name: Khai sinh, field: ht, valid_from: 2024-01-01, steps: [{ name: birth, agency: WARD }] }\n";

static void becomes_a_catalogue(void **state)
{
    (void)state;
    char version[PROCEDURE_VERSION_SIZE];
    struct directory *directory =
        folder_read((struct folder){ .procedures = catalogue, .permits = permits_all, .routes = "" });
    const struct tables *tables = directory_tables(directory);
    const struct agency *ward = tables_agency(tables, "H29.07.01"), *district = tables_agency(tables, "H29.07");
    const struct procedure *usual = tables_procedure(tables, "p", NULL, district, time_ms("2023-05-05"));

    assert_string_equal(usual->variant, "usual");
    assert_string_equal(tables_procedure(tables, "p", "verified", district, time_ms("2023-05-05"))->variant,
                        "verified");
    /* The narrowest for the sender, but only since it is in force; afterwards nothing of this code. */
    assert_string_equal(tables_procedure(tables, "p", "", ward, time_ms("2023-05-05"))->variant, "ward-1");
    assert_ptr_equal(tables_procedure(tables, "p", "", ward, time_ms("2021-12-31T23:59:59+07:00")), usual);
    assert_null(tables_procedure(tables, "p", NULL, ward, time_ms("2024-01-01")));
    assert_null(tables_procedure(tables, "r", NULL, ward, time_ms("2023-05-05")));
    procedure_version_text(usual, version);
    assert_string_equal(version, "p/usual/2018-01-01");
    assert_ptr_equal(tables_procedure_version(tables, version), usual);
    assert_null(tables_procedure_version(tables, "p/usual/2018-01-02"));
    assert_null(tables_procedure_version(tables, ""));

    assert_int_equal(procedure_statutory(usual, CHANNEL_ONLINE).number, 3);
    assert_int_equal(procedure_committed(usual, CHANNEL_ONLINE).number, 2);
    assert_int_equal(procedure_committed(usual, CHANNEL_POST).number, 3);
    assert_int_equal(procedure_committed(usual, 77).number, 3);
    const struct component *book = procedure_component(usual, "so-ho-khau");
    assert_string_equal(book->rule, "Luật Cư trú");
    assert_false(component_is_withdrawn(book, time_ms("2022-12-31")));
    assert_true(component_is_withdrawn(book, time_ms("2023-01-01")));
    assert_int_equal(procedure_component(usual, "giay")->need, NEED_REQUIRED);
    assert_int_equal(procedure_component(usual, "can-cuoc")->need, NEED_SHARED);
    assert_int_equal(procedure_component(usual, "them")->need, NEED_OPTIONAL);
    assert_null(procedure_component(usual, "x"));
    assert_int_equal(usual->fees[0].dong, 8000);
    assert_int_equal(usual->fees[0].channels, 1 << CHANNEL_COUNTER | 1 << CHANNEL_POST);

    assert_int_equal(usual->step_count, 4);
    assert_string_equal(usual->steps[0].outputs[1], "certificate");
    assert_string_equal(procedure_step_title(usual, "birth"), "Đăng ký khai sinh");
    assert_string_equal(procedure_step_title(usual, "home"), "");
    assert_string_equal(procedure_step_title(usual, "x"), "");
    assert_string_equal(procedure_step_title(NULL, "birth"), "");
    assert_true(usual->steps[1].optional && usual->steps[2].citizen && usual->steps[2].outside);
    assert_int_equal(usual->steps[3].after, 1 << 1 | 1 << 2);
    assert_int_equal(usual->steps[3].join, JOIN_ANY);
    assert_int_equal(usual->steps[0].join, JOIN_ALL);
    assert_string_equal(tables_field(tables, usual->field)->escalation, "H29.07");
    directory_free(directory);
}

/* A route first; else by area, the narrowest; else the only one. */
static void who_does_a_step(void **state)
{
    (void)state;
    char text[3000];

    snprintf(text, sizeof text, "%s- { code: G01.29, name: x, kind: SECTOR, area: 79 }\n"
             "- { code: G01.29.1, name: x, kind: SECTOR, area: 79.1 }\n"
             "- { code: G01.29.2, name: x, kind: SECTOR, area: 79.1.2, valid_to: 2023-01-01, successor: G01.29.1 }\n"
             "- { code: G24.1, name: x, kind: DEPARTMENT, area: 79.5 }\n- { code: G24.2, name: x, kind: DEPARTMENT }\n",
             agencies_good);
    struct directory *directory = folder_read((struct folder){
        .agencies = text, .permits = permits_all, .routes = "- { procedure: p, step: a, from: WARD, to: G01.29 }\n",
        .procedures = "- { code: p, name: x, steps: [{ name: a, agency: G01.29.* }, { name: b, agency: DEPARTMENT },\n"
                      "    { name: c, agency: DISTRICT }, { name: d, agency: citizen }] }\n" });
    const struct tables *tables = directory_tables(directory);
    const struct procedure *p = &tables->procedures[0];
    const struct agency *ward = tables_agency(tables, "H29.07.01"), *district = tables_agency(tables, "H29.07");

    assert_string_equal(tables_step_agency(tables, p, &p->steps[0], ward, "79.1", now_ms)->code, "G01.29");
    assert_string_equal(tables_step_agency(tables, p, &p->steps[0], district, "79.1.7", now_ms)->code, "G01.29.1");
    assert_string_equal(tables_step_agency(tables, p, &p->steps[0], district, "79.1.2", now_ms)->code, "G01.29.1");
    assert_string_equal(tables_step_agency(tables, p, &p->steps[0], district, "79.10", now_ms)->code, "G01.29");
    assert_null(tables_step_agency(tables, p, &p->steps[1], district, "79.6", now_ms));        /* two, equally */
    assert_string_equal(tables_step_agency(tables, p, &p->steps[1], district, "79.5.5", now_ms)->code, "G24.1");
    assert_string_equal(tables_step_agency(tables, p, &p->steps[2], ward, NULL, now_ms)->code, "H29.07");
    assert_null(tables_step_agency(tables, p, &p->steps[3], ward, NULL, now_ms));
    directory_free(directory);
}

/* Each stands alone from line 5 on, behind a good one. */
static void procedure_faults(void **state)
{
    (void)state;
    static const struct { const char *rest, *line, *words; } bad[] = {
        { "field: zz, steps: [{ name: a, agency: WARD }]", "4", "field 'zz' is not in fields.yaml" },
        { "valid_from: 2024-01-01T08:00:00+07:00, steps: [{ name: a, agency: WARD }]", "4", "'valid_from' must be a "
          "day" },
        { "successor: 2.000986,\n steps: [{ name: a, agency: WARD }]", "4", "there is none" },
        { "components: [{ code: a, name: A }, { code: a, name: B }],\n steps: [{ name: a, agency: WARD }]", "4",
          "component 'a' a second time" },
        { "components: [{ code: a, name: A, withdrawn: 2023-01-01 }],\n steps: [{ name: a, agency: WARD }]", "4",
          "'rule' is missing: by which text 'a' is withdrawn" },
        { "components: [{ code: a, name: A, rule: x }],\n steps: [{ name: a, agency: WARD }]", "4",
          "'rule' is for what is 'withdrawn'" },
        { "components: [{ code: a, name: A, optional: true, shared: x }],\n steps: [{ name: a, agency: WARD }]", "4",
          "one of optional, shared and withdrawn" },
        { "components: [{ code: a b, name: A }], steps: [{ name: a, agency: WARD }]", "4", "'a b' is no code" },
        { "fees: [{ code: a, name: A, dong: -1 }], steps: [{ name: a, agency: WARD }]", "4", "'dong' must be" },
        { "fees: [{ code: a, name: A, dong: 1, channels: [sms] }], steps: [{ name: a, agency: WARD }]", "4",
          "unknown channel 'sms'" },
        { "committed: { all: w1, sms: w2 }, steps: [{ name: a, agency: WARD }]", "4", "nobody knows 'sms'" },
        { "statutory: w1, committed: w2, steps: [{ name: a, agency: WARD }]", "4", "promised later than the law's "
          "time" },
        { "steps: [{ name: a, agency: WARD, join: some }]", "4", "'join' is all" },
        { "steps: [{ name: a, agency: WARD, outputs: [A] }]", "4", "an output is named with" },
        { "steps: [{ name: a, agency: DEPARTMENT }]", "4", "nobody who does step 'a' ('DEPARTMENT') exists" },
        { "usual: true, variant: v,\n  steps: [{ name: a, agency: WARD }] }\n- { code: p, name: x, variant: w, "
          "usual: true, "
          "steps: [{ name: a, agency: WARD }]", "6", "two variants of 'p' are usual for the same senders; the other" },
        { "variant: v, field: ht, usual: true, steps: [{ name: a, agency: WARD }] }\n- { code: p, name: x, variant: w, "
          "steps: [{ name: a, agency: WARD }]", "5", "procedure 'p' has another field than in procedures.yaml:4" },
        /* A circle, and what stands behind it: each with the line of its step. */
        { "steps: [\n { name: a, agency: WARD },\n { name: b, agency: WARD, after: [c] },\n { name: c, agency: WARD, "
          "after: "
          "[b] }]", "6", "in a circle: step 'b' can never begin" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[1000], where[40];
        snprintf(text, sizeof text, "%s- { code: p, name: x, %s }\n", procedures_good, bad[i].rest);
        snprintf(where, sizeof where, "procedures.yaml:%s:", bad[i].line);
        folder_has_fault((struct folder){ .procedures = text, .permits = permits_all }, where, bad[i].words);
    }
}

static void which_variant_is_usual(void **state)
{
    (void)state;
    char text[1000];

    snprintf(text, sizeof text, "%s- { code: p, name: x, variant: v, steps: [{ name: a, agency: WARD }] }\n"
             "- { code: p, name: x, variant: w, steps: [{ name: a, agency: WARD }] }\n", procedures_good);
    folder_write((struct folder){ .procedures = text, .permits = permits_all });
    assert_null(directory_read(scratch.folder, now_ms, &faults));
    assert_int_equal(faults.count, 2);                                          /* both are told */
    assert_non_null(strstr(faults.lines[0], "procedures.yaml:4: none of the variants of 'p' that meet this one"));
    assert_non_null(strstr(faults.lines[1], "procedures.yaml:5: none of the variants of 'p' that meet this one"));
}

static void unreachable_steps(void **state)
{
    (void)state;
    char text[1000];

    snprintf(text, sizeof text, "%s- { code: p, name: x, steps: [\n { name: a, agency: WARD, after: [a] },\n { name: "
             "b, agency: "
             "WARD, after: [a] },\n { name: c, agency: WARD }] }\n", procedures_good);
    folder_write((struct folder){ .procedures = text, .permits = permits_all });
    assert_null(directory_read(scratch.folder, now_ms, &faults));
    assert_int_equal(faults.count, 2);
    assert_non_null(strstr(faults.lines[0], "procedures.yaml:5: the steps of 'p' wait for each other in a circle"));
    assert_non_null(strstr(faults.lines[1], "procedures.yaml:6: step 'b' of 'p' is never reached"));

    /* No permit leads to those who do the second one. */
    snprintf(text, sizeof text, "%s- { code: p, name: x, steps: [\n { name: a, agency: WARD },\n { name: b, agency: "
             "DISTRICT, "
             "after: [a] }] }\n", procedures_good);
    folder_has_fault((struct folder){ .procedures = text,
                                      .permits = "- { from: WARD, to: \"*\", kinds: [FORWARD], procedure: 2.000986 }\n"
                                                 "- { from: WARD, to: SECTOR, kinds: [FORWARD] }\n" },
                     "procedures.yaml:6:", "step 'b' of 'p' is never reached: no permit");
}

/* Only what is sure: paths at their shortest, limits at their longest; steps outside are not counted. */
static void critical_paths(void **state)
{
    (void)state;
    static const struct { const char *limit, *steps, *words; } paths[] = {
        { "committed: w2", "{ name: a, agency: WARD, limit: w1 }, { name: b, agency: WARD, limit: w2, after: [a] }",
          "the critical path of 'p' (a w1, b w2) is longer than 'committed' w2" },
        { "committed: w3", "{ name: a, agency: WARD, limit: w1 }, { name: b, agency: WARD, limit: w2, after: [a] }",
          NULL },
        { "committed: w2", "{ name: a, agency: WARD, limit: w2 }, { name: b, agency: citizen, limit: w9, after: [a], "
                           "outside: true }, { name: c, agency: WARD, after: [b] }", NULL },
        { "committed: w2", "{ name: a, agency: WARD, limit: w2 }, { name: b, agency: WARD, limit: w2 }", NULL },
        { "statutory: w2", "{ name: a, agency: WARD, limit: w1 }, { name: b, agency: WARD, limit: h8, after: [a] }, "
                           "{ name: c, agency: WARD, limit: h1, after: [b] }",
          "(a w1, b h8, c h1) is longer than 'statutory' w2" },
        { "committed: { all: w3, online: w1 }", "{ name: a, agency: WARD, limit: w2 }",
          "(a w2) is longer than 'committed' of online w1" },
        { "committed: c15:00", "{ name: a, agency: WARD, limit: c15:00 }", NULL },
        { "committed: c15:00", "{ name: a, agency: WARD, limit: c15:00 }, { name: b, agency: WARD, limit: c15:00, "
          "after: "
                               "[a] }", "longer than 'committed' c15:00" },
        { "committed: d30", "{ name: a, agency: WARD, limit: d20 }, { name: b, agency: WARD, limit: d11, after: [a] }",
          "longer than 'committed' d30" },
        { "committed: d30", "{ name: a, agency: WARD, limit: w20 }, { name: b, agency: WARD, limit: d10, after: [a] }",
          NULL },
        /* 5 weeks of 5 days, at least */
        { "committed: w30", "{ name: a, agency: WARD, limit: d41 }", NULL },
        { "committed: none", "{ name: a, agency: WARD, limit: w99 }", NULL },
        { "committed: w2", "{ name: a, agency: WARD, limit: w1 }, { name: b, agency: WARD, limit: w5 }, { name: c, "
          "agency: "
                           "WARD, limit: w1, after: [a, b], join: any }", "(b w5) is longer than 'committed' w2" },
        { "committed: w5", "{ name: a, agency: WARD, limit: w1 }, { name: b, agency: WARD, limit: w5 }, { name: c, "
          "agency: "
                           "WARD, limit: w4, after: [a, b], join: any }", NULL },
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char text[1000];
        snprintf(text, sizeof text, "%s- { code: p, name: x,\n    %s, steps: [%s] }\n", procedures_good, paths[i].limit,
                 paths[i].steps);
        struct folder folder = { .procedures = text, .permits = permits_all };
        if (paths[i].words)
            folder_has_fault(folder, "procedures.yaml:5:", paths[i].words);
        else
            directory_free(folder_read(folder));
    }
}

static void field_faults(void **state)
{
    (void)state;
    static const struct { const char *text, *where, *words; } bad[] = {
        { "- { code: a, name: A }\n- { code: a, name: B }\n", "fields.yaml:2:", "field 'a' a second time" },
        { "- { code: a b, name: A }\n", "fields.yaml:1:", "is no code of a field" },
        { "- { name: A }\n", "fields.yaml:1:", "'code' is missing" },
        { "- { code: a, name: A, escalation: H29.99 }\n", "fields.yaml:1:", "'H29.99' is no agency" },
        { "- { code: a, name: A, phone: 1 }\n", "fields.yaml:1:", "nobody knows 'phone'" },
        { "a: b\n", "fields.yaml:1:", "a list of at most 256 fields" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_file(&scratch, "fields.yaml", bad[i].text);
        folder_has_fault((struct folder){ 0 }, bad[i].where, bad[i].words);
    }
    scratch_file(&scratch, "fields.yaml", fields_good);
}

/* ---------------------------------------------------------------- agencies */

static const char more_agencies[] =
    "- { code: H29.1, name: Phường A, kind: WARD, area: 79.1 }\n"
    "- { code: H29.2, name: Phường B, kind: WARD, area: 79.2, hours: police,\n"
    "    exceptions: [{ from: 2023-10-16, to: 2023-10-18, why: ngập }, { from: 2023-10-20, why: mưa, hours: "
        "\"13:00-17:00\" }] }\n"
    "- { code: H29.3, name: Sở, kind: DEPARTMENT }\n"
    "- code: H29.8\n"
    "  name: Quận 8\n"
    "  kind: DISTRICT\n"
    "  valid_to: 2025-07-01\n"
    "  successors:\n"
    "    - { agency: H29.3, fields: [ht], from: 2025-03-01 }\n"
    "    - { agency: G01.29.07, procedures: [x, y], kinds: [FORWARD] }\n"
    "    - { agency: H29.1, areas: [79.8.1, 79.8.2] }\n"
    "    - { agency: H29.2 }\n";

static void successors_by_area_and_function(void **state)
{
    (void)state;
    char text[3000], procedures[600];
    int64_t march_ms = time_ms("2025-03-01"), july_ms = time_ms("2025-07-01");

    snprintf(text, sizeof text, "%s%s", agencies_good, more_agencies);
    snprintf(procedures, sizeof procedures, "%s- { code: h, name: x, field: ht, steps: [{ name: a, agency: WARD }] }\n",
             procedures_good);
    struct directory *directory = folder_read((struct folder){ .agencies = text, .procedures = procedures });
    const struct tables *tables = directory_tables(directory);
    const struct agency *old = tables_agency(tables, "H29.8"), *ward = tables_agency(tables, "H29.2");
    struct matter land = { .procedure = "h", .area = "79.8.1.5" }, forward = { .procedure = "y", .kind = KIND_FORWARD };
    struct matter here = { .area = "79.8.1.5", .kind = KIND_RESULT }, there = { .area = "79.8.10" };

    assert_true(tables->successions && ward->succeeds && !old->succeeds);
    assert_int_equal(old->successor_count, 6);
    assert_ptr_equal(tables_successor(tables, old, &land, march_ms - 1), old);
    assert_string_equal(tables_successor(tables, old, &land, march_ms)->code, "H29.3");      /* while it still exists */
    assert_ptr_equal(tables_successor(tables, old, &here, july_ms - 1), old);
    assert_string_equal(tables_successor(tables, old, &here, july_ms)->code, "H29.1");
    /* 79.8.10 is not in 79.8.1 */
    assert_string_equal(tables_successor(tables, old, &there, july_ms)->code, "H29.2");
    assert_string_equal(tables_successor(tables, old, &forward, july_ms)->code, "G01.29.07");
    forward.kind = KIND_RESULT;
    assert_string_equal(tables_successor(tables, old, &forward, july_ms)->code, "H29.2");
    assert_string_equal(tables_successor(tables, old, NULL, july_ms)->code, "H29.2");
    assert_int_equal(tables_next_takeover_ms(tables, 0), march_ms);
    assert_int_equal(tables_next_takeover_ms(tables, march_ms), july_ms);
    assert_int_equal(tables_next_takeover_ms(tables, july_ms), INT64_MAX);
    assert_true(tables_same_seat(tables, ward, old, &there, july_ms));
    assert_true(tables_same_seat(tables, old, ward, &there, july_ms));
    assert_false(tables_same_seat(tables, ward, old, &here, july_ms));
    assert_false(tables_same_seat(tables, ward, old, &there, july_ms - 1));

    assert_string_equal(ward->hours->name, "police");
    assert_null(old->hours);
    assert_int_equal(ward->exception_count, 2);
    int64_t day = day_of_date(2023, 10, 17);
    assert_int_equal(hours_exception_of(ward->exceptions, 2, day)->hours.count, 0);
    assert_null(hours_exception_of(ward->exceptions, 2, day + 1));
    assert_int_equal(hours_exception_of(ward->exceptions, 2, day + 3)->hours.count, 1);
    directory_free(directory);
}

/* Closed by flood: the third working day is three days later. */
static void an_exception_moves_a_due_date(void **state)
{
    (void)state;
    char text[3000];
    struct due due;

    snprintf(text, sizeof text, "%s%s", agencies_good, more_agencies);
    struct directory *directory = folder_read((struct folder){ .agencies = text });
    const struct agency *ward = tables_agency(directory_tables(directory), "H29.2");
    struct deadline question = { .arrival_ms = time_ms("2023-10-13T10:00:00+07:00"), .hours = ward->hours,
                                 .rule = { DEADLINE_WORKING_DAYS, 3 } };
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
    assert_int_equal(due.due_ms, time_ms("2023-10-17T10:00:00+07:00"));         /* Sat 14, Mon 16, Tue 17 */
    question.exceptions = ward->exceptions;
    question.exception_count = ward->exception_count;
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
    assert_int_equal(due.due_ms, time_ms("2023-10-19T10:00:00+07:00"));         /* Sat 14, Wed 18, Thu 19 */
    question.rule.number = 4;                                                   /* Friday 20: from 13:00 on */
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
    assert_int_equal(due.due_ms, time_ms("2023-10-20T13:00:00+07:00"));
    directory_free(directory);
}

static void agency_faults(void **state)
{
    (void)state;
    static const struct { const char *rest, *words; } bad[] = {
        { "area: 79..1", "'79..1' is no area" },
        { "hours: night", "hours 'night' are not in hours.yaml" },
        { "via: pigeon", "unknown 'via: pigeon'" },
        { "valid_to: 2025-01-01, successor: H29.07, successors: [{ agency: H29.07 }]", "either 'successor'" },
        { "valid_to: 2025-01-01, successors: []", "'successors' must be a list" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.99 }]", "'H29.99' is no agency" },
        { "valid_to: 2025-01-01, successors: [{ areas: [79] }]", "'agency' is missing" },
        { "successors: [{ agency: H29.07 }]", "takes over at 'valid_to', and there is none" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, from: 2025-02-01 }]", "in between nobody would take "
          "over" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, areas: [a..b] }]", "'a..b' is no area" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, areas: 79 }]", "'areas' must be a list" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, kinds: [X] }]", "unknown kind 'X'" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, fields: [a b] }]", "'a b' is no code of a field" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, area: [79] }]", "nobody knows 'area'" },
        { "valid_to: 2025-01-01, successors: [{ agency: H29.07, areas: [79] }, { agency: G01.29.07, areas: [79.1] }]",
          "never takes over: agencies.yaml:" },
        { "exceptions: [{ from: 2023-10-16 }]", "'why' is missing" },
        { "exceptions: [{ from: 2023-10-16, to: 2023-10-16, why: x }]", "'to' must be later than 'from'" },
        { "exceptions: [{ from: 2023-10-16T08:00:00+07:00, why: x }]", "'from' must be a day" },
        { "exceptions: [{ from: 2023-10-16, why: x, hours: closed }]", "'hours':" },
        { "exceptions: [{ from: 2023-10-16, to: 2023-10-19, why: x }, { from: 2023-10-18, why: y }]", "meet" },
        { "exceptions: 5", "'exceptions' must be a list" },
    };
    size_t line = 1;
    for (const char *at = agencies_good; (at = strchr(at, '\n')); at++)
        line++;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[3000], where[40];
        snprintf(text, sizeof text, "%s- { code: H29.5, name: x, kind: WARD, %s }\n", agencies_good, bad[i].rest);
        snprintf(where, sizeof where, "agencies.yaml:%zu:", line);
        folder_has_fault((struct folder){ .agencies = text }, where, bad[i].words);
    }
}

/* A line leads back only in some matter: what one gives for land and gets for tax is no circle. */
static void circles_of_successors(void **state)
{
    (void)state;
    static const char form[] = "%s- { code: H29.5, name: x, kind: WARD, successors: [{ agency: H29.6, procedures: "
        "[%s], from: "
                               "2025-01-01 }] }\n- { code: H29.6, name: x, kind: WARD, successors: [{ agency: H29.5, "
                               "procedures: [%s], from: 2025-01-01 }] }\n";
    char text[3000];

    snprintf(text, sizeof text, form, agencies_good, "land", "tax");
    directory_free(folder_read((struct folder){ .agencies = text }));
    snprintf(text, sizeof text, form, agencies_good, "land", "land");
    folder_has_fault((struct folder){ .agencies = text }, "agencies.yaml:", "the successors of 'H29.5' lead back to "
                     "itself");
}

static void held_against_adapters(void **state)
{
    (void)state;
    static const struct served police[] = { { "G01.29.07", "adapter.yaml", 3 } },
                               other[] = { { "000.00.07.H29", "adapter.yaml", 3 }, { "H40", "adapter.yaml", 9 } };
    char text[3000];

    snprintf(text, sizeof text, "%s- { code: H29.5, name: x, kind: SECTOR, via: adapter, valid_to: 2023-01-01 }\n"
             "- { code: G01.29.08, name: x, kind: SECTOR, via: client }\n", agencies_good);
    folder_write((struct folder){ .agencies = text });
    struct directory *directory = directory_read_served(scratch.folder, now_ms, police, 1, &faults);
    assert_non_null(directory);                                 /* H29.5 is gone: nobody need serve it */
    directory_free(directory);

    snprintf(text, sizeof text, "%s- { code: H29.5, name: x, kind: SECTOR, via: adapter }\n", agencies_good);
    folder_write((struct folder){ .agencies = text });
    assert_null(directory_read_served(scratch.folder, now_ms, other, 2, &faults));
    assert_int_equal(faults.count, 2);
    assert_non_null(strstr(faults.lines[0], "no adapter serves 'H29.5'"));
    assert_non_null(strstr(faults.lines[1], "adapter.yaml:9: 'H40' is no agency of the directory"));
    folder_write((struct folder){ .agencies = text });
    directory = directory_read(scratch.folder, now_ms, &faults);                /* not asked: no fault */
    assert_non_null(directory);
    directory_free(directory);
}

/* Whatever has a meaning shows in the bytes; the order of papers does not. */
static void the_bytes_tell(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        { "committed: { all: w3, online: w2 }", "committed: { all: w3, online: w3 }" }, { "usual: true", "usual: "
                                                                                          "true\n  senders: DISTRICT" },
        { "rule: Luật Cư trú", "rule: Luật khác" }, { "instead: CSDL dân cư", "instead: CSDL khác" },
        { "withdrawn: 2023-01-01", "withdrawn: 2023-01-02" }, { "dong: 8000", "dong: 8001" },
        { "channels: [counter, post]", "channels: [counter]" }, { "outputs: [number, certificate]", "outputs: "
                                                                  "[number]" },
        { ", optional: true }\n    - { name: wait", " }\n    - { name: wait" }, { ", join: any", "" }, { "optional: "
            "true }\n  fees", "shared: x }\n  fees" },
    };
    struct folder folder = { .procedures = catalogue, .permits = permits_all, .routes = "" };
    struct directory *first = folder_read(folder);

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char text[4000];
        const char *at = strstr(catalogue, changes[i][0]);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - catalogue), catalogue, changes[i][1],
                 at + strlen(changes[i][0]));
        folder.procedures = text;
        struct directory *second = folder_read(folder);
        assert_false(span_equal(directory_bytes(first), directory_bytes(second)));
        directory_free(second);
    }
    directory_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(becomes_a_catalogue), cmocka_unit_test(who_does_a_step),
        cmocka_unit_test(procedure_faults),
        cmocka_unit_test(which_variant_is_usual), cmocka_unit_test(unreachable_steps),
        cmocka_unit_test(critical_paths), cmocka_unit_test(field_faults),
            cmocka_unit_test(successors_by_area_and_function),
        cmocka_unit_test(an_exception_moves_a_due_date), cmocka_unit_test(agency_faults),
        cmocka_unit_test(circles_of_successors), cmocka_unit_test(held_against_adapters),
        cmocka_unit_test(the_bytes_tell),
    };
    return cmocka_run_group_tests_name("directory: catalogue, successors, hours", tests, beside_start, beside_stop);
}
