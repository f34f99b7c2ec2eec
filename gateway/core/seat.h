/* seat.h - an agency's place, whoever holds it: agencies end, and others take over what they sent, got and hold.
 *
 * Who may    What an agency sent or got may be answered, tracked, followed, supplemented, corrected and withdrawn by
 *            that agency, by whoever stands in its line of successors for this very matter (procedure, kind of handoff,
 *            area) by now, and, until its key ends, by the one before: a late answer under the old code. Nobody else,
 *            and nothing that no permit allows: the permits are asked for the code that is used.
 * The matter is the handoff's: its procedure, its kind, and the dossier's area as its header stated it; where it did
 *            not, or its body is gone, the area of its sender.
 * Without a successor in the directory every call here is one comparison.
 */
#ifndef GATEWAY_CORE_SEAT_H
#define GATEWAY_CORE_SEAT_H

#include "gateway/core/handoff.h"

/* Who has this number, in the directory as it is now. NULL: gone from it, or 0. */
const struct agency *seat_of_number(struct step *step, uint32_t number);
/* `agency` may act for the agency of this number in the matter of `about`. */
bool seat_is(struct step *step, const struct agency *agency, uint32_t number, const struct handoff *about);
/* The same of two numbers. */
bool seat_same(struct step *step, uint32_t a, uint32_t b, const struct handoff *about);
/* Who has taken over from the agency of this number in that matter; NULL: it holds its place itself, or nobody does. */
const struct agency *seat_taken_by(struct step *step, uint32_t number, const struct handoff *about);

/* A handoff that waits for an agency which has been succeeded goes to the successor: recipient, counts, attempts used
 * up so far and the adapter's checkpoint begin anew; lane, place, due date and key stay. Perhaps done by the one
 * before: no class covers that, so an offer makes it UNSURE. True: it moved; seat_tell() tells CAUSE_SUCCEEDED. The
 * rows of its state are the caller's: it has no READY row; `state` is what its recipient's count speaks of (0 none). */
bool seat_move(struct step *step, struct handoff *handoff, enum state state, uint32_t *ret_before);
/* The same for one that is READY, with its rows and its event. False: nobody has taken over. */
bool seat_move_ready(struct step *step, struct handoff *handoff);
void seat_tell(struct step *step, struct handoff *handoff, uint32_t before);

/* What an agency has sent under this message id; where that is nothing, what one before it in its line has, in a matter
 * that it has taken over. 0: nothing. */
uint64_t seat_message(struct step *step, uint32_t sender, const struct uuid *message_id);

/* Order over a change of codes. Each code keeps its own order in its own lane; what is written to the present code goes
 * behind what still waits under an older one, and whatever has joined another lane like this is followed there. So one
 * sender that uses the new code from some day on never overtakes itself; who goes back to the old code may.
 * Gives the number under whose lane this one goes (HANDOFF_JOINED); 0: its own. `addressed`: as written. */
uint32_t seat_lane(struct step *step, uint64_t dossier, const struct agency *addressed,
                   const struct agency *recipient);

#endif
