/* besides.c - reads, backups, restores and the closing walk of a story, each with every call failing. */
#include <string.h>
#include <unistd.h>

#include "tests/nth/story.h"

/* ---- reads */

/* Reads that print are had once: what was printed cannot be taken back. */
enum result __wrap_store_read(struct store *store, turn_work *work, void *context)
{
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_DISK, FAIL_MEMORY };
    struct output *output = story.world ? story.world->output : NULL;
    uint64_t last_event = story.world ? story.world->last_event : 0;

    if (story.inside || !output || story.pass != PASS_EACH || is_sampled() || store != story.world->store ||
        (story.only_turn && story.only_turn != story.turns))
        return __real_store_read(store, work, context);
    story.where = "a read";
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        if (story.only_turn && story.only_what != whats[i])
            continue;
        for (uint64_t n = first_n(), fired = 1; fired; n += story.stride) {
            struct turn_end before = store_last(story.world->store);
            size_t used = output->used;
            try_with(whats[i], n);
            enum result result = __real_store_read(story.world->store, work, context);
            fired = try_over();
            output->used = used;
            story.world->last_event = last_event;
            if (fired ? !is_right(story.what, result) && whats[i] != FAIL_MEMORY : result != RESULT_OK)
                wrong("%s: %s", result_name(result), store_trouble(story.world->store));
            if (result != RESULT_OK)
                (void)stands_where_it_stood(&before, result);
            fired = fired && !story.only_n;
        }
    }
    return __real_store_read(story.world->store, work, context);
}

/* ---- backup and restore */

static bool is_tried_here(void)
{
    return !story.inside && story.pass == PASS_EACH && !is_sampled() &&
           (!story.only_turn || story.only_turn == story.turns);
}

static void no_work(struct turn *turn, void *context)
{
    (void)turn;
    (void)context;
}

/* A backup that fails leaves the store as it is, and the next one goes well. */
enum result __wrap_store_backup(struct store *store, const char *to_folder, struct left_out left_out,
                                uint64_t *ret_seq, struct text *why)
{
    struct image *before = is_tried_here() ? image_take(to_folder) : NULL;

    story.where = "a backup";
    story.inside = true;                        /* it opens the copy to see which blobs it names */
    for (enum fail_what what = 0; before && what < FAIL_WHATS; what++)
        for (uint64_t n = first_n(), fired = is_wanted(what, ALL_KINDS); fired; n += story.stride) {
            struct turn_end last = store_last(store);
            try_with(what, n);
            enum result result = __real_store_backup(store, to_folder, left_out, ret_seq, why);
            fired = try_over() && !story.only_n;
            if (result != RESULT_OK && !fail_has_fired())
                wrong("%s: %s", result_name(result), store_trouble(store));
            if (result == RESULT_OK && fail_has_fired() && is_sync(fail_call()))
                wrong("it went through all the same");
            if (store_last(store).seq != last.seq ||
                __real_store_read(store, no_work, NULL) != RESULT_OK)
                wrong("the store itself has suffered");
            image_put(before, to_folder);
        }
    image_free(before);
    enum result result = __real_store_backup(store, to_folder, left_out, ret_seq, why);
    story.inside = false;
    return result;
}

/* A restore that fails leaves nothing, and the next one goes well. */
enum result __wrap_store_restore(const struct store_restore *wanted, uint32_t *ret_epoch, uint64_t *ret_seq,
                                 struct text *why)
{
    char noted[160];
    struct image *before = is_tried_here() ? image_take(wanted->folder) : NULL;
    struct image *backup = before ? image_take(wanted->backup) : NULL;

    snprintf(noted, sizeof noted, "%s.epoch", wanted->folder);
    story.inside = true;
    story.where = "a restore";
    for (enum fail_what what = 0; before && access(noted, F_OK) != 0 && what < FAIL_WHATS; what++) {
        unsigned unsynced = 0;      /* the note in the backup and its name: that disk may be there for reading only */
        for (uint64_t n = first_n(), fired = is_wanted(what, ALL_KINDS); fired; n += story.stride) {
            try_with(what, n);
            enum result result = __real_store_restore(wanted, ret_epoch, ret_seq, why);
            fired = try_over() && !story.only_n;
            if (result != RESULT_OK && !fail_has_fired())
                wrong("%s", result_name(result));
            if (result == RESULT_OK && fail_has_fired() && is_sync(fail_call()) && unsynced++ >= 2)
                wrong("it went through all the same");
            char data[160];
            snprintf(data, sizeof data, "%s/data.mdb", wanted->folder);
            if (result != RESULT_OK && access(data, F_OK) == 0)
                wrong("%s, and a store stands there", result_name(result));
            image_put(before, wanted->folder);
            image_put(backup, wanted->backup);
            (void)unlink(noted);
        }
    }
    image_free(before);
    image_free(backup);
    enum result result = __real_store_restore(wanted, ret_epoch, ret_seq, why);
    story.inside = false;
    return result;
}

/* ---- the walk at the end */

static void no_word(void *context, const char *fault)
{
    (void)context;
    if (fail_has_fired() && story.what != FAIL_FILES && story.what != FAIL_IO)
        wrong("a failed call became a fault of the store: %s", fault);
}

/* A key file that cannot be read is a sealed row that cannot be opened: that, and only that, may become a fault. */
static enum result walk_once(enum fail_what what, uint64_t n, bool *ret_fired)
{
    struct store_check check;

    try_with(what, n);
    story.inside = true;
    enum result result = __real_store_check(story.world->store, no_word, NULL, &check);
    story.inside = false;
    *ret_fired = try_over();
    bool right = result == RESULT_OK ? !*ret_fired || what == FAIL_FILES || what == FAIL_IO
                                     : *ret_fired && is_right(what, result);
    if (!right)
        wrong("%s: %s", result_name(result), store_trouble(story.world->store));
    if (result == RESULT_BROKEN) {
        store_close(story.world->store);
        open_again();
    }
    return result;
}

enum result __wrap_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check)
{
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_DISK, FAIL_FILES, FAIL_IO, FAIL_MEMORY };
    bool fired;

    if (story.inside || store != story.world->store)        /* a copy that is looked at before it is taken */
        return __real_store_check(store, each, context, ret_check);
    story.where = "the walk";
    for (size_t i = 0; is_tried_here() && i < sizeof whats / sizeof *whats; i++) {
        fired = is_wanted(whats[i], ALL_KINDS);
        for (uint64_t n = first_n(); fired; n += story.stride)
            if (walk_once(whats[i], n, &fired) == RESULT_OK && fired && whats[i] == FAIL_MEMORY)
                wrong("it went through all the same");
    }
    story.inside = true;
    enum result result = __real_store_check(story.world->store, each, context, ret_check);
    story.inside = false;
    return result;
}
