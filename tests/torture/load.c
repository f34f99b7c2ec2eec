/* load.c - a gateway without sockets: real turns through the shipped core and store, with real syncs, and a mark in the
 * recording for everything that would have been said after each commit.
 *
 *   load run --store DIR --directory DIR --seed N --turns N [--log FILE] [--no-sync] [--no-blob-sync]
 *            [--tell-early]
 *   load audit --store DIR --directory DIR --told FILE
 *
 * `run` takes its commands from the seed: submits (some again), offers, outcomes of every kind, checkpoints, cursors,
 * notices, operators' verbs, lost sessions, attachments, restarts, and a ballast that is given up and laid out again.
 * Of 60 turns 30 are busy, then all that is open is closed, then days pass, so that bodies and day keys go. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "proto/content.h"
#include "tests/torture/load.h"
#include "tests/torture/record.h"

enum { COMMANDS_MAX = 10, OPEN_MAX = 256, TOLD_MAX = 8192, RECEIVERS = 3, DAY_MS = 24 * 3600 * 1000 };
enum phase { PHASE_BUSY, PHASE_CLOSING, PHASE_QUIET };

static const char SENDER[] = "H29.07.00";
static const char *const RECEIVER[RECEIVERS] = { "G01.29.07", "G24.29.07", "G12.29.07" };

struct open_delivery { uint64_t handoff, session; uint32_t attempt; int receiver; };

struct submitted { struct submit submit; uint8_t header[1024], *payload; };

struct load {
    const struct load_options *options;
    struct store *store;
    struct core core;
    struct effects effects;
    uint64_t dice;
    int64_t now_ms;
    int log;
    uint64_t sessions[RECEIVERS], next_session, counter, cursor, dossiers, event_seen;
    struct load_blobs blobs;
    struct open_delivery open[OPEN_MAX];
    int open_count;
    uint64_t told[TOLD_MAX];                    /* handoffs */
    int told_count, closed_count;
    int64_t turn;
    struct submitted submitted[COMMANDS_MAX], last;     /* last: one that can be said again */
    char texts[COMMANDS_MAX][2][32];
    struct command commands[COMMANDS_MAX];
    int command_count;
};

void load_stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

uint64_t load_dice(uint64_t *state, uint64_t sides)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 11) % sides;
}

static uint64_t dice(struct load *load, uint64_t sides)
{
    return load_dice(&load->dice, sides);
}

/* ---- telling */

__attribute__((format(printf, 2, 3)))
static void tell(struct load *load, const char *format, ...)
{
    struct { struct record record; char line[TOLD_LINE_SIZE]; } mark = { .record = { .magic = RECORD_MAGIC,
                                                                                     .kind = RECORD_MARK } };
    va_list arguments;
    va_start(arguments, format);
    mark.record.size = (uint32_t)vsnprintf(mark.line, sizeof mark.line, format, arguments);
    va_end(arguments);
    must(mark.record.size < sizeof mark.line);
    size_t size = sizeof mark.record + mark.record.size;
    if (load->log >= 0 && write(load->log, &mark, size) != (ssize_t)size)
        load_stop("the log cannot be written");
}

static void tell_accepted(struct load *load, const struct effect *effect, uint64_t seq)
{
    char message_id[2 * sizeof effect->accepted.message_id.bytes + 1], hash[HASH_TEXT_SIZE];
    struct text text = text_of(message_id, sizeof message_id);

    text_add_hex(&text, effect->accepted.message_id.bytes, sizeof effect->accepted.message_id.bytes);
    hash_text(&effect->accepted.content_hash, hash);
    tell(load, "accepted %s %s %" PRIu64 " %s %" PRIu64, SENDER, message_id, effect->accepted.handoff, hash,
         effect->accepted.commit_seq ? effect->accepted.commit_seq : seq);
    if (load->told_count < TOLD_MAX)
        load->told[load->told_count++] = effect->accepted.handoff;
}

static void forget_open(struct load *load, uint64_t handoff)
{
    for (int i = 0; i < load->open_count; i++)
        if (load->open[i].handoff == handoff)
            load->open[i--] = load->open[--load->open_count];
}

static void tell_deliver(struct load *load, const struct effect *effect)
{
    tell(load, "deliver %" PRIu64 " %" PRIu32, effect->deliver.handoff, effect->deliver.attempt);
    for (int i = 0; i < RECEIVERS && load->open_count < OPEN_MAX; i++)
        if (load->sessions[i] == effect->session)
            load->open[load->open_count++] = (struct open_delivery){ .handoff = effect->deliver.handoff, .receiver = i,
                .attempt = effect->deliver.attempt, .session = effect->session };
}

static void tell_blob(struct load *load, const struct effect *effect)
{
    char hash[HASH_TEXT_SIZE];
    if (load->options->tell_early || !load_blobs_decided(&load->blobs, effect))
        return;
    hash_text(&effect->blob.sha256, hash);
    tell(load, "stored %s %s %" PRIu64 " %" PRId64, SENDER, hash, effect->blob.size, load->now_ms);
}

static void tell_effect(struct load *load, const struct effect *effect, uint64_t seq)
{
    char value[32];
    if (effect->kind == EFFECT_BLOB_DROP || effect->session == LOAD_BLOB_SESSION) {
        tell_blob(load, effect);
        return;
    }
    switch (effect->kind) {
    case EFFECT_ACCEPTED:
        tell_accepted(load, effect, seq);
        break;
    case EFFECT_DELIVER:
        tell_deliver(load, effect);
        break;
    case EFFECT_OUTCOME_ACK:
        tell(load, "outcome %" PRIu64 " %" PRIu32 " %s", effect->outcome_ack.handoff, effect->outcome_ack.attempt,
             state_name(effect->outcome_ack.state));
        forget_open(load, effect->outcome_ack.handoff);
        break;
    case EFFECT_CHECKPOINT_ACK:
        if (effect->checkpoint_ack.kept)
            tell(load, "checkpoint %" PRIu64 " %" PRIu32 " %" PRIu64, effect->checkpoint_ack.handoff,
                 effect->checkpoint_ack.attempt, load->counter);
        break;
    case EFFECT_CURSOR_ACK:
        must(span_to_string(effect->cursor_ack.value, value, sizeof value));
        load->cursor = strtoull(value, NULL, 10);
        tell(load, "cursor %s outbox %" PRIu64, SENDER, load->cursor);
        break;
    case EFFECT_NOTICE:
        tell(load, "notice %" PRIu64 " %" PRIu64 " %s", effect->notice.event_seq, effect->notice.handoff.id,
             state_name(effect->notice.event.to));
        load->event_seen = effect->notice.event_seq;
        break;
    case EFFECT_ADMIN_REPLY:
        if (!effect->admin_reply.refused && load->commands[effect->correlation].admin.verb[0] == 'c')
            tell(load, "closed %" PRIu64, load->commands[effect->correlation].admin.handoff);
        break;
    default:
        break;
    }
}

static void tell_all(struct load *load, uint64_t seq)
{
    for (uint32_t i = 0; i < load->effects.count; i++)
        tell_effect(load, &load->effects.list[i], seq);
}

/* ---- what is asked */

static struct command *add(struct load *load, enum command_kind kind)
{
    struct command *command = &load->commands[load->command_count];
    *command = (struct command){ .kind = kind, .correlation = (uint64_t)load->command_count, .session = 1 };
    load->command_count++;
    return command;
}

static size_t body_size(struct load *load)
{
    uint64_t what = dice(load, 20);
    return what == 0 ? 4000 + dice(load, LOAD_BODY_MAX - 4000) : what < 4 ? 1000 + dice(load, 9000)
                                                                          : 50 + dice(load, 900);
}

static void add_submit(struct load *load)
{
    struct submitted *submitted = &load->submitted[load->command_count];
    struct command *command = add(load, COMMAND_SUBMIT);
    struct submit *submit = &submitted->submit;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct load_attachments attachments;
    uint8_t random[10];
    size_t size = body_size(load);

    command->agency = tables_agency(load->core.tables, SENDER);
    if (load->last.payload && dice(load, 8) == 0) {
        command->submit = load->last.submit;
        return;
    }
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)dice(load, 256);
    *submit = (struct submit){ .has_message_id = true, .message_id = uuid_v7(load->now_ms, random),
                               .kind = KIND_FORWARD, .source_time_ms = load->now_ms };
    snprintf(submit->sender, sizeof submit->sender, "%s", SENDER);
    snprintf(submit->recipient, sizeof submit->recipient, "%s", RECEIVER[dice(load, RECEIVERS)]);
    uint64_t dossier = load->dossiers && dice(load, 2) ? dice(load, load->dossiers) : load->dossiers++;
    snprintf(submit->dossier_code, sizeof submit->dossier_code, "H29.07-260302-%04" PRIu64, dossier);
    header.message_id = (ProtobufCBinaryData){ .data = submit->message_id.bytes, .len = 16 };
    header.sender = submit->sender;
    header.recipient = submit->recipient;
    header.dossier_code = submit->dossier_code;
    header.kind = submit->kind;
    header.source_time_ms = submit->source_time_ms;
    header.content_type = (char *)(uintptr_t)"application/json";
    for (size_t i = 0; i < size; i++)
        submitted->payload[i] = (uint8_t)(i % 64 ? submitted->payload[i - 1] + i : dice(load, 256));
    submit->payload = span_of(submitted->payload, size);
    load_blobs_attach(&load->blobs, submit, &attachments, &header);
    must(lienthong__v1__header__get_packed_size(&header) <= sizeof submitted->header);
    submit->header = span_of(submitted->header, lienthong__v1__header__pack(&header, submitted->header));
    submit->content_hash = content_hash(&header, submit->payload);
    command->submit = *submit;
}

static void add_offer(struct load *load)
{
    int receiver = (int)dice(load, RECEIVERS);
    struct command *command = add(load, COMMAND_OFFER);
    if (!load->sessions[receiver])
        load->sessions[receiver] = ++load->next_session;
    command->session = load->sessions[receiver];
    command->agency = tables_agency(load->core.tables, RECEIVER[receiver]);
    command->offer = (struct offer){ .session = command->session, .most = 1 + (uint32_t)dice(load, 8),
                                     .kinds = KINDS_ALL, .stamp_ms = 1 };
}

static void add_outcome(struct load *load)
{
    static const enum verdict verdicts[] = {
        VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED,
        VERDICT_ALREADY_THERE, VERDICT_LATER, VERDICT_BAD_DATA, VERDICT_REFUSED, VERDICT_UNSURE, VERDICT_UNKNOWN,
    };
    if (!load->open_count)
        return;
    const struct open_delivery *open = &load->open[dice(load, (uint64_t)load->open_count)];
    struct command *command = add(load, COMMAND_OUTCOME);
    command->session = open->session;
    command->agency = tables_agency(load->core.tables, RECEIVER[open->receiver]);
    command->outcome.handoff = open->handoff;
    command->outcome.attempt = open->attempt;
    command->outcome.verdict = verdicts[dice(load, sizeof verdicts / sizeof *verdicts)];
    command->outcome.detail = span_of_string("an answer of an invented agency");
    snprintf(command->outcome.fingerprint, sizeof command->outcome.fingerprint, "http-%" PRIu64, 500 + dice(load, 3));
}

static void add_checkpoint(struct load *load)
{
    if (!load->open_count)
        return;
    const struct open_delivery *open = &load->open[dice(load, (uint64_t)load->open_count)];
    char *text = load->texts[load->command_count][0];
    struct command *command = add(load, COMMAND_CHECKPOINT);
    command->session = open->session;
    command->agency = tables_agency(load->core.tables, RECEIVER[open->receiver]);
    snprintf(text, sizeof load->texts[0][0], "%" PRIu64, load->counter);
    command->checkpoint.handoff = open->handoff;
    command->checkpoint.attempt = open->attempt;
    command->checkpoint.value = span_of_string(text);
}

static void add_cursor(struct load *load)
{
    char *before = load->texts[load->command_count][0], *after = load->texts[load->command_count][1];
    struct command *command = add(load, COMMAND_CURSOR);
    command->agency = tables_agency(load->core.tables, SENDER);
    snprintf(before, sizeof load->texts[0][0], "%" PRIu64, load->cursor);
    snprintf(after, sizeof load->texts[0][1], "%" PRIu64, load->counter);
    command->cursor = (struct cursor_set){ .set = true, .name = span_of_string("outbox"),
                                           .value = span_of_string(after),
                                           .expected = span_of_string(load->cursor ? before : "") };
}

static void add_notices(struct load *load)
{
    struct command *command = add(load, dice(load, 3) && load->event_seen ? COMMAND_NOTICE_ACK : COMMAND_NOTIFY);
    command->agency = tables_agency(load->core.tables, SENDER);
    if (command->kind == COMMAND_NOTICE_ACK)
        command->acknowledged = load->event_seen;
    else
        command->notify = (struct notify){ .from_cursor = true, .most = 32 };
}

static void add_operator(struct load *load)
{
    static const char *const verbs[] = { "replay", "close", "hold", "release", "replay", "redirect" };
    if (!load->told_count)
        return;
    struct command *command = add(load, COMMAND_ADMIN);
    struct admin *admin = &command->admin;
    snprintf(admin->verb, sizeof admin->verb, "%s", verbs[dice(load, sizeof verbs / sizeof *verbs)]);
    snprintf(admin->reason, sizeof admin->reason, "an exercise");
    admin->handoff = load->told[dice(load, (uint64_t)load->told_count)];
    admin->uid = 1000;
    if (strcmp(admin->verb, "redirect") == 0)
        snprintf(admin->to, sizeof admin->to, "%s", RECEIVER[dice(load, RECEIVERS)]);
}

static void add_lost(struct load *load)
{
    int receiver = (int)dice(load, RECEIVERS);
    if (!load->sessions[receiver])
        return;
    add(load, COMMAND_SESSION_LOST)->lost = load->sessions[receiver];
    load->sessions[receiver] = 0;
    for (int i = 0; i < load->open_count; i++)
        if (load->open[i].receiver == receiver)
            load->open[i--] = load->open[--load->open_count];
}

/* All that is open is closed, so that the bodies of a day can go, and its key. */
static void add_closes(struct load *load)
{
    while (load->command_count < COMMANDS_MAX && load->closed_count < load->told_count) {
        struct admin *admin = &add(load, COMMAND_ADMIN)->admin;
        snprintf(admin->verb, sizeof admin->verb, "close");
        snprintf(admin->reason, sizeof admin->reason, "the end of an exercise");
        admin->handoff = load->told[load->closed_count++];
        admin->uid = 1000;
    }
}

static void add_blob(struct load *load)
{
    struct command *command = add(load, COMMAND_BLOB);
    command->agency = tables_agency(load->core.tables, SENDER);
    load_blobs_ask(&load->blobs, command);
}

static enum phase phase_of(const struct load *load)
{
    int64_t at = load->turn % 60;
    return at < 30 ? PHASE_BUSY : at < 44 ? PHASE_CLOSING : PHASE_QUIET;
}

/* Not every day, so that the keys of some can go. */
static bool may_upload(struct load *load)
{
    bool today = seal_day(load->now_ms) % 3 != 1 || load->options->no_blob_sync;
    return today && !load->options->tell_early && dice(load, load->options->no_blob_sync ? 2 : 4) == 0;
}

static void ask(struct load *load)
{
    int count = 1 + (int)dice(load, COMMANDS_MAX);

    load->command_count = 0;
    load->counter++;
    if (phase_of(load) == PHASE_CLOSING)
        add_closes(load);
    if (phase_of(load) != PHASE_BUSY)
        return;
    if (load_blobs_wait(&load->blobs) || may_upload(load))
        add_blob(load);
    while (load->command_count < count) {
        uint64_t what = dice(load, 100);
        int before = load->command_count;
        if (what < 40)
            add_submit(load);
        else if (what < 55)
            add_offer(load);
        else if (what < 80)
            add_outcome(load);
        else if (what < 84)
            add_checkpoint(load);
        else if (what < 88 && load->command_count == 0)
            add_cursor(load);
        else if (what < 92)
            add_notices(load);
        else if (what < 95)
            add_operator(load);
        else if (what < 96)
            add_lost(load);
        else
            add(load, COMMAND_TICK);
        count -= load->command_count == before;
    }
}

/* ---- turns */

static void work(struct turn *turn, void *context)
{
    struct load *load = context;
    struct command tick = { .kind = COMMAND_TICK };

    effects_reset(&load->effects);
    for (int i = 0; i < 16 && core_due_ms(turn) <= load->now_ms; i++)
        core_step(&load->core, turn, load->now_ms, &tick, &load->effects);
    for (int i = 0; i < load->command_count && effects_has_room(&load->effects); i++)
        core_step(&load->core, turn, load->now_ms, &load->commands[i], &load->effects);
    if (load->options->tell_early)
        tell_all(load, turn_seq(turn));
}

static void remember_submit(struct load *load)
{
    for (int i = 0; i < load->command_count; i++) {
        const struct submit *submit = &load->commands[i].submit;
        if (load->commands[i].kind != COMMAND_SUBMIT || submit->payload.bytes == load->last.payload)
            continue;
        memcpy(load->last.header, submit->header.bytes, submit->header.size);
        memcpy(load->last.payload, submit->payload.bytes, submit->payload.size);
        load->last.submit = *submit;
        load->last.submit.header.bytes = load->last.header;
        load->last.submit.payload.bytes = load->last.payload;
        return;
    }
}

static void make_turn(struct load *load)
{
    struct turn_end end;
    enum result result = store_turn(load->store, load->now_ms, work, load, &end);
    if (result != RESULT_OK)
        load_stop("a turn gave %s: %s", result_name(result), store_trouble(load->store));
    if (!load->options->tell_early)
        tell_all(load, end.seq);
    if (end.wrote && !load->options->tell_early) {
        char text[HASH_TEXT_SIZE];
        hash_text(&end.link, text);
        tell(load, "link %" PRIu64 " %s", end.seq, text);
    }
    remember_submit(load);
}

static bool says_again(const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++)
        if (effects->list[i].kind == EFFECT_AGAIN)
            return true;
    return false;
}

/* As a broker that comes up. */
static void begin(struct load *load)
{
    load->store = load_open(load->options);
    if (store_last_ms(load->store) > load->now_ms)
        load->now_ms = store_last_ms(load->store);
    load_directory(&load->core, load->store, &load->effects, load->options->directory, load->now_ms);
    memset(load->sessions, 0, sizeof load->sessions);
    load->open_count = 0;
    do {
        load->command_count = 0;
        (void)add(load, COMMAND_START);
        make_turn(load);
    } while (says_again(&load->effects));
    load_blobs_sweep(&load->blobs, load->store);
}

/* What happens between turns: time passes, keys go, the ballast comes and goes, the broker is restarted. */
static void between(struct load *load)
{
    uint64_t what = dice(load, 100);

    bool quiet = phase_of(load) == PHASE_QUIET;
    bool leaps = what < 3 || (quiet && what < 20);
    load->now_ms += leaps ? DAY_MS * 3 / 4 : what < 10 ? 60 * 1000 : (int64_t)dice(load, 1500);
    (void)store_intake_open(load->store, NULL);
    if (what < 6 || quiet)
        (void)store_drop_day_keys(load->store, load->now_ms);
    else if (what < 8)
        (void)store_give_up_ballast(load->store);
    else if (what < 10) {
        (what < 9 ? store_close : store_leave)(load->store);
        begin(load);
    } else if ((what < 20 || store_settling(load->store) == SETTLING_DUE) && store_settle(load->store) != RESULT_OK) {
        load_stop("the store does not settle: %s", store_trouble(load->store));
    }
}

static int run(const struct load_options *options)
{
    struct load *load = calloc(1, sizeof *load);

    if (!load || core_init(&load->core) != RESULT_OK || effects_init(&load->effects) != RESULT_OK)
        load_stop("no memory");
    load->options = options;
    load->dice = options->seed * 0x9E3779B97F4A7C15u + 1;
    load->now_ms = LOAD_BEGINS_MS;
    load->log = options->log ? open(options->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    for (int i = 0; i <= COMMANDS_MAX; i++) {
        struct submitted *submitted = i < COMMANDS_MAX ? &load->submitted[i] : &load->last;
        if (!(submitted->payload = malloc(LOAD_BODY_MAX)))
            load_stop("no memory");
    }
    load_blobs_begin(&load->blobs, options, options->seed);
    begin(load);
    for (; load->turn < options->turns; load->turn++) {
        ask(load);
        make_turn(load);
        between(load);
    }
    printf("%d accepted, %" PRIu64 " turns\n", load->told_count, store_last(load->store).seq);
    store_close(load->store);
    load_blobs_end(&load->blobs);
    core_done(&load->core);
    effects_done(&load->effects);
    for (int i = 0; i < COMMANDS_MAX; i++)
        free(load->submitted[i].payload);
    free(load->last.payload);
    free(load);
    return 0;
}

static bool options_read(int count, char **arguments, struct load_options *ret_options)
{
    static const struct option options[] = {
        { "store", required_argument, NULL, 's' }, { "directory", required_argument, NULL, 'd' },
        { "log", required_argument, NULL, 'l' }, { "told", required_argument, NULL, 't' },
        { "seed", required_argument, NULL, 'r' }, { "turns", required_argument, NULL, 'n' },
        { "no-sync", no_argument, NULL, 'y' }, { "no-blob-sync", no_argument, NULL, 'b' },
        { "tell-early", no_argument, NULL, 'e' }, { 0 },
    };
    struct load_options read = { .seed = 1, .turns = 100 };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            read.store = optarg;
            break;
        case 'd':
            read.directory = optarg;
            break;
        case 'l':
            read.log = optarg;
            break;
        case 't':
            read.told = optarg;
            break;
        case 'r':
            read.seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            read.turns = strtoll(optarg, NULL, 10);
            break;
        case 'y':
            read.no_sync = true;
            break;
        case 'b':
            read.no_blob_sync = true;
            break;
        case 'e':
            read.tell_early = true;
            break;
        default:
            return false;
        }
    }
    *ret_options = read;
    return optind == count - 1 && read.store && read.directory;
}

int main(int count, char **arguments)
{
    struct load_options options;
    if (!options_read(count, arguments, &options))
        load_stop("run or audit, --store and --directory are wanted");
    if (hash_start() != RESULT_OK)
        load_stop("libsodium does not start");
    if (strcmp(arguments[optind], "run") == 0)
        return run(&options);
    if (strcmp(arguments[optind], "audit") == 0 && options.told)
        return audit(&options);
    load_stop("%s is no verb", arguments[optind]);
}
