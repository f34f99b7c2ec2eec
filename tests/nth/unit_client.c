/* unit_client.c - the client library in a whole conversation with a gateway that is played here: it answers whatever
 * comes, in the same thread, and none of its own calls fail. The conversation has to end as it does when nothing fails:
 * every message answered, notice, look-up, cursor, delivery, checkpoint and outcome;
 * on the way a connection may be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/nth/units.h"
#include "tests/unit/client_play.h"

enum { TURNS_MAX = 4000, QUIET_TURNS = 4, CLOCK_STEP_MS = 200 };

/* The library's clocks stand still until the conversation moves them (--wrap). */
static int64_t clock_test_ms = 5000000;
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_boot_ms(void);

int64_t __wrap_clock_wall_ms(void)
{
    return 1700000000000 + clock_test_ms;
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return clock_test_ms;
}

int64_t __wrap_clock_boot_ms(void)
{
    return 700000 + clock_test_ms;
}

static struct play play;
static struct { bool begun, tracked; uint32_t attempt, acked; uint64_t outcomes; } talk;

/* What the gateway answers, whatever came. */
static void answer(const Lienthong__V1__Envelope *said)
{
    Lienthong__V1__Welcome welcome = LIENTHONG__V1__WELCOME__INIT;
    Lienthong__V1__OutcomeAck outcome = LIENTHONG__V1__OUTCOME_ACK__INIT;
    Lienthong__V1__CheckpointAck checkpoint = LIENTHONG__V1__CHECKPOINT_ACK__INIT;
    Lienthong__V1__CursorAck cursor = LIENTHONG__V1__CURSOR_ACK__INIT;
    Lienthong__V1__Notice notice = LIENTHONG__V1__NOTICE__INIT;
    Lienthong__V1__Found found = LIENTHONG__V1__FOUND__INIT;
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;

    switch (said->body_case) {
    case BODY(HELLO):
        welcome.agency = (char *)"H29.TEST";
        welcome.gateway = (char *)"test-gateway";
        welcome.epoch = 1;
        welcome.lease_ms = 60000;
        welcome.submit_window = 4;
        welcome.frame_bytes_max = FRAME_BYTES_MAX;
        welcome.body_bytes_max = BODY_BYTES_MAX;
        fake_say(&play, said->correlation, BODY(WELCOME), &welcome);
        break;
    case BODY(SUBMIT):
        fake_accept(&play, said, 1000 + said->correlation, said->correlation, false);
        break;
    case BODY(FOLLOW):
        notice.event_seq = 5;
        notice.handoff_id = 1001;
        notice.state = STATE_DELIVERED;
        fake_say(&play, 0, BODY(NOTICE), &notice);
        break;
    case BODY(NOTICE_ACK):
        talk.acked++;
        break;
    case BODY(TRACK):
        fake_say(&play, said->correlation, BODY(FOUND), &found);
        break;
    case BODY(PING):
        pong.stamp_ms = said->ping->stamp_ms;
        fake_say(&play, 0, BODY(PONG), &pong);
        break;
    case BODY(CHECKPOINT):
        checkpoint.handoff_id = said->checkpoint->handoff_id;
        checkpoint.attempt = said->checkpoint->attempt;
        checkpoint.kept = true;
        fake_say(&play, said->correlation, BODY(CHECKPOINT_ACK), &checkpoint);
        break;
    case BODY(CURSOR):
        cursor.name = said->cursor->name;
        cursor.value = said->cursor->set ? said->cursor->value : (ProtobufCBinaryData){ 0 };
        fake_say(&play, said->correlation, BODY(CURSOR_ACK), &cursor);
        break;
    case BODY(OUTCOME):
        talk.outcomes += said->outcome->verdict == VERDICT_DELIVERED;
        outcome.handoff_id = said->outcome->handoff_id;
        outcome.attempt = said->outcome->attempt;
        fake_say(&play, said->correlation, BODY(OUTCOME_ACK), &outcome);
        break;
    default:
        break;
    }
}

static void deliver_again(void)
{
    static uint8_t id[16] = { 0x01, 0x95, 0x5f, 0x3a, 0x10, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8 };
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;
    Lienthong__V1__Routing routing = LIENTHONG__V1__ROUTING__INIT;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    uint8_t bytes[512];

    header.kind = KIND_FORWARD;
    header.dossier_code = (char *)"D1";
    header.message_id = (ProtobufCBinaryData){ sizeof id, id };
    deliver.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&header, bytes), bytes };
    routing.idempotency_key = (char *)"lt-1";
    routing.content_hash = (ProtobufCBinaryData){ 0 };
    deliver.routing = &routing;
    deliver.handoff_id = 7;
    deliver.attempt = ++talk.attempt;
    deliver.stamp_ms = __wrap_clock_boot_ms();
    fake_say(&play, 0, BODY(DELIVER), &deliver);
}

/* The frame that has come. */
static const Lienthong__V1__Envelope *hear(void)
{
    zmq_msg_t frame;

    EXPECT(zmq_msg_init(&frame) == 0 && zmq_msg_recv(&play.peer, play.router, 0) >= 0);
    EXPECT(zmq_msg_recv(&frame, play.router, 0) > 1);
    const uint8_t *bytes = zmq_msg_data(&frame);
    if (play.said)
        lienthong__v1__envelope__free_unpacked(play.said, NULL);
    play.said = lienthong__v1__envelope__unpack(NULL, zmq_msg_size(&frame) - 1, bytes + 1);
    zmq_msg_close(&frame);
    EXPECT(play.said != NULL);
    return play.said;
}

/* True: something came. */
static bool gateway_turn(void)
{
    zmq_pollitem_t item = { .socket = play.router, .events = ZMQ_POLLIN };
    bool heard = false;

    fail_pause();
    while (zmq_poll(&item, 1, heard ? 0 : 2) > 0) {
        answer(hear());
        heard = true;
    }
    fail_resume();
    return heard;
}

/* A call that had no memory is made again, once, and is then taken. */
#define CALL(call)                                                  \
    do {                                                            \
        enum result result_ = (call);                               \
        if (result_ == RESULT_FULL || result_ == RESULT_BROKEN) {   \
            EXPECT(fail_has_fired());                               \
            result_ = (call);                                       \
        }                                                           \
        EXPECT(result_ == RESULT_OK || result_ == RESULT_BUSY);     \
    } while (0)

static void client_says(void)
{
    struct lienthong_outcome outcome = { .handoff_id = 7, .attempt = talk.attempt, .verdict = VERDICT_DELIVERED };

    if (play.welcomes && !talk.begun) {
        struct uuid id;
        for (int i = 0; i < 2; i++)
            if (!play_submit(&play, "D1", &id)) {
                EXPECT(fail_has_fired());
                EXPECT(play_submit(&play, "D1", &id) != 0);
            }
        CALL(lienthong_follow(play.client, 0));
        CALL(lienthong_cursor_read(play.client, span_of_string("pull")));
        talk.begun = true;
    }
    if (play.answers >= 2 && !talk.tracked) {
        uint64_t correlation;
        CALL(lienthong_track(play.client, "D1", &correlation));
        CALL(lienthong_cursor_write(play.client, span_of_string("pull"), span_of_string("2"), span_of_string("1")));
        talk.tracked = true;
    }
    if (play.notices && !talk.acked)
        CALL(lienthong_notice_ack(play.client, 5));
    if (play.deliveries && play.delivery[play.deliveries - 1]->attempt == talk.attempt && !talk.outcomes) {
        if (!play.checkpoints)
            CALL(lienthong_checkpoint(play.client, 7, talk.attempt, span_of_string("half")));
        if (lienthong_outcome(play.client, &outcome) == RESULT_FULL) {
            EXPECT(fail_has_fired());
            EXPECT(lienthong_outcome(play.client, &outcome) == RESULT_OK);
        }
    }
}

static bool all_said(void)
{
    return play.answers >= 2 && talk.acked && play.founds && play.cursors >= 2 && play.checkpoints && play.acks &&
           talk.outcomes;
}

static bool client_open(void)
{
    char why[256] = "";
    struct text text = text_of(why, sizeof why);
    enum result result = lienthong_open(&play.client, &play.options, &text);

    EXPECT(result == RESULT_OK || (fail_has_fired() && !play.client));
    return result == RESULT_OK;
}

/* One whole conversation. False: it was not even opened. */
static bool client_talk(const char *keep_folder)
{
    int quiet = 0, quiet_deliver = 0;

    memset(&talk, 0, sizeof talk);
    play.options.keep_folder = keep_folder;
    if (!client_open())
        return false;
    for (int turn = 0; turn < TURNS_MAX && !all_said(); turn++) {
        enum result result = lienthong_process(play.client);
        EXPECT(result == RESULT_OK || (fail_has_fired() && result != RESULT_INVALID));
        if (result != RESULT_OK) {                          /* sticky: a new one goes on where this one stopped */
            lienthong_close(play.client);
            play.client = NULL;
            if (!client_open())
                EXPECT(client_open());
        }
        client_says();
        quiet = gateway_turn() ? 0 : quiet + 1;
        if (quiet < QUIET_TURNS)
            continue;
        quiet = 0;
        clock_test_ms += CLOCK_STEP_MS;
        fail_pause();
        /* As the lease of a delivery that nobody answered would lapse. */
        if (play.welcomes && !talk.outcomes && quiet_deliver++ % 8 == 0)
            deliver_again();
        fail_resume();
    }
    EXPECT(all_said());
    return true;
}

static bool client_run_with(bool keeps)
{
    char folder[128];

    fail_pause();
    play_init(&play);
    fake_open(&play);
    int off = 0;                            /* what is said to a connection that was lost is lost too */
    EXPECT(zmq_setsockopt(play.router, ZMQ_ROUTER_MANDATORY, &off, sizeof off) == 0);
    fail_resume();
    snprintf(folder, sizeof folder, "%s/keep", play.folder);
    bool good = client_talk(keeps ? folder : NULL);
    fail_pause();
    fake_header(NULL);
    play_done(&play);
    fail_resume();
    return good;
}

static bool client_run(void)
{
    return client_run_with(false);
}

static bool client_keep_run(void)
{
    return client_run_with(true);
}

const struct unit unit_client = { "client", NULL, client_run, 1 << FAIL_MEMORY | 1 << FAIL_SENDS };
const struct unit unit_client_keeps = { "client with a folder", NULL, client_keep_run,
                                        1 << FAIL_MEMORY | 1 << FAIL_SENDS | 1 << FAIL_FILES | 1 << FAIL_IO |
                                        1 << FAIL_SHORT };
