/* What is wrong with a dossier as people write it: the short form of a submission, rewritten, or refused with its
 * place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/cli/submission_items.h"

/* Single quotes stand for double ones. */
static json_t *tree(const char *text)
{
    char quoted[1024];
    size_t size = strlen(text);

    assert_in_range(size, 1, sizeof quoted - 1);
    for (size_t i = 0; i <= size; i++)
        quoted[i] = text[i] == '\'' ? '"' : text[i];
    json_t *json = json_loads(quoted, 0, NULL);
    assert_non_null(json);
    return json;
}

static void becomes(const char *from, const char *to)
{
    json_t *root = tree(from), *expected = tree(to);
    struct problem problem = { .type = PROBLEM_NONE };
    assert_true(submission_items(root, &problem));
    assert_true(json_equal(root, expected));
    json_decref(root), json_decref(expected);
}

static void is_refused(const char *text, const char *field)
{
    json_t *root = tree(text);
    struct problem problem;
    assert_false(submission_items(root, &problem));
    assert_string_equal(problem.field, field);
    assert_true(problem.sentence_vi[0] && problem.sentence_en[0]);
    json_decref(root);
}

#define ASKS "'kind': 'SUPPLEMENT_REQUEST', "
#define TYPE "'content_type': '" SUPPLEMENT_CONTENT_TYPE "'"
#define THREE "'items': [{'component': 'A', 'wrong': 'mờ'}, {'component': 'A', 'wrong': 'thiếu'}," \
              "{'field': 'ten', 'wrong': 'sai', 'wanted': 'x'}], 'note': 'n'"
#define ONE "'items': [{'component': 'A', 'wrong': 'w'}]"
#define OF_B "'content_type': 'x/y', 'facts': {'components': [{'code': 'B'}]}"

static void rewritten(void **state)
{
    (void)state;
    becomes("{'kind': 'FORWARD', 'payload': 1}", "{'kind': 'FORWARD', 'payload': 1}");
    becomes("{" ASKS THREE "}", "{" ASKS TYPE ", 'facts': {'components': [{'code': 'A'}]}, 'payload': {" THREE "}}");
    /* What was said of the components stays; without a component nothing is made up. */
    becomes("{'kind': 'CORRECTION_REQUEST', " ONE ", " OF_B "}",
            "{'kind': 'CORRECTION_REQUEST', " OF_B ", 'payload': {" ONE "}}");
    becomes("{" ASKS "'note': 'n'}", "{" ASKS TYPE ", 'payload': {'items': [], 'note': 'n'}}");
}

static void refused_with_its_place(void **state)
{
    (void)state;
    is_refused("{'kind': 'FORWARD', 'items': []}", "items");
    is_refused("{" ASKS "'items': 3}", "items");
    is_refused("{" ASKS "'note': 3}", "note");
    is_refused("{" ASKS "'items': [], 'payload_text': 'x'}", "payload_text");
    is_refused("{" ASKS "'items': [3]}", "items[0]");
    is_refused("{" ASKS "'items': [{'component': 'A', 'wrong': 'w'}, {'component': 'A'}]}", "items[1].wrong");
    is_refused("{" ASKS "'items': [{'component': 'A', 'wrong': '  '}]}", "items[0].wrong");
    is_refused("{" ASKS "'items': [{'wrong': 'w'}]}", "items[0].component");
    is_refused("{" ASKS "'items': [{'component': 3, 'wrong': 'w'}]}", "items[0].component");
    is_refused("{" ASKS "'items': [{'component': 'A', 'wrong': 'w', 'wnated': 'x'}]}", "items[0]");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rewritten), cmocka_unit_test(refused_with_its_place) };
    return cmocka_run_group_tests_name("cli_items", tests, NULL, NULL);
}
