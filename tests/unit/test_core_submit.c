/* SUBMIT: what is accepted, what is refused and why, repetitions, corrections, withdrawals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

#define SET(array, text) memcpy(array, text, sizeof text)

static void accepted_and_ready(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct submit *said = &submit.submit;

    SET(said->step, "residence");
    said->due_ms = world->now_ms + DAY_MS;
    said->sequence = 5;
    uint64_t id = world_accept(world, &submit);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    assert_int_equal(accepted->accepted.commit_seq, world->end.seq);
    assert_int_equal(accepted->accepted.state, STATE_READY);
    assert_string_equal(accepted->accepted.held_reason, "");
    assert_false(accepted->accepted.duplicate);
    assert_true(hash_is_zero(&accepted->accepted.link));
    assert_true(hash_equal(&accepted->accepted.content_hash, &said->content_hash));
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(world_count(world, EFFECT_FEED), 0);

    struct handoff handoff = world_handoff(world, id);
    assert_int_equal(handoff.state, STATE_READY);
    assert_int_equal(handoff.due_ms, said->due_ms);
    assert_int_equal(handoff.ready_due_ms, said->due_ms);
    assert_int_equal(handoff.sequence, 5);
    assert_int_equal(handoff.accepted_ms, world->now_ms);
    assert_int_equal(handoff.accepted_seq, world->end.seq);
    assert_int_equal(handoff.recipient, handoff.addressed);
    assert_string_equal(handoff.step, "residence");
    assert_int_equal(handoff.body_bytes, said->payload.size);
}

static void delivered_carries_everything(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, "", KIND_FORWARD);
    SET(submit.submit.sender, "WARD-1");        /* by its alias */
    SET(submit.submit.step, "residence");       /* by the route */
    submit.submit.due_ms = world->now_ms + DAY_MS;
    uint64_t id = world_accept(world, &submit);

    assert_int_equal(world_offer(world, SAFE, 5), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    char key[IDEMPOTENCY_KEY_SIZE];
    struct handoff handoff = world_handoff(world, id);
    handoff_key(&world->tables, &handoff, key);
    assert_int_equal(deliver->session, world_session(SAFE));
    assert_int_equal(deliver->deliver.handoff, id);
    assert_int_equal(deliver->deliver.attempt, 1);
    assert_true(span_equal(deliver->deliver.header, submit.submit.header));
    assert_true(span_equal(deliver->deliver.payload, submit.submit.payload));
    assert_string_equal(deliver->deliver.sender, WARD);
    assert_string_equal(deliver->deliver.recipient, SAFE);
    assert_string_equal(deliver->deliver.addressed, SAFE);
    assert_string_equal(deliver->deliver.idempotency_key, key);
    assert_int_equal(strncmp(key, "gw-test-0001", 12), 0);
    assert_int_equal(deliver->deliver.stamp_ms, 42);
    assert_int_equal(deliver->deliver.due_ms, submit.submit.due_ms);
    assert_int_equal(deliver->deliver.input_count, 0);
    assert_int_equal(deliver->deliver.agency_class, CLASS_IDEMPOTENT);
    assert_false(deliver->deliver.ask_first);
    assert_int_equal(handoff.state, STATE_OFFERED);
    assert_int_equal(handoff.timer_ms, world->now_ms + world->tables.lease_ms);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
}

/* ---- refusals: one row each, the plain SUBMIT changed in one place */

static struct world *here;
static uint64_t foreign;            /* a handoff between two others */

static struct uuid id_of(int64_t time_ms)
{
    static const uint8_t unique[10] = { 1 };
    return uuid_v7(time_ms, unique);
}

static void no_id(struct submit *s)            { s->has_message_id = false; }
static void id_version_4(struct submit *s)     { s->message_id.bytes[6] = 0x40; }
static void id_old(struct submit *s)           { s->message_id = id_of(here->now_ms - 91 * DAY_MS); }
static void id_future(struct submit *s)        { s->message_id = id_of(here->now_ms + 301000); }
static void sender_other(struct submit *s)     { SET(s->sender, WARD2); }
static void sender_unknown(struct submit *s)   { SET(s->sender, "X"); }
static void sender_empty(struct submit *s)     { s->sender[0] = 0; }
static void kind_none(struct submit *s)        { s->kind = 0; }
static void kind_unknown(struct submit *s)     { s->kind = KIND_END; }
static void kind_huge(struct submit *s)        { s->kind = UINT32_MAX; }
static void code_empty(struct submit *s)       { s->dossier_code[0] = 0; }
static void code_blank(struct submit *s)       { SET(s->dossier_code, "H29 1-260302-0001"); }
static void code_control(struct submit *s)     { SET(s->dossier_code, "H29\n"); }
static void code_accents(struct submit *s)     { SET(s->dossier_code, "H29-Đ"); }
static void procedure_bad(struct submit *s)    { SET(s->procedure_code, "2 .1"); }
static void step_bad(struct submit *s)         { SET(s->step, "a\tb"); }
static void alias_bad(struct submit *s)        { s->alias_count = 1; SET(s->aliases[0], "a b"); }
static void source_future(struct submit *s)    { s->source_time_ms = here->now_ms + 301000; }
static void header_large(struct submit *s)     { s->header.size = HEADER_BYTES_MAX + 1; }
static void payload_large(struct submit *s)    { s->payload.size = BODY_BYTES_MAX + 1; }
static void result_large(struct submit *s)     { s->kind = KIND_RESULT; s->payload.size = RESULT_BYTES_MAX + 1; }
static void recipient_unknown(struct submit *s) { SET(s->recipient, "NOBODY"); }
static void route_none(struct submit *s)       { s->recipient[0] = 0; SET(s->step, "nowhere"); }
static void recipient_self(struct submit *s)   { SET(s->recipient, "WARD-1"); }
static void parent_unknown(struct submit *s)   { s->parent = 99; }
static void parent_foreign(struct submit *s)   { s->parent = foreign; }
static void attachment(struct submit *s)       { s->attachment_count = 1; }
static void after_self(struct submit *s)       { s->after[s->after_count++].message_id = s->message_id; }
static void after_twice(struct submit *s)      { s->after_count = 2; }
static void after_until(struct submit *s)      { s->after_count = 1; s->after[0].until = UNTIL_END; }

static const struct refusal {
    void (*change)(struct submit *submit);
    enum problem_type type;
    const char *field;
} refusals[] = {
    { no_id, PROBLEM_INVALID_MESSAGE_ID, "header.message_id" },
    { id_version_4, PROBLEM_INVALID_MESSAGE_ID, "header.message_id" },
    { id_old, PROBLEM_TOO_OLD, "header.message_id" },
    { id_future, PROBLEM_IN_FUTURE, "header.message_id" },
    { sender_other, PROBLEM_FOREIGN_SENDER, "header.sender" },
    { sender_unknown, PROBLEM_FOREIGN_SENDER, "header.sender" },
    { sender_empty, PROBLEM_FOREIGN_SENDER, "header.sender" },
    { kind_none, PROBLEM_UNKNOWN_KIND, "header.kind" },
    { kind_unknown, PROBLEM_UNKNOWN_KIND, "header.kind" },
    { kind_huge, PROBLEM_UNKNOWN_KIND, "header.kind" },
    { code_empty, PROBLEM_INVALID_FIELD, "header.dossier_code" },
    { code_blank, PROBLEM_INVALID_FIELD, "header.dossier_code" },
    { code_control, PROBLEM_INVALID_FIELD, "header.dossier_code" },
    { code_accents, PROBLEM_INVALID_FIELD, "header.dossier_code" },
    { procedure_bad, PROBLEM_INVALID_FIELD, "header.procedure_code" },
    { step_bad, PROBLEM_INVALID_FIELD, "header.step" },
    { alias_bad, PROBLEM_INVALID_FIELD, "header.facts.aliases" },
    { source_future, PROBLEM_IN_FUTURE, "header.source_time_ms" },
    { header_large, PROBLEM_TOO_LARGE, "header" },
    { payload_large, PROBLEM_TOO_LARGE, "payload" },
    { result_large, PROBLEM_TOO_LARGE, "payload" },
    { recipient_unknown, PROBLEM_UNKNOWN_AGENCY, "header.recipient" },
    { route_none, PROBLEM_UNKNOWN_AGENCY, "header.recipient" },
    { recipient_self, PROBLEM_INVALID_FIELD, "header.recipient" },
    { parent_unknown, PROBLEM_UNKNOWN_HANDOFF, "header.parent" },
    { parent_foreign, PROBLEM_UNKNOWN_HANDOFF, "header.parent" },
    { attachment, PROBLEM_ATTACHMENT_MISSING, "header.attachments[0]" },
    { after_self, PROBLEM_CYCLE, "header.after[0]" },
    { after_twice, PROBLEM_INVALID_FIELD, "header.after[1]" },
    { after_until, PROBLEM_INVALID_FIELD, "header.after[0]" },
};

static void each_refusal(void **state)
{
    here = *state;
    foreign = world_send(here, WARD2, SAFE, KIND_FORWARD);
    (void)world_send(here, WARD, ASK, KIND_FORWARD);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct command submit = world_submit(here, WARD, SAFE, KIND_FORWARD);
        refusals[i].change(&submit.submit);
        enum problem_type type = world_refusal(here, &submit);
        const struct effect *refused = world_effect(here, EFFECT_REFUSED, 0);
        if (type != refusals[i].type || strcmp(refused->refused.problem->field, refusals[i].field) != 0)
            fail_msg("row %zu: %s, %s", i, problem_word(type), refused->refused.problem->field);
        assert_int_equal(refused->refused.has_message_id, submit.submit.has_message_id);
        assert_true(uuid_equal(&refused->refused.message_id, &submit.submit.message_id));
        assert_int_equal(refused->refused.retry_after_ms, 0);
    }
}

static void what_is_just_allowed(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    submit.submit.source_time_ms = world->now_ms + 300000;
    (void)world_accept(world, &submit);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.source_time_ms = 1;                       /* old ones are fine */
    submit.submit.procedure_code[0] = 0;
    submit.submit.message_id = uuid_v8(world->now_ms - 90 * DAY_MS, span_of_string("a"), span_of_string("b"));
    (void)world_accept(world, &submit);
    submit = world_submit(world, WARD, SAFE, KIND_RESULT);
    static uint8_t large[RESULT_BYTES_MAX];
    submit.submit.payload = span_of(large, sizeof large);
    memset(submit.submit.dossier_code, 'x', DOSSIER_CODE_SIZE - 1);
    (void)world_accept(world, &submit);
}

static void default_is_no(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, SAFE, ASK, KIND_FORWARD);

    assert_int_equal(world_refusal(world, &submit), PROBLEM_NOT_ALLOWED);
    world->tables.permit_count = 0;
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_NOT_ALLOWED);
    world->tables.permit_count = 2;
    world->permits[0].kinds = KIND_BIT(KIND_FORWARD);
    world->permits[0].procedure[0] = '9';
    assert_int_equal(world_refusal(world, &submit), PROBLEM_NOT_ALLOWED);
    SET(world->permits[0].procedure, "2.000986");
    (void)world_accept(world, &submit);
    submit = world_submit(world, WARD, SAFE, KIND_URGE);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_NOT_ALLOWED);
}

static void an_abolished_agency_has_a_successor(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, GONE, KIND_FORWARD);
    struct handoff handoff = world_handoff(world, id);

    assert_int_not_equal(handoff.recipient, handoff.addressed);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_string_equal(deliver->deliver.addressed, GONE);
    assert_string_equal(deliver->deliver.recipient, SAFE);

    world_agency(world, GONE)->successor_count = 0;
    struct command submit = world_submit(world, WARD, GONE, KIND_FORWARD);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_UNKNOWN_AGENCY);
}

static void closed_intake_still_knows_repetitions(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct command second = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t id = world_accept(world, &first);

    world->core.intake_closed = "đĩa đầy / the disk is full";
    assert_int_equal(world_refusal(world, &second), PROBLEM_FULL);
    assert_int_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms, 30000);
    assert_non_null(strstr(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en, "the disk is full"));
    assert_int_equal(world_accept(world, &first), id);
    world->core.intake_closed = NULL;
    world->core.stopping = true;
    assert_int_equal(world_refusal(world, &second), PROBLEM_STOPPING);
    assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
    world->core.stopping = false;
    assert_int_not_equal(world_accept(world, &second), id);
}

/* ---- repetitions */

static void same_question_same_answer(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t id = world_accept(world, &submit), seq = world->end.seq;
    struct hash link = world->end.link;

    (void)world_try(world, id, VERDICT_DELIVERED);
    world->now_ms += 80 * DAY_MS;
    world->tables.permit_count = 0;                         /* what has changed since does not matter */
    assert_int_equal(world_accept(world, &submit), id);
    assert_false(world->end.wrote);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    assert_true(accepted->accepted.duplicate);
    assert_int_equal(accepted->accepted.commit_seq, seq);
    assert_true(hash_equal(&accepted->accepted.link, &link));
    assert_true(hash_equal(&accepted->accepted.content_hash, &submit.submit.content_hash));

    submit.submit.content_hash.bytes[0] ^= 1;
    assert_int_equal(world_refusal(world, &submit), PROBLEM_CONFLICT);
    world->now_ms += 11 * DAY_MS;
    assert_int_equal(world_refusal(world, &submit), PROBLEM_TOO_OLD);
}

static void ids_belong_to_their_sender(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t id = world_accept(world, &submit);

    submit.agency = world_agency(world, WARD2);
    SET(submit.submit.sender, WARD2);
    assert_int_not_equal(world_accept(world, &submit), id);
}

struct two_steps { struct world *world; struct command *command; };

static void submit_twice(struct turn *turn, void *context)
{
    struct two_steps *two = context;
    core_step(&two->world->core, turn, two->world->now_ms, two->command, &two->world->effects);
    core_step(&two->world->core, turn, two->world->now_ms, two->command, &two->world->effects);
}

static void repeated_within_one_turn(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct two_steps two = { world, &submit };

    effects_reset(&world->effects);
    (void)site_turn(world->site, world->now_ms, submit_twice, &two);
    const struct effect *first = world_effect(world, EFFECT_ACCEPTED, 0);
    const struct effect *second = world_effect(world, EFFECT_ACCEPTED, 1);
    assert_false(first->accepted.duplicate);
    assert_true(second->accepted.duplicate);
    assert_int_equal(first->accepted.handoff, second->accepted.handoff);
    assert_int_equal(first->accepted.commit_seq, second->accepted.commit_seq);
    assert_true(hash_is_zero(&second->accepted.link));      /* of this very turn: known after the commit */
}

static void submit_and_offer(struct turn *turn, void *context)
{
    struct two_steps *two = context;
    struct command offer = { .kind = COMMAND_OFFER, .agency = world_agency(two->world, SAFE) };
    offer.offer = (struct offer){ .session = world_session(SAFE), .most = 1, .kinds = KINDS_ALL };
    core_step(&two->world->core, turn, two->world->now_ms, two->command, &two->world->effects);
    core_step(&two->world->core, turn, two->world->now_ms, &offer, &two->world->effects);
}

/* Without opening the body that has just been sealed; the next attempt does. */
static void delivered_within_the_same_turn(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct two_steps two = { world, &submit };

    for (int attempt = 1; attempt <= 2; attempt++) {
        if (attempt == 1) {
            effects_reset(&world->effects);
            (void)site_turn(world->site, world->now_ms, submit_and_offer, &two);
        } else {
            assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
            assert_int_equal(world_offer(world, SAFE, 1), 1);
        }
        const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
        assert_int_equal(deliver->deliver.attempt, attempt);
        assert_true(span_equal(deliver->deliver.header, submit.submit.header));
        assert_true(span_equal(deliver->deliver.payload, submit.submit.payload));
    }
}

static void bodies_of_this_turn(void **state)
{
    struct world *world = *state;
    struct effects *effects = &world->effects;
    struct span header, payload;

    effects_reset(effects);
    assert_int_equal(effects_body(effects, 7, &header, &payload), RESULT_NOT_FOUND);
    effects_body_put(effects, 7, span_of_string("head"), (struct span){ 0 });
    effects_body_put(effects, 8, (struct span){ 0 }, span_of_string("payload"));
    assert_int_equal(effects_body(effects, 7, &header, &payload), RESULT_OK);
    assert_true(span_equal(header, span_of_string("head")) && !payload.size);
    assert_int_equal(effects_body(effects, 8, &header, &payload), RESULT_OK);
    assert_true(span_equal(payload, span_of_string("payload")) && !header.size);
    effects_body_put(effects, 8 + FRESH_BODIES, span_of_string("h"), span_of_string("p"));
    assert_int_equal(effects_body(effects, 8, &header, &payload), RESULT_NOT_FOUND);
    size_t room = arena_room(&effects->arena);
    assert_non_null(arena_take(&effects->arena, room - 3));
    assert_int_equal(effects_body(effects, 7, &header, &payload), RESULT_FULL);
    effects_reset(effects);                                 /* a turn that was aborted and is tried again, too */
    assert_int_equal(effects_body(effects, 7, &header, &payload), RESULT_NOT_FOUND);
}

static void old_ids_are_forgotten_little_by_little(void **state)
{
    struct world *world = *state;
    struct command old[5];

    for (int i = 0; i < 5; i++) {
        old[i] = world_submit(world, WARD, SAFE, KIND_FORWARD);
        (void)world_accept(world, &old[i]);
    }
    world->now_ms += 91 * DAY_MS;
    for (int i = 0; i < 3; i++)
        (void)world_send(world, WARD, SAFE, KIND_FORWARD);
    for (int i = 0; i < 5; i++)
        assert_int_equal(world_refusal(world, &old[i]), PROBLEM_TOO_OLD);
}

/* ---- dossiers and cursors */

static void aliases_lead_to_one_dossier(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    submit.submit.alias_count = 1;
    SET(submit.submit.aliases[0], "G22.99-2");
    uint64_t first = world_accept(world, &submit);
    submit = world_submit(world, WARD, SAFE, KIND_PROGRESS);
    SET(submit.submit.dossier_code, "G22.99-2");
    uint64_t second = world_accept(world, &submit);
    assert_int_equal(world_handoff(world, first).dossier, world_handoff(world, second).dossier);

    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    SET(submit.submit.dossier_code, "OTHER-1");
    uint64_t other = world_accept(world, &submit);
    assert_int_not_equal(world_handoff(world, other).dossier, world_handoff(world, first).dossier);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.alias_count = 1;
    SET(submit.submit.aliases[0], "OTHER-1");               /* one code, two dossiers */
    uint64_t parked = world_accept(world, &submit);         /* for a person */
    assert_int_equal(world_state(world, parked), STATE_HELD);
    assert_int_equal(world_handoff(world, parked).flags & HANDOFF_ON_HOLD, HANDOFF_ON_HOLD);
    assert_int_equal(world_handoff(world, parked).dossier, world_handoff(world, first).dossier);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.alias_count = 1;
    SET(submit.submit.aliases[0], "OTHER-1");
    world_after(&submit, &submit.submit.message_id, UNTIL_DELIVERED);
    submit.submit.after[0].message_id.bytes[9] ^= 1;        /* it waits for another: then at once */
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    submit.submit.alias_count = 1;
    SET(submit.submit.aliases[0], "OTHER-1");
    SET(submit.submit.dossier_code, "NEW-1");               /* a new code for a known one */
    assert_int_equal(world_handoff(world, world_accept(world, &submit)).dossier, world_handoff(world, other).dossier);

    submit = world_submit(world, SAFE, "", KIND_PROGRESS);  /* the agency's own code, answering a handoff */
    SET(submit.submit.dossier_code, "POLICE-77");
    submit.submit.parent = first;
    assert_int_equal(world_handoff(world, world_accept(world, &submit)).dossier, world_handoff(world, first).dossier);
}

static void cursor_moves_with_the_message_or_not_at_all(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    submit.submit.has_cursor = true;
    submit.submit.cursor = (struct cursor_set){ .name = span_of_string("poll"), .value = span_of_string("10"),
                                                .set = true };
    (void)world_accept(world, &submit);
    struct command next = world_submit(world, WARD, SAFE, KIND_FORWARD);
    next.submit.has_cursor = true;
    next.submit.cursor = (struct cursor_set){ .name = span_of_string("poll"), .value = span_of_string("20"),
                                              .expected = span_of_string("9"), .set = true };
    assert_int_equal(world_refusal(world, &next), PROBLEM_CURSOR_MOVED);
    next.submit.cursor.expected = span_of_string("10");
    (void)world_accept(world, &next);
}

/* ---- corrections */

static void a_correction_takes_the_place_of_the_failed_one(void **state)
{
    struct world *world = *state;
    struct command wrong = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t failed = world_accept(world, &wrong);
    uint64_t behind = world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    struct command waits = world_submit(world, WARD, ASK, KIND_FORWARD);
    world_after(&waits, &wrong.submit.message_id, UNTIL_DELIVERED);
    uint64_t dependant = world_accept(world, &waits);

    assert_int_equal(world_try(world, failed, VERDICT_BAD_DATA), STATE_FAILED);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    struct command right = world_submit(world, WARD, SAFE, KIND_FORWARD);
    right.submit.parent = failed;
    uint64_t corrected = world_accept(world, &right);

    struct handoff old = world_handoff(world, failed);
    assert_int_equal(old.state, STATE_CLOSED);
    assert_int_equal(old.child, corrected);
    assert_int_equal(world_last_event(world, failed).cause, CAUSE_CORRECTED);
    assert_int_equal(world_state(world, dependant), STATE_HELD);
    assert_int_equal(world_try(world, corrected, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_state(world, dependant), STATE_READY);
    assert_int_equal(world_try(world, behind, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void what_is_no_correction_stands_beside(void **state)
{
    struct world *world = *state;
    uint64_t failed = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, failed, VERDICT_BAD_DATA), STATE_FAILED);
    struct command other = world_submit(world, WARD, SAFE, KIND_SUPPLEMENT);        /* another kind */
    other.submit.parent = failed;
    (void)world_accept(world, &other);
    other = world_submit(world, WARD, ASK, KIND_FORWARD);                           /* to another agency */
    other.submit.parent = failed;
    (void)world_accept(world, &other);
    assert_int_equal(world_state(world, failed), STATE_FAILED);
}

static void a_correction_may_not_wait_for_whom_it_stands_in(void **state)
{
    struct world *world = *state;
    struct command wrong = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t failed = world_accept(world, &wrong);
    struct command waits = world_submit(world, WARD, ASK, KIND_FORWARD);
    world_after(&waits, &wrong.submit.message_id, UNTIL_DELIVERED);
    (void)world_accept(world, &waits);
    assert_int_equal(world_try(world, failed, VERDICT_BAD_DATA), STATE_FAILED);

    struct command right = world_submit(world, WARD, SAFE, KIND_FORWARD);
    right.submit.parent = failed;
    world_after(&right, &wrong.submit.message_id, UNTIL_RESULT);
    assert_int_equal(world_refusal(world, &right), PROBLEM_CYCLE);
    right.submit.after[0].message_id = waits.submit.message_id;
    assert_int_equal(world_refusal(world, &right), PROBLEM_CYCLE);
}

/* ---- withdrawals */

static void a_withdrawal_closes_what_never_left(void **state)
{
    struct world *world = *state;
    uint64_t forward = world_send(world, WARD, SAFE, KIND_FORWARD);
    uint64_t supplement = world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    uint64_t elsewhere = world_send(world, WARD, ASK, KIND_FORWARD);
    uint64_t foreigners = world_send(world, WARD2, SAFE, KIND_FORWARD);
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);

    assert_int_equal(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.state, STATE_CLOSED);
    assert_int_equal(world_state(world, forward), STATE_CLOSED);
    assert_int_equal(world_state(world, supplement), STATE_CLOSED);
    assert_int_equal(world_state(world, withdrawal), STATE_CLOSED);
    assert_int_equal(world_last_event(world, withdrawal).cause, CAUSE_WITHDRAWN);
    assert_int_equal(world_state(world, elsewhere), STATE_READY);
    assert_int_equal(world_state(world, foreigners), STATE_READY);
    assert_int_equal(world_try(world, foreigners, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
}

static void a_withdrawal_follows_what_may_be_there(void **state)
{
    struct world *world = *state;
    uint64_t forward = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, forward, VERDICT_UNKNOWN), STATE_WAITING);    /* perhaps */
    uint64_t supplement = world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);
    assert_int_equal(world_state(world, forward), STATE_WAITING);
    assert_int_equal(world_state(world, supplement), STATE_CLOSED);
    assert_int_equal(world_state(world, withdrawal), STATE_READY);
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, forward, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, withdrawal, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void refused_for_sure_counts_as_never_left(void **state)
{
    struct world *world = *state;
    uint64_t forward = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, forward, VERDICT_LATER), STATE_WAITING);
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);
    assert_int_equal(world_state(world, forward), STATE_CLOSED);
    assert_int_equal(world_state(world, withdrawal), STATE_CLOSED);
}

/* An attempt that went silent is remembered even when a later one was answered "not now". */
static void one_silent_attempt_is_enough_to_follow(void **state)
{
    struct world *world = *state;
    uint64_t forward = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_try(world, forward, VERDICT_LATER), STATE_WAITING);
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);
    assert_int_equal(world_state(world, forward), STATE_WAITING);
    assert_int_equal(world_state(world, withdrawal), STATE_READY);
}

static void a_stop_is_always_sent_and_so_is_an_unknown_withdrawal(void **state)
{
    struct world *world = *state;
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);           /* no FORWARD known here */
    assert_int_equal(world_state(world, withdrawal), STATE_READY);
    uint64_t forward = world_send(world, WARD, ASK, KIND_FORWARD);
    uint64_t stop = world_send(world, WARD, ASK, KIND_STOP);
    assert_int_equal(world_state(world, forward), STATE_CLOSED);
    assert_int_equal(world_state(world, stop), STATE_READY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(accepted_and_ready), WORLD(delivered_carries_everything), WORLD(each_refusal),
        WORLD(what_is_just_allowed), WORLD(default_is_no), WORLD(an_abolished_agency_has_a_successor),
        WORLD(closed_intake_still_knows_repetitions), WORLD(same_question_same_answer),
        WORLD(ids_belong_to_their_sender), WORLD(repeated_within_one_turn),
        WORLD(delivered_within_the_same_turn), WORLD(bodies_of_this_turn),
        WORLD(old_ids_are_forgotten_little_by_little), WORLD(aliases_lead_to_one_dossier),
        WORLD(cursor_moves_with_the_message_or_not_at_all), WORLD(a_correction_takes_the_place_of_the_failed_one),
        WORLD(what_is_no_correction_stands_beside), WORLD(a_correction_may_not_wait_for_whom_it_stands_in),
        WORLD(a_withdrawal_closes_what_never_left), WORLD(a_withdrawal_follows_what_may_be_there),
        WORLD(refused_for_sure_counts_as_never_left), WORLD(one_silent_attempt_is_enough_to_follow),
        WORLD(a_stop_is_always_sent_and_so_is_an_unknown_withdrawal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
