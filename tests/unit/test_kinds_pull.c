/* Polls: what is asked, what a page becomes, and that nothing is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kinds_play.h"

static struct scratch scratch;
static struct adapter_config *paged, *each, *bare, *asking;

#define REST "    dialect: rest\n    base_url: https://a.example.vn/api\n    paths: { create: /h }\n"

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    agency_files(&scratch);
    paged = agency_of(&scratch, REST
        "    auth: { kind: header, name: X-Api-Key, value_file: keys/secret }\n"
        "    pull:\n      path: /outbox?limit=100\n      items: /data/items\n      next: /data/next\n"
        "      item:\n        kind: { at: /type, words: { ketqua: RESULT, tiendo: PROGRESS } }\n"
        "        source_key: /id\n        source_time: { at: /at, format: \"dd/MM/yyyy HH:mm:ss\" }\n"
        "        dossier_code: /maHoSo\n        parent: /key\n        procedure_code: /maTTHC\n        step: /step\n"
        "        recipient: /to\n        status: /trangThai\n        payload: /data\n        reason: /lyDo\n"
        "        components: /giayTo\n");
    each = agency_of(&scratch, REST
        "    pull:\n      path: /outbox\n      cursor_query: sau\n"
        "      item: { kind: RESULT, source_key: /id, source_time: /at, dossier_code: /maHoSo, recipient: /to,\n"
        "              components: [health-card, receipt], cursor: /seq }\n");
    bare = agency_of(&scratch, REST
        "    pull:\n      path: /outbox\n      next: /next\n      items: /items\n"
        "      item: { kind: RESULT, source_key: /id, source_time: { at: /at, format: ms }, dossier_code: /maHoSo,\n"
        "              recipient: /to, cursor: /seq }\n");
    asking = agency_of(&scratch, REST
        "    pull:\n      path: /outbox\n      next: /next\n      items: /items\n"
        "      item:\n        kind: { at: /type, words: { bosung: SUPPLEMENT_REQUEST, xinloi: APOLOGY } }\n"
        "        source_key: /id\n        source_time: /at\n        dossier_code: /maHoSo\n        parent: /key\n"
        "        reason: /lyDo\n        payload: /loi\n        officer: /nguoiKy\n        due: /henLai\n"
        "        answer_by: { at: /han, format: \"dd/MM/yyyy HH:mm\" }\n"
        "        asks: { items: /thieu, component: /ma, field: /truong, wrong: /sai, wanted: /can, note: /ghiChu }\n");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    adapter_config_free(paged);
    adapter_config_free(each);
    adapter_config_free(bare);
    adapter_config_free(asking);
    scratch_done(&scratch);
    return 0;
}

static struct pull_page page;
static struct judgement why;

static bool read_page(const struct adapter_config *config, int http, const char *body)
{
    struct http_answer answer = { http, span_of_string(body), false, -1 };
    pull_page_done(&page);
    return pull_read(&config->agencies[0], "hcm", &answer, &page, &why);
}

static struct span cursor_of(const struct pull_item *item)
{
    return span_of(item->cursor, item->cursor_bytes);
}
#define assert_cursor(span, text) assert_true(span_equal(span, span_of_string(text)))

/* ---------------------------------------------------------------- asking */

static void requests(void **state)
{
    (void)state;
    const struct credentials credentials = { .secret = "s3cret" };
    struct request request;
    assert_true(pull_request(&paged->agencies[0], span_of_string(""), &credentials, &request, &why));
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.url, "https://a.example.vn/api/outbox?limit=100");
    assert_string_equal(request_find(&request, "X-Api-Key"), "s3cret");
    assert_null(request.body);
    request_wipe(&request);
    assert_true(pull_request(&paged->agencies[0], span_of_string("a b&c=ồ\r\nX: y"), &credentials, &request, &why));
    assert_string_equal(request.url,
                        "https://a.example.vn/api/outbox?limit=100&after=a%20b%26c%3D%E1%BB%93%0D%0AX%3A%20y");
    request_wipe(&request);
    assert_true(pull_request(&each->agencies[0], span_of_string("7"), &credentials, &request, &why));
    assert_string_equal(request.url, "https://a.example.vn/api/outbox?sau=7");
    request_wipe(&request);
    assert_false(pull_request(&each->agencies[0], span_of("a\0b", 3), &credentials, &request, &why));
    assert_int_equal(why.verdict, VERDICT_MISCONFIGURED);
    assert_true(why.never_sent);
}

/* ---------------------------------------------------------------- pages */

#define ITEM(id, type, more) "{\"id\":" id ",\"type\":\"" type "\",\"at\":\"04/03/2026 09:30:00\"," \
                             "\"maHoSo\":\"" HANDED_CODE "\",\"key\":\"" HANDED_KEY "\"," \
                             "\"data\":{\"so\":\"12\"}" more "}"
#define PAGE(items, next)    "{\"data\":{\"items\":[" items "],\"next\":" next "}}"

static void a_page(void **state)
{
    (void)state;
    assert_true(read_page(paged, 200, PAGE(ITEM("1", "tiendo", ",\"trangThai\":4") ","
                                           ITEM("\"k2\"", "ketqua", ",\"to\":\"H29.07\",\"maTTHC\":\"2.000986\","
                                                "\"step\":\"residence\",\"trangThai\":\"9\""), "\"c-100\"")));
    assert_false(page.stopped);
    assert_int_equal(page.count, 2);
    const struct pull_item *first = &page.items[0], *second = &page.items[1];
    assert_int_equal(first->kind, KIND_PROGRESS);
    assert_int_equal(second->kind, KIND_RESULT);
    assert_int_equal(first->parent, 77);
    assert_int_equal(first->status, 4);
    assert_int_equal(second->status, 9);
    assert_int_equal(first->source_time_ms, 1772591400000);
    assert_string_equal(first->dossier_code, HANDED_CODE);
    assert_string_equal(first->recipient, "");
    assert_string_equal(second->recipient, "H29.07");
    assert_string_equal(second->procedure_code, "2.000986");
    assert_string_equal(second->step, "residence");
    assert_string_equal(first->payload, "{\"so\":\"12\"}");
    assert_int_equal(first->payload_bytes, strlen(first->payload));
    /* The page's cursor moves with its last item, not before. */
    assert_int_equal(first->cursor_bytes, 0);
    assert_cursor(cursor_of(second), "c-100");
    assert_int_equal(page.cursor_bytes, 0);

    /* An empty page may still move on; then the cursor goes alone. */
    assert_true(read_page(paged, 200, PAGE("", "101")));
    assert_int_equal(page.count, 0);
    assert_cursor(span_of(page.cursor, page.cursor_bytes), "101");
    assert_true(read_page(paged, 200, PAGE("", "null")));
    assert_int_equal(page.cursor_bytes, 0);
    assert_true(read_page(paged, 204, ""));
    assert_int_equal(page.count, 0);
    assert_false(page.stopped);
}

static void cursors_of_items(void **state)
{
    (void)state;
    assert_true(read_page(each, 200,
        "[{\"id\":1,\"at\":\"2026-03-04\",\"maHoSo\":\"A-1\",\"to\":\"H29\",\"seq\":11},"
        "{\"id\":2,\"at\":\"2026-03-04T09:30:00+07:00\",\"maHoSo\":\"A-2\",\"to\":\"H29\",\"seq\":\"12\"}]"));
    assert_int_equal(page.count, 2);
    assert_cursor(cursor_of(&page.items[0]), "11");
    assert_cursor(cursor_of(&page.items[1]), "12");
    assert_non_null(strstr(page.items[0].payload, "\"seq\":11"));           /* the whole item */
    /* An item's own cursor outranks the page's; where the last has none, the page's goes with it. */
    assert_true(read_page(bare, 200, "{\"next\":\"p\",\"items\":["
        "{\"id\":1,\"at\":1,\"maHoSo\":\"A\",\"to\":\"H\",\"seq\":1},"
        "{\"id\":2,\"at\":1772591400000,\"maHoSo\":\"A\",\"to\":\"H\"}]}"));
    assert_cursor(cursor_of(&page.items[0]), "1");
    assert_cursor(cursor_of(&page.items[1]), "p");
    assert_true(read_page(bare, 200, "{\"next\":\"p\",\"items\":["
        "{\"id\":1,\"at\":1,\"maHoSo\":\"A\",\"to\":\"H\",\"seq\":1}]}"));
    assert_cursor(cursor_of(&page.items[0]), "1");
}

/* The same item always gets the same message id; another key, time or agency another one. */
static void message_ids(void **state)
{
    (void)state;
    assert_true(read_page(paged, 200, PAGE(ITEM("1", "tiendo", ""), "1")));
    struct uuid id = page.items[0].message_id;
    assert_int_equal(uuid_version(&id), 8);
    assert_int_equal(uuid_time_ms(&id), 1772591400000);
    assert_true(read_page(paged, 200, PAGE(ITEM("2", "tiendo", "") "," ITEM("1", "ketqua", ",\"x\":1"), "2")));
    assert_true(uuid_equal(&id, &page.items[1].message_id));
    assert_false(uuid_equal(&id, &page.items[0].message_id));
    struct agency_config other = paged->agencies[0];
    struct http_answer answer = { 200, span_of_string(PAGE(ITEM("1", "tiendo", ""), "1")), false, -1 };
    memcpy(other.code, "H29.07.31", 10);
    struct pull_page theirs;
    assert_true(pull_read(&other, "hcm", &answer, &theirs, &why));
    assert_false(uuid_equal(&id, &theirs.items[0].message_id));
    pull_page_done(&theirs);
    pull_page_done(&theirs);                        /* takes one that was done */
}

/* What cannot be read stops its page there: before it everything is taken, behind it nothing, and the cursor stays. */
static void unreadable_items(void **state)
{
    (void)state;
    static const struct { const char *item, *fingerprint, *field; } bad[] = {
        { ITEM("2", "laoi", ""), "pull-kind", "/type" },
        { "7", "pull-kind", "/type" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"key\":\"" HANDED_KEY "\",\"data\":1}",
          "pull-dossier-code", "/maHoSo" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"2026-03-04\",\"key\":\"" HANDED_KEY "\",\"maHoSo\":\"A\",\"data\":1}",
          "pull-source-time", "/at" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"01/01/0001 00:00:00\",\"key\":\"" HANDED_KEY "\",\"maHoSo\":\"A\","
          "\"data\":1}", "pull-source-time", "/at" },
        { "{\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"key\":\"" HANDED_KEY "\",\"maHoSo\":\"A\",\"data\":1}",
          "pull-source-key", "/id" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"key\":\"other-4d\",\"maHoSo\":\"A\","
          "\"data\":1}", "pull-parent", "/key" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"maHoSo\":\"A\",\"data\":1}", "pull-parent",
          "/key" },
        { "{\"id\":2,\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"key\":\"" HANDED_KEY "\",\"maHoSo\":\"A\"}",
          "pull-payload", "/data" },
        { ITEM("2", "ketqua", ",\"trangThai\":11"), "pull-status", "/trangThai" },
        { ITEM("2", "ketqua", ",\"trangThai\":\"xong\""), "pull-status", "/trangThai" },
        { ITEM("2", "ketqua", ",\"trangThai\":-1"), "pull-status", "/trangThai" },
        { ITEM("2", "ketqua", ",\"step\":{}"), "pull-step", "/step" },
        { ITEM("2", "ketqua", ",\"to\":\"01234567890123456789012345678901234567890123456789\""), "pull-recipient",
          "/to" },
        { ITEM("2", "ketqua", ",\"maTTHC\":[1]"), "pull-procedure-code", "/maTTHC" },
        { ITEM("2", "ketqua", ",\"lyDo\":{}"), "pull-reason", "/lyDo" },
        { ITEM("2", "ketqua", ",\"giayTo\":[\"KS\",\"\"]"), "pull-components", "/giayTo" },
        { ITEM("2", "ketqua", ",\"giayTo\":{}"), "pull-components", "/giayTo" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char body[2000];
        struct text text = text_of(body, sizeof body);
        text_add(&text, PAGE("%s,%s,%s", "\"c\""), ITEM("1", "tiendo", ""), bad[i].item, ITEM("3", "tiendo", ""));
        assert_true(read_page(paged, 200, body));
        if (!page.stopped || page.count != 1 || strcmp(page.why.fingerprint, bad[i].fingerprint)
            || strcmp(page.why.field, bad[i].field))
            fail_msg("%s: %zu items, %s at %s", bad[i].item, page.count, page.why.fingerprint, page.why.field);
        assert_int_equal(page.why.verdict, VERDICT_BAD_DATA);
        assert_non_null(strstr(page.why.reason, "item 2"));
        assert_int_equal(page.items[0].cursor_bytes, 0);
        assert_int_equal(page.cursor_bytes, 0);
    }
    /* The very first one: an empty page that stopped. */
    assert_true(read_page(paged, 200, PAGE("{}", "\"c\"")));
    assert_true(page.stopped);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.cursor_bytes, 0);
    /* A cursor that cannot be read. */
    assert_true(read_page(paged, 200, PAGE(ITEM("1", "tiendo", ""), "{}")));
    assert_true(page.stopped);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.why.fingerprint, "pull-cursor");
    char *long_cursor = malloc(4096);
    struct text text = text_of(long_cursor, 4096);
    text_add(&text, "[{\"id\":1,\"at\":\"2026-03-04\",\"maHoSo\":\"A-1\",\"to\":\"H29\",\"seq\":\"%0*d\"}]",
             CURSOR_VALUE_BYTES_MAX + 1, 7);
    assert_true(read_page(each, 200, long_cursor));
    assert_string_equal(page.why.fingerprint, "pull-cursor");
    text = text_of(long_cursor, 4096);
    text_add(&text, "[{\"id\":1,\"at\":\"2026-03-04\",\"maHoSo\":\"A-1\",\"to\":\"H29\",\"seq\":\"%0*d\"}]",
             CURSOR_VALUE_BYTES_MAX, 7);
    assert_true(read_page(each, 200, long_cursor));
    assert_false(page.stopped);
    assert_int_equal(page.items[0].cursor_bytes, CURSOR_VALUE_BYTES_MAX);
    free(long_cursor);
}

static void no_pages(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "{}", "{\"data\":{\"items\":{}}}", "<html>", "{\"data\":", "[]", "\0" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(read_page(paged, 200, bad[i]));
        assert_int_equal(why.verdict, VERDICT_UNKNOWN);
        assert_string_equal(why.fingerprint, "pull-page");
    }
    struct http_answer cut = { 200, span_of_string("[]"), true, -1 };
    assert_false(pull_read(&each->agencies[0], "hcm", &cut, &page, &why));
    char *many = malloc(4 * PULL_ITEMS_MAX + 10);
    struct text text = text_of(many, 4 * PULL_ITEMS_MAX + 10);
    for (int i = 0; i <= PULL_ITEMS_MAX; i++)
        text_add(&text, "%s0", i ? "," : "[");
    text_add(&text, "]");
    assert_false(read_page(each, 200, many));
    assert_string_equal(why.fingerprint, "pull-items");
    free(many);
    /* A payload over the bound stops the page, too. */
    char *large = malloc(BODY_BYTES_MAX + 1000);
    text = text_of(large, BODY_BYTES_MAX + 1000);
    text_add(&text, "[{\"id\":1,\"at\":\"2026-03-04\",\"maHoSo\":\"A-1\",\"to\":\"H29\",\"seq\":1,\"x\":\"%0*d\"}]",
             BODY_BYTES_MAX, 7);
    assert_true(read_page(each, 200, large));
    assert_true(page.stopped);
    assert_string_equal(page.why.fingerprint, "pull-payload");
    free(large);
}

/* ---------------------------------------------------------------- replies and headers */

static void keys_of_ours(void **state)
{
    (void)state;
    static const struct { const char *key; uint64_t id; } samples[] = {
        { "hcm-4d", 77 }, { "hcm-4d-2", 77 }, { "hcm-4d/update", 77 }, { "hcm-4d-2/update", 77 },
        { "hcm-ffffffffffffffff", UINT64_MAX }, { "hcm-0000000000000001", 1 },
        { "hcm-10000000000000000", 0 }, { "hcm-", 0 }, { "hcm", 0 }, { "", 0 }, { "hcm-4D", 0 }, { "hcm-4d-", 0 },
        { "hcm-4d-x", 0 }, { "hcm-4d ", 0 }, { "hcm- 4d", 0 }, { "hcm--4d", 0 }, { "hcmc-4d", 0 }, { "hn-4d", 0 },
        { "hcm-0", 0 }, { "hcm-0x4d", 0 },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (idempotency_key_handoff("hcm", samples[i].key) != samples[i].id)
            fail_msg("%s gave %llu", samples[i].key,
                     (unsigned long long)idempotency_key_handoff("hcm", samples[i].key));
}

static void headers(void **state)
{
    (void)state;
    uint8_t packed[HEADER_BYTES_MAX];
    size_t size = 0;
    assert_true(read_page(paged, 200, PAGE(ITEM("1", "ketqua", ",\"trangThai\":9,\"to\":\"H29.07\""), "1")));
    assert_int_equal(pull_item_header(&page.items[0], "H29.07.30", packed, sizeof packed, &size), RESULT_OK);
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, size, packed);
    assert_non_null(header);
    assert_int_equal(header->message_id.len, 16);
    assert_memory_equal(header->message_id.data, page.items[0].message_id.bytes, 16);
    assert_string_equal(header->sender, "H29.07.30");
    assert_string_equal(header->recipient, "H29.07");
    assert_string_equal(header->dossier_code, HANDED_CODE);
    assert_int_equal(header->kind, KIND_RESULT);
    assert_int_equal(header->parent, 77);
    assert_int_equal(header->source_time_ms, 1772591400000);
    assert_string_equal(header->content_type, "application/json");
    assert_non_null(header->facts);
    assert_int_equal(header->facts->status, 9);
    lienthong__v1__header__free_unpacked(header, NULL);
    size_t untouched = 5;
    assert_int_equal(pull_item_header(&page.items[0], "H29.07.30", packed, size - 1, &untouched), RESULT_FULL);
    assert_int_equal(untouched, 5);
    assert_int_equal(pull_item_header(&page.items[0], "H29.07.30", packed, size, &untouched), RESULT_OK);
    pull_page_done(&page);
}

/* What a RESULT holds, in the item or always; a reason with whatever has one. */
static void components_and_reasons(void **state)
{
    (void)state;
    uint8_t packed[HEADER_BYTES_MAX];
    size_t size = 0;
    static const char with[] = ",\"giayTo\":[\"birth-certificate\",\"personal-identity-number\"],\"lyDo\":\"R1\"";
    char body[2000];
    struct text text = text_of(body, sizeof body);
    text_add(&text, PAGE("{\"id\":1,\"type\":\"ketqua\",\"at\":\"04/03/2026 09:30:00\",\"key\":\"" HANDED_KEY
                         "\",\"maHoSo\":\"A\",\"data\":1%s}", "1"), with);
    assert_true(read_page(paged, 200, body));
    assert_int_equal(page.count, 1);
    assert_int_equal(pull_item_header(&page.items[0], "H29.07.30", packed, sizeof packed, &size), RESULT_OK);
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, size, packed);
    assert_non_null(header);
    assert_int_equal(header->facts->n_components, 2);
    assert_string_equal(header->facts->components[0]->code, "birth-certificate");
    assert_string_equal(header->facts->components[1]->code, "personal-identity-number");
    assert_string_equal(header->facts->reason_code, "R1");
    lienthong__v1__header__free_unpacked(header, NULL);
    pull_page_done(&page);

    assert_true(read_page(paged, 200, PAGE(ITEM("1", "tiendo", ",\"giayTo\":\"KS\""), "1")));
    assert_int_equal(page.items[0].components.count, 0);            /* only a RESULT holds something */
    pull_page_done(&page);
    assert_true(read_page(paged, 200, PAGE(ITEM("1", "ketqua", ",\"giayTo\":\"KS\""), "1")));
    assert_int_equal(page.items[0].components.count, 1);
    assert_string_equal(page.items[0].components.codes[0], "KS");
    pull_page_done(&page);
    assert_true(read_page(each, 200, "[{\"id\":1,\"at\":\"2026-03-04T09:30:00+07:00\",\"maHoSo\":\"A\","
                                     "\"to\":\"H29.07\",\"seq\":1}]"));
    assert_int_equal(page.items[0].components.count, 2);
    assert_string_equal(page.items[0].components.codes[1], "receipt");
    pull_page_done(&page);
}

/* ---------------------------------------------------------------- asking the citizen, and asking his pardon */

#define ASKING(type, more) "{\"next\":\"1\",\"items\":[{\"id\":1,\"type\":\"" type "\",\"at\":\"2026-03-04\"," \
                           "\"maHoSo\":\"A\",\"key\":\"" HANDED_KEY "\"" more "}]}"

static Lienthong__V1__Header *header_of_first(void)
{
    static uint8_t packed[HEADER_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(page.count, 1);
    assert_int_equal(pull_item_header(&page.items[0], "H29.07.30", packed, sizeof packed, &size), RESULT_OK);
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, size, packed);
    assert_non_null(header);
    return header;
}

static void a_supplement_is_asked_for(void **state)
{
    (void)state;
    assert_true(read_page(asking, 200, ASKING("bosung",
        ",\"han\":\"13/03/2026 17:00\",\"ghiChu\":\"Mang bản chính\",\"thieu\":["
        "{\"ma\":\"GKS\",\"sai\":\"ảnh mờ\",\"can\":\"chụp lại\"},"
        "{\"truong\":\"ngay_sinh\",\"sai\":\"không có ngày này\"},"
        "{\"ma\":\"GKS\",\"truong\":\"so\",\"sai\":\"thiếu số\"}]")));
    Lienthong__V1__Header *header = header_of_first();
    assert_int_equal(header->kind, KIND_SUPPLEMENT_REQUEST);
    assert_string_equal(header->content_type, "application/vnd.lienthong.supplement+json");
    assert_int_equal(header->facts->n_components, 1);               /* each paper once */
    assert_string_equal(header->facts->components[0]->code, "GKS");
    assert_int_equal(header->facts->answer_by_ms, 1773396000000);   /* 2026-03-13 17:00 local time */
    assert_int_equal(header->facts->due_ms, 0);
    assert_string_equal(page.items[0].payload,
        "{\"note\":\"Mang bản chính\",\"items\":[{\"component\":\"GKS\",\"wrong\":\"ảnh mờ\",\"wanted\":\"chụp lại\"},"
        "{\"field\":\"ngay_sinh\",\"wrong\":\"không có ngày này\"},"
        "{\"component\":\"GKS\",\"field\":\"so\",\"wrong\":\"thiếu số\"}]}");
    lienthong__v1__header__free_unpacked(header, NULL);

    static const struct { const char *body, *fingerprint, *field; } bad[] = {
        { ASKING("bosung", ""), "pull-asks", "/thieu" },
        { ASKING("bosung", ",\"thieu\":[]"), "pull-asks", "/thieu" },
        { ASKING("bosung", ",\"thieu\":[{\"ma\":\"GKS\"}]"), "pull-asks", "/thieu" },
        { ASKING("bosung", ",\"thieu\":[{\"sai\":\"mờ\"}]"), "pull-asks", "/thieu" },
        { ASKING("bosung", ",\"thieu\":[7]"), "pull-asks", "/thieu" },
        { ASKING("bosung", ",\"han\":\"mai\",\"thieu\":[{\"ma\":\"A\",\"sai\":\"x\"}]"), "pull-answer-by", "/han" },
        { ASKING("xinloi", ",\"loi\":{},\"henLai\":\"mai\""), "pull-due", "/henLai" },
        { ASKING("xinloi", ",\"loi\":{},\"nguoiKy\":[1]"), "pull-officer", "/nguoiKy" },
        { ASKING("xinloi", ""), "pull-payload", "/loi" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(read_page(asking, 200, bad[i].body));
        assert_true(page.stopped && !page.count);
        assert_string_equal(page.why.fingerprint, bad[i].fingerprint);
        assert_string_equal(page.why.field, bad[i].field);
    }
    pull_page_done(&page);
}

static void an_apology_is_signed(void **state)
{
    (void)state;
    assert_true(read_page(asking, 200, ASKING("xinloi",
        ",\"lyDo\":\"qua-tai\",\"henLai\":\"2026-03-10T16:00:00+07:00\",\"nguoiKy\":\"BHXH7-GD\","
        "\"loi\":{\"reason\":\"máy in thẻ hỏng\"}")));
    Lienthong__V1__Header *header = header_of_first();
    assert_int_equal(header->kind, KIND_APOLOGY);
    assert_int_equal(header->parent, 77);
    assert_string_equal(header->recipient, "");
    assert_string_equal(header->content_type, "application/json");
    assert_int_equal(header->facts->due_ms, 1773133200000);         /* 2026-03-10 16:00 local time */
    assert_string_equal(header->facts->officer_from, "BHXH7-GD");
    assert_string_equal(header->facts->reason_code, "qua-tai");
    assert_string_equal(page.items[0].payload, "{\"reason\":\"máy in thẻ hỏng\"}");
    lienthong__v1__header__free_unpacked(header, NULL);
    pull_page_done(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(a_page), cmocka_unit_test(cursors_of_items),
        cmocka_unit_test(message_ids), cmocka_unit_test(unreadable_items), cmocka_unit_test(no_pages),
        cmocka_unit_test(keys_of_ours), cmocka_unit_test(headers),
        cmocka_unit_test(components_and_reasons), cmocka_unit_test(a_supplement_is_asked_for),
        cmocka_unit_test(an_apology_is_signed),
    };
    return cmocka_run_group_tests_name("kinds: pull", tests, start, stop);
}
