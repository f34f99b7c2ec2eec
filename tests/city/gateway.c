/* gateway.c - the shipped core and store in turns as the broker makes them: what was lost, breakers, ticks, frames up
 * to TURN_COMMANDS_MAX, offers, notices; one sync; only then is anything said. Settling goes by the broker's rule and
 * its own clock, that of the machine: everything else by the city's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/broker/settle_time.h"
#include "tests/city/city.h"

enum { FRAMES_BYTES = 8 << 20, FRAME_ROOM = 16 << 10, ROUNDS_MAX = 55 };

void gateway_step(struct city *city, struct turn *turn, const struct command *command)
{
    city->effort.commands++;
    core_step(&city->core, turn, city->now_ms, command, &city->effects);
}

/* ---- the store, opened as the broker opens it */

static void open_store(struct city *city)
{
    char folder[600], why[512];
    struct text text = text_of(why, sizeof why);

    must(snprintf(folder, sizeof folder, "%s/store", city->options.folder) < (int)sizeof folder);
    struct store_options options = { .folder = folder };
    if (store_open(&city->store, &options, &text) == RESULT_OK)
        return;
    fprintf(stderr, "city: no store in %s: %s\n", folder, why);
    exit(2);
}

static void make_turn(struct city *city, turn_work *work, void *context)
{
    enum result result = store_turn(city->store, city->now_ms, work, context, &city->end);
    if (result != RESULT_OK) {
        fprintf(stderr, "city: a turn failed: %s, %s\n", result_name(result), store_trouble(city->store));
        exit(2);
    }
    city->effort.turns += city->end.wrote;
}

struct alone { struct city *city; const struct command *command; };

static void work_alone(struct turn *turn, void *context)
{
    struct alone *alone = context;
    effects_reset(&alone->city->effects);
    gateway_step(alone->city, turn, alone->command);
    alone->city->due_ms = core_due_ms(turn);
}

static bool said_again(const struct city *city)
{
    for (uint32_t i = 0; i < city->effects.count; i++)
        if (city->effects.list[i].kind == EFFECT_AGAIN)
            return true;
    return false;
}

static void alone(struct city *city, const struct command *command)
{
    struct alone alone = { city, command };
    do
        make_turn(city, work_alone, &alone);
    while (said_again(city));
}

static void ask_numbers(struct turn *turn, void *context)
{
    struct city *city = context;
    for (uint32_t i = 0; i < city->place_count; i++)
        city->places[i].number = turn_agency_number(turn, city->places[i].agency->code);
}

static void get_up(struct city *city)
{
    struct command directory = { .kind = COMMAND_DIRECTORY }, start = { .kind = COMMAND_START };

    city->now_ms = minute_ms(city->minute);
    city->core.tables = city->tables;
    directory.directory = (struct directory_change){ .tables = city->tables,
                                                     .bytes = directory_bytes(city->directory), .uid = 0 };
    alone(city, &directory);
    alone(city, &start);
    must(store_read(city->store, ask_numbers, city) == RESULT_OK);
    seats_begin(city);
}

void gateway_open(struct city *city)
{
    must(core_init(&city->core) == RESULT_OK && effects_init(&city->effects) == RESULT_OK);
    must(arena_init(&city->frames, FRAMES_BYTES) == RESULT_OK);
    open_store(city);
    get_up(city);
}

void gateway_restart(struct city *city)
{
    store_leave(city->store);
    open_store(city);
    city->effort.restarts++;
    get_up(city);
}

void gateway_close(struct city *city)
{
    store_close(city->store);
    arena_done(&city->frames);
    effects_done(&city->effects);
    core_done(&city->core);
}

/* ---- one turn */

static void tell_lost(struct city *city, struct turn *turn)
{
    struct command command = { .kind = COMMAND_SESSION_LOST, .lost = city->lost_session };
    if (city->lost_session)
        gateway_step(city, turn, &command);
}

static void tell_answers(struct city *city, struct turn *turn)
{
    struct queue *queue = &city->answers;
    struct command command;

    for (uint32_t at = queue->taken; at < queue->count && city->turn_answers < TURN_COMMANDS_MAX &&
         effects_has_room(&city->effects); at++, city->turn_answers++) {
        const struct reply *answer = (const struct reply *)queue->list + at;
        const struct place *place = &city->places[answer->place];
        command_begin(&command, COMMAND_OUTCOME);
        command.session = answer->session;
        command.agency = place->agency;
        command.outcome.handoff = answer->handoff;
        command.outcome.attempt = answer->attempt;
        command.outcome.verdict = answer->verdict;
        command.outcome.never_sent = answer->never_sent;
        command.outcome.uncharged = breaker_uncharged(&place->seat.breaker);
        command.outcome.has_content_hash = true;
        command.outcome.content_hash = answer->content;
        must(span_to_string(span_of_string(answer->fingerprint), command.outcome.fingerprint,
                            sizeof command.outcome.fingerprint));
        gateway_step(city, turn, &command);
    }
}

static void tell_acks(struct city *city, struct turn *turn)
{
    struct command command;
    for (uint32_t i = 0; i < city->place_count && effects_has_room(&city->effects); i++) {
        struct place *place = &city->places[i];
        if (!place->seat.told)
            continue;
        command_begin(&command, COMMAND_NOTICE_ACK);
        command.session = place->seat.session;
        command.agency = place->agency;
        command.acknowledged = place->seat.told;
        gateway_step(city, turn, &command);
        place->seat.told = 0;
        place->seat.woken = true;
    }
}

static void tell_posts(struct city *city, struct turn *turn)
{
    struct queue *queue = &city->posts;
    for (uint32_t at = queue->taken; at < queue->count && city->turn_posts + city->turn_answers < TURN_COMMANDS_MAX &&
         effects_has_room(&city->effects) && arena_room(&city->frames) > FRAME_ROOM; at++, city->turn_posts++) {
        const struct post *post = (const struct post *)queue->list + at;
        struct command *command = letter_command(city, post);
        const struct place *place = &city->places[city->books.sent[post->sent].from];
        command->session = place->seat.session;
        command->agency = place->agency;
        gateway_step(city, turn, command);
    }
}

static void work(struct turn *turn, void *context)
{
    struct city *city = context;
    struct command tick = { .kind = COMMAND_TICK };

    effects_reset(&city->effects);
    arena_reset(&city->frames);
    city->turn_posts = city->turn_answers = 0;
    tell_lost(city, turn);
    seats_breakers(city, turn);
    for (int i = 0; i < TICKS_MAX && core_due_ms(turn) <= city->now_ms && effects_has_room(&city->effects); i++)
        gateway_step(city, turn, &tick);
    tell_answers(city, turn);
    tell_acks(city, turn);
    tell_posts(city, turn);
    seats_offer(city, turn);
    seats_notify(city, turn);
    city->due_ms = core_due_ms(turn);
}

/* ---- after it */

static void accepted(struct city *city, const struct effect *effect)
{
    struct books *books = &city->books;
    uint32_t line = (uint32_t)effect->correlation - 1, low = (uint32_t)effect->accepted.handoff;
    struct sent *sent = &books->sent[line];

    must(effect->correlation && line < books->sent_count);
    if ((sent->handoff && sent->handoff != low) || low >= books->sent_max ||
        (books->by_handoff[low] && books->by_handoff[low] != line + 1)) {
        printf("FAILED: letter %u of dossier %u was accepted as %u and as %u\n", sent->number, sent->dossier,
               sent->handoff, low);
        city->failures++;
        return;
    }
    sent->handoff = low;
    books->by_handoff[low] = line + 1;
    if (low >= books->handoff_max)
        books->handoff_max = low + 1;
}

static void refused(struct city *city, const struct effect *effect)
{
    const struct sent *sent = effect->correlation && effect->correlation <= city->books.sent_count
                                  ? &city->books.sent[effect->correlation - 1] : NULL;
    city->failures++;
    if (city->failures <= 20)
        printf("FAILED: refused: %s, %s (%s of dossier %u, letter %u)\n", effect->refused.problem->field,
               effect->refused.problem->sentence_en, sent ? kind_name(sent->kind) : "?", sent ? sent->dossier : 0,
               sent ? sent->number : 0);
}

/* A one-stop follows each step of its flows; it knows it by the dossier's code and the step's name. */
static void noticed_step(struct city *city, const struct effect *effect)
{
    uint32_t dossier = letter_dossier(effect->notice.dossier_code);
    int step;

    if (dossier < city->books.dossier_count && (step = plan_step(city, dossier, effect->notice.handoff.step)) >= 0)
        city->books.dossiers[dossier].told[step] = (uint8_t)effect->notice.handoff.state;
}

static void noticed(struct city *city, const struct effect *effect)
{
    struct sent *sent = books_of_handoff(&city->books, effect->notice.handoff.id);
    struct place *place = place_of_number(city, effect->agency);

    city->effort.notices++;
    place->seat.told = effect->notice.event_seq;
    if (sent)
        sent->told = (uint8_t)effect->notice.handoff.state;
    if (effect->notice.handoff.kind == KIND_FORWARD)
        noticed_step(city, effect);
}

static void speak(struct city *city)
{
    city->at = city->minute;
    for (uint32_t i = 0; i < city->effects.count; i++) {
        const struct effect *effect = &city->effects.list[i];
        switch (effect->kind) {
        case EFFECT_ACCEPTED:
            accepted(city, effect);
            break;
        case EFFECT_REFUSED:
            refused(city, effect);
            break;
        case EFFECT_DELIVER:
            adapter_hears(city, effect);
            break;
        case EFFECT_NOTICE:
            noticed(city, effect);
            break;
        default:
            seats_hear(city, effect);
            break;
        }
    }
}

static void remember(struct city *city)
{
    city->lost_session = 0;
    for (uint32_t i = 0; i < city->turn_answers; i++) {
        const struct reply *answer = queue_next(&city->answers);
        if (city->places[answer->place].seat.session == answer->session)
            city->places[answer->place].seat.open--;
        bool there = answer->verdict == VERDICT_DELIVERED || answer->verdict == VERDICT_ALREADY_THERE;
        if (there && answer->dossier != NEVER)
            office_confirmed(city, answer->dossier);
        queue_took(&city->answers);
    }
    for (uint32_t i = 0; i < city->turn_posts; i++)
        queue_took(&city->posts);
    for (uint32_t i = 0; i < city->place_count; i++)
        if (city->places[i].seat.given_back) {
            breaker_given_back(&city->places[i].seat.breaker);
            city->places[i].seat.given_back = false;
        }
}

static void settle(struct city *city)
{
    enum settling settling = store_settling(city->store);
    int64_t steady_ms = clock_monotonic_ms();

    if (settling == SETTLED) {
        city->settle_ms = 0;
        return;
    }
    if (!city->settle_ms)
        city->settle_ms = steady_ms + SETTLE_MS;
    if (settling != SETTLING_DUE && city->settle_ms > steady_ms)
        return;
    must(store_settle(city->store) == RESULT_OK);
    city->settle_ms = 0;
    city->effort.settles++;
}

bool gateway_turn(struct city *city)
{
    city->now_ms = minute_ms(city->minute) + city->round * 1000;
    make_turn(city, work, city);
    remember(city);
    speak(city);
    settle(city);
    return city->round < ROUNDS_MAX &&
           (queue_next(&city->posts) || city->due_ms <= city->now_ms || seats_wait(city));
}

uint32_t gateway_next(const struct city *city)
{
    uint32_t next = seats_next(city);
    int64_t due = city->due_ms == INT64_MAX ? INT64_MAX : (city->due_ms - BEGIN_MS + MINUTE_MS - 1) / MINUTE_MS;

    if (city->posts.taken < city->posts.count || city->answers.taken < city->answers.count || city->lost_session)
        return city->minute + 1;
    if (due < next)
        next = (uint32_t)due;
    return next;
}

void gateway_ask(struct city *city, turn_work *ask, void *context)
{
    make_turn(city, ask, context);
    if (!city->end.wrote)
        return;
    printf("FAILED: a question wrote to the store\n");
    city->failures++;
}
