/* A store that came back from a backup: what it holds, what is handed off again, the gateway while it is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/restore.h"
#include "tests/unit/core_operator.h"
#include "tests/unit/core_upload.h"

/* ---- going back */

static void backup(struct world *world, const char *name)
{
    char path[SITE_PATH_SIZE];
    uint64_t seq;
    site_path(world->site, name, path);
    assert_int_equal(store_backup(world->site->store, path, (struct left_out){ 0 }, &seq, NULL), RESULT_OK);
}

/* What came after the backup is lost. Held, and not judged yet. */
static void bring_back(struct world *world, const char *name)
{
    static unsigned lost;
    char from[SITE_PATH_SIZE], away[SITE_PATH_SIZE], lost_name[32], words[400] = "";
    struct text why = text_of(words, sizeof words);
    struct store_restore wanted = { .backup = from, .folder = world->site->store_folder, .now_ms = world->now_ms };
    uint32_t epoch;
    uint64_t seq;

    site_path(world->site, name, from);
    snprintf(lost_name, sizeof lost_name, "lost-%u", ++lost);
    site_path(world->site, lost_name, away);
    site_close(world->site);
    assert_int_equal(rename(world->site->store_folder, away), 0);
    if (store_restore(&wanted, &epoch, &seq, &why) != RESULT_OK)
        fail_msg("%s", words);
    site_open(world->site);
}

/* How many were judged. */
static unsigned judge(struct world *world)
{
    struct command command = { .kind = COMMAND_RESTORE };
    unsigned judged = 0;
    do {
        world_run(world, &command);
        judged += world_count(world, EFFECT_RESTORED);
    } while (world_effect(world, EFFECT_AGAIN, 0));
    return judged;
}

static void release(struct world *world)
{
    struct command command = operator_command("release", 0);
    memcpy(command.admin.code, RELEASE_GATEWAY, sizeof RELEASE_GATEWAY);
    assert_null(operator_ask(world, &command)->refused);
}

static unsigned restore(struct world *world, const char *name)
{
    bring_back(world, name);
    unsigned judged = judge(world);
    release(world);
    return judged;
}

static struct command submit_of(struct world *world, const char *to, unsigned dossier)
{
    struct command command = world_submit(world, WARD, to, KIND_FORWARD);
    snprintf(command.submit.dossier_code, DOSSIER_CODE_SIZE, "D-%05u", dossier);
    return command;
}

static void perhaps(struct world *world, uint64_t id, enum state state, bool ask_first)
{
    struct handoff handoff = world_handoff(world, id);
    assert_int_equal(handoff.state, state);
    assert_int_equal(!!(handoff.flags & HANDOFF_ASK_FIRST), ask_first);
    assert_int_equal(handoff.attempt >= RESTORE_ATTEMPTS, true);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_RESTORED);
}

/* ---- each state, each class */

static void what_had_not_ended_is_judged_by_class(void **state)
{
    struct world *world = *state;
    static const char *const to[] = { SAFE, ASK, ONCE };
    static const enum state then[] = { STATE_READY, STATE_READY, STATE_UNSURE };
    uint64_t ready[3], waiting[3], offered[3], held[3], behind[3], failed[3], done[3];
    unsigned dossier = 0;

    for (int i = 0; i < 3; i++) {
        done[i] = operator_send(world, to[i], ++dossier);
        assert_int_equal(world_try(world, done[i], VERDICT_DELIVERED), STATE_DELIVERED);
        failed[i] = operator_send_failing(world, to[i], ++dossier, "http-500");
        world_agency(world, to[i])->attempts_max = 5;
        waiting[i] = operator_send(world, to[i], ++dossier);
        assert_int_equal(world_try(world, waiting[i], VERDICT_LATER), STATE_WAITING);
        offered[i] = operator_send(world, to[i], ++dossier);
        assert_int_equal(world_offer(world, to[i], 1), 1);
        ready[i] = operator_send(world, to[i], ++dossier);
        struct command second = submit_of(world, to[i], dossier);
        behind[i] = world_accept(world, &second);
        struct command later = submit_of(world, to[i], ++dossier);
        struct uuid nobody = second.submit.message_id;
        nobody.bytes[15] ^= 0x55;
        world_after(&later, &nobody, UNTIL_DELIVERED);
        held[i] = world_accept(world, &later);
        assert_int_equal(world_state(world, held[i]), STATE_HELD);
    }
    backup(world, "backup");
    world->now_ms += MINUTE_MS;
    bring_back(world, "backup");
    assert_int_equal(judge(world), 3 * 6);
    assert_int_equal(judge(world), 0);
    for (int i = 0; i < 3; i++) {
        perhaps(world, ready[i], then[i], i == 1);
        perhaps(world, behind[i], then[i], i == 1);
        perhaps(world, waiting[i], then[i], i == 1);
        perhaps(world, offered[i], then[i], i == 1);
        perhaps(world, held[i], STATE_HELD, false);
        perhaps(world, failed[i], STATE_FAILED, false);
        assert_int_equal(world_handoff(world, done[i]).attempt, 1);
        assert_int_equal(world_last_event(world, done[i]).cause, CAUSE_OUTCOME);
        assert_int_equal(world_handoff(world, held[i]).timer_ms, world->now_ms + world->tables.antecedent_ms_max);
    }
    char words[REASON_BYTES_MAX + 1];
    world_detail(world, ready[2], words);
    assert_non_null(strstr(words, "perhaps it was delivered after the backup"));
    world_check(world);
}

static void a_gone_agency_is_the_most_careful_class(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);
    backup(world, "backup");
    for (uint32_t i = 0; i < world->tables.name_count; i++)
        if (strcmp(world->names[i].name, SAFE) == 0)
            world->names[i].name[0] = 'Q';
    restore(world, "backup");
    assert_int_equal(world_state(world, id), STATE_UNSURE);
}

static void those_behind_a_gate_are_judged_when_it_opens(void **state)
{
    struct world *world = *state;
    static const char *const to[] = { SAFE, ASK, ONCE };
    uint64_t held[3];
    struct command first = submit_of(world, WARD2, 1);
    uint64_t antecedent = world_accept(world, &first);

    for (unsigned i = 0; i < 3; i++) {
        struct command later = submit_of(world, to[i], 2 + i);
        world_after(&later, &first.submit.message_id, UNTIL_DELIVERED);
        held[i] = world_accept(world, &later);
    }
    backup(world, "backup");
    restore(world, "backup");
    assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_offer(world, SAFE, 5), 1);
    assert_false(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.attempt, RESTORE_ATTEMPTS + 1);
    assert_int_equal(world_offer(world, ASK, 5), 1);
    assert_true(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first);
    assert_int_equal(world_offer(world, ONCE, 5), 0);
    assert_int_equal(world_state(world, held[2]), STATE_UNSURE);
    assert_int_equal(world_last_event(world, held[2]).cause, CAUSE_RESTORED);
    /* A person may decide so. */
    assert_null(operator_do(world, "replay", held[2])->refused);
    assert_int_equal(world_try(world, held[2], VERDICT_DELIVERED), STATE_DELIVERED);
}

static void a_failed_one_at_a_probe_agency_is_asked_about_when_replayed(void **state)
{
    struct world *world = *state;
    uint64_t ask = operator_send_failing(world, ASK, 1, "http-500"), once = operator_send_failing(world, ONCE, 2, "x");
    backup(world, "backup");
    restore(world, "backup");
    assert_null(operator_do(world, "replay", ask)->refused);
    assert_int_equal(world_offer(world, ASK, 1), 1);
    assert_true(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first);
    assert_null(operator_do(world, "replay", once)->refused);
    assert_int_equal(world_offer(world, ONCE, 1), 1);
}

/* ---- outcomes of attempts that were lost */

static void an_outcome_of_what_was_lost_still_counts(void **state)
{
    struct world *world = *state;
    uint64_t delivered = operator_send(world, ONCE, 1), later = operator_send(world, SAFE, 2);
    backup(world, "backup");
    assert_int_equal(world_offer(world, ONCE, 1), 1);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    bring_back(world, "backup");
    judge(world);
    /* The adapters say again what they got no acknowledgement for: also while the gateway is held. */
    struct command outcome = world_outcome(ONCE, delivered, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
    outcome = world_outcome(SAFE, later, 1, VERDICT_LATER);
    assert_int_equal(world_say(world, &outcome), STATE_READY);
    assert_int_equal(world_last_event(world, later).cause, CAUSE_LATE_OUTCOME);
    release(world);
    assert_int_equal(world_try(world, later, VERDICT_DELIVERED), STATE_DELIVERED);
}

/* ---- handed off again */

/* Accepted after the backup, then handed off again as `as`; the id it has now. */
static uint64_t again(struct world *world, const struct command *first, uint64_t as)
{
    struct command command = *first;
    command.submit.accepted_as = as;
    return world_accept(world, &command);
}

static void it_gets_its_id_back_and_with_it_its_key(void **state)
{
    struct world *world = *state;
    backup(world, "backup");
    struct command to_safe = submit_of(world, SAFE, 1), to_ask = submit_of(world, ASK, 2);
    struct command to_once = submit_of(world, ONCE, 3);
    uint64_t safe = world_accept(world, &to_safe), ask = world_accept(world, &to_ask);
    uint64_t once = world_accept(world, &to_once);
    char key[IDEMPOTENCY_KEY_SIZE];
    struct handoff handoff = world_handoff(world, safe);
    handoff_key(&world->tables, &handoff, key);

    world->now_ms += MINUTE_MS;
    restore(world, "backup");
    uint64_t fresh = operator_send(world, SAFE, 9);
    assert_int_equal(fresh >> 48, 2);
    assert_int_equal(again(world, &to_once, once), once);
    assert_int_equal(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.state, STATE_UNSURE);
    assert_int_equal(again(world, &to_safe, safe), safe);
    assert_int_equal(again(world, &to_ask, ask), ask);
    perhaps(world, safe, STATE_READY, false);
    perhaps(world, ask, STATE_READY, true);
    perhaps(world, once, STATE_UNSURE, false);
    /* Again: a duplicate, as always; and never a second id. */
    assert_int_equal(again(world, &to_safe, safe), safe);
    assert_true(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.duplicate);
    handoff = world_handoff(world, safe);
    char now[IDEMPOTENCY_KEY_SIZE];
    handoff_key(&world->tables, &handoff, now);
    assert_string_equal(key, now);
}

static void an_id_that_is_not_free_is_not_given(void **state)
{
    struct world *world = *state;
    uint64_t there = operator_send(world, SAFE, 1);
    backup(world, "backup");
    struct command lost = submit_of(world, SAFE, 2);
    uint64_t id = world_accept(world, &lost);
    world->now_ms += MINUTE_MS;
    restore(world, "backup");

    /* Of another handoff; of this epoch; of none that ever was; of one that will be; a number without an epoch. */
    uint64_t wrong[] = { there, (2ULL << 48) + 1, (2ULL << 48) + 4711, (3ULL << 48) + 1, 4711, 1ULL << 48 };
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct command command = submit_of(world, SAFE, 10 + i);
        command.submit.accepted_as = wrong[i];
        uint64_t given = world_accept(world, &command);
        assert_int_not_equal(given, wrong[i]);
        assert_int_equal(given >> 48, 2);
        perhaps(world, given, STATE_UNSURE, false);             /* under some id it may have been delivered */
        assert_true(world_handoff(world, given).flags & HANDOFF_KEY_UNKNOWN);
    }
    /* Somebody else has taken it: who comes second does not get its key by itself. */
    struct command thief = world_submit(world, WARD2, SAFE, KIND_FORWARD);
    thief.submit.accepted_as = id;
    assert_int_equal(world_accept(world, &thief), id);
    assert_int_not_equal(again(world, &lost, id), id);
    assert_int_equal(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.state, STATE_UNSURE);
}

static void without_its_id_it_waits_for_a_person(void **state)
{
    struct world *world = *state;
    static const char *const to[] = { SAFE, ASK, ONCE };
    char words[REASON_BYTES_MAX + 1];
    struct command lost[3];
    backup(world, "backup");
    for (unsigned i = 0; i < 3; i++) {
        lost[i] = submit_of(world, to[i], 1 + i);
        (void)world_accept(world, &lost[i]);
    }
    world->now_ms += MINUTE_MS;
    restore(world, "backup");
    for (unsigned i = 0; i < 3; i++) {
        uint64_t id = again(world, &lost[i], 0);
        assert_int_equal(id >> 48, 2);
        perhaps(world, id, STATE_UNSURE, false);
        world_detail(world, id, words);
        assert_non_null(strstr(words, "the id it had then is not known"));
        assert_int_equal(world_offer(world, to[i], 5), 0);
        assert_null(operator_do(world, "replay", id)->refused);         /* a person knows better */
        assert_int_equal(world_offer(world, to[i], 5), 1);
        assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first, i == 1);
    }
    /* Made after the restore: like any other. */
    world->now_ms++;
    uint64_t fresh = operator_send(world, ONCE, 20);
    assert_int_equal(world_state(world, fresh), STATE_READY);
    assert_int_equal(world_handoff(world, fresh).attempt, 0);
    assert_int_equal(world_offer(world, ONCE, 5), 1);
}

static void again_behind_a_gate(void **state)
{
    struct world *world = *state;
    backup(world, "backup");
    struct command first = submit_of(world, WARD2, 1), known = submit_of(world, ONCE, 2);
    struct command unknown = submit_of(world, SAFE, 3);
    world_after(&known, &first.submit.message_id, UNTIL_DELIVERED);
    world_after(&unknown, &first.submit.message_id, UNTIL_DELIVERED);
    uint64_t first_id = world_accept(world, &first), known_id = world_accept(world, &known);
    (void)world_accept(world, &unknown);
    world->now_ms += MINUTE_MS;
    restore(world, "backup");
    assert_int_equal(again(world, &known, known_id), known_id);
    uint64_t unknown_id = again(world, &unknown, 0);
    perhaps(world, known_id, STATE_HELD, false);
    perhaps(world, unknown_id, STATE_HELD, false);
    assert_int_equal(again(world, &first, first_id), first_id);
    assert_int_equal(world_try(world, first_id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_offer(world, ONCE, 5), 0);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    assert_int_equal(world_state(world, known_id), STATE_UNSURE);
    assert_int_equal(world_state(world, unknown_id), STATE_UNSURE);
}

/* What was perhaps delivered cannot be taken back in silence. */
static void a_withdrawal_is_sent(void **state)
{
    struct world *world = *state;
    uint64_t forward = world_send(world, WARD, SAFE, KIND_FORWARD);
    backup(world, "backup");
    restore(world, "backup");
    world->now_ms++;
    uint64_t withdrawal = world_send(world, WARD, SAFE, KIND_WITHDRAWAL);
    assert_int_equal(world_state(world, forward), STATE_READY);
    assert_int_equal(world_state(world, withdrawal), STATE_READY);
}

static void an_answer_waits_for_the_one_it_answers(void **state)
{
    struct world *world = *state;
    backup(world, "backup");
    struct command lost = submit_of(world, SAFE, 1);
    uint64_t id = world_accept(world, &lost);
    world->now_ms += MINUTE_MS;
    restore(world, "backup");
    world->now_ms++;
    struct command answer = world_submit(world, SAFE, WARD, KIND_RESULT);
    answer.submit.parent = id;
    assert_int_equal(world_refusal(world, &answer), PROBLEM_UNKNOWN_HANDOFF);
    assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
    assert_int_equal(again(world, &lost, id), id);
    memcpy(answer.submit.dossier_code, lost.submit.dossier_code, DOSSIER_CODE_SIZE);
    (void)world_accept(world, &answer);
    assert_int_equal(world_handoff(world, id).answer, ANSWER_RESULT);
    /* Not for ever, and not for an id that never was. */
    struct command other = world_submit(world, SAFE, WARD, KIND_RESULT);
    other.submit.parent = (2ULL << 48) + 99;
    assert_int_equal(world_refusal(world, &other), PROBLEM_UNKNOWN_HANDOFF);
    assert_int_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms, 0);
    world->now_ms += 11 * MINUTE_MS;
    other.submit.parent = id + 5;
    assert_int_equal(world_refusal(world, &other), PROBLEM_UNKNOWN_HANDOFF);
    assert_int_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms, 0);
}

static void brought_back_twice(void **state)
{
    struct world *world = *state;
    backup(world, "first");
    struct command one = submit_of(world, SAFE, 1);
    uint64_t one_id = world_accept(world, &one);
    world->now_ms += MINUTE_MS;
    restore(world, "first");
    world->now_ms++;
    backup(world, "second");
    struct command two = submit_of(world, SAFE, 2);
    uint64_t two_id = world_accept(world, &two);
    assert_int_equal(two_id, (2ULL << 48) + 1);
    world->now_ms += MINUTE_MS;
    restore(world, "second");
    world->now_ms++;
    uint64_t fresh = operator_send(world, SAFE, 3);
    assert_int_equal(fresh, (3ULL << 48) + 1);
    assert_int_equal(again(world, &two, two_id), two_id);
    assert_int_equal(again(world, &one, one_id), one_id);
    perhaps(world, one_id, STATE_READY, false);
    perhaps(world, two_id, STATE_READY, false);
}

/* ---- held */

static void while_it_is_held(void **state)
{
    struct world *world = *state;
    struct command known = submit_of(world, SAFE, 1);
    uint64_t failed = operator_send_failing(world, SAFE, 2, "x"), id = world_accept(world, &known);
    backup(world, "backup");
    bring_back(world, "backup");
    /* Not before all have been judged. */
    struct command command = operator_command("release", 0);
    memcpy(command.admin.code, RELEASE_GATEWAY, sizeof RELEASE_GATEWAY);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    judge(world);

    struct command submit = submit_of(world, SAFE, 3);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_STOPPING);
    assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
    assert_int_equal(world_accept(world, &known), id);                  /* the same question, the same answer */
    assert_true(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.duplicate);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    assert_int_equal(world_effect(world, EFFECT_OFFERED, 0)->offered.more, false);
    assert_null(operator_do(world, "replay", failed)->refused);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    const struct admin_reply *reply = operator_do(world, "explain", id);
    bool named = false;
    for (uint32_t i = 0; i < reply->advice_count; i++)
        named |= reply->advice[i].action && strstr(reply->advice[i].vi, "lienthong release gateway") != NULL;
    assert_true(named);
    command = operator_command("status", 0);
    reply = operator_ask(world, &command);
    assert_non_null(strstr(operator_fact(reply, "held"), "release gateway"));
    assert_int_equal(operator_number(reply, "epoch"), 2);
    assert_string_not_equal(operator_fact(reply, "restored"), "");

    release(world);
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(world_offer(world, SAFE, 5), 2);
    (void)world_accept(world, &submit);
    command = operator_command("release", 0);
    memcpy(command.admin.code, RELEASE_GATEWAY, sizeof RELEASE_GATEWAY);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    reply = operator_do(world, "status", 0);
    assert_string_equal(operator_fact(reply, "held"), "no");
}

/* What was uploaded before the backup is there, also while it is held; what came after it is to be uploaded again. */
static void attachments_of_before_and_after(void **state)
{
    struct world *world = *state;
    struct command lost = submit_of(world, SAFE, 1), kept = submit_of(world, SAFE, 2);
    (void)upload(world, WARD, "before");
    upload_name(&kept, "before");
    (void)world_accept(world, &kept);
    backup(world, "backup");
    (void)upload(world, WARD, "after");
    upload_name(&lost, "before");
    upload_name(&lost, "after");
    (void)world_accept(world, &lost);
    bring_back(world, "backup");
    judge(world);

    struct command get = upload_ask(world, BLOB_GET, WARD, "before"), put = upload_ask(world, BLOB_PUT, WARD, "after");
    struct command keep = upload_ask(world, BLOB_KEEP, WARD, "after");
    keep.blob.file = 1ULL << 40;
    keep.blob.day = SITE_DAY;
    assert_int_equal(upload_say(world, &get)->word, BLOB_THERE);
    assert_int_equal(upload_refusal(world, &put), PROBLEM_STOPPING);
    assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
    assert_int_equal(upload_refusal(world, &keep), PROBLEM_STOPPING);
    release(world);
    assert_int_equal(world_refusal(world, &lost), PROBLEM_ATTACHMENT_MISSING);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "header.attachments[1]");
    assert_true(upload(world, WARD, "after") > 0);
    (void)world_accept(world, &lost);
    upload_used(world, "before", 2);
    upload_used(world, "after", 1);
}

static void a_gateway_that_never_came_back_has_nothing_to_release(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("release", 0);
    memcpy(command.admin.code, RELEASE_GATEWAY, sizeof RELEASE_GATEWAY);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    const struct admin_reply *reply = operator_do(world, "status", 0);
    assert_string_equal(operator_fact(reply, "held"), "");
    struct command restore_it = { .kind = COMMAND_RESTORE };
    world_run(world, &restore_it);
    assert_false(world->end.wrote);
    /* Whoever says that he was given an id here before there was a second epoch is not believed. */
    struct command submit = submit_of(world, SAFE, 1);
    submit.submit.accepted_as = (7ULL << 48) + 1;
    uint64_t id = world_accept(world, &submit);
    assert_int_equal(id >> 48, 1);
    assert_int_equal(world_state(world, id), STATE_UNSURE);
}

static void judging_goes_on_where_it_was_cut_off(void **state)
{
    struct world *world = *state;
    for (unsigned i = 1; i <= 150; i++)
        (void)operator_send(world, SAFE, i);
    backup(world, "backup");
    bring_back(world, "backup");
    struct command command = { .kind = COMMAND_RESTORE };
    world_run(world, &command);
    unsigned first = world_count(world, EFFECT_RESTORED);
    assert_in_range(first, 1, 149);
    assert_non_null(world_effect(world, EFFECT_AGAIN, 0));
    site_close(world->site);
    site_open(world->site);
    assert_int_equal(first + judge(world), 150);
    assert_int_equal(judge(world), 0);
}

/* ---- following */

static void a_follower_of_what_was_lost_misses_nothing(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, ONCE, 1);
    backup(world, "backup");
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    uint64_t lost_event = world_last_event(world, id).seq;
    restore(world, "backup");                               /* UNSURE: told to the sender */
    assert_true(world_last_event(world, id).seq > 1ULL << 40);

    struct command command = { .kind = COMMAND_NOTICE_ACK, .agency = world_agency(world, WARD),
                               .acknowledged = lost_event };
    world_run(world, &command);
    assert_null(world_effect(world, EFFECT_REFUSED, 0));
    for (int from_cursor = 0; from_cursor < 2; from_cursor++) {
        command = (struct command){ .kind = COMMAND_NOTIFY, .agency = world_agency(world, WARD) };
        command.notify = (struct notify){ .after = lost_event, .most = 8, .from_cursor = from_cursor };
        world_run(world, &command);
        assert_int_equal(world_count(world, EFFECT_NOTICE), 1);
        assert_int_equal(world_effect(world, EFFECT_NOTICE, 0)->notice.handoff.state, STATE_UNSURE);
    }
    command = (struct command){ .kind = COMMAND_NOTICE_ACK, .agency = world_agency(world, WARD),
                                .acknowledged = 1ULL << 50 };
    world_run(world, &command);
    assert_non_null(world_effect(world, EFFECT_REFUSED, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(what_had_not_ended_is_judged_by_class), WORLD(a_gone_agency_is_the_most_careful_class),
        WORLD(those_behind_a_gate_are_judged_when_it_opens),
        WORLD(a_failed_one_at_a_probe_agency_is_asked_about_when_replayed),
        WORLD(an_outcome_of_what_was_lost_still_counts), WORLD(it_gets_its_id_back_and_with_it_its_key),
        WORLD(an_id_that_is_not_free_is_not_given), WORLD(without_its_id_it_waits_for_a_person),
        WORLD(again_behind_a_gate), WORLD(a_withdrawal_is_sent), WORLD(an_answer_waits_for_the_one_it_answers),
        WORLD(brought_back_twice), WORLD(while_it_is_held),
        WORLD(attachments_of_before_and_after),
        WORLD(a_gateway_that_never_came_back_has_nothing_to_release), WORLD(judging_goes_on_where_it_was_cut_off),
        WORLD(a_follower_of_what_was_lost_misses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
