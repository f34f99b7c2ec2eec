/* stories.c - the golden stories of tests/trace, through the shipped core and store, with every call failing once.
 *
 * Linked with the story runner itself and --wrap for the store's own calls, so that a story knows of nothing: each
 * turn, each read, each opening, backup, restore and the closing walk is tried again and again, with the first call of
 * a kind failing, then the second, until it goes through untouched. Then the store's folder is put back as it was
 * (image.h), and the next kind begins; at last the same thing is done once more for the story, with nothing failing. So
 * the story must come out word for word as it stands in its file. After each try that failed:
 *   - the result is the one that store.h gives for it: FULL, BUSY or BROKEN, and BROKEN is sticky;
 *   - the store stands where it stood: same turn, same link. Also after a kill at that moment, where BROKEN means one.
 *     A turn whose sync was done and denied may be there, whole: nobody was told;
 *   - of the stores found after such a kill every so many-th is walked whole.
 * Who says OK although a call failed has to have it on disk. How a store is written is not known here.
 *
 * Passes over one story: what is called (COUNT); every kind in every turn (EACH); one kind in each third turn, so that
 * failures meet a store with turns behind it since it was opened (BEHIND); each first sync and commit done and denied,
 * and the story goes on from there (LIES). A story of many turns is sampled: one try in a turn, a kind and an n by
 * turns. When a story ends its store is walked whole, and with SAN=1 a leak is a failure too, as is a descriptor. */
int trace_main(int count, char **paths);
#define main trace_main
#include "tests/trace/main.c"
#undef main

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/nth/story.h"

enum { TRIES_DEFAULT = 20000, SAMPLED_TURNS = 500, WALKED_EVERY = 4, OPENED_EVERY = 3,
       JOURNAL_BYTES = 64 << 10, STRIDE_WIDE = 8, PERIOD = 4 };

static const struct { const char *name; unsigned kinds, every; } passes[PASSES] = {
    { "counting", 0, 0 }, { "each turn", ALL_KINDS, 1 }, { "room, each third turn", 1u << FAIL_ROOM, 3 },
    { "memory, each third turn", 1u << FAIL_MEMORY, 3 }, { "files, each third turn", 1u << FAIL_FILES, 3 },
    { "lies", 0, 1 },
};

struct story story;

void wrong(const char *format, ...)
{
    va_list arguments;

    story.wrong++;
    printf("  %s: %s, %s, NTH_AT='%u %s %llu' (%s): ", story.path, passes[story.pass].name, story.where, story.turns,
           fail_name(story.what), (unsigned long long)story.n, fail_call());
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

/* must() and the sanitizers end the process; say at what. */
static void died(int number)
{
    char text[512];
    int size = snprintf(text, sizeof text, "  %s: %s, %s, NTH_AT='%u %s %llu' (%s): died of signal %d\n", story.path,
                        passes[story.pass].name, story.where, story.turns, fail_name(story.what),
                        (unsigned long long)story.n, fail_call(), number);
    if (size > 0 && write(STDOUT_FILENO, text, (size_t)size) < 0)
        _exit(4);
    _exit(3);
}

void try_with(enum fail_what what, uint64_t n)
{
    story.what = what;
    story.n = n;
    story.tries++;
    fail_arm(what, n);
}

bool try_over(void)
{
    bool fired = fail_disarm();
    story.fired += fired;
    return fired;
}

/* The n-th of each kind, n = 1, 1 + stride ...; a long story begins elsewhere in every turn, so that none is spared. */
uint64_t first_n(void)
{
    return story.only_n ? story.only_n : 1 + story.turns % story.stride;
}

bool is_wanted(enum fail_what what, unsigned kinds)
{
    return kinds >> what & 1 && (!story.only_turn || what == story.only_what);
}

bool is_sampled(void)
{
    return story.turns_counted > SAMPLED_TURNS;
}

/* ---- the store, closed and opened again */

void open_again(void)
{
    char why[512] = "";
    struct text text = text_of(why, sizeof why);

    story.world->store = NULL;
    if (__real_store_open(&story.world->store, &story.options, &text) == RESULT_OK)
        return;
    wrong("the store does not open again: %s", why);
    _exit(3);
}

static void put_back(const struct image *image)
{
    store_close(story.world->store);
    image_put(image, story.options.folder);
    open_again();
}

static void fault(void *context, const char *text)
{
    (void)context;
    wrong("the store that a kill left: %s", text);
}

/* A kill leaves the lock's file too, by which who reads sees that nobody writes and takes the journal over. */
static void leave_lock(const char *store_folder)
{
    char path[512];
    must(snprintf(path, sizeof path, "%s/writer.lock", store_folder) < (int)sizeof path);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    must(file >= 0 && close(file) == 0);
}

static void walk(void)
{
    struct store_options options = story.options;
    struct store_check check;
    struct store *store;

    options.read_only = true;
    leave_lock(options.folder);
    story.inside = true;
    bool good = __real_store_open(&store, &options, NULL) == RESULT_OK;
    if (!good || __real_store_check(store, fault, NULL, &check) != RESULT_OK)
        wrong("the store that a kill left cannot be walked");
    if (good)
        store_close(store);
    story.inside = false;
}

/* Killed now, and started again; what the kill left is walked every so often, or now. */
static void kill_store(bool walks)
{
    struct image *left = is_sampled() ? NULL : image_take(story.options.folder);

    story.kills++;
    store_close(story.world->store);
    if (left)
        image_put(left, story.options.folder);
    image_free(left);
    if (left && (walks || story.kills % WALKED_EVERY == 0)) {
        story.walks++;
        walk();
    }
    open_again();
}

/* ---- opening */

/* Whatever stands in the folder: nothing yet, a store, a store that was killed. */
static void try_opening(const struct store_options *options, enum fail_what what)
{
    for (uint64_t n = first_n(), more = 1; more; n += story.stride) {
        char words[512] = "";
        struct text text = text_of(words, sizeof words);
        struct store *store = NULL;
        try_with(what, n);
        enum result result = __real_store_open(&store, options, &text);
        more = try_over() && !story.only_n;
        if (result == RESULT_OK)
            store_close(store);             /* it can do without, or nothing failed */
        else if (!fail_has_fired() || store)
            wrong("%s, and what came back is no refusal", result_name(result));
        else if (result != RESULT_FULL && !words[0])
            wrong("%s without a word", result_name(result));
        if (result == RESULT_OK && fail_has_fired())
            return;                         /* it went on without: what comes now is another opening */
    }
}

enum result __wrap_store_open(struct store **ret_store, const struct store_options *options, struct text *why)
{
    if (story.inside)
        return __real_store_open(ret_store, options, why);
    struct store_options own = *options;
    if (!is_sampled()) {
        own.no_sync = false;                /* on a memory file system that costs nothing, and can fail */
        own.journal_bytes = JOURNAL_BYTES;  /* small, so that it is full now and then */
    }
    story.options = own;
    story.where = "an opening";
    if (story.pass == PASS_EACH && !is_sampled() && (!story.only_turn || story.only_turn == story.turns)) {
        struct image *before = image_take(own.folder);
        for (enum fail_what what = 0; what < FAIL_WHATS; what++)
            if (is_wanted(what, ALL_KINDS)) {
                try_opening(&own, what);
                image_put(before, own.folder);
            }
        image_free(before);
    }
    return __real_store_open(ret_store, &own, why);
}

/* A kill in the middle of the story, and then trouble while it starts. */
static void open_after_a_kill(void)
{
    struct turn_end before = store_last(story.world->store);
    struct image *left = image_take(story.options.folder);

    store_close(story.world->store);
    story.where = "an opening after a kill";
    for (enum fail_what what = 0; what < FAIL_WHATS; what++)
        if (is_wanted(what, ALL_KINDS)) {
            image_put(left, story.options.folder);
            try_opening(&story.options, what);
            open_again();                   /* on what those openings left */
            struct turn_end after = store_last(story.world->store);
            if (after.seq != before.seq || !hash_equal(&after.link, &before.link))
                wrong("turn %llu was told, and now %llu is the last", (unsigned long long)before.seq,
                      (unsigned long long)after.seq);
            store_close(story.world->store);
        }
    image_put(left, story.options.folder);
    image_free(left);
    open_again();
    story.where = "a turn";
}

/* ---- turns */

bool is_sync(const char *call)
{
    return strstr(call, "sync") != NULL;
}

bool is_right(enum fail_what what, enum result result)
{
    switch (what) {
    case FAIL_DISK:
        return result == RESULT_BROKEN;
    case FAIL_COMMIT: case FAIL_FILES: case FAIL_IO: case FAIL_SHORT:
        return result == RESULT_BROKEN || result == RESULT_FULL;
    default:
        return result == RESULT_FULL || result == RESULT_BUSY;
    }
}

/* Some failures are made good, or belong to something that can be left: never a put, a commit or a sync. */
static bool can_do_without(enum fail_what what)
{
    return what == FAIL_MEMORY || what == FAIL_SHORT || ((what == FAIL_FILES || what == FAIL_IO) &&
                                                         !is_sync(fail_call()));
}

/* After a try that was refused. False: the turn is there all the same, as after a sync that was denied. */
bool stands_where_it_stood(const struct turn_end *before, enum result result)
{
    if (result == RESULT_BROKEN) {
        if (__real_store_read(story.world->store, NULL, NULL) != RESULT_BROKEN)
            wrong("a broken store is asked again and answers");
        kill_store(false);
    }
    struct turn_end after = store_last(story.world->store);
    if (after.seq == before->seq && hash_equal(&after.link, &before->link))
        return true;
    bool denied = story.what == FAIL_COMMIT || is_sync(fail_call());
    if (result != RESULT_BROKEN || !denied || after.seq <= before->seq)
        wrong("turn %llu was the last, now it is %llu", (unsigned long long)before->seq,
              (unsigned long long)after.seq);
    return false;
}

struct try { int64_t now_ms; turn_work *work; void *context; struct turn_end *ret_end; };

/* One try of one turn. True: it is on disk. */
static bool try_turn(const struct try *try, enum fail_what what, uint64_t n, bool *ret_fired)
{
    struct turn_end before = store_last(story.world->store), end;

    effects_reset(&story.world->effects);
    try_with(what, n);
    enum result result = __real_store_turn(story.world->store, try->now_ms, try->work, try->context, &end);
    *ret_fired = try_over();
    if (result == RESULT_OK) {
        *try->ret_end = end;
        if (!*ret_fired)
            return true;
        if (!can_do_without(what))
            wrong("it went through all the same");
        if (!is_sampled()) {
            kill_store(false);
            if (store_last(story.world->store).seq != end.seq)
                wrong("turn %llu was said to be done, and is lost by a kill", (unsigned long long)end.seq);
        }
        return true;
    }
    if (!*ret_fired || !is_right(what, result))
        wrong("%s: %s", result_name(result), store_trouble(story.world->store));
    if (stands_where_it_stood(&before, result))
        return false;
    *try->ret_end = store_last(story.world->store);
    return true;
}

/* What was told stays told while the turns of before are settled. */
static void settle_each(void)
{
    struct image *before = image_take(story.options.folder);
    struct turn_end told = store_last(story.world->store);

    story.where = "settling";
    for (enum fail_what what = 0; what < FAIL_WHATS; what++)
        for (uint64_t n = first_n(), fired = is_wanted(what, ALL_KINDS); fired; n += story.stride) {
            try_with(what, n);
            enum result result = store_settle(story.world->store);
            fired = try_over() && !story.only_n;
            if (result != RESULT_OK && (!fail_has_fired() || !is_right(what, result)))
                wrong("%s: %s", result_name(result), store_trouble(story.world->store));
            if (result == RESULT_OK && fail_has_fired() && !can_do_without(what) && what != FAIL_ROOM)
                wrong("it went through all the same");      /* without room for all at once: one by one */
            (void)stands_where_it_stood(&told, result);
            if (result == RESULT_OK || result == RESULT_BROKEN)
                put_back(before);
        }
    image_free(before);
    story.where = "a turn";
}

/* Whatever failed before it, it comes out as the same turn; a day's first one makes a key by chance. */
static void same_turn(const struct turn_end *end)
{
    bool same = story.makes_a_key || hash_equal(&story.end.link, &end->link);
    if (story.ends++ && (story.end.seq != end->seq || !same))
        wrong("turn %llu came out as another one, %llu", (unsigned long long)story.end.seq,
              (unsigned long long)end->seq);
    story.end = *end;
}

/* Every call of every kind, one after the other; each kind begins with the store as it is now. */
static void try_each(const struct try *try, unsigned kinds)
{
    struct image *before = image_take(story.options.folder);
    bool fired;

    story.ends = 0;
    for (enum fail_what what = 0; what < FAIL_WHATS; what++) {
        if (!is_wanted(what, kinds))
            continue;
        fired = true;
        for (uint64_t n = first_n(); fired; n += story.stride) {
            if (try_turn(try, what, n, &fired)) {
                story.makes_a_key = image_names_differ(before, story.options.folder);
                same_turn(try->ret_end);
                kill_store(true);
                put_back(before);
            }
            fired = fired && !story.only_n;
        }
    }
    image_free(before);
    if (story.pass == PASS_EACH && story.turns % OPENED_EVERY == 0)
        open_after_a_kill();
    if (story.pass == PASS_EACH && story.turns % OPENED_EVERY == 1)
        settle_each();
}

/* One try: a kind by turns, an n that was called in this turn or soon after. True: the turn is on disk. */
static bool try_one(const struct try *try)
{
    static const enum fail_what whats[] = { FAIL_ROOM, FAIL_MEMORY, FAIL_DISK, FAIL_FILES, FAIL_MEMORY, FAIL_IO };
    enum { WHATS = sizeof whats / sizeof *whats };
    bool fired;

    story.where = "a turn of many";
    return try_turn(try, whats[story.turns % WHATS], 1 + story.turns / WHATS * 7 % 97, &fired);
}

/* With few tries for a story every fourth turn has them all: what a turn costs besides is then paid for less often. */
static bool is_turn_tried(void)
{
    return story.only_turn || (passes[story.pass].every == 1 ? story.turns % story.period == 1 % story.period
                                                             : story.turns % passes[story.pass].every == 0);
}

enum result __wrap_store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context,
                              struct turn_end *ret_end)
{
    struct try try = { now_ms, work, context, ret_end };
    bool fired;

    must(store == story.world->store);
    story.where = "a turn";
    story.turns++;
    if (story.only_turn && story.only_turn != story.turns)
        return __real_store_turn(store, now_ms, work, context, ret_end);
    if (story.pass == PASS_COUNT) {
        fail_arm(FAIL_ROOM, FAIL_NEVER);
        enum result result = __real_store_turn(store, now_ms, work, context, ret_end);
        fail_disarm();
        for (enum fail_what what = 0; what < FAIL_WHATS; what++)
            story.calls += fail_count(what);
        story.writes |= result == RESULT_OK && ret_end->wrote;
        return result;
    }
    if (is_sampled()) {
        if (story.turns % story.stride == 0 && try_one(&try))
            return RESULT_OK;
    } else if (story.pass == PASS_LIES) {
        /* A day's first turn syncs a key and the name of its file before, and then need not do so again. */
        static const uint64_t nth[] = { 1, 2, 1 };
        for (size_t i = 0; i < sizeof nth / sizeof *nth; i++)
            if (try_turn(&try, FAIL_COMMIT, nth[i], &fired)) {
                story.lies += fired;
                return RESULT_OK;
            }
    } else if (is_turn_tried()) {
        try_each(&try, passes[story.pass].kinds);
    }
    effects_reset(&story.world->effects);
    enum result result = __real_store_turn(story.world->store, now_ms, work, context, ret_end);
    if (story.ends)
        same_turn(ret_end);
    story.ends = 0;
    return result;
}

/* ---- all of it */

struct world *__wrap_world_new(struct output *output)
{
    story.world = NULL;                         /* its first opening comes before it is known */
    story.world = __real_world_new(output);
    return story.world;
}

static void run_pass(enum pass pass)
{
    story.pass = pass;
    story.stride = 1 + (is_sampled() ? story.turns_counted : story.calls) / story.tries_max;
    story.period = story.stride > STRIDE_WIDE && !is_sampled() ? PERIOD : 1;
    story.stride = (story.stride + story.period - 1) / story.period;
    story.turns = 0;
    if (!check_story(story.path, false)) {
        story.where = "the end";
        wrong("the story did not come out as it stands in its file");
    }
    if (pass == PASS_COUNT)
        story.turns_counted = story.turns;
}

/* In a process of its own; its exit status. */
static int run(const char *path)
{
    signal(SIGABRT, died);
    signal(SIGSEGV, died);
    setvbuf(stdout, NULL, _IOLBF, 0);
    story.path = path;
    int descriptors = image_descriptors();
    for (enum pass pass = PASS_COUNT; pass < PASSES; pass++)
        if (pass <= PASS_EACH || !is_sampled())
            run_pass(pass);
    story.where = "the end";
    if (image_descriptors() != descriptors)
        wrong("%d descriptors were open, now %d", descriptors, image_descriptors());
    /* A story of refusals alone writes nothing, so there is no sync to deny. */
    if (!is_sampled() && !story.only_turn && ((story.writes && !story.lies) || !story.walks))
        wrong("no sync was denied, or no store walked: nothing was shown");
    printf("  %s %s: %u turns, %llu tries, every %llu. %s%s, %llu failures, %llu kills, %llu walks, %llu lies\n",
           story.wrong ? "FAILED" : "ok", path, story.turns, (unsigned long long)story.tries,
           (unsigned long long)story.stride, is_sampled() ? "turn" : "call",
           story.period > 1 ? " of every fourth turn" : "", (unsigned long long)story.fired,
           (unsigned long long)story.kills, (unsigned long long)story.walks, (unsigned long long)story.lies);
    return story.wrong || !story.fired;
}

/* NTH_AT="TURN KIND N": what a line that failed says. */
static void read_at(const char *text)
{
    char kind[16] = "";
    unsigned long long turn = 0, n = 0;

    must(sscanf(text, "%llu %15s %llu", &turn, kind, &n) == 3 && n > 0);
    story.only_turn = turn;
    story.only_n = n;
    story.only_what = fail_of_name(kind);
    must(turn > 0 && story.only_what < FAIL_WHATS);
}

int main(int count, char **paths)
{
    const char *tries = getenv("NTH_TRIES"), *at = getenv("NTH_AT");
    int passed = 0, failed = 0;

    fail_start();
    story.tries_max = tries ? strtoull(tries, NULL, 10) : TRIES_DEFAULT;
    must(story.tries_max > 0);
    if (at)
        read_at(at);
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
