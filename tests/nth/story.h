/* story.h - what the files of the story sweep share. stories.c has openings, settling and turns, besides.c what a story
 * does with its store besides. */
#ifndef TESTS_NTH_STORY_H
#define TESTS_NTH_STORY_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/nth/fail.h"
#include "tests/nth/image.h"
#include "tests/trace/world.h"

struct world *__real_world_new(struct output *output);
struct world *__wrap_world_new(struct output *output);
enum result __real_store_open(struct store **ret_store, const struct store_options *options, struct text *why);
enum result __wrap_store_open(struct store **ret_store, const struct store_options *options, struct text *why);
enum result __real_store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context,
                              struct turn_end *ret_end);
enum result __wrap_store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context,
                              struct turn_end *ret_end);
enum result __real_store_read(struct store *store, turn_work *work, void *context);
enum result __wrap_store_read(struct store *store, turn_work *work, void *context);
enum result __real_store_backup(struct store *store, const char *to_folder, struct left_out left_out,
                                uint64_t *ret_seq, struct text *why);
enum result __wrap_store_backup(struct store *store, const char *to_folder, struct left_out left_out,
                                uint64_t *ret_seq, struct text *why);
enum result __real_store_restore(const struct store_restore *wanted, uint32_t *ret_epoch, uint64_t *ret_seq,
                                 struct text *why);
enum result __wrap_store_restore(const struct store_restore *wanted, uint32_t *ret_epoch, uint64_t *ret_seq,
                                 struct text *why);
enum result __real_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check);
enum result __wrap_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check);

enum pass { PASS_COUNT, PASS_EACH, PASS_BEHIND_ROOM, PASS_BEHIND_MEMORY, PASS_BEHIND_FILES, PASS_LIES, PASSES };
#define ALL_KINDS (1u << FAIL_MEMORY | 1u << FAIL_ROOM | 1u << FAIL_DISK | 1u << FAIL_COMMIT | 1u << FAIL_FILES | \
                   1u << FAIL_IO | 1u << FAIL_SHORT)
/* Of the story that runs. */
extern struct story {
    const char *path;
    enum pass pass;
    struct world *world;
    struct store_options options;               /* as it was last opened */
    bool     inside;                            /* what is called now belongs to a try, or to nobody */
    uint64_t stride, period, tries_max, calls, tries, fired, kills, walks, lies, wrong;
    uint32_t turns, turns_counted;
    enum fail_what what;                        /* of the present try, for whoever dies in it */
    uint64_t n;
    const char *where;
    struct turn_end end;                        /* of this turn, as it came out each time */
    unsigned ends;
    bool     writes;                            /* a turn of it wrote something */
    bool     makes_a_key;
    uint64_t only_turn, only_n;                 /* NTH_AT: one try and no other; 0 all */
    enum fail_what only_what;
} story;

void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));      /* says at which try */
void try_with(enum fail_what what, uint64_t n);
bool try_over(void);                            /* true: it has failed */
uint64_t first_n(void);
bool is_wanted(enum fail_what what, unsigned kinds);
bool is_sampled(void);
bool is_sync(const char *call);
/* Whether store.h has that result for such a failure. */
bool is_right(enum fail_what what, enum result result);
void open_again(void);
/* After a try that was refused. False: the turn is there all the same, as after a sync that was denied. */
bool stands_where_it_stood(const struct turn_end *before, enum result result);

#endif
