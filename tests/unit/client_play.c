#include "tests/unit/client_play.h"

#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "proto/content.h"

int64_t play_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what the client hears */

static void heard_welcome(void *context, const Lienthong__V1__Welcome *welcome)
{
    struct play *play = context;
    struct text agency = text_of(play->agency, sizeof play->agency);
    text_add(&agency, "%s", welcome->agency);
    play->welcomes++;
}

static void heard_refused(void *context, const struct problem *problem)
{
    struct play *play = context;
    play->problem = *problem;
    play->refusals++;
}

static void heard_answer(void *context, const struct lienthong_answer *answer)
{
    struct play *play = context;
    play->answer[play->answers++ % PLAY_HEARD_MAX] = *answer;
}

static void heard_notice(void *context, const Lienthong__V1__Notice *notice)
{
    struct play *play = context;
    play->notice[play->notices++ % PLAY_HEARD_MAX] = notice->event_seq;
}

static void heard_found(void *context, uint64_t correlation, const Lienthong__V1__Found *found,
                        const struct problem *problem)
{
    struct play *play = context;
    assert_true(correlation && !found != !problem);
    play->found_refused = problem != NULL;
    play->founds++;
}

static void heard_deliver(void *context, struct lienthong_delivery *delivery)
{
    struct play *play = context;
    assert_true(play->deliveries < PLAY_HEARD_MAX);
    play->delivery[play->deliveries++] = delivery;
}

static void heard_ack(void *context, const Lienthong__V1__OutcomeAck *ack)
{
    struct play *play = context;
    assert_true(ack->handoff_id);
    play->acks++;
}

static void heard_checkpoint(void *context, uint64_t handoff_id, uint32_t attempt, bool kept)
{
    struct play *play = context;
    assert_true(handoff_id && attempt);
    play->kept[play->checkpoints++ % PLAY_HEARD_MAX] = kept;
}

static void heard_cursor(void *context, struct span name, struct span value, const struct problem *problem)
{
    struct play *play = context;
    assert_true(name.size);
    assert_true(span_to_string(value, play->cursor, sizeof play->cursor));
    play->cursor_refused = problem != NULL;
    play->cursors++;
}

/* ---- the play */

void play_init(struct play *play)
{
    char z85_public[41], z85_secret[41];

    *play = (struct play){ .folder = "/tmp/lienthong-client-XXXXXX" };
    assert_non_null(mkdtemp(play->folder));
    snprintf(play->endpoint, sizeof play->endpoint, "ipc://%s/gateway", play->folder);
    assert_int_equal(zmq_curve_keypair(z85_public, z85_secret), 0);
    assert_non_null(zmq_z85_decode(play->gateway_public, z85_public));
    assert_non_null(zmq_z85_decode(play->gateway_secret, z85_secret));
    assert_int_equal(hash_start(), RESULT_OK);
    zmq_msg_init(&play->peer);
    play->options = (struct lienthong_options){
        .endpoint = play->endpoint, .roles = ROLE_SENDER | ROLE_RECEIVER, .context = play,
        .callbacks = { heard_welcome, heard_refused, heard_answer, heard_notice, heard_found, heard_deliver,
                       heard_ack, heard_checkpoint, heard_cursor } };
    memcpy(play->options.keys.gateway_public, play->gateway_public, 32);
    randombytes_buf(play->options.keys.secret, 32);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void play_done(struct play *play)
{
    play_client_close(play);
    fake_close(play);
    for (uint32_t i = 0; i < play->deliveries; i++)
        lienthong_delivery_free(play->delivery[i]);
    if (play->said)
        lienthong__v1__envelope__free_unpacked(play->said, NULL);
    zmq_msg_close(&play->peer);
    nftw(play->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void play_client_open(struct play *play)
{
    char why[256];
    struct text text = text_of(why, sizeof why);

    if (lienthong_open(&play->client, &play->options, &text) != RESULT_OK)
        fail_msg("lienthong_open: %s", why);
}

void play_client_close(struct play *play)
{
    lienthong_close(play->client);
    play->client = NULL;
}

/* One ZAP question, answered no. */
static void zap_refuse(void *zap)
{
    char parts[7][256];
    int sizes[7], count = 0, more = 1;
    size_t size = sizeof more;

    for (; more && count < 7; count++) {
        sizes[count] = zmq_recv(zap, parts[count], sizeof parts[count], 0);
        assert_true(sizes[count] >= 0 && zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &size) == 0);
    }
    zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(zap, parts[1], (size_t)sizes[1], ZMQ_SNDMORE);
    zmq_send(zap, "400", 3, ZMQ_SNDMORE);
    zmq_send(zap, "no such key", 11, ZMQ_SNDMORE);
    zmq_send(zap, "", 0, ZMQ_SNDMORE);
    zmq_send(zap, "", 0, 0);
}

void play_turn(struct play *play)
{
    zmq_pollitem_t items[3] = { { .fd = play->client ? lienthong_fd(play->client) : -1, .events = ZMQ_POLLIN } };
    int count = 1;
    bool due = play->client && lienthong_due_ms(play->client) <= clock_monotonic_ms();

    if (play->router)
        items[count++] = (zmq_pollitem_t){ .socket = play->router, .events = ZMQ_POLLIN };
    if (play->zap)
        items[count++] = (zmq_pollitem_t){ .socket = play->zap, .events = ZMQ_POLLIN };
    must(zmq_poll(play->client ? items : items + 1, play->client ? count : count - 1, due ? 0 : 50) >= 0);
    if (play->zap && items[count - 1].revents)
        zap_refuse(play->zap);
    if (play->client && (items[0].revents || due))
        assert_int_equal(lienthong_process(play->client), RESULT_OK);
}

/* ---- the gateway */

void fake_open(struct play *play)
{
    int on = 1, off = 0;

    play->context = zmq_ctx_new();
    play->router = zmq_socket(play->context, ZMQ_ROUTER);
    assert_non_null(play->router);
    zmq_setsockopt(play->router, ZMQ_LINGER, &off, sizeof off);
    zmq_setsockopt(play->router, ZMQ_SNDHWM, &off, sizeof off);         /* one thread plays both: never block */
    zmq_setsockopt(play->router, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(play->router, ZMQ_CURVE_SECRETKEY, play->gateway_secret, 32);
    zmq_setsockopt(play->router, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    assert_int_equal(zmq_bind(play->router, play->endpoint), 0);
}

void fake_close(struct play *play)
{
    if (play->router)
        zmq_close(play->router);
    if (play->zap)
        zmq_close(play->zap);
    if (play->context)
        zmq_ctx_term(play->context);
    play->router = play->zap = play->context = NULL;
}

static bool fake_hear(struct play *play)
{
    zmq_msg_t peer, frame;

    zmq_msg_init(&peer);
    zmq_msg_init(&frame);
    bool heard = zmq_msg_recv(&peer, play->router, ZMQ_DONTWAIT) >= 0;
    if (heard) {
        assert_true(zmq_msg_more(&peer));
        assert_true(zmq_msg_recv(&frame, play->router, ZMQ_DONTWAIT) >= 0 && !zmq_msg_more(&frame));
        const uint8_t *bytes = zmq_msg_data(&frame);
        assert_true(zmq_msg_size(&frame) > 1 && bytes[0] == 1);
        if (play->said)
            lienthong__v1__envelope__free_unpacked(play->said, NULL);
        play->said = lienthong__v1__envelope__unpack(NULL, zmq_msg_size(&frame) - 1, bytes + 1);
        assert_non_null(play->said);
        zmq_msg_move(&play->peer, &peer);
    }
    zmq_msg_close(&peer);
    zmq_msg_close(&frame);
    return heard;
}

const Lienthong__V1__Envelope *fake_expect_any(struct play *play, Lienthong__V1__Envelope__BodyCase body)
{
    play_until(play, fake_hear(play));
    assert_int_equal(play->said->body_case, body);
    return play->said;
}

const Lienthong__V1__Envelope *fake_expect(struct play *play, Lienthong__V1__Envelope__BodyCase body)
{
    do
        play_until(play, fake_hear(play));
    while (play->said->body_case == BODY(PING));
    assert_int_equal(play->said->body_case, body);
    return play->said;
}

void fake_say_bytes(struct play *play, const void *bytes, size_t size)
{
    zmq_msg_t peer;

    zmq_msg_init(&peer);
    zmq_msg_copy(&peer, &play->peer);
    assert_true(zmq_msg_send(&peer, play->router, ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(play->router, bytes, size, 0) >= 0);
}

void fake_say(struct play *play, uint64_t correlation, Lienthong__V1__Envelope__BodyCase body, void *message)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    zmq_msg_t frame;

    envelope.correlation = correlation;
    envelope.body_case = body;
    envelope.welcome = message;
    assert_int_equal(frame_pack(&envelope, &frame), RESULT_OK);
    fake_say_bytes(play, zmq_msg_data(&frame), zmq_msg_size(&frame));
    zmq_msg_close(&frame);
}

void fake_welcome(struct play *play, struct welcome welcome)
{
    Lienthong__V1__Welcome wire = LIENTHONG__V1__WELCOME__INIT;
    const Lienthong__V1__Envelope *hello = fake_expect(play, BODY(HELLO));
    uint32_t before = play->welcomes;

    wire.agency = "H29.TEST";
    wire.gateway = "test-gateway";
    wire.epoch = welcome.epoch ? welcome.epoch : 1;
    wire.lease_ms = welcome.lease_ms ? welcome.lease_ms : 60000;
    wire.submit_window = welcome.window ? welcome.window : 64;
    wire.covered_seq = welcome.covered_seq;
    wire.frame_bytes_max = FRAME_BYTES_MAX;
    wire.body_bytes_max = BODY_BYTES_MAX;
    fake_say(play, hello->correlation, BODY(WELCOME), &wire);
    play_until(play, play->welcomes > before);
}

void fake_accept(struct play *play, const Lienthong__V1__Envelope *submit, uint64_t handoff_id,
                    uint64_t commit_seq, bool duplicate)
{
    Lienthong__V1__Accepted accepted = LIENTHONG__V1__ACCEPTED__INIT;
    const Lienthong__V1__Header *header = fake_header(submit);
    struct hash hash = content_hash(header, frame_span(submit->submit->payload));

    accepted.handoff_id = handoff_id;
    accepted.commit_seq = commit_seq;
    accepted.durability = "fsync";
    accepted.content_hash = (ProtobufCBinaryData){ HASH_SIZE, hash.bytes };
    accepted.link = accepted.content_hash;
    accepted.message_id = header->message_id;
    accepted.duplicate = duplicate;
    accepted.state = STATE_READY;
    fake_say(play, submit->correlation, BODY(ACCEPTED), &accepted);
}

void fake_refuse(struct play *play, uint64_t correlation, enum problem_type type, uint32_t retry_after_ms)
{
    Lienthong__V1__Refused refused = LIENTHONG__V1__REFUSED__INIT;

    refused.type = type;
    refused.uri = (char *)problem_uri(type);
    refused.field = "header";
    refused.sentence_vi = "Không.";
    refused.sentence_en = "No.";
    refused.retry_after_ms = retry_after_ms;
    fake_say(play, correlation, BODY(REFUSED), &refused);
}

const Lienthong__V1__Header *fake_header(const Lienthong__V1__Envelope *submit)
{
    static Lienthong__V1__Header *header;

    if (header)
        lienthong__v1__header__free_unpacked(header, NULL);
    header = submit ? frame_read_header(frame_span(submit->submit->header)) : NULL;
    assert_true(!submit || header);
    return header;
}

/* ---- the client */

uint64_t play_submit(struct play *play, const char *dossier_code, struct uuid *ret_id)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct uuid id = lienthong_new_id();
    struct problem problem;
    uint64_t ticket = 0;

    header.kind = KIND_FORWARD;
    header.dossier_code = (char *)dossier_code;
    header.sender = "H29.TEST";
    header.recipient = "H29.POLICE";
    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    if (lienthong_submit(play->client, &header, span_of_string("{\"copies\":1}"), NULL, &ticket, &problem) != RESULT_OK)
        return 0;
    if (ret_id)
        *ret_id = id;
    return ticket;
}

struct lienthong_status play_status(const struct play *play)
{
    struct lienthong_status status;
    lienthong_status(play->client, &status);
    return status;
}
