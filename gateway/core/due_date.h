/* due_date.h - when a dossier and its steps are due, by the catalogue, the hours of the agencies and the calendar: the
 * deadline engine asked with what the record says. Pure.
 *
 * A due date that the one-stop has stated, or an agency that may move it, is on a paper that a citizen holds: it is
 * never computed anew. The engine's answer stands beside it, so that the difference can be seen. Where nobody stated
 * one, the engine's answer holds: the committed time, where there is none the statutory one. A year that no calendar
 * tells makes it provisional.
 * Counted from received_ms by the hours of the opener; a step from its delivery by the hours of its holder. A clock
 * that stands now is not counted on: the answer is what would be due if it went on at once.
 */
#ifndef GATEWAY_CORE_DUE_DATE_H
#define GATEWAY_CORE_DUE_DATE_H

#include "gateway/core/tables.h"
#include "gateway/store/record_dossier.h"

/* Which version of its procedure the dossier was received under; kept once known. `stated`: as its source says, "" not.
 * Needs procedure_code and received_ms. NULL: the catalogue has none. */
const struct procedure *due_version(const struct tables *tables, const struct agency *opener, const char *stated,
                                    struct dossier *dossier);
/* computed_ms, committed_ms, statutory_ms, unknown_year, and due_ms with its source unless it was stated. `procedure`
 * and `opener` may be NULL: nothing is computed then. True: what is due has changed. */
bool due_compute(const struct tables *tables, const struct procedure *procedure, const struct agency *opener,
                 struct dossier *dossier);
/* Of a branch that was delivered; 0: the catalogue gives no time for this step. */
int64_t due_of_step(const struct tables *tables, const struct procedure *procedure, const char *step,
                    const struct agency *holder, const struct dossier *dossier, unsigned branch);
/* Until when a business receipt is waited for; 0: none is. */
int64_t due_of_receipt(const struct tables *tables, const struct agency *holder, int64_t delivered_ms);
/* When the citizen's answer to a request is expected; 0: the rule gives no time. *year: the first year that no calendar
 * tells, where the way there leads through one; an earlier one that stands there is kept. */
int64_t due_of_answer(const struct tables *tables, struct deadline_rule rule, const struct agency *one_stop,
                      int64_t asked_ms, uint32_t *year);
/* The latest minute from which `rule` leads to due_ms or what is before it: so long before it is due, by the hours of
 * `agency`. 0: the rule gives no time, or one of more than a year. */
int64_t due_before(const struct tables *tables, struct deadline_rule rule, const struct agency *agency, int64_t due_ms);
/* How long a dossier was worked on in [from_ms, until_ms), by the hours of its opener, the times that its clock stood
 * taken out; those that still stand end at until_ms. 0 where the times are outside all calendars. */
int64_t due_worked_ms(const struct tables *tables, const struct agency *opener, const struct dossier *dossier,
                      int64_t from_ms, int64_t until_ms);
/* When `rule`, counted from from_ms by the hours of this agency, is over; 0: it gives none. `agency` NULL: office
 * hours. */
int64_t due_after(const struct tables *tables, const struct agency *agency, int64_t from_ms,
                  struct deadline_rule rule);
/* That time, or the next one that is worked by the hours of this agency. *year: as in due_of_answer(). */
int64_t due_next_worked(const struct tables *tables, const struct agency *agency, int64_t at_ms, uint32_t *year);
/* Whether anybody is at work at that time, by the hours of this agency; a closing counts. False: when it is next. In a
 * year that no calendar tells, every time is true. */
bool due_is_worked(const struct tables *tables, const struct agency *agency, int64_t at_ms, int64_t *ret_next_ms);
/* When the holder of this dossier is asked for an apology unless it has ended by then; 0: never. */
int64_t due_ask(const struct tables *tables, const struct agency *opener, const struct dossier *dossier);
/* The year that a calendar is missing for and somebody should see to it: this one; from 1 October on the next. 0: none
 * is. */
int due_calendar_missing(const struct tables *tables, int64_t now_ms);

#endif
