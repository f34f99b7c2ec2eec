/* Frames to commands: what is understood, what is refused and how, and that any bytes at all are survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/wire/wire.h"
#include "proto/content.h"

static struct arena arena;
static struct frame frame;
static struct frame_refusal refusal;
static uint8_t bytes[FRAME_BYTES_MAX + 64];
static uint8_t packed[FRAME_BYTES_MAX];

static int start(void **state)
{
    (void)state;
    return hash_start() != RESULT_OK || arena_init(&arena, 8 << 20) != RESULT_OK;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct span pack(const Lienthong__V1__Envelope *envelope)
{
    bytes[0] = WIRE_VERSION;
    return span_of(bytes, 1 + lienthong__v1__envelope__pack(envelope, bytes + 1));
}

static bool read(struct span span)
{
    arena_reset(&arena);
    return wire_read(span, false, &arena, &frame, &refusal);
}

static Lienthong__V1__Header sample_header(void)
{
    static uint8_t id[16] = { 1, 0x95, 0, 0, 0, 0, 0x70, 1, 0x80, 2, 3, 4, 5, 6, 7, 8 };
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    header.message_id = (ProtobufCBinaryData){ .len = sizeof id, .data = id };
    header.sender = "H29.7";
    header.recipient = "H29.CA.7";
    header.dossier_code = "H29.7-230425-0001";
    header.procedure_code = "2.000986";
    header.step = "residence";
    header.kind = KIND_FORWARD;
    header.source_time_ms = 1682400000000;
    header.sequence = 3;
    return header;
}

/* Reads a SUBMIT of this header and payload. */
static bool read_submit(const Lienthong__V1__Header *header, size_t payload_bytes)
{
    static uint8_t payload[BODY_BYTES_MAX + 1];
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    submit.header = (ProtobufCBinaryData){ .len = lienthong__v1__header__pack(header, packed), .data = packed };
    submit.payload = (ProtobufCBinaryData){ .len = payload_bytes, .data = payload };
    envelope.correlation = 7;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    return read(pack(&envelope));
}

static void assert_refused(enum problem_type type, const char *field)
{
    assert_int_equal(refusal.problem.type, type);
    assert_string_equal(refusal.problem.field, field);
    assert_true(refusal.problem.sentence_vi[0] && refusal.problem.sentence_en[0]);
}

/* ---- understood */

/* One field that has a length, as protobuf writes it. */
static size_t put_field(uint8_t *at, unsigned number, struct span content)
{
    size_t used = 0;
    at[used++] = (uint8_t)(number << 3 | 2);
    for (size_t left = content.size; used == 1 || left; left >>= 7)
        at[used++] = (uint8_t)((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    memcpy(at + used, content.bytes, content.size);
    return used + content.size;
}

/* A SUBMIT of these two: as the library writes it, or with its fields in another order. */
static struct span write_submit(struct span header, struct span payload, bool plain)
{
    static const uint8_t correlation[] = { 0x08, 0xAC, 0x02 };      /* 300 */
    static uint8_t submit[2048];
    size_t size = 0;

    size += put_field(submit, plain ? 1 : 2, plain ? header : payload);
    size += put_field(submit + size, plain ? 2 : 1, plain ? payload : header);
    size_t body_at = plain ? 1 + sizeof correlation : 1, body_bytes;
    bytes[0] = WIRE_VERSION;
    body_bytes = put_field(bytes + body_at, 13, span_of(submit, size));
    memcpy(bytes + (plain ? 1 : 1 + body_bytes), correlation, sizeof correlation);
    return span_of(bytes, 1 + sizeof correlation + body_bytes);
}

static bool lies_in(struct span part, struct span whole)
{
    return part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size;
}

/* What the library writes is left in the frame; written in another way it is the same, and cut short it is nothing. */
static void a_submit_is_the_same_however_it_is_written(void **state)
{
    (void)state;
    static uint8_t body[300];
    Lienthong__V1__Header fields = sample_header();
    struct span header = span_of(packed, lienthong__v1__header__pack(&fields, packed));
    struct span payload = span_of(body, sizeof body);

    memset(body, 'x', sizeof body);
    for (int plain = 0; plain < 2; plain++) {
        struct span whole = write_submit(header, payload, plain);
        assert_true(read(whole));
        const struct submit *submit = &frame.command.submit;
        struct hash expected = content_hash(&fields, payload);
        assert_int_equal(frame.command.kind, COMMAND_SUBMIT);
        assert_int_equal(frame.correlation, 300);
        assert_int_equal(frame.command.correlation, 300);
        assert_true(span_equal(submit->header, header) && span_equal(submit->payload, payload));
        assert_true(hash_equal(&submit->content_hash, &expected));
        assert_true(submit->has_message_id && refusal.has_message_id && !submit->accepted_as && !submit->has_cursor);
        assert_true(lies_in(submit->payload, whole) == plain && lies_in(submit->header, whole) == plain);
    }
    struct span whole = write_submit(header, payload, true);
    for (size_t size = 4; size < whole.size; size++) {
        assert_false(read(span_of(whole.bytes, size)));
        assert_int_equal(refusal.problem.type, PROBLEM_MALFORMED);
    }
}

static void a_submit_is_read_whole(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__After after = LIENTHONG__V1__AFTER__INIT, *afters[] = { &after };
    char *aliases[] = { "MCDT-1", "LT-22" };
    facts.due_ms = 1682500000000;
    facts.aliases = aliases;
    facts.n_aliases = 2;
    after.message_id = header.message_id;
    header.facts = &facts;
    header.after = afters;
    header.n_after = 1;
    header.parent = 99;
    assert_true(read_submit(&header, 5));

    const struct submit *submit = &frame.command.submit;
    struct hash expected = content_hash(&header, span_of("\0\0\0\0", 5));
    assert_int_equal(frame.kind, FRAME_COMMAND);
    assert_int_equal(frame.command.kind, COMMAND_SUBMIT);
    assert_int_equal(frame.command.correlation, 7);
    assert_true(submit->has_message_id);
    assert_string_equal(submit->sender, "H29.7");
    assert_string_equal(submit->recipient, "H29.CA.7");
    assert_string_equal(submit->dossier_code, "H29.7-230425-0001");
    assert_string_equal(submit->procedure_code, "2.000986");
    assert_string_equal(submit->step, "residence");
    assert_int_equal(submit->kind, KIND_FORWARD);
    assert_int_equal(submit->source_time_ms, 1682400000000);
    assert_int_equal(submit->due_ms, 1682500000000);
    assert_int_equal(submit->sequence, 3);
    assert_int_equal(submit->parent, 99);
    assert_int_equal(submit->after_count, 1);
    assert_int_equal(submit->after[0].until, UNTIL_RESULT);         /* 0 means 1 */
    assert_int_equal(submit->alias_count, 2);
    assert_string_equal(submit->aliases[1], "LT-22");
    assert_int_equal(submit->payload.size, 5);
    assert_true(hash_equal(&submit->content_hash, &expected));
    assert_int_equal(submit->header.size, lienthong__v1__header__get_packed_size(&header));
    assert_memory_equal(submit->header.bytes, packed, submit->header.size);     /* unchanged */
}

static void what_it_tells_of_its_dossier(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Money money = LIENTHONG__V1__MONEY__INIT, *moneys[] = { &money };
    char partner[PARTNER_STATUS_SIZE + 1];

    header.facts = &facts;
    facts.due_ms = 5;
    assert_true(read_submit(&header, 1));
    assert_null(frame.command.submit.facts);                /* nothing that the core keeps beside the due date */
    facts.status = 4;
    facts.partner_status = "đang xử lý";
    facts.channel = 2;
    facts.received_ms = 1682400000000;
    facts.procedure_version = "2.000986/-/2024-07-01";
    money = (Lienthong__V1__Money){ .base = money.base, .component = "LP", .owed = 8000, .paid = -1 };
    facts.money = moneys;
    facts.n_money = 1;
    assert_true(read_submit(&header, 1));
    const struct facts *told = frame.command.submit.facts;
    assert_non_null(told);
    assert_int_equal(told->status, STATUS_IN_PROCESS);
    assert_string_equal(told->partner_status, "đang xử lý");
    assert_int_equal(told->channel, 2);
    assert_int_equal(told->received_ms, 1682400000000);
    assert_string_equal(told->procedure_version, "2.000986/-/2024-07-01");
    assert_int_equal(told->money_count, 1);
    assert_string_equal(told->money[0].component, "LP");
    assert_int_equal(told->money[0].owed, 8000);
    assert_int_equal(told->money[0].paid, -1);

    memset(partner, 'x', sizeof partner);
    partner[PARTNER_STATUS_SIZE] = 0;
    facts.partner_status = partner;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.partner_status");
    partner[PARTNER_STATUS_SIZE - 1] = 0;
    money.component = partner;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.money.component");
    facts.n_money = 0;
    facts.channel = CHANNEL_END;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.channel");
    facts.channel = UINT32_MAX;
    assert_false(read_submit(&header, 1));
    facts.channel = CHANNEL_BOUNDARY_FREE;
    assert_true(read_submit(&header, 1));
    facts.status = 11;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.status");
}

static void steps_that_are_chosen(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    char *chosen[CHOSEN_STEPS_MAX + 1], name[STEP_NAME_SIZE + 1];

    memset(name, 'x', sizeof name);
    name[STEP_NAME_SIZE - 1] = 0;
    for (int i = 0; i <= CHOSEN_STEPS_MAX; i++)
        chosen[i] = i ? "allowance" : name;
    header.facts = &facts;
    facts.chosen_steps = chosen;
    facts.n_chosen_steps = CHOSEN_STEPS_MAX;
    assert_true(read_submit(&header, 1));
    const struct facts *told = frame.command.submit.facts;
    assert_non_null(told);
    assert_int_equal(told->chosen_count, CHOSEN_STEPS_MAX);
    assert_string_equal(told->chosen[0], name);
    assert_string_equal(told->chosen[CHOSEN_STEPS_MAX - 1], "allowance");

    facts.n_chosen_steps = CHOSEN_STEPS_MAX + 1;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_TOO_LARGE, "header.facts.chosen_steps");
    facts.n_chosen_steps = 1;
    memset(name, 'x', sizeof name);
    name[STEP_NAME_SIZE] = 0;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.chosen_steps");
}

/* Officers, papers, what a citizen said: only reports are made of it. */
static void what_reports_are_made_of(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Rating rating = LIENTHONG__V1__RATING__INIT;
    Lienthong__V1__Component papers[3], *list[] = { &papers[0], &papers[1], &papers[2] };
    char officer[OFFICER_SIZE + 1] = "";

    header.facts = &facts;
    for (int i = 0; i < 3; i++)
        lienthong__v1__component__init(&papers[i]);
    papers[0].digitised = papers[1].digitised = papers[2].reused = true;
    facts.components = list;
    facts.n_components = 3;
    assert_true(read_submit(&header, 1));
    const struct facts *told = frame.command.submit.facts;
    assert_true(told->papers.count == 3 && told->papers.digitised == 2 && told->papers.reused == 1);
    assert_false(told->has_rating);
    facts.n_components = 0;
    facts.rating = &rating;                                 /* there, and nothing answered */
    assert_true(read_submit(&header, 1) && frame.command.submit.facts->has_rating);
    rating = (Lienthong__V1__Rating){ .base = rating.base, .attitude = 5, .cost = 1, .trips = TRIPS_MAX };
    facts.officer_to = officer;
    memset(officer, 'x', OFFICER_SIZE - 1);
    assert_true(read_submit(&header, 1));
    told = frame.command.submit.facts;
    assert_true(told->rating.attitude == 5 && told->rating.cost == 1 && told->rating.trips == TRIPS_MAX);
    assert_string_equal(told->officer_to, officer);
    officer[OFFICER_SIZE - 1] = 'x';
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.facts.officer_to");
    officer[0] = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t *field = i == 0 ? &rating.attitude : i == 1 ? &rating.cost : &rating.trips, kept = *field;
        *field = i == 2 ? TRIPS_MAX + 1 : RATING_MAX + 1;
        assert_false(read_submit(&header, 1));
        assert_refused(PROBLEM_INVALID_FIELD, "header.facts.rating");
        *field = kept;
    }
}

static void fields_of_tomorrow_pass_unchanged(void **state)
{
    (void)state;
    static const uint8_t unknown[] = { 0xFA, 0x7D, 3, 'n', 'e', 'w' };          /* field 2015, three bytes */
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    size_t size = lienthong__v1__header__pack(&header, packed);
    memcpy(packed + size, unknown, sizeof unknown);
    submit.header = (ProtobufCBinaryData){ .len = size + sizeof unknown, .data = packed };
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    assert_true(read(pack(&envelope)));
    assert_int_equal(frame.command.submit.header.size, size + sizeof unknown);
}

static void a_hello_without_kinds_means_all(void **state)
{
    (void)state;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Hello hello = LIENTHONG__V1__HELLO__INIT;
    uint32_t kinds[] = { KIND_FORWARD, 77 };
    hello.protocol = 1;
    hello.credit = 1u << 31;
    hello.software = "one-stop\n3";
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_HELLO;
    envelope.hello = &hello;
    assert_true(read(pack(&envelope)));
    assert_int_equal(frame.kind, FRAME_HELLO);
    assert_int_equal(frame.hello.kinds, KINDS_ALL);
    assert_int_equal(frame.hello.credit, CREDIT_MAX);
    assert_string_equal(frame.hello.software, "one-stop?3");
    hello.kinds = kinds;
    hello.n_kinds = 2;
    assert_true(read(pack(&envelope)));
    assert_int_equal(frame.hello.kinds, KIND_BIT(KIND_FORWARD));
}

/* ---- refused */

static void what_is_no_envelope(void **state)
{
    (void)state;
    assert_false(read(span_of("", 0)));
    assert_refused(PROBLEM_MALFORMED, "");
    assert_false(read(span_of("\x02\x08\x01", 3)));
    assert_refused(PROBLEM_VERSION, "");
    assert_false(read(span_of("\x01\x08\x01", 3)));                 /* a correlation and nothing else */
    assert_refused(PROBLEM_MALFORMED, "");
    assert_false(read(span_of("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12)));
    assert_refused(PROBLEM_MALFORMED, "");
    memset(bytes, 0, sizeof bytes);
    bytes[0] = WIRE_VERSION;
    assert_false(read(span_of(bytes, FRAME_BYTES_MAX + 1)));
    assert_refused(PROBLEM_TOO_LARGE, "");
}

static void what_only_the_gateway_says(void **state)
{
    (void)state;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__Accepted accepted = LIENTHONG__V1__ACCEPTED__INIT;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_ADMIN;
    envelope.admin = &admin;
    assert_false(read(pack(&envelope)));
    assert_refused(PROBLEM_MALFORMED, "");
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED;
    envelope.accepted = &accepted;
    assert_false(read(pack(&envelope)));
    assert_refused(PROBLEM_MALFORMED, "");
}

static void bounds_of_a_submit(void **state)
{
    (void)state;
    char code[80];
    Lienthong__V1__Header header = sample_header();
    memset(code, 'A', sizeof code);

    code[DOSSIER_CODE_SIZE - 1] = 0;
    header.dossier_code = code;
    assert_true(read_submit(&header, BODY_BYTES_MAX));
    code[DOSSIER_CODE_SIZE - 1] = 'A';
    code[DOSSIER_CODE_SIZE] = 0;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.dossier_code");
    assert_true(refusal.has_message_id);                            /* so that the sender knows which one */
    assert_int_equal(refusal.correlation, 7);

    header = sample_header();
    assert_false(read_submit(&header, BODY_BYTES_MAX + 1));
    assert_refused(PROBLEM_TOO_LARGE, "payload");

    header.dossier_code = "H29\xFF";
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_INVALID_FIELD, "header.dossier_code");
}

static void a_zero_byte_hides_in_no_text(void **state)
{
    (void)state;
    /* submit { header { dossier_code "A\0B" } } by hand: protobuf-c cannot write it. */
    static const uint8_t hidden[] = { WIRE_VERSION, 0x6A, 7, 0x0A, 5, 0x22, 3, 'A', 0, 'B' };
    assert_false(read(span_of(hidden, sizeof hidden)));
    assert_refused(PROBLEM_INVALID_FIELD, "header.dossier_code");
}

static void absurd_counts(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__After after = LIENTHONG__V1__AFTER__INIT, *afters[AFTER_MAX + 1];
    for (size_t i = 0; i <= AFTER_MAX; i++)
        afters[i] = &after;
    header.after = afters;
    header.n_after = AFTER_MAX + 1;
    assert_false(read_submit(&header, 1));
    assert_refused(PROBLEM_TOO_LARGE, "header.after");

    /* A HELLO with half a million kinds: refused before memory is taken for them. */
    size_t kinds = 500000;
    uint8_t *at = bytes;
    *at++ = WIRE_VERSION;
    *at++ = 0x52;
    for (size_t size = kinds + 4; size; size >>= 7)
        *at++ = (uint8_t)((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
    *at++ = 0x1A;
    for (size_t size = kinds; size; size >>= 7)
        *at++ = (uint8_t)((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
    memset(at, 1, kinds);
    assert_false(read(span_of(bytes, (size_t)(at - bytes) + kinds)));
    assert_refused(PROBLEM_TOO_LARGE, "hello.kinds");
    assert_int_equal(arena.used, 0);
}

/* Merged, as protobuf would have it, they would hold twice as many aliases as there is room for. */
static void a_part_is_there_once(void **state)
{
    (void)state;
    char *aliases[ALIASES_MAX];
    Lienthong__V1__Header header = sample_header();
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    uint8_t only_facts[128];

    for (size_t i = 0; i < ALIASES_MAX; i++)
        aliases[i] = "H29";
    facts.aliases = aliases;
    facts.n_aliases = ALIASES_MAX;
    header.facts = &facts;
    assert_true(read_submit(&header, 1));
    Lienthong__V1__Header second = LIENTHONG__V1__HEADER__INIT;
    second.facts = &facts;
    size_t size = lienthong__v1__header__pack(&header, packed);
    assert_true(lienthong__v1__header__get_packed_size(&second) <= sizeof only_facts);
    size_t more = lienthong__v1__header__pack(&second, only_facts);
    memcpy(packed + size, only_facts, more);
    submit.header = (ProtobufCBinaryData){ .len = size + more, .data = packed };
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    assert_false(read(pack(&envelope)));
    assert_refused(PROBLEM_MALFORMED, "header.facts");
}

static void a_cursor_goes_with_its_submit(void **state)
{
    (void)state;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Cursor cursor = LIENTHONG__V1__CURSOR__INIT;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_CURSOR;
    envelope.cursor = &cursor;
    assert_false(read(pack(&envelope)));
    assert_refused(PROBLEM_INVALID_FIELD, "cursor.name");
    cursor.name = "results";
    cursor.set = true;
    assert_true(read(pack(&envelope)));
    assert_int_equal(frame.command.kind, COMMAND_CURSOR);
    assert_int_equal(frame.command.cursor.name.size, 7);
}

/* ---- anything at all */

static uint64_t dice = 88172645463325252ULL;
static uint64_t roll(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    return dice ^= dice << 17;
}

static void every_cut_and_every_flip_is_survived(void **state)
{
    (void)state;
    Lienthong__V1__Header header = sample_header();
    static uint8_t good[4096];
    size_t refused = 0;
    assert_true(read_submit(&header, 40));
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    submit.header = (ProtobufCBinaryData){ .len = lienthong__v1__header__pack(&header, packed), .data = packed };
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    size_t size = pack(&envelope).size;
    assert_true(size < sizeof good);
    memcpy(good, bytes, size);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1);                     /* so that a sanitizer sees one byte too far */
        memcpy(exact, good, cut);
        assert_false(read(span_of(exact, cut)));
        assert_true(refusal.problem.type != PROBLEM_NONE);
        free(exact);
    }
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, good, size);
        for (uint64_t flips = 1 + roll() % 4; flips; flips--)
            bytes[1 + roll() % (size - 1)] ^= (uint8_t)(1u << roll() % 8);
        refused += !read(span_of(bytes, size));
    }
    assert_in_range(refused, 1, 20000);
}

static void random_bytes_are_survived(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t size = 1 + roll() % 300;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)roll();
        bytes[0] = WIRE_VERSION;
        if (!read(span_of(bytes, size)))
            assert_true(refusal.problem.type > PROBLEM_NONE && refusal.problem.type < PROBLEM_END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_submit_is_the_same_however_it_is_written),
        cmocka_unit_test(a_submit_is_read_whole), cmocka_unit_test(what_it_tells_of_its_dossier),
        cmocka_unit_test(steps_that_are_chosen),
        cmocka_unit_test(what_reports_are_made_of),
        cmocka_unit_test(fields_of_tomorrow_pass_unchanged),
        cmocka_unit_test(a_hello_without_kinds_means_all),
        cmocka_unit_test(what_is_no_envelope),
        cmocka_unit_test(what_only_the_gateway_says),
        cmocka_unit_test(bounds_of_a_submit),
        cmocka_unit_test(a_zero_byte_hides_in_no_text),
        cmocka_unit_test(absurd_counts),
        cmocka_unit_test(a_part_is_there_once),
        cmocka_unit_test(a_cursor_goes_with_its_submit),
        cmocka_unit_test(every_cut_and_every_flip_is_survived),
        cmocka_unit_test(random_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
