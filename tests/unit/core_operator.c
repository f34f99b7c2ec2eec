#include "tests/unit/core_operator.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct command operator_command(const char *verb, uint64_t handoff)
{
    struct command command = { .kind = COMMAND_ADMIN, .session = 3, .correlation = 11 };

    assert_true(span_to_string(span_of_string(verb), command.admin.verb, sizeof command.admin.verb));
    memcpy(command.admin.reason, "because", 8);
    command.admin.uid = 1000;
    command.admin.handoff = handoff;
    return command;
}

const struct admin_reply *operator_ask(struct world *world, const struct command *command)
{
    world_run(world, command);
    assert_int_equal(world_count(world, EFFECT_ADMIN_REPLY), 1);
    const struct effect *effect = world_effect(world, EFFECT_ADMIN_REPLY, 0);
    assert_int_equal(effect->session, command->session);
    assert_int_equal(effect->correlation, command->correlation);
    return &effect->admin_reply;
}

const struct admin_reply *operator_do(struct world *world, const char *verb, uint64_t handoff)
{
    struct command command = operator_command(verb, handoff);
    const struct admin_reply *reply = operator_ask(world, &command);
    if (reply->refused)
        fail_msg("%s refused: %s", verb, reply->refused->sentence_en);
    return reply;
}

enum problem_type operator_refusal(struct world *world, const struct command *command)
{
    const struct admin_reply *reply = operator_ask(world, command);
    assert_non_null(reply->refused);
    assert_true(reply->refused->sentence_vi[0] && reply->refused->sentence_en[0]);
    assert_int_equal(world->effects.count, 1);
    assert_false(world->end.wrote);
    return reply->refused->type;
}

const char *operator_fact(const struct admin_reply *reply, const char *name)
{
    for (uint32_t i = 0; i < reply->fact_count; i++)
        if (strcmp(reply->facts[i].name, name) == 0)
            return reply->facts[i].value;
    return "";
}

uint64_t operator_number(const struct admin_reply *reply, const char *name)
{
    return strtoull(operator_fact(reply, name), NULL, 10);
}

uint64_t operator_send(struct world *world, const char *to, unsigned dossier)
{
    struct command submit = world_submit(world, WARD, to, KIND_FORWARD);
    snprintf(submit.submit.dossier_code, sizeof submit.submit.dossier_code, "D-%05u", dossier);
    return world_accept(world, &submit);
}

uint64_t operator_send_failing(struct world *world, const char *to, unsigned dossier, const char *fingerprint)
{
    uint64_t id = operator_send(world, to, dossier);

    world_agency(world, to)->attempts_max = 1;
    assert_int_equal(world_offer(world, to, 1), 1);
    struct command outcome = world_outcome(to, id, 1, VERDICT_LATER);
    assert_true(span_to_string(span_of_string(fingerprint), outcome.outcome.fingerprint,
                               sizeof outcome.outcome.fingerprint));
    assert_int_equal(world_say(world, &outcome), STATE_FAILED);
    return id;
}
