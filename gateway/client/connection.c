#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/client/inside.h"
#include "proto/batch.h"

enum { CURVE_OVERHEAD_BYTES = 64 };     /* MAXMSGSIZE counts the encrypted message: 33 bytes more */

static int64_t ping_interval_ms(const struct lienthong *lienthong)
{
    int64_t quarter_ms = lienthong->lease_ms / 4;
    return quarter_ms < 1 ? 1 : quarter_ms > PING_MS_MAX ? PING_MS_MAX : quarter_ms;
}

/* ---- what lives as long as the struct */

static bool poll_add(struct lienthong *lienthong, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };
    return epoll_ctl(lienthong->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

enum result connection_open(struct lienthong *lienthong)
{
    lienthong->epoll = epoll_create1(EPOLL_CLOEXEC);
    lienthong->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lienthong->context = lienthong->options.zmq_context;
    if (!lienthong->context) {
        lienthong->context = zmq_ctx_new();
        lienthong->own_context = true;
    }
    if (lienthong->epoll < 0 || lienthong->wake < 0 || !lienthong->context || !zmq_has("curve") ||
        !poll_add(lienthong, lienthong->wake))
        return RESULT_BROKEN;
    return RESULT_OK;
}

void connection_wake(struct lienthong *lienthong)
{
    const uint64_t one = 1;

    if (!lienthong->woken && write(lienthong->wake, &one, sizeof one) == sizeof one)
        lienthong->woken = true;
}

/* ---- one socket */

static void poll_remove(struct lienthong *lienthong, void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;

    if (socket && zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0)
        epoll_ctl(lienthong->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void socket_close(struct lienthong *lienthong, int linger_ms)
{
    poll_remove(lienthong, lienthong->socket);
    poll_remove(lienthong, lienthong->monitor);
    if (lienthong->socket) {
        zmq_setsockopt(lienthong->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_socket_monitor(lienthong->socket, NULL, 0);
        zmq_close(lienthong->socket);
    }
    if (lienthong->monitor)
        zmq_close(lienthong->monitor);
    lienthong->socket = lienthong->monitor = NULL;
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(struct lienthong *lienthong)
{
    void *socket = lienthong->socket;
    const struct lienthong_keys *keys = &lienthong->options.keys;
    int64_t frame_max = FRAME_BYTES_MAX + CURVE_OVERHEAD_BYTES;
    /* Answers to what we asked, and as many deliveries as we gave credit for: a receiver that is busy for a moment
     * must not look like one that is gone. */
    int receive_frames = PEER_QUEUE_FRAMES + (int)lienthong->credit + 256;

    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, SEND_QUEUE_FRAMES) &&
           set_int(socket, ZMQ_RCVHWM, receive_frames) &&
           set_int(socket, ZMQ_RECONNECT_IVL, -1) &&        /* a new connection is a new socket: see inside.h */
           set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_MS / 2) && set_int(socket, ZMQ_HANDSHAKE_IVL, CONNECT_MS / 2) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->gateway_public, LIENTHONG_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, lienthong->public_key, LIENTHONG_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, LIENTHONG_KEY_BYTES) == 0;
}

static bool watch(struct lienthong *lienthong, void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 && poll_add(lienthong, fd);
}

static bool open_monitor(struct lienthong *lienthong)
{
    char name[64];
    struct text text = text_of(name, sizeof name);
    int events = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    text_add(&text, "inproc://lienthong-%p-%llu", (void *)lienthong, (unsigned long long)lienthong->connection);
    if (zmq_socket_monitor(lienthong->socket, name, events) != 0)
        return false;
    lienthong->monitor = zmq_socket(lienthong->context, ZMQ_PAIR);
    return lienthong->monitor && set_int(lienthong->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(lienthong->monitor, name) == 0;
}

/* RESULT_INVALID: the endpoint is none. */
static enum result socket_open(struct lienthong *lienthong, int64_t now_ms)
{
    enum result result = RESULT_OK;

    lienthong->connection++;
    lienthong->socket = zmq_socket(lienthong->context, ZMQ_DEALER);
    if (!lienthong->socket || !set_options(lienthong) || !open_monitor(lienthong) ||
        !watch(lienthong, lienthong->socket) || !watch(lienthong, lienthong->monitor))
        result = RESULT_BROKEN;
    else if (zmq_connect(lienthong->socket, lienthong->endpoint) != 0)
        result = errno == EMFILE || errno == ENOMEM ? RESULT_BROKEN : RESULT_INVALID;
    if (result != RESULT_OK) {
        socket_close(lienthong, 0);
        return result;
    }
    lienthong->link = LINK_CONNECTING;
    lienthong->link_due_ms = now_ms + CONNECT_MS;
    lienthong->losing = lienthong->ended = lienthong->blocked = lienthong->refused = false;
    lienthong->hello_due = lienthong->ping_due = lienthong->credit_due = false;
    lienthong->ping_unheard_ms = 0;
    lienthong->credit_ping = 0;
    connection_wake(lienthong);             /* ZMQ_FD reports nothing before a first look has found nothing */
    return RESULT_OK;
}

/* ---- the end of one connection, and when the next one begins */

/* Soon at first, for a gateway that is only being started anew; then ever more rarely. */
static int64_t pause_after(uint32_t failures)
{
    uint32_t doubled = failures <= BACKOFF_FIRST ? failures
                     : failures <= BACKOFF_SOON ? BACKOFF_FIRST : failures - BACKOFF_SOON + BACKOFF_FIRST;
    int64_t pause_ms = doubled > 7 ? BACKOFF_MS_MAX : (int64_t)BACKOFF_MS_MIN << doubled;
    return pause_ms > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : pause_ms;
}

static void connection_down(struct lienthong *lienthong, int64_t now_ms)
{
    uint32_t failures = lienthong->failures++;

    if (lienthong->refused && failures < BACKOFF_REFUSED)
        failures = lienthong->failures = BACKOFF_REFUSED;       /* a refusal does not change within a blink */
    int64_t pause_ms = pause_after(failures);
    pause_ms += randombytes_uniform((uint32_t)pause_ms / 4 + 1);        /* not everybody at the same moment */
    socket_close(lienthong, 0);
    lienthong->link = LINK_DOWN;
    lienthong->link_due_ms = now_ms + pause_ms;
    lienthong->losing = lienthong->ended = false;
    keep_connection_lost(lienthong);
    request_connection_lost(lienthong);
}

void connection_lose(struct lienthong *lienthong)
{
    lienthong->losing = true;
    connection_wake(lienthong);
}

void connection_refused(struct lienthong *lienthong, const struct problem *problem)
{
    lienthong->refused = true;
    connection_lose(lienthong);
    if (lienthong->options.callbacks.on_refused)
        lienthong->options.callbacks.on_refused(lienthong->options.context, problem);
}

void connection_close(struct lienthong *lienthong)
{
    bool flush = lienthong->link == LINK_UP && !lienthong->losing && !lienthong->ended;

    socket_close(lienthong, flush ? LINGER_MS : 0);
    if (lienthong->own_context && lienthong->context)
        while (zmq_ctx_term(lienthong->context) != 0 && errno == EINTR)
            continue;
    if (lienthong->wake >= 0)
        close(lienthong->wake);
    if (lienthong->epoll >= 0)
        close(lienthong->epoll);
}

/* ---- what the monitor says */

static void handshake_failed(struct lienthong *lienthong, unsigned event)
{
    struct problem problem;

    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        problem_set(&problem, PROBLEM_NOT_ALLOWED, "",
                    "Cổng không nhận khóa của đơn vị này: kiểm tra tệp khóa, hoặc nhờ quản trị cổng thêm khóa "
                    "công khai.",
                    "The gateway does not take this agency's key: check the key file, or have its public key added.");
    else if (lienthong->failures > 0)                   /* once is a gateway that was just being stopped */
        problem_set(&problem, PROBLEM_NOT_ALLOWED, "",
                    "Bắt tay mã hóa với cổng không thành: khóa công khai của cổng có thể không đúng, hoặc đây "
                    "không phải cổng.",
                    "The encrypted handshake failed: perhaps the gateway's public key is not the right one, or this is "
                    "no gateway.");
    else {
        connection_lose(lienthong);
        return;
    }
    connection_refused(lienthong, &problem);
}

/* One event is two parts: number and value, then the address. False: no more for now. */
static bool read_event(void *monitor, unsigned *ret_event)
{
    zmq_msg_t part;
    uint16_t event = 0;
    int more = 1;

    for (int index = 0; more; index++) {
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, monitor, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return false;
        }
        if (index == 0 && zmq_msg_size(&part) >= sizeof event)
            memcpy(&event, zmq_msg_data(&part), sizeof event);
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    *ret_event = event;
    return true;
}

void connection_events(struct lienthong *lienthong, int64_t now_ms)
{
    unsigned event;

    while (lienthong->monitor && read_event(lienthong->monitor, &event)) {
        if (lienthong->losing)
            continue;
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED && lienthong->link == LINK_CONNECTING) {
            lienthong->link = LINK_GREETING;
            lienthong->link_due_ms = now_ms + CONNECT_MS;
            lienthong->hello_due = true;
        } else if (event & (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH))
            handshake_failed(lienthong, event);
        else if (event & (ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED))
            lienthong->ended = true;                    /* what came before is still in the queue: read it first */
    }
}

/* ---- sending */

bool connection_up(const struct lienthong *lienthong)
{
    return lienthong->link == LINK_UP && !lienthong->losing && !lienthong->ended && !lienthong->blocked;
}

/* Takes the frame when it returns true, leaves it otherwise. */
static bool socket_send(struct lienthong *lienthong, zmq_msg_t *frame)
{
    if (!lienthong->socket || lienthong->losing || lienthong->ended || lienthong->blocked)
        return false;
    if (zmq_msg_send(frame, lienthong->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    if (errno == EAGAIN)
        lienthong->blocked = true;
    else if (errno != EINTR)
        connection_lose(lienthong);
    else
        connection_wake(lienthong);
    return false;
}

bool connection_send(struct lienthong *lienthong, zmq_msg_t *frame)
{
    zmq_msg_t copy;

    zmq_msg_init(&copy);
    if (zmq_msg_copy(&copy, frame) == 0 && socket_send(lienthong, &copy))
        return true;
    zmq_msg_close(&copy);
    return false;
}

/* How many of them make up one frame, and what they share in it. */
static size_t fill(const struct lienthong *lienthong, const struct list *list, size_t most, size_t *ret_bytes)
{
    size_t count = 0, bytes = 0;

    most = most < lienthong->batch ? most : lienthong->batch;
    for (const struct node *node = list->first; node && count < most; node = node->next, count++) {
        size_t size = zmq_msg_size(&((const struct request *)node)->frame);
        if (!size || batch_size(bytes + batch_share(size)) > BATCH_BYTES_MAX)
            break;
        bytes += batch_share(size);
    }
    *ret_bytes = bytes;
    return count;
}

size_t connection_send_first(struct lienthong *lienthong, const struct list *list, size_t most)
{
    struct request *request = (struct request *)list->first;
    zmq_msg_t frame;
    size_t bytes, count = fill(lienthong, list, most, &bytes);

    if (count <= 1 || batch_size(bytes) > lienthong->frame_bytes_max)
        return request && most && zmq_msg_size(&request->frame) && connection_send(lienthong, &request->frame) ? 1 : 0;
    if (lienthong->blocked || zmq_msg_init_size(&frame, batch_size(bytes)) != 0)
        return 0;
    uint8_t *at = batch_begin(zmq_msg_data(&frame), bytes);
    for (size_t i = 0; i < count; i++, request = (struct request *)request->node.next)
        at = batch_add(at, span_of(zmq_msg_data(&request->frame), zmq_msg_size(&request->frame)));
    if (socket_send(lienthong, &frame))
        return count;
    zmq_msg_close(&frame);
    return 0;
}

bool connection_say(struct lienthong *lienthong, Lienthong__V1__Envelope *envelope)
{
    zmq_msg_t frame;

    if (frame_pack(envelope, &frame) != RESULT_OK)
        return false;
    if (socket_send(lienthong, &frame))
        return true;
    zmq_msg_close(&frame);
    return false;
}

static bool say_hello(struct lienthong *lienthong)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Hello hello = LIENTHONG__V1__HELLO__INIT;
    uint32_t kinds[KIND_END];

    hello.protocol = PROTOCOL;
    hello.roles = lienthong->options.roles;
    hello.kinds = kinds;
    for (uint32_t kind = 1; kind < KIND_END; kind++)
        if (lienthong->options.kinds & KIND_BIT(kind))
            kinds[hello.n_kinds++] = kind;
    hello.credit = lienthong->options.roles & ROLE_RECEIVER ? lienthong->credit : 0;
    hello.batch = BATCH_FRAMES_MAX;
    hello.agency = lienthong->agency;
    hello.software = lienthong->software;
    envelope.correlation = lienthong->hello_correlation = ++lienthong->last_correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_HELLO;
    envelope.hello = &hello;
    lienthong->hello_boot_ms = clock_boot_ms();
    return connection_say(lienthong, &envelope);
}

static bool say_ping(struct lienthong *lienthong, uint64_t correlation, int64_t now_ms)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Ping ping = LIENTHONG__V1__PING__INIT;

    ping.stamp_ms = clock_boot_ms();
    envelope.correlation = correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_PING;
    envelope.ping = &ping;
    if (!connection_say(lienthong, &envelope))
        return false;
    lienthong->ping_due_ms = now_ms + ping_interval_ms(lienthong);
    if (!lienthong->ping_unheard_ms)
        lienthong->ping_unheard_ms = now_ms;
    return true;
}

/* With a PING behind it: when that is answered, everything has come that was offered for the credit before. */
static bool say_credit(struct lienthong *lienthong, int64_t now_ms)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Credit credit = LIENTHONG__V1__CREDIT__INIT;

    credit.credit = lienthong->credit;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_CREDIT;
    envelope.credit = &credit;
    lienthong->credit_ping = ++lienthong->last_correlation;
    return connection_say(lienthong, &envelope) && say_ping(lienthong, lienthong->credit_ping, now_ms);
}

/* Everything that waits to be sent, the small and urgent first. */
void connection_pump(struct lienthong *lienthong)
{
    int64_t now_ms = clock_monotonic_ms();

    if (lienthong->hello_due)
        lienthong->hello_due = !say_hello(lienthong);
    if (!connection_up(lienthong))
        return;
    if (lienthong->ping_due)
        lienthong->ping_due = !say_ping(lienthong, 0, now_ms);
    if (lienthong->credit_due)
        lienthong->credit_due = !say_credit(lienthong, now_ms);
    request_pump(lienthong, now_ms);
    following_pump(lienthong, now_ms);
    sending_pump(lienthong, now_ms);
}

void connection_settle(struct lienthong *lienthong)
{
    int events = 0;
    size_t size = sizeof events;

    if (lienthong->processing)
        return;                                         /* lienthong_process() ends with this */
    connection_pump(lienthong);
    /* Sending swallows the edge of ZMQ_FD. */
    if (lienthong->socket && !lienthong->woken &&
        zmq_getsockopt(lienthong->socket, ZMQ_EVENTS, &events, &size) == 0 &&
        (events & ZMQ_POLLIN || (lienthong->blocked && events & ZMQ_POLLOUT)))
        connection_wake(lienthong);
}

void connection_settle_soon(struct lienthong *lienthong, size_t waiting, size_t open)
{
    if (lienthong->batch > 1 && connection_up(lienthong) && open && waiting < GATHER_MAX && !lienthong->processing)
        connection_wake(lienthong);
    else
        connection_settle(lienthong);
}

/* ---- time */

void connection_welcome(struct lienthong *lienthong, const Lienthong__V1__Welcome *welcome, int64_t now_ms)
{
    bool new_epoch = lienthong->welcomed && welcome->epoch != lienthong->epoch;
    struct text code = text_of(lienthong->own_code, sizeof lienthong->own_code);
    struct text gateway = text_of(lienthong->gateway, sizeof lienthong->gateway);

    text_add(&code, "%s", welcome->agency);
    text_add(&gateway, "%s", welcome->gateway);
    lienthong->link = LINK_UP;
    lienthong->failures = 0;
    lienthong->ping_due = true;                         /* the first stamp, before the first offers */
    lienthong->ping_due_ms = now_ms + ping_interval_ms(lienthong);
    lienthong->epoch = welcome->epoch;
    lienthong->lease_ms = welcome->lease_ms ? welcome->lease_ms : lienthong->lease_ms;
    lienthong->window = welcome->submit_window < 1 ? 1
                      : welcome->submit_window > WINDOW_MAX ? WINDOW_MAX : welcome->submit_window;
    lienthong->window_now = lienthong->holding.type == PROBLEM_NONE ? lienthong->window : 1;
    lienthong->batch = welcome->batch < BATCH_FRAMES_MAX ? welcome->batch : BATCH_FRAMES_MAX;
    if (welcome->frame_bytes_max && welcome->frame_bytes_max < FRAME_BYTES_MAX)
        lienthong->frame_bytes_max = welcome->frame_bytes_max;
    if (welcome->body_bytes_max && welcome->body_bytes_max < FRAME_BYTES_MAX)
        lienthong->body_bytes_max = welcome->body_bytes_max;
    if (new_epoch || !lienthong->welcomed)
        lienthong->covered_seq = 0;
    lienthong->welcomed = true;
    keep_epoch(lienthong);
    keep_covered(lienthong, welcome->covered_seq);
    following_welcome(lienthong, new_epoch);
    if (lienthong->options.callbacks.on_welcome)
        lienthong->options.callbacks.on_welcome(lienthong->options.context, welcome);
}

static bool is_silent(const struct lienthong *lienthong, int64_t now_ms)
{
    const struct message *oldest = (const struct message *)lienthong->sent.first;

    return (lienthong->ping_unheard_ms &&
            now_ms - lienthong->ping_unheard_ms >= SILENT_PINGS * ping_interval_ms(lienthong)) ||
           (oldest && now_ms - oldest->sent_ms >= ANSWER_MS);
}

void connection_turn(struct lienthong *lienthong, int64_t now_ms)
{
    bool up = lienthong->link == LINK_UP;

    if (lienthong->losing || lienthong->ended || (up && is_silent(lienthong, now_ms)) ||
        ((lienthong->link == LINK_CONNECTING || lienthong->link == LINK_GREETING) && now_ms >= lienthong->link_due_ms))
        connection_down(lienthong, now_ms);
    else if (up && now_ms >= lienthong->ping_due_ms)
        lienthong->ping_due = true;
    if (lienthong->link == LINK_DOWN && now_ms >= lienthong->link_due_ms) {
        enum result result = socket_open(lienthong, now_ms);
        if (result != RESULT_OK && lienthong->connection_made)
            connection_down(lienthong, now_ms);     /* no descriptors, no memory: that passes, and what we hold stays */
        else if (result != RESULT_OK)
            lienthong->broken = result;
        else
            lienthong->connection_made = true;
    }
}

int64_t connection_due_ms(const struct lienthong *lienthong)
{
    int64_t due_ms = lienthong->link_due_ms;

    if (lienthong->link == LINK_UP) {
        due_ms = lienthong->ping_due_ms;
        int64_t silent_ms = lienthong->ping_unheard_ms + SILENT_PINGS * ping_interval_ms(lienthong);
        if (lienthong->ping_unheard_ms && silent_ms < due_ms)
            due_ms = silent_ms;
    }
    return due_ms;
}
