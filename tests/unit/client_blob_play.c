#include "tests/unit/client_blob_play.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the gateway, in its thread */

static const Lienthong__V1__Envelope *hear(struct stage *stage, long wait_ms)
{
    zmq_pollitem_t item = { .socket = stage->play.router, .events = ZMQ_POLLIN };
    zmq_msg_t frame;

    if (zmq_poll(&item, 1, wait_ms) <= 0)
        return NULL;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&stage->play.peer, stage->play.router, 0) < 0 || zmq_msg_recv(&frame, stage->play.router, 0) < 0)
        return NULL;
    if (stage->play.said)
        lienthong__v1__envelope__free_unpacked(stage->play.said, NULL);
    stage->play.said = lienthong__v1__envelope__unpack(NULL, zmq_msg_size(&frame) - 1,
                                                       (uint8_t *)zmq_msg_data(&frame) + 1);
    zmq_msg_close(&frame);
    return stage->play.said;
}

static bool say(struct stage *stage, Lienthong__V1__Envelope__BodyCase body, void *message)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    zmq_msg_t peer, frame;

    envelope.correlation = stage->play.said ? stage->play.said->correlation : 0;
    envelope.body_case = body;
    envelope.chunk = message;
    zmq_msg_init(&peer);
    if (frame_pack(&envelope, &frame) != RESULT_OK || zmq_msg_copy(&peer, &stage->play.peer) != 0)
        return false;
    /* The client may have gone for good reason: the router then has nobody to give it to. */
    if (zmq_msg_send(&peer, stage->play.router, ZMQ_SNDMORE) < 0 || zmq_msg_send(&frame, stage->play.router, 0) < 0)
        zmq_msg_close(&frame);
    zmq_msg_close(&peer);
    return true;
}

struct hash stage_hash(const struct stage *stage)
{
    return hash_of(span_of(stage->content, stage->size));
}

static bool is_content(const struct stage *stage, ProtobufCBinaryData sha256)
{
    struct hash hash = stage_hash(stage);
    return sha256.len == HASH_SIZE && memcmp(sha256.data, hash.bytes, HASH_SIZE) == 0;
}

static ProtobufCBinaryData piece(struct stage *stage, uint64_t number)
{
    size_t offset = (size_t)number * stage->chunk_bytes, left = offset < stage->size ? stage->size - offset : 0;
    return (ProtobufCBinaryData){ left < stage->chunk_bytes ? left : stage->chunk_bytes, stage->content + offset };
}

static bool expect_chunks(struct stage *stage, const struct step *step)
{
    for (uint64_t number = step->a; number < step->b; number++) {
        const Lienthong__V1__Envelope *said = hear(stage, PLAY_LIMIT_MS);
        ProtobufCBinaryData wanted = piece(stage, number);
        if (!said || said->body_case != BODY(CHUNK) || said->chunk->number != number ||
            said->chunk->bytes.len != wanted.len || memcmp(said->chunk->bytes.data, wanted.data, wanted.len) != 0)
            return false;
    }
    return true;
}

static bool expect(struct stage *stage, const struct step *step)
{
    if (step->does == EXPECT_CHUNKS)
        return expect_chunks(stage, step);
    const Lienthong__V1__Envelope *said = hear(stage, step->does == EXPECT_NOTHING ? SILENT_MS / 4 : PLAY_LIMIT_MS);
    if (step->does == EXPECT_NOTHING)
        return !said;
    while (step->does == EXPECT_GET && said && said->body_case == BODY(BLOB_CREDIT) && !said->blob_credit->until)
        said = hear(stage, PLAY_LIMIT_MS);          /* the goodbye of the transfer before */
    if (!said || !said->correlation)
        return false;
    if (step->does == EXPECT_PUT)
        return said->body_case == BODY(BLOB_PUT) && is_content(stage, said->blob_put->sha256) &&
               said->blob_put->size == step->a;
    if (step->does == EXPECT_GET)
        return said->body_case == BODY(BLOB_GET) && said->blob_get->from == step->a &&
               said->blob_get->until == step->a + BLOB_WINDOW;
    return said->body_case == BODY(BLOB_CREDIT) && said->blob_credit->until >= step->a;
}

static bool say_chunk(struct stage *stage, uint64_t number, size_t less)
{
    Lienthong__V1__Chunk chunk = LIENTHONG__V1__CHUNK__INIT;
    chunk.number = number;
    chunk.bytes = piece(stage, number);
    chunk.bytes.len -= less;
    return say(stage, BODY(CHUNK), &chunk);
}

static bool say_stored(struct stage *stage, bool duplicate, bool other)
{
    Lienthong__V1__BlobStored stored = LIENTHONG__V1__BLOB_STORED__INIT;
    struct hash hash = stage_hash(stage);
    hash.bytes[31] ^= other;
    stored.sha256 = (ProtobufCBinaryData){ HASH_SIZE, hash.bytes };
    stored.size = stage->size;
    stored.duplicate = duplicate;
    return say(stage, BODY(BLOB_STORED), &stored);
}

static bool say_found(struct stage *stage, const struct step *step)
{
    Lienthong__V1__BlobFound found = LIENTHONG__V1__BLOB_FOUND__INIT;
    found.size = step->b ? step->b : stage->size;
    found.chunk_bytes = stage->chunk_bytes = (uint32_t)step->a;
    return say(stage, BODY(BLOB_FOUND), &found);
}

static bool say_credit(struct stage *stage, const struct step *step)
{
    Lienthong__V1__BlobCredit credit = LIENTHONG__V1__BLOB_CREDIT__INIT;
    credit.until = step->a;
    credit.chunk_bytes = stage->chunk_bytes = (uint32_t)step->b;
    return say(stage, BODY(BLOB_CREDIT), &credit);
}

static bool say_refused(struct stage *stage, const struct step *step)
{
    Lienthong__V1__Refused refused = LIENTHONG__V1__REFUSED__INIT;
    refused.type = (uint32_t)step->a;
    refused.sentence_vi = "Không.";
    refused.sentence_en = "No.";
    refused.retry_after_ms = (uint32_t)step->b;
    return say(stage, BODY(REFUSED), &refused);
}

static bool do_step(struct stage *stage, const struct step *step)
{
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;
    bool good = true;

    switch (step->does) {
    case SAY_CREDIT: return say_credit(stage, step);
    case SAY_STORED: return say_stored(stage, step->a, false);
    case SAY_OTHER_STORED: return say_stored(stage, false, true);
    case SAY_FOUND: return say_found(stage, step);
    case SAY_SHORT_CHUNK: return say_chunk(stage, step->a, 1);
    case SAY_REFUSED: return say_refused(stage, step);
    case SAY_PONG: return say(stage, BODY(PONG), &pong);
    case SAY_DELIVER: return say(stage, BODY(DELIVER), &deliver);
    case SAY_RANDOM:
        fake_say_bytes(&stage->play, "\x01\xFF\xFF", 3);
        return true;
    case BREAK_LINE:
        fake_close(&stage->play);
        fake_open(&stage->play);
        return true;
    case SAY_CHUNKS:
        for (uint64_t number = step->a; good && number < step->b; number++)
            good = say_chunk(stage, number, 0);
        return good;
    default: return expect(stage, step);
    }
}

static void *gateway(void *context)
{
    struct stage *stage = context;
    for (size_t i = 0; i < stage->step_count; i++)
        if (!do_step(stage, &stage->steps[i])) {
            snprintf(stage->wrong, sizeof stage->wrong, "step %zu: not what was expected", i);
            break;
        }
    return NULL;
}

/* ---- the stage */

static bool on_progress(void *context, uint64_t done, uint64_t size)
{
    struct stage *stage = context;
    stage->told_done = done;
    stage->told_size = size;
    return !stage->stop_at || done < stage->stop_at;
}

void stage_write(struct stage *stage, size_t size)
{
    FILE *file = fopen(stage->path, "w");
    stage->size = size;
    assert_non_null(file);
    assert_int_equal(fwrite(stage->content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void stage_open(struct stage *stage)
{
    play_init(&stage->play);
    fake_open(&stage->play);
    stage->options = (struct lienthong_blob_options){
        .endpoint = stage->play.endpoint, .keys = stage->play.options.keys, .silent_ms = SILENT_MS,
        .on_progress = on_progress, .context = stage };
    snprintf(stage->path, sizeof stage->path, "%s/scan.pdf", stage->play.folder);
    snprintf(stage->to, sizeof stage->to, "%s/fetched.pdf", stage->play.folder);
    for (size_t i = 0; i < sizeof stage->content; i++)
        stage->content[i] = (uint8_t)(i * 31 + i / 253);
}

void stage_close(struct stage *stage)
{
    play_done(&stage->play);
}

void stage_begin(struct stage *stage, const struct step *steps, size_t count)
{
    stage->steps = steps;
    stage->step_count = count;
    assert_int_equal(pthread_create(&stage->thread, NULL, gateway, stage), 0);
}

void stage_end(struct stage *stage)
{
    assert_int_equal(pthread_join(stage->thread, NULL), 0);
    assert_string_equal(stage->wrong, "");
}

size_t stage_files(const struct stage *stage)
{
    DIR *folder = opendir(stage->play.folder);
    struct dirent *entry;
    size_t count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += entry->d_type == DT_REG;
    closedir(folder);
    return count;
}
