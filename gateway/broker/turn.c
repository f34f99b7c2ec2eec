/* turn.c - one turn: what goes into it, in which order, and what follows from how it ended.
 *
 *   what was not handed over, sessions lost, attempts to give back       few, and others wait for them
 *   ticks that are due                                                   at most half of the turn
 *   frames                                                               as many as there is room for what they answer
 *   offers, notices                                                      planned from memory and from this very turn
 *   commit                                                               nobody has heard of anything before
 * A turn without room is made again with intake refusing; nothing of the first try is left anywhere. */
#include <string.h>
#include <sys/statvfs.h>

#include "gateway/broker/broker.h"

enum { WAITER_MS = 250, WASTE_MS = 60 * 1000, WASTE_BYTES_MAX = 8 << 20, TAKEOVER_TURNS_MAX = 16 };

static void step(struct broker *broker, struct turn *turn, const struct command *command)
{
    core_step(&broker->core, turn, broker->now_ms, command, &broker->effects);
}

static bool said_again(const struct broker *broker, uint32_t from)
{
    for (uint32_t i = from; i < broker->effects.count; i++)
        if (broker->effects.list[i].kind == EFFECT_AGAIN)
            return true;
    return false;
}

/* ---- what the broker has to tell */

static const struct agency *agency_of_number(const struct broker *broker, uint32_t number)
{
    for (uint32_t i = 0; i < broker->tables->agency_count; i++)
        if (broker->numbers[i] == number)
            return &broker->tables->agencies[i];
    return NULL;
}

static void tell_unsent(struct broker *broker, struct turn *turn)
{
    struct turn_notes *notes = &broker->notes;
    for (; notes->unsent < broker->unsent_count && notes->unsent < UNSENT_PER_TURN; notes->unsent++) {
        const struct unsent *unsent = &broker->unsent[notes->unsent];
        struct command command = { .kind = COMMAND_OUTCOME, .session = unsent->session,
                                   .agency = agency_of_number(broker, unsent->agency) };
        if (!effects_has_room(&broker->effects))
            return;
        command.outcome.handoff = unsent->handoff;
        command.outcome.attempt = unsent->attempt;
        command.outcome.verdict = VERDICT_LATER;
        command.outcome.never_sent = command.outcome.uncharged = true;
        must(span_to_string(span_of_string(UNSENT_FINGERPRINT), command.outcome.fingerprint,
                            sizeof command.outcome.fingerprint));
        if (command.agency)
            step(broker, turn, &command);
    }
}

/* After all that is known of their deliveries has been told. */
static void tell_lost(struct broker *broker, struct turn *turn)
{
    struct turn_notes *notes = &broker->notes;
    if (notes->unsent < broker->unsent_count)
        return;
    for (; notes->lost < broker->sessions.lost_count && notes->lost < LOST_PER_TURN && !notes->lost_again;) {
        uint32_t from = broker->effects.count;
        struct command command = { .kind = COMMAND_SESSION_LOST, .lost = broker->sessions.lost[notes->lost] };
        if (!effects_has_room(&broker->effects))
            return;
        step(broker, turn, &command);
        notes->lost_again = said_again(broker, from);
        notes->lost += !notes->lost_again;
    }
}

static void tell_breakers(struct broker *broker, struct turn *turn)
{
    for (uint32_t i = 0; i < broker->offers.count && broker->offers.give_backs; i++) {
        const struct agency_breaker *breaker = &broker->offers.recipients[i].breaker;
        if (!breaker->give_back_count)
            continue;
        struct command command = { .kind = COMMAND_BREAKER };
        command.breaker.handoffs = breaker->give_back;
        command.breaker.count = breaker->give_back_count;
        if (!effects_has_room(&broker->effects))
            return;
        step(broker, turn, &command);
        broker->notes.give_backs = i + 1;
    }
}

/* ---- the rest of a turn */

static void ticks(struct broker *broker, struct turn *turn)
{
    struct command tick = { .kind = COMMAND_TICK };
    for (int i = 0; i < TICKS_MAX && core_due_ms(turn) <= broker->now_ms && effects_has_room(&broker->effects); i++)
        step(broker, turn, &tick);
}

/* What the core cannot know of an outcome: that its agency's breaker is not closed. As of the turn's start. */
static void mark_outcome(struct broker *broker, struct command *command)
{
    const struct recipient *recipient =
        recipient_of(&broker->offers, broker->numbers[command->agency - broker->tables->agencies]);
    command->outcome.uncharged = recipient && breaker_uncharged(&recipient->breaker);
}

static void note_waste(struct broker *broker, const struct command *command, uint32_t from)
{
    struct turn_notes *notes = &broker->notes;
    size_t bytes = command->submit.header.size + command->submit.payload.size;
    const struct effect *effect = &broker->effects.list[from];

    if (bytes < WASTE_BYTES || from == broker->effects.count || effect->kind != EFFECT_REFUSED ||
        problem_is_transient(effect->refused.problem->type) || notes->waste_count == WASTE_PER_TURN)
        return;
    notes->waste[notes->waste_count++] = (struct waste){ .session = command->session, .bytes = bytes };
}

static void frames(struct broker *broker, struct turn *turn)
{
    struct turn_notes *notes = &broker->notes;
    struct order *order = &broker->order;

    for (; order->done + notes->commands < order->count && effects_has_room(&broker->effects); notes->commands++) {
        struct command *command = &order->list[order->done + notes->commands];
        uint32_t from = broker->effects.count;
        if (command->kind == COMMAND_OUTCOME)
            mark_outcome(broker, command);
        step(broker, turn, command);
        if (command->kind == COMMAND_SUBMIT)
            note_waste(broker, command, from);
        for (uint32_t i = from; command->kind == COMMAND_ADMIN && i < broker->effects.count; i++)
            if (broker->effects.list[i].kind == EFFECT_ADMIN_REPLY)
                notes->admin[notes->admin_count++] =
                    (struct mark){ .effect = i, .verb = verb_read(command->admin.verb), .uid = command->admin.uid };
    }
}

/* Gives what came of it; count == asked: there may be more. `bytes_max`: as in struct offer. */
static struct offered offer_once(struct broker *broker, struct turn *turn, const struct plan *plan, uint32_t most,
                                 size_t bytes_max)
{
    struct session *session = plan->session;
    struct command command = { .kind = COMMAND_OFFER, .session = session->number, .agency = session->holder };
    uint32_t from = broker->effects.count;

    command.offer = (struct offer){ .session = session->number, .most = most, .kinds = session->kinds,
                                    .stamp_ms = session->stamp_ms, .probe = plan->probe, .bytes_max = bytes_max };
    step(broker, turn, &command);
    const struct effect *last = &broker->effects.list[broker->effects.count - 1];
    must(broker->effects.count > from && last->kind == EFFECT_OFFERED);
    return last->offered;
}

/* While somebody asks for things one by one, few bodies go out in a turn: to read, pack and encrypt all that there is
 * room for takes longer than everything that he waits for. The rest goes in the next ones. */
static void offers(struct broker *broker, struct turn *turn)
{
    size_t bytes_max = turn_has_waiter(broker) ? WAITED_BODY_BYTES : SIZE_MAX, bytes = 0;
    const struct session *served = NULL;
    struct plan plans[PLAN_MAX];
    uint32_t count = broker->stopping ? 0
        : offers_plan(&broker->offers, &broker->effects, broker->now_ms, broker_may, broker, plans);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t left = plans[i].most;
        while (left && bytes < bytes_max && effects_has_room(&broker->effects)) {
            uint32_t most = left < OFFER_MAX ? left : OFFER_MAX;
            struct offered offered = offer_once(broker, turn, &plans[i], most, bytes_max - bytes);
            left = offered.count == offered.asked ? left - most : 0;
            bytes += offered.bytes;
            served = plans[i].session;
        }
        if (served && (bytes >= bytes_max || !effects_has_room(&broker->effects))) {
            offers_stopped(&broker->offers, served);
            return;
        }
    }
}

static void notices(struct broker *broker, struct turn *turn)
{
    struct plan plans[PLAN_MAX];
    uint32_t count = broker->stopping ? 0
        : offers_plan_notices(&broker->offers, &broker->effects, broker_may, broker, plans);

    for (uint32_t i = 0; i < count && effects_has_room(&broker->effects); i++) {
        struct session *session = plans[i].session;
        struct command command = { .kind = COMMAND_NOTIFY, .session = session->number, .agency = session->holder };
        command.notify = (struct notify){ .after = session->follow.after, .most = plans[i].most,
                                          .from_cursor = session->follow.from_cursor };
        step(broker, turn, &command);
    }
}

static void work(struct turn *turn, void *context)
{
    struct broker *broker = context;

    effects_reset(&broker->effects);
    broker->notes = (struct turn_notes){ 0 };
    tell_unsent(broker, turn);
    tell_lost(broker, turn);
    tell_breakers(broker, turn);
    ticks(broker, turn);
    frames(broker, turn);
    offers(broker, turn);
    notices(broker, turn);
    broker->due_ms = core_due_ms(turn);
    broker->epoch = turn_epoch(turn);
    broker->covered_seq = turn_covered_seq(turn);
}

/* ---- after it */

/* Commands that are done, and what the core has been told. Before anybody is spoken to: speaking adds new ones. */
static void remember(struct broker *broker)
{
    struct turn_notes *notes = &broker->notes;
    struct order *order = &broker->order;

    broker->unsent_count -= notes->unsent;
    memmove(broker->unsent, broker->unsent + notes->unsent, broker->unsent_count * sizeof *broker->unsent);
    sessions_lost_told(&broker->sessions, notes->lost);
    offers_given_back(&broker->offers, notes->give_backs);
    for (uint32_t i = 0; i < notes->commands; i++) {
        const struct command *command = &order->list[order->done + i];
        struct session *session = session_of_number(&broker->sessions, command->session);
        if (session && command->kind == COMMAND_SUBMIT && session->submits)
            session->submits--;
        if (session && command->kind == COMMAND_OUTCOME && session->outcomes)
            session->outcomes--;
    }
    order_done(order, notes->commands);
}

/* Whoever goes on with large bodies that are refused for good fills everybody's turns with them. After the answers. */
static void cut_wasters(struct broker *broker)
{
    for (uint32_t i = 0; i < broker->notes.waste_count; i++) {
        const struct waste *waste = &broker->notes.waste[i];
        struct session *session = session_of_number(&broker->sessions, waste->session);
        if (!session || !session->holder)
            continue;
        if (broker->steady_ms - session->waste_begin_ms >= WASTE_MS) {
            session->waste_begin_ms = broker->steady_ms;
            session->waste_bytes = 0;
        }
        session->waste_bytes += waste->bytes;
        if (session->waste_bytes > WASTE_BYTES_MAX)
            intake_cut_off(broker, session->file, session->holder, session, session->key,
                           "more than 8 MiB in a minute of what is refused for good");
    }
    broker->notes.waste_count = 0;
}

static void dismiss_revoked(struct broker *broker)
{
    for (uint32_t i = 0; i < broker->revoked_count; i++) {
        struct session *session = session_of_number(&broker->sessions, broker->revoked[i]);
        if (session)
            session_dismiss(broker, session, "its key is not in force");
    }
    broker->revoked_count = 0;
}

static void set_intake(struct broker *broker)
{
    const char *why = NULL, *before = broker->intake_why;
    bool open = store_intake_open(broker->store, &why);

    broker->intake_why = open ? NULL : why;
    broker->core.intake_closed = broker->intake_why;
    broker->core.stopping = broker->stopping;
    broker->core.purge_paused = broker->backup_until_ms != 0;
    if (!before != !broker->intake_why)
        log_event(open ? LOG_INFO : LOG_WARN, open ? "intake-open" : "intake-closed", "why=%s",
                  log_quoted(open ? "there is room again" : why));
}

/* When it is the disk that is full, and not the map: then it would not help. */
bool give_up_ballast(struct broker *broker)
{
    struct statvfs disk;
    bool short_of_disk = statvfs(broker->options.store_folder, &disk) == 0 &&
                         (uint64_t)disk.f_bavail * disk.f_frsize < (uint64_t)broker->options.store_ballast_bytes;
    if (!short_of_disk || !store_give_up_ballast(broker->store))
        return false;
    log_event(LOG_WARN, "ballast", "why=%s", log_quoted("the reserve was given up for draining"));
    return true;
}

static enum result try_again_refusing(struct broker *broker)
{
    if (loudness_may(broker, &broker->refusals, REFUSALS_PER_MINUTE))
        log_event(LOG_ERROR, "full", "seq=%llu why=%s", (unsigned long long)store_last(broker->store).seq,
                  log_quoted(store_trouble(broker->store)));
    (void)give_up_ballast(broker);
    broker->intake_why = "không còn chỗ ghi / there is no room to write";
    broker->core.intake_closed = broker->intake_why;
    return store_turn(broker->store, broker->now_ms, work, broker, &broker->end);
}

static enum result make(struct broker *broker)
{
    set_intake(broker);
    if (!broker->order.agreed && order_agree(&broker->order) != RESULT_OK)
        return RESULT_OK;                                       /* nothing is final yet */
    enum result result = store_turn_aside(broker->store, broker->now_ms, work, broker, &broker->end);
    if (result == RESULT_FULL)
        result = try_again_refusing(broker);
    if (result != RESULT_OK)
        return result;
    remember(broker);
    speak(broker);
    cut_wasters(broker);
    dismiss_revoked(broker);
    return RESULT_OK;
}

/* Something else than frames asks for a turn. */
static bool is_due_anyway(struct broker *broker)
{
    return broker->offers.give_backs || broker->unsent_count || broker->sessions.lost_count ||
           broker->due_ms <= broker->now_ms ||
           (!broker->stopping && offers_due_ms(&broker->offers, broker->now_ms) <= broker->now_ms);
}

bool turn_is_due(struct broker *broker)
{
    return !order_is_empty(&broker->order) || is_due_anyway(broker);
}

enum result turn_go_on(struct broker *broker)
{
    if (!broker->order.agreed || order_is_empty(&broker->order))
        intake_read(broker);
    bool due = turn_is_due(broker) && !turn_may_wait(broker);
    if (speak_on(broker) != RESULT_OK)
        return RESULT_BROKEN;
    return due ? make(broker) : RESULT_OK;
}

bool turn_has_waiter(const struct broker *broker)
{
    return broker->waiter_ms && broker->steady_ms - broker->waiter_ms < WAITER_MS;
}

bool turn_has_asker(const struct broker *broker, const struct session *session)
{
    return broker->asker && broker->asker != session->number && broker->steady_ms - broker->asker_ms < WAITER_MS;
}

bool turn_may_wait(struct broker *broker)
{
    const struct order *order = &broker->order;
    return order->count && order->count < GATHER_COMMANDS && !order->agreed && !broker->hurry && !broker->has_kept &&
           !broker->stopping && !turn_has_waiter(broker) && !is_due_anyway(broker) &&
           bus_now_us() < broker->gather_until_us;
}

/* ---- one command alone */

struct alone {
    struct broker *broker;
    const struct command *command;
};

static void work_alone(struct turn *turn, void *context)
{
    struct alone *alone = context;
    struct broker *broker = alone->broker;

    effects_reset(&broker->effects);
    broker->notes = (struct turn_notes){ 0 };
    step(broker, turn, alone->command);
    broker->due_ms = core_due_ms(turn);
    broker->epoch = turn_epoch(turn);
    broker->covered_seq = turn_covered_seq(turn);
}

enum result turn_alone(struct broker *broker, const struct command *command, bool *ret_again)
{
    struct alone alone = { .broker = broker, .command = command };
    enum result result = store_turn(broker->store, broker->now_ms, work_alone, &alone, &broker->end);
    if (result != RESULT_OK)
        return result;
    *ret_again = said_again(broker, 0);
    speak(broker);
    return RESULT_OK;
}

enum result turn_takeover(struct broker *broker)
{
    struct command command = { .kind = COMMAND_TAKEOVER, .takeover = broker->takeover_place };
    bool again = true;

    if (broker->takeover_ms > broker->now_ms || !order_is_empty(&broker->order) || broker->stopping)
        return RESULT_OK;
    for (int i = 0; again && i < TAKEOVER_TURNS_MAX; i++) {
        enum result result = turn_alone(broker, &command, &again);
        if (result == RESULT_FULL || result == RESULT_BUSY)
            return RESULT_OK;                       /* no room now: the loop asks again */
        if (result != RESULT_OK)
            return result;
        for (uint32_t k = 0; again && k < broker->effects.count; k++)
            if (broker->effects.list[k].kind == EFFECT_AGAIN)
                command.takeover = broker->effects.list[k].takeover;
    }
    broker->takeover_place = again ? command.takeover : (struct takeover){ 0 };
    if (!again)
        broker->takeover_ms = tables_next_takeover_ms(broker->tables, broker->now_ms);
    return RESULT_OK;
}
