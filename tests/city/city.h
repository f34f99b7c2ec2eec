/* city.h - six months of a city around the shipped core and store: what the parts of the program know of each other.
 *
 *   network   the example network, its calendar and hours, as the gateway and the offices have them    network.c week.c
 *   plans     which dossiers come, when, and what becomes of them                               plans.c arrivals.c
 *   offices   one-stops, wards, sector agencies: what they do with what reaches them           office.c agenda.c
 *   letters   what they write, as frames of the conversation                                            letter.c
 *   gateway   core and store in turns like the broker's; sessions, offers, breakers            gateway.c seats.c
 *   books     what each agency wrote down itself: sent, got, told. Nothing in them is the gateway's     books.h
 *   audit     judges from the books alone; the tables                                            audit*.c table.c
 *
 * Time is minutes since the half year began (local midnight, BEGIN_MS). One turn of the gateway is a minute of the
 * city, or a second of it where an agency is busy. Chance is drawn from the seed and the number of the dossier, so a
 * dossier is the same in every run, and nothing about it has to be kept that can be drawn again.
 */
#ifndef TESTS_CITY_CITY_H
#define TESTS_CITY_CITY_H

#include "gateway/broker/breaker.h"
#include "gateway/core/core.h"
#include "gateway/directory/directory.h"
#include "gateway/store/store.h"
#include "tests/city/books.h"
#include "tests/sim/dice.h"

enum {
    DEFAULT_DOSSIERS = 103863,              /* a hundredth of what the city reports for six months */
    PLACES_MAX = 128, DISTRICTS = 3, WARDS_MAX = 32, WEEKS_MAX = 8, WEEK_DAYS = 420,
    PERIOD_DAYS = 181,                      /* January to June; what is open then is brought to its end */
    HOUR = 60, DAY = 24 * 60, WORK_DAY = 480,
    NEVER = UINT32_MAX,
    WHOLE = 255,                            /* in place of a recipient: whoever has the dossier */
};
#define BEGIN_MS 1672506000000LL            /* 2023-01-01T00:00+07:00 */
#define MINUTE_MS 60000LL

/* Faults of the gateway's making, planted where it hands over, to see that the books catch them. */
enum fault { FAULT_NONE = 0, FAULT_DROP, FAULT_DOUBLE, FAULT_SWAP, FAULT_CHANGE, FAULT_MUTE, FAULT_END };

struct options {
    uint32_t dossiers;
    uint64_t seed;
    const char *folder;                     /* of the run: made, and removed at the end */
    const char *network;
    bool keep, store_check;
    enum fault fault;
};

/* ---- working time of a kind of agency */
struct week {
    const struct hours *hours;
    uint32_t before[WEEK_DAYS + 1];         /* counted minutes before each day */
    struct hours_day days[WEEK_DAYS];
};
void     week_build(struct week *week, const struct hours *hours, const struct calendar *calendar);
/* Counted minutes before `minute`; and the first minute by which so many have gone by and work goes on. */
uint32_t week_index(const struct week *week, uint32_t minute);
uint32_t week_minute(const struct week *week, uint32_t index);
/* `work` counted minutes after the first worked minute from `minute` on. */
uint32_t week_after(const struct week *week, uint32_t minute, uint32_t work);

/* ---- agencies; the index is that of tables->agencies */
struct seat {
    uint64_t session;
    bool     ready, was_offered, woken, from_cursor;
    uint32_t open;
    uint64_t follow_after, told;            /* told: the last notice that was given, to be acknowledged; 0 none */
    struct agency_breaker breaker;
    bool     given_back;
};
struct place {
    const struct agency *agency;
    const struct week *week;
    uint32_t number;                        /* the store's */
    struct seat seat;
    uint32_t hangs_from, down_from, down_to;        /* its system takes things and does not answer; answers nothing */
};

/* ---- plans */
enum plan { PLAN_EXTRACT = 0, PLAN_BIRTH, PLAN_DEATH, PLAN_MARRIAGE, PLAN_LINKED_BIRTH, PLAN_LINKED_DEATH, PLAN_LAND,
            PLANS };
enum who { WHO_WARD = 1, WHO_POLICE, WHO_INSURANCE, WHO_SOCIAL, WHO_LAND, WHO_TAX };
struct plan_step {
    const char *name;
    enum who who;
    uint32_t limit;                         /* counted minutes that it may take; 0: the dossier's own date is all */
    uint32_t after;                         /* bits of steps */
    bool     optional;
    bool     paid;                          /* the citizen pays before it: his receipt comes along */
};
struct plan_info {
    const char *procedure;
    uint32_t share;                         /* of 1000 dossiers */
    bool     flow;                          /* one submission; the gateway leads the steps */
    struct plan_step steps[BOOK_STEPS];
    uint32_t step_count;
};
extern const struct plan_info plan_infos[PLANS];

/* What one dossier is like: drawn again whenever it is asked for. */
struct cast {
    enum plan plan;
    uint8_t  district, ward, opener;        /* ward, opener: places */
    uint8_t  steps;                         /* bits: those that are chosen */
    uint8_t  last;                          /* the step whose end is the dossier's, if nothing unusual happens */
    uint8_t  asks;                          /* the step that asks for a supplement; BOOK_STEPS none */
    uint32_t channel;
    bool     refused, withdrawn, late, digitised;
};
struct city;
struct cast cast_of(const struct city *city, uint32_t dossier);
/* 0 .. 999, for this dossier and this purpose. */
enum purpose { FOR_WORK = 1, FOR_TAKE, FOR_ANSWER, FOR_PAY, FOR_HAND_OVER, FOR_LATE, FOR_AGAIN, FOR_DEATH, FOR_NEXT };
uint32_t draw(const struct city *city, uint32_t dossier, enum purpose purpose, uint32_t more);
/* The step of that name; -1: none. */
int      plan_step(const struct city *city, uint32_t dossier, const char *name);
/* Who does this step. */
uint8_t  plan_place(const struct city *city, const struct cast *cast, uint32_t step);
/* The date on the citizen's paper; 0 none. */
uint32_t plan_due(const struct city *city, uint32_t dossier, const struct cast *cast);
/* When the next dossier comes; NEVER after the last. arrivals_take: it has come. */
void     arrivals_begin(struct city *city);
uint32_t arrivals_next(const struct city *city);
uint32_t arrivals_take(struct city *city);

/* ---- what is still to be done */
enum task { TASK_TAKE = 1, TASK_FINISH, TASK_ASK, TASK_ANSWER, TASK_GO_ON, TASK_OBLIGE, TASK_PAY, TASK_REFUSE,
            TASK_WITHDRAW, TASK_RETURN, TASK_APOLOGISE, TASK_HAND_OVER };
struct entry { uint32_t minute, dossier; uint8_t task, place, step; };
struct agenda { struct entry *list; uint32_t count, size; };
void agenda_add(struct agenda *agenda, struct entry entry);
bool agenda_take(struct agenda *agenda, uint32_t minute, struct entry *ret_entry);
uint32_t agenda_next(const struct agenda *agenda);

/* ---- letters on their way to the gateway, and answers to what it delivered */
struct post {
    uint32_t sent;                          /* its line in the book */
    uint32_t parent;                        /* low bits of a handoff's id; 0 none */
    uint32_t value;                         /* of its kind: a date, a sum */
    uint8_t  step;
    bool     again;                         /* its sender did not hear the answer and says it once more */
};
struct reply {
    uint64_t handoff, session;
    uint32_t attempt;
    uint8_t  place;
    enum verdict verdict;
    bool     never_sent;
    const char *fingerprint;
    struct hash content;
    uint32_t dossier;                       /* whose time stands while it has this; NEVER: none */
};
struct queue { void *list; size_t each; uint32_t count, taken, size; };
void  queue_add(struct queue *queue, const void *what);
void *queue_next(struct queue *queue);                  /* NULL: nothing left */
void  queue_took(struct queue *queue);

/* Writes it down and sends it with the next turn. */
void letter_send(struct city *city, uint32_t dossier, enum kind kind, uint8_t from, uint8_t to, uint8_t step,
                 uint32_t parent, uint32_t value, uint8_t steps);
/* The SUBMIT of it, made by gateway/wire from a packed frame that lies in the arena; the command itself is the next
 * call's. must(): it can be read. */
struct command *letter_command(struct city *city, const struct post *post);
void letter_code(const struct city *city, uint32_t dossier, const struct cast *cast,
                 char ret_code[DOSSIER_CODE_SIZE]);
uint32_t letter_dossier(const char *code);              /* NEVER: none of ours */
/* What a receiver reads in the form that it got; which step it is of a flow's submission, says the DELIVER. */
struct form { uint32_t dossier, at, value; uint8_t number, step; enum kind kind; uint8_t inputs; };
bool letter_read(struct span payload, struct form *ret_form);
/* One that the gateway wrote: a request for an apology, that none is owed, an urging note. False: none of them. */
enum note { NOTE_DRAFT = 1, NOTE_CALLED_BACK, NOTE_URGE };
bool letter_read_note(struct span header, uint32_t *ret_dossier, enum note *ret_note, enum kind *ret_kind);

/* ---- the run */
struct effort {
    uint64_t turns, settles, commands, delivered, notices, repeats, lost_sessions, restarts;
    int64_t  peak_rss, report_ms;
};
struct city {
    struct options options;
    struct directory *directory;
    const struct tables *tables;
    struct week weeks[WEEKS_MAX];
    uint32_t week_count;
    struct place places[PLACES_MAX];
    uint32_t place_count;
    uint8_t  one_stops[DISTRICTS], wards[DISTRICTS][WARDS_MAX];
    uint32_t ward_counts[DISTRICTS];

    uint32_t minute, round;                 /* of the gateway: turns are made on a grid of so many minutes */
    uint32_t grid;
    uint32_t at;                            /* of who is at work just now: source times. Never after `minute` */
    struct arrivals { uint32_t next, day, minute; double before, total, weights[PERIOD_DAYS]; } arrivals;
    struct agenda agenda;
    struct books books;
    struct queue posts, answers;

    struct core core;
    struct effects effects;
    struct store *store;
    struct turn_end end;
    struct arena frames;
    int64_t  now_ms, due_ms, settle_ms;
    uint64_t sessions_begun, lost_session;
    uint32_t turn_posts, turn_answers, turn_acks;
    uint64_t held_key;                      /* FAULT_SWAP: what is handed over later than it should */
    struct received held;
    bool     planted;
    /* Idempotency keys of what an office acted on without its answer having been heard. */
    uint64_t unheard[4096];
    uint32_t unheard_count;
    struct effort effort;
    uint64_t failures;
    int64_t  started_ms, shown_ms;
};

int64_t  minute_ms(uint32_t minute);
const char *minute_text(uint32_t minute, char text[24]);        /* "2023-03-14 10:20" */
MUST_USE bool network_open(struct city *city);          /* false: it has been said why */
void network_close(struct city *city);

/* What reaches an office, and what it then does. */
void office_hears(struct city *city, uint8_t place, const struct form *form, uint32_t handoff);
/* It has told the gateway that it has what lies outside the dossier's time: the clock on the paper stands from now. */
void office_confirmed(struct city *city, uint32_t dossier);
void office_is_told(struct city *city, uint8_t place, uint32_t dossier, enum note note);
void office_works(struct city *city, const struct entry *entry);
void office_receives(struct city *city, uint32_t dossier);

void gateway_open(struct city *city);
void gateway_close(struct city *city);
void gateway_restart(struct city *city);                /* killed, and up again */
bool gateway_turn(struct city *city);                   /* true: somebody waits for another one within this minute */
uint32_t gateway_next(const struct city *city);         /* the minute of its next turn */
void gateway_ask(struct city *city, turn_work *work, void *context);    /* a turn that writes nothing */
void gateway_step(struct city *city, struct turn *turn, const struct command *command);

void seats_begin(struct city *city);
void seats_offer(struct city *city, struct turn *turn);
void seats_notify(struct city *city, struct turn *turn);
void seats_breakers(struct city *city, struct turn *turn);
void seats_hear(struct city *city, const struct effect *effect);        /* READY, FEED, OFFERED ... */
bool seats_wait(struct city *city);
uint32_t seats_next(const struct city *city);
struct place *place_of_number(struct city *city, uint32_t number);
/* The adapter of a receiving agency: acts, writes into the office's book, answers. */
void adapter_hears(struct city *city, const struct effect *effect);

uint64_t audit(struct city *city);                      /* faults found, each printed with the dossier's history */
void table_print(struct city *city);                    /* at the end of the period */
void table_effort(const struct city *city, double seconds);

#endif
