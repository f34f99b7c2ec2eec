/* Papers that may not be asked for, what is read out of a header, and what becomes of handoffs when agencies end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/header_text.h"
#include "proto/lienthong.pb-c.h"
#include "tests/unit/core_world.h"

/* ---- headers */

static uint8_t header_bytes[4096];

/* Facts with these components; the one at `withdrawn` is marked so (-1 none). */
static struct span header_with(const char *const *codes, size_t count, int withdrawn, const char *version,
                               int64_t received_ms)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Component components[8], *list[8];

    for (size_t i = 0; i < count; i++) {
        lienthong__v1__component__init(&components[i]);
        components[i].code = (char *)(uintptr_t)codes[i];
        components[i].withdrawn = (int)i == withdrawn;
        components[i].copies = 2;
        list[i] = &components[i];
    }
    facts.n_components = count;
    facts.components = list;
    facts.procedure_version = (char *)(uintptr_t)version;
    facts.received_ms = received_ms;
    facts.area_code = "79.07.01";
    header.facts = &facts;
    header.sender = "somebody";
    header.sequence = 300;
    header.content_type = "application/json";
    size_t size = lienthong__v1__header__get_packed_size(&header);
    assert_in_range(size, 1, sizeof header_bytes);
    lienthong__v1__header__pack(&header, header_bytes);
    return span_of(header_bytes, size);
}

static void single_facts_of_a_header(void **state)
{
    (void)state;
    const char *const codes[] = { "a", "b", "c" };
    struct span header = header_with(codes, 3, 1, "p/-/2020-01-01", 77);
    char text[CONTENT_TYPE_SIZE], area[AREA_CODE_SIZE], version[PROCEDURE_VERSION_SIZE];
    struct component_walk walk = header_components(header);
    struct component_said said;

    header_content_type(header, text);
    assert_string_equal(text, "application/json");
    header_area(header, area);
    assert_string_equal(area, "79.07.01");
    header_version(header, version, sizeof version);
    assert_string_equal(version, "p/-/2020-01-01");
    assert_int_equal(header_received_ms(header), 77);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(header_component_next(&walk, &said));
        assert_true(span_equal(said.code, span_of_string(codes[i])));
        assert_int_equal(said.index, i);
        assert_int_equal(said.withdrawn, i == 1);
    }
    assert_false(header_component_next(&walk, &said));

    /* Cut short anywhere: something or nothing is found, nothing beyond the end is looked at. */
    for (size_t size = 0; size < header.size; size++) {
        uint8_t *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, header.bytes, size);
        header_area(span_of(cut, size), area);
        walk = header_components(span_of(cut, size));
        while (header_component_next(&walk, &said))
            assert_true(said.index < 3);
        free(cut);
    }
}

/* ---- papers */

static struct component papers[] = {
    { .code = "book", .name = "Sổ hộ khẩu", .need = NEED_WITHDRAWN, .rule = "Luật Cư trú", .instead = "CSDL dân cư" },
    { .code = "form", .name = "Tờ khai", .need = NEED_REQUIRED },
};
static struct procedure versions[2];

static void list_procedures(struct world *world)
{
    papers[0].from_ms = world->now_ms - 10 * DAY_MS;
    versions[0] = (struct procedure){ .code = "2.000986", .senders = { .kind = SELECT_ANY }, .components = papers,
                                      .component_count = 2, .from_ms = world->now_ms - 20 * DAY_MS };
    versions[1] = (struct procedure){ .code = "2.000986", .variant = "without", .senders = { .kind = SELECT_ANY },
                                      .components = papers + 1, .component_count = 1,
                                      .from_ms = world->now_ms - 20 * DAY_MS };
    versions[0].usual = true;
    world->tables.procedures = versions;
    world->tables.procedure_count = 2;
}

static void a_withdrawn_paper_is_refused_with_its_rule(void **state)
{
    struct world *world = *state;
    const char *const asked[] = { "form", "book" }, *const fine[] = { "form", "other" };
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    list_procedures(world);
    submit.submit.header = header_with(asked, 2, -1, "", 0);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    const struct problem *problem = world_effect(world, EFFECT_REFUSED, 0)->refused.problem;
    assert_string_equal(problem->field, "header.facts.components[1]");
    assert_non_null(strstr(problem->sentence_vi, "Luật Cư trú"));
    assert_non_null(strstr(problem->sentence_en, "CSDL dân cư"));
    submit.submit.kind = KIND_SUPPLEMENT;                       /* the citizen may bring what he likes */
    (void)world_accept(world, &submit);

    submit = world_submit(world, SAFE, WARD, KIND_SUPPLEMENT_REQUEST);
    submit.submit.header = header_with(asked, 2, -1, "", 0);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    submit.submit.header = header_with(fine, 2, -1, "", 0);
    (void)world_accept(world, &submit);
}

static void the_version_of_the_dossier_decides(void **state)
{
    struct world *world = *state;
    const char *const asked[] = { "book" };
    char version[PROCEDURE_VERSION_SIZE];
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    list_procedures(world);
    submit.submit.header = header_with(asked, 1, -1, "", world->now_ms - 11 * DAY_MS);     /* it was asked for then */
    (void)world_accept(world, &submit);
    procedure_version_text(&versions[1], version);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.header = header_with(asked, 1, -1, version, 0);
    (void)world_accept(world, &submit);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.header = header_with(asked, 1, -1, "2.000986/no/such", 0);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    submit.submit.header = header_with(asked, 1, 0, version, 0);                            /* by its sender's word */
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    world->tables.procedure_count = 0;                                                      /* no catalogue, no rule */
    submit.submit.header = header_with(asked, 1, -1, "", 0);
    (void)world_accept(world, &submit);
}

/* ---- successors */

static void end_safe(struct world *world)
{
    struct agency *safe = world_agency(world, SAFE), *ask = world_agency(world, ASK);

    world->takes_over[1] = (struct successor){ .code = ASK, .from_ms = world->now_ms, .kinds = KINDS_ALL };
    safe->to_ms = world->now_ms;
    safe->successors = &world->takes_over[1];
    safe->successor_count = 1;
    ask->succeeds = true;
}

static void takeover(struct world *world)
{
    struct command command = { .kind = COMMAND_TAKEOVER };

    do {
        world_run(world, &command);
        const struct effect *again = world_effect(world, EFFECT_AGAIN, 0);
        if (!again)
            return;
        command.takeover = again->takeover;
    } while (true);
}

/* More than one step looks at: it goes on from where it stopped, and each of many lanes arrives. */
static void many_wait_and_all_arrive(void **state)
{
    struct world *world = *state;
    enum { MANY = 600 };
    struct handoff last;

    for (int i = 0; i < MANY; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        struct text code = text_of(submit.submit.dossier_code, sizeof submit.submit.dossier_code);
        text_add(&code, "D-%d", i);
        last = world_handoff(world, world_accept(world, &submit));
    }
    assert_int_equal(world_offer(world, ASK, 1), 0);
    end_safe(world);
    takeover(world);
    unsigned offered = 0, more;
    while ((more = world_offer(world, ASK, OFFER_MAX)) != 0)
        offered += more;
    assert_int_equal(offered, MANY);
    assert_int_equal(world_offer(world, SAFE, 1), 0);
    last = world_handoff(world, last.id);
    assert_int_not_equal(last.recipient, last.addressed);
    assert_int_equal(last.state, STATE_OFFERED);
}

/* Without TAKEOVER: its old receiver is still connected, and must not get it. */
static void an_offer_resolves_too(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    end_safe(world);
    assert_int_equal(world_offer(world, SAFE, 1), 0);
    assert_int_equal(world_offer(world, ASK, 1), 1);
    assert_int_equal(world_handoff(world, id).charged, 0);
}

/* A directory may give an agency its place back. What has moved stays where it is, and is not overtaken there by what
 * comes later for the same dossier. */
static void a_seat_given_back_keeps_the_order(void **state)
{
    struct world *world = *state;
    uint64_t moved = world_send(world, WARD, SAFE, KIND_FORWARD);

    end_safe(world);
    takeover(world);
    struct agency *safe = world_agency(world, SAFE);
    safe->to_ms = 0;
    safe->successor_count = 0;
    uint64_t later = world_send(world, WARD, ASK, KIND_FORWARD);
    assert_int_equal(world_offer(world, ASK, 5), 1);
    assert_int_equal(world_handoff(world, moved).state, STATE_OFFERED);
    assert_int_equal(world_handoff(world, later).state, STATE_READY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_facts_of_a_header),
        WORLD(a_withdrawn_paper_is_refused_with_its_rule), WORLD(the_version_of_the_dossier_decides),
        WORLD(many_wait_and_all_arrive), WORLD(an_offer_resolves_too),
        WORLD(a_seat_given_back_keeps_the_order),
    };
    return cmocka_run_group_tests_name("core: papers and seats", tests, NULL, NULL);
}
