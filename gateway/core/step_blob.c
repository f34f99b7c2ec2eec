/* step_blob.c - BLOB: what the thread of blobs may do with a file, and what it has done.
 *
 * Comes     from that thread, about an uploader or a reader (`agency`), or about its own folder.
 *           PUT: may it be uploaded? KEEP: it has been, the file is whole and synced. GET: may it be read, and which
 *           file is it? FIND: does this file belong to anything?
 * Changes   nothing but for KEEP: the file is on record, the agency may name it. Content that is there already keeps
 *           the file that it has, unless that one cannot be read any more (anew). An upload begins the time without a
 *           use anew.
 * Effects   BLOB or REFUSED; BLOB_DROP of a file that was replaced.
 * Repeated  KEEP of content that is known says so again; its file is not taken. */
#include "gateway/core/blob.h"
#include "gateway/core/step.h"
#include "gateway/core/submit.h"

static void say(struct step *step, enum blob_word word, const struct blob *blob)
{
    struct effect *effect = effects_add(step->effects, EFFECT_BLOB, step->command);
    effect->blob = (struct blob_effect){ .word = word, .sha256 = blob->sha256, .size = blob->size, .file = blob->file,
                                         .day = blob->day };
}

static void refuse_missing(struct step *step)
{
    effects_refuse(step->effects, step->command, PROBLEM_ATTACHMENT_MISSING, "sha256",
                   "Cơ quan này chưa tải lên và cũng chưa được giao tệp đính kèm này.",
                   "This agency has neither uploaded this attachment nor been delivered it.");
}

static bool size_ok(struct step *step)
{
    uint64_t size = step->command->blob.size;
    if (size && size <= BLOB_BYTES_MAX)
        return true;
    effects_refuse(step->effects, step->command, size ? PROBLEM_TOO_LARGE : PROBLEM_INVALID_FIELD, "size",
                   "Tệp đính kèm phải có từ 1 đến %d byte.", "An attachment has 1 to %d bytes.", BLOB_BYTES_MAX);
    return false;
}

/* Of one hash there is one size. */
static bool agrees(struct step *step, const struct blob *blob)
{
    if (blob->size == step->command->blob.size)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "size",
                   "Nội dung có mã băm này dài cỡ khác.", "Content with this hash has another size.");
    return false;
}

static void put(struct step *step)
{
    const struct blob_ask *ask = &step->command->blob;
    uint32_t agency = turn_agency_number(step->turn, step->command->agency->code);
    struct blob blob = { .sha256 = ask->sha256, .size = ask->size };

    if (!size_ok(step))
        return;
    if (turn_blob_known(step->turn, agency, &ask->sha256) && turn_blob(step->turn, &ask->sha256, &blob)) {
        if (!agrees(step, &blob))
            return;
        if (!ask->anew) {
            blob_renew(step, &blob);
            say(step, BLOB_KNOWN, &blob);
            return;
        }
    }
    if (!submit_intake_open(step))
        return;
    blob.day = turn_sealing_day(step->turn);
    say(step, BLOB_WANTED, &blob);
}

/* Its key stays as long as it is on record, and its number is nobody else's. */
static bool is_good_file(struct step *step)
{
    const struct blob_ask *ask = &step->command->blob;
    struct blob other;
    return turn_sealed_any(step->turn, ask->day) && !turn_blob_of_file(step->turn, ask->file, &other);
}

/* The file on record cannot be read: this one takes its place, for all who name it. */
static void replace(struct step *step, struct blob *blob)
{
    struct effect *effect = effects_add(step->effects, EFFECT_BLOB_DROP, step->command);

    effect->session = effect->correlation = 0;
    effect->blob = (struct blob_effect){ .sha256 = blob->sha256, .file = blob->file };
    if (blob->due_ms)
        turn_timer_delete(step->turn, blob->due_ms, TIMER_BLOB, blob->file);
    turn_blob_replace(step->turn, blob, step->command->blob.file, step->command->blob.day);
    if (blob->due_ms)
        turn_timer_put(step->turn, blob->due_ms, TIMER_BLOB, blob->file);
}

static void keep(struct step *step)
{
    const struct blob_ask *ask = &step->command->blob;
    struct blob blob;

    if (!size_ok(step) || !submit_intake_open(step))
        return;
    bool known = turn_blob(step->turn, &ask->sha256, &blob);
    if (known && !agrees(step, &blob))
        return;
    if ((!known || ask->anew) && !is_good_file(step)) {
        effects_refuse(step->effects, step->command, PROBLEM_BUSY, "",
                       "Việc tải lên kéo dài quá lâu: hãy tải lên lại.", "The upload took too long: upload it again.");
        return;
    }
    if (known) {
        if (ask->anew)
            replace(step, &blob);
        blob_renew(step, &blob);
    } else {
        blob = (struct blob){ .sha256 = ask->sha256, .size = ask->size, .file = ask->file, .day = ask->day,
                              .stored_ms = step->now_ms, .due_ms = step->now_ms + BLOB_UNUSED_MS };
        turn_timer_put(step->turn, blob.due_ms, TIMER_BLOB, blob.file);
        turn_blob_put(step->turn, &blob);
    }
    turn_blob_known_put(step->turn, turn_agency_number_make(step->turn, step->command->agency->code), &ask->sha256);
    say(step, BLOB_KEPT, &blob);
}

static void get(struct step *step)
{
    const struct blob_ask *ask = &step->command->blob;
    uint32_t agency = turn_agency_number(step->turn, step->command->agency->code);
    struct blob blob;

    if (turn_blob_known(step->turn, agency, &ask->sha256) && turn_blob(step->turn, &ask->sha256, &blob))
        say(step, BLOB_THERE, &blob);
    else
        refuse_missing(step);
}

static void find(struct step *step)
{
    const struct blob_ask *ask = &step->command->blob;
    struct blob blob;

    if (turn_blob_of_file(step->turn, ask->file, &blob) && hash_equal(&blob.sha256, &ask->sha256))
        say(step, BLOB_THERE, &blob);
    else
        say(step, BLOB_GONE, &(struct blob){ .sha256 = ask->sha256, .file = ask->file });
}

void step_blob(struct step *step)
{
    switch (step->command->blob.about) {
    case BLOB_PUT:  put(step); return;
    case BLOB_KEEP: keep(step); return;
    case BLOB_GET:  get(step); return;
    case BLOB_FIND: find(step); return;
    }
    must(!"a question about a blob that is none");
}
