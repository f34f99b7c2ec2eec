#include "gateway/broker/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { ZAP_FRAMES = 7, ZAP_FRAME_BYTES = 256, ZAP_SERVE_MAX = 64, PUT_TRIES_MAX = 8, MINUTE_MS = 60 * 1000 };
enum zap_frame {
    FRAME_VERSION, FRAME_REQUEST, FRAME_DOMAIN, FRAME_ADDRESS, FRAME_IDENTITY, FRAME_MECHANISM, FRAME_KEY,
};

struct request {
    uint8_t  bytes[ZAP_FRAMES][ZAP_FRAME_BYTES];
    size_t   sizes[ZAP_FRAMES];
    unsigned frames;
    bool     good;                      /* so many frames as there should be, none too long */
};

enum result zap_open(struct zap *zap, void *context, uint32_t handshakes_per_minute)
{
    int linger = 0;
    *zap = (struct zap){ .handshakes_per_minute = handshakes_per_minute };
    zap->windows = calloc((size_t)AGENCIES_MAX * AGENCY_KEYS_MAX, sizeof *zap->windows);
    zap->socket = zmq_socket(context, ZMQ_REP);
    if (!zap->windows || !zap->socket || zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger)) {
        zap_close(zap);
        return RESULT_FULL;
    }
    if (zmq_bind(zap->socket, ZAP_ENDPOINT)) {
        zap_close(zap);
        return RESULT_BUSY;
    }
    return RESULT_OK;
}

void zap_close(struct zap *zap)
{
    if (zap->socket)
        zmq_close(zap->socket);
    free(zap->windows);
    *zap = (struct zap){ 0 };
}

void zap_tables(struct zap *zap, const struct tables *tables)
{
    zap->tables = tables;
    memset(zap->windows, 0, (size_t)AGENCIES_MAX * AGENCY_KEYS_MAX * sizeof *zap->windows);
}

static struct zap_window *window_of(struct zap *zap, const struct agency *agency, struct span key)
{
    uint32_t index = 0;
    while (index < agency->key_count && memcmp(agency->keys[index].bytes, key.bytes, CURVE_KEY_SIZE) != 0)
        index++;
    must(index < agency->key_count);
    return &zap->windows[(size_t)(agency - zap->tables->agencies) * AGENCY_KEYS_MAX + index];
}

static struct zap_window *window_now(struct zap *zap, const struct agency *agency, struct span key, int64_t now_ms)
{
    struct zap_window *window = window_of(zap, agency, key);
    if (now_ms - window->begin_ms >= MINUTE_MS)
        *window = (struct zap_window){ .begin_ms = now_ms };
    return window;
}

void zap_charge(struct zap *zap, const struct agency *agency, const uint8_t key[CURVE_KEY_SIZE], int64_t now_ms,
                uint32_t handshakes)
{
    window_now(zap, agency, span_of(key, CURVE_KEY_SIZE), now_ms)->count += handshakes;
}

const char *zap_decide(struct zap *zap, struct span key, int64_t now_ms)
{
    uint32_t roles;
    const struct agency *agency = NULL;

    if (zap->tables && key.size == CURVE_KEY_SIZE)
        agency = tables_agency_of_key(zap->tables, key.bytes, now_ms, &roles);
    if (!agency) {
        zap->refused++;
        return "400";
    }
    struct zap_window *window = window_now(zap, agency, key, now_ms);
    if (window->count >= zap->handshakes_per_minute) {
        zap->put_off++;
        return "300";
    }
    window->count++;
    zap->admitted++;
    return "200";
}

/* False: nobody waits. */
static bool request_read(void *socket, struct request *request)
{
    zmq_msg_t part;
    bool more = true;

    *request = (struct request){ .good = true };
    for (unsigned i = 0; more; i++) {
        must(zmq_msg_init(&part) == 0);
        int size = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT);
        if (size < 0) {
            zmq_msg_close(&part);
            return false;
        }
        if (i < ZAP_FRAMES && size <= ZAP_FRAME_BYTES) {
            memcpy(request->bytes[i], zmq_msg_data(&part), (size_t)size);
            request->sizes[i] = (size_t)size;
        } else {
            request->good = false;
        }
        request->frames = i + 1;
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    request->good = request->good && request->frames == ZAP_FRAMES;
    return true;
}

static bool frame_is(const struct request *request, enum zap_frame frame, const char *text)
{
    return span_equal(span_of(request->bytes[frame], request->sizes[frame]), span_of_string(text));
}

static const char *decide(struct zap *zap, const struct request *request, int64_t now_ms)
{
    struct span key = span_of(request->bytes[FRAME_KEY], request->sizes[FRAME_KEY]);
    if (!request->good || !frame_is(request, FRAME_VERSION, "1.0") || !frame_is(request, FRAME_DOMAIN, ZAP_DOMAIN) ||
        !frame_is(request, FRAME_MECHANISM, "CURVE"))
        return "500";
    if (zap->has_test_key && span_equal(key, span_of(zap->test_key, CURVE_KEY_SIZE)))
        return "200";
    return zap_decide(zap, key, now_ms);
}

/* A REP that owes an answer takes no other question: a part that was not taken would lock the door for good. When the
 * connection that asked has gone, libzmq takes the answer all the same and drops it. */
static bool put_part(void *socket, const void *bytes, size_t size, int more)
{
    int tries = 0;
    while (zmq_send(socket, bytes, size, more | ZMQ_DONTWAIT) < 0)
        if (++tries == PUT_TRIES_MAX)
            return false;
    return true;
}

bool zap_serve(struct zap *zap, int64_t now_ms)
{
    struct request request;

    for (int i = 0; i < ZAP_SERVE_MAX; i++) {
        if (!request_read(zap->socket, &request))
            return false;
        const char *code = decide(zap, &request, now_ms);
        bool good = strcmp(code, "200") == 0;
        char user[41] = "";
        if (good)
            must(zmq_z85_encode(user, request.bytes[FRAME_KEY], CURVE_KEY_SIZE) != NULL);
        (void)(put_part(zap->socket, "1.0", 3, ZMQ_SNDMORE) &&
               put_part(zap->socket, request.bytes[FRAME_REQUEST], request.sizes[FRAME_REQUEST], ZMQ_SNDMORE) &&
               put_part(zap->socket, code, 3, ZMQ_SNDMORE) &&
               put_part(zap->socket, good ? "OK" : "NO", 2, ZMQ_SNDMORE) &&
               put_part(zap->socket, user, strlen(user), ZMQ_SNDMORE) && put_part(zap->socket, "", 0, 0));
    }
    return true;
}
