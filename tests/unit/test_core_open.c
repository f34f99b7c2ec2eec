/* facts and open: what a handoff says of its dossier, and who read its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/deadline.h"
#include "gateway/core/procedure.h"
#include "proto/lienthong.pb-c.h"
#include "tests/unit/core_operator.h"

static const char REASON[] = "lập giấy tờ refusal";
static uint8_t header_bytes[512];

/* A handoff with Facts in its header, as a client would write it. */
static uint64_t send_with_facts(struct world *world)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Attachment attachment = LIENTHONG__V1__ATTACHMENT__INIT, *attachments = &attachment;
    struct command command = world_submit(world, WARD, SAFE, KIND_FORWARD);

    facts.officer_from = "CB-01";
    facts.reason_code = "thieu-giay-to";
    attachment.name = "ten-nguoi.pdf";
    header.facts = &facts;
    header.content_type = "text/plain";
    header.attachments = &attachments;
    header.n_attachments = 1;
    command.submit.header = span_of(header_bytes, lienthong__v1__header__pack(&header, header_bytes));
    command.submit.payload = span_of_string("Lời của cơ quan.");
    return world_accept(world, &command);
}

static void facts_without_words(void **state)
{
    struct world *world = *state;
    uint64_t id = send_with_facts(world);
    unsigned events = world_events(world, id);

    const struct said_view *said = operator_do(world, "facts", id)->said;
    assert_non_null(said);
    assert_int_equal(said->handoff, id);
    assert_int_equal(said->payload.size, 0);
    assert_string_equal(said->content_type, "text/plain");
    assert_int_equal(said->opened, 0);
    assert_false(said->purged);
    assert_string_equal(said->procedure_name, "");
    Lienthong__V1__Facts *facts = lienthong__v1__facts__unpack(NULL, said->facts.size, said->facts.bytes);
    assert_non_null(facts);
    assert_string_equal(facts->officer_from, "CB-01");
    lienthong__v1__facts__free_unpacked(facts, NULL);
    assert_null(memmem(said->facts.bytes, said->facts.size, "ten-nguoi", 9));
    assert_false(world->end.wrote);
    assert_int_equal(world_events(world, id), events);
}

static void words_are_given_and_it_is_kept_who_read_them(void **state)
{
    struct world *world = *state;
    uint64_t id = send_with_facts(world);
    enum state before = world_state(world, id);
    char detail[REASON_BYTES_MAX + 1];
    struct command command = operator_command("open", id);

    memcpy(command.admin.reason, REASON, sizeof REASON);
    for (uint32_t times = 1; times <= 2; times++) {
        const struct admin_reply *reply = operator_ask(world, &command);
        assert_null(reply->refused);
        assert_int_equal(reply->affected, 1);
        assert_int_equal(reply->said->opened, times);
        assert_true(span_equal(reply->said->payload, span_of_string("Lời của cơ quan.")));
        assert_true(world->end.wrote);
        assert_int_equal(world_count(world, EFFECT_FEED), 0);           /* the sender hears nothing of it */
        struct event event = world_last_event(world, id);
        assert_int_equal(event.cause, CAUSE_OPENED);
        assert_int_equal(event.actor_uid, 1001);
        assert_int_equal(event.from, event.to);
        world_detail(world, id, detail);
        assert_string_equal(detail, REASON);
    }
    assert_int_equal(world_state(world, id), before);
    assert_int_equal(operator_do(world, "facts", id)->said->opened, 2);
}

static void opening_needs_a_reason_and_a_handoff(void **state)
{
    struct world *world = *state;
    uint64_t id = send_with_facts(world);
    struct command command = operator_command("open", id);

    command.admin.reason[0] = 0;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_REASON_MISSING);
    command = operator_command("open", id + 1);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_HANDOFF);
    command = operator_command("facts", 0);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
    command = operator_command("open", id);
    command.admin.dry_run = true;
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_null(reply->refused);
    assert_int_equal(reply->affected, 1);
    assert_int_equal(reply->said->payload.size, 0);
    assert_false(world->end.wrote);
}

static void what_was_purged_is_not_opened(void **state)
{
    struct world *world = *state;
    uint64_t id = send_with_facts(world);

    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)world_pass(world, world->tables.purge_after_ms);
    assert_true(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
    unsigned events = world_events(world, id);
    const struct admin_reply *reply = operator_do(world, "open", id);
    assert_true(reply->said->purged);
    assert_int_equal(reply->affected, 0);
    assert_int_equal(reply->said->facts.size + reply->said->payload.size, 0);
    assert_int_equal(world_events(world, id), events);
}

static void names_of_the_catalogue(void **state)
{
    struct world *world = *state;
    static struct component components[] = {
        { .code = "CCCD", .name = "Căn cước công dân", .need = NEED_SHARED },
        { .code = "TK", .name = "Tờ khai đăng ký khai sinh", .need = NEED_REQUIRED },
    };
    static struct procedure procedure = {
        .code = "2.000986", .name = "Liên thông khai sinh", .from_ms = 0, .to_ms = INT64_MAX,
        .senders = { .kind = SELECT_ANY }, .components = components, .component_count = 2, .usual = true,
    };

    world->tables.procedures = &procedure;
    world->tables.procedure_count = 1;
    uint64_t id = send_with_facts(world);
    const struct said_view *said = operator_do(world, "facts", id)->said;
    assert_string_equal(said->procedure_name, "Liên thông khai sinh");
    assert_int_equal(said->component_count, 2);
    assert_string_equal(said->components[1].code, "TK");
    assert_string_equal(said->components[1].name, "Tờ khai đăng ký khai sinh");
    /* What the citizen is asked for need not name the procedure: it is the dossier's. */
    struct command asks = world_submit(world, WARD, SAFE, KIND_FORWARD);
    static struct facts facts = { .status = 2 };
    snprintf(asks.submit.dossier_code, sizeof asks.submit.dossier_code, "H29.07-230425-0042");
    asks.submit.facts = &facts;
    uint64_t forward = world_accept(world, &asks);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, forward, VERDICT_DELIVERED), STATE_DELIVERED);
    asks = world_submit(world, SAFE, WARD, KIND_PROGRESS);
    snprintf(asks.submit.dossier_code, sizeof asks.submit.dossier_code, "H29.07-230425-0042");
    asks.submit.parent = forward;
    asks.submit.procedure_code[0] = 0;
    said = operator_do(world, "facts", world_accept(world, &asks))->said;
    assert_string_equal(said->procedure_name, "Liên thông khai sinh");
    assert_int_equal(said->component_count, 2);
    world->tables.procedures = NULL;
    world->tables.procedure_count = 0;
}

/* Why it failed is found behind any number of readings that a day may bring. */
static void reading_does_not_hide_why_it_failed(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send_failing(world, SAFE, 1, "http-503");
    struct command command = operator_command("show", id);

    const char *reason = operator_ask(world, &command)->handoffs[0].reason;
    char kept[REASON_BYTES_MAX + 1];
    assert_true(span_to_string(span_of_string(reason), kept, sizeof kept));
    for (int i = 0; i < 20; i++)
        (void)operator_do(world, "open", id);
    assert_string_equal(operator_ask(world, &command)->handoffs[0].reason, kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(facts_without_words), WORLD(words_are_given_and_it_is_kept_who_read_them),
        WORLD(opening_needs_a_reason_and_a_handoff), WORLD(what_was_purged_is_not_opened),
        WORLD(names_of_the_catalogue), WORLD(reading_does_not_hide_why_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
