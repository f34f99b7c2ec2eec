/* The journal: what is on disk after a kill, a cut in the middle of a write, a turn that had to be given up. A kill is
 * store_leave(): nothing that was not written yet is written any more. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/inside.h"
#include "tests/unit/store_site.h"

enum { TURNS = 6, HEAD = 40 };

static uint8_t body[256 << 10];

/* What turn n does: a new row, a sealed one, one that is written again in every turn, one that goes. */
static void live(struct turn *turn, void *context)
{
    unsigned n = *(unsigned *)context;
    struct event event = { .cause = CAUSE_DIRECTORY_APPLIED };
    char code[AGENCY_CODE_SIZE];
    uint64_t id = turn_handoff_new_id(turn);

    snprintf(code, sizeof code, "H29.%u", n);
    assert_int_equal(turn_agency_number_make(turn, code), n);
    turn_body_put(turn, id, span_of_string("header"), span_of(body, 200 * n));
    turn_cursor_put(turn, 1, span_of_string("page"), span_of(&n, sizeof n));
    turn_checkpoint_put(turn, id, span_of_string("here"));
    if (n > 1)
        turn_checkpoint_put(turn, id - 1, span_of("", 0));
    turn_event_append(turn, &event, span_of_string("words"));
}

static void live_turns(struct site *site, unsigned from, unsigned to)
{
    for (unsigned n = from; n <= to; n++)
        site_turn(site, SITE_NOW_MS + n, live, &n);
}

/* Everything of the turns up to n, and nothing of a later one. */
static void look(struct turn *turn, void *context)
{
    unsigned n = *(unsigned *)context, page = 0;
    static uint8_t bytes[64 << 10];
    struct arena arena = { .bytes = bytes, .size = sizeof bytes };
    struct span header, payload, value;
    char code[AGENCY_CODE_SIZE];

    assert_int_equal(turn_seq(turn), n + 1);
    assert_int_equal(turn_last_event(turn), n);
    for (unsigned i = 1; i <= TURNS + 1; i++) {
        uint64_t id = (uint64_t)1 << 48 | i;
        arena_reset(&arena);
        assert_int_equal(turn_agency_code(turn, i, code), i <= n);
        enum result result = turn_body(turn, id, &arena, &header, &payload);
        assert_int_equal(result, i <= n ? RESULT_OK : RESULT_NOT_FOUND);
        if (i <= n)
            assert_true(span_equal(payload, span_of(body, 200 * i)));
        assert_int_equal(turn_checkpoint(turn, id, &arena, &value), i == n ? RESULT_OK : RESULT_NOT_FOUND);
    }
    arena_reset(&arena);
    assert_int_equal(turn_cursor(turn, 1, span_of_string("page"), &arena, &value), n ? RESULT_OK : RESULT_NOT_FOUND);
    if (n)
        memcpy(&page, value.bytes, sizeof page);
    assert_int_equal(page, n);
}

static void holds(struct site *site, unsigned n)
{
    site_read(site, look, &n);
    assert_int_equal(store_last(site->store).seq, n);
}

static void leave(struct site *site)
{
    store_leave(site->store);
    site->store = NULL;
}

static int journal_file(const struct site *site)
{
    char path[SITE_PATH_SIZE];
    site_path(site, "store/journal", path);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    return file;
}

/* ---- a kill */

static void a_killed_writer_leaves_its_turns(void **state)
{
    struct site *site = *state;

    for (unsigned n = 1; n <= TURNS; n++) {
        live_turns(site, n, n);
        assert_int_equal(store_settling(site->store), SETTLING_OPEN);
        leave(site);
        site_open(site);
        assert_int_equal(store_settling(site->store), SETTLED);     /* taken over, and settled at once */
        holds(site, n);
    }
}

/* check-store and a backup's reader come after a kill, too, and no writer was there meanwhile. */
static void a_reader_takes_them_over(void **state)
{
    struct site *site = *state;

    live_turns(site, 1, 3);
    leave(site);
    site->options.read_only = true;
    site_open(site);
    holds(site, 3);
    site_close(site);
    site->options.read_only = false;
    site_open(site);
    holds(site, 3);
}

static void settling_by_and_by(void **state)
{
    struct site *site = *state;

    live_turns(site, 1, 2);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    assert_int_equal(store_settling(site->store), SETTLED);
    assert_int_equal(store_settle(site->store), RESULT_OK);         /* nothing to do */
    live_turns(site, 3, 3);
    /* The records of 1 and 2 still stand in the file, that of 2 behind that of 3: they are not taken again. */
    leave(site);
    site_open(site);
    holds(site, 3);
    live_turns(site, 4, 5);
    holds(site, 5);                                                 /* who reads beside a turn reads the open ones */
    site_close(site);
    site_open(site);
    holds(site, 5);
}

/* ---- a power cut in the middle of a record: all of it, or nothing; never what stood behind it */

struct damage { uint64_t turn_begins, turn_ends; int file; };

/* A store whose journal holds turns 1 to 3 and is left; where the record of the third lies. */
static struct site *left_with_three(struct damage *ret_damage)
{
    void *state = NULL;
    assert_int_equal(site_setup(&state), 0);
    struct site *site = state;

    site->options.journal_bytes = JOURNAL_BYTES_MIN;
    site_open(site);
    live_turns(site, 1, 2);
    ret_damage->turn_begins = site->store->journal.used_bytes;
    live_turns(site, 3, 3);
    ret_damage->turn_ends = site->store->journal.used_bytes;
    leave(site);
    ret_damage->file = journal_file(site);
    return site;
}

static void damage_end(struct site *site, struct damage *damage)
{
    void *state = site;
    close(damage->file);
    site_close(site);
    assert_int_equal(site_teardown(&state), 0);
}

static void a_torn_record_is_none(void **state)
{
    enum { SECTOR = 512 };
    uint64_t at = 0, ends = SECTOR;
    unsigned lost = 0;
    uint8_t sector[SECTOR], other[SECTOR];
    (void)state;

    for (; at < ends; at += SECTOR) {
        struct damage damage;
        struct site *site = left_with_three(&damage);
        off_t place = (off_t)(damage.turn_begins + at);
        ends = damage.turn_ends - damage.turn_begins;
        assert_int_equal(pread(damage.file, sector, SECTOR, place), SECTOR);
        memset(other, 0, SECTOR);
        bool same = memcmp(sector, other, SECTOR) == 0;             /* behind the rows: nothing to lose */
        assert_int_equal(pwrite(damage.file, other, SECTOR, place), SECTOR);
        site_open(site);
        holds(site, same ? 3 : 2);
        lost += !same;
        live_turns(site, same ? 4 : 3, 5);                          /* and it goes on */
        leave(site);
        site_open(site);
        holds(site, 5);
        damage_end(site, &damage);
    }
    assert_true(lost >= 3);
}

/* Turn 2 cannot be read: turn 3 is not taken although it is whole. */
static void nothing_behind_a_gap(void **state)
{
    struct damage damage;
    struct site *site = left_with_three(&damage);
    uint8_t byte;
    (void)state;

    off_t place = (off_t)damage.turn_begins - JOURNAL_BLOCK_BYTES + HEAD + 3;
    assert_int_equal(pread(damage.file, &byte, 1, place), 1);
    byte ^= 1;
    assert_int_equal(pwrite(damage.file, &byte, 1, place), 1);
    site_open(site);
    holds(site, 1);
    damage_end(site, &damage);
}

/* Whole in itself, but of another history: the link of the turn before is in its hash. */
static void a_record_of_another_store(void **state)
{
    struct damage damage, other_damage;
    struct site *site = left_with_three(&damage), *other = left_with_three(&other_damage);
    uint8_t block[JOURNAL_BLOCK_BYTES];
    (void)state;

    for (uint64_t at = damage.turn_begins; at < damage.turn_ends; at += sizeof block) {
        assert_int_equal(pread(other_damage.file, block, sizeof block, (off_t)at), sizeof block);
        assert_int_equal(pwrite(damage.file, block, sizeof block, (off_t)at), sizeof block);
    }
    site_open(site);
    site_open(other);
    holds(site, 2);                                                 /* salts differ, so links do */
    holds(other, 3);
    damage_end(site, &damage);
    damage_end(other, &other_damage);
}

static void put_page(struct turn *turn, void *context)
{
    turn_cursor_put(turn, 1, span_of_string("page"), span_of(context, sizeof(unsigned)));
}

static void page_is(struct turn *turn, void *context)
{
    uint8_t bytes[64];
    struct arena arena = { .bytes = bytes, .size = sizeof bytes };
    struct span value;
    assert_int_equal(turn_cursor(turn, 1, span_of_string("page"), &arena, &value), RESULT_OK);
    assert_true(span_equal(value, span_of(context, sizeof(unsigned))));
}

/* ---- without room */

static void put_bodies(struct turn *turn, void *context)
{
    unsigned count = *(unsigned *)context;
    for (unsigned i = 0; i < count; i++)
        turn_body_put(turn, turn_handoff_new_id(turn), span_of_string("header"), span_of(body, sizeof body));
}

/* A turn that finds no room in the journal is settled, with those before it. */
static void a_long_turn_is_settled(void **state)
{
    struct site *site = *state;

    site->options.journal_bytes = JOURNAL_BYTES_MIN;
    site_open(site);
    live_turns(site, 1, 2);
    site_turn(site, SITE_NOW_MS + 3, put_bodies, &(unsigned){ 1 });
    assert_int_equal(store_settling(site->store), SETTLED);
    leave(site);
    site_open(site);
    assert_int_equal(store_last(site->store).seq, 3);
    for (unsigned n = 0; n < 100; n++)                              /* many times around */
        site_turn(site, SITE_NOW_MS + 4, put_page, &n);
    leave(site);
    site_open(site);
    assert_int_equal(store_last(site->store).seq, 103);
    site_read(site, page_is, &(unsigned){ 99 });
}

/* What a turn without room had put is gone, what earlier ones had put in the same transaction is not. */
static void a_turn_given_up_takes_nothing_along(void **state)
{
    struct site *site = *state;
    struct turn_end end;

    site->options.map_bytes = 4 << 20;
    site_open(site);
    live_turns(site, 1, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_turn(site->store, SITE_NOW_MS + 4, put_bodies, &(unsigned){ 64 }, &end), RESULT_FULL);
        assert_int_equal(store_settling(site->store), SETTLED);     /* what they replaced is room now */
        holds(site, 3);
    }
    live_turns(site, 4, 4);
    leave(site);
    site_open(site);
    holds(site, 4);
}

/* A map that is full to the last page: what replaces rows goes on for ever, over settlings and kills. */
static void a_full_map_goes_on(void **state)
{
    struct site *site = *state;
    struct turn_end end;
    unsigned page = 0;

    site->options.map_bytes = 4 << 20;
    site_open(site);
    for (unsigned count = 4; count; count /= 2)
        while (store_turn(site->store, SITE_NOW_MS, put_bodies, &count, &end) == RESULT_OK)
            continue;
    for (; page < 300; page++) {
        if (store_turn(site->store, SITE_NOW_MS, put_page, &page, &end) != RESULT_OK)
            site_turn(site, SITE_NOW_MS, put_page, &page);          /* the second try, as the broker makes it */
        if (page % 7 == 0)
            assert_int_equal(store_settle(site->store), RESULT_OK);
        if (page % 50 == 49) {
            leave(site);
            site_open(site);
        }
    }
    page--;
    site_read(site, page_is, &page);
}

/* The disk has no room for the environment: settling fails, the turns stay in the journal and go on there, also over a
 * restart; with room everything is as it should be. */
static void settling_without_room(void **state)
{
    struct site *site = *state;
    struct rlimit before, limit;
    char path[SITE_PATH_SIZE];
    struct stat file;

    live_turns(site, 1, 1);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    site_turn(site, SITE_NOW_MS + 2, live, &(unsigned){ 2 });
    site_path(site, "store/data.mdb", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)file.st_size;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    site_turn(site, SITE_NOW_MS + 3, put_bodies, &(unsigned){ 8 });
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum result settled = store_settle(site->store);
    enum result again = store_settle(site->store);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(settled == RESULT_FULL || settled == RESULT_BROKEN);
    assert_int_equal(again, settled);                               /* BROKEN is sticky; FULL may be tried again */
    leave(site);
    site_open(site);
    assert_int_equal(store_last(site->store).seq, 3);
    assert_int_equal(store_settle(site->store), RESULT_OK);
}

/* Opens it where no file may be larger than that. */
static void open_with_room(struct site *site, rlim_t bytes)
{
    struct rlimit before, limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = bytes;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    enum result result = store_open(&site->store, &site->options, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, RESULT_OK);
}

/* No room for the file itself: every turn is settled at once, and nothing is lost by a kill. */
static void no_journal_where_room_ends(struct site *site, rlim_t bytes)
{
    site->options.no_sync = false;                                  /* so that its blocks are written */
    open_with_room(site, bytes);
    assert_int_equal(site->store->journal.file, -1);
    live_turns(site, 1, 2);
    assert_int_equal(store_settling(site->store), SETTLED);
    leave(site);
    site_open(site);                                                /* now there is room for it */
    assert_true(site->store->journal.file >= 0);
    holds(site, 2);
    live_turns(site, 3, 3);
    assert_int_equal(store_settling(site->store), SETTLING_OPEN);
}

static void without_a_journal(void **state)
{
    no_journal_where_room_ends(*state, 1 << 20);
}

/* A disk's last blocks take a part of a write, and no error says so. */
static void without_a_journal_after_a_short_write(void **state)
{
    no_journal_where_room_ends(*state, (1 << 20) + 100);
}

/* Due when the open transaction holds much, whatever the time. */
static void due_by_size(void **state)
{
    struct site *site = *state;
    unsigned turns = 0;

    while (store_settling(site->store) != SETTLING_DUE && turns < 100)
        site_turn(site, SITE_NOW_MS + ++turns, put_bodies, &(unsigned){ 4 });
    assert_in_range(turns, 3, 6);                                   /* of a MiB each */
    assert_int_equal(store_settle(site->store), RESULT_OK);
    assert_int_equal(store_settling(site->store), SETTLED);
}

static unsigned turns_until(struct site *site, enum settling settling)
{
    unsigned turns = 0;

    while (store_settling(site->store) != settling && turns < 2000) {
        turns++;
        site_turn(site, SITE_NOW_MS, put_page, &turns);
    }
    return turns;
}

/* Worth settling for the sake of somebody who waits, long before it is due. */
static void some_by_rows(void **state)
{
    struct site *site = *state;

    assert_in_range(turns_until(site, SETTLING_SOME), 100, 300);    /* two to five rows in each */
    assert_in_range(turns_until(site, SETTLING_MUCH), 100, 300);
    assert_in_range(turns_until(site, SETTLING_MOST), 200, 600);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    assert_int_equal(store_settling(site->store), SETTLED);
}

/* Its turns come first: it changes its size when it holds none. */
static void another_size(void **state)
{
    struct site *site = *state;

    assert_int_equal(site->store->journal.size_bytes, 16 << 20);
    live_turns(site, 1, 2);
    leave(site);
    site->options.journal_bytes = JOURNAL_BYTES_MIN + 1;
    site_open(site);
    assert_int_equal(site->store->journal.size_bytes, JOURNAL_BYTES_MIN);
    holds(site, 2);
    live_turns(site, 3, 3);
    leave(site);
    site->options.journal_bytes = 1 << 20;
    site_open(site);
    assert_int_equal(site->store->journal.size_bytes, 1 << 20);
    holds(site, 3);
}

/* The one that is there is as good as before, and goes on. */
static void another_size_without_room(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];

    site->options.no_sync = false;
    site->options.journal_bytes = JOURNAL_BYTES_MIN;
    site_open(site);
    live_turns(site, 1, 1);
    leave(site);
    site->options.journal_bytes = 16 << 20;
    open_with_room(site, (1 << 20) + 100);
    assert_int_equal(site->store->journal.size_bytes, JOURNAL_BYTES_MIN);
    site_path(site, "store/journal.new", path);
    assert_int_equal(access(path, F_OK), -1);
    holds(site, 1);
    live_turns(site, 2, 2);
    assert_int_equal(store_settling(site->store), SETTLING_OPEN);   /* in the journal */
    leave(site);
    site_open(site);
    assert_int_equal(site->store->journal.size_bytes, 16 << 20);
    holds(site, 2);
}

static void the_file_is_ours_alone(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];
    struct stat file;

    umask(0);
    site->options.no_sync = false;
    site_open(site);
    umask(022);
    site_path(site, "store/journal", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(file.st_size, 16 << 20);
    assert_true(file.st_blocks * 512 >= file.st_size);              /* every block is there: a sync only writes data */
}

int main(void)
{
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i * 31 >> 3);
    const struct CMUnitTest tests[] = {
        SITE_OPEN(a_killed_writer_leaves_its_turns), SITE_OPEN(a_reader_takes_them_over),
        SITE_OPEN(settling_by_and_by), cmocka_unit_test(a_torn_record_is_none),
        cmocka_unit_test(nothing_behind_a_gap), cmocka_unit_test(a_record_of_another_store),
        SITE(a_long_turn_is_settled), SITE(a_turn_given_up_takes_nothing_along), SITE(a_full_map_goes_on),
        SITE_OPEN(settling_without_room),
        SITE(without_a_journal), SITE(without_a_journal_after_a_short_write), SITE_OPEN(due_by_size),
        SITE_OPEN(some_by_rows), SITE_OPEN(another_size), SITE(another_size_without_room), SITE(the_file_is_ours_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
