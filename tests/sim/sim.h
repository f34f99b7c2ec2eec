/* sim.h - a fake world around the shipped core and store: what its parts know of each other.
 *
 *   clients    speak for sending agencies: SUBMIT until they know the answer, follow their notices     client.c
 *   adapters   speak for receiving agencies: DELIVER -> POST -> OUTCOME until it is acknowledged        adapter.c
 *   offices    the agencies' own HTTP systems, of three classes, with moods and a book                  office.c
 *   people     operators, directories, and whatever happens to machines                                 people.c
 *   net        frames on connections, with delay, loss, repetition; connections that break              net.c
 *   gateway    shipped core and store in turns like the broker's; sessions, offers, breakers, crashes   gateway.c ...
 *   auditor    judges from what agencies and operators were told, and from the offices' books           audit.c
 *
 * Everything hangs on one dice and one clock (world->now_ms, true time), so a seed gives one world. Memory of a world
 * is one arena, given back at its end.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "gateway/base/limits.h"
#include "gateway/core/core.h"
#include "tests/sim/audit.h"
#include "tests/sim/dice.h"

enum {
    AGENCIES = 14, PEERS_MAX = 48, SEATS_MAX = 128, LETTERS_MAX = 640, JOBS_MAX = 2048, CASES_MAX = 64, BOOK_MAX = 4096,
    TURNS_MAX = 24000, TABLES_MAX_VERSIONS = 96, OPENS_PER_AGENCY = 128, NONE = -1,
};

/* ---- what this world is like: drawn from the seed, so that each one misses some faults and has others often */
struct options {
    uint32_t one_stops, sectors;            /* sectors: a third of each class */
    uint32_t cases, letters, storm_turns, crashes, commit_crash_percent;
    uint32_t journal_bytes, settle_percent;     /* the store's journal; how often it is settled after a turn */
    uint32_t adapters_per_agency, credit;
    int64_t  step_ms, delay_ms, lease_ms, backoff_ms, antecedent_ms, purge_ms, repeat_ms;
    uint32_t attempts_max, lapses_max, breaker_after;
    uint32_t loss_percent, again_percent, break_permille, stall_permille, death_permille, act_late_percent;
    uint32_t moody_percent, trouble_percent, gate_percent, withdraw_percent, correct_percent, answer_percent;
    uint32_t conflict_percent, operator_permille, directory_permille, abort_permille, jump_permille, wall_permille;
    uint32_t facts_percent, strange_percent, older_percent, partner_percent, paper_percent, pass_on_percent;
    uint32_t citizen_percent;               /* steps of a flow that the citizen does */
    uint32_t brake;                         /* requests for an apology to one agency in an hour; 0 no bound */
    uint32_t recall_percent, correction_percent, flow_percent, send_back_percent, look_permille;
    uint32_t body_bytes;
    uint32_t waiter_percent;                /* of turns, in which somebody waits: few bytes are given out */
    bool     courses, catalogue, calendar, calendar_comes, all_move_due, late;
    bool     class_changes, full, few_kinds, cursors, backups, far_jump, kinds_of_news, replay_groups, abolish, keys;
    bool     told_twice;                    /* this world is told to a second store */
    uint64_t store_bytes_max;
};

/* ---- events: everything that will happen, in order of time, then of being planned */
enum event_kind {
    EVENT_UP = 1, EVENT_DOWN, EVENT_GONE, EVENT_CONNECT, EVENT_LETTER, EVENT_CLIENT, EVENT_PING, EVENT_JOB,
    EVENT_MOOD, EVENT_GATEWAY_UP,
};
struct happening {
    int64_t at_ms;
    uint64_t order;
    enum event_kind kind;
    uint32_t index;                         /* peer, letter, job, agency */
    uint32_t generation;                    /* of its connection */
    void *what;                             /* struct up, struct down */
};

/* ---- frames */
enum up_kind { UP_HELLO = 1, UP_COMMAND, UP_PING, UP_CREDIT, UP_FOLLOW };
struct up {
    enum up_kind kind;
    int64_t stamp_ms;
    uint32_t credit, kinds;
    struct command command;                 /* cut short: only its own member is there */
};

enum down_kind { DOWN_WELCOME = 1, DOWN_NO_HELLO, DOWN_REFUSED, DOWN_ACCEPTED, DOWN_DELIVER, DOWN_OUTCOME_ACK,
                 DOWN_NOTICE, DOWN_CHECKPOINT_ACK, DOWN_CURSOR_ACK };
struct down {
    enum down_kind kind;
    uint64_t correlation, seq;              /* seq: of the turn that said it */
    uint32_t clock_steps;                   /* steps of gateway time until then */
    struct hash link;
    struct effect effect;                   /* texts and spans copied into the world's arena */
};

/* ---- who speaks */
struct peer {
    bool     receiver;
    uint32_t agency, number;
    uint32_t generation;                    /* of its connection; frames of an older one are gone */
    bool     connected, welcome;
    int64_t  stalled_until_ms, lost_at_ms;
    int64_t  last_up_ms, last_down_ms;      /* nothing overtakes on one connection */
    uint64_t last_notice;                   /* of this FOLLOW */
    uint64_t cursor;                        /* what it believes the stored value to be */
};

/* What the gateway knows of a connection. */
struct seat {
    uint64_t number;                        /* of the session; 0 free */
    uint32_t peer, generation, agency;
    uint32_t credit, kinds, open;
    int64_t  stamp_ms;
    bool     receiver, ready, was_offered;
    bool     follows, from_cursor, woken;
    uint64_t follow_after, given[NOTIFY_MAX];
    uint32_t given_count;
};

/* ---- letters: what senders want to hand off */
enum trouble { TROUBLE_NONE = 0, TROUBLE_BAD_DATA, TROUBLE_NO, TROUBLE_ORPHAN, TROUBLE_MAPPING, TROUBLE_PREDECESSOR,
               TROUBLE_OVERTAKEN };
struct letter {
    uint32_t sender, case_number;
    int32_t  recipient;                     /* NONE: by procedure and step */
    enum kind kind;
    struct uuid message_id;
    int64_t  id_ms, sent_ms;
    uint64_t parent;                        /* handoff */
    int32_t  corrects;                      /* letter */
    uint32_t after[AFTER_MAX], after_count; /* letters; LETTERS_MAX: one that nobody ever sends */
    enum until until[AFTER_MAX];
    enum trouble trouble;
    int64_t  due_ms;
    struct facts facts;                     /* of its dossier: facts.c */
    struct facts_money money[2];
    int64_t  source_ms;
    uint64_t sequence;
    int32_t  partner;                       /* the partner's code; NONE none */
    bool     says_facts, says_procedure, asks_paper;
    bool     starts_flow, of_flow;          /* of_flow: that one, or it puts that one right */
    enum audit_reason reason;
    bool     says_officer;
    uint32_t chosen;                        /* bits: optional steps of the flow */
    char     steps[PROCEDURE_STEPS_MAX][STEP_NAME_SIZE];        /* ... by name, for the core */
    uint32_t components;                    /* bits: papers that it asks for, or brings */
    uint32_t citizen_step;                  /* 1 + the citizen's step of a flow that it says is done; 0 it names none */
    bool     in_course;                     /* its office goes on when this one has been sent: course.c */
    uint32_t steps_left;
    int32_t  back_to;                       /* whom its office answers */
    uint64_t about;                         /* the handoff that its office is at work on */
    bool     conflict, via_alias, says_alias, urged;
    struct { struct span header, payload; struct hash hash; } text[2];     /* [1]: the same id, other content */
    bool     planned, sent, done;           /* done: its answer is known */
    uint64_t handoff;                       /* as told; 0 not yet */
};

/* ---- one DELIVER at an adapter */
enum job_stage { JOB_FREE = 0, JOB_START, JOB_ASK, JOB_POST, JOB_ANSWER, JOB_SAY };
struct job {
    enum job_stage stage;
    uint32_t peer, agency, attempt, says;
    uint64_t handoff;
    int32_t  letter;
    int64_t  arrived_ms, stamp_ms;
    uint32_t clock_steps;                   /* steps of gateway time until then */
    bool     ask_first, checkpointed;
    enum agency_class told;
    enum kind kind;                         /* of one that the gateway made, and of which case; else 0, NONE */
    int32_t  case_number;
    char     key[IDEMPOTENCY_KEY_SIZE];
    struct hash content_hash;
    enum verdict verdict;
    enum scope scope;
    bool     never_sent, answered;
    const char *fingerprint;
    uint64_t born;                          /* generation of this place in the table */
};

/* ---- the agencies' own systems */
enum mood { MOOD_GOOD = 0, MOOD_DOWN, MOOD_BUSY, MOOD_HANGS, MOOD_CONFUSED, MOOD_LOCKED, MOOD_MISCONFIGURED, MOODS };
struct office {
    enum mood mood;
    enum agency_class agency_class;
    bool     mapping_fixed;
};
/* What an office acted on. All offices share one book. */
struct page { uint32_t agency; char key[IDEMPOTENCY_KEY_SIZE]; };

struct world {
    uint64_t seed;
    struct dice dice;
    struct options options;
    struct arena arena;
    int64_t  now_ms, calm_ms;               /* calm_ms: when the storm was over */
    bool     calm;                          /* the storm is over: no faults any more */
    bool     failed;
    char     failure[600];
    uint64_t failed_handoff;
    bool     story;
    struct story *lines;                    /* world.c */

    struct happening *events;
    uint32_t event_count, events_size;
    uint64_t event_order;

    struct gateway *gateway;
    struct audit *audit;
    uint32_t agency_count;
    char     codes[AGENCIES][AGENCY_CODE_SIZE];
    struct office offices[AGENCIES];
    struct page book[BOOK_MAX];
    uint32_t book_count;
    struct peer peers[PEERS_MAX];
    uint32_t peer_count;
    struct letter letters[LETTERS_MAX];
    uint32_t letter_count;
    struct { bool alias_known, flows; uint32_t one_stop, sectors[3]; } cases[CASES_MAX];
    struct audit_graph graph;               /* of the interlinked procedure that this world knows */
    struct job jobs[JOBS_MAX];
    uint64_t job_births;
    uint64_t seen_notice[AGENCIES];         /* durable, of each agency's clients */
    const struct tables *versions[TABLES_MAX_VERSIONS];
    struct successor successors[TABLES_MAX_VERSIONS];       /* the one that this version brought */
    uint32_t version_count;
    int64_t  wall_off_ms;                   /* the gateway machine's wall clock against the truth */
    uint32_t clock_steps;                   /* how often gateway time went ahead of the truth */
    bool     gateway_up;
    uint64_t known_handoffs[4096];          /* what operators have heard of */
    uint32_t known_count;
    uint32_t turns, crashes, round;         /* round: of people who see to what is left; 0 in the storm */
};

/* world.c */
struct world *world_new(uint64_t seed, bool story);
void world_run(struct world *world);
void world_free(struct world *world);
void *world_take(struct world *world, size_t size);                 /* zeroed; lives as long as the world */
struct span world_copy(struct world *world, struct span from);
const char *world_text(struct world *world, const char *from);
/* The first one counts. `handoff` 0: none in particular. */
void world_fail(struct world *world, uint64_t handoff, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A line of the story; costs nothing unless it is told. */
#define STORY(world, handoff, ...) \
    do { if ((world)->story) story_line(world, handoff, __VA_ARGS__); } while (0)
void story_line(struct world *world, uint64_t handoff, const char *format, ...) __attribute__((format(printf, 3, 4)));
void story_print(const struct world *world);
/* Before a letter is a handoff. */
#define LETTER_STORY(letter) (1ULL << 63 | (letter))
/* The n in #n. */
#define NUMBER(handoff) ((unsigned long long)((handoff) & ((1ULL << 48) - 1)))

/* options.c */
void options_draw(struct options *options, struct dice *dice, uint64_t seed);
void options_print(const struct options *options);

/* place.c: directories */
const struct tables *place_tables(struct world *world);             /* the one in force */
void place_begin(struct world *world);
void place_change(struct world *world);                             /* a new version, to take force */
void place_restore(struct world *world);                            /* everything allowed, everybody there */
/* Which of its agency's keys a peer has, and the key. */
uint32_t place_key(const struct peer *peer, uint8_t ret_key[CURVE_KEY_SIZE]);
/* catalogue.c: what law.h says, as tables. */
void catalogue_begin(struct world *world, struct tables *tables);
void catalogue_calendar(struct tables *tables);
enum agency_class place_class(const struct world *world, uint32_t agency);
int32_t place_agency(const struct world *world, const char *code);

/* net.c */
void plan(struct world *world, int64_t in_ms, enum event_kind kind, uint32_t index, uint32_t generation, void *what);
bool next_event(struct world *world, int64_t until_ms, struct happening *ret_event);
int64_t next_event_ms(const struct world *world);                   /* INT64_MAX none */
void send_up(struct world *world, struct peer *peer, struct up *up);
void send_down(struct world *world, const struct seat *seat, struct down *down);
void connection_break(struct world *world, struct peer *peer);
struct up *up_frame(struct world *world, enum up_kind kind);
struct up *up_command(struct world *world, enum command_kind kind, uint64_t correlation);

/* client.c */
void clients_begin(struct world *world);
void client_connected(struct world *world, struct peer *peer);
void client_hears(struct world *world, struct peer *peer, const struct down *down);
void client_wakes(struct world *world, struct peer *peer);
void letter_due(struct world *world, uint32_t letter);
int32_t letter_new(struct world *world, uint32_t sender);           /* NONE: no more */
int32_t letter_of(const struct world *world, const struct uuid *message_id);
/* facts.c */
void facts_draw(struct world *world, uint32_t letter);
/* letter.c */
void letter_dossier(uint32_t case_number, char ret_code[DOSSIER_CODE_SIZE]);
int32_t letter_case(const char *code);                              /* NONE: no case's */
void letter_write(struct world *world, uint32_t letter);
void letter_draw(struct world *world, uint32_t letter);
void letter_names_step(struct world *world, struct letter *letter);  /* a PAYMENT or SUPPLEMENT: one of the citizen's */
void letter_submit(struct world *world, struct peer *peer, uint32_t letter, bool other);
/* course.c: the agency that acted on it answers in its own words; what comes after a letter that has been sent. */
void letter_answer(struct world *world, uint32_t agency, uint64_t handoff, int32_t letter);
void letter_answer_made(struct world *world, const struct job *job);   /* ... to what the gateway made */
void letter_goes_on(struct world *world, uint32_t letter);
void letter_accepted(struct world *world, uint32_t letter);         /* its sender has heard it, for the first time */

/* look.c: the auditor looks at a dossier, now and then, and at all of them at the end. */
void look_at_one(struct world *world);
void look_at_all(struct world *world);
void look_directory(struct world *world, uint64_t turn_seq);        /* the core's tables hold from this turn on */

/* adapter.c */
void adapters_begin(struct world *world);
void adapter_connected(struct world *world, struct peer *peer);
void adapter_hears(struct world *world, struct peer *peer, const struct down *down);
void adapter_pings(struct world *world, struct peer *peer);
void adapter_dies(struct world *world, struct peer *peer);
void job_wakes(struct world *world, uint32_t job, uint64_t born);

/* office.c */
void office_mood(struct world *world, uint32_t agency);
/* What the system makes of a POST; fills in verdict, scope, fingerprint as the adapter will read them. */
void office_post(struct world *world, struct job *job);
/* True: it is there (a probe's GET). */
bool office_asked(struct world *world, const struct job *job);

/* people.c */
void people_act(struct world *world);
void people_calm(struct world *world);                              /* the storm ends: what they did is undone */
void people_see_to_it(struct world *world, uint32_t round);         /* what failed, what nobody is sure of */
void people_ask_why(struct world *world);                           /* of the failed one, for the story */
void people_hear(struct world *world, const struct command *command, const struct effect *effect);

/* ---- gateway.c, seats.c */
struct gateway;
void gateway_begin(struct world *world);
void gateway_end(struct world *world);                              /* closes, checks, tells it again, removes */
void gateway_hears(struct world *world, const struct happening *event);
void gateway_gone(struct world *world, uint32_t peer, uint32_t generation);
void gateway_turn(struct world *world);
void gateway_up(struct world *world);
void gateway_operator(struct world *world, const struct admin *admin);
void gateway_directory(struct world *world, const struct tables *tables);
void gateway_backup(struct world *world, bool taken);                /* the sweep waits, or goes on */
void gateway_confirm_time(struct world *world);                     /* a person says that the wall clock is right */
bool gateway_time_is_in_doubt(const struct world *world);
int64_t gateway_now_ms(const struct world *world);                  /* gateway time of the last turn */
int32_t gateway_agency(const struct world *world, uint32_t number); /* whose number that is in the store; NONE */
bool gateway_is_due(struct world *world);                           /* a turn now would do something */

#endif
