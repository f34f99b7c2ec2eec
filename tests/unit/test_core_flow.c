/* The graph of a flow as one dossier walks it: order, who waits for whom, what comes along, what is not wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/flow_graph.h"

enum { OPTIONAL = 1, CITIZEN = 2, ANY = 4 };

static struct procedure_step steps[PROCEDURE_STEPS_MAX];
static struct procedure procedure;

static void begin(void)
{
    memset(steps, 0, sizeof steps);
    procedure = (struct procedure){ .code = "2.000986", .variant = "normal", .steps = steps };
}

/* `after`: names of steps that were added before, or will be, with blanks between. Call again to say it. */
static void add(const char *name, unsigned flags)
{
    struct procedure_step *step = &steps[procedure.step_count++];
    memcpy(step->name, name, strlen(name));
    step->optional = flags & OPTIONAL;
    step->citizen = flags & CITIZEN;
    step->join = flags & ANY ? JOIN_ANY : JOIN_ALL;
}

static void after(const char *name, const char *before)
{
    steps[procedure_step_index(&procedure, name)].after |= 1u << procedure_step_index(&procedure, before);
}

static uint32_t chosen(const char *name)
{
    return 1u << procedure_step_index(&procedure, name);
}

/* The names of these bits, in order. */
static const char *names(const struct flow *flow, uint32_t bits)
{
    static char text[256];
    struct text list = text_of(text, sizeof text);
    for (uint32_t i = 0; i < flow->step_count; i++)
        if (bits & 1u << i)
            text_add(&list, "%s%s", list.used ? " " : "", flow->steps[i].name);
    return list.used ? text : "";
}

#define GATES(flow, name)  names(flow, flow_gates(flow, (uint32_t)flow_step_index(flow, name)))
#define INPUTS(flow, name) names(flow, flow_inputs(flow, (uint32_t)flow_step_index(flow, name)))
#define ALL (~0u)

static void steps_come_after_those_they_wait_for(void **state)
{
    struct flow flow;
    (void)state;
    begin();
    add("card", 0);
    add("civil-status", 0);
    add("residence", 0);
    add("school", 0);
    after("card", "residence");
    after("residence", "civil-status");
    after("school", "civil-status");
    flow_lay_out(&procedure, 0, &flow);
    assert_string_equal(flow.version, "2.000986/normal/-");
    assert_string_equal(names(&flow, ALL), "civil-status residence card school");
    assert_int_equal(flow_root(&flow), 0);
    assert_string_equal(GATES(&flow, "card"), "residence");
    assert_string_equal(GATES(&flow, "school"), "civil-status");
    assert_string_equal(GATES(&flow, "civil-status"), "");
    assert_int_equal(flow_step_index(&flow, "gift"), -1);
    flow.steps[2].handoff = 7;
    assert_int_equal(flow_step_of(&flow, 7), 2);
    assert_int_equal(flow_step_of(&flow, 8), -1);
    assert_int_equal(flow_step_of(&flow, 0), -1);
}

/* A chain of optional ones in the middle: whoever comes after it comes after what is before it. */
static void what_is_not_wanted_is_not_waited_for(void **state)
{
    struct flow flow;
    (void)state;
    begin();
    add("a", 0);
    add("b", OPTIONAL);
    add("c", OPTIONAL);
    add("d", 0);
    after("b", "a");
    after("c", "b");
    after("d", "c");
    flow_lay_out(&procedure, 0, &flow);
    assert_string_equal(GATES(&flow, "d"), "a");
    assert_false(flow_step_is(&flow.steps[1], FLOW_STEP_CHOSEN));
    assert_true(flow_step_is(&flow.steps[1], FLOW_STEP_OPTIONAL));
    flow_lay_out(&procedure, chosen("b"), &flow);
    assert_string_equal(GATES(&flow, "d"), "b");
    assert_string_equal(GATES(&flow, "b"), "a");
    flow_lay_out(&procedure, chosen("c"), &flow);
    assert_string_equal(GATES(&flow, "d"), "c");
    assert_string_equal(GATES(&flow, "c"), "a");
    flow_lay_out(&procedure, chosen("b") | chosen("c"), &flow);
    assert_string_equal(GATES(&flow, "d"), "c");
}

static void one_of_several(void **state)
{
    struct flow flow;
    (void)state;
    begin();
    add("a", 0);
    add("b", OPTIONAL);
    add("c", OPTIONAL);
    add("d", ANY);
    after("b", "a");
    after("c", "a");
    after("d", "b");
    after("d", "c");
    flow_lay_out(&procedure, chosen("b") | chosen("c"), &flow);
    assert_string_equal(GATES(&flow, "d"), "b c");
    flow_lay_out(&procedure, chosen("c"), &flow);       /* the other does not open it by way of a */
    assert_string_equal(GATES(&flow, "d"), "c");
    flow_lay_out(&procedure, 0, &flow);
    assert_string_equal(GATES(&flow, "d"), "a");
}

static void what_the_citizen_does(void **state)
{
    struct flow flow;
    (void)state;
    begin();
    add("form", CITIZEN);
    add("check", 0);
    add("notice", 0);
    add("payment", CITIZEN);
    add("confirm", CITIZEN | OPTIONAL);
    add("certificate", 0);
    after("check", "form");
    after("notice", "check");
    after("payment", "notice");
    after("confirm", "payment");
    after("certificate", "confirm");
    flow_lay_out(&procedure, 0, &flow);
    assert_int_equal(flow_root(&flow), 1);              /* the form is done by submitting */
    assert_string_equal(GATES(&flow, "certificate"), "notice payment");
    assert_string_equal(INPUTS(&flow, "certificate"), "notice");
    assert_string_equal(INPUTS(&flow, "notice"), "check");
    flow_lay_out(&procedure, chosen("confirm"), &flow);
    assert_string_equal(GATES(&flow, "certificate"), "notice payment confirm");
    assert_string_equal(GATES(&flow, "confirm"), "notice payment");
}

/* Nobody could begin: the citizen has to do something first that he has not done by submitting. */
static void no_root(void **state)
{
    struct flow flow;
    (void)state;
    begin();
    add("form", CITIZEN);
    add("payment", CITIZEN);
    add("check", 0);
    after("payment", "form");
    after("check", "payment");
    flow_lay_out(&procedure, 0, &flow);
    assert_int_equal(flow_root(&flow), -1);
    begin();
    add("a", OPTIONAL);
    flow_lay_out(&procedure, 0, &flow);
    assert_int_equal(flow_root(&flow), -1);
    flow_lay_out(&procedure, 1, &flow);
    assert_int_equal(flow_root(&flow), 0);
}

/* As many as there can be, each after all before it: still in order, and every bit has its place. */
static void the_largest(void **state)
{
    struct flow flow;
    char name[] = "a";
    (void)state;
    begin();
    for (unsigned i = 0; i < PROCEDURE_STEPS_MAX; i++) {
        name[0] = (char)('p' - i);
        add(name, 0);
    }
    for (unsigned i = 0; i < PROCEDURE_STEPS_MAX; i++)
        steps[i].after = ~((2u << i) - 1) & ((1u << PROCEDURE_STEPS_MAX) - 1);
    flow_lay_out(&procedure, 0, &flow);
    assert_string_equal(names(&flow, ALL), "a b c d e f g h i j k l m n o p");
    assert_string_equal(GATES(&flow, "d"), "a b c");
    assert_int_equal(flow_gates(&flow, PROCEDURE_STEPS_MAX - 1), (1u << (PROCEDURE_STEPS_MAX - 1)) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_come_after_those_they_wait_for),
        cmocka_unit_test(what_is_not_wanted_is_not_waited_for),
        cmocka_unit_test(one_of_several),
        cmocka_unit_test(what_the_citizen_does),
        cmocka_unit_test(no_root),
        cmocka_unit_test(the_largest),
    };
    return cmocka_run_group_tests_name("core: flow", tests, NULL, NULL);
}
