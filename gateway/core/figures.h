/* figures.h - what a dossier counts for in the reports, kept up as it goes on (store/record_figure.h says what counts
 * where). All of it happens in the turn that changed the dossier.
 *
 * What counts is worked out anew from the records and compared with what counted before, which is kept with the
 * dossier: so each call may come once too often, and in any order with what else follows a record. What must not happen
 * is that none comes: after a change of the record figures_follow(), after one of how the dossier comes out
 * figures_ending().
 *
 * Officer    who has it in hand, by the latest word in source time: whom a FORWARD was handed to (officer_to); who told
 *            where it stands, asked for more, refused, stopped or ended it (officer_from). Only what looks like a code
 *            is kept: letters, digits and . _ - / : @, a letter or digit first.
 * Papers     components of the opener's FORWARD, the longest list of several.
 * Results    each RESULT; digitised: it lists a digitised component, or carries a file.
 * Rating     of a RATING; the latest word in source time, so that a kiosk and a portal do not count twice.
 * Waited     in the gateway: the time from when a FORWARD could go until it was there, less what the other side's own
 *            answers used up (handoff.tried_ms), and less what it was held, or waited for its sender to correct it.
 * Why late   the gateway, where it would have been in time without that wait; else waiting for the citizen or for money
 *            (statuses 5 and 6), where it would have been in time without it: only of a due date that was stated, a
 *            computed one has made up for it; else the agency.
 */
#ifndef GATEWAY_CORE_FIGURES_H
#define GATEWAY_CORE_FIGURES_H

#include "gateway/core/dossier.h"

/* The record has been written; `before` NULL: there was none. */
void figures_follow(struct step *step, const struct dossier *before, const struct dossier *after);
/* Its row of `ending` has been written. */
void figures_ending(struct step *step, uint64_t dossier);
/* `handoff`, which said `submit`, has come in and belongs to a dossier with a record. */
void figures_told(struct step *step, const struct telling *telling, const struct submit *submit,
                  const struct handoff *handoff);
/* A FORWARD is there. */
void figures_delivered(struct step *step, const struct dossier *dossier, const struct handoff *forward);

#endif
