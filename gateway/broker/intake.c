/* intake.c - frames become commands, or are answered on the spot.
 *
 * A session's own business (HELLO, CREDIT, PING, FOLLOW) changes nothing on disk and is done here. All else goes to the
 * core in the order in which it came. What is no frame, or comes from somebody who has not said HELLO, is refused
 * without leaving a trace in memory. */
#include <string.h>

#include "gateway/broker/broker.h"
#include "proto/batch.h"

enum {
    MINUTE_MS = 60 * 1000, FRAMES_PER_TURN = 2 * TURN_COMMANDS_MAX,
    NONSENSE_BYTES_MAX = WASTE_BYTES,   /* a larger frame that says nothing ends its connection ... */
    NONSENSE_HANDSHAKES = 20,           /* ... and counts as so many handshakes of its key */
};

bool loudness_may(struct broker *broker, struct loudness *loudness, uint32_t per_minute)
{
    if (broker->steady_ms - loudness->begin_ms >= MINUTE_MS) {
        if (loudness->silent)
            log_event(LOG_WARN, "not-logged", "count=%u why=%s", loudness->silent,
                      log_quoted("more lines of one kind in a minute than are useful"));
        *loudness = (struct loudness){ .begin_ms = broker->steady_ms };
    }
    bool may = loudness->said < per_minute;
    loudness->said += may;
    loudness->silent += !may;
    return may;
}

void complain(struct broker *broker, const char *event, const char *agency, const char *why)
{
    if (loudness_may(broker, &broker->refusals, REFUSALS_PER_MINUTE))
        log_event(LOG_WARN, event, "agency=%s why=%s", agency, log_quoted(why));
}

static void refuse(struct broker *broker, const struct peer *peer, enum bus_side side,
                   const struct frame_refusal *refusal, const char *agency)
{
    complain(broker, "refused", agency, problem_word(refusal->problem.type));
    if (!peer->foreign_routing)
        speak_refused(broker, side, peer->routing, refusal);
}

#define REFUSE(type, field, ...)                                                                       \
    do {                                                                                               \
        struct frame_refusal refusal_ = { .correlation = broker->frame.correlation };                  \
        problem_set(&refusal_.problem, type, field, __VA_ARGS__);                                      \
        refuse(broker, peer, BUS_AGENCIES, &refusal_, agency);                                         \
    } while (0)

/* ---- HELLO */

static bool hello_is_good(struct broker *broker, const struct peer *peer, const struct agency *holder, uint32_t roles)
{
    const struct hello *hello = &broker->frame.hello;
    const char *agency = holder->code;

    if (hello->protocol != WIRE_VERSION) {
        REFUSE(PROBLEM_VERSION, "hello.protocol", "phiên bản giao thức %u không được hỗ trợ, hãy dùng %d",
               "protocol version %u is not spoken here, use %d", hello->protocol, WIRE_VERSION);
        return false;
    }
    if (hello->agency[0] && tables_agency(broker->tables, hello->agency) != holder) {
        REFUSE(PROBLEM_FOREIGN_SENDER, "hello.agency", "khóa này là của cơ quan %s, không phải của %s",
               "this key is that of agency %s, not of %s", holder->code, hello->agency);
        return false;
    }
    if (!hello->roles) {
        REFUSE(PROBLEM_INVALID_FIELD, "hello.roles", "phải nêu vai trò: 1 gửi, 2 nhận, 3 cả hai",
               "state a role: 1 sender, 2 receiver, 3 both");
        return false;
    }
    if (hello->roles & ~(roles & (ROLE_SENDER | ROLE_RECEIVER))) {
        REFUSE(PROBLEM_NOT_ALLOWED, "hello.roles", "khóa này không được phép giữ vai trò %u (được phép: %u)",
               "this key may not have the roles %u (allowed: %u)", hello->roles, roles);
        return false;
    }
    return true;
}

static void welcome(struct broker *broker, struct session *session, const struct agency *holder)
{
    struct wire_out out;
    struct welcome words = {
        .agency = holder->code, .gateway = broker->tables->gateway, .epoch = broker->epoch,
        .submit_window = broker->tables->submit_window, .lease_ms = broker->tables->lease_ms,
        .now_ms = broker->now_ms, .covered_seq = broker->covered_seq,
    };
    wire_welcome(&words, broker->frame.correlation, &out);
    speak_to(broker, session, &out);
}

static void session_fill(struct session *session, const struct peer *peer, const struct hello *hello,
                         const uint8_t key[CURVE_KEY_SIZE])
{
    memcpy(session->key, key, CURVE_KEY_SIZE);
    memcpy(session->key_text, peer->key_text, strnlen(peer->key_text, KEY_TEXT_SIZE - 1));
    session->roles = hello->roles;
    session->kinds = hello->kinds;
    session->batch = hello->batch;
    session->credit = hello->roles & ROLE_RECEIVER ? hello->credit : 0;
}

static void take_hello(struct broker *broker, const struct peer *peer, const struct agency *holder, uint32_t roles,
                       const uint8_t key[CURVE_KEY_SIZE])
{
    const char *agency = holder->code;
    uint32_t number = broker->numbers[holder - broker->tables->agencies];

    sessions_gone(broker);                              /* before a descriptor is taken for the new connection's */
    struct session *before = session_of_routing(&broker->sessions, peer->routing);
    if (before)
        session_drop(broker, before, "a new HELLO on the same connection");
    if (!hello_is_good(broker, peer, holder, roles))
        return;
    struct recipient *recipient = recipient_make(&broker->offers, number, holder, broker->now_ms);
    struct session *session = NULL;
    if (recipient && recipient->session_count < broker->options.sessions_per_agency_max)
        session = session_begin(&broker->sessions, peer->routing, peer->file, broker->steady_ms);
    if (!session) {
        REFUSE(PROBLEM_BUSY, "", "cổng đang có quá nhiều phiên, hãy thử lại sau",
               "too many sessions just now, try again later");
        return;
    }
    session_fill(session, peer, &broker->frame.hello, key);
    recipient_join(&broker->offers, recipient, session);
    offers_session_ready(&broker->offers, session);
    if (loudness_may(broker, &broker->comings, COMINGS_PER_MINUTE))
        log_event(LOG_INFO, "session", "agency=%s session=%llu roles=%u credit=%u software=%s", holder->code,
                  (unsigned long long)session->number, session->roles, session->credit,
                  log_quoted(broker->frame.hello.software));
    welcome(broker, session, holder);
}

/* ---- what a session says of itself */

static void take_ping(struct broker *broker, struct session *session)
{
    struct wire_out out;
    session->stamp_ms = broker->frame.stamp_ms;
    wire_pong(session->stamp_ms, broker->covered_seq, broker->frame.correlation, &out);
    speak_to(broker, session, &out);
}

static void take_own(struct broker *broker, const struct peer *peer, struct session *session, const char *agency)
{
    switch (broker->frame.kind) {
    case FRAME_CREDIT:
        if (session->roles & ROLE_RECEIVER) {
            session->credit = broker->frame.credit;
            offers_session_ready(&broker->offers, session);
        } else {
            REFUSE(PROBLEM_NOT_ALLOWED, "", "CREDIT chỉ dành cho phiên nhận", "CREDIT is for receivers");
        }
        return;
    case FRAME_PING:
        take_ping(broker, session);
        return;
    default:
        if (session->roles & ROLE_SENDER) {
            follow_begin(&session->follow, broker->frame.follow_from);
            offers_session_feed(&broker->offers, session);
        } else {
            REFUSE(PROBLEM_NOT_ALLOWED, "", "FOLLOW chỉ dành cho phiên gửi", "FOLLOW is for senders");
        }
    }
}

/* ---- commands */

/* What a session may ask the core for. CURSOR and TRACK are anybody's. */
static uint32_t role_for(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_SUBMIT: case COMMAND_NOTICE_ACK:
        return ROLE_SENDER;
    case COMMAND_OUTCOME: case COMMAND_CHECKPOINT:
        return ROLE_RECEIVER;
    default:
        return 0;
    }
}

static struct frame_refusal refusal_of_command(const struct command *command)
{
    struct frame_refusal refusal = { .correlation = command->correlation };
    if (command->kind == COMMAND_SUBMIT) {
        refusal.has_message_id = command->submit.has_message_id;
        refusal.message_id = command->submit.message_id;
    }
    return refusal;
}

/* False: refused. */
static bool command_is_allowed(struct broker *broker, const struct peer *peer, struct session *session,
                               const char *agency)
{
    const struct command *command = &broker->frame.command;
    uint32_t role = role_for(command->kind);

    if (role && !(session->roles & role)) {
        struct frame_refusal refusal = refusal_of_command(command);
        problem_set(&refusal.problem, PROBLEM_NOT_ALLOWED, "", "phiên này không có vai trò %s",
                    "this session does not have the role of %s", role == ROLE_SENDER ? "sender" : "receiver");
        refuse(broker, peer, BUS_AGENCIES, &refusal, agency);
        return false;
    }
    if (command->kind == COMMAND_SUBMIT && session->submits >= broker->tables->submit_window) {
        struct frame_refusal refusal = refusal_of_command(command);
        problem_set(&refusal.problem, PROBLEM_BUSY, "", "quá %u SUBMIT chưa được trả lời trong một phiên",
                    "more than %u SUBMITs of one session without an answer", broker->tables->submit_window);
        refuse(broker, peer, BUS_AGENCIES, &refusal, agency);
        return false;
    }
    return true;
}

/* Nobody waits for this one alone, and its session has as much under way again, to be busy with meanwhile. */
static bool is_in_bulk(const struct broker *broker, const struct session *session, const struct command *command)
{
    if (!session_in_bulk(session, broker->steady_ms))
        return false;
    return command->kind == COMMAND_SUBMIT ? session->submits * 2 <= broker->tables->submit_window
           : command->kind == COMMAND_OUTCOME && session->outcomes * 2 <= session->open;
}

/* Nobody waits for it at all: an acknowledgement has no answer, and there is room for more notices. */
static bool is_lazy(const struct session *session, const struct command *command)
{
    return command->kind == COMMAND_NOTICE_ACK && session->follow.open_count < NOTICE_WINDOW / 2;
}

/* How long the turn may wait for more. */
static void hurry_or_wait(struct broker *broker, struct session *session, const struct command *command)
{
    if (is_lazy(session, command))
        return;
    session_pace(session, broker->steady_ms);           /* of what is waited for: an acknowledgement is no pace */
    if (!session_in_bulk(session, broker->steady_ms)) {
        broker->waiter_ms = broker->steady_ms;
        broker->waiter_us = bus_now_us();
    }
    if (command->kind == COMMAND_SUBMIT && !session_in_bulk(session, broker->steady_ms)) {
        broker->asker_ms = broker->steady_ms;
        broker->asker = session->number;
    }
    bool bulk = is_in_bulk(broker, session, command);
    int64_t until_us = bus_now_us() + GATHER_US;

    broker->gather_until_us = until_us < broker->gather_until_us ? until_us : broker->gather_until_us;
    broker->hurry |= !bulk;
}

static void take_command(struct broker *broker, struct session *session, const struct agency *holder, size_t bytes)
{
    struct command *command = order_put(&broker->order, bytes);
    command_copy(command, &broker->frame.command);
    command->session = session->number;
    command->agency = holder;
    if (command->kind == COMMAND_SUBMIT)
        session->submits++;
    if (command->kind == COMMAND_OUTCOME)
        session->outcomes++;
    if (command->kind == COMMAND_NOTICE_ACK) {
        follow_acknowledged(&session->follow, command->acknowledged);
        if (session->follow.woken)                          /* else everything has been given */
            offers_session_feed(&broker->offers, session);
    }
    hurry_or_wait(broker, session, command);
}

/* ---- one frame of an agency */

/* The session that the frame belongs to, and the key. False: nobody to speak of. */
static bool find_session(struct broker *broker, const struct peer *peer, uint8_t ret_key[CURVE_KEY_SIZE],
                         struct session **ret_session)
{
    *ret_session = peer->foreign_routing ? NULL : session_of_routing(&broker->sessions, peer->routing);
    if (*ret_session && peer->key_text && strcmp((*ret_session)->key_text, peer->key_text) == 0) {
        memcpy(ret_key, (*ret_session)->key, CURVE_KEY_SIZE);
        return true;
    }
    if (peer->foreign_routing || !peer->key_text || strlen(peer->key_text) != KEY_TEXT_SIZE - 1 ||
        !zmq_z85_decode(ret_key, peer->key_text)) {
        complain(broker, "bad-peer", "?", peer->foreign_routing ? "it set a routing id of its own" : "no key");
        return false;
    }
    if (*ret_session && memcmp((*ret_session)->key, ret_key, CURVE_KEY_SIZE) != 0) {
        session_drop(broker, *ret_session, "another key on the same connection");
        *ret_session = NULL;
    }
    return true;
}

static void refuse_frame(struct broker *broker, const struct peer *peer, const char *agency, enum problem_type type,
                         const char *vi, const char *en)
{
    struct frame_refusal refusal = { .correlation = broker->frame.correlation };
    if (broker->frame.kind == FRAME_COMMAND)
        refusal = refusal_of_command(&broker->frame.command);
    problem_set(&refusal.problem, type, "", "%s%.0s", "%.0s%s", vi, en);
    refuse(broker, peer, BUS_AGENCIES, &refusal, agency);
}

/* Opening a large frame costs libzmq's thread milliseconds, and everybody waits for them. Nobody who speaks the
 * protocol sends one that is no message, or before HELLO: he is not answered but cut off, and cannot come back at
 * will. */
static bool is_flood(const struct broker *broker, const struct session *session, bool good,
                     const struct frame_refusal *refusal, size_t bytes)
{
    bool nonsense = !good && refusal->problem.type == PROBLEM_MALFORMED;
    return bytes > NONSENSE_BYTES_MAX && (nonsense || !session) && !(good && broker->frame.kind == FRAME_HELLO);
}

void intake_cut_off(struct broker *broker, int file, const struct agency *holder, struct session *session,
                    const uint8_t key[CURVE_KEY_SIZE], const char *why)
{
    complain(broker, "bad-peer", holder->code, why);
    zap_charge(&broker->bus.zap, holder, key, broker->now_ms, NONSENSE_HANDSHAKES);
    if (session)
        session_drop(broker, session, why);
    bus_cut(file);
}

/* True: it became a command, which points into it. */
static bool take_agency_frame(struct broker *broker, const struct peer *peer, struct span bytes)
{
    struct frame_refusal refusal;               /* wire_read() sees to it */
    uint8_t key[CURVE_KEY_SIZE];
    struct session *session;
    uint32_t roles;

    if (!find_session(broker, peer, key, &session))
        return false;
    bool good = wire_read(bytes, false, &broker->frames_arena, &broker->frame, &refusal);
    const struct agency *holder = session ? session_holder(broker, session, &roles) : key_holder(broker, key, &roles);
    if (!holder || (session && session->roles & ~roles)) {
        refuse_frame(broker, peer, "?", PROBLEM_NOT_ALLOWED, "khóa của kết nối này không còn hiệu lực",
                     "the key of this connection is not in force");
        session = session_of_routing(&broker->sessions, peer->routing);     /* it may have ended by being refused */
        if (session)
            session_drop(broker, session, "its key is not in force");
        return false;
    }
    if (is_flood(broker, session, good, &refusal, bytes.size)) {
        intake_cut_off(broker, peer->file, holder, session, key, "a large frame that says nothing");
        return false;
    }
    if (session)
        session->heard_ms = broker->steady_ms;
    if (peer->many_parts)
        refuse_frame(broker, peer, holder->code, PROBLEM_MALFORMED, "khung phải là một phần duy nhất",
                     "a frame is a message of one part");
    else if (!good)
        refuse(broker, peer, BUS_AGENCIES, &refusal, holder->code);
    else if (broker->frame.kind == FRAME_HELLO)
        take_hello(broker, peer, holder, roles, key);
    else if (!session)
        refuse_frame(broker, peer, holder->code, PROBLEM_NO_HELLO, "phải gửi HELLO trước", "HELLO must come first");
    else if (broker->frame.kind == FRAME_BATCH)
        refuse_frame(broker, peer, holder->code, PROBLEM_TOO_LARGE, "BATCH quá nhiều khung, hoặc nằm trong BATCH khác",
                     "a BATCH of too many frames, or inside another one");
    else if (broker->frame.kind != FRAME_COMMAND)
        take_own(broker, peer, session, holder->code);
    else if (command_is_allowed(broker, peer, session, holder->code)) {
        take_command(broker, session, holder, bytes.size);
        return true;
    }
    return false;
}

/* ---- one frame of an operator */

static bool take_admin_frame(struct broker *broker, const struct peer *peer, struct span bytes)
{
    struct frame_refusal refusal = { 0 };

    if (peer->foreign_routing)
        return false;
    if (!peer->has_uid || peer->many_parts) {
        problem_set(&refusal.problem, peer->many_parts ? PROBLEM_MALFORMED : PROBLEM_NOT_ALLOWED, "",
                    "không rõ ai đang gửi, hoặc khung không phải một phần",
                    "it is not known who asks, or the frame has more than one part");
        refuse(broker, peer, BUS_ADMIN, &refusal, "admin");
        return false;
    }
    if (!wire_read(bytes, true, &broker->frames_arena, &broker->frame, &refusal)) {
        refuse(broker, peer, BUS_ADMIN, &refusal, "admin");
        return false;
    }
    struct command *command = order_put(&broker->order, bytes.size);
    command_copy(command, &broker->frame.command);
    broker->hurry = true;
    command->session = ADMIN_SESSION | peer->routing;
    command->admin.uid = peer->uid;
    return true;
}

/* ---- a turn's worth */

/* Whether one more frame of so many bytes fits into this turn; the first one always does. Turns are short while
 * somebody asks one by one: he waits for the one that is being made, and for his own. */
static bool has_room(const struct broker *broker, size_t bytes)
{
    if (broker->order.count >= WAITED_COMMANDS && turn_has_waiter(broker))
        return false;
    return order_has_room(&broker->order, bytes) && arena_room(&broker->frames_arena) >= bytes + WIRE_EXTRA_BYTES;
}

/* What a frame takes of the arena stays only when it became a command. */
static bool take_one(struct broker *broker, enum bus_side side, const struct peer *peer, struct span bytes)
{
    size_t used = broker->frames_arena.used;
    bool command = side == BUS_ADMIN ? take_admin_frame(broker, peer, bytes) : take_agency_frame(broker, peer, bytes);
    if (!command)
        broker->frames_arena.used = used;
    return command;
}

static struct session *of_peer(struct broker *broker, const struct peer *peer)
{
    return peer->foreign_routing ? NULL : session_of_routing(&broker->sessions, peer->routing);
}

/* The frames in a BATCH, from *done on, as if each had come alone; only who has said HELLO may send one. False: the
 * turn is full; *done says how far it went. */
static bool take_batch(struct broker *broker, const struct peer *peer, struct batch *batch, uint32_t *done,
                       unsigned *budget, bool *ret_commands)
{
    struct span bytes;
    bool commands = false, fits = true;

    for (uint32_t i = 0; i < *done; i++)
        must(batch_next(batch, &bytes));
    while (batch_next(batch, &bytes) && (fits = *budget && has_room(broker, bytes.size))) {
        commands |= take_one(broker, BUS_AGENCIES, peer, bytes);
        --*budget;
        ++*done;
    }
    *ret_commands = commands;
    return fits;
}

/* Takes the frame that was read into this place. Commands point into it where it lies until they are done: a short one
 * lies in the zmq_msg_t itself. False: it, or the rest of it, does not fit into this turn any more and was kept. */
static bool take(struct broker *broker, enum bus_side side, const struct peer *peer, zmq_msg_t *place, uint32_t *done,
                 unsigned *budget)
{
    struct span bytes = span_of(zmq_msg_data(place), zmq_msg_size(place));
    const struct session *session = side == BUS_AGENCIES ? of_peer(broker, peer) : NULL;
    bool commands = false, fits;
    struct batch batch;

    if (session && !peer->many_parts && batch_open(bytes, &batch) == BATCH_GOOD && batch.left <= BATCH_TAKEN_MAX) {
        fits = take_batch(broker, peer, &batch, done, budget, &commands);
    } else {
        fits = has_room(broker, bytes.size);
        *budget -= fits;
        commands = fits && take_one(broker, side, peer, bytes);
    }
    if (!fits)
        must(zmq_msg_init(&broker->kept) == 0 && zmq_msg_copy(&broker->kept, place) == 0);
    if (commands)
        broker->frames_count++;
    else
        zmq_msg_close(place);
    return fits;
}

/* False: the turn is full, or no frame is there. */
static bool read_one(struct broker *broker, enum bus_side side, unsigned *budget)
{
    zmq_msg_t *place = &broker->frames[broker->frames_count];
    uint32_t done = 0;
    struct peer peer;

    must(zmq_msg_init(place) == 0);
    if (!bus_read(&broker->bus, side, place, &peer)) {
        zmq_msg_close(place);
        return false;
    }
    if (take(broker, side, &peer, place, &done, budget))
        return true;
    broker->kept_peer = peer;
    broker->kept_peer.key_text = zmq_msg_gets(&broker->kept, "User-Id");
    broker->kept_side = side;
    broker->kept_done = done;
    broker->has_kept = true;
    return false;
}

/* What did not fit into the turn before. */
static void take_kept(struct broker *broker, unsigned *budget)
{
    zmq_msg_t *place = &broker->frames[broker->frames_count];

    must(zmq_msg_init(place) == 0 && zmq_msg_move(place, &broker->kept) == 0);
    zmq_msg_close(&broker->kept);
    broker->has_kept = !take(broker, broker->kept_side, &broker->kept_peer, place, &broker->kept_done, budget);
}

void intake_read(struct broker *broker)
{
    unsigned budget = FRAMES_PER_TURN;              /* also of those that become no command */

    must(!broker->order.agreed || order_is_empty(&broker->order));
    if (order_is_empty(&broker->order)) {
        intake_forget(broker);
        broker->hurry = false;
        broker->gather_until_us = bus_now_us() + GATHER_LAZY_US;
    }
    blobs_hear(broker);
    if (broker->has_kept)
        take_kept(broker, &budget);
    while (budget && !broker->has_kept && broker->heard.frames[BUS_ADMIN] && read_one(broker, BUS_ADMIN, &budget))
        continue;
    while (budget && !broker->has_kept && broker->heard.frames[BUS_AGENCIES] &&
           broker->order.count < TURN_COMMANDS_MAX && read_one(broker, BUS_AGENCIES, &budget))
        continue;
}

void intake_forget(struct broker *broker)
{
    for (uint32_t i = 0; i < broker->frames_count; i++)
        zmq_msg_close(&broker->frames[i]);
    broker->frames_count = 0;
    arena_reset(&broker->frames_arena);
    order_reset(&broker->order);
}
