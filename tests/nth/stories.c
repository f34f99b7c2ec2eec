/* stories.c - the golden stories of tests/trace, through the shipped core and store, with every call failing once.
 *
 * Linked with the story runner itself and --wrap for the store's own calls, so that a story knows of nothing: each
 * turn, each read, each opening and the closing walk is tried again and again, with the first call of a kind failing,
 * then the second, until it goes through untouched; only then does the story hear of it. So it must come out word for
 * word as it stands in its file. After each try that failed:
 *   - the result is the one that store.h gives for it: FULL, BUSY or BROKEN, and BROKEN is sticky;
 *   - the store stands where it stood: same turn, same link;
 *   - after BROKEN the store is closed and opened again, as the broker's restart would.
 * A commit that was done but says EIO is found done after that, and not done again.
 * When a story ends its store is walked whole, and with SAN=1 a leak is a failure too. */
int trace_main(int count, char **paths);
#define main trace_main
#include "tests/trace/main.c"
#undef main

#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/nth/fail.h"

enum { TRIES_DEFAULT = 20000, WALK_SHARE = 50 };

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
enum result __real_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check);
enum result __wrap_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check);

/* COUNT: nothing fails. EACH: every call. LIES: every commit is done and says EIO. */
enum pass { PASS_COUNT, PASS_EACH, PASS_LIES };

/* Of the story that runs. */
static struct {
    const char *path;
    enum pass pass;
    struct world *world;
    struct store_options options;               /* as it was last opened */
    bool     inside;                            /* store_check reads, and that is not a try of its own */
    uint64_t stride, tries_max, calls, tries, fired, restarts, wrong;
    uint32_t turns;
    enum fail_what what;                        /* of the present try, for whoever dies in it */
    uint64_t n;
    const char *where;
} story;

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...)
{
    va_list arguments;

    story.wrong++;
    printf("  %s: %s, turn %u, %s no %llu (%s): ", story.path, story.where, story.turns, fail_name(story.what),
           (unsigned long long)story.n, fail_call());
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

/* must() and the sanitizers end the process; say at what. */
static void died(int number)
{
    char text[512];
    int size = snprintf(text, sizeof text, "  %s: %s, turn %u, %s no %llu (%s): died of signal %d\n", story.path,
                        story.where, story.turns, fail_name(story.what), (unsigned long long)story.n, fail_call(),
                        number);
    if (size > 0 && write(STDOUT_FILENO, text, (size_t)size) < 0)
        _exit(4);
    _exit(3);
}

static void try_with(enum fail_what what, uint64_t n)
{
    story.what = what;
    story.n = n;
    story.tries++;
    fail_arm(what, n);
}

/* ---- opening */

static void reopen(void)
{
    char why[512] = "";
    struct text text = text_of(why, sizeof why);

    story.restarts++;
    store_close(story.world->store);
    story.world->store = NULL;
    if (__real_store_open(&story.world->store, &story.options, &text) == RESULT_OK)
        return;
    wrong("the store does not open again: %s", why);
    _exit(3);
}

enum result __wrap_store_open(struct store **ret_store, const struct store_options *options, struct text *why)
{
    story.options = *options;
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_DISK, FAIL_FILES, FAIL_MEMORY };

    if (story.pass != PASS_EACH)
        return __real_store_open(ret_store, options, why);
    story.where = "opening";
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
        for (uint64_t n = 1, more = 1; more; n++) {
            char words[512] = "";
            struct text text = text_of(words, sizeof words);
            struct store *store = NULL;
            try_with(whats[i], n);
            enum result result = __real_store_open(&store, options, &text);
            more = fail_disarm();
            story.fired += more;
            if (result == RESULT_OK)
                store_close(store);             /* it can do without, or nothing failed */
            else if (!more || store)
                wrong("%s, and what came back is no refusal", result_name(result));
            else if (result != RESULT_FULL && !words[0])
                wrong("%s without a word", result_name(result));
        }
    return __real_store_open(ret_store, options, why);
}

/* ---- turns */

static bool is_right(enum fail_what what, enum result result)
{
    if (what == FAIL_DISK || what == FAIL_COMMIT)
        return result == RESULT_BROKEN;
    if (what == FAIL_FILES)
        return result == RESULT_BROKEN || result == RESULT_FULL;
    return result == RESULT_FULL || result == RESULT_BUSY;
}

/* After a try that did not go through. False: the turn is on disk all the same. */
static bool stands_where_it_stood(const struct turn_end *before, enum result result)
{
    if (result == RESULT_BROKEN) {
        if (__real_store_read(story.world->store, NULL, NULL) != RESULT_BROKEN)
            wrong("a broken store is asked again and answers");
        reopen();
    }
    struct turn_end after = store_last(story.world->store);
    if (after.seq == before->seq && hash_equal(&after.link, &before->link))
        return true;
    if (story.what != FAIL_COMMIT || after.seq <= before->seq)
        wrong("turn %llu was the last, now it is %llu", (unsigned long long)before->seq,
              (unsigned long long)after.seq);
    return false;
}

struct try { int64_t now_ms; turn_work *work; void *context; struct turn_end *ret_end; };

/* One try of one turn. True: it is on disk, and the story goes on. */
static bool try_turn(const struct try *try, enum fail_what what, uint64_t n, bool *ret_fired)
{
    struct turn_end before = store_last(story.world->store);

    effects_reset(&story.world->effects);
    try_with(what, n);
    enum result result = __real_store_turn(story.world->store, try->now_ms, try->work, try->context, try->ret_end);
    *ret_fired = fail_disarm();
    story.fired += *ret_fired;
    if (result == RESULT_OK)
        return true;
    if (!*ret_fired || !is_right(what, result))
        wrong("%s: %s", result_name(result), store_trouble(story.world->store));
    if (stands_where_it_stood(&before, result))
        return false;
    *try->ret_end = store_last(story.world->store);
    return true;
}

/* How often each kind is called in the whole turn, its commit being refused: it can be had again. */
static void count_turn(const struct try *try, uint64_t ret_counts[FAIL_WHATS])
{
    struct turn_end end;

    effects_reset(&story.world->effects);
    try_with(FAIL_ROOM, FAIL_NEVER);
    fail_refuse_commits(true);
    enum result result = __real_store_turn(story.world->store, try->now_ms, try->work, try->context, &end);
    fail_refuse_commits(false);
    fail_disarm();
    if (result != RESULT_OK && result != RESULT_FULL)
        wrong("%s when nothing failed", result_name(result));
    for (int i = 0; i < FAIL_WHATS; i++)
        ret_counts[i] = fail_count(i);
}

/* The n-th of each kind, n = 1, 1 + stride ...; a long story begins elsewhere in every turn, so that none is spared. */
static uint64_t first_n(void)
{
    return 1 + story.turns % story.stride;
}

enum result __wrap_store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context,
                              struct turn_end *ret_end)
{
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_DISK, FAIL_FILES };
    struct try try = { now_ms, work, context, ret_end };
    uint64_t counts[FAIL_WHATS];
    bool fired = true;

    must(store == story.world->store);
    story.where = "a turn";
    story.turns++;
    if (story.pass == PASS_LIES) {
        if (!try_turn(&try, FAIL_COMMIT, 1, &fired))
            wrong("a commit that was done is not there");
        return RESULT_OK;
    }
    count_turn(&try, counts);
    story.calls += counts[FAIL_DISK] + counts[FAIL_FILES] + counts[FAIL_ROOM];
    if (story.pass == PASS_COUNT) {
        effects_reset(&story.world->effects);
        return __real_store_turn(store, now_ms, work, context, ret_end);
    }
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
        for (uint64_t n = first_n(); n <= counts[whats[i]]; n += story.stride)
            if (try_turn(&try, whats[i], n, &fired)) {
                if (fired)
                    wrong("it went through all the same");
                return RESULT_OK;
            }
    for (uint64_t n = first_n(); fired; n += story.stride)
        if (try_turn(&try, FAIL_MEMORY, n, &fired))
            return RESULT_OK;
    must(false);
}

/* ---- reads */

struct reading { turn_work *work; void *context; };

static enum result run_read(void *context)
{
    struct reading *reading = context;
    return __real_store_read(story.world->store, reading->work, reading->context);
}

/* Reads that print are had once: what was printed cannot be taken back. */
enum result __wrap_store_read(struct store *store, turn_work *work, void *context)
{
    struct reading reading = { work, context };
    struct output *output = story.world ? story.world->output : NULL;
    uint64_t last_event = story.world ? story.world->last_event : 0;

    if (story.inside || !output || story.pass != PASS_EACH || store != story.world->store)
        return __real_store_read(store, work, context);
    story.where = "a read";
    for (uint64_t n = first_n(), fired = 1; fired; n += story.stride)
        for (int disk = 0; disk < 2; disk++) {
            struct turn_end before = store_last(story.world->store);
            size_t used = output->used;
            try_with(disk ? FAIL_DISK : FAIL_ROOM, n);
            enum result result = run_read(&reading);
            fired = fail_disarm();
            story.fired += fired;
            output->used = used;
            story.world->last_event = last_event;
            if (fired ? !is_right(story.what, result) : result != RESULT_OK)
                wrong("%s: %s", result_name(result), store_trouble(story.world->store));
            if (result != RESULT_OK)
                (void)stands_where_it_stood(&before, result);
        }
    return run_read(&reading);
}

/* ---- the walk at the end */

static void no_word(void *context, const char *fault)
{
    (void)context;
    if (fail_has_fired() && story.what != FAIL_FILES)
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
    *ret_fired = fail_disarm();
    story.fired += *ret_fired;
    bool right = result == RESULT_OK ? !*ret_fired || what == FAIL_FILES : *ret_fired && is_right(what, result);
    if (!right)
        wrong("%s: %s", result_name(result), store_trouble(story.world->store));
    if (result == RESULT_BROKEN)
        reopen();
    return result;
}

enum result __wrap_store_check(struct store *store, void (*each)(void *, const char *), void *context,
                               struct store_check *ret_check)
{
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_DISK, FAIL_FILES, FAIL_MEMORY };
    bool fired;

    if (store != story.world->store)                /* a copy that is looked at before it is taken */
        return __real_store_check(store, each, context, ret_check);
    story.where = "the walk";
    if (story.pass == PASS_EACH && walk_once(FAIL_ROOM, FAIL_NEVER, &fired) == RESULT_OK) {
        uint64_t counts[FAIL_WHATS];
        for (int i = 0; i < FAIL_WHATS; i++)
            counts[i] = fail_count(i);
        for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
            uint64_t count = counts[whats[i]], tries_max = story.tries_max / WALK_SHARE + 1;
            for (uint64_t n = 1; n <= count; n += 1 + count / tries_max)
                (void)walk_once(whats[i], n, &fired);
        }
    }
    story.inside = true;
    enum result result = __real_store_check(story.world->store, each, context, ret_check);
    story.inside = false;
    return result;
}

/* ---- all of it */

struct world *__wrap_world_new(struct output *output)
{
    story.world = NULL;                         /* its first opening comes before it is known */
    story.world = __real_world_new(output);
    return story.world;
}

/* In a process of its own; its exit status. */
static int run(const char *path)
{
    signal(SIGABRT, died);
    signal(SIGSEGV, died);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (enum pass pass = PASS_COUNT; pass <= PASS_LIES; pass++) {
        story.path = path;
        story.pass = pass;
        story.stride = 1 + story.calls / story.tries_max;
        story.turns = 0;
        if (!check_story(path, false)) {
            story.where = "the end";
            wrong("the story did not come out as it stands in its file");
        }
        if (pass == PASS_COUNT)
            story.tries = story.fired = 0;
    }
    printf("  %s %s: %u turns, %llu tries, every %llu. call, %llu failures, %llu restarts\n",
           story.wrong ? "FAILED" : "ok", path, story.turns, (unsigned long long)story.tries,
           (unsigned long long)story.stride, (unsigned long long)story.fired, (unsigned long long)story.restarts);
    return story.wrong || !story.fired;
}

int main(int count, char **paths)
{
    const char *tries = getenv("NTH_TRIES");
    int passed = 0, failed = 0;

    fail_start();
    story.tries_max = tries ? strtoull(tries, NULL, 10) : TRIES_DEFAULT;
    must(story.tries_max > 0);
    if (hash_start() != RESULT_OK)
        return 2;
    for (int i = 1; i < count; i++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            exit(run(paths[i]));
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            printf("  FAILED %s: status %x\n", paths[i], (unsigned)status);
            failed++;
        } else {
            passed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
