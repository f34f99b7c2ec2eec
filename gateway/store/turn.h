/* turn.h - the typed calls inside one turn. This is all that the core can see of the world.
 *
 * Found      getters return false (or 0) when the row is not there; then nothing was written to ret_.
 * Walking    x_next(..., after, ...) gives the first row of the same prefix with a key greater than `after`. A walk is
 *            repeated calls, so that rows may be written and deleted on the way.
 * Lifetimes  values are copied out, into the caller's struct or arena; nothing points into the map.
 * Failure    none: see store.h. A put of a row that exists replaces it; a delete of one that does not is a bug (must),
 *            because every row has one owner that knows whether it is there.
 * Room       every put and delete adjusts the store's byte count.
 */
#ifndef GATEWAY_STORE_TURN_H
#define GATEWAY_STORE_TURN_H

#include "gateway/store/record_dossier.h"
#include "gateway/store/record_blob.h"
#include "gateway/store/record_ending.h"
#include "gateway/store/record_figure.h"
#include "gateway/store/record_supplement.h"
#include "gateway/store/record_unknown_code.h"
#include "gateway/store/record_flow.h"
#include "gateway/store/records.h"
#include "gateway/store/restored.h"

struct turn;

/* ---- this turn */
uint64_t turn_seq(const struct turn *turn);             /* the commit_seq it will have */
int64_t  turn_now_ms(const struct turn *turn);
uint32_t turn_epoch(struct turn *turn);
bool     turn_has_room(struct turn *turn);              /* false from 90 % of store_bytes_max on: intake must refuse */
uint64_t turn_covered_seq(struct turn *turn);
void     turn_covered_seq_put(struct turn *turn, uint64_t seq);
uint64_t turn_last_event(struct turn *turn);            /* the last number given to one; 0 none */
/* False: it never came back from a backup. Costs nothing in the first epoch. */
bool     turn_restored(struct turn *turn, struct restored *ret_restored);
void     turn_restored_put(struct turn *turn, const struct restored *restored);

/* ---- agencies: code <-> number, for ever */
uint32_t turn_agency_number(struct turn *turn, const char *code);                   /* 0: never seen */
uint32_t turn_agency_number_make(struct turn *turn, const char *code);              /* finds or gives the next one */
bool     turn_agency_code(struct turn *turn, uint32_t agency, char ret_code[AGENCY_CODE_SIZE]);
/* All zero when never written. */
void     turn_agency_state(struct turn *turn, uint32_t agency, struct agency_state *ret_state);
void     turn_agency_state_put(struct turn *turn, uint32_t agency, const struct agency_state *state);
/* Handoffs by recipient and state. */
uint64_t turn_count(struct turn *turn, uint32_t agency, enum state state);
void     turn_count_add(struct turn *turn, uint32_t agency, enum state state, int64_t difference);

/* ---- dossiers */
uint64_t turn_dossier_find(struct turn *turn, struct span code);                    /* by code or alias; 0: unknown */
uint64_t turn_dossier_make(struct turn *turn, struct span code);                    /* finds or makes */
/* False: it names another dossier; nothing changed. */
bool     turn_dossier_alias(struct turn *turn, uint64_t dossier, struct span alias);
bool     turn_dossier_code(struct turn *turn, uint64_t dossier, char ret_code[DOSSIER_CODE_SIZE]);
void     turn_dossier_handoff_put(struct turn *turn, uint64_t dossier, uint64_t handoff);
uint64_t turn_dossier_handoff_next(struct turn *turn, uint64_t dossier, uint64_t after);    /* 0: no more */

/* A handoff of one dossier that says that a code of another one belongs to it: under both, for ever. */
struct collision { uint64_t dossier, handoff; char code[DOSSIER_CODE_SIZE]; };
void     turn_collision_put(struct turn *turn, const struct collision *collision);
/* after 0: the first of this dossier. */
bool     turn_collision_next(struct turn *turn, uint64_t dossier, uint64_t after, struct collision *ret_collision);

/* ---- what is known of a dossier */
bool     turn_dossier(struct turn *turn, uint64_t dossier, struct dossier *ret_dossier);   /* false: nothing yet */
void     turn_dossier_put(struct turn *turn, const struct dossier *dossier);
/* Components are 1 .. MONEY_CODE_SIZE - 1 bytes without a zero. */
bool     turn_money(struct turn *turn, uint64_t dossier, const char *component, struct money *ret_money);
void     turn_money_put(struct turn *turn, uint64_t dossier, const char *component, const struct money *money);
/* after "": the first. ret_component may be `after` itself. */
bool     turn_money_next(struct turn *turn, uint64_t dossier, const char *after, char ret_component[MONEY_CODE_SIZE],
                         struct money *ret_money);
/* Some record was written before what it counts for was kept (schema 1 and 2): it has no measure. Costs nothing. */
bool     turn_dossier_behind(struct turn *turn);
/* turn_provisional.c: what is provisional because this year of the calendar is missing: due dates, by dossier; times to
 * answer by, or their reminders, of open requests, by request. */
enum provisional { PROVISIONAL_DUE, PROVISIONAL_ANSWER_BY };
void     turn_provisional_put(struct turn *turn, enum provisional what, uint32_t year, uint64_t id);
void     turn_provisional_delete(struct turn *turn, enum provisional what, uint32_t year, uint64_t id);
/* 0: no more. */
uint64_t turn_provisional_next(struct turn *turn, enum provisional what, uint32_t year, uint64_t after);
/* The next year above `after` that has any; 0: none. */
uint32_t turn_provisional_year(struct turn *turn, enum provisional what, uint32_t after);
/* Handoffs that are there and that nobody has taken, by recipient, then by when they were delivered. */
void     turn_unreceived_put(struct turn *turn, uint32_t recipient, int64_t delivered_ms, uint64_t handoff);
void     turn_unreceived_delete(struct turn *turn, uint32_t recipient, int64_t delivered_ms, uint64_t handoff);
struct unreceived { uint32_t recipient; int64_t delivered_ms; uint64_t handoff; };
/* The one after this; all zero: the first. recipient_only: within the recipient of `after`. */
bool     turn_unreceived_next(struct turn *turn, const struct unreceived *after, bool recipient_only,
                              struct unreceived *ret_next);

/* How a dossier comes out. False: nothing yet. */
bool     turn_ending(struct turn *turn, uint64_t dossier, struct ending *ret_ending);
void     turn_ending_put(struct turn *turn, const struct ending *ending);
/* Those at work on which an apology is owed, asked for or promised, by ending.asked_of, then by ending.due_ms. */
struct late { uint32_t agency; int64_t due_ms; uint64_t dossier; };
void     turn_late_put(struct turn *turn, const struct late *late);
void     turn_late_delete(struct turn *turn, const struct late *late);
/* The one after this; all zero: the first. agency_only: within the agency of `after`, whose dossier may be 0. */
bool     turn_late_next(struct turn *turn, const struct late *after, bool agency_only, struct late *ret_next);
/* URGEs that were delivered and not answered in time, by whom they urge: like unreceived. */
void     turn_unanswered_put(struct turn *turn, uint32_t urged, int64_t delivered_ms, uint64_t handoff);
void     turn_unanswered_delete(struct turn *turn, uint32_t urged, int64_t delivered_ms, uint64_t handoff);
bool     turn_unanswered_next(struct turn *turn, const struct unreceived *after, bool urged_only,
                              struct unreceived *ret_next);

/* ---- what its citizen is asked for. The rows of the open ones are the core's to keep: supplement.c. */
bool     turn_asked(struct turn *turn, uint64_t dossier, uint64_t request, struct asked *ret_asked);
bool     turn_asked_next(struct turn *turn, uint64_t dossier, uint64_t after, struct asked *ret_asked);
void     turn_asked_put(struct turn *turn, const struct asked *asked);
/* Open ones, by when the answer is expected, INT64_MAX none. INT64_MIN, 0: the first. */
void     turn_asked_open_put(struct turn *turn, int64_t answer_by_ms, uint64_t request);
void     turn_asked_open_delete(struct turn *turn, int64_t answer_by_ms, uint64_t request);
bool     turn_asked_open_next(struct turn *turn, int64_t answer_by_ms, uint64_t request, int64_t *ret_answer_by_ms,
                              uint64_t *ret_request);
/* turn_flow.c: the procedure that was started for a dossier. False: none. */
bool     turn_flow(struct turn *turn, uint64_t dossier, struct flow *ret_flow);
void     turn_flow_put(struct turn *turn, const struct flow *flow);

/* ---- partners' codes that no map knew, in order of code. after NULL: the first of this agency. */
bool     turn_unknown_code(struct turn *turn, uint32_t agency, const char *code, struct unknown_code *ret_unknown);
bool     turn_unknown_code_next(struct turn *turn, uint32_t agency, const struct unknown_code *after,
                                struct unknown_code *ret_unknown);
void     turn_unknown_code_put(struct turn *turn, const struct unknown_code *unknown);

/* ---- what reports are made of; report.h reads it */
bool     turn_measure(struct turn *turn, uint64_t dossier, struct measure *ret_measure);
/* `before` is what stands there, NULL for nothing: what it counted for is taken back, and `after` counts. */
void     turn_measure_put(struct turn *turn, const struct measure *before, const struct measure *after);
uint64_t turn_measure_next(struct turn *turn, uint64_t after);                      /* a dossier's; 0: no more */
/* One row; what this turn has changed is in it only after the turn. False: nothing was ever counted there. */
bool     turn_figures(struct turn *turn, enum figures_of of, uint32_t period, uint32_t agency, const char *name,
                      struct figures *ret_figures);

/* ---- handoffs */
uint64_t turn_handoff_new_id(struct turn *turn);
bool     turn_handoff(struct turn *turn, uint64_t id, struct handoff *ret_handoff);
void     turn_handoff_put(struct turn *turn, const struct handoff *handoff);
uint64_t turn_handoff_next(struct turn *turn, uint64_t after);                      /* any; 0: no more */

/* Header and payload are sealed together with the key of the day of now_ms. */
void     turn_body_put(struct turn *turn, uint64_t id, struct span header, struct span payload);
/* RESULT_NOT_FOUND: purged. RESULT_FULL: the arena has no room; nothing was taken from it. */
MUST_USE enum result turn_body(struct turn *turn, uint64_t id, struct arena *arena,
                               struct span *ret_header, struct span *ret_payload);
void     turn_body_delete(struct turn *turn, uint64_t id);                          /* takes one that is gone */

bool     turn_dedupe(struct turn *turn, uint32_t sender, const struct uuid *message_id, uint64_t *ret_handoff);
void     turn_dedupe_put(struct turn *turn, uint32_t sender, const struct uuid *message_id, uint64_t handoff);
/* Deletes up to `most` rows of this sender whose id time lies before before_ms. Returns how many. */
unsigned turn_dedupe_purge(struct turn *turn, uint32_t sender, int64_t before_ms, unsigned most);

/* ---- lanes: (dossier, addressed) -> members in order of place. Every member that is not final. */
uint64_t turn_new_place(struct turn *turn);                                         /* rises */
void     turn_lane_put(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t place, uint64_t handoff);
void     turn_lane_delete(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t place);
bool     turn_lane_next(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t after_place,
                        uint64_t *ret_place, uint64_t *ret_handoff);

/* ---- ready: lane heads that may be offered, by (recipient, lane class, due_ms, handoff). due_ms INT64_MAX: none. */
void     turn_ready_put(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff);
void     turn_ready_delete(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms,
                           uint64_t handoff);
/* The first one at or after (due_ms, handoff) in this class. */
bool     turn_ready_from(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff,
                         int64_t *ret_due_ms, uint64_t *ret_handoff);

/* ---- timers: one per (due, what, id); the owner keeps due_ms in its record so that it can delete it */
enum timer_what {
    TIMER_WAIT = 1, TIMER_LEASE, TIMER_ANTECEDENT, TIMER_PURGE,
    TIMER_RECEIPT,                  /* a delivered FORWARD without business receipt; before or after PURGE */
    TIMER_CALENDAR,                 /* due dates to be computed anew; its id is a year, no handoff */
    TIMER_ASKED,                    /* a request to the citizen: the reminder, then its end. Its id is the request */
    TIMER_LATE,                     /* ending.timer_ms of a dossier, which is its id */
    TIMER_URGE,                     /* a delivered URGE or RECALL waits for its answer; beside PURGE */
    TIMER_CATCH_UP,                 /* records of an older version; its id is the next dossier to look at */
    TIMER_BLOB,                     /* a blob that no handoff names; its id is blob.file */
    TIMER_END
};
void     turn_timer_put(struct turn *turn, int64_t due_ms, enum timer_what what, uint64_t id);
void     turn_timer_delete(struct turn *turn, int64_t due_ms, enum timer_what what, uint64_t id);
bool     turn_timer_first(struct turn *turn, int64_t *ret_due_ms, enum timer_what *ret_what, uint64_t *ret_id);

/* ---- offered: which handoffs are with which session */
void     turn_offered_put(struct turn *turn, uint64_t session, uint64_t handoff);
void     turn_offered_delete(struct turn *turn, uint64_t session, uint64_t handoff);
uint64_t turn_offered_next(struct turn *turn, uint64_t session, uint64_t after);    /* 0: no more */
bool     turn_offered_first(struct turn *turn, uint64_t *ret_session, uint64_t *ret_handoff);   /* of any session */

/* ---- gates: who waits for (sender, message id), and for what a handoff waits */
void     turn_gate_put(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t dependant);
void     turn_gate_delete(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t dependant);
/* 0: no more. */
uint64_t turn_gate_next(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t after);
void     turn_antecedent_put(struct turn *turn, uint64_t dependant, const struct uuid *message_id,
                             const struct antecedent *antecedent);
void     turn_antecedent_delete(struct turn *turn, uint64_t dependant, const struct uuid *message_id);
bool     turn_antecedent(struct turn *turn, uint64_t dependant, const struct uuid *message_id,
                         struct antecedent *ret_antecedent);
/* after NULL: the first. */
bool     turn_antecedent_next(struct turn *turn, uint64_t dependant, const struct uuid *after,
                              struct uuid *ret_message_id, struct antecedent *ret_antecedent);

/* ---- events, their sealed details, and the feed of notices per agency */
/* Sets event->seq and turn_seq, and detail_digest when `detail` is not empty (cut at REASON_BYTES_MAX). Returns seq. */
uint64_t turn_event_append(struct turn *turn, struct event *event, struct span detail);
bool     turn_event(struct turn *turn, uint64_t seq, struct event *ret_event);
/* "" when there is none or it was purged. */
void     turn_detail(struct turn *turn, uint64_t event_seq, char ret_detail[REASON_BYTES_MAX + 1]);
void     turn_detail_delete(struct turn *turn, uint64_t event_seq);      /* takes one that is gone */
void     turn_feed_put(struct turn *turn, uint32_t agency, uint64_t event_seq);
uint64_t turn_feed_next(struct turn *turn, uint32_t agency, uint64_t after);        /* 0: no more */
void     turn_feed_delete_until(struct turn *turn, uint32_t agency, uint64_t until, unsigned most);
uint64_t turn_follow(struct turn *turn, uint32_t agency);               /* acknowledged up to here; 0 never */
void     turn_follow_put(struct turn *turn, uint32_t agency, uint64_t event_seq);
bool     turn_link(struct turn *turn, uint64_t seq, struct chain_link *ret_link);   /* of an earlier turn */

/* ---- the failed list and its groups */
struct fail_key {
    uint32_t        recipient;
    enum fail_class fail_class;
    uint64_t        fingerprint;
};
void     turn_failed_put(struct turn *turn, const struct fail_key *key, uint64_t handoff);
void     turn_failed_delete(struct turn *turn, const struct fail_key *key, uint64_t handoff);
/* Within a group; 0: no more. */
uint64_t turn_failed_next(struct turn *turn, const struct fail_key *key, uint64_t after);
bool     turn_fail_group(struct turn *turn, const struct fail_key *key, struct fail_group *ret_group);
/* Count 0 deletes. */
void     turn_fail_group_put(struct turn *turn, const struct fail_key *key, const struct fail_group *group);
/* after NULL: the first. */
bool     turn_fail_group_next(struct turn *turn, const struct fail_key *after, struct fail_key *ret_key,
                              struct fail_group *ret_group);

/* ---- small things adapters keep here */
void     turn_checkpoint_put(struct turn *turn, uint64_t handoff, struct span value);       /* empty: deletes */
MUST_USE enum result turn_checkpoint(struct turn *turn, uint64_t handoff, struct arena *arena, struct span *ret_value);
void     turn_cursor_put(struct turn *turn, uint32_t agency, struct span name, struct span value);
MUST_USE enum result turn_cursor(struct turn *turn, uint32_t agency, struct span name, struct arena *arena,
                                 struct span *ret_value);

/* ---- turn_blob.c: what was uploaded, who may name it, which handoffs do. A stored record, never a stat(). */
bool     turn_blob(struct turn *turn, const struct hash *sha256, struct blob *ret_blob);
bool     turn_blob_of_file(struct turn *turn, uint64_t file, struct blob *ret_blob);
bool     turn_blob_next(struct turn *turn, const struct hash *after, struct blob *ret_blob);    /* NULL: the first */
uint64_t turn_blob_count(struct turn *turn);                            /* how many there are; costs nothing */
void     turn_blob_put(struct turn *turn, const struct blob *blob);     /* file and day stay as they were (must) */
void     turn_blob_delete(struct turn *turn, const struct blob *blob);  /* must: nobody may name it any more */
/* May this agency name and read it? */
bool     turn_blob_known(struct turn *turn, uint32_t agency, const struct hash *sha256);
void     turn_blob_known_put(struct turn *turn, uint32_t agency, const struct hash *sha256);
void     turn_blob_known_delete(struct turn *turn, uint32_t agency, const struct hash *sha256);
uint32_t turn_blob_known_next(struct turn *turn, const struct hash *sha256, uint32_t after);    /* 0: no more */
/* Which blobs a handoff names. */
void     turn_attached_put(struct turn *turn, uint64_t handoff, const struct hash *sha256);
void     turn_attached_delete(struct turn *turn, uint64_t handoff, const struct hash *sha256);
/* after NULL: the first. ret_sha256 may be `after` itself. */
bool     turn_attached_next(struct turn *turn, uint64_t handoff, const struct hash *after, struct hash *ret_sha256);
/* The day whose key seals what comes now; that key is on disk then. */
uint32_t turn_sealing_day(struct turn *turn);
/* The key of that day is sure to be there still: it is today's, or something else is sealed with it. */
bool     turn_sealed_any(struct turn *turn, uint32_t day);

/* ---- directories that were in force: canonical bytes by version */
uint32_t turn_directory_version(struct turn *turn);                                 /* 0: none yet */
void     turn_directory_put(struct turn *turn, uint32_t version, const struct hash *hash, struct span bytes);
bool     turn_directory_hash(struct turn *turn, uint32_t version, struct hash *ret_hash);

#endif
