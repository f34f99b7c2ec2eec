/* audit.c - `load audit`: a store that was rebuilt after a cut is opened as the broker opens it, and must know all that
 * anybody was told; then it must go on: take the broker's first turn and a new handoff, and tell a repetition. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/content.h"
#include "tests/torture/load.h"

enum { WORDS_MAX = 8, BODY_ARENA = 1 << 20 };

struct auditor {
    struct core core;
    struct effects effects;
    struct arena arena;
    struct audit_blobs blobs;
    char  (*lines)[TOLD_LINE_SIZE];
    size_t count;
    unsigned faults;
    struct command command;
    int64_t now_ms;
};

__attribute__((format(printf, 3, 4)))
static void fault(struct auditor *auditor, const char *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("told \"%s\", but ", line);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    auditor->faults++;
}

/* ---- one line each */

struct words { char text[TOLD_LINE_SIZE]; const char *at[WORDS_MAX]; int count; };

static struct words *split(const char *line)
{
    static struct words words;
    char *rest = words.text, *word;
    memcpy(words.text, line, strlen(line) + 1);
    words.count = 0;
    while ((word = strsep(&rest, " ")) != NULL && words.count < WORDS_MAX)
        words.at[words.count++] = word;
    return &words;
}

static uint64_t number(const struct words *words, int index)
{
    must(index < words->count);
    return strtoull(words->at[index], NULL, 10);
}

/* Header and payload are there, open with the day's key, and are what was hashed. */
static void check_body(struct auditor *auditor, struct turn *turn, const char *line, const struct handoff *handoff)
{
    struct span header, payload;

    if (handoff->flags & HANDOFF_BODY_PURGED)
        return;
    arena_reset(&auditor->arena);
    enum result result = turn_body(turn, handoff->id, &auditor->arena, &header, &payload);
    if (result != RESULT_OK) {
        fault(auditor, line, "its body gives %s", result_name(result));
        return;
    }
    Lienthong__V1__Header *unpacked = lienthong__v1__header__unpack(NULL, header.size, header.bytes);
    if (!unpacked) {
        fault(auditor, line, "its header is no header");
        return;
    }
    struct hash hash = content_hash(unpacked, payload);
    if (!hash_equal(&hash, &handoff->content_hash))
        fault(auditor, line, "its body is another one");
    const char *wrong = audit_attached(&auditor->blobs, turn, unpacked);
    if (wrong)
        fault(auditor, line, "an attachment of it %s", wrong);
    lienthong__v1__header__free_unpacked(unpacked, NULL);
}

static void check_accepted(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct uuid message_id;
    struct hash hash;
    struct handoff handoff;
    uint64_t id = number(words, 3), found = 0;

    must(words->count == 6 && hex_read(span_of_string(words->at[2]), message_id.bytes, sizeof message_id.bytes) &&
         hex_read(span_of_string(words->at[4]), hash.bytes, sizeof hash.bytes));
    if (!turn_handoff(turn, id, &handoff)) {
        fault(auditor, line, "there is no such handoff");
        return;
    }
    uint32_t sender = turn_agency_number(turn, words->at[1]);
    if (!sender || !turn_dedupe(turn, sender, &message_id, &found) || found != id)
        fault(auditor, line, "a repetition would not be known");
    if (!uuid_equal(&handoff.message_id, &message_id) || !hash_equal(&handoff.content_hash, &hash))
        fault(auditor, line, "it is another handoff");
    if (handoff.accepted_seq != number(words, 5))
        fault(auditor, line, "it was accepted in turn %" PRIu64, handoff.accepted_seq);
    check_body(auditor, turn, line, &handoff);
}

/* A state that can never be left must not be left; any other may have gone on. */
static void check_state(struct auditor *auditor, const char *line, const struct handoff *handoff, const char *word)
{
    enum state told = state_read(word);
    must(told);
    if (state_is_final(told) && handoff->state != told)
        fault(auditor, line, "it is %s", state_name(handoff->state));
}

static void check_attempt(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct handoff handoff;
    if (!turn_handoff(turn, number(words, 1), &handoff))
        fault(auditor, line, "there is no such handoff");
    else if (handoff.attempt < number(words, 2))
        fault(auditor, line, "its last attempt is %" PRIu32 ": the number would be given again", handoff.attempt);
    else if (strcmp(words->at[0], "outcome") == 0)
        check_state(auditor, line, &handoff, words->at[3]);
}

static void check_checkpoint(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct handoff handoff;
    struct span value;
    char text[32];

    check_attempt(auditor, turn, line, words);
    if (!turn_handoff(turn, number(words, 1), &handoff) || state_is_final(handoff.state))
        return;
    arena_reset(&auditor->arena);
    if (turn_checkpoint(turn, handoff.id, &auditor->arena, &value) != RESULT_OK ||
        !span_to_string(value, text, sizeof text))
        fault(auditor, line, "there is no checkpoint");
    else if (strtoull(text, NULL, 10) < number(words, 3))
        fault(auditor, line, "the checkpoint is an older one: %s", text);
}

static void check_cursor(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct span value;
    char text[32];
    uint32_t agency = turn_agency_number(turn, words->at[1]);

    arena_reset(&auditor->arena);
    if (!agency || turn_cursor(turn, agency, span_of_string(words->at[2]), &auditor->arena, &value) != RESULT_OK ||
        !span_to_string(value, text, sizeof text))
        fault(auditor, line, "there is no cursor");
    else if (strtoull(text, NULL, 10) < number(words, 3))
        fault(auditor, line, "it stands at %s", text);
}

static void check_notice(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct event event;
    if (!turn_event(turn, number(words, 1), &event))
        fault(auditor, line, "there is no such event");
    else if (event.handoff != number(words, 2) || event.to != state_read(words->at[3]))
        fault(auditor, line, "the event is another one");
}

static void check_closed(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct handoff handoff;
    if (!turn_handoff(turn, number(words, 1), &handoff))
        fault(auditor, line, "there is no such handoff");
    else if (handoff.state != STATE_CLOSED)
        fault(auditor, line, "it is %s", state_name(handoff.state));
}

static void check_link(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct chain_link link;
    struct hash hash;
    must(words->count == 3 && hex_read(span_of_string(words->at[2]), hash.bytes, sizeof hash.bytes));
    if (!turn_link(turn, number(words, 1), &link))
        fault(auditor, line, "the chain has no such turn");
    else if (!hash_equal(&link.link, &hash))
        fault(auditor, line, "the chain has another link");
}

/* OUTCOME_ACK names no turn: its link is somewhere in the chain. */
static void check_witness(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct chain_link link;
    struct hash hash;
    must(words->count == 2 && hex_read(span_of_string(words->at[1]), hash.bytes, sizeof hash.bytes));
    for (uint64_t seq = turn_seq(turn) - 1; seq && turn_link(turn, seq, &link); seq--)
        if (hash_equal(&link.link, &hash))
            return;
    fault(auditor, line, "the chain has no such link");
}

/* "read" too: who has read it all may read it again. */
static void check_stored(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words)
{
    struct hash sha256;
    must(words->count == 5 && hex_read(span_of_string(words->at[2]), sha256.bytes, sizeof sha256.bytes));
    const char *wrong = audit_stored(&auditor->blobs, turn, words->at[1], &sha256, number(words, 3),
                                     (int64_t)number(words, 4), auditor->now_ms);
    if (wrong)
        fault(auditor, line, "it %s", wrong);
}

static void check_line(struct auditor *auditor, struct turn *turn, const char *line)
{
    static const struct {
        const char *word;
        void (*check)(struct auditor *auditor, struct turn *turn, const char *line, const struct words *words);
    } table[] = {
        { "accepted", check_accepted }, { "deliver", check_attempt }, { "outcome", check_attempt },
        { "checkpoint", check_checkpoint }, { "cursor", check_cursor }, { "notice", check_notice },
        { "closed", check_closed }, { "link", check_link }, { "witness", check_witness },
        { "stored", check_stored }, { "read", check_stored },
    };
    const struct words *words = split(line);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].word, words->at[0]) == 0) {
            table[i].check(auditor, turn, line, words);
            return;
        }
    load_stop("\"%s\": nobody is told that", line);
}

static void check_lines(struct turn *turn, void *context)
{
    struct auditor *auditor = context;
    for (size_t i = 0; i < auditor->count; i++)
        check_line(auditor, turn, auditor->lines[i]);
}

/* ---- and it goes on */

static void step_once(struct turn *turn, void *context)
{
    struct auditor *auditor = context;
    effects_reset(&auditor->effects);
    core_step(&auditor->core, turn, auditor->now_ms, &auditor->command, &auditor->effects);
}

static const struct effect *answer(const struct auditor *auditor, enum effect_kind kind)
{
    for (uint32_t i = 0; i < auditor->effects.count; i++)
        if (auditor->effects.list[i].kind == kind)
            return &auditor->effects.list[i];
    return NULL;
}

static void turn_of(struct auditor *auditor, struct store *store)
{
    struct turn_end end;
    enum result result = store_turn(store, auditor->now_ms, step_once, auditor, &end);
    if (result != RESULT_OK)
        load_stop("a turn after the cut gave %s: %s", result_name(result), store_trouble(store));
}

static void go_on(struct auditor *auditor, struct store *store)
{
    static const uint8_t random[10] = "new, twice";
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct submit *submit = &auditor->command.submit;
    uint8_t bytes[512];

    do {
        auditor->command = (struct command){ .kind = COMMAND_START };
        turn_of(auditor, store);
    } while (answer(auditor, EFFECT_AGAIN));
    auditor->command = (struct command){ .kind = COMMAND_SUBMIT, .session = 1,
                                         .agency = tables_agency(auditor->core.tables, "H29.07.00") };
    *submit = (struct submit){ .has_message_id = true, .message_id = uuid_v7(auditor->now_ms, random),
                               .kind = KIND_FORWARD, .source_time_ms = auditor->now_ms, .sender = "H29.07.00",
                               .recipient = "G01.29.07", .dossier_code = "H29.07-260302-9999" };
    header.message_id = (ProtobufCBinaryData){ .data = submit->message_id.bytes, .len = 16 };
    header.sender = submit->sender;
    header.recipient = submit->recipient;
    header.dossier_code = submit->dossier_code;
    header.kind = submit->kind;
    header.content_type = (char *)(uintptr_t)"application/json";
    submit->payload = span_of_string("{}");
    submit->header = span_of(bytes, lienthong__v1__header__pack(&header, bytes));
    submit->content_hash = content_hash(&header, submit->payload);
    turn_of(auditor, store);
    const struct effect *accepted = answer(auditor, EFFECT_ACCEPTED);
    if (!accepted || accepted->accepted.duplicate)
        fault(auditor, "(new)", "a new handoff after the cut is not accepted");
    turn_of(auditor, store);
    accepted = answer(auditor, EFFECT_ACCEPTED);
    if (!accepted || !accepted->accepted.duplicate)
        fault(auditor, "(new)", "its repetition is not known");
}

static void read_told(struct auditor *auditor, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[TOLD_LINE_SIZE];
    size_t room = 0;

    if (!file)
        load_stop("%s cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (auditor->count == room) {
            room = room ? 2 * room : 1024;
            auditor->lines = realloc(auditor->lines, room * sizeof *auditor->lines);
            must(auditor->lines);
        }
        memcpy(auditor->lines[auditor->count++], line, sizeof line);
    }
    fclose(file);
}

int audit(const struct load_options *options)
{
    struct auditor auditor = { 0 };

    if (core_init(&auditor.core) != RESULT_OK || effects_init(&auditor.effects) != RESULT_OK ||
        arena_init(&auditor.arena, BODY_ARENA) != RESULT_OK)
        load_stop("no memory");
    read_told(&auditor, options->told);
    auditor.blobs.store = options->store;
    struct store *store = load_open(options);
    auditor.now_ms = store_last_ms(store) ? store_last_ms(store) : LOAD_BEGINS_MS;
    enum result result = store_read(store, check_lines, &auditor);
    if (result != RESULT_OK)
        load_stop("reading gave %s: %s", result_name(result), store_trouble(store));
    load_directory(&auditor.core, store, &auditor.effects, options->directory, auditor.now_ms);
    go_on(&auditor, store);
    printf("%zu lines, %u faults\n", auditor.count, auditor.faults);
    store_close(store);
    audit_blobs_end(&auditor.blobs);
    core_done(&auditor.core);
    effects_done(&auditor.effects);
    arena_done(&auditor.arena);
    free(auditor.lines);
    return auditor.faults ? 1 : 0;
}
