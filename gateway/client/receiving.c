#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/pool.h"
#include "gateway/client/inside.h"

/* How long a text of an outcome may be; the gateway cuts what is longer, so we do, at a character. */
enum { DETAIL_SIZE = REASON_BYTES_MAX + 1, VALUE_SIZE = 128, FIELD_SIZE = 128, FINGERPRINT_SIZE = 96 };

static struct key key_of_attempt(uint64_t handoff_id, uint32_t attempt)
{
    return (struct key){ .high = attempt, .low = handoff_id };
}

static struct attempt *attempt_new(struct lienthong *lienthong, uint64_t handoff_id, uint32_t number)
{
    struct attempt *attempt = pool_calloc(1, sizeof *attempt);

    if (!attempt || table_add(&lienthong->attempts, key_of_attempt(handoff_id, number), attempt) != RESULT_OK) {
        pool_free(attempt);
        return NULL;
    }
    attempt->request.kind = REQUEST_OUTCOME;
    attempt->handoff_id = handoff_id;
    attempt->attempt = number;
    zmq_msg_init(&attempt->request.frame);
    return attempt;
}

static void attempt_free(struct lienthong *lienthong, struct attempt *attempt)
{
    if (attempt->request.correlation)
        lienthong->outcomes--;
    table_remove(&lienthong->attempts, key_of_attempt(attempt->handoff_id, attempt->attempt));
    request_free(lienthong, &attempt->request);
}

/* ---- deliveries */

void lienthong_delivery_free(struct lienthong_delivery *delivery)
{
    if (delivery)
        frame_delivery_free(delivery);
}

static bool is_stale(const struct lienthong *lienthong, int64_t stamp_ms)
{
    int64_t now_ms = clock_boot_ms();
    return stamp_ms > now_ms || now_ms - stamp_ms > lienthong->lease_ms;
}

bool lienthong_offer_is_stale(const struct lienthong *lienthong, const struct lienthong_delivery *delivery)
{
    return is_stale(lienthong, delivery->deliver->stamp_ms);
}

/* Answered here: the caller never sees it, and certainly nothing has been done. */
static void give_back(struct lienthong *lienthong, const Lienthong__V1__Deliver *deliver, const char *fingerprint)
{
    struct lienthong_outcome outcome = { .handoff_id = deliver->handoff_id, .attempt = deliver->attempt,
                                         .verdict = VERDICT_LATER, .fingerprint = fingerprint, .never_sent = true };
    /* No room for one more answer: then the lease lapses, which says the same, later. */
    if (lienthong_outcome(lienthong, &outcome) != RESULT_OK)
        lienthong->malformed++;
}

static const char *why_not(const struct lienthong *lienthong, const Lienthong__V1__Deliver *deliver,
                           const Lienthong__V1__Header *header)
{
    if (is_stale(lienthong, deliver->stamp_ms))
        return "stale-offer";
    if (!header || !deliver->routing)
        return "unreadable-header";
    if (!lienthong->options.callbacks.on_deliver)
        return "nobody-receives";
    return lienthong->open.count >= CREDIT_MAX ? "over-credit" : NULL;
}

void receiving_deliver(struct lienthong *lienthong, struct lienthong_delivery *delivery)
{
    Lienthong__V1__Deliver *deliver = delivery->deliver;
    struct attempt *attempt = table_find(&lienthong->attempts, key_of_attempt(deliver->handoff_id, deliver->attempt));

    if (attempt) {                                      /* a doubled one; the first has or will have its answer */
        lienthong->malformed++;
        frame_delivery_free(delivery);
        return;
    }
    lienthong->received++;
    /* No DELIVER of this connection is older than its HELLO; the first ones may leave before a PING was read. */
    if (deliver->stamp_ms < lienthong->hello_boot_ms)
        deliver->stamp_ms = lienthong->hello_boot_ms;
    frame_delivery_header(delivery);
    const char *why = why_not(lienthong, deliver, delivery->header);
    if (!why && !(attempt = attempt_new(lienthong, deliver->handoff_id, deliver->attempt)))
        why = "no-memory";
    if (why) {
        give_back(lienthong, deliver, why);
        lienthong_delivery_free(delivery);
        return;
    }
    attempt->connection = lienthong->connection;
    list_append(&lienthong->open, &attempt->request.node);
    lienthong->options.callbacks.on_deliver(lienthong->options.context, delivery);
}

enum result lienthong_credit(struct lienthong *lienthong, uint32_t credit)
{
    if (credit > CREDIT_MAX)
        return RESULT_INVALID;
    lienthong->credit = credit;
    lienthong->credit_due = lienthong->link == LINK_GREETING || lienthong->link == LINK_UP;
    connection_settle(lienthong);
    return RESULT_OK;
}

/* ---- outcomes */

/* Itself when it is short enough, as nearly all are. Only to be packed, so what is said of it is nobody's to change. */
static char *cut(char *array, size_t size, const char *string)
{
    if (!string || strlen(string) < size)
        return (char *)(string ? string : "");
    struct text text = text_of(array, size);
    text_add_span(&text, span_of_string(string));
    return array;
}

static enum result pack_outcome(const struct lienthong_outcome *outcome, uint64_t correlation, zmq_msg_t *ret_frame)
{
    char detail[DETAIL_SIZE], agency_ref[AGENCY_REF_SIZE], value[VALUE_SIZE], field[FIELD_SIZE];
    char fingerprint[FINGERPRINT_SIZE];
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Outcome wire = LIENTHONG__V1__OUTCOME__INIT;

    wire.handoff_id = outcome->handoff_id;
    wire.attempt = outcome->attempt;
    wire.verdict = outcome->verdict;
    wire.detail = cut(detail, sizeof detail, outcome->detail);
    wire.agency_ref = cut(agency_ref, sizeof agency_ref, outcome->agency_ref);
    wire.value = cut(value, sizeof value, outcome->value);
    wire.field = cut(field, sizeof field, outcome->field);
    wire.fingerprint = cut(fingerprint, sizeof fingerprint, outcome->fingerprint);
    if (outcome->content_hash)
        wire.content_hash = (ProtobufCBinaryData){ HASH_SIZE, (uint8_t *)outcome->content_hash->bytes };
    wire.retry_after_ms = outcome->retry_after_ms <= 0 ? 0
                        : outcome->retry_after_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)outcome->retry_after_ms;
    wire.scope = outcome->scope;
    wire.http_status = outcome->http_status;
    wire.never_sent = outcome->never_sent;
    envelope.correlation = correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_OUTCOME;
    envelope.outcome = &wire;
    return frame_pack(&envelope, ret_frame);
}

enum result lienthong_outcome(struct lienthong *lienthong, const struct lienthong_outcome *outcome)
{
    struct attempt *attempt = table_find(&lienthong->attempts, key_of_attempt(outcome->handoff_id, outcome->attempt));
    zmq_msg_t frame;

    if (outcome->verdict < 1 || outcome->verdict >= VERDICT_END || (unsigned)outcome->scope >= SCOPE_END ||
        (attempt && attempt->request.correlation))
        return RESULT_INVALID;
    if (!attempt && !request_room(lienthong))           /* an open delivery can always be answered */
        return RESULT_BUSY;
    enum result result = pack_outcome(outcome, lienthong->last_correlation + 1, &frame);
    if (result != RESULT_OK)
        return result;
    bool fresh = !attempt;
    if (fresh)
        attempt = attempt_new(lienthong, outcome->handoff_id, outcome->attempt);
    if (!attempt || request_begin(lienthong, &attempt->request, REQUEST_OUTCOME) != RESULT_OK) {
        if (fresh && attempt)
            attempt_free(lienthong, attempt);
        zmq_msg_close(&frame);
        return RESULT_FULL;
    }
    zmq_msg_move(&attempt->request.frame, &frame);
    zmq_msg_close(&frame);
    lienthong->outcomes++;
    list_remove(&attempt->request.node);                /* out of `open` */
    list_append(&lienthong->ready, &attempt->request.node);
    connection_settle_soon(lienthong, lienthong->ready.count, lienthong->asked.count);
    return RESULT_OK;
}

void receiving_outcome_ack(struct lienthong *lienthong, const Lienthong__V1__OutcomeAck *ack)
{
    struct attempt *attempt = table_find(&lienthong->attempts, key_of_attempt(ack->handoff_id, ack->attempt));

    if (!attempt || !attempt->request.correlation)      /* of an earlier connection, or never said */
        return;
    attempt_free(lienthong, attempt);
    if (lienthong->options.callbacks.on_outcome_ack)
        lienthong->options.callbacks.on_outcome_ack(lienthong->options.context, ack);
}

/* ---- checkpoints */

static void say_checkpoint(struct lienthong *lienthong, uint64_t handoff_id, uint32_t attempt, bool kept)
{
    if (lienthong->options.callbacks.on_checkpoint)
        lienthong->options.callbacks.on_checkpoint(lienthong->options.context, handoff_id, attempt, kept);
}

enum result lienthong_checkpoint(struct lienthong *lienthong, uint64_t handoff_id, uint32_t attempt,
                                 struct span value)
{
    struct attempt *open = table_find(&lienthong->attempts, key_of_attempt(handoff_id, attempt));
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Checkpoint wire = LIENTHONG__V1__CHECKPOINT__INIT;

    if (value.size > CHECKPOINT_BYTES_MAX)
        return RESULT_INVALID;
    if (!request_room(lienthong))
        return RESULT_BUSY;
    struct checkpoint *checkpoint = pool_calloc(1, sizeof *checkpoint);
    if (!checkpoint || request_begin(lienthong, &checkpoint->request, REQUEST_CHECKPOINT) != RESULT_OK) {
        pool_free(checkpoint);
        return RESULT_FULL;
    }
    checkpoint->handoff_id = wire.handoff_id = handoff_id;
    checkpoint->attempt = wire.attempt = attempt;
    wire.value = (ProtobufCBinaryData){ value.size, (uint8_t *)value.bytes };
    envelope.correlation = checkpoint->request.correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_CHECKPOINT;
    envelope.checkpoint = &wire;
    if (frame_pack(&envelope, &checkpoint->request.frame) != RESULT_OK) {
        zmq_msg_init(&checkpoint->request.frame);
        request_free(lienthong, &checkpoint->request);
        return RESULT_FULL;
    }
    /* The session that held this attempt is gone: the answer is known. */
    if (!open || open->request.correlation || open->connection != lienthong->connection ||
        lienthong->link != LINK_UP || lienthong->losing || lienthong->ended) {
        list_append(&lienthong->lost, &checkpoint->request.node);
        connection_wake(lienthong);
    } else
        list_append(&lienthong->ready, &checkpoint->request.node);
    connection_settle(lienthong);
    return RESULT_OK;
}

void receiving_checkpoint_ack(struct lienthong *lienthong, struct request *request,
                              const Lienthong__V1__CheckpointAck *ack)
{
    struct checkpoint checkpoint = *(struct checkpoint *)request;

    request_free(lienthong, request);
    say_checkpoint(lienthong, checkpoint.handoff_id, checkpoint.attempt, ack && ack->kept);
}

/* As many as there are now: a callback may add one, and that one waits for the next turn. */
void receiving_lost_checkpoints(struct lienthong *lienthong)
{
    for (size_t count = lienthong->lost.count; count && lienthong->lost.first; count--)
        receiving_checkpoint_ack(lienthong, (struct request *)lienthong->lost.first, NULL);
    if (lienthong->lost.count)
        connection_wake(lienthong);
}

void request_refused(struct lienthong *lienthong, struct request *request, const struct problem *problem)
{
    struct lienthong_callbacks *callbacks = &lienthong->options.callbacks;
    uint64_t correlation = request->correlation;

    switch (request->kind) {
    case REQUEST_OUTCOME:
        if (problem_is_transient(problem->type)) {      /* said again, until it is taken */
            list_remove(&request->node);
            list_append(&lienthong->ready, &request->node);
            lienthong->requests_not_before_ms = clock_monotonic_ms() + RETRY_MS_MIN;
            return;
        }
        attempt_free(lienthong, (struct attempt *)request);
        if (callbacks->on_refused)
            callbacks->on_refused(lienthong->options.context, problem);
        return;
    case REQUEST_CHECKPOINT:
        receiving_checkpoint_ack(lienthong, request, NULL);
        return;
    case REQUEST_TRACK:
        request_free(lienthong, request);
        if (callbacks->on_found)
            callbacks->on_found(lienthong->options.context, correlation, NULL, problem);
        return;
    case REQUEST_CURSOR:
        cursor_refused(lienthong, (struct cursor *)request, problem);
        return;
    case REQUEST_MESSAGE:
        break;
    }
    must(false);                                        /* sending_refused() */
}

void receiving_done(struct lienthong *lienthong)
{
    struct list *lists[] = { &lienthong->ready, &lienthong->asked, &lienthong->lost, &lienthong->open };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        while (lists[i]->first) {
            struct request *request = (struct request *)lists[i]->first;
            if (request->kind == REQUEST_OUTCOME)
                attempt_free(lienthong, (struct attempt *)request);
            else
                request_free(lienthong, request);
        }
    table_done(&lienthong->attempts);
}
