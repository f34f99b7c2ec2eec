#include "gateway/core/blob.h"

#include <string.h>

enum { READERS_PER_TICK = 64 };

/* Without a use from `due_ms` on, or used again (0). */
static void put_due(struct step *step, struct blob *blob, int64_t due_ms)
{
    if (blob->due_ms)
        turn_timer_delete(step->turn, blob->due_ms, TIMER_BLOB, blob->file);
    blob->due_ms = due_ms;
    if (due_ms)
        turn_timer_put(step->turn, due_ms, TIMER_BLOB, blob->file);
    turn_blob_put(step->turn, blob);
}

static void use(struct step *step, uint64_t handoff, const struct hash *sha256)
{
    struct blob blob;

    must(turn_blob(step->turn, sha256, &blob));
    blob.uses++;
    put_due(step, &blob, 0);
    turn_attached_put(step->turn, handoff, sha256);
}

static bool is_named_before(const struct submit *submit, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (hash_equal(&submit->attachments[i], &submit->attachments[index]))
            return true;
    return false;
}

void blob_attach(struct step *step, const struct handoff *handoff, const struct submit *submit)
{
    must(!submit->attachment_count == !(handoff->flags & HANDOFF_ATTACHED));
    for (uint32_t i = 0; i < submit->attachment_count; i++)
        if (!is_named_before(submit, i))
            use(step, handoff->id, &submit->attachments[i]);
}

bool blob_share(struct step *step, const struct handoff *from, struct handoff *to)
{
    struct hash at;

    if (!(from->flags & HANDOFF_ATTACHED))
        return false;
    for (const struct hash *after = NULL; turn_attached_next(step->turn, from->id, after, &at); after = &at)
        use(step, to->id, &at);
    to->flags |= HANDOFF_ATTACHED;
    return true;
}

void blob_renew(struct step *step, struct blob *blob)
{
    blob->stored_ms = step->now_ms;
    put_due(step, blob, blob->due_ms ? step->now_ms + BLOB_UNUSED_MS : 0);
}

/* Whoever uploaded it last was promised so long to name it. */
static int64_t due_without(const struct step *step, const struct blob *blob)
{
    int64_t until_ms = blob->stored_ms + BLOB_UNUSED_MS;
    return until_ms > step->now_ms ? until_ms : step->now_ms;
}

void blob_detach(struct step *step, struct handoff *handoff)
{
    struct hash at;
    struct blob blob;

    if (!(handoff->flags & HANDOFF_ATTACHED))
        return;
    while (turn_attached_next(step->turn, handoff->id, NULL, &at)) {
        must(turn_blob(step->turn, &at, &blob) && blob.uses);
        turn_attached_delete(step->turn, handoff->id, &at);
        blob.uses--;
        put_due(step, &blob, blob.uses ? 0 : due_without(step, &blob));
    }
    handoff->flags &= ~(uint32_t)HANDOFF_ATTACHED;
}

void blob_grant(struct step *step, const struct handoff *handoff)
{
    struct hash at;
    if (!(handoff->flags & HANDOFF_ATTACHED))
        return;
    for (const struct hash *after = NULL; turn_attached_next(step->turn, handoff->id, after, &at); after = &at)
        turn_blob_known_put(step->turn, handoff->recipient, &at);
}

/* Some at a time: a notice to all agencies has a reader in each of them. */
void blob_due(struct step *step, int64_t due_ms, uint64_t file)
{
    struct blob blob;
    uint32_t agency = 0;

    must(turn_blob_of_file(step->turn, file, &blob) && blob.due_ms == due_ms && !blob.uses);
    if (step->core->purge_paused || step->core->time_in_doubt) {
        put_due(step, &blob, step->now_ms + PAUSED_MS);
        return;
    }
    for (int i = 0; i < READERS_PER_TICK && (agency = turn_blob_known_next(step->turn, &blob.sha256, 0)) != 0; i++)
        turn_blob_known_delete(step->turn, agency, &blob.sha256);
    if (agency && turn_blob_known_next(step->turn, &blob.sha256, 0))
        return;                                     /* its timer is still due */
    turn_timer_delete(step->turn, blob.due_ms, TIMER_BLOB, blob.file);
    turn_blob_delete(step->turn, &blob);
    struct effect *effect = effects_add(step->effects, EFFECT_BLOB_DROP, step->command);
    effect->session = effect->correlation = 0;
    effect->blob = (struct blob_effect){ .sha256 = blob.sha256, .file = blob.file };
}
