/* supplement.h - what a citizen is asked for, and the answer: instead of a trip.
 *
 *   SUPPLEMENT_REQUEST     police > one-stop    names components, or a reason_code; a clock that the asker owns stands
 *   FINANCIAL_OBLIGATION   tax > one-stop       the same with money
 *   SUPPLEMENT, PAYMENT    one-stop > police    parent: the request. Goes to the step that asked, whoever holds it now
 *
 * Where to     A request without a recipient goes to the one-stop: of the hands between the asking step and whoever
 *              opened the dossier the outermost of kind ONE_STOP, else the opener. Where the opener is another one (a
 *              portal), it gets a copy, if it may. Either may answer.
 * The clock    of the asking step stands from the request's source time until every request of that step has its
 *              answer, by the source time of the last of them; another status of the step, its end and that of the
 *              dossier end the waiting too (LEFT). The clock of the dossier stands while any clock of a step does:
 *              while two branches wait, the citizen holds both up, and the days are counted once.
 * The answer   one that names none of the components answers all, as does one with a reason_code: nothing more comes.
 *              One that names some leaves the request open until all have been named. Without a parent it answers the
 *              only open request of its recipient. A SUPPLEMENT for a request that is not open is refused; a PAYMENT is
 *              not: money that was paid is a fact.
 * Again        a second SUPPLEMENT_REQUEST of one agency for one dossier needs a reason_code, unless the citizen
 *              wished it (parent: a CORRECTION_REQUEST) or it corrects one that failed.
 * Time         answer_by: stated, else by the one-stop's hours and the directory's rules (struct asking_rules). A
 *              reminder before it, to the one-stop. At its end a proposal to stop, to both: listed and explained; it is
 *              never stopped by itself. Not while the request has not reached the one-stop, nor while time is in doubt.
 *              A year that no calendar tells makes both provisional; when it is loaded they are worked out anew, as an
 *              event of the request (ANSWER_BY_RECOMPUTED) that both hear of where the time has moved. A proposal that
 *              came too soon is taken back then, and where the reminder lies ahead again it is given again.
 * Bounds       ASKED_MAX requests of a dossier; one more is refused, since nothing could wait for its answer.
 */
#ifndef GATEWAY_CORE_SUPPLEMENT_H
#define GATEWAY_CORE_SUPPLEMENT_H

#include "gateway/core/dossier.h"

enum { ASKED_MAX = 32 };

bool supplement_is_request(enum kind kind);
bool supplement_is_answer(enum kind kind);

/* ---- a SUBMIT, in this order */
/* After its parent was looked at: which request it answers (intake->request and what follows it). */
void supplement_find(struct step *step, struct intake *intake);
/* Whom a request or an answer without recipient is written to. NULL: as any other handoff. */
const struct agency *supplement_addressed(struct step *step, const struct intake *intake);
/* With recipient and dossier known. False: refused. */
bool supplement_ok(struct step *step, struct intake *intake);
/* Into the dossier's record, before it is written: an answer lets the clock go on. */
void supplement_tell(struct step *step, const struct intake *intake, const struct handoff *handoff,
                     struct dossier *dossier, int64_t source_ms);
/* The handoff has begun, its dossier's record is about to be written: the request's own record. */
void supplement_begun(struct step *step, const struct intake *intake, const struct handoff *handoff,
                      const struct telling *telling);
/* The portal's copy. Every copy of a handoff is stale afterwards. */
void supplement_copy(struct step *step, const struct intake *intake, uint64_t id);

/* ---- what else can happen */
/* A dossier's record has changed: requests that nobody waits for any more are left. */
void supplement_follow(struct step *step, const struct dossier *before, const struct dossier *after, uint64_t event);
/* A request was closed before it was delivered, and nothing took its place. */
void supplement_taken_back(struct step *step, const struct handoff *request);
/* TIMER_ASKED. */
void supplement_due(struct step *step, int64_t due_ms, struct handoff *request);
/* `request` stands among the provisional ones of this year, whose calendar is there now (dossier_calendar_due). */
void supplement_calendar_loaded(struct step *step, uint32_t year, uint64_t request);

/* It is overdue, and a person should decide whether to stop. */
bool supplement_proposes_stop(const struct asked *asked);

#endif
