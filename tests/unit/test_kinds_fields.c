/* The small parts: folding, scrubbing, dates, pointers, forms of a body, the source document, no answer at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kinds/body.h"
#include "adapters/kinds/dates.h"
#include "adapters/kinds/pointer.h"
#include "adapters/kinds/scrub.h"
#include "tests/unit/kinds_agency.h"

/* ---------------------------------------------------------------- words */

static void folding(void **state)
{
    (void)state;
    struct folded a = fold(span_of_string("  HỒ SƠ\xC2\xA0\n Đ\xC3\x83 TỒN TẠI "));
    struct folded b = fold(span_of_string("hô\xCC\x80 sơ đa\xCC\x83 tô\xCC\x80n ta\xCC\xA3i"));
    assert_string_equal(a.string, "hồ sơ đã tồn tại");
    assert_true(folded_equal(&a, &b));
    struct folded part = fold(span_of_string("TỒN")), none = fold(span_of_string(" \t"));
    struct folded other = fold(span_of_string("ton")), empty = fold(span_of_string(""));
    assert_int_equal(empty.size, 0);
    assert_non_null(empty.string);              /* nothing is not "no memory" */
    assert_true(folded_has(&a, &part));
    assert_false(folded_has(&a, &none));
    assert_false(folded_has(&a, &other));
    struct folded bad = fold(span_of("\xFFx\0y", 4));
    assert_string_equal(bad.string, "\xEF\xBF\xBDx y");
    struct folded *all[] = { &a, &b, &part, &none, &other, &bad, &empty };
    for (size_t i = 0; i < 7; i++)
        folded_done(all[i]);
}

static void scrub_edges(void **state)
{
    (void)state;
    static const struct { const char *from, *to; } samples[] = {
        { "12345678", "12345678" }, { "123456789", "#" }, { "x123456789y", "x#y" }, { "0912.345.678.", "#." },
        { "02/03/2026 16:30:00", "02/03/2026 16:30:00" }, { "1  2  3  4  5  6  7  8  9", "1  2  3  4  5  6  7  8  9" },
        { "(a@b.vn)", "(#)" }, { "a@", "#" }, { "a\nb\tc", "a b c" }, { "a\xFF\xFEz", "a z" },
        { "é\xCC\x81", "é\xCC\x81" },
        { "000.00.07.H29-230425-0001", "000.00.07.H29-230425-0001" }, { "G09.20-20260609-0092637",
        "G09.20-20260609-0092637" }, { "", "" },
        { "CCCD 001099\r\n000 001", "CCCD #" }, { "0301\x01\x02" "90000", "#" }, { "1234 \t56789", "#" },
        { "12\xFF" "34", "12 34" }, { "1\n2", "1 2" },
        { "0912345678 19a@b.vn", "# #" }, { "12 3a@b.vn", "12 #" }, { "0\n0 \xE3" "0@@", "0 0 #" },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char array[80];
        struct text text = text_of(array, sizeof array);
        scrub_add(&text, span_of_string(samples[i].from));
        assert_string_equal(array, samples[i].to);
    }
    char small[8];
    struct text text = text_of(small, sizeof small);
    scrub_add(&text, span_of_string("ngưỡng cửa"));
    assert_true(text.cut);
    assert_true(span_is_utf8(span_of_string(small)));
    char zeros[8];
    text = text_of(zeros, sizeof zeros);
    scrub_add(&text, span_of("a\0\0b", 4));
    assert_string_equal(zeros, "a b");
}

/* What is the same trouble with another dossier gives the same mark. */
static void marks(void **state)
{
    (void)state;
    char a[PROSE_MARK_SIZE], b[PROSE_MARK_SIZE], c[PROSE_MARK_SIZE];
    prose_mark(span_of_string("Hồ sơ H29-1 lỗi 17"), a);
    prose_mark(span_of_string("HỒ SƠ  H29-2 lỗi 18"), b);
    prose_mark(span_of_string("Hồ sơ khác"), c);
    assert_int_equal(strlen(a), 8);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    prose_mark(span_of_string(""), c);
    assert_int_equal(strlen(c), 8);

    static const struct { const char *from; size_t most; const char *to; } slugs[] = {
        { "AGENCY_ID 106", 40, "agency_id-106" }, { "  x  ", 40, "x" }, { "Đã có", 40, "c" }, { "abcdef", 3, "abc" },
        { "-3", 40, "-3" }, { "a//b", 2, "a" }, { "a//b", 3, "a-b" }, { "", 5, "" }, { "\xFF\n", 5, "" },
    };
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        char array[64];
        struct text text = text_of(array, sizeof array);
        slug_add(&text, span_of_string(slugs[i].from), slugs[i].most);
        assert_string_equal(array, slugs[i].to);
    }
}

/* ---------------------------------------------------------------- times */

static void date_formats(void **state)
{
    (void)state;
    static const char *const good[] = { "iso", "ms", "yyyyMMddHHmmss", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy",
                                        "yyyy-MM-dd HH:mm:ss", "dd.MM.yyyy", "yyyyMMdd", "yyyy/MM/dd",
                                        "MM-dd-yyyy HH" };
    static const char *const bad[] = { "", "dd/MM", "dd/MM/yy", "yyyy-MM-dd'T'HH:mm", "yyyyMMddMM", "YYYY-MM-DD",
                                       "dd/MM/yyyy hh", "ISO", "dd/MM/yyyy HH:mm:ss             " };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(date_format_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (date_format_is_valid(bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

static void dates(void **state)
{
    (void)state;
    static const struct { const char *format, *text; int64_t time_ms; } good[] = {
        { "yyyyMMddHHmmss", "20260304093000", 1772591400000 }, { "dd/MM/yyyy HH:mm:ss", "04/03/2026 09:30:00",
        1772591400000 }, { "dd/MM/yyyy", "01/01/1970", -25200000 }, { "yyyyMMdd", "20240229", 1709139600000 },
        { "ms", "0", 0 }, { "ms", "253402300799999", 253402300799999 },
        { "iso", "2026-03-04T02:30:00Z", 1772591400000 },
    };
    static const struct { const char *format, *text; } bad[] = {
        { "yyyyMMddHHmmss", "2026030409300" }, { "yyyyMMddHHmmss", "202603040930000" }, { "yyyyMMdd", "20260229" },
        { "yyyyMMdd", "2026 3 4" }, { "dd/MM/yyyy", "04-03-2026" }, { "dd/MM/yyyy", "" }, { "yyyyMMdd", "+0260304" },
        { "yyyyMMddHHmmss", "20260304243000" }, { "ms", "-1" }, { "ms", "" }, { "ms", "1.5" },
        { "ms", "253402300800000" }, { "ms", "99999999999999999999" }, { "ms", "9999999999999999999" }, { "iso", "x" },
    };
    char written[DATE_TEXT_SIZE];
    int64_t time_ms;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!date_read(good[i].format, span_of_string(good[i].text), &time_ms) || time_ms != good[i].time_ms)
            fail_msg("%s was read as %lld", good[i].text, (long long)time_ms);
        date_write(good[i].format, time_ms, written);
        if (strcmp(good[i].format, "iso") != 0)
            assert_string_equal(written, good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (date_read(bad[i].format, span_of_string(bad[i].text), &time_ms))
            fail_msg("%s '%s' was read", bad[i].format, bad[i].text);
    date_write("iso", 1772591400000, written);
    assert_string_equal(written, "2026-03-04T09:30:00.000+07:00");
}

static void retry_after(void **state)
{
    (void)state;
    const int64_t now_ms = 784111777000;                                /* 1994-11-06 08:49:37 UTC */
    static const struct { const char *value; int64_t wait_ms; } good[] = {
        { "0", 0 }, { "120", 120000 }, { " 7 ", 7000 }, { "99999999999999999999", RETRY_AFTER_MS_MAX },
        { "999999999", RETRY_AFTER_MS_MAX }, { "Sun, 06 Nov 1994 08:50:37 GMT", 60000 },
        { "Sunday, 06-Nov-94 08:50:37 GMT", 60000 }, { "Sun Nov  6 08:50:37 1994", 60000 },
        { "Sun, 06 Nov 1994 08:49:36 GMT", 0 }, { "Mon, 06 Nov 2094 08:49:36 GMT", RETRY_AFTER_MS_MAX },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t wait_ms = -5;
        if (!retry_after_read(span_of_string(good[i].value), now_ms, &wait_ms) || wait_ms != good[i].wait_ms)
            fail_msg("'%s' gave %lld", good[i].value, (long long)wait_ms);
    }
    static const char *const bad[] = { "", " ", "-1", "1.5", "soon", "1m", "Sun, 06 Nov 1994 08:49:37 CET",
                                       "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994", "0x10",
                                       "Sun, 06 Xyz 1994 08:49:37 GMT" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t wait_ms = -5;
        if (retry_after_read(span_of_string(bad[i]), now_ms, &wait_ms))
            fail_msg("'%s' was read", bad[i]);
        assert_true(wait_ms == -5);
    }
}

/* ---------------------------------------------------------------- JSON */

static void pointers(void **state)
{
    (void)state;
    /* RFC 6901 section 5. */
    json_t *json = json_of_bytes(span_of_string(
        "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,"
        "\" \":7,\"m~n\":8}"));
    static const struct { const char *pointer; int value; } numbers[] = {
        { "/", 0 }, { "/a~1b", 1 }, { "/c%d", 2 }, { "/e^f", 3 }, { "/g|h", 4 }, { "/i\\j", 5 }, { "/k\"l", 6 },
        { "/ ", 7 }, { "/m~0n", 8 },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(json_integer_value(pointer_get(json, numbers[i].pointer)), numbers[i].value);
    assert_ptr_equal(pointer_get(json, ""), json);
    assert_true(json_is_array(pointer_get(json, "/foo")));
    assert_string_equal(json_string_value(pointer_get(json, "/foo/0")), "bar");
    static const char *const nothing[] = { "/foo/2", "/foo/00", "/foo/-", "/foo/x", "/foo/0/x", "/none", "//",
                                           "/foo/99999999999", "/foo/", "/foo/ 0" };
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        assert_null(pointer_get(json, nothing[i]));
    json_decref(json);
    assert_null(pointer_get(NULL, "/a"));
    char long_one[POINTER_TOKEN_SIZE + 2] = "/";
    memset(long_one + 1, 'x', POINTER_TOKEN_SIZE);
    assert_false(pointer_is_valid(long_one));
    long_one[POINTER_TOKEN_SIZE] = 0;
    assert_true(pointer_is_valid(long_one));
    static const char *const bad[] = { "a", "/~", "/~2", "/a/b/~x", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(pointer_is_valid(bad[i]));
}

static void scalars(void **state)
{
    (void)state;
    json_t *json = json_of_bytes(span_of_string("[\"\u1ed3\",-7,1.5,true,false,null,{},[],\"a\\u0000b\",\"\",1e300]"));
    static const char *const texts[] = { "ồ", "-7", "1.5", "true", "false", NULL, NULL, NULL, NULL, "", "1e+300" };
    char text[16];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool good = scalar_text(json_array_get(json, i), text, sizeof text);
        assert_int_equal(good, texts[i] != NULL);
        if (good)
            assert_string_equal(text, texts[i]);
    }
    assert_false(scalar_text(json_array_get(json, 1), text, 2));
    assert_false(scalar_text(NULL, text, sizeof text));
    json_decref(json);
    static const char *const bad[] = { "", " ", "{\"a\":1,\"a\":2}", "[1", "[1]x", "\xFF", "nul", "'a'" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(json_of_bytes(span_of_string(bad[i])));
    /* Depth is bounded by the reader, not by the stack. */
    char *deep = malloc(200000);
    memset(deep, '[', 200000);
    assert_null(json_of_bytes(span_of(deep, 200000)));
    free(deep);
}

static void forms(void **state)
{
    (void)state;
    static const struct { const char *text; enum form form; } samples[] = {
        { "", FORM_EMPTY }, { " \r\n", FORM_EMPTY }, { "\xEF\xBB\xBF", FORM_EMPTY }, { "{}", FORM_JSON },
        { " 7", FORM_JSON }, { "\"x\"", FORM_JSON }, { "OK", FORM_BROKEN }, { "{\"a\":", FORM_BROKEN },
        { "<html>", FORM_HTML }, { " <!DOCTYPE html>", FORM_HTML }, { "<h1>x</h1>", FORM_HTML },
        { "<?xml version='1.0'?><a/>", FORM_XML }, { "<?xml version='1.0'?><html/>", FORM_HTML },
        { "<s:Envelope/>", FORM_XML }, { "<", FORM_HTML },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct body body;
        body_init(&body, span_of_string(samples[i].text), false);
        if (body.form != samples[i].form)
            fail_msg("'%s' is %s", samples[i].text, form_name(body.form));
        body_done(&body);
        body_done(&body);
    }
    for (enum form form = 1; form < FORM_END; form++)
        assert_int_equal(form_read(form_name(form)), form);
    assert_int_equal(form_read("JSON"), 0);
    struct body body;
    body_init(&body, span_of_string("{\"a\":\"X\",\"b\":[{\"c\":\" Y \"},7]}"), false);
    assert_string_equal(body_words(&body)->string, "x y");
    assert_ptr_equal(body_words(&body), body_words(&body));
    body_done(&body);
}

/* ---------------------------------------------------------------- the source */

static json_t *built(struct handed *handed)
{
    handed_job(handed);
    return handed->source;
}

static void source(void **state)
{
    (void)state;
    struct handed handed;
    char text[200];
    handed_init(&handed, KIND_RESULT, CLASS_NEITHER);
    static const struct { const char *pointer, *text; } there[] = {
        { "/header/message_id", "01955f3a-1000-7001-8002-030405060708" }, { "/header/kind", "RESULT" },
        { "/header/sender", "H29.07" }, { "/header/facts/channel", "2" }, { "/header/facts/due_ms", "1772791200000" },
        { "/routing/recipient", "H29.07.30" }, { "/routing/idempotency_key", HANDED_KEY },
        { "/payload/unit", "H29.07.01" },
    };
    const json_t *json = built(&handed);
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        assert_true(scalar_text(pointer_get(json, there[i].pointer), text, sizeof text));
        assert_string_equal(text, there[i].text);
    }
    /* What was not set is not there; lists are there and empty. */
    static const char *const absent[] = { "/header/recipient", "/header/facts/status", "/header/parent",
                                          "/header/signature", "/payload_text", "/routing/due_ms" };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_null(pointer_get(json, absent[i]));
    assert_int_equal(json_array_size(pointer_get(json, "/header/facts/aliases")), 0);
    assert_true(json_is_object(pointer_get(json, "/inputs")));
    handed_done(&handed);
}

static void source_inputs(void **state)
{
    (void)state;
    struct handed handed;
    struct judgement why;
    json_t *json = NULL;
    Lienthong__V1__Input inputs[4], *list[] = { &inputs[0], &inputs[1], &inputs[2], &inputs[3] };
    static const struct { const char *step, *type, *payload; } given[] = {
        { "civil-status", "application/json", "{\"n\":1}" }, { "photo", "image/png", "x" },
        { "civil-status", "application/vnd.x+json;charset=utf-8", "{\"n\":2}" }, { "", "application/json", "{}" },
    };
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    for (size_t i = 0; i < 4; i++) {
        inputs[i] = (Lienthong__V1__Input)LIENTHONG__V1__INPUT__INIT;
        inputs[i].step = (char *)given[i].step;
        inputs[i].content_type = (char *)given[i].type;
        inputs[i].payload = (ProtobufCBinaryData){ strlen(given[i].payload), (uint8_t *)given[i].payload };
    }
    handed.routing.inputs = list;
    handed.routing.n_inputs = 4;
    assert_int_equal(json_object_size(pointer_get(built(&handed), "/inputs")), 1);
    assert_int_equal(json_integer_value(pointer_get(handed.source, "/inputs/civil-status/n")), 2);
    /* JSON that is none is the sender's fault, and nothing is half built. */
    inputs[0].payload.len = 3;
    assert_false(source_build(&handed.header, &handed.routing, span_of_string("{}"), &json, &why));
    assert_null(json);
    assert_int_equal(why.verdict, VERDICT_BAD_DATA);
    assert_string_equal(why.field, "inputs/civil-status");
    static const char *const bad[] = { "", "{", "{\"a\":1,\"a\":1}", "\xFF", "x" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(source_build(&handed.header, &handed.routing, span_of_string(bad[i]), &json, &why));
        assert_int_equal(why.verdict, VERDICT_BAD_DATA);
        assert_string_equal(why.field, "payload");
        assert_true(why.never_sent);
    }
    handed_done(&handed);
}

static void source_texts(void **state)
{
    (void)state;
    struct handed handed;
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed.header.content_type = (char *)"text/xml";
    handed.deliver.payload = (ProtobufCBinaryData){ 4, (uint8_t *)"<a/>" };
    assert_string_equal(json_string_value(pointer_get(built(&handed), "/payload_text")), "<a/>");
    handed.deliver.payload = (ProtobufCBinaryData){ 3, (uint8_t *)"a\xFFz" };
    assert_null(pointer_get(built(&handed), "/payload_text"));
    handed_done(&handed);
    static const struct { const char *type; bool json; } types[] = {
        { "application/json", true }, { "Application/JSON; charset=utf-8", true }, { "application/problem+json", true },
        { "text/json2", false }, { "application/jsonx", false }, { "", false }, { "+json", false },
        { "json", false }, { "application/xml", false }, { "application/json,text/html", false },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_int_equal(content_type_is_json(types[i].type), types[i].json);
}

/* ---------------------------------------------------------------- no answer at all */

static void no_answer(void **state)
{
    (void)state;
    struct judgement judgement;
    for (enum trouble trouble = 1; trouble < TROUBLE_END; trouble++)
        for (enum agency_class class = 1; class < CLASS_END; class++) {
            bool ours = trouble == TROUBLE_ADDRESS_FORBIDDEN || trouble == TROUBLE_URL;
            bool before = ours || trouble == TROUBLE_RESOLVE || trouble == TROUBLE_CONNECT
                          || trouble == TROUBLE_CONNECT_TIMEOUT || trouble == TROUBLE_TLS_CERTIFICATE
                          || trouble == TROUBLE_STALE_OFFER;
            verdict_of_transport(trouble, true, false, CALL_CREATE, class, &judgement);
            if (trouble != TROUBLE_ANSWER_TOO_LARGE)
                assert_int_equal(judgement.verdict, ours ? VERDICT_MISCONFIGURED : VERDICT_LATER);
            assert_true(judgement.never_sent);
            assert_string_equal(judgement.fingerprint, trouble_name(trouble));
            /* Sent: only an idempotent agency is simply asked again. */
            verdict_of_transport(trouble, false, false, CALL_UPDATE, class, &judgement);
            assert_true(judgement.never_sent == before);
            if (!before && class != CLASS_IDEMPOTENT)
                assert_int_equal(judgement.verdict, VERDICT_UNSURE);
            if (!before && class == CLASS_IDEMPOTENT)
                assert_int_equal(judgement.verdict,
                                 trouble == TROUBLE_ANSWER_TOO_LARGE ? VERDICT_UNKNOWN : VERDICT_LATER);
            /* A question that got lost did nothing, but does not tell what an earlier attempt did. */
            verdict_of_transport(trouble, false, false, CALL_PROBE, class, &judgement);
            assert_int_not_equal(judgement.verdict, VERDICT_UNSURE);
            verdict_of_transport(trouble, true, true, CALL_PROBE, class, &judgement);
            if (class != CLASS_IDEMPOTENT)
                assert_int_equal(judgement.verdict, VERDICT_UNSURE);
            assert_false(judgement.never_sent);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folding), cmocka_unit_test(scrub_edges), cmocka_unit_test(marks),
        cmocka_unit_test(date_formats), cmocka_unit_test(dates), cmocka_unit_test(retry_after),
        cmocka_unit_test(pointers), cmocka_unit_test(scalars), cmocka_unit_test(forms), cmocka_unit_test(source),
        cmocka_unit_test(source_inputs), cmocka_unit_test(source_texts), cmocka_unit_test(no_answer),
    };
    return cmocka_run_group_tests_name("kinds: fields", tests, NULL, NULL);
}
