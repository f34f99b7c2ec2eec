/* selftest.c - at start, before any agency can connect: is the door really locked, and does the key fit? */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/broker/broker.h"

enum { SELFTEST_MS = 5000, POLL_MS = 20 };

struct visitor {
    void *socket, *monitor;
    char  public_text[41], secret_text[41];
};

static void visitor_done(struct visitor *visitor)
{
    if (visitor->socket) {
        (void)zmq_socket_monitor(visitor->socket, NULL, 0);
        zmq_close(visitor->socket);
    }
    if (visitor->monitor)
        zmq_close(visitor->monitor);
}

/* A client with a fresh key that goes to `endpoint` and says one frame. */
static bool visitor_init(struct visitor *visitor, struct bus *bus, const char *endpoint, const char *monitor_endpoint)
{
    int linger = 0;
    *visitor = (struct visitor){ 0 };
    if (zmq_curve_keypair(visitor->public_text, visitor->secret_text))
        return false;
    visitor->socket = zmq_socket(bus->context, ZMQ_DEALER);
    visitor->monitor = zmq_socket(bus->context, ZMQ_PAIR);
    return visitor->socket && visitor->monitor &&
           zmq_setsockopt(visitor->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_setsockopt(visitor->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_setsockopt(visitor->socket, ZMQ_CURVE_SERVERKEY, bus->public_text, 41) == 0 &&
           zmq_setsockopt(visitor->socket, ZMQ_CURVE_PUBLICKEY, visitor->public_text, 41) == 0 &&
           zmq_setsockopt(visitor->socket, ZMQ_CURVE_SECRETKEY, visitor->secret_text, 41) == 0 &&
           zmq_socket_monitor(visitor->socket, monitor_endpoint, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0 &&
           zmq_connect(visitor->monitor, monitor_endpoint) == 0 && zmq_connect(visitor->socket, endpoint) == 0 &&
           zmq_send(visitor->socket, "?", 1, ZMQ_DONTWAIT) == 1;
}

static bool was_refused(struct visitor *visitor)
{
    char bytes[256];
    bool refused = false;
    while (zmq_recv(visitor->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0)
        refused = true;
    return refused;
}

enum seen { SEEN_NOTHING, SEEN_REFUSED, SEEN_FRAME };

/* What becomes of a visitor; *ret_key: as whom the frame came. */
static enum seen watch(struct bus *bus, struct visitor *visitor, char ret_key[41])
{
    int64_t until_ms = clock_monotonic_ms() + SELFTEST_MS;
    while (clock_monotonic_ms() < until_ms) {
        zmq_pollitem_t items[] = {
            { .socket = bus->zap.socket, .events = ZMQ_POLLIN },
            { .socket = bus->sockets[BUS_AGENCIES], .events = ZMQ_POLLIN },
            { .socket = visitor->monitor, .events = ZMQ_POLLIN },
        };
        struct peer peer;
        zmq_msg_t frame;

        (void)zmq_poll(items, 3, POLL_MS);
        (void)zap_serve(&bus->zap, 0);
        must(zmq_msg_init(&frame) == 0);
        bool came = bus_read(bus, BUS_AGENCIES, &frame, &peer);
        if (came && peer.key_text)
            memcpy(ret_key, peer.key_text, strnlen(peer.key_text, 40) + 1);
        zmq_msg_close(&frame);
        if (came)
            return SEEN_FRAME;
        if (was_refused(visitor))
            return SEEN_REFUSED;
    }
    return SEEN_NOTHING;
}

static enum result visit(struct bus *bus, const char *endpoint, bool right_key, struct text *why)
{
    struct visitor visitor;
    char key[41] = "";
    enum seen seen = SEEN_NOTHING;
    const char *monitor = right_key ? "inproc://lienthong.selftest.right" : "inproc://lienthong.selftest.random";

    bool made = visitor_init(&visitor, bus, endpoint, monitor);
    bus->zap.has_test_key = right_key && made && zmq_z85_decode(bus->zap.test_key, visitor.public_text);
    if (made)
        seen = watch(bus, &visitor, key);
    bus->zap.has_test_key = false;
    bool good = right_key ? seen == SEEN_FRAME && strcmp(key, visitor.public_text) == 0 : seen == SEEN_REFUSED;
    visitor_done(&visitor);
    if (good)
        return RESULT_OK;
    if (!made)
        text_add(why, "self-test: no connection to ourselves could be made: %s", zmq_strerror(zmq_errno()));
    else if (right_key)
        text_add(why, "self-test: a known key was not admitted as itself: no agency could connect");
    else if (seen == SEEN_FRAME)
        text_add(why, "self-test: a frame came in with a key that nobody knows: the door is open, not starting");
    else
        text_add(why, "self-test: a random key got no answer within %d s", SELFTEST_MS / 1000);
    return RESULT_BROKEN;
}

enum result selftest(struct bus *bus, struct text *why)
{
    char endpoint[96];
    struct text text = text_of(endpoint, sizeof endpoint);

    /* A name of the abstract namespace: no file, gone with us. Whoever else finds it meets the same lock. */
    text_add(&text, "ipc://@lienthong-selftest-%d-%08x", (int)getpid(), randombytes_random());
    if (zmq_bind(bus->sockets[BUS_AGENCIES], endpoint)) {
        text_add(why, "self-test: %s: %s", endpoint, zmq_strerror(zmq_errno()));
        return RESULT_BROKEN;
    }
    enum result result = visit(bus, endpoint, false, why);
    if (result == RESULT_OK)
        result = visit(bus, endpoint, true, why);
    (void)zmq_unbind(bus->sockets[BUS_AGENCIES], endpoint);
    return result;
}
