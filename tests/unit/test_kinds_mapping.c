/* Mapping files: what they make of a handoff, what they refuse, and what they never do silently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kinds/mapping.h"
#include "adapters/kinds/pointer.h"
#include "gateway/base/pool.h"
#include "tests/unit/kinds_agency.h"

static struct scratch scratch;

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    scratch_done(&scratch);
    return 0;
}

/* ---------------------------------------------------------------- one mapping, one source */

static struct mapping *mapping_of(const char *text)
{
    struct faults faults;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    struct mapping *mapping = mapping_read(scratch_file(&scratch, "m.yaml", text), "m.yaml", &faults);
    faults_print(&faults);
    assert_non_null(mapping);
    assert_int_equal(faults.count, 0);
    faults_done(&faults);
    return mapping;
}

static struct warnings warnings;
static struct judgement why;

/* The body as text; NULL: refused, see `why`. The caller frees it. */
static char *apply(const char *fields, const char *source)
{
    struct mapping *mapping = mapping_of(fields);
    json_t *json = json_of_bytes(span_of_string(source)), *target = NULL;
    char *body = NULL;
    size_t size;
    assert_non_null(json);
    char *before = json_dumps(json, JSON_COMPACT);
    why = (struct judgement){ 0 };
    if (mapping_apply(mapping, json, &warnings, &target, &why)) {
        assert_int_equal(json_to_body(target, 1 << 20, &body, &size), RESULT_OK);
        assert_int_equal(size, strlen(body));
    } else
        assert_true(why.never_sent);
    json_decref(target);
    char *after = json_dumps(json, JSON_COMPACT);
    assert_string_equal(before, after);             /* a source is only read */
    pool_free(before);
    pool_free(after);
    json_decref(json);
    mapping_free(mapping);
    return body;
}

static void gives(const char *fields, const char *source, const char *expected)
{
    char *body = apply(fields, source);
    if (!body)
        fail_msg("%s refused by %s at %s", source, why.fingerprint, why.field);
    assert_string_equal(body, expected);
    free(body);
}

static void refuses(const char *fields, const char *source, enum verdict verdict, const char *where)
{
    char *body = apply(fields, source);
    if (body)
        fail_msg("%s gave %s", source, body);
    assert_string_equal(verdict_name(why.verdict), verdict_name(verdict));
    assert_string_equal(verdict == VERDICT_BAD_DATA ? why.field : why.value, where);
    assert_int_equal(why.scope, verdict == VERDICT_MISCONFIGURED ? SCOPE_MAPPING : 0);
    assert_true(why.fingerprint[0] && why.reason[0]);
}
#define FIELD(text) "fields:\n  - { " text " }\n"

static void rename_and_constant(void **state)
{
    (void)state;
    gives(FIELD("to: /b, from: /a"), "{\"a\":\"x\"}", "{\"b\":\"x\"}");
    gives(FIELD("to: /b/c/0/d, from: /a/1"), "{\"a\":[1,2.5]}", "{\"b\":{\"c\":[{\"d\":2.5}]}}");
    gives(FIELD("to: /b, from: /a"), "{}", "{}");
    gives("fields:\n  - { to: /x/0, from: /a }\n  - { to: /y/p, from: /a }\n  - { to: /y/q, from: /b }\n",
          "{\"a\":true,\"b\":0}", "{\"x\":[true],\"y\":{\"p\":true,\"q\":0}}");
    /* null, "" and blanks are nothing; 0 and false are something. */
    gives(FIELD("to: /b, from: [/a, /c]"), "{\"a\":null,\"c\":1}", "{\"b\":1}");
    gives(FIELD("to: /b, from: [/a, /c]"), "{\"a\":\" \\t\\n\",\"c\":\"y\"}", "{\"b\":\"y\"}");
    gives(FIELD("to: /b, from: [/a, /c]"), "{\"a\":false,\"c\":1}", "{\"b\":false}");
    gives("fields:\n  - { to: /a, constant: \"2.000986\" }\n  - { to: /b, constant: 7 }\n"
          "  - { to: /c, constant: true }\n  - { to: /d, constant: null }\n  - { to: /e, constant: Tiếng Việt }\n"
          "  - { to: /f, constant: 007 }\n  - { to: /g~1h, constant: \"\" }\n", "{}",
          "{\"a\":\"2.000986\",\"b\":7,\"c\":true,\"d\":null,\"e\":\"Tiếng Việt\",\"f\":\"007\",\"g/h\":\"\"}");
    refuses(FIELD("to: /b, from: /a"), "{\"a\":{}}", VERDICT_BAD_DATA, "/a");
    refuses(FIELD("to: /b, from: /a"), "{\"a\":[1]}", VERDICT_BAD_DATA, "/a");
}

static void required(void **state)
{
    (void)state;
    refuses(FIELD("to: /b, from: [/payload/x, /payload/y], required: true"), "{\"payload\":{\"x\":\" \"}}",
            VERDICT_BAD_DATA, "/payload/x");
    assert_string_equal(why.fingerprint, "missing-payload-x");
    gives(FIELD("to: /b, from: /a, required: true"), "{\"a\":0}", "{\"b\":0}");
    /* The index of an item is part of where, and no part of what the trouble is called. */
    const char *each = "fields:\n  - { to: /l, each: /list, fields: [ { to: /n, from: ./name, required: true } ] }\n";
    refuses(each, "{\"list\":[{\"name\":\"a\"},{},{}]}", VERDICT_BAD_DATA, "/list/1/name");
    assert_string_equal(why.fingerprint, "missing-.-name");
    refuses("fields:\n  - { to: /l, each: /list, required: true, fields: [ { to: /n, from: . } ] }\n", "{\"list\":[]}",
            VERDICT_BAD_DATA, "/list");
}

static void dates(void **state)
{
    (void)state;
    gives(FIELD("to: /b, from: /a, date: { from: ms, to: \"dd/MM/yyyy HH:mm:ss\" }"), "{\"a\":1772591400000}",
          "{\"b\":\"04/03/2026 09:30:00\"}");
    gives(FIELD("to: /b, from: /a, date: { from: ms, to: iso }"), "{\"a\":1772591400000}",
          "{\"b\":\"2026-03-04T09:30:00.000+07:00\"}");
    gives(FIELD("to: /b, from: /a, date: { to: yyyyMMddHHmmss }"), "{\"a\":\"2026-03-04T02:30:00Z\"}",
          "{\"b\":\"20260304093000\"}");
    gives(FIELD("to: /b, from: /a, date: { from: [iso, dd/MM/yyyy], to: ms }"), "{\"a\":\"04/03/2026\"}",
          "{\"b\":1772557200000}");
    gives(FIELD("to: /b, from: /a, date: { from: dd.MM.yyyy, to: yyyy-MM-dd }"), "{\"a\":\"29.02.2024\"}",
          "{\"b\":\"2024-02-29\"}");
    static const char *const bad[] = { "29.02.2026", "04.03.26", "4.3.2026", "04.03.2026 ", "x", "31.04.2026" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char source[60];
        struct text text = text_of(source, sizeof source);
        text_add(&text, "{\"a\":\"%s\"}", bad[i]);
        refuses(FIELD("to: /b, from: /a, date: { from: dd.MM.yyyy, to: ms }"), source, VERDICT_BAD_DATA, "/a");
        assert_string_equal(why.fingerprint, "date-a");
        assert_null(strstr(why.reason, bad[i]));
    }
    refuses(FIELD("to: /b, from: /a, date: { to: ms }"), "{\"a\":{}}", VERDICT_BAD_DATA, "/a");
}

static void codes(void **state)
{
    (void)state;
    const char *list = "lists:\n  channels: { 1: \"QUAY\", \"2\": 9, on: true }\n"
                       "fields:\n  - { to: /kenh, from: /a, codes: channels, default: \"KHAC\" }\n";
    gives(list, "{\"a\":1}", "{\"kenh\":\"QUAY\"}");
    gives(list, "{\"a\":\"2\"}", "{\"kenh\":9}");
    gives(list, "{\"a\":\"on\"}", "{\"kenh\":true}");
    assert_int_equal(warnings.count, 0);
    /* A code that nobody knows is never the default: our list is wrong, whatever the sender meant. */
    refuses(list, "{\"a\":3}", VERDICT_MISCONFIGURED, "3");
    assert_string_equal(why.fingerprint, "code-kenh-3");
    assert_non_null(strstr(why.reason, "m.yaml:4"));
    refuses(list, "{\"a\":\"079123456789\"}", VERDICT_MISCONFIGURED, "#");      /* no identity number in a list */
    gives(list, "{}", "{\"kenh\":\"KHAC\"}");
    gives(FIELD("to: /b, from: /a, codes: { x: y }"), "{\"a\":\"x\"}", "{\"b\":\"y\"}");
    refuses(FIELD("to: /b, from: /a, codes: { x: y }"), "{\"a\":\"X\"}", VERDICT_MISCONFIGURED, "X");
    refuses(FIELD("to: /b, from: /a, codes: { x: y }"), "{\"a\":[]}", VERDICT_BAD_DATA, "/a");
}

static void defaults_and_cuts_are_told(void **state)
{
    (void)state;
    gives("fields:\n  - { to: /a, from: /x, default: 1 }\n  - { to: /b/0/c, from: /y, default: k }\n", "{\"y\":\"z\"}",
          "{\"a\":1,\"b\":[{\"c\":\"z\"}]}");
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.list[0].field, "/a");
    assert_string_equal(warnings.list[0].what, "default");

    /* Characters, not bytes; a letter in decomposed form is one and keeps its mark. */
    gives(FIELD("to: /b, from: /a, cut: 5"), "{\"a\":\"Đườngx\"}", "{\"b\":\"Đường\"}");
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.list[0].field, "/b");
    assert_string_equal(warnings.list[0].what, "cut");
    gives(FIELD("to: /b, from: /a, cut: 5"), "{\"a\":\"Đu\xCC\x9Bo\xCC\x9B\xCC\x80ng\"}", "{\"b\":\"Đường\"}");
    assert_int_equal(warnings.count, 0);
    /* x with a mark that has no composed form: both or neither. */
    gives(FIELD("to: /b, from: /a, cut: 2"), "{\"a\":\"ax\xCC\xA3\"}", "{\"b\":\"a\"}");
    gives(FIELD("to: /b, from: /a, cut: 3"), "{\"a\":\"ax\xCC\xA3\"}", "{\"b\":\"ax\xCC\xA3\"}");
    gives(FIELD("to: /b, from: /a, cut: 3"), "{\"a\":12345}", "{\"b\":12345}");
    gives(FIELD("to: /b, from: /a, cut: 3, as: text"), "{\"a\":12345}", "{\"b\":\"123\"}");

    /* More warnings than are kept are still counted. */
    char list[2000] = "";
    struct text text = text_of(list, sizeof list);
    for (int i = 0; i < WARNINGS_MAX + 6; i++)
        text_add(&text, "%s{}", i ? "," : "");
    char source[2100];
    text = text_of(source, sizeof source);
    text_add(&text, "{\"l\":[%s]}", list);
    free(apply("fields:\n  - { to: /m, each: /l, fields: [ { to: /n, from: ./n, default: 0 } ] }\n", source));
    assert_int_equal(warnings.count, WARNINGS_MAX + 6);
    assert_int_equal(warnings.kept, WARNINGS_MAX);
    assert_string_equal(warnings.list[63].field, "/m/63/n");
}

static void as(void **state)
{
    (void)state;
    gives(FIELD("to: /b, from: /a, as: text"), "{\"a\":true}", "{\"b\":\"true\"}");
    gives(FIELD("to: /b, from: /a, as: text"), "{\"a\":9007199254740993}", "{\"b\":\"9007199254740993\"}");
    gives(FIELD("to: /b, from: /a, as: number"), "{\"a\":\"-12\"}", "{\"b\":-12}");
    gives(FIELD("to: /b, from: /a, as: number"), "{\"a\":1.5}", "{\"b\":1.5}");
    static const char *const bad[] = { "{\"a\":\"12a\"}", "{\"a\":\"1-2\"}", "{\"a\":\"99999999999999999999\"}",
                                       "{\"a\":true}", "{\"a\":\"-\"}", "{\"a\":\"1.5\"}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(FIELD("to: /b, from: /a, as: number"), bad[i], VERDICT_BAD_DATA, "/a");
    gives(FIELD("to: /b, from: /a, as: tree"), "{\"a\":{\"x\":[1,null]}}", "{\"b\":{\"x\":[1,null]}}");
    gives(FIELD("to: /b, from: /a, as: json"), "{\"a\":{\"x\":\"ồ\\\"\"}}",
          "{\"b\":\"{\\\"x\\\":\\\"ồ\\\\\\\"\\\"}\"}");
    gives(FIELD("to: /b, from: /a, as: json"), "{\"a\":\"<hoso/>\"}", "{\"b\":\"<hoso/>\"}");
}

static void nested_lists(void **state)
{
    (void)state;
    const char *fields =
        "fields:\n"
        "  - to: /rows\n"
        "    each: /list\n"
        "    fields:\n"
        "      - { to: /code, from: /code }\n"                  /* from the root */
        "      - { to: /name, from: ./name }\n"
        "      - { to: /files, each: ./files, fields: [ { to: /url, from: . } ] }\n";
    gives(fields,
          "{\"code\":\"c\",\"list\":[{\"name\":\"a\",\"files\":[\"f1\",\"f2\"]},{\"name\":\"b\",\"files\":[]},{}]}",
          "{\"rows\":[{\"code\":\"c\",\"name\":\"a\",\"files\":[{\"url\":\"f1\"},{\"url\":\"f2\"}]},"
          "{\"code\":\"c\",\"name\":\"b\",\"files\":[]},{\"code\":\"c\"}]}");
    gives(fields, "{\"list\":[]}", "{\"rows\":[]}");
    gives(fields, "{}", "{}");
    gives(fields, "{\"list\":null}", "{}");
    refuses(fields, "{\"list\":{\"name\":\"a\"}}", VERDICT_BAD_DATA, "/list");
    refuses(fields, "{\"list\":[{\"files\":[\"a\"]},{\"files\":[\"b\",{}]}]}", VERDICT_BAD_DATA, "/list/1/files/1");
    /* An item that is no object has no fields; the list is bounded. */
    gives(fields, "{\"list\":[7,null]}", "{\"rows\":[{},{}]}");
    char *many = malloc(8 * (MAPPING_ITEMS_MAX + 2));
    struct text text = text_of(many, 8 * (MAPPING_ITEMS_MAX + 2));
    text_add(&text, "{\"list\":[0");
    for (int i = 0; i < MAPPING_ITEMS_MAX; i++)
        text_add(&text, ",0");
    text_add(&text, "]}");
    refuses(fields, many, VERDICT_BAD_DATA, "/list");
    free(many);
}

static void bodies_are_bounded(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:s}", "a", "ồ");
    char *body = NULL;
    size_t size = 7;
    assert_int_equal(json_to_body(json, 10, &body, &size), RESULT_INVALID);
    assert_null(body);
    assert_int_equal(size, 7);
    assert_int_equal(json_to_body(json, 11, &body, &size), RESULT_OK);
    assert_string_equal(body, "{\"a\":\"ồ\"}");
    free(body);
    json_decref(json);
}

/* Numbers grow when they are written out: 1e9 becomes 1000000000.0. Too long is too long, not a want of memory. */
static void a_part_as_json_is_bounded(void **state)
{
    (void)state;
    enum { NUMBERS = BODY_BYTES_MAX / 12 };
    char *many = malloc(NUMBERS * 4 + 32);
    struct text text = text_of(many, NUMBERS * 4 + 32);
    text_add(&text, "{\"a\":[1e9");
    for (int i = 0; i < NUMBERS; i++)
        text_add(&text, ",1e9");
    text_add(&text, "]}");
    assert_false(text.cut);
    refuses(FIELD("to: /b, from: /a, as: json"), many, VERDICT_BAD_DATA, "/a");
    free(many);
}

/* ---------------------------------------------------------------- faults in a file */

static void faults_have_lines(void **state)
{
    (void)state;
    static const struct { const char *line, *words; } wrongs[] = {
        { "{ from: /a }", "'to' must be" },
        { "{ to: a, from: /a }", "'to' must be" },
        { "{ to: /x }", "exactly one of" },
        { "{ to: /x, from: /a, constant: 1 }", "exactly one of" },
        { "{ to: /x, from: ./a }", "only inside 'each'" },
        { "{ to: /x, from: /a~2 }", "a JSON pointer" },
        { "{ to: /x, from: \"\" }", "a JSON pointer" },
        { "{ to: /x, from: [/a, /b, /c, /d, /e] }", "at most 4 places" },
        { "{ to: /x, from: [], required: true }", "at least one place" },
        { "{ to: /x, from: /a, required: true, default: 1 }", "contradict" },
        { "{ to: /x, from: /a, required: yes }", "must be true or false" },
        { "{ to: /x, from: /a, default: [1] }", "a plain value" },
        { "{ to: /x, constant: { a: 1 } }", "a plain value" },
        { "{ to: /x, constant: 1, cut: 3 }", "belong to 'from'" },
        { "{ to: /x, from: /a, date: iso }", "'date' must be" },
        { "{ to: /x, from: /a, date: { from: iso } }", "'date' must be" },
        { "{ to: /x, from: /a, date: { to: dd/MM } }", "not a date format: 'dd/MM'" },
        { "{ to: /x, from: /a, date: { from: dd/mm/yyyy, to: ms } }", "not a date format" },
        { "{ to: /x, from: /a, codes: nobody }", "no code list 'nobody'" },
        { "{ to: /x, from: /a, codes: {} }", "a code list" },
        { "{ to: /x, from: /a, cut: 0 }", "between 1 and" },
        { "{ to: /x, from: /a, as: xml }", "unknown 'as: xml'" },
        { "{ to: /x, from: /a, as: tree, cut: 3 }", "copy a part whole" },
        { "{ to: /x, each: /l }", "'each' needs 'fields'" },
        { "{ to: /x, each: /l, fields: [] }", "must be a list of at most" },
        { "{ to: /x, from: /a, fields: [] }", "nobody knows 'fields'" },
        { "{ to: /x, fromm: /a, from: /b }", "nobody knows 'fromm'" },
        { "{ to: /first, from: /a }", "clashes with a field above" },
        { "{ to: /first/x, from: /a }", "clashes with a field above" },
        { "{ to: /x/1, from: /a }", "an index other than 0" },
        { "{ to: /x, each: /l, fields: [ { to: /n, from: /a }, { to: /n, from: /b } ] }", "clashes" },
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char whole[1000];
        struct text text = text_of(whole, sizeof whole);
        struct faults faults;
        assert_int_equal(faults_init(&faults), RESULT_OK);
        text_add(&text, "fields:\n  - { to: /first, constant: 1 }\n  - %s\n", wrongs[i].line);
        struct mapping *mapping = mapping_read(scratch_file(&scratch, "m.yaml", whole), "m.yaml", &faults);
        if (mapping || !faults_have(&faults, "m.yaml:3:", wrongs[i].words)) {
            faults_print(&faults);
            fail_msg("%s: no fault with %s", wrongs[i].line, wrongs[i].words);
        }
        faults_done(&faults);
    }
}

/* "each" inside "each" may be refused, but it must not be read without end; nor must too many fields. */
static void depth_and_count(void **state)
{
    (void)state;
    for (int depth = MAPPING_DEPTH_MAX - 1; depth <= MAPPING_DEPTH_MAX; depth++) {
        char whole[4000];
        struct text text = text_of(whole, sizeof whole);
        struct faults faults;
        assert_int_equal(faults_init(&faults), RESULT_OK);
        text_add(&text, "fields: [ ");
        for (int i = 0; i < depth; i++)
            text_add(&text, "{ to: /a, each: %s, fields: [ ", i ? "./a" : "/a");
        text_add(&text, "{ to: /b, constant: 1 }");
        for (int i = 0; i < depth; i++)
            text_add(&text, " ] }");
        text_add(&text, " ]\n");
        struct mapping *mapping = mapping_read(scratch_file(&scratch, "m.yaml", whole), "m.yaml", &faults);
        assert_int_equal(mapping != NULL, depth < MAPPING_DEPTH_MAX);
        mapping_free(mapping);
        faults_done(&faults);
    }
    char *whole = malloc(64 << 10);
    struct text text = text_of(whole, 64 << 10);
    struct faults faults;
    text_add(&text, "fields:\n");
    for (int i = 0; i <= MAPPING_FIELDS_MAX; i++)
        text_add(&text, "  - { to: /f%d, constant: 1 }\n", i);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    assert_null(mapping_read(scratch_file(&scratch, "m.yaml", whole), "m.yaml", &faults));
    assert_true(faults_have(&faults, "m.yaml:2:", "at most 512 fields"));
    faults_done(&faults);
    free(whole);
    mapping_free(NULL);
}

/* ---------------------------------------------------------------- the mappings that come with the gateway */

static json_t *map_handed(const char *file, struct handed *handed)
{
    struct faults faults;
    json_t *target = NULL;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    struct mapping *mapping = mapping_read(file, file, &faults);
    faults_print(&faults);
    assert_non_null(mapping);
    handed_job(handed);
    why = (struct judgement){ 0 };
    if (!mapping_apply(mapping, handed->source, &warnings, &target, &why))
        target = NULL;
    mapping_free(mapping);
    faults_done(&faults);
    return target;
}

static void assert_at(const json_t *json, const char *pointer, const char *expected)
{
    char text[300] = "(nothing)";
    const json_t *value = pointer_get(json, pointer);
    if (value)
        assert_true(scalar_text(value, text, sizeof text));
    if (strcmp(text, expected) != 0)
        fail_msg("%s is %s, not %s", pointer, text, expected);
}

static void rest_forward(void **state)
{
    (void)state;
    struct handed handed;
    Lienthong__V1__Input input = LIENTHONG__V1__INPUT__INIT, *inputs[] = { &input };
    Lienthong__V1__Attachment file = LIENTHONG__V1__ATTACHMENT__INIT, *files[] = { &file };
    static const char result[] = "{\"soDinhDanh\":\"000000000000\",\"so\":\"12/2026\"}";
    handed_init(&handed, KIND_FORWARD, CLASS_IDEMPOTENT);
    input.step = (char *)"civil-status";
    input.content_type = (char *)"application/json";
    input.payload = (ProtobufCBinaryData){ sizeof result - 1, (uint8_t *)result };
    handed.routing.inputs = inputs;
    handed.routing.n_inputs = 1;
    file.sha256 = (ProtobufCBinaryData){ 4, (uint8_t *)"\x01\x02\xAB\xFF" };
    file.size = 1024;
    file.name = (char *)"giay-chung-sinh.pdf";
    handed.header.attachments = files;
    handed.header.n_attachments = 1;
    json_t *body = map_handed("adapters/mappings/rest-forward.yaml", &handed);
    assert_non_null(body);
    assert_int_equal(warnings.count, 0);
    assert_at(body, "/dossier_code", HANDED_CODE);
    assert_at(body, "/procedure_code", "2.000986");
    assert_at(body, "/step", "residence");
    assert_at(body, "/kind", "FORWARD");
    assert_at(body, "/sender", "H29.07");
    assert_at(body, "/recipient", "H29.07.30");
    assert_at(body, "/idempotency_key", HANDED_KEY);
    assert_at(body, "/message_id", "01955f3a-1000-7001-8002-030405060708");
    assert_at(body, "/received_at", "2026-03-04T09:30:00.000+07:00");
    assert_at(body, "/due_at", "2026-03-06T17:00:00.000+07:00");
    assert_at(body, "/channel", "online");
    assert_at(body, "/payload/summary", "Đăng ký khai sinh");
    assert_at(body, "/personal_identity_number", "000000000000");
    assert_at(body, "/inputs/civil-status/so", "12/2026");
    assert_at(body, "/attachments/0/sha256", "0102abff");
    assert_at(body, "/attachments/0/size", "1024");
    json_decref(body);

    /* One submission for all steps: the header names none, the routing this one. */
    handed.header.step = (char *)"";
    handed.routing.step = (char *)"identity-card";
    body = map_handed("adapters/mappings/rest-forward.yaml", &handed);
    assert_non_null(body);
    assert_at(body, "/step", "identity-card");
    json_decref(body);

    /* Every kind fits, also with nothing but what a header must have. */
    for (enum kind kind = 1; kind < KIND_END; kind++) {
        handed_done(&handed);
        handed_init(&handed, kind, CLASS_IDEMPOTENT);
        handed.header.facts = NULL;
        handed.header.content_type = (char *)"text/plain";
        handed.deliver.payload = (ProtobufCBinaryData){ 3, (uint8_t *)"abc" };
        body = map_handed("adapters/mappings/rest-forward.yaml", &handed);
        assert_non_null(body);
        assert_at(body, "/kind", kind_name(kind));
        assert_at(body, "/payload", "(nothing)");
        assert_at(body, "/payload_text", "abc");
        assert_at(body, "/due_at", "(nothing)");
        json_decref(body);
    }
    handed_done(&handed);
}

/* What a citizen said at a kiosk, and nothing of who he is. */
static void a_rating_for_the_survey(void **state)
{
    (void)state;
    struct handed handed;
    Lienthong__V1__Rating rating = LIENTHONG__V1__RATING__INIT;

    handed_init(&handed, KIND_RATING, CLASS_IDEMPOTENT);
    rating.attitude = 5;
    rating.trips = 2;
    handed.header.facts->rating = &rating;
    json_t *body = map_handed("adapters/mappings/survey-rating.yaml", &handed);
    assert_non_null(body);
    assert_int_equal(warnings.count, 0);
    assert_at(body, "/dossier_code", HANDED_CODE);
    assert_at(body, "/kind", "RATING");
    assert_at(body, "/attitude", "5");
    assert_at(body, "/cost_transparency", "(nothing)");
    assert_at(body, "/trips", "2");
    assert_at(body, "/payload", "(nothing)");
    json_decref(body);
    body = map_handed("adapters/mappings/rest-forward.yaml", &handed);
    assert_non_null(body);
    assert_at(body, "/rating/attitude", "5");
    json_decref(body);
    handed_done(&handed);
}

static void hotich_forward(void **state)
{
    (void)state;
    struct handed handed;
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    json_t *body = map_handed("adapters/mappings/hotich-forward.yaml", &handed);
    assert_non_null(body);
    assert_at(body, "/maDonVi", "H29.07.30");
    assert_at(body, "/module", "LTKS");
    assert_at(body, "/maHoSo", HANDED_CODE);
    assert_at(body, "/ngayTiepNhan", "04/03/2026 09:30:00");
    assert_at(body, "/ngayHenTra", "06/03/2026 17:00:00");
    assert_at(body, "/data", "{\"summary\":\"Đăng ký khai sinh\",\"unit\":\"H29.07.01\"}");
    json_decref(body);
    /* XML stays as the sender wrote it. */
    handed.header.content_type = (char *)"application/xml";
    handed.deliver.payload = (ProtobufCBinaryData){ 7, (uint8_t *)"<hoso/>" };
    body = map_handed("adapters/mappings/hotich-forward.yaml", &handed);
    assert_at(body, "/data", "<hoso/>");
    json_decref(body);
    handed.deliver.payload.len = 0;
    assert_null(map_handed("adapters/mappings/hotich-forward.yaml", &handed));
    assert_int_equal(why.verdict, VERDICT_BAD_DATA);
    assert_string_equal(why.field, "/payload_text");
    /* A procedure without a register. */
    handed.header.procedure_code = (char *)"9.999999";
    assert_null(map_handed("adapters/mappings/hotich-forward.yaml", &handed));
    assert_int_equal(why.verdict, VERDICT_MISCONFIGURED);
    assert_string_equal(why.value, "9.999999");
    body = map_handed("adapters/mappings/hotich-probe.yaml", &handed);
    assert_at(body, "/maHoSo", HANDED_CODE);
    json_decref(body);
    handed_done(&handed);
}

/* The README's mapping, and what the README says that it gives. */
static void readme_mapping(void **state)
{
    (void)state;
    struct handed handed;
    static const char payload[] =
        "{\"summary\": \"Đăng ký khai sinh\", \"documents\": [{\"name\": \"Giấy chứng sinh\", \"files\": [\"f1\"]}]}";
    char path[400];
    struct text text = text_of(path, sizeof path);
    char *example = readme_block("adapters/kinds/README.md", "example-mapping.yaml");
    text_add(&text, "%s", scratch_file(&scratch, "example-mapping.yaml", example));
    free(example);
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed.deliver.payload = (ProtobufCBinaryData){ sizeof payload - 1, (uint8_t *)payload };
    json_t *body = map_handed(path, &handed);
    assert_non_null(body);
    char *given = NULL;
    size_t size;
    json_object_del(body, "banGoc");
    assert_int_equal(json_to_body(body, 4096, &given, &size), RESULT_OK);
    assert_string_equal(given,
        "{\"maHoSo\":\"H29.07.01-260304-0001\",\"nguon\":\"LIENTHONG\",\"kenh\":\"TRUC_TUYEN\","
        "\"ngayTiepNhan\":\"04/03/2026 09:30:00\",\"trichYeu\":\"Đăng ký khai sinh\",\"soBo\":1,"
        "\"giayTo\":[{\"ten\":\"Giấy chứng sinh\",\"maHoSo\":\"H29.07.01-260304-0001\",\"tep\":[{\"url\":\"f1\"}]}]}");
    assert_int_equal(warnings.count, 1);
    free(given);
    json_decref(body);
    handed_done(&handed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rename_and_constant), cmocka_unit_test(required), cmocka_unit_test(dates),
        cmocka_unit_test(codes), cmocka_unit_test(defaults_and_cuts_are_told), cmocka_unit_test(as),
        cmocka_unit_test(nested_lists), cmocka_unit_test(bodies_are_bounded),
        cmocka_unit_test(a_part_as_json_is_bounded),
        cmocka_unit_test(faults_have_lines),
        cmocka_unit_test(depth_and_count), cmocka_unit_test(rest_forward),
        cmocka_unit_test(a_rating_for_the_survey), cmocka_unit_test(hotich_forward),
        cmocka_unit_test(readme_mapping),
    };
    return cmocka_run_group_tests_name("kinds: mapping", tests, start, stop);
}
