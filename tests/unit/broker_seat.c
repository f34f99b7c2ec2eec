#include "tests/unit/broker_seat.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/batch.h"

enum { COMING_MAX = 512, WINDOW = 256, BATCH = 32, PACE = 1000 };

/* The bus has no context to tell tests apart; one runs at a time. */
static struct {
    struct seat *seat;
    int64_t  now_us;
    struct coming { uint32_t routing; zmq_msg_t frame; } coming[COMING_MAX];
    uint32_t first, count;
    const char *key_text;                       /* of whom the last frame came from */
} fake;

/* ---- the bus and its clock */

int64_t __wrap_bus_now_us(void);
bool __wrap_bus_read(struct bus *bus, enum bus_side side, zmq_msg_t *frame, struct peer *ret_peer);
enum result __wrap_bus_send(struct bus *bus, enum bus_side side, uint32_t routing, zmq_msg_t *frame,
                            int64_t patience_us);
const char *__wrap_zmq_msg_gets(const zmq_msg_t *frame, const char *property);

/* Asked of a frame that was read and kept: the last one. */
const char *__wrap_zmq_msg_gets(const zmq_msg_t *frame, const char *property)
{
    (void)frame;
    assert_string_equal(property, "User-Id");
    return fake.key_text;
}

int64_t __wrap_bus_now_us(void)
{
    return fake.now_us;
}

bool __wrap_bus_read(struct bus *bus, enum bus_side side, zmq_msg_t *frame, struct peer *ret_peer)
{
    (void)bus;
    if (side != BUS_AGENCIES || fake.first == fake.count)
        return false;
    struct coming *coming = &fake.coming[fake.first++];
    struct session *session = session_of_routing(&fake.seat->broker.sessions, coming->routing);
    assert_non_null(session);
    fake.key_text = session->key_text;
    *ret_peer = (struct peer){ .routing = coming->routing, .file = -1, .key_text = session->key_text };
    assert_int_equal(zmq_msg_move(frame, &coming->frame), 0);
    zmq_msg_close(&coming->frame);
    if (fake.first == fake.count)
        fake.first = fake.count = 0;
    return true;
}

static void note(uint32_t routing, struct span frame)
{
    struct seat *seat = fake.seat;
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, frame.size - 1, frame.bytes + 1);

    assert_non_null(envelope);
    assert_in_range(seat->said_count, 0, SAID_MAX - 1);
    struct said *said = &seat->said[seat->said_count++];
    *said = (struct said){ .routing = routing, .body = envelope->body_case, .correlation = envelope->correlation,
                           .at_us = fake.now_us };
    if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED)
        said->handoff = envelope->accepted->handoff_id;
    if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_DELIVER)
        said->handoff = envelope->deliver->handoff_id;
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
}

enum result __wrap_bus_send(struct bus *bus, enum bus_side side, uint32_t routing, zmq_msg_t *frame,
                            int64_t patience_us)
{
    struct span bytes = span_of(zmq_msg_data(frame), zmq_msg_size(frame));
    struct batch batch;
    (void)bus;
    (void)patience_us;
    assert_int_equal(side, BUS_AGENCIES);
    assert_in_range(routing, 1, WORLD_AGENCIES);
    if (fake.seat->full[routing])
        return RESULT_BUSY;
    if (batch_open(bytes, &batch) == BATCH_GOOD)
        for (struct span each; batch_next(&batch, &each);)
            note(routing, each);
    else
        note(routing, bytes);
    zmq_msg_close(frame);
    return RESULT_OK;
}

/* ---- life */

static uint32_t routing_of(const struct seat *seat, const char *agency)
{
    return (uint32_t)(world_agency(seat->world, agency) - seat->world->agencies) + 1;
}

static void make_numbers(struct turn *turn, void *context)
{
    struct seat *seat = context;
    for (uint32_t i = 0; i < WORLD_AGENCIES; i++)
        seat->broker.numbers[i] = turn_agency_number_make(turn, seat->world->agencies[i].code);
}

static bool take_memory(struct broker *broker)
{
    return core_init(&broker->core) == RESULT_OK && effects_init(&broker->effects) == RESULT_OK &&
           order_init(&broker->order) == RESULT_OK &&
           arena_init(&broker->frames_arena, FRAMES_ARENA_BYTES) == RESULT_OK &&
           arena_init(&broker->words, WORDS_ARENA_BYTES) == RESULT_OK &&
           sessions_init(&broker->sessions, WORLD_AGENCIES, 0) == RESULT_OK &&
           offers_init(&broker->offers, &broker->sessions) == RESULT_OK &&
           outbox_init(&broker->outbox) == RESULT_OK && speech_init(&broker->speech) == RESULT_OK;
}

int seat_setup(void **state)
{
    struct seat *seat = calloc(1, sizeof *seat);
    void *world = NULL;

    if (!seat || world_setup(&world) || !take_memory(&seat->broker))
        return -1;
    struct broker *broker = &seat->broker;
    log_level_set(LOG_ERROR);
    seat->world = world;
    seat->world->tables.submit_window = WINDOW;
    for (uint32_t i = 0; i < WORLD_AGENCIES; i++) {
        struct agency *agency = &seat->world->agencies[i];
        agency->key_count = 1;
        agency->keys[0].roles = ROLE_SENDER | ROLE_RECEIVER;
        memset(agency->keys[0].bytes, (int)(i + 1), CURVE_KEY_SIZE);
    }
    broker->numbers = calloc(AGENCIES_MAX, sizeof *broker->numbers);
    broker->store = seat->world->site->store;
    broker->core.tables = broker->tables = &seat->world->tables;
    broker->options.bulk_submits_per_second = PACE;
    broker->options.sessions_per_agency_max = 1;
    broker->now_ms = SITE_NOW_MS;
    broker->steady_ms = 1000 * 1000;
    broker->due_ms = INT64_MAX;
    broker->takeover_ms = INT64_MAX;
    if (!broker->numbers)
        return -1;
    fake.seat = seat;
    fake.now_us = broker->steady_ms * 1000;
    fake.first = fake.count = 0;
    site_turn(seat->world->site, SITE_NOW_MS, make_numbers, seat);
    *state = seat;
    return 0;
}

int seat_teardown(void **state)
{
    struct seat *seat = *state;
    struct broker *broker = &seat->broker;
    void *world = seat->world;
    zmq_msg_t frame;

    for (; fake.first < fake.count; fake.first++)
        zmq_msg_close(&fake.coming[fake.first].frame);
    intake_forget(broker);
    if (broker->has_kept)
        zmq_msg_close(&broker->kept);
    for (uint32_t i = 0; i < broker->sessions.slots_count; i++)
        while (broker->sessions.slots[i].number &&
               outbox_take(&broker->outbox, &broker->sessions, &broker->sessions.slots[i], &frame))
            zmq_msg_close(&frame);
    outbox_done(&broker->outbox);
    speech_done(&broker->speech);
    offers_done(&broker->offers);
    sessions_done(&broker->sessions);
    order_free(&broker->order);
    arena_done(&broker->frames_arena);
    arena_done(&broker->words);
    effects_done(&broker->effects);
    core_done(&broker->core);
    free(broker->numbers);
    free(seat);
    return world_teardown(&world);
}

void seat_pass(struct seat *seat, int64_t us)
{
    fake.now_us += us;
    seat->broker.now_ms += fake.now_us / 1000 - seat->broker.steady_ms;
    seat->broker.steady_ms = fake.now_us / 1000;
}

/* ---- what comes */

struct session *seat_session(struct seat *seat, const char *agency, uint32_t credit)
{
    struct broker *broker = &seat->broker;
    const struct agency *holder = world_agency(seat->world, agency);
    uint32_t number = broker->numbers[holder - seat->world->agencies];
    struct recipient *recipient = recipient_make(&broker->offers, number, holder, broker->now_ms);
    struct session *session = session_begin(&broker->sessions, routing_of(seat, agency), -1, broker->steady_ms);

    assert_non_null(recipient);
    assert_non_null(session);
    memcpy(session->key, holder->keys[0].bytes, CURVE_KEY_SIZE);
    assert_non_null(zmq_z85_encode(session->key_text, session->key, CURVE_KEY_SIZE));
    session->roles = credit ? ROLE_RECEIVER : ROLE_SENDER;
    session->kinds = KINDS_ALL;
    session->credit = credit;
    session->batch = BATCH;
    recipient_join(&broker->offers, recipient, session);
    offers_session_ready(&broker->offers, session);
    return session;
}

static void put(struct seat *seat, const char *from, const Lienthong__V1__Envelope *envelope)
{
    assert_in_range(fake.count, 0, COMING_MAX - 1);
    struct coming *coming = &fake.coming[fake.count++];
    coming->routing = routing_of(seat, from);
    assert_int_equal(zmq_msg_init_size(&coming->frame, 1 + lienthong__v1__envelope__get_packed_size(envelope)), 0);
    uint8_t *bytes = zmq_msg_data(&coming->frame);
    bytes[0] = WIRE_VERSION;
    lienthong__v1__envelope__pack(envelope, bytes + 1);
}

uint64_t seat_submit(struct seat *seat, const char *from, const char *to, size_t payload_bytes)
{
    static uint8_t payload[BODY_BYTES_MAX], packed[HEADER_BYTES_MAX];
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    uint8_t unique[10] = { 0 };
    char code[DOSSIER_CODE_SIZE];
    struct text text = text_of(code, sizeof code);

    envelope.correlation = ++seat->asked;
    memcpy(unique + 4, &seat->asked, 6);
    struct uuid id = uuid_v7(seat->broker.now_ms, unique);
    text_add(&text, "H29.1-231115-%04llu", (unsigned long long)seat->asked);
    header.message_id = (ProtobufCBinaryData){ .len = sizeof id.bytes, .data = id.bytes };
    header.sender = (char *)(uintptr_t)from;
    header.recipient = (char *)(uintptr_t)to;
    header.dossier_code = code;
    header.procedure_code = (char *)(uintptr_t)"2.000986";
    header.content_type = (char *)(uintptr_t)"application/json";
    header.kind = KIND_FORWARD;
    header.source_time_ms = seat->broker.now_ms;
    submit.header = (ProtobufCBinaryData){ .len = lienthong__v1__header__pack(&header, packed), .data = packed };
    submit.payload = (ProtobufCBinaryData){ .len = payload_bytes, .data = payload };
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    put(seat, from, &envelope);
    return seat->asked;
}

void seat_ping(struct seat *seat, const char *agency)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Ping ping = LIENTHONG__V1__PING__INIT;
    envelope.correlation = ++seat->asked;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_PING;
    envelope.ping = &ping;
    put(seat, agency, &envelope);
}

/* ---- what the loop does with it */

bool seat_turn(struct seat *seat)
{
    struct broker *broker = &seat->broker;
    uint64_t seq = store_last(broker->store).seq;

    broker->heard.frames[BUS_AGENCIES] = true;
    assert_int_equal(turn_go_on(broker), RESULT_OK);
    return store_last(broker->store).seq != seq;
}

void seat_flush(struct seat *seat)
{
    sessions_flush(&seat->broker);
}

/* ---- what was said */

static bool is(const struct seat *seat, uint32_t i, const char *agency, Lienthong__V1__Envelope__BodyCase body)
{
    return seat->said[i].body == body && (!agency || seat->said[i].routing == routing_of(seat, agency));
}

uint32_t seat_count(const struct seat *seat, const char *agency, Lienthong__V1__Envelope__BodyCase body)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < seat->said_count; i++)
        count += is(seat, i, agency, body);
    return count;
}

uint32_t seat_place(const struct seat *seat, const char *agency, Lienthong__V1__Envelope__BodyCase body, uint32_t n)
{
    for (uint32_t i = 0; i < seat->said_count; i++)
        if (is(seat, i, agency, body) && n-- == 0)
            return i;
    fail_msg("no such frame was said");
    return UINT32_MAX;
}
