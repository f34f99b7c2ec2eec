/* client.c - the sending side: a letter is sent, and sent again, until its answer is known; notices are stored, then
 * acknowledged. What a client knows survives its connections (a sender keeps a book). */
#include <string.h>

#include "tests/sim/sim.h"

enum { GIVE_UP_MS = 10 * 60 * 1000 };

static struct peer *client_of(struct world *world, uint32_t agency)
{
    for (uint32_t i = 0; i < world->peer_count; i++)
        if (!world->peers[i].receiver && world->peers[i].agency == agency)
            return &world->peers[i];
    return NULL;
}

void clients_begin(struct world *world)
{
    for (uint32_t agency = 0; agency < world->agency_count; agency++) {
        struct peer *peer = &world->peers[world->peer_count];
        *peer = (struct peer){ .agency = agency, .number = world->peer_count++, .generation = 1 };
        plan(world, dice_wait(&world->dice, 500), EVENT_CONNECT, peer->number, peer->generation, NULL);
        plan(world, dice_wait(&world->dice, 1000), EVENT_CLIENT, peer->number, 0, NULL);
    }
}

void client_connected(struct world *world, struct peer *peer)
{
    struct up *hello = up_frame(world, UP_HELLO);
    send_up(world, peer, hello);
}

static void say_follow(struct world *world, struct peer *peer)
{
    struct up *up = up_frame(world, UP_FOLLOW);
    peer->last_notice = 0;
    send_up(world, peer, up);
}

static void send_letter(struct world *world, struct peer *peer, uint32_t number)
{
    struct letter *letter = &world->letters[number];
    /* A clumsy system says something else under the same id: before, after, or both. */
    if (letter->conflict && dice_percent(&world->dice, 40))
        letter_submit(world, peer, number, true);
    letter_submit(world, peer, number, false);
    if (letter->conflict && dice_percent(&world->dice, 20))
        letter_submit(world, peer, number, true);
}

void letter_due(struct world *world, uint32_t number)
{
    struct letter *letter = &world->letters[number];
    if (!letter->planned && world->calm)
        return;                                             /* it was to come in the storm */
    if (!letter->planned)
        letter_draw(world, number);
    struct peer *peer = client_of(world, letter->sender);
    if (peer->welcome)
        send_letter(world, peer, number);
    else
        letter->sent = true;                                /* it goes when the connection is there */
    letter_goes_on(world, number);
}

/* Refused for want of room for so long after the storm that its sender gives up. */
static bool given_up(const struct world *world, const struct letter *letter)
{
    return world->calm && !letter->handoff && world->now_ms > world->calm_ms + GIVE_UP_MS;
}

void client_wakes(struct world *world, struct peer *peer)
{
    for (uint32_t i = 0; peer->welcome && i < world->letter_count; i++) {
        const struct letter *letter = &world->letters[i];
        if (letter->sender == peer->agency && letter->sent && !letter->done && !given_up(world, letter) &&
            letter->sent_ms + (world->calm ? 2 : 1) * world->options.repeat_ms <= world->now_ms)
            send_letter(world, peer, i);
        else if (letter->sender == peer->agency && letter->done && letter->handoff && !world->calm &&
                 dice_permille(&world->dice, 3))
            letter_submit(world, peer, i, false);           /* a source that repeats itself */
    }
    if (world->options.cursors && peer->welcome && !world->calm && dice_percent(&world->dice, 10)) {
        struct up *up = up_command(world, COMMAND_TRACK, 0);
        memcpy(up->command.track.code, "000.00.07.H29.01", 17);
        send_up(world, peer, up);
    }
    if (world->calm && peer->welcome && world->seen_notice[peer->agency]) {
        struct up *up = up_command(world, COMMAND_NOTICE_ACK, 0);
        up->command.acknowledged = world->seen_notice[peer->agency];
        send_up(world, peer, up);
    }
    plan(world, world->calm ? 5000 : dice_wait(&world->dice, 2000), EVENT_CLIENT, peer->number, 0, NULL);
}

/* ---- answers */

static void hear_accepted(struct world *world, const struct down *down)
{
    const struct effect *effect = &down->effect;
    uint32_t number = (uint32_t)(down->correlation >> 1);
    bool other = down->correlation & 1;
    struct letter *letter = &world->letters[number];

    audit_accepted(world->audit, number, other, effect->accepted.handoff, effect->accepted.commit_seq,
                   &effect->accepted.content_hash, &down->link, effect->accepted.duplicate, effect->accepted.state);
    STORY(world, effect->accepted.handoff, "letter %u%s accepted in turn %llu%s, %s", number,
          other ? " (otherwise)" : "", (unsigned long long)effect->accepted.commit_seq,
          effect->accepted.duplicate ? ", duplicate" : "", state_name(effect->accepted.state));
    bool first = !letter->handoff;
    letter->done = true;
    letter->handoff = effect->accepted.handoff;
    if (first)
        letter_accepted(world, number);
    world->cases[letter->case_number].flows |= letter->starts_flow;
    if (letter->says_alias)
        world->cases[letter->case_number].alias_known = true;
    if (world->known_count < 4096)
        world->known_handoffs[world->known_count++] = letter->handoff;
}

static void hear_refused(struct world *world, const struct down *down)
{
    uint32_t number = (uint32_t)(down->correlation >> 1);
    bool other = down->correlation & 1;
    struct letter *letter = &world->letters[number];
    const struct problem *problem = down->effect.refused.problem;

    if (!down->effect.refused.has_message_id)
        return;
    audit_refused(world->audit, number, other, problem_word(problem->type), world->now_ms);
    if (strncmp(problem->field, "header.facts.components", strlen("header.facts.components")) == 0)
        audit_paper_refused(world->audit, number, world->now_ms);
    STORY(world, letter->handoff ? letter->handoff : LETTER_STORY(number), "letter %u%s refused: %s (%s)", number,
          other ? " (otherwise)" : "", problem_word(problem->type), problem->sentence_en);
    switch (problem->type) {
    case PROBLEM_FULL: case PROBLEM_STOPPING: case PROBLEM_BUSY: case PROBLEM_NO_HELLO: case PROBLEM_NOT_ALLOWED:
    case PROBLEM_UNKNOWN_AGENCY: case PROBLEM_IN_FUTURE:
        return;                                             /* again later */
    default:
        letter->done |= !other;
        return;
    }
}

/* ---- notices */

static void correct(struct world *world, struct peer *peer, int32_t wrong, uint64_t handoff)
{
    int32_t number = letter_new(world, peer->agency);
    if (number == NONE)
        return;
    struct letter *letter = &world->letters[number], *old = &world->letters[wrong];
    letter->case_number = old->case_number;
    letter->kind = old->kind;
    letter->recipient = old->recipient;
    letter->parent = handoff;
    letter->corrects = wrong;
    letter->due_ms = old->due_ms;
    letter->of_flow = old->of_flow;
    letter->trouble = dice_percent(&world->dice, 20) ? TROUBLE_BAD_DATA : TROUBLE_NONE;
    letter_write(world, (uint32_t)number);
    plan(world, dice_wait(&world->dice, 5000), EVENT_LETTER, (uint32_t)number, 0, NULL);
}

static void hear_notice(struct world *world, struct peer *peer, const struct down *down)
{
    const struct notice_view *view = &down->effect.notice;
    int32_t number = letter_of(world, &view->handoff.message_id);
    struct audit_notice notice = {
        .agency = peer->agency, .seq = view->event_seq, .seq_before = peer->last_notice, .handoff = view->handoff.id,
        .parent = number >= 0 ? 0 : view->handoff.parent, .child = 0, .letter = number, .from = view->event.from,
        .to = view->event.to, .cause = view->event.cause, .verdict = view->event.verdict,
        .known = view->event_seq <= world->seen_notice[peer->agency], .step_of = NONE,
        .sender = gateway_agency(world, view->handoff.sender), .case_number = letter_case(view->dossier_code),
    };

    if (number < 0 && view->handoff.flags & HANDOFF_STEP)
        notice.step_of = notice.case_number;

    STORY(world, view->handoff.id, "%s is told (notice %llu): %s -> %s, %s%s", world->codes[peer->agency],
          (unsigned long long)view->event_seq, state_name(view->event.from), state_name(view->event.to),
          cause_name(view->event.cause), notice.known ? ", known" : "");
    audit_notice(world->audit, &notice);
    peer->last_notice = view->event_seq;
    if (!notice.known) {
        world->seen_notice[peer->agency] = view->event_seq;
        if (number < 0 && world->known_count < 4096)
            world->known_handoffs[world->known_count++] = view->handoff.id;
        if (number >= 0 && view->event.to == STATE_FAILED &&
            view->event.fail_class == FAIL_BAD_DATA && !world->calm &&
            dice_percent(&world->dice, world->options.correct_percent))
            correct(world, peer, number, view->handoff.id);
    }
    if (!world->calm && dice_percent(&world->dice, 30))
        return;                                             /* a later one acknowledges this one too */
    struct up *up = up_command(world, COMMAND_NOTICE_ACK, 0);
    up->command.acknowledged = view->event_seq;
    send_up(world, peer, up);
}

void client_hears(struct world *world, struct peer *peer, const struct down *down)
{
    switch (down->kind) {
    case DOWN_WELCOME:
        peer->welcome = true;
        say_follow(world, peer);
        return;
    case DOWN_NO_HELLO:
        peer->welcome = false;
        client_connected(world, peer);
        return;
    case DOWN_ACCEPTED:
        hear_accepted(world, down);
        return;
    case DOWN_REFUSED:
        hear_refused(world, down);
        return;
    case DOWN_NOTICE:
        hear_notice(world, peer, down);
        return;
    default:
        return;
    }
}
