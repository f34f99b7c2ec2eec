/* Turns: what is committed stays, what is aborted never was, one writer at a time. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store_sample.h"

static char body[BODY_BYTES_MAX];

static void write_agency(struct turn *turn, void *context)
{
    assert_int_equal(turn_agency_number_make(turn, context), 1);
}

static void write_nothing(struct turn *turn, void *context)
{
    *(uint64_t *)context = turn_seq(turn);
    assert_int_equal(turn_agency_number(turn, "H29.1"), 0);
    turn_count_add(turn, 1, STATE_READY, 1);
    turn_count_add(turn, 1, STATE_READY, -1);
}

static void nothing_written_uses_no_seq(void **state)
{
    struct site *site = *state;
    uint64_t seq = 0;
    struct hash zero = { 0 };

    assert_false(store_last(site->store).wrote);
    struct turn_end end = site_turn(site, SITE_NOW_MS, write_nothing, &seq);
    assert_int_equal(seq, 1);
    assert_false(end.wrote);
    assert_int_equal(end.seq, 0);
    assert_true(hash_equal(&end.link, &zero));
    assert_int_equal(store_last_ms(site->store), 0);

    end = site_turn(site, SITE_NOW_MS + 1, write_agency, "H29.1.1");
    assert_true(end.wrote);
    assert_int_equal(end.seq, 1);
    assert_false(hash_equal(&end.link, &zero));
    struct turn_end same = site_turn(site, SITE_NOW_MS + 2, write_nothing, &seq);
    assert_false(same.wrote);
    assert_int_equal(seq, 2);
    assert_int_equal(same.seq, 1);
    assert_true(hash_equal(&same.link, &end.link));
    assert_int_equal(store_last_ms(site->store), SITE_NOW_MS + 1);
    assert_int_equal(store_last(site->store).seq, 1);
}

/* ---- what was committed is found again */

static void read_agency(struct turn *turn, void *context)
{
    char code[AGENCY_CODE_SIZE];
    assert_int_equal(turn_agency_number(turn, context), 1);
    assert_true(turn_agency_code(turn, 1, code));
    assert_string_equal(code, context);
    assert_int_equal(turn_seq(turn), 2);
    assert_int_equal(turn_epoch(turn), 1);
}

static void a_life(struct site *site)
{
    struct stat file;
    char path[SITE_PATH_SIZE];

    site_open(site);
    struct turn_end end = site_turn(site, SITE_NOW_MS, write_agency, "H29.1.1");
    uint64_t bytes = store_bytes(site->store);
    site_close(site);
    site_open(site);
    struct turn_end last = store_last(site->store);
    assert_true(last.wrote);
    assert_int_equal(last.seq, 1);
    assert_true(hash_equal(&last.link, &end.link));
    assert_int_equal(store_last_ms(site->store), SITE_NOW_MS);
    assert_int_equal(store_bytes(site->store), bytes);
    site_read(site, read_agency, "H29.1.1");
    assert_string_equal(store_trouble(site->store), "");

    assert_int_equal(stat(site->store_folder, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0700);
    site_path(site, "store/keys", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0700);
    site_path(site, "store/data.mdb", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
}

static void reopening_finds_everything(void **state)
{
    a_life(*state);
}

/* The only test of the store that waits for the disk. */
static void really_synced(void **state)
{
    struct site *site = *state;
    site->options.no_sync = false;
    umask(0);                                   /* folders and files are ours alone whatever it says */
    a_life(site);
    umask(022);
}

/* ---- a turn that cannot be finished did not happen */

struct flood {
    unsigned bodies;                            /* to write */
    unsigned written;
};

static void write_bodies(struct turn *turn, void *context)
{
    struct flood *flood = context;
    struct event event = { .cause = CAUSE_DIRECTORY_APPLIED };
    for (flood->written = 0; flood->written < flood->bodies; flood->written++) {
        uint64_t id = turn_handoff_new_id(turn);
        turn_body_put(turn, id, span_of_string("header"), span_of(body, sizeof body));
        turn_count_add(turn, 1, STATE_READY, 1);
        turn_event_append(turn, &event, span_of_string("words"));
    }
}

static void nothing_of_the_flood(struct turn *turn, void *context)
{
    struct event event;
    uint64_t first = (uint64_t)turn_epoch(turn) << 48 | 1;
    struct arena arena = { 0 };
    struct span header, payload;
    (void)context;
    assert_int_equal(turn_body(turn, first, &arena, &header, &payload), RESULT_NOT_FOUND);
    assert_int_equal(turn_count(turn, 1, STATE_READY), 0);
    assert_false(turn_event(turn, 1, &event));
    assert_int_equal(turn_agency_number(turn, "H29.1.1"), 1);
    assert_int_equal(turn_seq(turn), 2);
}

static void id_is_the_first(struct turn *turn, void *context)
{
    (void)context;
    assert_true(turn_handoff_new_id(turn) == ((uint64_t)1 << 48 | 1));
}

static void a_full_map_aborts(void **state)
{
    struct site *site = *state;
    struct flood flood = { .bodies = 64 };
    struct turn_end end = { .seq = 77 };

    site->options.map_bytes = 4 << 20;
    site_open(site);
    struct turn_end before = site_turn(site, SITE_NOW_MS, write_agency, "H29.1.1");
    uint64_t bytes = store_bytes(site->store);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_turn(site->store, SITE_NOW_MS + 1, write_bodies, &flood, &end), RESULT_FULL);
        assert_in_range(flood.written, 1, 63);
        assert_int_equal(end.seq, 77);                      /* not written */
        assert_string_not_equal(store_trouble(site->store), "");
        assert_int_equal(store_bytes(site->store), bytes);
        assert_int_equal(store_last(site->store).seq, 1);
        site_read(site, nothing_of_the_flood, NULL);
    }
    /* Less fits, the numbers go on where they were, and the leaves of the aborted turns are not in the root. */
    struct turn_end after = site_turn(site, SITE_NOW_MS + 2, id_is_the_first, NULL);
    assert_int_equal(after.seq, before.seq + 1);
    flood.bodies = 2;
    site_turn(site, SITE_NOW_MS + 3, write_bodies, &flood);
    site_close(site);
    site_open(site);
    assert_int_equal(store_last(site->store).seq, 3);
}

static void fail_on_any(void *context, const char *fault)
{
    (void)context;
    fail_msg("%s", fault);
}

/* The file may not grow: the commit fails while it writes. Whatever it is called, nobody has heard of the turn and the
 * store is as before. */
static void a_commit_that_cannot_write(void **state)
{
    struct site *site = *state;
    struct flood flood = { .bodies = 32 };
    struct turn_end end = { .seq = 77 };
    struct rlimit before, limit;
    struct stat file;
    struct store_check checked;
    char path[SITE_PATH_SIZE];

    sample_build(site);
    site_path(site, "store/data.mdb", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)file.st_size;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    enum result result = store_turn(site->store, SAMPLE_LATER_MS, write_bodies, &flood, &end);
    enum result again = store_turn(site->store, SAMPLE_LATER_MS, write_nothing, &(uint64_t){ 0 }, &end);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(result == RESULT_FULL || result == RESULT_BROKEN);
    assert_int_equal(flood.written, 32);
    assert_int_equal(again, result == RESULT_BROKEN ? RESULT_BROKEN : RESULT_OK);       /* sticky */
    assert_string_not_equal(store_trouble(site->store), "");
    site_close(site);
    site_open(site);
    assert_int_equal(store_last(site->store).seq, SAMPLE_TURNS);
    assert_int_equal(store_check(site->store, fail_on_any, NULL, &checked), RESULT_OK);
    assert_int_equal(checked.handoffs, SAMPLE_END - 1);
}

/* Without a place for today's key nothing can be sealed: broken, and it stays so until somebody looks. */
static void no_place_for_keys(void **state)
{
    struct site *site = *state;
    struct flood flood = { .bodies = 1 };
    struct turn_end end = { .seq = 77 };
    char path[SITE_PATH_SIZE];
    const char *why = NULL;

    site_path(site, "store/keys", path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(store_turn(site->store, SITE_NOW_MS, write_bodies, &flood, &end), RESULT_BROKEN);
    assert_non_null(strstr(store_trouble(site->store), "key of the day"));
    assert_int_equal(store_turn(site->store, SITE_NOW_MS, write_agency, "H29.1.1", &end), RESULT_BROKEN);
    assert_int_equal(store_read(site->store, write_nothing, &end.seq), RESULT_BROKEN);
    assert_false(store_intake_open(site->store, &why));
    assert_non_null(strstr(why, "has failed"));
    assert_int_equal(end.seq, 77);
    site_close(site);
    site_open(site);
    site_turn(site, SITE_NOW_MS, write_bodies, &flood);
}

/* ---- who may have it open */

static void a_second_writer_is_busy(void **state)
{
    struct site *site = *state;
    char array[400];
    struct text why = text_of(array, sizeof array);
    struct store *second = NULL;

    site_open(site);
    /* Another process: LMDB must not be opened twice in one, but the lock comes before that. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum result result = store_open(&second, &site->options, &why);
        _exit(result == RESULT_BUSY && !second && strstr(array, "another process writes this store") ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    site_close(site);
    site_open(site);                                        /* and the lock ends with its holder */
}

static void look_from_outside(struct turn *turn, void *context)
{
    *(uint64_t *)context = turn_seq(turn) - 1;
}

/* A reader of a live store sees it go on, and cannot write. */
static void a_reader_beside_the_writer(void **state)
{
    struct site *site = *state;
    int up[2], down[2];
    char said;

    site_open(site);
    site_turn(site, SITE_NOW_MS, write_agency, "H29.1.1");
    site_close(site);
    assert_int_equal(pipe(up) | pipe(down), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store_options options = site->options;
        struct store *reader;
        close(up[0]), close(down[1]);                       /* so that it ends with us */
        uint64_t first = 0, second = 0;
        options.read_only = true;
        bool good = store_open(&reader, &options, NULL) == RESULT_OK &&
                    store_read(reader, look_from_outside, &first) == RESULT_OK && first == 1 &&
                    write(up[1], "1", 1) == 1 && read(down[0], &said, 1) == 1 &&
                    store_read(reader, look_from_outside, &second) == RESULT_OK && second == 2 &&
                    store_last(reader).seq == 2;
        if (good)
            store_close(reader);
        _exit(!good);
    }
    close(up[1]), close(down[0]);
    assert_int_equal(read(up[0], &said, 1), 1);
    site_open(site);
    site_turn(site, SITE_NOW_MS + 1, id_is_the_first, NULL);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    assert_int_equal(write(down[1], "1", 1), 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(up[0]), close(down[1]);
}

static void hold_a_reader(struct turn *turn, void *context)
{
    char said;
    int *pipes = context;
    (void)turn;
    if (write(pipes[1], "1", 1) != 1 || read(pipes[0], &said, 1) != 1)
        _exit(2);
}

static void readers_are_counted(void **state)
{
    struct site *site = *state;
    int up[2], down[2], status;
    char said;
    pid_t children[2];

    site_open(site);
    site_turn(site, SITE_NOW_MS, write_agency, "H29.1.1");
    assert_int_equal(store_readers_check(site->store), 0);
    site_close(site);
    assert_int_equal(pipe(up) | pipe(down), 0);
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct store_options options = site->options;
            struct store *reader;
            close(up[0]), close(down[1]);                   /* so that it ends with us */
            options.read_only = true;
            if (store_open(&reader, &options, NULL) == RESULT_OK)
                (void)!store_read(reader, hold_a_reader, (int[]){ down[0], up[1] });
            _exit(1);                                       /* dies without closing */
        }
    }
    close(up[1]), close(down[0]);
    assert_int_equal(read(up[0], &said, 1), 1);
    assert_int_equal(read(up[0], &said, 1), 1);
    site_open(site);
    assert_int_equal(store_readers_check(site->store), 2);
    assert_int_equal(write(down[1], "11", 2), 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(store_readers_check(site->store), 0);
    close(up[0]), close(down[1]);
}

/* ---- what cannot be opened */

static void no_store_there(void **state)
{
    struct site *site = *state;
    struct store *store = NULL;
    char array[400];
    struct text why = text_of(array, sizeof array);

    site->options.read_only = true;
    assert_int_equal(store_open(&store, &site->options, &why), RESULT_NOT_FOUND);
    assert_non_null(strstr(array, "no store here"));
    assert_null(store);
    site->options.folder = "";
    assert_int_equal(store_open(&store, &site->options, NULL), RESULT_INVALID);
}

static void not_a_store(void **state)
{
    struct site *site = *state;
    struct store *store = NULL;
    char path[SITE_PATH_SIZE], garbage[8192];
    char array[400];
    struct text why = text_of(array, sizeof array);

    assert_int_equal(mkdir(site->store_folder, 0700), 0);
    site_path(site, "store/data.mdb", path);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    memset(garbage, 'x', sizeof garbage);
    assert_int_equal(write(file, garbage, sizeof garbage), sizeof garbage);
    close(file);
    assert_int_equal(store_open(&store, &site->options, &why), RESULT_INVALID);
    assert_string_not_equal(array, "");
    assert_null(store);
    store_close(NULL);
}

static void covered(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(turn_covered_seq(turn), 0);
    turn_covered_seq_put(turn, 5);
    assert_int_equal(turn_covered_seq(turn), 5);
    assert_true(turn_now_ms(turn) == SITE_NOW_MS);
    assert_int_equal(turn_new_place(turn), 1);
    assert_int_equal(turn_new_place(turn), 2);
}

static void covered_later(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(turn_covered_seq(turn), 5);
    assert_int_equal(turn_new_place(turn), 3);
}

static void counters_go_on(void **state)
{
    struct site *site = *state;
    site_open(site);
    assert_true(site_turn(site, SITE_NOW_MS, covered, NULL).wrote);
    site_close(site);
    site_open(site);
    site_turn(site, SITE_NOW_MS, covered_later, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(nothing_written_uses_no_seq), SITE(reopening_finds_everything), SITE(really_synced),
        SITE(a_full_map_aborts), SITE_OPEN(a_commit_that_cannot_write),
        SITE_OPEN(no_place_for_keys), SITE(a_second_writer_is_busy), SITE(a_reader_beside_the_writer),
        SITE(readers_are_counted), SITE(no_store_there), SITE(not_a_store), SITE(counters_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
