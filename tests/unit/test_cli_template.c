/* Templates: what they may say, and that no value, however hostile, becomes anything but text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/cli/template.h"

static char *page;
static size_t page_size;

static void expect(const char *text, const char *values, const char *wanted)
{
    const struct template templates[] = { { "page", text }, { "part", "<i>{{name}}</i>" }, { NULL, NULL } };
    json_t *json = json_loads(values, 0, NULL);
    FILE *out = open_memstream(&page, &page_size);

    assert_non_null(json);
    assert_non_null(out);
    template_write(out, templates, "page", json);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(page, wanted);
    free(page);
    json_decref(json);
}

static void escapes_to(const char *bytes, size_t size, const char *wanted)
{
    FILE *out = open_memstream(&page, &page_size);
    assert_non_null(out);
    template_escape(out, span_of(bytes, size));
    assert_int_equal(fclose(out), 0);
    assert_string_equal(page, wanted);
    free(page);
}
#define ESCAPES(bytes, wanted) escapes_to(bytes, sizeof(bytes) - 1, wanted)

static void values_and_sections(void **state)
{
    (void)state;
    expect("a{{name}}b", "{\"name\":\"x\"}", "axb");
    expect("{{none}}|{{name}}|{{list}}|{{object}}", "{\"name\":null,\"list\":[1],\"object\":{}}", "|||");
    expect("{{n}} {{m}}", "{\"n\":0,\"m\":-42}", "0 -42");
    expect("{{a.b.c}}{{a.x.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep");
    expect("{{#list}}<b>{{.}}</b>{{/list}}", "{\"list\":[\"1\",\"<\"]}", "<b>1</b><b>&lt;</b>");
    expect("{{#list}}{{no}}{{name}} {{/list}}", "{\"name\":\"out\",\"list\":[{\"no\":1},{\"no\":2,\"name\":\"in\"}]}",
           "1out 2in ");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":\"\"}", "no");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":0}", "no");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":false}", "no");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":[]}", "no");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":true}", "yes");
    expect("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":\"x\"}", "yes");
    expect("{{#a}}[{{#a}}{{n}}{{/a}}]{{/a}}", "{\"a\":{\"n\":\"x\",\"a\":{\"n\":\"y\"}}}", "[y]");
    expect("{{>part}}{{#o}}{{>part}}{{/o}}", "{\"name\":\"&\",\"o\":{\"name\":\"in\"}}", "<i>&amp;</i><i>in</i>");
    expect("{ {x} }", "{}", "{ {x} }");
}

static void hostile_values_stay_text(void **state)
{
    (void)state;
    expect("<td title=\"{{v}}\">{{v}}</td>", "{\"v\":\"\\\"><script>alert('x')</script>\"}",
           "<td title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\">&quot;&gt;&lt;script&gt;"
           "alert(&#39;x&#39;)&lt;/script&gt;</td>");
    expect("{{v}}", "{\"v\":\"{{name}} {{#v}} {{>part}} }}\",\"name\":\"secret\"}", "{{name}} {{#v}} {{&gt;part}} }}");
    expect("{{v}}", "{\"v\":\"&lt; &amp;amp;\"}", "&amp;lt; &amp;amp;amp;");
    ESCAPES("Đặng Thị Ví-Dụ \xF0\x9F\x93\x84\n\t.", "Đặng Thị Ví-Dụ \xF0\x9F\x93\x84\n\t.");
    ESCAPES("a\0b\x07\x1B[31m\x7F\r", "a\uFFFDb\uFFFD\uFFFD[31m\uFFFD\uFFFD");
    ESCAPES("5\u202E0001\u202C \u2066x\u2069 \u200F", "5\uFFFD0001\uFFFD \uFFFDx\uFFFD \uFFFD");
    ESCAPES("\xC2\x85\u2028\uFEFF", "\uFFFD\uFFFD\uFFFD");
}

/* Overlong forms, halves, surrogates, numbers past the end: each byte of them is a sign that something was there. */
static void what_is_no_utf8_is_shown_as_such(void **state)
{
    (void)state;
    ESCAPES("\xC0\xBC" "script", "\uFFFD\uFFFDscript");
    ESCAPES("\xE0\x80\xBC", "\uFFFD\uFFFD\uFFFD");
    ESCAPES("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD");
    ESCAPES("\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
    ESCAPES("\xFF<\xC4", "\uFFFD&lt;\uFFFD");
    ESCAPES("\xC4<", "\uFFFD&lt;");
    ESCAPES("\xE1\xBB", "\uFFFD\uFFFD");
    ESCAPES("\xEF\xBF\xBF", "\uFFFD");
}

static void characters_have_lengths(void **state)
{
    uint32_t character = 0;

    (void)state;
    assert_int_equal(utf8_next(span_of_string("ệ"), &character), 3);
    assert_int_equal(character, 0x1EC7);
    assert_int_equal(utf8_next(span_of("\0", 1), &character), 1);
    assert_int_equal(character, 0);
    assert_int_equal(utf8_next(span_of("\xC4\x90", 2), &character), 2);
    assert_int_equal(character, 0x110);
    assert_int_equal(utf8_next(span_of("\xC4\x90", 1), &character), 0);
    assert_int_equal(utf8_next((struct span){ 0 }, &character), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_sections), cmocka_unit_test(hostile_values_stay_text),
        cmocka_unit_test(what_is_no_utf8_is_shown_as_such), cmocka_unit_test(characters_have_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
