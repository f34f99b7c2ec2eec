#include <string.h>

#include "gateway/base/pool.h"
#include "gateway/client/inside.h"

/* ---- notices. What was acknowledged is durable at the gateway, but an acknowledgement has no answer: the last one is
 * said again on every new connection, before the gateway is asked to go on. */

static bool say_notice_ack(struct lienthong *lienthong)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__NoticeAck ack = LIENTHONG__V1__NOTICE_ACK__INIT;

    ack.event_seq = lienthong->notice_acked;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_NOTICE_ACK;
    envelope.notice_ack = &ack;
    return connection_say(lienthong, &envelope);
}

static bool say_follow(struct lienthong *lienthong)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Follow follow = LIENTHONG__V1__FOLLOW__INIT;

    follow.from_seq = lienthong->follow_seq;
    if (follow.from_seq && follow.from_seq <= lienthong->notice_acked)
        follow.from_seq = lienthong->notice_acked + 1;
    envelope.correlation = lienthong->follow_correlation = ++lienthong->last_correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_FOLLOW;
    envelope.follow = &follow;
    return connection_say(lienthong, &envelope);
}

void following_pump(struct lienthong *lienthong, int64_t now_ms)
{
    if (lienthong->notice_ack_due)
        lienthong->notice_ack_due = !say_notice_ack(lienthong);
    if (lienthong->follow_due && now_ms >= lienthong->follow_not_before_ms)
        lienthong->follow_due = !say_follow(lienthong);
}

/* Numbers of events belong to one epoch too: in a new one the gateway's own cursor says where we are. */
void following_welcome(struct lienthong *lienthong, bool new_epoch)
{
    if (new_epoch)
        lienthong->follow_seq = lienthong->notice_acked = 0;
    lienthong->follow_due = lienthong->following;
    lienthong->follow_not_before_ms = 0;
    lienthong->notice_ack_due = lienthong->notice_acked > 0;
}

void following_refused(struct lienthong *lienthong, const struct problem *problem, uint32_t retry_after_ms,
                       int64_t now_ms)
{
    if (problem_is_transient(problem->type) || retry_after_ms) {
        lienthong->follow_due = true;
        lienthong->follow_not_before_ms = now_ms + (retry_after_ms < RETRY_MS_MIN ? RETRY_MS_MIN
                                                    : retry_after_ms > RETRY_MS_MAX ? RETRY_MS_MAX : retry_after_ms);
        return;
    }
    lienthong->following = false;
    if (lienthong->options.callbacks.on_refused)
        lienthong->options.callbacks.on_refused(lienthong->options.context, problem);
}

enum result lienthong_follow(struct lienthong *lienthong, uint64_t from_seq)
{
    lienthong->following = lienthong->follow_due = true;
    lienthong->follow_seq = from_seq;
    lienthong->follow_not_before_ms = 0;
    connection_settle(lienthong);
    return RESULT_OK;
}

enum result lienthong_notice_ack(struct lienthong *lienthong, uint64_t event_seq)
{
    if (event_seq > lienthong->notice_acked) {
        lienthong->notice_acked = event_seq;
        lienthong->notice_ack_due = true;               /* several in one turn become one frame */
    }
    connection_settle(lienthong);
    return RESULT_OK;
}

/* ---- looking up a dossier */

enum result lienthong_track(struct lienthong *lienthong, const char *code, uint64_t *ret_correlation)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Track track = LIENTHONG__V1__TRACK__INIT;
    char copy[DOSSIER_CODE_SIZE];

    if (!*code || !span_to_string(span_of_string(code), copy, sizeof copy))
        return RESULT_INVALID;
    if (!request_room(lienthong))
        return RESULT_BUSY;
    struct request *request = pool_calloc(1, sizeof *request);
    if (!request || request_begin(lienthong, request, REQUEST_TRACK) != RESULT_OK) {
        pool_free(request);
        return RESULT_FULL;
    }
    track.code = copy;
    envelope.correlation = request->correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_TRACK;
    envelope.track = &track;
    if (frame_pack(&envelope, &request->frame) != RESULT_OK) {
        zmq_msg_init(&request->frame);
        request_free(lienthong, request);
        return RESULT_FULL;
    }
    *ret_correlation = request->correlation;
    list_append(&lienthong->ready, &request->node);
    connection_settle(lienthong);
    return RESULT_OK;
}

void following_found(struct lienthong *lienthong, struct request *request, const Lienthong__V1__Found *found)
{
    uint64_t correlation = request->correlation;

    request_free(lienthong, request);
    if (lienthong->options.callbacks.on_found)
        lienthong->options.callbacks.on_found(lienthong->options.context, correlation, found, NULL);
}
