#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/version.h"
#include "gateway/client/inside.h"
#include "proto/batch.h"

/* ---- opening and closing */

static bool copy_option(char *array, size_t size, const char *string)
{
    return span_to_string(span_of_string(string), array, size);
}

static enum result take_options(struct lienthong *lienthong, const struct lienthong_options *options, struct text *why)
{
    lienthong->options = *options;
    if (!options->endpoint || !*options->endpoint ||
        !copy_option(lienthong->endpoint, sizeof lienthong->endpoint, options->endpoint)) {
        text_add(why, "the endpoint is missing or longer than %zu bytes", sizeof lienthong->endpoint - 1);
        return RESULT_INVALID;
    }
    if (!copy_option(lienthong->agency, sizeof lienthong->agency, options->agency)) {
        text_add(why, "the agency's code is too long");
        return RESULT_INVALID;
    }
    if (!copy_option(lienthong->software, sizeof lienthong->software,
                     options->software ? options->software : "liblienthong " LIENTHONG_VERSION)) {
        text_add(why, "the software's name is too long");
        return RESULT_INVALID;
    }
    if (options->credit > CREDIT_MAX || !options->roles || options->roles & ~(unsigned)(ROLE_SENDER | ROLE_RECEIVER)) {
        text_add(why, "the credit is above %d, or the roles are not those of a sender or receiver", CREDIT_MAX);
        return RESULT_INVALID;
    }
    lienthong->credit = options->credit ? options->credit : 16;
    lienthong->bytes_max = options->keep_bytes_max ? options->keep_bytes_max
                         : options->keep_folder ? KEEP_FOLDER_BYTES : KEEP_MEMORY_BYTES;
    if (options->keep_folder && !(lienthong->folder = strdup(options->keep_folder)))
        return RESULT_FULL;
    /* The caller's texts are copied; nothing here may look at them again. */
    lienthong->options.endpoint = lienthong->options.agency = NULL;
    lienthong->options.software = lienthong->options.keep_folder = NULL;
    return RESULT_OK;
}

enum result lienthong_open(struct lienthong **ret_lienthong, const struct lienthong_options *options, struct text *why)
{
    struct lienthong *lienthong = calloc(1, sizeof *lienthong);

    if (!lienthong)
        return RESULT_FULL;
    lienthong->epoll = lienthong->wake = lienthong->folder_fd = lienthong->lock_fd = -1;
    lienthong->lease_ms = 60000;
    lienthong->last_correlation = OTHERS_FROM;
    lienthong->frame_bytes_max = FRAME_BYTES_MAX;
    lienthong->body_bytes_max = BODY_BYTES_MAX;
    enum result result = hash_start();
    if (result == RESULT_OK)
        result = take_options(lienthong, options, why);
    if (result == RESULT_OK)
        result = arena_init(&lienthong->arena, READ_ARENA_BYTES);
    if (result == RESULT_OK)
        result = folder_open(lienthong, why);
    if (result == RESULT_OK && (result = connection_open(lienthong)) != RESULT_OK)
        text_add(why, "no ZeroMQ context with CURVE: %s", strerror(errno));
    if (result == RESULT_OK) {
        crypto_scalarmult_base(lienthong->public_key, options->keys.secret);
        connection_turn(lienthong, clock_monotonic_ms());       /* the first socket: a wrong endpoint shows here */
        result = lienthong->broken;
        if (result != RESULT_OK)
            text_add(why, "%s: %s", lienthong->endpoint, zmq_strerror(errno));
    }
    if (result != RESULT_OK) {
        lienthong_close(lienthong);
        return result;
    }
    *ret_lienthong = lienthong;
    return RESULT_OK;
}

void lienthong_close(struct lienthong *lienthong)
{
    if (!lienthong)
        return;
    must(!lienthong->processing);
    if (lienthong->link == LINK_UP)
        connection_pump(lienthong);
    connection_close(lienthong);
    receiving_done(lienthong);
    keep_done(lienthong);
    folder_close(lienthong);
    table_done(&lienthong->requests);
    arena_done(&lienthong->arena);
    free(lienthong->folder);
    sodium_memzero(&lienthong->options.keys, sizeof lienthong->options.keys);
    free(lienthong);
}

/* ---- what comes in */

static void on_refused(struct lienthong *lienthong, uint64_t correlation, const Lienthong__V1__Refused *refused,
                       int64_t now_ms)
{
    struct problem problem;
    struct uuid id;
    struct request *request = request_find(lienthong, correlation);

    frame_problem(refused, &problem);
    /* The gateway has ended the session; or it refuses and does not say what: its users would take that for a yes.
     * Begin anew, and ask again. */
    if (problem.type == PROBLEM_NO_HELLO || problem.type == PROBLEM_NONE) {
        lienthong->malformed += problem.type == PROBLEM_NONE;
        connection_lose(lienthong);
        return;
    }
    if (lienthong->link == LINK_GREETING) {
        if (correlation == lienthong->hello_correlation || !correlation)
            connection_refused(lienthong, &problem);
        return;
    }
    if (!request && frame_uuid(refused->message_id, &id)) {
        struct message *message = keep_find(lienthong, &id);
        request = message ? &message->request : NULL;
    }
    if (request && request->kind == REQUEST_MESSAGE) {
        if (request->node.in == &lienthong->sent)
            sending_refused(lienthong, (struct message *)request, &problem, refused->retry_after_ms, now_ms);
    } else if (request && request->node.in == &lienthong->asked)
        request_refused(lienthong, request, &problem);
    else if (correlation && correlation == lienthong->follow_correlation)
        following_refused(lienthong, &problem, refused->retry_after_ms, now_ms);
    else if (!request && lienthong->options.callbacks.on_refused)
        lienthong->options.callbacks.on_refused(lienthong->options.context, &problem);
}

static void on_notice(struct lienthong *lienthong, const Lienthong__V1__Notice *notice)
{
    keep_covered(lienthong, notice->covered_seq);
    if (lienthong->options.callbacks.on_notice)
        lienthong->options.callbacks.on_notice(lienthong->options.context, notice);
}

/* The question that this answers, if it was asked on this connection and is of that kind. */
static struct request *asked(struct lienthong *lienthong, uint64_t correlation, enum request_kind kind)
{
    struct request *request = request_find(lienthong, correlation);
    const struct list *list = kind == REQUEST_MESSAGE ? &lienthong->sent : &lienthong->asked;

    return request && request->kind == kind && request->node.in == list ? request : NULL;
}

static void dispatch_up(struct lienthong *lienthong, const Lienthong__V1__Envelope *envelope)
{
    uint64_t correlation = envelope->correlation;
    struct request *request;

    switch (envelope->body_case) {
    case LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED:
        if ((request = asked(lienthong, correlation, REQUEST_MESSAGE)))
            sending_accepted(lienthong, (struct message *)request, envelope->accepted);
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_NOTICE:
        on_notice(lienthong, envelope->notice);
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_FOUND:
        if ((request = asked(lienthong, correlation, REQUEST_TRACK)))
            following_found(lienthong, request, envelope->found);
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_PONG:
        keep_covered(lienthong, envelope->pong->covered_seq);
        if (correlation && correlation == lienthong->credit_ping)
            lienthong->credit_ping = 0;
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_OUTCOME_ACK:
        receiving_outcome_ack(lienthong, envelope->outcome_ack);
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_CHECKPOINT_ACK:
        if ((request = asked(lienthong, correlation, REQUEST_CHECKPOINT)))
            receiving_checkpoint_ack(lienthong, request, envelope->checkpoint_ack);
        break;
    case LIENTHONG__V1__ENVELOPE__BODY_CURSOR_ACK:
        if ((request = asked(lienthong, correlation, REQUEST_CURSOR)))
            cursor_ack(lienthong, request, envelope->cursor_ack);
        break;
    default:                                            /* nothing that a gateway of today says to a client */
        lienthong->malformed++;
    }
}

static void dispatch_one(struct lienthong *lienthong, struct span frame, int64_t now_ms)
{
    struct lienthong_delivery *delivery = NULL;
    const Lienthong__V1__Envelope *envelope = frame_read(&lienthong->arena, frame, &delivery);

    if (!envelope) {
        lienthong->malformed++;
        return;
    }
    lienthong->ping_unheard_ms = 0;
    if (delivery && lienthong->link == LINK_UP)
        receiving_deliver(lienthong, delivery);
    else if (delivery)
        frame_delivery_free(delivery);
    else if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_REFUSED)
        on_refused(lienthong, envelope->correlation, envelope->refused, now_ms);
    else if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_WELCOME) {
        if (lienthong->link == LINK_GREETING && envelope->correlation == lienthong->hello_correlation)
            connection_welcome(lienthong, envelope->welcome, now_ms);
    } else if (lienthong->link == LINK_UP)
        dispatch_up(lienthong, envelope);
}

/* Gives how many frames it was: those in a BATCH as if each had come alone, until one of them ends the connection. */
static uint32_t dispatch(struct lienthong *lienthong, struct span frame, int64_t now_ms)
{
    struct batch batch;
    struct span inner;

    if (batch_open(frame, &batch) != BATCH_GOOD) {
        dispatch_one(lienthong, frame, now_ms);
        return 1;
    }
    uint32_t count = batch.left;
    while (!lienthong->losing && batch_next(&batch, &inner))
        dispatch_one(lienthong, inner, now_ms);
    return count;
}

/* True: there is more than was read. */
static bool read_frames(struct lienthong *lienthong, int64_t now_ms)
{
    zmq_msg_t part;

    for (uint32_t count = 0; count < PROCESS_FRAMES_MAX;) {
        if (!lienthong->socket || lienthong->losing)
            return false;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, lienthong->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return errno == EINTR;
        }
        /* One frame is one part; parts of something else are each no envelope, or dropped as unasked. */
        count += dispatch(lienthong, span_of(zmq_msg_data(&part), zmq_msg_size(&part)), now_ms);
        zmq_msg_close(&part);
    }
    return true;
}

/* ---- driving */

enum result lienthong_process(struct lienthong *lienthong)
{
    int64_t now_ms = clock_monotonic_ms();
    uint64_t woken;

    if (lienthong->processing)
        return RESULT_INVALID;
    if (lienthong->broken)
        return lienthong->broken;
    if (lienthong->woken && read(lienthong->wake, &woken, sizeof woken) == sizeof woken)
        lienthong->woken = false;
    lienthong->processing = true;
    lienthong->blocked = false;
    connection_events(lienthong, now_ms);
    bool more = read_frames(lienthong, now_ms);
    if (!(lienthong->ended && more && !lienthong->losing))      /* what came before the end is read first */
        connection_turn(lienthong, now_ms);
    receiving_lost_checkpoints(lienthong);
    lienthong->processing = false;
    if (more || lienthong->losing)
        connection_wake(lienthong);
    connection_settle(lienthong);
    return lienthong->broken;
}

enum result lienthong_wait(struct lienthong *lienthong, int64_t timeout_ms)
{
    struct epoll_event event;

    if (lienthong->processing)
        return RESULT_INVALID;
    int64_t wait_ms = lienthong_due_ms(lienthong) - clock_monotonic_ms();
    if (wait_ms > timeout_ms)
        wait_ms = timeout_ms;
    wait_ms = wait_ms < 0 ? 0 : wait_ms > INT32_MAX ? INT32_MAX : wait_ms;
    if (!lienthong->broken && epoll_wait(lienthong->epoll, &event, 1, (int)wait_ms) < 0 && errno != EINTR)
        lienthong->broken = RESULT_BROKEN;
    return lienthong_process(lienthong);
}

int lienthong_fd(const struct lienthong *lienthong)
{
    return lienthong->epoll;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t lienthong_due_ms(const struct lienthong *lienthong)
{
    if (lienthong->woken)
        return 0;
    int64_t due_ms = least(connection_due_ms(lienthong), sending_due_ms(lienthong));
    if (lienthong->link == LINK_UP && lienthong->follow_due && !lienthong->blocked)
        due_ms = least(due_ms, lienthong->follow_not_before_ms);
    if (lienthong->link == LINK_UP && lienthong->ready.count && !lienthong->blocked)
        due_ms = least(due_ms, lienthong->requests_not_before_ms);
    return due_ms;
}

void lienthong_status(const struct lienthong *lienthong, struct lienthong_status *ret_status)
{
    struct lienthong_status status = {
        .connected = lienthong->link == LINK_UP && !lienthong->losing && !lienthong->ended,
        .epoch = lienthong->epoch, .lease_ms = lienthong->welcomed ? lienthong->lease_ms : 0,
        .submit_window = lienthong->window, .covered_seq = lienthong->covered_seq,
        .unanswered = lienthong->unanswered, .kept = lienthong->kept.count, .let_go = lienthong->let_go,
        .received = lienthong->received, .deliveries_open = lienthong->open.count,
        .outcomes_open = lienthong->outcomes, .set_aside = lienthong->set_aside,
        .malformed = lienthong->malformed, .connections = lienthong->connection, .holding = lienthong->holding,
        .credit_heard = !lienthong->credit_due && !lienthong->credit_ping };
    struct text agency = text_of(status.agency, sizeof status.agency);
    struct text gateway = text_of(status.gateway, sizeof status.gateway);

    text_add(&agency, "%s", lienthong->own_code);
    text_add(&gateway, "%s", lienthong->gateway);
    *ret_status = status;
}
