/* blob.h - which handoffs name which uploaded files, who may read them, and when they go.
 *
 * A blob is used by every handoff whose header names it and whose body is still there: the one that was sent, and those
 * that travel with the same header (steps of a procedure, copies, a redirected child). Whoever uploaded it may name and
 * read it, and whoever was offered a handoff that names it. It is deleted when the last body that names it has been
 * purged, but not before BLOB_UNUSED_MS after its last upload: somebody may be about to name it. First who may read it
 * goes, then the record, then the file: the broker unlinks that after the commit (EFFECT_BLOB_DROP).
 */
#ifndef GATEWAY_CORE_BLOB_H
#define GATEWAY_CORE_BLOB_H

#include "gateway/core/handoff.h"

/* `handoff` was begun with HANDOFF_ATTACHED; what its submit names is on record (must). */
void blob_attach(struct step *step, const struct handoff *handoff, const struct submit *submit);
/* `to` has the header of `from`: it uses the same. Sets its flag, where there are any; false: there are none. */
bool blob_share(struct step *step, const struct handoff *from, struct handoff *to);
/* Its body is about to go. Clears the flag. The caller writes the record. */
void blob_detach(struct step *step, struct handoff *handoff);
/* Its DELIVER leaves: the recipient may read what it names. */
void blob_grant(struct step *step, const struct handoff *handoff);
/* It was uploaded just now: its 7 days begin anew; where it is used, they are remembered for when it is not. Writes the
 * record. */
void blob_renew(struct step *step, struct blob *blob);
/* TIMER_BLOB. */
void blob_due(struct step *step, int64_t due_ms, uint64_t file);

#endif
