/* broker.h - what lienthongd is made of, for the files that put it together: start, intake, turn, speak, admin, reload,
 * loop. Everything else in this folder knows only its own part.
 *
 * All memory is taken at start; the loop's thread is the only one that touches it.
 */
#ifndef GATEWAY_BROKER_BROKER_H
#define GATEWAY_BROKER_BROKER_H

#include "gateway/broker/blobs.h"
#include "gateway/broker/bus.h"
#include "gateway/broker/gateway_time.h"
#include "gateway/broker/offers.h"
#include "gateway/broker/options.h"
#include "gateway/broker/order.h"
#include "gateway/broker/speech.h"
#include "gateway/core/core.h"
#include "gateway/core/verb.h"
#include "gateway/directory/directory.h"
#include "gateway/store/store.h"
#include "gateway/wire/wire.h"

enum {
    UNSENT_MAX = PLAN_MAX * PLAN_MOST_MAX, UNSENT_PER_TURN = 64, LOST_PER_TURN = 16, REVOKED_MAX = 64,
    FRAMES_ARENA_BYTES = 8 << 20, WORDS_ARENA_BYTES = 1 << 20,
    WAITED_BODY_BYTES = BODY_BYTES_MAX,         /* bodies given out in one turn while somebody waits, ... */
    WAITED_COMMANDS = TURN_COMMANDS_MAX / 8,    /* ... and commands taken into it */
    GATHER_US = 4000, GATHER_LAZY_US = 20000, GATHER_COMMANDS = TURN_COMMANDS_MAX * 3 / 4,
    WASTE_BYTES = 64 << 10, WASTE_PER_TURN = TURN_COMMAND_BYTES_MAX / WASTE_BYTES,
    BACKUP_PAUSE_MS = 6 * 60 * 60 * 1000, REFUSALS_PER_MINUTE = 30, COMINGS_PER_MINUTE = 600,
};

/* A DELIVER that could not be handed to its connection: nobody acted on it, and the core is told so. */
struct unsent {
    uint64_t session, handoff;
    uint32_t attempt, agency;
};

/* What one turn did, as far as memory has to follow it once it is committed. Written inside the turn, thrown away when
 * the turn is. */
struct turn_notes {
    uint32_t unsent, lost, commands, give_backs;
    bool     lost_again;                        /* the last one of `lost` has more to take back */
    struct mark { uint32_t effect; enum verb verb; uint32_t uid; } admin[TURN_COMMANDS_MAX];
    uint32_t admin_count;
    struct waste { uint64_t session; size_t bytes; } waste[WASTE_PER_TURN];     /* large SUBMITs refused for good */
    uint32_t waste_count;
};

/* Lines that peers can cause at will: so many a minute, then only their number. */
struct loudness { int64_t begin_ms; uint32_t said, silent; };

struct broker {
    struct options options;
    const char *options_path;
    struct store *store;
    struct directory *directory;
    const struct tables *tables;                /* in force */
    uint32_t *numbers;                          /* of tables->agencies, in the store; AGENCIES_MAX */
    struct core core;
    struct effects effects;
    struct bus bus;
    struct heard heard;                         /* of what there is something to read */
    struct blobs blobs;
    struct outbox outbox;
    struct speech speech;
    struct sessions sessions;
    struct offers offers;
    struct gateway_time time;
    struct order order;

    struct arena frames_arena, words;           /* what commands point into; for wire_effect() */
    zmq_msg_t frames[TURN_COMMANDS_MAX + 1];    /* of the commands in `order`; and the one being read */
    uint32_t  frames_count;
    struct frame frame;                         /* the one being read: too large for a stack */
    zmq_msg_t kept;                             /* read, but too large for the turn that was being filled ... */
    uint32_t  kept_done;                        /* ... from here on, when it is a BATCH */
    struct peer kept_peer;
    enum bus_side kept_side;
    bool has_kept;
    bool hurry;                                 /* somebody waits for the answer to one of the commands in `order` */
    int64_t gather_until_us;                    /* else the turn may wait so long for more of them */
    int64_t waiter_ms;                          /* steady: when somebody not in bulk last asked for something */
    int64_t waiter_us;                          /* the same moment (bus_now_us()) */
    int64_t asker_ms;                           /* steady: when somebody not in bulk last handed something off ... */
    uint64_t asker;                             /* ... and who it was: the number of his session */
    bool speaking;                              /* what is said is gathered until all of the turn is */

    int64_t  now_ms, steady_ms;                 /* read once a turn */
    int64_t  due_ms;                            /* the next tick */
    uint32_t epoch;
    uint64_t covered_seq;
    struct turn_notes notes;
    struct turn_end end;                        /* of the last turn */
    struct unsent unsent[UNSENT_MAX];
    uint32_t unsent_count;
    uint64_t revoked[REVOKED_MAX];              /* numbers of sessions whose key is nobody's any more */
    uint32_t revoked_count;
    const char *intake_why;                     /* NULL: open */
    struct loudness refusals, comings;          /* nonsense; sessions that begin and end */
    enum time_alarm alarm_said;

    bool     stopping, stop_now, reload;
    int      reload_uid;
    int64_t  stop_steady_ms;                    /* when waiting for open deliveries ends */
    int64_t  backup_until_ms;                   /* steady; 0: none is being taken */
    int64_t  started_ms;
    int64_t  takeover_ms;                       /* when a successor takes over next; INT64_MAX: never */
    struct takeover takeover_place;             /* where the one under way goes on */
    int      signals;                           /* signalfd */
};

/* ---- start.c */
MUST_USE enum result broker_open(struct broker *broker, struct text *why);
void broker_close(struct broker *broker);                               /* takes a half-built one */
void broker_read_clocks(struct broker *broker);

/* ---- identity.c: whose a session is, now */
/* NULL: nobody's any more, or somebody else's: it is to be ended. *ret_roles: what it may do. */
const struct agency *session_holder(struct broker *broker, struct session *session, uint32_t *ret_roles);
/* The same for a key that has no session yet. */
const struct agency *key_holder(struct broker *broker, const uint8_t key[CURVE_KEY_SIZE], uint32_t *ret_roles);
void session_drop(struct broker *broker, struct session *session, const char *why);     /* ends it; `why` for the log */
/* The same, and tells it that it has to say HELLO again. */
void session_dismiss(struct broker *broker, struct session *session, const char *why);
void sessions_sweep(struct broker *broker);                 /* silent ones, and those whose key is gone */
void sessions_excuse(struct broker *broker, int64_t ms);    /* so long nobody listened: nobody was silent */
void sessions_gone(struct broker *broker);                  /* connections that ended */
void sessions_flush(struct broker *broker);                 /* what waits for its connection, where it can go now */
bool broker_may(void *context, struct session *session);    /* an offers_may */

/* ---- intake.c */
void intake_read(struct broker *broker);                    /* fills order; answers the session's own business */
/* A peer whose frames cost the others time for nothing: its connection ends, and coming back is made slow. `session`
 * may be NULL. */
void intake_cut_off(struct broker *broker, int file, const struct agency *holder, struct session *session,
                    const uint8_t key[CURVE_KEY_SIZE], const char *why);
void intake_forget(struct broker *broker);                  /* frames of commands that are done */

/* ---- turn.c */
/* Reads what has come, and makes one turn of what is there, if that is due. What turns have to say leaves as soon as
 * they are known to be on disk; while they are not, the next ones are made all the same. RESULT_FULL: nothing
 * happened, wait; RESULT_BROKEN: stop. */
MUST_USE enum result turn_go_on(struct broker *broker);
/* One command alone in its turn. *ret_again: it has more to do. */
MUST_USE enum result turn_alone(struct broker *broker, const struct command *command, bool *ret_again);
/* What waits for agencies that have been succeeded by now goes to their successors; some at a time. */
MUST_USE enum result turn_takeover(struct broker *broker);
bool turn_is_due(struct broker *broker);
/* Somebody who is not in bulk has asked for something a moment ago: for his sake nothing waits for company, and the
 * store is settled in small portions. What others have in bulk takes a little longer then. */
bool turn_has_waiter(const struct broker *broker);
/* ... and it was a SUBMIT of another session than this one. */
bool turn_has_asker(const struct broker *broker, const struct session *session);
/* A turn costs the same syncs and pages for one command as for many. So it may wait GATHER_US for more, as long as
 * nobody waits for it: all that is there came from sessions that have much more under way (BULK). */
bool turn_may_wait(struct broker *broker);
bool give_up_ballast(struct broker *broker);                /* true: there was one, and it helps */

/* ---- speak.c */
void speak(struct broker *broker);                          /* after the commit: memory, then words */
/* What has waited for its turn to be on disk, and may go. BROKEN: it is not known what is there, nothing left. */
enum result speak_on(struct broker *broker);
void speak_out(struct broker *broker);                      /* everything that waits for that; waits for it */
/* What is said outside turns: to a session; to somebody who has none, or who is let go, and may not hear it. */
void speak_to(struct broker *broker, struct session *session, const struct wire_out *out);
void speak_refused(struct broker *broker, enum bus_side side, uint32_t routing, const struct frame_refusal *refusal);
/* Whether one more line may be said; what was kept back is counted in the next minute. */
bool loudness_may(struct broker *broker, struct loudness *loudness, uint32_t per_minute);
/* A DELIVER that never left, to be told to the core. */
void unsent_add(struct broker *broker, const struct session *session, uint64_t handoff, uint32_t attempt);
void complain(struct broker *broker, const char *event, const char *agency, const char *why);

/* ---- admin.c: what only the broker's memory knows, added to an answer */
void admin_add(struct broker *broker, struct effect *effect, const struct mark *mark);
enum { ADMIN_SESSION_BIT = 63 };
#define ADMIN_SESSION (1ULL << ADMIN_SESSION_BIT)           /* | routing id: the `session` of an operator's command */

/* ---- reload.c */
struct directory *directory_load(struct broker *broker);    /* logs every fault; NULL: there was one */
/* Stores it, as a turn of its own, when its hash is not the stored one; then it is in force. Takes the directory. */
MUST_USE enum result directory_apply(struct broker *broker, struct directory *directory, uint32_t uid);
void directory_reload(struct broker *broker, enum result *ret_result);

/* ---- selftest.c */
/* A random key must be refused and the right one admitted, on the very socket that agencies will use, before it is
 * bound to their endpoints. */
MUST_USE enum result selftest(struct bus *bus, struct text *why);

/* ---- loop.c */
int loop_run(struct broker *broker);                        /* the program's exit status */

#endif
