/* runtime_gateway.h - one agency between a real HTTP server and a gateway that the test plays.
 *
 * It defines the client library's functions, so that the linker takes these instead of the library: include it in one
 * file of a test program. (As an object of its own it would stand in the way of the client's own tests.)
 */
#ifndef TESTS_UNIT_RUNTIME_GATEWAY_H
#define TESTS_UNIT_RUNTIME_GATEWAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "adapters/runtime/agency.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "proto/content.h"
#include "tests/unit/kinds_agency.h"
#include "tests/unit/runtime_server.h"

enum { OUTCOMES_MAX = 32 };

/* ---------------------------------------------------------------- the gateway of the test */

struct lienthong {
    struct lienthong_options options;
    int  fd;
    bool connected, stale, kept, full;
    bool deaf;                          /* it has not heard the last credit yet */
    bool greeted;                       /* the test's own */
    size_t open;                        /* outcomes that it has not acknowledged */
    int64_t due_ms;                     /* 0: never */
    uint32_t credit;
    size_t tries, count;                /* outcomes, said and taken */
    struct said {
        uint64_t handoff_id;
        uint32_t attempt;
        enum verdict verdict;
        bool never_sent, has_hash;
        char fingerprint[FINGERPRINT_SIZE], agency_ref[AGENCY_REF_SIZE];
    } said[OUTCOMES_MAX];
    int  checkpoints, checkpoints_told;
    uint64_t checkpoint_id;
    /* pulls */
    char cursor[CURSOR_VALUE_BYTES_MAX];
    size_t cursor_bytes;
    int  cursor_asked;
    uint64_t tickets, tickets_told;
    enum problem_type refuse;           /* every SUBMIT */
    char codes[8][DOSSIER_CODE_SIZE];
    size_t submits;
};

/* Called when it processes, and when it is given an outcome. */
static void (*gateway_play)(struct lienthong *lienthong);
static size_t gateway_dropped;          /* outcomes that were open when a connection was closed */

static inline void play(struct lienthong *lienthong)
{
    if (gateway_play)
        gateway_play(lienthong);
}

enum result lienthong_keys_read(const char *gateway_public_file, const char *secret_file,
                                struct lienthong_keys *ret_keys, struct text *why)
{
    (void)gateway_public_file, (void)secret_file, (void)why;
    memset(ret_keys, 0, sizeof *ret_keys);
    return RESULT_OK;
}

enum result lienthong_open(struct lienthong **ret_lienthong, const struct lienthong_options *options, struct text *why)
{
    struct lienthong *gateway = calloc(1, sizeof *gateway);

    (void)why;
    gateway->options = *options;
    gateway->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    gateway->credit = options->credit;
    *ret_lienthong = gateway;
    return RESULT_OK;
}

void lienthong_close(struct lienthong *lienthong)
{
    if (lienthong)
        close(lienthong->fd);
    gateway_dropped += lienthong ? lienthong->open : 0;
    free(lienthong);
}

int lienthong_fd(const struct lienthong *lienthong)
{
    return lienthong->fd;
}

int64_t lienthong_due_ms(const struct lienthong *lienthong)
{
    return lienthong->due_ms ? lienthong->due_ms : INT64_MAX;
}

void lienthong_status(const struct lienthong *lienthong, struct lienthong_status *ret_status)
{
    *ret_status = (struct lienthong_status){ .connected = lienthong->connected, .credit_heard = !lienthong->deaf,
                                              .outcomes_open = lienthong->open };
}

void lienthong_delivery_free(struct lienthong_delivery *delivery)
{
    free(delivery);                     /* the messages follow it in one block */
}

enum result lienthong_credit(struct lienthong *lienthong, uint32_t credit)
{
    lienthong->credit = credit;
    return RESULT_OK;
}

enum result lienthong_outcome(struct lienthong *lienthong, const struct lienthong_outcome *outcome)
{
    struct said *said = &lienthong->said[lienthong->count];
    struct text fingerprint = text_of(said->fingerprint, sizeof said->fingerprint);
    struct text ref = text_of(said->agency_ref, sizeof said->agency_ref);

    lienthong->tries++;
    play(lienthong);
    if (lienthong->full)
        return RESULT_FULL;
    must(lienthong->count++ < OUTCOMES_MAX);
    said->handoff_id = outcome->handoff_id;
    said->attempt = outcome->attempt;
    said->verdict = outcome->verdict;
    said->never_sent = outcome->never_sent;
    said->has_hash = outcome->content_hash;
    text_add(&fingerprint, "%s", outcome->fingerprint);
    text_add(&ref, "%s", outcome->agency_ref);
    return RESULT_OK;
}

enum result lienthong_checkpoint(struct lienthong *lienthong, uint64_t handoff_id, uint32_t attempt, struct span value)
{
    must(value.size && attempt == 1);
    lienthong->checkpoints++;
    lienthong->checkpoint_id = handoff_id;
    return RESULT_OK;
}

bool lienthong_offer_is_stale(const struct lienthong *lienthong, const struct lienthong_delivery *delivery)
{
    (void)delivery;
    return lienthong->stale;
}

enum result lienthong_cursor_read(struct lienthong *lienthong, struct span name)
{
    must(span_equal(name, span_of_string("pull")));
    lienthong->cursor_asked++;
    return RESULT_OK;
}

enum result lienthong_cursor_write(struct lienthong *lienthong, struct span name, struct span value,
                                   struct span expected)
{
    (void)name, (void)expected;
    memcpy(lienthong->cursor, value.bytes, value.size);
    lienthong->cursor_bytes = value.size;
    lienthong->cursor_asked++;
    return RESULT_OK;
}

enum result lienthong_submit_packed(struct lienthong *lienthong, struct span header, struct span payload,
                                    const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket,
                                    struct problem *reterr_problem)
{
    Lienthong__V1__Header *read = lienthong__v1__header__unpack(NULL, header.size, header.bytes);
    struct text code = text_of(lienthong->codes[lienthong->submits], DOSSIER_CODE_SIZE);

    (void)reterr_problem;
    must(read && payload.size && lienthong->submits++ < 8);
    text_add(&code, "%s", read->dossier_code);
    lienthong__v1__header__free_unpacked(read, NULL);
    must(lienthong->tickets == lienthong->tickets_told);            /* one after the other */
    if (!lienthong->refuse && cursor) {
        must(span_equal(span_of(cursor->expected.data, cursor->expected.len),
                        span_of(lienthong->cursor, lienthong->cursor_bytes)));
        memcpy(lienthong->cursor, cursor->value.data, cursor->value.len);
        lienthong->cursor_bytes = cursor->value.len;
    }
    *ret_ticket = ++lienthong->tickets;
    return RESULT_OK;
}

/* Answers what was asked since the last time. */
enum result lienthong_process(struct lienthong *lienthong)
{
    const struct lienthong_callbacks *call = &lienthong->options.callbacks;
    void *context = lienthong->options.context;

    play(lienthong);
    if (lienthong->checkpoints > lienthong->checkpoints_told) {
        lienthong->checkpoints_told++;
        call->on_checkpoint(context, lienthong->checkpoint_id, 1, lienthong->kept);
    }
    if (lienthong->cursor_asked) {
        lienthong->cursor_asked = 0;
        call->on_cursor(context, span_of_string("pull"), span_of(lienthong->cursor, lienthong->cursor_bytes), NULL);
    }
    if (lienthong->tickets > lienthong->tickets_told) {
        lienthong->tickets_told++;
        struct lienthong_answer answer = { .ticket = lienthong->tickets, .accepted = !lienthong->refuse };
        answer.problem.type = lienthong->refuse;
        call->on_answer(context, &answer);
    }
    return RESULT_OK;
}

/* ---------------------------------------------------------------- the world around */

struct world {
    struct server server;
    struct scratch scratch;
    struct watch watch;
    struct adapter_config *config;
    struct agency *agency;
    struct lienthong *gateway;
};

static inline int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    server_open(&world->server);
    scratch_open(&world->scratch);
    agency_files(&world->scratch);
    assert_int_equal(watch_init(&world->watch), RESULT_OK);
    *state = world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *world = *state;

    agency_close(world->agency);
    adapter_config_free(world->config);
    watch_done(&world->watch);
    server_close(&world->server);
    scratch_done(&world->scratch);
    free(world);
    return 0;
}

static inline void welcome(struct world *world, uint32_t lease_ms)
{
    Lienthong__V1__Welcome message = LIENTHONG__V1__WELCOME__INIT;

    message.gateway = (char *)"hcm";
    message.lease_ms = lease_ms;
    world->gateway->connected = true;
    world->gateway->options.callbacks.on_welcome(world->agency, &message);
    agency_readable(world->agency);
}

/* `more` are lines of adapter.yaml for this agency. */
static inline void open_agency(struct world *world, const char *create, const char *more)
{
    char lines[2048], array[200] = "";
    struct text text = text_of(lines, sizeof lines), why = text_of(array, sizeof array);

    text_add(&text, "    dialect: rest\n    base_url: http://127.0.0.1:%d\n    https_only: false\n    reach: loopback\n"
                    "    total_timeout: 20s\n    requests: 2\n    credit: 8\n%s", world->server.port, more);
    if (!strstr(more, "paths:"))
        text_add(&text, "    paths: { create: %s }\n", create);
    world->config = agency_of(&world->scratch, lines);
    world->agency = agency_open(world->config, &world->config->agencies[0], NULL, &world->watch, 3, &why);
    assert_string_equal(array, "");
    assert_non_null(world->agency);
    world->gateway = world->agency->gateway;
    welcome(world, 60000);
}

struct offer { struct lienthong_delivery delivery; struct handed handed; struct hash hash; };

static inline struct offer *offer_of(uint64_t handoff_id, uint32_t attempt, enum agency_class agency_class)
{
    struct offer *offer = malloc(sizeof *offer);

    handed_init(&offer->handed, KIND_FORWARD, agency_class);
    offer->handed.deliver.handoff_id = handoff_id;
    offer->handed.deliver.attempt = attempt;
    offer->handed.deliver.stamp_ms = clock_boot_ms();
    offer->hash = content_hash(&offer->handed.header, span_of(offer->handed.deliver.payload.data,
                                                              offer->handed.deliver.payload.len));
    offer->handed.routing.content_hash = (ProtobufCBinaryData){ HASH_SIZE, offer->hash.bytes };
    offer->delivery = (struct lienthong_delivery){ .handoff_id = handoff_id, .attempt = attempt,
                                                   .deliver = &offer->handed.deliver, .header = &offer->handed.header };
    return offer;
}

static inline void deliver(struct world *world, struct offer *offer)
{
    world->gateway->options.callbacks.on_deliver(world->agency, &offer->delivery);
    agency_readable(world->agency);
}

static inline void turn(struct world *world)
{
    struct watch_event events[WATCH_EVENTS_MAX];
    int64_t due_ms = agency_due_ms(world->agency), now_ms = clock_monotonic_ms();
    int wait_ms = due_ms == INT64_MAX ? 5000 : due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
    size_t count = watch_wait(&world->watch, wait_ms, events);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].slot, 3);
        if (events[i].kind == WATCH_TRANSFER)
            transfers_event(&world->agency->transfers, &events[i]);
    }
    assert_int_equal(agency_turn(world->agency, clock_monotonic_ms(), clock_boot_ms()), RESULT_OK);
}

static inline void turn_until_said(struct world *world, size_t count)
{
    while (world->gateway->count < count)
        turn(world);
    assert_int_equal(world->gateway->count, count);
}

static inline void turn_until_requests(struct world *world, int count)
{
    while (atomic_load(&world->server.requests) < count)
        turn(world);
}

static inline void check_said(const struct world *world, size_t index, uint64_t handoff_id, uint32_t attempt,
                       enum verdict verdict, const char *fingerprint, bool never_sent)
{
    const struct said *said = &world->gateway->said[index];

    assert_int_equal(said->handoff_id, handoff_id);
    assert_int_equal(said->attempt, attempt);
    assert_string_equal(verdict_name(said->verdict), verdict_name(verdict));
    assert_string_equal(said->fingerprint, fingerprint);
    assert_int_equal(said->never_sent, never_sent);
}

#endif
