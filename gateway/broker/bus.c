#include "gateway/broker/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/log.h"

#define MONITOR_ENDPOINT "inproc://lienthong.agencies.monitor"

enum {
    ROUTING_SIZE = 5, HANDSHAKE_MS = 5000, HEARTBEAT_MS = 5000, HEARTBEAT_TIMEOUT_MS = 15000, BACKLOG = 1024,
    KEY_FILE_BYTES_MAX = 256,
};

/* ---- keys */

enum result bus_secret_read(const char *path, uint8_t ret_secret[CURVE_KEY_SIZE], uint8_t ret_public[CURVE_KEY_SIZE],
                            struct text *why)
{
    char bytes[KEY_FILE_BYTES_MAX + 1] = "", public_text[41];
    uint8_t secret[CURVE_KEY_SIZE];
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0 || fstat(file, &status)) {
        text_add(why, "%s: %s", path, strerror(errno));
        if (file >= 0)
            close(file);
        return RESULT_INVALID;
    }
    ssize_t size = read(file, bytes, KEY_FILE_BYTES_MAX);
    close(file);
    if (!S_ISREG(status.st_mode) || status.st_mode & 077) {
        text_add(why, "%s: others may read this secret key: chmod 600", path);
        return RESULT_INVALID;
    }
    bytes[size < 0 ? 0 : size] = 0;
    bytes[strcspn(bytes, "\r\n")] = 0;
    if (strlen(bytes) != 40 || !zmq_z85_decode(secret, bytes) || zmq_curve_public(public_text, bytes) ||
        !zmq_z85_decode(ret_public, public_text)) {
        text_add(why, "%s: its first line is not a CURVE key (40 characters of Z85)", path);
        sodium_memzero(bytes, sizeof bytes);
        return RESULT_INVALID;
    }
    memcpy(ret_secret, secret, sizeof secret);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(secret, sizeof secret);
    return RESULT_OK;
}

/* ---- options of sockets */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_common(void *socket, int64_t frame_bytes_max, int64_t queue_bytes_max)
{
    int frames = (int)(queue_bytes_max / frame_bytes_max);
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max) == 0 &&
           set_int(socket, ZMQ_SNDHWM, frames) && set_int(socket, ZMQ_RCVHWM, frames) &&
           set_int(socket, ZMQ_ROUTER_MANDATORY, 1) && set_int(socket, ZMQ_ROUTER_HANDOVER, 0) &&
           set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_BACKLOG, BACKLOG) &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
}

static bool set_curve(void *socket, const struct bus *bus)
{
    return set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, bus->secret, CURVE_KEY_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0 &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
}

/* ---- open, bind, close */

static enum result say_zmq(struct text *why, const char *what)
{
    text_add(why, "%s: %s", what, zmq_strerror(errno));
    return errno == EADDRINUSE ? RESULT_BUSY : RESULT_BROKEN;
}

enum result bus_open(struct bus *bus, const struct options *options, struct text *why)
{
    *bus = (struct bus){ 0 };
    enum result result = bus_secret_read(options->secret_key_file, bus->secret, bus->public_key, why);
    if (result != RESULT_OK)
        return result;
    must(zmq_z85_encode(bus->public_text, bus->public_key, CURVE_KEY_SIZE) != NULL);
    bus->context = zmq_ctx_new();
    if (!bus->context)
        return say_zmq(why, "zmq_ctx_new");
    result = zap_open(&bus->zap, bus->context, (uint32_t)options->handshakes_per_minute);
    if (result != RESULT_OK) {
        text_add(why, "the handler that admits keys cannot be bound");
        return result;
    }
    void *agencies = bus->sockets[BUS_AGENCIES] = zmq_socket(bus->context, ZMQ_ROUTER);
    if (!agencies || !set_common(agencies, FRAME_BYTES_MAX, PEER_QUEUE_BYTES_MAX) || !set_curve(agencies, bus) ||
        !set_int(agencies, ZMQ_IPV6, options->ipv6))
        return say_zmq(why, "the socket for agencies");
    bus->monitor = zmq_socket(bus->context, ZMQ_PAIR);
    if (!bus->monitor || !set_int(bus->monitor, ZMQ_LINGER, 0) ||
        zmq_socket_monitor(agencies, MONITOR_ENDPOINT, ZMQ_EVENT_DISCONNECTED) ||
        zmq_connect(bus->monitor, MONITOR_ENDPOINT))
        return say_zmq(why, "the monitor of connections");
    return RESULT_OK;
}

/* The folder is ours alone; it is made when missing. */
static bool private_folder(const char *path, struct text *why)
{
    char folder[OPTION_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    struct stat status;

    if (slash == path || !span_to_string(slash ? span_of(path, (size_t)(slash - path)) : span_of_string("."), folder,
                                         sizeof folder)) {
        text_add(why, "%s: the admin socket needs a folder of its own", path);
        return false;
    }
    if ((mkdir(folder, 0700) && errno != EEXIST) || stat(folder, &status)) {
        text_add(why, "%s: %s", folder, strerror(errno));
        return false;
    }
    if (!S_ISDIR(status.st_mode) || status.st_mode & 077 || status.st_uid != geteuid()) {
        text_add(why, "%s: the folder of the admin socket must belong to the gateway's user alone: chmod 700", folder);
        return false;
    }
    return true;
}

static int file_of(void *socket)
{
    int file = -1;
    size_t size = sizeof file;
    must(zmq_getsockopt(socket, ZMQ_FD, &file, &size) == 0);
    return file;
}

static enum result bind_all(void *socket, const struct endpoints *endpoints, struct text *why)
{
    for (uint32_t i = 0; i < endpoints->count; i++)
        if (zmq_bind(socket, endpoints->list[i]))
            return say_zmq(why, endpoints->list[i]);
    return RESULT_OK;
}

enum result bus_bind_blobs(struct bus *bus, const struct options *options, void **ret_socket, struct text *why)
{
    void *socket = *ret_socket = zmq_socket(bus->context, ZMQ_ROUTER);
    /* A heartbeat leaves only when what waits before it does, so it finds nobody who does not read: the kernel does. */
    if (!socket || !set_common(socket, BLOB_FRAME_BYTES_MAX, BLOB_QUEUE_BYTES_MAX) || !set_curve(socket, bus) ||
        !set_int(socket, ZMQ_TCP_MAXRT, BLOB_UNREAD_MS) || !set_int(socket, ZMQ_IPV6, options->ipv6))
        return say_zmq(why, "the socket for blobs");
    return bind_all(socket, &options->blob_endpoints, why);
}

enum result bus_bind(struct bus *bus, const struct options *options, struct text *why)
{
    char endpoint[OPTION_PATH_SIZE + 8];
    struct text text = text_of(endpoint, sizeof endpoint);

    enum result result = bind_all(bus->sockets[BUS_AGENCIES], &options->endpoints, why);
    if (result != RESULT_OK)
        return result;
    if (!private_folder(options->admin, why))
        return RESULT_INVALID;
    void *admin = bus->sockets[BUS_ADMIN] = zmq_socket(bus->context, ZMQ_ROUTER);
    if (!admin || !set_common(admin, FRAME_BYTES_MAX, PEER_QUEUE_BYTES_MAX))
        return say_zmq(why, "the admin socket");
    text_add(&text, "ipc://%s", options->admin);
    mode_t mask = umask(0177);
    int bound = zmq_bind(admin, endpoint);
    umask(mask);
    if (bound)
        return say_zmq(why, endpoint);
    bus->files = (struct bus_ear){ .zap = file_of(bus->zap.socket), .monitor = file_of(bus->monitor) };
    for (int side = 0; side < BUS_SIDES; side++) {
        bus->files.sockets[side] = file_of(bus->sockets[side]);
        bus->may_hold[side] = true;
    }
    return RESULT_OK;
}

void bus_close(struct bus *bus)
{
    if (bus->sockets[BUS_AGENCIES])
        (void)zmq_socket_monitor(bus->sockets[BUS_AGENCIES], NULL, 0);
    for (int side = 0; side < BUS_SIDES; side++)
        if (bus->sockets[side])
            zmq_close(bus->sockets[side]);
    if (bus->monitor)
        zmq_close(bus->monitor);
    zap_close(&bus->zap);                                   /* last: sockets that close may still ask it */
    if (bus->context)
        zmq_ctx_term(bus->context);
    sodium_memzero(bus->secret, sizeof bus->secret);
    *bus = (struct bus){ 0 };
}

/* ---- waiting */

/* Asked only where there may be some, and not again before something has been sent or heard. */
static bool holds_frames(struct bus *bus, enum bus_side side)
{
    int events = ZMQ_POLLIN;
    size_t size = sizeof events;

    if (bus->may_hold[side]) {
        (void)zmq_getsockopt(bus->sockets[side], ZMQ_EVENTS, &events, &size);
        bus->may_hold[side] = events & ZMQ_POLLIN;
    }
    return bus->may_hold[side];
}

bool bus_may_hold(const struct bus *bus)
{
    struct pollfd file = { .fd = bus->files.sockets[BUS_AGENCIES], .events = POLLIN };
    return bus->may_hold[BUS_AGENCIES] || poll(&file, 1, 0) > 0;
}

void bus_wait(struct bus *bus, int signals, int sync, int blobs, bool frames, int64_t ms, struct heard *ret_heard)
{
    enum { SIGNALS, SYNC, HANDSHAKES, ENDS, BLOBS, FRAMES };
    struct pollfd files[FRAMES + BUS_SIDES] = {
        [SIGNALS] = { .fd = signals, .events = POLLIN },
        [SYNC] = { .fd = sync, .events = POLLIN },
        [HANDSHAKES] = { .fd = bus->files.zap, .events = POLLIN },
        [ENDS] = { .fd = bus->files.monitor, .events = POLLIN },
        [BLOBS] = { .fd = frames ? blobs : -1, .events = POLLIN },
    };
    bool held = false;

    *ret_heard = (struct heard){ 0 };
    for (int side = 0; side < BUS_SIDES && frames; side++) {
        files[FRAMES + side] = (struct pollfd){ .fd = bus->files.sockets[side], .events = POLLIN };
        ret_heard->frames[side] = holds_frames(bus, side);
        held |= ret_heard->frames[side];
    }
    int found = poll(files, frames ? FRAMES + BUS_SIDES : FRAMES, held ? 0 : (int)ms);
    bool polled = found >= 0;
    if (!polled && errno != EINTR)
        log_event(LOG_ERROR, "poll", "why=%s", log_quoted(strerror(errno)));
    ret_heard->signals = !polled || files[SIGNALS].revents;
    ret_heard->handshakes = !polled || files[HANDSHAKES].revents;
    ret_heard->ends = !polled || files[ENDS].revents;
    ret_heard->blobs = frames && (!polled || files[BLOBS].revents);
    for (int side = 0; side < BUS_SIDES && frames; side++)
        ret_heard->frames[side] |= !polled || files[FRAMES + side].revents;
}

/* ---- frames in */

bool peer_uid_read(const char *address, uint32_t *ret_uid)
{
    const char *colons[3];
    const char *end = address ? address + strlen(address) : NULL;
    uint64_t uid = 0;

    for (int i = 0; i < 3; i++) {
        while (end && end > address && end[-1] != ':')
            end--;
        if (!end || end == address)
            return false;
        colons[i] = --end;
    }
    for (const char *at = colons[2] + 1; at < colons[1]; at++) {
        if (*at < '0' || *at > '9' || uid > UINT32_MAX)
            return false;
        uid = uid * 10 + (uint64_t)(*at - '0');
    }
    if (colons[2] + 1 == colons[1] || uid >= UINT32_MAX)
        return false;
    *ret_uid = (uint32_t)uid;
    return true;
}

static void routing_read(const zmq_msg_t *part, struct peer *peer)
{
    const uint8_t *bytes = zmq_msg_data((zmq_msg_t *)(uintptr_t)part);
    peer->foreign_routing = zmq_msg_size(part) != ROUTING_SIZE || bytes[0] != 0;
    if (!peer->foreign_routing)
        memcpy(&peer->routing, bytes + 1, sizeof peer->routing);
}

/* The parts after the first do not make a frame of anything that is spoken here. */
static bool skip_parts(void *socket)
{
    zmq_msg_t part;
    bool more = true;
    while (more) {
        must(zmq_msg_init(&part) == 0);
        more = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return true;
}

bool peer_read(void *socket, zmq_msg_t *frame, struct peer *ret_peer)
{
    struct peer peer = { .file = -1 };

    /* The first part is the routing id; `frame` holds it for a moment. */
    if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0)
        return false;
    routing_read(frame, &peer);
    if (!zmq_msg_more(frame) || zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0)
        return false;
    peer.many_parts = zmq_msg_more(frame) && skip_parts(socket);
    peer.file = zmq_msg_get(frame, ZMQ_SRCFD);
    *ret_peer = peer;
    return true;
}

bool bus_read(struct bus *bus, enum bus_side side, zmq_msg_t *frame, struct peer *ret_peer)
{
    bus->may_hold[side] = peer_read(bus->sockets[side], frame, ret_peer);
    if (!bus->may_hold[side])
        return false;
    if (side == BUS_AGENCIES)
        ret_peer->key_text = zmq_msg_gets(frame, "User-Id");
    else
        ret_peer->has_uid = peer_uid_read(zmq_msg_gets(frame, "Peer-Address"), &ret_peer->uid);
    return true;
}

/* ---- frames out */

int64_t bus_now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

void bus_patience(struct bus *bus, int64_t left_us)
{
    bus->patience_left_us = left_us;
}

/* The queue holds few frames, and libzmq's own thread is emptying it just now: let it, and hear of it. */
static bool wait_for_room(struct bus *bus, void *socket, int64_t *until_us, int64_t patience_us)
{
    int64_t at_us = bus_now_us();
    int events;
    size_t size = sizeof events;

    patience_us = patience_us < bus->patience_left_us ? patience_us : bus->patience_left_us;
    if (!*until_us)
        *until_us = at_us + patience_us;
    if (at_us >= *until_us)
        return false;
    (void)zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size);
    sched_yield();
    bus->patience_left_us -= bus_now_us() - at_us;
    return true;
}

/* Behind its routing id, which was taken. */
static enum result send_rest(void *socket, zmq_msg_t *frame)
{
    while (zmq_msg_send(frame, socket, ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return RESULT_NOT_FOUND;
    return RESULT_OK;
}

static enum result send_routing(void *socket, uint32_t routing)
{
    uint8_t id[ROUTING_SIZE] = { 0 };
    memcpy(id + 1, &routing, sizeof routing);
    if (zmq_send(socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        return RESULT_OK;
    return errno == EAGAIN || errno == EINTR ? RESULT_BUSY : RESULT_NOT_FOUND;
}

enum result peer_send(void *socket, uint32_t routing, zmq_msg_t *frame)
{
    enum result result = send_routing(socket, routing);
    return result == RESULT_OK ? send_rest(socket, frame) : result;
}

enum result bus_send(struct bus *bus, enum bus_side side, uint32_t routing, zmq_msg_t *frame, int64_t patience_us)
{
    void *socket = bus->sockets[side];
    int64_t until_us = 0;
    enum result result;

    bus->may_hold[side] = true;
    while ((result = send_routing(socket, routing)) == RESULT_BUSY)
        if (!wait_for_room(bus, socket, &until_us, patience_us))
            return RESULT_BUSY;
    return result == RESULT_OK ? send_rest(socket, frame) : result;
}

/* ---- connections that end */

void bus_cut(int file)
{
    if (file >= 0)
        (void)shutdown(file, SHUT_RDWR);        /* closing it is libzmq's business */
}

bool bus_gone(struct bus *bus, int *ret_file)
{
    zmq_msg_t event;
    int32_t value;

    must(zmq_msg_init(&event) == 0);
    if (zmq_msg_recv(&event, bus->monitor, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&event);
        return false;
    }
    bool good = zmq_msg_size(&event) == sizeof(uint16_t) + sizeof value;
    if (good)
        memcpy(&value, (const uint8_t *)zmq_msg_data(&event) + sizeof(uint16_t), sizeof value);
    if (zmq_msg_more(&event))
        (void)skip_parts(bus->monitor);
    zmq_msg_close(&event);
    *ret_file = good ? value : -1;
    return true;
}
