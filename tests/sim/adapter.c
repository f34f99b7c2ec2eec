/* adapter.c - the receiving side: PING, DELIVER -> perhaps ask -> POST -> OUTCOME, again until it is acknowledged.
 *
 * Keeps nothing on disk: one that dies forgets all it had. One that is stalled (SIGSTOP, a slow disk) does nothing for
 * a while, up to three leases, at any point, and then goes on as if nothing had been: it answers late, or even acts
 * late, where the stall fell between looking at the stamp and sending. */
#include <string.h>

#include "proto/content.h"
#include "tests/sim/sim.h"

void adapters_begin(struct world *world)
{
    for (uint32_t agency = 0; agency < world->agency_count; agency++)
        for (uint32_t i = 0; i < world->options.adapters_per_agency; i++) {
            struct peer *peer = &world->peers[world->peer_count];
            *peer = (struct peer){ .receiver = true, .agency = agency, .number = world->peer_count++, .generation = 1 };
            plan(world, dice_wait(&world->dice, 500), EVENT_CONNECT, peer->number, peer->generation, NULL);
            plan(world, dice_wait(&world->dice, 1000), EVENT_PING, peer->number, 0, NULL);
        }
}

static void say(struct world *world, struct peer *peer, enum up_kind kind)
{
    struct up *up = up_frame(world, kind);
    up->stamp_ms = world->now_ms;
    up->credit = world->options.credit;
    up->kinds = KINDS_ALL;
    if (kind == UP_HELLO && world->options.few_kinds && !world->calm && dice_percent(&world->dice, 50))
        up->kinds = KINDS_ALL & ~(KIND_BIT(KIND_PROGRESS) | KIND_BIT(KIND_SUPPLEMENT));
    send_up(world, peer, up);
}

void adapter_connected(struct world *world, struct peer *peer)
{
    say(world, peer, UP_HELLO);
    say(world, peer, UP_PING);
}

static bool stalled(const struct world *world, const struct peer *peer)
{
    return peer->stalled_until_ms > world->now_ms;
}

static void perhaps_stall(struct world *world, struct peer *peer)
{
    if (world->calm || stalled(world, peer) || !dice_permille(&world->dice, world->options.stall_permille))
        return;
    peer->stalled_until_ms = world->now_ms + dice_between(&world->dice, 0, 3 * world->options.lease_ms);
}

static void set_cursor(struct world *world, struct peer *peer, bool set)
{
    struct up *up = up_command(world, COMMAND_CURSOR, 0);
    uint64_t *values = world_take(world, 2 * sizeof *values);
    values[0] = peer->cursor;
    values[1] = peer->cursor + 1;
    up->command.cursor = (struct cursor_set){ .name = span_of_string("poll"), .set = set,
                                              .expected = span_of(&values[0], peer->cursor ? sizeof *values : 0),
                                              .value = span_of(&values[1], sizeof *values) };
    up->command.correlation = set;
    send_up(world, peer, up);
}

void adapter_pings(struct world *world, struct peer *peer)
{
    if (peer->connected && !stalled(world, peer)) {
        say(world, peer, UP_PING);
        /* Else only the gateway's own hints say that there is something to offer. */
        if (world->options.few_kinds)
            say(world, peer, UP_CREDIT);
        if (world->options.cursors && peer->welcome && !world->calm && dice_percent(&world->dice, 20))
            set_cursor(world, peer, dice_percent(&world->dice, 70));
    }
    perhaps_stall(world, peer);
    plan(world, world->options.lease_ms / 4, EVENT_PING, peer->number, 0, NULL);
}

void adapter_dies(struct world *world, struct peer *peer)
{
    STORY(world, 0, "an adapter of %s dies", world->codes[peer->agency]);
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        if (world->jobs[i].peer == peer->number)
            world->jobs[i].stage = JOB_FREE;
    connection_break(world, peer);
}

/* ---- jobs */

static void job_plan(struct world *world, struct job *job, enum job_stage stage, int64_t in_ms)
{
    struct peer *peer = &world->peers[job->peer];
    job->stage = stage;
    if (stalled(world, peer) && world->now_ms + in_ms < peer->stalled_until_ms)
        in_ms = peer->stalled_until_ms - world->now_ms;
    plan(world, in_ms, EVENT_JOB, (uint32_t)(job - world->jobs), (uint32_t)job->born, NULL);
}

static void job_verdict(struct world *world, struct job *job, enum verdict verdict, const char *fingerprint)
{
    job->verdict = verdict;
    job->fingerprint = fingerprint;
    job_plan(world, job, JOB_SAY, dice_wait(&world->dice, 50));
}

static void say_outcome(struct world *world, struct job *job)
{
    struct peer *peer = &world->peers[job->peer];
    struct up *up = up_command(world, COMMAND_OUTCOME, (uint64_t)(job - world->jobs) << 32 | (uint32_t)job->born);
    struct outcome *outcome = &up->command.outcome;

    if (!job->says++)
        audit_answered(world->audit, job->handoff, job->attempt, job->verdict);
    outcome->handoff = job->handoff;
    outcome->attempt = job->attempt;
    outcome->verdict = job->verdict;
    outcome->scope = job->scope;
    outcome->never_sent = job->never_sent;
    outcome->detail = span_of_string("the words of the agency");
    memcpy(outcome->fingerprint, job->fingerprint, strlen(job->fingerprint) + 1);
    if (job->verdict == VERDICT_BAD_DATA)
        memcpy(outcome->field, "ngay_sinh", sizeof "ngay_sinh");
    if (job->verdict == VERDICT_MISCONFIGURED)
        memcpy(outcome->value, "H29", sizeof "H29");
    if (job->verdict == VERDICT_DELIVERED)
        memcpy(outcome->agency_ref, "REF-1", sizeof "REF-1");
    outcome->has_content_hash = true;
    outcome->content_hash = job->content_hash;
    STORY(world, job->handoff, "an adapter of %s says %s of attempt %u", world->codes[job->agency],
          verdict_name(job->verdict), job->attempt);
    if (peer->welcome)
        send_up(world, peer, up);
}

/* A receiver's own clock against the stamp it last sent: an old DELIVER is not acted on. */
static void job_start(struct world *world, struct job *job)
{
    if (world->now_ms > job->stamp_ms + world->options.lease_ms) {
        job->never_sent = true;
        job_verdict(world, job, VERDICT_LATER, "stale");
        return;
    }
    perhaps_stall(world, &world->peers[job->peer]);
    if (stalled(world, &world->peers[job->peer]) && !dice_percent(&world->dice, world->options.act_late_percent)) {
        job_plan(world, job, JOB_START, 10);                /* stalled before it looked at the stamp: looks again */
        return;
    }
    if (dice_percent(&world->dice, 15) && world->peers[job->peer].welcome) {
        struct up *up = up_command(world, COMMAND_CHECKPOINT, job->handoff);
        up->command.checkpoint = (struct checkpoint){ job->handoff, job->attempt, span_of_string("half way") };
        send_up(world, &world->peers[job->peer], up);
    }
    job_plan(world, job, job->ask_first ? JOB_ASK : JOB_POST, dice_wait(&world->dice, 100));
}

static void job_ask(struct world *world, struct job *job)
{
    enum mood mood = world->offices[job->agency].mood;

    if (mood == MOOD_DOWN || mood == MOOD_HANGS || mood == MOOD_LOCKED) {
        job->never_sent = true;
        job_verdict(world, job, VERDICT_LATER, "probe-failed");
        return;
    }
    if (office_asked(world, job)) {
        job_verdict(world, job, VERDICT_ALREADY_THERE, "found");
        return;
    }
    job_plan(world, job, JOB_POST, dice_wait(&world->dice, 30));
}

void job_wakes(struct world *world, uint32_t number, uint64_t born)
{
    struct job *job = &world->jobs[number];

    if (!job->stage || (uint32_t)job->born != born)
        return;
    if (stalled(world, &world->peers[job->peer])) {
        job_plan(world, job, job->stage, 0);
        return;
    }
    switch (job->stage) {
    case JOB_START:
        job_start(world, job);
        return;
    case JOB_ASK:
        job_ask(world, job);
        return;
    case JOB_POST:
        office_post(world, job);
        perhaps_stall(world, &world->peers[job->peer]);
        job_plan(world, job, JOB_SAY, dice_wait(&world->dice, job->verdict == VERDICT_UNSURE ? 2000 : 200));
        return;
    case JOB_SAY: case JOB_ANSWER:
        say_outcome(world, job);
        job_plan(world, job, JOB_SAY, world->options.repeat_ms);
        return;
    case JOB_FREE:
        return;
    }
}

static struct job *job_new(struct world *world)
{
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        if (!world->jobs[i].stage)
            return &world->jobs[i];
    must(false);
    return NULL;
}

/* ---- what the gateway says */

static void tell_auditor(struct world *world, struct peer *peer, const struct effect *effect, int32_t letter,
                         int32_t step_of, enum kind kind, bool made)
{
    struct audit_deliver deliver = {
        .handoff = effect->deliver.handoff, .parent = effect->deliver.parent, .agency = peer->agency,
        .connection = (uint64_t)peer->number << 32 | peer->generation, .attempt = effect->deliver.attempt,
        .letter = letter, .told = effect->deliver.agency_class, .ask_first = effect->deliver.ask_first,
        .key = effect->deliver.idempotency_key, .content = effect->deliver.content_hash,
        .payload = effect->deliver.payload, .checkpoint = effect->deliver.checkpoint,
        .input_count = effect->deliver.input_count, .step_of = step_of,
        .kind = kind, .of_flow = effect->deliver.procedure_version[0], .made = made,
    };
    for (uint32_t i = 0; i < deliver.input_count && i < INPUTS_MAX; i++) {
        deliver.inputs[i].handoff = effect->deliver.inputs[i].handoff;
        deliver.inputs[i].payload = effect->deliver.inputs[i].payload;
    }
    audit_deliver(world->audit, &deliver);
}

/* Whose letter this is: by its header, as a receiver would read it. */
static int32_t letter_of_header(const struct world *world, const struct effect *effect, bool child)
{
    for (uint32_t i = 0; i < world->letter_count; i++)
        for (int other = 0; other < 2; other++)
            if (world->letters[i].text[other].header.size &&
                span_equal(world->letters[i].text[other].header, effect->deliver.header))
                return child ? NONE : (int32_t)i;
    return NONE;
}

/* One that the gateway made: what it is, by its header. */
static void read_made(const struct effect *effect, struct job *job)
{
    struct span bytes = effect->deliver.header;
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, bytes.size, bytes.bytes);

    must(header != NULL);
    job->kind = (enum kind)header->kind;
    job->case_number = letter_case(header->dossier_code);
    lienthong__v1__header__free_unpacked(header, NULL);
}

static void take_deliver(struct world *world, struct peer *peer, const struct down *down)
{
    const struct effect *effect = &down->effect;
    struct job *job = NULL, made = { .case_number = NONE };
    int32_t letter = letter_of_header(world, effect, false);
    bool child = letter >= 0 && effect->deliver.parent && world->letters[letter].parent != effect->deliver.parent;
    /* The header of a step is that of the submission, which is the first one. */
    bool step = letter >= 0 && world->letters[letter].of_flow && !child && effect->deliver.step[0] &&
                strcmp(effect->deliver.step, "s0") != 0;

    STORY(world, effect->deliver.handoff, "DELIVER attempt %u reaches an adapter of %s%s", effect->deliver.attempt,
          world->codes[peer->agency], effect->deliver.ask_first ? ", to ask first" : "");
    if (letter < 0)
        read_made(effect, &made);
    tell_auditor(world, peer, effect, child || step ? NONE : letter,
                 step ? (int32_t)world->letters[letter].case_number : NONE,
                 letter >= 0 ? world->letters[letter].kind : made.kind, letter < 0);
    for (uint32_t i = 0; i < JOBS_MAX && !job; i++)
        if (world->jobs[i].stage && world->jobs[i].peer == peer->number &&
            world->jobs[i].handoff == effect->deliver.handoff && world->jobs[i].attempt == effect->deliver.attempt)
            return;
    job = job_new(world);
    *job = (struct job){ .peer = peer->number, .agency = peer->agency, .handoff = effect->deliver.handoff,
                         .attempt = effect->deliver.attempt, .letter = letter, .arrived_ms = world->now_ms,
                         .stamp_ms = effect->deliver.stamp_ms, .ask_first = effect->deliver.ask_first,
                         .told = effect->deliver.agency_class, .content_hash = effect->deliver.content_hash,
                         .clock_steps = down->clock_steps, .born = ++world->job_births, .kind = made.kind,
                         .case_number = made.case_number };
    memcpy(job->key, effect->deliver.idempotency_key, strlen(effect->deliver.idempotency_key) + 1);
    perhaps_stall(world, peer);
    job_plan(world, job, JOB_START, dice_wait(&world->dice, 20));
}

static void take_ack(struct world *world, const struct down *down)
{
    uint32_t number = (uint32_t)(down->correlation >> 32);
    struct job *job = &world->jobs[number];

    if (number >= JOBS_MAX || !job->stage || (uint32_t)job->born != (uint32_t)down->correlation)
        return;
    if (down->kind == DOWN_OUTCOME_ACK)
        audit_outcome_ack(world->audit, job->handoff, job->attempt, job->verdict, down->effect.outcome_ack.state,
                          down->seq, &down->link);
    else
        audit_outcome_refused(world->audit, job->handoff, problem_word(down->effect.refused.problem->type));
    STORY(world, job->handoff, "%s: %s", down->kind == DOWN_OUTCOME_ACK ? "OUTCOME_ACK" : "OUTCOME refused",
          down->kind == DOWN_OUTCOME_ACK ? state_name(down->effect.outcome_ack.state)
                                         : down->effect.refused.problem->sentence_en);
    job->stage = JOB_FREE;
}

static void take_cursor(struct world *world, struct peer *peer, const struct down *down)
{
    struct span value = down->effect.cursor_ack.value;
    peer->cursor = 0;
    if (value.size == sizeof peer->cursor)
        memcpy(&peer->cursor, value.bytes, sizeof peer->cursor);
    if (down->correlation)
        audit_cursor_set(world->audit, peer->agency, peer->cursor);
}

void adapter_hears(struct world *world, struct peer *peer, const struct down *down)
{
    switch (down->kind) {
    case DOWN_WELCOME:
        peer->welcome = true;
        return;
    case DOWN_NO_HELLO:
        peer->welcome = false;
        adapter_connected(world, peer);
        return;
    case DOWN_DELIVER:
        take_deliver(world, peer, down);
        return;
    case DOWN_OUTCOME_ACK: case DOWN_REFUSED:
        if (down->kind == DOWN_REFUSED && down->effect.refused.problem->type == PROBLEM_CURSOR_MOVED)
            set_cursor(world, peer, false);
        else
            take_ack(world, down);
        return;
    case DOWN_CHECKPOINT_ACK:
        if (down->effect.checkpoint_ack.kept)
            audit_checkpoint_kept(world->audit, down->effect.checkpoint_ack.handoff,
                                  down->effect.checkpoint_ack.attempt);
        return;
    case DOWN_CURSOR_ACK:
        take_cursor(world, peer, down);
        return;
    default:
        return;
    }
}
