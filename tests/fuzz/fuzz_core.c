/* fuzz_core.c - a story out of an input: frames of agencies (packed and read by gateway/wire, some of them raw bytes),
 * interlinked procedures and what is answered to their steps, attachments, offers, outcomes, operators, lost sessions,
 * restarts, breakers and time, through the shipped core on a real store.
 *
 * Must hold at every step: what is said can be packed and read again; an agency that is neither idempotent nor can be
 * asked gets no second DELIVER unless the first was answered "not acted" or a person replayed it; attempts rise; the
 * same message gets the same handoff; an ACK tells the state that is stored. At the end the whole store is checked. */
#include <stdlib.h>
#include <string.h>

#include "gateway/core/verb.h"
#include "tests/fuzz/place.h"

enum { STEPS_MAX = 80, KNOWN_MAX = 64, SESSION = 1000 };

static struct place place;

/* What an onlooker knows of a handoff. */
struct known {
    uint64_t id;
    struct uuid message_id;
    unsigned sender;
    bool has_message_id;
    uint32_t attempt;
    unsigned agency;                    /* whom the last DELIVER went to */
    enum verdict said;                  /* of the last attempt, while it counted */
};
static struct known known[KNOWN_MAX];
static unsigned known_count;

static struct known *known_find(uint64_t id, bool make)
{
    for (unsigned i = 0; i < known_count; i++)
        if (known[i].id == id)
            return &known[i];
    if (!make || known_count == KNOWN_MAX)
        return NULL;
    known[known_count] = (struct known){ .id = id };
    return &known[known_count++];
}

static uint64_t any_id(struct taste *taste)
{
    uint8_t which = taste_u8(taste);
    return known_count ? known[which % known_count].id : which;
}

static uint64_t session_of(unsigned agency, unsigned which)
{
    return SESSION + agency * 4 + which % 2;
}

static const struct effect *effect_of(enum effect_kind kind)
{
    for (uint32_t i = 0; i < place.effects.count; i++)
        if (place.effects.list[i].kind == kind)
            return &place.effects.list[i];
    return NULL;
}

/* ---- frames */

static struct span pack(const Lienthong__V1__Envelope *envelope)
{
    static uint8_t bytes[FRAME_BYTES_MAX];
    bytes[0] = WIRE_VERSION;
    must(lienthong__v1__envelope__get_packed_size(envelope) < sizeof bytes);
    return span_of(bytes, 1 + lienthong__v1__envelope__pack(envelope, bytes + 1));
}

static void check_accepted(const struct command *command, const struct effect *effect, unsigned agency)
{
    struct known *entry = NULL;

    for (unsigned i = 0; i < known_count; i++)
        if (known[i].has_message_id && known[i].sender == agency &&
            uuid_equal(&known[i].message_id, &command->submit.message_id))
            entry = &known[i];
    must(command->kind == COMMAND_SUBMIT && command->submit.has_message_id);
    must(hash_equal(&effect->accepted.content_hash, &command->submit.content_hash));
    if (entry) {
        must(effect->accepted.duplicate && effect->accepted.handoff == entry->id);
        return;
    }
    entry = known_find(effect->accepted.handoff, true);
    if (entry) {
        must(!effect->accepted.duplicate);
        entry->has_message_id = true;
        entry->sender = agency;
        entry->message_id = command->submit.message_id;
    }
}

static void frame(struct span bytes, unsigned agency)
{
    static struct arena arena;
    static struct frame frame;
    struct frame_refusal refusal;

    if (!arena.bytes)
        must(arena_init(&arena, 2 << 20) == RESULT_OK);
    arena_reset(&arena);
    if (!wire_read(bytes, false, &arena, &frame, &refusal) || frame.kind != FRAME_COMMAND)
        return;
    struct command command = frame.command;
    command.session = session_of(agency, 0);
    command.agency = &place.agencies[agency];
    struct known *spoken_of = command.kind == COMMAND_OUTCOME ? known_find(command.outcome.handoff, false) : NULL;
    enum state before = spoken_of ? place_handoff(&place, spoken_of->id).state : 0;
    place_run(&place, &command);
    const struct effect *accepted = effect_of(EFFECT_ACCEPTED), *ack = effect_of(EFFECT_OUTCOME_ACK);
    if (accepted)
        check_accepted(&command, accepted, agency);
    if (ack) {
        bool open = before == STATE_OFFERED || before == STATE_UNSURE;
        must(place_handoff(&place, ack->outcome_ack.handoff).state == ack->outcome_ack.state);
        if (spoken_of && open && command.outcome.attempt == spoken_of->attempt)
            spoken_of->said = command.outcome.verdict ? command.outcome.verdict : VERDICT_UNKNOWN;
    }
}

static const char *const contents[] = { "photo", "plan", "letter" };

/* What it may name of the first two. */
static void attach(Lienthong__V1__Header *header, unsigned agency, unsigned which)
{
    static Lienthong__V1__Attachment attachments[2], *list[2];
    static struct hash hashes[2];

    header->attachments = list;
    for (unsigned i = 0; i < 2; i++) {
        if (!(which & 1u << i) || !place_may_name(&place, agency, contents[i]))
            continue;
        hashes[i] = hash_of(span_of_string(contents[i]));
        lienthong__v1__attachment__init(&attachments[i]);
        attachments[i].sha256 = (ProtobufCBinaryData){ HASH_SIZE, hashes[i].bytes };
        list[header->n_attachments++] = &attachments[i];
    }
}

static void step_blob_asked(struct taste *taste)
{
    static const enum blob_about abouts[] = { BLOB_PUT, BLOB_PUT, BLOB_GET, BLOB_FIND, BLOB_KEEP };
    unsigned agency = taste_below(taste, PLACE_AGENCIES);
    const char *content = contents[taste_below(taste, 3)];
    struct command command = { .kind = COMMAND_BLOB, .session = 77, .agency = &place.agencies[agency] };
    uint8_t about = taste_u8(taste), more = taste_u8(taste);

    command.blob = (struct blob_ask){ .about = abouts[about % 5], .sha256 = hash_of(span_of_string(content)),
                                      .size = strlen(content) + (more & 1), .file = 1 + (about >> 4),
                                      .day = 20260303 };
    if (command.blob.about == BLOB_FIND)
        command.agency = NULL;
    if (command.blob.about == BLOB_KEEP && !place_may_name(&place, agency, content))
        return;                                             /* of a file that is not there */
    place_blob(&place, &command, content);
}

static void step_submit_frame(struct taste *taste)
{
    static const char *const recipients[] = { "POL", "TAX", "INS", "OLD", "H29.1", "H29.2", "", "WARD-1" };
    static const char *const dossiers[] = { "H29.1-260302-0001", "H29.1-260302-0002", "H29.2-260302-0001", "LT-1" };
    static const char *const steps[] = { "", "residence", "insurance" };
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__After after[2] = { LIENTHONG__V1__AFTER__INIT, LIENTHONG__V1__AFTER__INIT };
    Lienthong__V1__After *afters[2] = { &after[0], &after[1] };
    static uint8_t packed[HEADER_BYTES_MAX];
    char *aliases[1], *chosen[1] = { (char *)"tax" };

    unsigned agency = taste_below(taste, PLACE_AGENCIES);
    uint8_t unique[10] = { 0 }, flags = taste_u8(taste), more = taste_u8(taste);
    unique[9] = taste_u8(taste);                                /* few ids: repetitions and conflicts */
    struct uuid id = uuid_v7(PLACE_NOW_MS, unique);
    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    header.sender = place.agencies[flags & 1 && more & 0x80 ? 0 : agency].code;
    header.recipient = (char *)(uintptr_t)recipients[taste_below(taste, 8)];
    header.dossier_code = (char *)(uintptr_t)dossiers[taste_below(taste, 4)];
    header.procedure_code = (char *)(uintptr_t)(more & 0x40 ? PLACE_FLOW : "2.000986");
    header.step = (char *)(uintptr_t)steps[flags % 3];
    header.kind = flags & 2 ? 1 + taste_below(taste, KIND_END) : KIND_FORWARD;
    header.source_time_ms = PLACE_NOW_MS;
    header.facts = &facts;
    if (more & 0x20) {
        facts.chosen_steps = chosen;
        facts.n_chosen_steps = 1;
    }
    facts.due_ms = flags & 4 ? place.now_ms + ((int64_t)taste_u8(taste) - 128) * 3600000 : 0;
    if (flags & 8)
        header.parent = any_id(taste);
    if (flags & 16) {
        aliases[0] = (char *)(uintptr_t)dossiers[taste_below(taste, 4)];
        facts.aliases = aliases;
        facts.n_aliases = 1;
    }
    header.after = afters;
    for (unsigned i = 0; i < (flags >> 5) % 3u; i++) {
        struct known *entry = known_find(any_id(taste), false);
        after[i].until = taste_below(taste, 3);
        after[i].message_id = entry ? (ProtobufCBinaryData){ 16, entry->message_id.bytes }
                                    : (ProtobufCBinaryData){ 16, id.bytes };
        header.n_after++;
    }
    attach(&header, agency, more >> 3);
    submit.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&header, packed), packed };
    struct span payload = taste_span(taste, more & 1 ? 2000 : 8);
    submit.payload = (ProtobufCBinaryData){ payload.size, (uint8_t *)(uintptr_t)payload.bytes };
    envelope.correlation = 7;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    frame(pack(&envelope), agency);
}

/* ---- what is said of a handoff by who has it, or by who sent it */

struct spoken_of { struct handoff handoff; bool by_sender; char dossier[DOSSIER_CODE_SIZE], code[AGENCY_CODE_SIZE]; };

static void look_at(struct turn *turn, void *context)
{
    struct spoken_of *it = context;
    must(turn_handoff(turn, it->handoff.id, &it->handoff));
    must(turn_agency_code(turn, it->by_sender ? it->handoff.sender : it->handoff.recipient, it->code));
    must(turn_dossier_code(turn, it->handoff.dossier, it->dossier));
}

static unsigned agency_of(const char *code)
{
    for (unsigned i = 0; i < PLACE_AGENCIES; i++)
        if (strcmp(place.agencies[i].code, code) == 0)
            return i;
    return 0;
}

static void step_answer_frame(struct taste *taste)
{
    static const struct { enum kind kind; bool by_sender; const char *reason, *step; } words[] = {
        { KIND_RESULT, false, "", "" }, { KIND_RESULT, false, "", "" }, { KIND_REFUSAL, false, "no", "" },
        { KIND_SEND_BACK, false, "wrong-agency", "" }, { KIND_SEND_BACK, false, "wrong-procedure", "" },
        { KIND_RECALL, false, "", "" }, { KIND_PROGRESS, false, "", "" }, { KIND_STOP, false, "", "" },
        { KIND_FORWARD, true, "", "" }, { KIND_FORWARD, true, "", "residence" }, { KIND_PAYMENT, true, "", "fee" },
        { KIND_RECALL, true, "", "" }, { KIND_WITHDRAWAL, true, "", "" }, { KIND_SUPPLEMENT_REQUEST, false, "", "" },
    };
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    static uint8_t packed[HEADER_BYTES_MAX];
    uint8_t which = taste_u8(taste), word = taste_u8(taste) % (sizeof words / sizeof *words), how = taste_u8(taste);

    if (!known_count)
        return;
    struct spoken_of it = { .handoff = { .id = known[which % known_count].id }, .by_sender = words[word].by_sender };
    place_read(&place, look_at, &it);
    uint8_t unique[10] = { [8] = 1, [9] = how };
    struct uuid id = uuid_v7(PLACE_NOW_MS, unique);
    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    header.sender = it.code;
    header.recipient = (char *)(uintptr_t)(how & 1 && words[word].kind == KIND_FORWARD ? "POL" : "");
    header.dossier_code = it.dossier;
    header.procedure_code = (char *)PLACE_FLOW;
    header.step = (char *)(uintptr_t)words[word].step;
    header.kind = words[word].kind;
    header.source_time_ms = place.now_ms - (how & 2 ? 3600000 : 0);
    bool whole = how & 4 && (words[word].kind == KIND_WITHDRAWAL || words[word].kind == KIND_STOP);
    header.parent = whole ? 0 : it.handoff.id;
    facts.reason_code = (char *)(uintptr_t)words[word].reason;
    header.facts = &facts;
    submit.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&header, packed), packed };
    envelope.correlation = 8;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    frame(pack(&envelope), agency_of(it.code));
}

static void step_outcome_frame(struct taste *taste)
{
    static const char *const prints[] = { "http-503", "connect", "hotich-106", "" };
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Outcome outcome = LIENTHONG__V1__OUTCOME__INIT;
    uint64_t id = any_id(taste);
    struct known *entry = known_find(id, false);
    uint8_t flags = taste_u8(taste);

    outcome.handoff_id = id;
    outcome.attempt = entry && !(flags & 1) ? entry->attempt : 1u + (flags >> 6);
    outcome.verdict = taste_below(taste, VERDICT_END + 1);
    outcome.scope = taste_below(taste, SCOPE_END + 1);
    outcome.never_sent = flags & 2;
    outcome.retry_after_ms = flags & 4 ? taste_u32(taste) : 0;
    outcome.fingerprint = (char *)(uintptr_t)prints[(flags >> 3) & 3];
    outcome.field = (char *)(uintptr_t)(flags & 32 ? "payload/name" : "");
    outcome.detail = (char *)(uintptr_t)(flags & 64 ? "busy" : "");
    envelope.correlation = 9;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_OUTCOME;
    envelope.outcome = &outcome;
    frame(pack(&envelope), entry && !(flags & 128) ? entry->agency : flags % PLACE_AGENCIES);
}

static void step_raw_frame(struct taste *taste)
{
    unsigned agency = taste_below(taste, PLACE_AGENCIES);
    frame(taste_span(taste, 2000), agency);
}

static void step_small_frame(struct taste *taste)
{
    struct command command = { .correlation = 11 };
    unsigned agency = taste_below(taste, PLACE_AGENCIES);

    command.agency = &place.agencies[agency];
    command.session = session_of(agency, 0);
    switch (taste_below(taste, 5)) {
    case 0:
        command.kind = COMMAND_NOTIFY;
        command.notify = (struct notify){ .after = taste_u8(taste), .most = 1 + taste_below(taste, NOTIFY_MAX),
                                          .from_cursor = taste_below(taste, 2) };
        break;
    case 1:
        command.kind = COMMAND_NOTICE_ACK;
        command.acknowledged = taste_u8(taste);
        break;
    case 2:
        command.kind = COMMAND_TRACK;
        taste_text(taste, command.track.code, sizeof command.track.code);
        break;
    case 3:
        command.kind = COMMAND_CHECKPOINT;
        command.checkpoint.handoff = any_id(taste);
        command.checkpoint.attempt = taste_below(taste, 4);
        command.checkpoint.value = taste_span(taste, 64);
        break;
    default:
        command.kind = COMMAND_CURSOR;
        command.cursor = (struct cursor_set){ .name = span_of_string("outbox"), .value = taste_span(taste, 16),
                                              .expected = taste_span(taste, 16), .set = taste_below(taste, 2) };
    }
    place_run(&place, &command);
}

/* ---- the broker's own */

static bool not_acted(enum verdict verdict)
{
    return verdict == VERDICT_LATER || verdict == VERDICT_PREDECESSOR_MISSING || verdict == VERDICT_MISCONFIGURED;
}

static void check_deliver(const struct effect *deliver, unsigned agency)
{
    struct known *entry = known_find(deliver->deliver.handoff, true);
    struct handoff handoff = place_handoff(&place, deliver->deliver.handoff);

    must(handoff.state == STATE_OFFERED && handoff.attempt == deliver->deliver.attempt);   /* stored before it left */
    if (!entry)
        return;
    must(deliver->deliver.attempt > entry->attempt);
    if (deliver->deliver.agency_class == CLASS_NEITHER && entry->attempt && !not_acted(entry->said))
        must(handoff.flags & HANDOFF_REPLAYED);
    if (deliver->deliver.agency_class == CLASS_PROBE && entry->attempt && !not_acted(entry->said))
        must(deliver->deliver.ask_first || handoff.flags & HANDOFF_REPLAYED);
    entry->attempt = deliver->deliver.attempt;
    entry->agency = agency;
    entry->said = 0;
}

static void step_offering(struct taste *taste)
{
    unsigned agency = taste_below(taste, PLACE_AGENCIES);
    uint8_t how = taste_u8(taste);
    struct command command = { .kind = COMMAND_OFFER, .agency = &place.agencies[agency] };

    command.offer = (struct offer){ .session = session_of(agency, how), .most = 1 + how % 5, .stamp_ms = 42,
                                    .kinds = how & 64 ? taste_u32(taste) : KINDS_ALL, .probe = how & 128,
                                    .bytes_max = how & 32 ? how : 0 };
    place_run(&place, &command);
    unsigned given = 0;
    for (uint32_t i = 0; i < place.effects.count; i++)
        if (place.effects.list[i].kind == EFFECT_DELIVER) {
            check_deliver(&place.effects.list[i], agency);
            given++;
        }
    const struct effect *end = &place.effects.list[place.effects.count - 1];
    must(end->kind == EFFECT_OFFERED && end->offered.count == given && given <= command.offer.most);
}

static void step_connections(struct taste *taste)
{
    uint8_t what = taste_u8(taste);
    struct command command = { .kind = what & 1 ? COMMAND_SESSION_LOST : COMMAND_START };
    uint64_t some[3];

    command.lost = session_of(what % PLACE_AGENCIES, what >> 5);
    if (what >= 192) {
        for (int i = 0; i < 3; i++)
            some[i] = any_id(taste);
        command = (struct command){ .kind = COMMAND_BREAKER, .breaker = { some, 3 } };
    } else if (what & 4) {
        command = (struct command){ .kind = COMMAND_TAKEOVER };     /* few enough for one */
    }
    place_run(&place, &command);
}

static void step_time(struct taste *taste)
{
    static const int64_t jumps_ms[] = { 1, 30000, 120001, 3600000, 86400000, 7 * 86400000LL, 40 * 86400000LL, 0 };
    struct command tick = { .kind = COMMAND_TICK };
    int64_t until_ms = place.now_ms + jumps_ms[taste_below(taste, 8)], due_ms;

    for (unsigned ticks = 0; ticks < 200 && (due_ms = place_due_ms(&place)) <= until_ms; ticks++) {
        if (due_ms > place.now_ms)
            place.now_ms = due_ms;
        place_run(&place, &tick);
        must(place.end.wrote);                                  /* a timer that is due has something to do */
    }
    if (place_due_ms(&place) > until_ms)
        place.now_ms = until_ms;
}

static void step_operator(struct taste *taste)
{
    static const char *const agencies[] = { "", "POL", "INS", "TAX", "OLD", "NOBODY" };
    struct command command = { .kind = COMMAND_ADMIN, .session = 9, .correlation = 13 };
    struct admin *admin = &command.admin;
    uint8_t flags = taste_u8(taste);
    enum verb verb = 1 + taste_below(taste, VERB_END - 1);
    struct text name = text_of(admin->verb, sizeof admin->verb);
    struct text code = text_of(admin->code, sizeof admin->code), to = text_of(admin->to, sizeof admin->to);
    struct text of = text_of(admin->filter.agency, sizeof admin->filter.agency);

    text_add(&name, "%s", verb_infos[verb].name);
    if (flags & 1)
        admin->handoff = any_id(taste);
    if (flags & 2)
        text_add(&code, "%s", agencies[taste_below(taste, 6)]);
    else if (flags & 4)
        text_add(&code, "%s", "H29.1-260302-0001");
    text_add(&to, "%s", agencies[taste_below(taste, 6)]);
    if (flags & 8)
        text_add(&of, "%s", agencies[taste_below(taste, 6)]);
    if (flags & 16) {
        admin->filter.fail_class = taste_below(taste, FAIL_CLASS_END);
        admin->filter.state = taste_below(taste, STATE_END);
    }
    admin->behind = taste_below(taste, BEHIND_END);
    admin->dry_run = flags & 32;
    admin->fresh_key = flags & 64;
    if (!(flags & 128))
        memcpy(admin->reason, "a person's reason", 18);
    admin->after = flags & 8 ? taste_u8(taste) : 0;
    admin->limit = taste_u8(taste);
    admin->covered_seq = taste_u8(taste);
    admin->uid = 1000;
    place_run(&place, &command);
    const struct effect *reply = effect_of(EFFECT_ADMIN_REPLY);
    must(reply != NULL || effect_of(EFFECT_REFUSED));
    if (reply && verb_infos[verb].acts && verb < VERB_BACKUP_BEGIN && admin->dry_run)
        must(!place.end.wrote);
}

static void step_switches(struct taste *taste)
{
    uint8_t what = taste_u8(taste);
    place.core.intake_closed = what & 1 ? "đầy / full" : NULL;
    place.core.stopping = what & 2;
    place.core.purge_paused = what & 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const steps[])(struct taste *) = {
        step_submit_frame, step_offering, step_outcome_frame, step_submit_frame, step_offering, step_answer_frame,
        step_time, step_operator, step_connections, step_small_frame, step_raw_frame, step_switches,
        step_blob_asked };
    struct taste taste = taste_of(bytes, size);

    known_count = 0;
    place_open(&place);
    for (unsigned i = 0; i < STEPS_MAX && taste.left; i++)
        steps[taste_below(&taste, sizeof steps / sizeof *steps)](&taste);
    place_close(&place);
    return 0;
}
