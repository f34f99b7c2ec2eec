/* Papers from fixed views: each page as a whole (tests/unit/data/paper/, from <body> on; PAPER_WRITE=1 writes them
 * anew, to be read before they are believed), which handoff a paper is of, and what it says of it. The rules that need
 * no dossier: test_cli_paper_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/paper_gather.h"

#define AT(text) at_ms(text)
enum { HANDOFFS = 8, PAGE_BYTES_MAX = 64 << 10 };
enum { FORWARD, TAX, ASKED, APOLOGY, SENT_BACK, RESULT, REFUSAL, STOP };        /* the handoffs, in order */

static int64_t at_ms(const char *text)
{
    int64_t time_ms = 0;
    assert_true(clock_read(span_of_string(text), &time_ms));
    return time_ms;
}

/* ---- a dossier: a birth in Quận 7 in 2023, all of it made up */

struct fixture {
    Lienthong__V1__HandoffView views[HANDOFFS], *handoffs[HANDOFFS];
    Lienthong__V1__Facts facts[HANDOFFS];
    Lienthong__V1__SaidView says[HANDOFFS];
    struct paper_said said[HANDOFFS];
    Lienthong__V1__Component component, *components[1];
    Lienthong__V1__ComponentName name, *names[1];
    Lienthong__V1__BranchView branch, *branches[1];
    Lienthong__V1__MoneyView money, *moneys[1];
    Lienthong__V1__DossierView dossier;
    struct paper_source source;
};

static const struct paper_agency agencies[] = {
    { "H29.07.00", "Bộ phận Tiếp nhận và Trả kết quả, Quận 7" },
    { "H29.07.01", "Ủy ban nhân dân phường Tân Phong" },
    { "G12.29.07", "Chi cục Thuế Quận 7" },
};
static uint8_t hash[4] = { 0xAB, 0xCD, 0xEF, 0x01 };

static void handoff(struct fixture *fixture, unsigned index, uint32_t kind, const char *from, const char *to,
                    const char *when, uint64_t parent)
{
    Lienthong__V1__HandoffView *view = &fixture->views[index];
    Lienthong__V1__SaidView *says = &fixture->says[index];

    lienthong__v1__handoff_view__init(view);
    lienthong__v1__facts__init(&fixture->facts[index]);
    lienthong__v1__said_view__init(says);
    view->handoff_id = 100 + index;
    view->kind = kind;
    view->sender = (char *)(uintptr_t)from;
    view->recipient = (char *)(uintptr_t)to;
    view->dossier_code = "H29.07-230425-0001";
    view->procedure_code = "1.001193";
    view->step = "register";
    view->state = STATE_DELIVERED;
    view->parent_id = parent;
    view->content_hash = (ProtobufCBinaryData){ sizeof hash, hash };
    view->accepted_ms = AT(when) + 2000;
    view->changed_ms = AT(when) + 180000;
    says->handoff_id = view->handoff_id;
    says->source_time_ms = AT(when);
    says->procedure_name = "Đăng ký khai sinh";
    says->components = fixture->names;
    says->n_components = 1;
    fixture->handoffs[index] = view;
    fixture->said[index] = (struct paper_said){ says, &fixture->facts[index] };
}

static void words(struct fixture *fixture, unsigned index, const char *type, const char *payload)
{
    fixture->says[index].content_type = (char *)(uintptr_t)type;
    fixture->says[index].payload = (ProtobufCBinaryData){ strlen(payload), (uint8_t *)(uintptr_t)payload };
    fixture->says[index].opened = 1;
}

static void fill_dossier(struct fixture *fixture)
{
    Lienthong__V1__DossierView *dossier = &fixture->dossier;

    lienthong__v1__branch_view__init(&fixture->branch);
    fixture->branch.handoff_id = 100;
    fixture->branch.receipt_ms = AT("2023-04-25 09:30");
    fixture->branch.due_ms = AT("2023-04-27 17:00");
    fixture->branches[0] = &fixture->branch;
    lienthong__v1__money_view__init(&fixture->money);
    fixture->money.component = "LP";
    fixture->money.owed = fixture->money.paid = 8000;
    fixture->moneys[0] = &fixture->money;
    lienthong__v1__dossier_view__init(dossier);
    dossier->code = "H29.07-230425-0001";
    dossier->opener = "H29.07.00";
    dossier->owner = "H29.07.01";
    dossier->procedure_code = "1.001193";
    dossier->channel = 1;
    dossier->received_ms = AT("2023-04-25 08:15");
    dossier->due_ms = AT("2023-04-28 11:00");
    dossier->due_source = DUE_ONE_STOP;
    dossier->due_by = "H29.07.00";
    dossier->status = STATUS_DONE;
    dossier->status_ms = AT("2023-04-28 10:30");
    dossier->branches = fixture->branches;
    dossier->n_branches = 1;
    dossier->money = fixture->moneys;
    dossier->n_money = 1;
}

static void fill_handoffs(struct fixture *fixture)
{
    const char *stop = "H29.07.00", *ward = "H29.07.01", *tax = "G12.29.07";

    handoff(fixture, FORWARD, KIND_FORWARD, stop, ward, "2023-04-25 08:40", 0);
    handoff(fixture, TAX, KIND_FORWARD, stop, tax, "2023-04-25 08:41", 0);
    handoff(fixture, ASKED, KIND_SUPPLEMENT_REQUEST, ward, stop, "2023-04-25 14:05", 100);
    handoff(fixture, APOLOGY, KIND_APOLOGY, ward, stop, "2023-04-27 15:00", 100);
    handoff(fixture, SENT_BACK, KIND_SEND_BACK, tax, stop, "2023-04-27 15:10", 101);
    handoff(fixture, RESULT, KIND_RESULT, ward, stop, "2023-04-28 10:30", 100);
    handoff(fixture, REFUSAL, KIND_REFUSAL, ward, stop, "2023-04-28 10:31", 100);
    handoff(fixture, STOP, KIND_STOP, ward, stop, "2023-04-28 10:32", 100);
    fixture->facts[FORWARD].officer_from = "CB-MC-01";
    fixture->facts[FORWARD].components = fixture->components;
    fixture->facts[FORWARD].n_components = 1;
    fixture->views[FORWARD].due_ms = AT("2023-04-28 11:00");
    fixture->views[TAX].due_ms = AT("2023-04-27 17:00");
    fixture->views[TAX].step = "";
    fixture->facts[ASKED].officer_from = "CB-TP-07";
    fixture->facts[ASKED].answer_by_ms = AT("2023-05-05 17:00");
    fixture->facts[APOLOGY].officer_from = "LD-TP-01";
    fixture->facts[APOLOGY].reason_code = "cho-xac-minh";
    fixture->facts[APOLOGY].due_ms = AT("2023-05-04 11:00");
    fixture->facts[RESULT].officer_from = "CB-TP-07";
    fixture->facts[RESULT].components = fixture->components;
    fixture->facts[RESULT].n_components = 1;
}

static void fixture_init(struct fixture *fixture, enum paper_kind kind)
{
    *fixture = (struct fixture){ 0 };
    lienthong__v1__component__init(&fixture->component);
    fixture->component.code = "TK-01";
    fixture->component.copies = 1;
    fixture->component.digitised = true;
    fixture->components[0] = &fixture->component;
    lienthong__v1__component_name__init(&fixture->name);
    fixture->name.code = "TK-01";
    fixture->name.name = "Tờ khai đăng ký khai sinh";
    fixture->names[0] = &fixture->name;
    fill_handoffs(fixture);
    fill_dossier(fixture);
    words(fixture, ASKED, "application/vnd.lienthong.supplement+json",
          "{\"items\":[{\"component\":\"TK-01\",\"field\":\"ngay_sinh\",\"wrong\":\"Ngày sinh sau ngày nộp hồ sơ.\","
          "\"wanted\":\"Ghi theo giấy chứng sinh.\"},{\"component\":\"GCS\",\"wrong\":\"Thiếu <trang 2> & dấu.\"}],"
          "\"note\":\"Chỉ cần nộp một lần.\"}");
    words(fixture, APOLOGY, "text/plain", "Phải chờ xác minh nơi sinh.\nĐã gửi văn bản ngày 26/04.");
    words(fixture, REFUSAL, "application/json", "{\"ly_do\":\"Thủ tục này không thuộc thẩm quyền của phường.\"}");
    words(fixture, STOP, "application/pdf", "%PDF-1.7");
    fixture->source = (struct paper_source){
        .kind = kind, .now_ms = AT("2023-05-03 16:00"), .by = "uid:1000", .dossier = &fixture->dossier,
        .handoffs = fixture->handoffs, .said = fixture->said, .handoff_count = HANDOFFS, .agencies = agencies,
        .agency_count = sizeof agencies / sizeof *agencies,
    };
}

/* ---- pages as they are kept */

static char page[PAGE_BYTES_MAX];

static const char *page_of(enum paper_kind kind, const json_t *paper)
{
    FILE *out = fmemopen(page, sizeof page, "w");
    assert_non_null(out);
    paper_html(out, kind, paper);
    assert_int_equal(fflush(out), 0);
    assert_int_equal(ferror(out), 0);
    assert_int_equal(fclose(out), 0);
    assert_null(strstr(page, "{{"));
    const char *body = strstr(page, "<body");
    assert_non_null(body);
    return body;
}

static void as_kept(enum paper_kind kind, json_t *paper)
{
    char path[200];
    struct text text = text_of(path, sizeof path);
    const char *body = page_of(kind, paper);
    size_t size = 0;

    text_add(&text, "tests/unit/data/paper/%s.html", paper_infos[kind].word);
    if (getenv("PAPER_WRITE")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(body, file);
        assert_int_equal(fclose(file), 0);
    }
    char *kept = cli_read_file(path, PAGE_BYTES_MAX, &size);
    assert_non_null(kept);
    assert_string_equal(body, kept);
    free(kept);
    json_decref(paper);
}

static void each_page_is_as_it_was_read(void **state)
{
    static const unsigned wanted[PAPER_END] = {
        [PAPER_SUPPLEMENT] = ASKED, [PAPER_REFUSAL] = REFUSAL, [PAPER_APOLOGY] = APOLOGY, [PAPER_STOP] = STOP,
        [PAPER_SLIP] = FORWARD, [PAPER_RESULT] = RESULT, [PAPER_RECEIPT] = FORWARD,
    };
    const char *why_vi, *why_en;
    struct fixture fixture;

    (void)state;
    for (enum paper_kind kind = 1; kind < PAPER_REGISTER; kind++) {
        fixture_init(&fixture, kind);
        fixture.source.main = paper_choose(&fixture.source, 0, &why_vi, &why_en);
        assert_int_equal(fixture.source.main, wanted[kind]);
        as_kept(kind, paper_json(&fixture.source));
    }
}

static void the_register_is_as_it_was_read(void **state)
{
    struct fixture fixture;
    struct register_source source = {
        .now_ms = AT("2025-07-02 16:00"), .from_ms = AT("2025-06-30"), .to_ms = AT("2025-07-02"), .by = "uid:1000",
        .agency = agencies[1], .agencies = agencies, .agency_count = 3,
    };
    json_t *rows = json_array();

    (void)state;
    fixture_init(&fixture, PAPER_REGISTER);
    json_array_append_new(rows, register_row(&source, 1, &fixture.views[FORWARD], &fixture.dossier));
    json_array_append_new(rows, register_row(&source, 2, &fixture.views[TAX], NULL));
    as_kept(PAPER_REGISTER, register_json(&source, rows));
}

/* ---- which handoff */

static size_t chosen(struct fixture *fixture, uint64_t id)
{
    const char *vi = "", *en = "";
    size_t found = paper_choose(&fixture->source, id, &vi, &en);
    assert_true(found != PAPER_NOTHING || (vi[0] && en[0]));
    return found;
}

static void a_draft_is_no_apology(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_APOLOGY);
    fixture.facts[APOLOGY].officer_from = "";
    assert_int_equal(chosen(&fixture, 0), PAPER_NOTHING);
    fixture.facts[APOLOGY].officer_from = "LD-TP-01";
    fixture.facts[APOLOGY].due_ms = 0;
    assert_int_equal(chosen(&fixture, 0), PAPER_NOTHING);
    fixture.said[APOLOGY].facts = NULL;
    assert_int_equal(chosen(&fixture, 0), PAPER_NOTHING);
}

static void what_stands_is_chosen_before_what_was_closed(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_REFUSAL);
    assert_int_equal(chosen(&fixture, 0), REFUSAL);
    fixture.views[STOP].kind = KIND_REFUSAL;
    assert_int_equal(chosen(&fixture, 0), STOP);
    fixture.views[STOP].state = STATE_CLOSED;
    assert_int_equal(chosen(&fixture, 0), REFUSAL);
    assert_int_equal(chosen(&fixture, 100 + STOP), STOP);
    assert_int_equal(chosen(&fixture, 100 + RESULT), PAPER_NOTHING);
    fixture.views[STOP].kind = fixture.views[REFUSAL].kind = KIND_PROGRESS;
    assert_int_equal(chosen(&fixture, 0), PAPER_NOTHING);
    fixture.views[TAX].verdict = VERDICT_REFUSED;
    fixture.views[TAX].answer = ANSWER_REFUSED;
    assert_int_equal(chosen(&fixture, 0), TAX);
}

/* ---- what the gateway knows and no handoff says */

static const char *text_at(const json_t *paper, const char *object, const char *key)
{
    return json_string_value(json_object_get(json_object_get(paper, object), key));
}

static void the_citizen_reads_by_when(void **state)
{
    Lienthong__V1__AskedView asked = LIENTHONG__V1__ASKED_VIEW__INIT, *all[] = { &asked };
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_SUPPLEMENT);
    fixture.source.main = ASKED;
    asked.handoff_id = 100 + ASKED;
    asked.answer_by_ms = AT("2023-05-08 14:05");
    fixture.dossier.asked = all;
    fixture.dossier.n_asked = 1;
    json_t *paper = paper_json(&fixture.source);                /* its agency's own word first */
    assert_string_equal(text_at(paper, "answer_by", "date"), "05/05/2023");
    json_decref(paper);
    fixture.facts[ASKED].answer_by_ms = 0;
    paper = paper_json(&fixture.source);
    assert_string_equal(text_at(paper, "answer_by", "text"), "14 giờ 05, ngày 08/05/2023");
    json_decref(paper);
    asked.handoff_id = 100 + STOP;
    paper = paper_json(&fixture.source);
    assert_true(json_is_null(json_object_get(paper, "answer_by")));
    json_decref(paper);
}

/* A receipt shows a date: where the one-stop gave none it must say how it came about, and that it has moved. */
static void a_moved_date_says_so(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_RECEIPT);
    fixture.dossier.due_source = DUE_COMPUTED;
    json_t *paper = paper_json(&fixture.source);
    assert_null(strstr(json_string_value(json_object_get(paper, "due_source")), "tạm dừng"));
    json_decref(paper);
    fixture.dossier.paused_ms = 1;
    paper = paper_json(&fixture.source);
    assert_non_null(strstr(json_string_value(json_object_get(paper, "due_source")), "tạm dừng"));
    json_decref(paper);
}

static const json_t *hop(const json_t *paper, size_t index)
{
    return json_array_get(json_object_get(paper, "hops"), index);
}

/* Whoever waits for the citizen is not late with it. */
static void nobody_is_late_while_the_clock_stands(void **state)
{
    struct fixture fixture;
    struct register_source source = {
        .now_ms = AT("2025-07-02 16:00"), .from_ms = AT("2025-06-30"), .to_ms = AT("2025-07-02"), .by = "uid:1000",
        .agency = agencies[1], .agencies = agencies, .agency_count = 3,
    };

    (void)state;
    for (int stands = 0; stands < 2; stands++) {
        fixture_init(&fixture, PAPER_SLIP);
        fixture.dossier.status = STATUS_SUPPLEMENT;
        fixture.dossier.standing_since_ms = stands;
        fixture.source.handoff_count = 1;
        json_t *paper = paper_json(&fixture.source);
        json_t *row = register_row(&source, 1, &fixture.views[FORWARD], &fixture.dossier);
        const char *outcome = json_string_value(json_object_get(hop(paper, 0), "outcome"));
        assert_string_equal(outcome, stands ? "open" : "open-late");
        assert_int_equal(json_is_true(json_object_get(row, "open_late")), !stands);
        json_decref(paper);
        json_decref(row);
    }
}

/* The tax office's step waits for the ward's: nobody has handed it over, nor is the ward's officer theirs. */
static void a_step_that_waits_is_not_on_its_way(void **state)
{
    Lienthong__V1__StepView ward = LIENTHONG__V1__STEP_VIEW__INIT, tax = LIENTHONG__V1__STEP_VIEW__INIT;
    Lienthong__V1__StepView *steps[] = { &ward, &tax };
    Lienthong__V1__FlowView flow = LIENTHONG__V1__FLOW_VIEW__INIT;
    char *waits_for[] = { "register" };
    uint32_t after[] = { 0 };
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_SLIP);
    fixture.facts[FORWARD].officer_to = fixture.facts[TAX].officer_to = "CB-TP-07";
    fixture.views[TAX].state = STATE_HELD;
    fixture.views[SENT_BACK].parent_id = 0;
    ward.handoff_id = 100 + FORWARD;
    tax.handoff_id = 100 + TAX;
    tax.after = after;
    tax.n_after = tax.n_waits_for = 1;
    tax.waits_for = waits_for;
    flow.steps = steps;
    flow.n_steps = 2;
    fixture.dossier.flow = &flow;
    json_t *paper = paper_json(&fixture.source);
    assert_string_equal(text_at(hop(paper, 0), "given", "time"), "08:40");
    assert_string_equal(json_string_value(json_object_get(hop(paper, 0), "officer_to")), "CB-TP-07");
    assert_true(json_is_null(json_object_get(hop(paper, 1), "given")));
    assert_true(json_is_null(json_object_get(hop(paper, 1), "due")));
    assert_string_equal(json_string_value(json_object_get(hop(paper, 1), "officer_to")), "");
    assert_string_equal(json_string_value(json_object_get(hop(paper, 1), "outcome_vi")), "");
    assert_string_equal(json_string_value(json_object_get(hop(paper, 1), "note")), "Chưa chuyển: chờ bước trước");
    (void)page_of(PAPER_SLIP, paper);
    json_decref(paper);

    ward.ended_by = 100 + RESULT;                               /* and then it was handed over, with that */
    tax.n_waits_for = 0;
    fixture.views[TAX].state = STATE_DELIVERED;
    paper = paper_json(&fixture.source);
    assert_string_equal(text_at(hop(paper, 1), "given", "text"), "10 giờ 30, ngày 28/04/2023");
    assert_string_equal(json_string_value(json_object_get(hop(paper, 1), "officer_to")), "");
    assert_string_equal(text_at(hop(paper, 1), "due", "date"), "27/04/2023");
    json_decref(paper);
}

/* Whoever reads a paper is shown what a step is called; a step without a title, its name. */
static void a_step_has_its_title(void **state)
{
    Lienthong__V1__StepView ward = LIENTHONG__V1__STEP_VIEW__INIT, *steps[] = { &ward };
    Lienthong__V1__FlowView flow = LIENTHONG__V1__FLOW_VIEW__INIT;
    struct fixture fixture;

    (void)state;
    for (int known = 0; known < 3; known++) {
        const char *title = known ? "Đăng ký khai sinh" : "register";
        fixture_init(&fixture, PAPER_RESULT);
        ward.name = "register";
        ward.title = known == 1 ? "Đăng ký khai sinh" : "";
        flow.steps = steps;
        flow.n_steps = 1;
        fixture.dossier.flow = known == 1 ? &flow : NULL;       /* of its flow, or of what the sender has named */
        fixture.branch.step = "register";
        fixture.branch.step_title = known == 2 ? "Đăng ký khai sinh" : "";
        fixture.source.main = RESULT;
        json_t *paper = paper_json(&fixture.source);
        assert_string_equal(json_string_value(json_object_get(paper, "step")), "register");
        assert_string_equal(json_string_value(json_object_get(paper, "step_title")), title);
        const char *body = page_of(PAPER_RESULT, paper);
        assert_non_null(strstr(body, known ? "; bước: Đăng ký khai sinh<" : "; bước: register<"));
        json_decref(paper);
        fixture.source.kind = PAPER_SLIP;
        fixture.source.main = FORWARD;
        paper = paper_json(&fixture.source);
        assert_string_equal(json_string_value(json_object_get(hop(paper, 0), "step_title")), title);
        body = page_of(PAPER_SLIP, paper);
        assert_non_null(strstr(body, known ? "(Đăng ký khai sinh)" : "(register)"));
        assert_true(!known || !strstr(body, "register"));
        json_decref(paper);
    }
}

/* ---- words */

static json_t *words_of(struct fixture *fixture, const char *type, const char *payload, size_t size)
{
    fixture->says[REFUSAL].content_type = (char *)(uintptr_t)type;
    fixture->says[REFUSAL].payload = (ProtobufCBinaryData){ size, (uint8_t *)(uintptr_t)payload };
    return paper_words(&fixture->says[REFUSAL], "phường");
}

static void any_payload_is_survived(void **state)
{
    static const char hostile[] = "a\0b\xFF\xE1\xBB\r\nc\u202E";
    static char deep[4000], big[20000];
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, PAPER_REFUSAL);
    json_t *told = words_of(&fixture, "text/plain; charset=utf-8", hostile, sizeof hostile - 1);
    assert_string_equal(json_string_value(json_object_get(told, "text")), "a\uFFFDb\uFFFD\uFFFD\uFFFD\nc\uFFFD");
    json_decref(told);
    memset(deep, '[', sizeof deep);
    memset(big, 'x', sizeof big);
    told = words_of(&fixture, "application/json", deep, sizeof deep);
    assert_non_null(json_object_get(told, "missing"));
    json_decref(told);
    told = words_of(&fixture, "text/plain", big, sizeof big);
    assert_true(json_string_length(json_object_get(told, "text")) < 6100);
    json_decref(told);
    static const char items[] = "{\"items\":[1,null,{\"wrong\":{}},{\"component\":7,\"wanted\":\"x\"}],\"note\":[]}";
    told = words_of(&fixture, "application/vnd.lienthong.supplement+json", items, sizeof items - 1);
    assert_int_equal(json_array_size(json_object_get(told, "items")), 4);
    assert_null(json_object_get(told, "note"));
    json_decref(told);
    told = words_of(&fixture, "application/json", "{\"a\":1}", 7);
    assert_non_null(strstr(json_string_value(json_object_get(told, "missing")), "106"));
    json_decref(told);
    fixture.says[REFUSAL].purged = true;
    told = words_of(&fixture, "", "", 0);
    assert_non_null(strstr(json_string_value(json_object_get(told, "missing")), "thời hạn lưu"));
    json_decref(told);
}

/* Nothing known but handoffs, everything purged: the papers are there, with more to fill in. */
static void papers_of_a_bare_dossier(void **state)
{
    struct fixture fixture;

    (void)state;
    for (enum paper_kind kind = 1; kind < PAPER_REGISTER; kind++) {
        fixture_init(&fixture, kind);
        fixture.source.dossier = NULL;
        fixture.source.main = chosen(&fixture, 0);
        assert_int_not_equal(fixture.source.main, PAPER_NOTHING);
        for (unsigned i = 0; i < HANDOFFS && kind != PAPER_APOLOGY; i++) {
            fixture.said[i].facts = NULL;
            fixture.says[i].payload = (ProtobufCBinaryData){ 0 };
            fixture.says[i].purged = true;
        }
        json_t *paper = paper_json(&fixture.source);
        assert_non_null(paper);
        assert_non_null(strstr(page_of(kind, paper), "class=\"dots"));
        json_decref(paper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_page_is_as_it_was_read), cmocka_unit_test(the_register_is_as_it_was_read),
        cmocka_unit_test(a_draft_is_no_apology), cmocka_unit_test(what_stands_is_chosen_before_what_was_closed),
        cmocka_unit_test(the_citizen_reads_by_when), cmocka_unit_test(a_moved_date_says_so),
        cmocka_unit_test(a_step_that_waits_is_not_on_its_way),
        cmocka_unit_test(a_step_has_its_title),
        cmocka_unit_test(nobody_is_late_while_the_clock_stands),
        cmocka_unit_test(any_payload_is_survived),
        cmocka_unit_test(papers_of_a_bare_dossier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
