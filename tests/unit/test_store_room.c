/* Room: intake stops at 90 % of the store's own count; the ballast is laid out, given up, put back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/seal.h"
#include "tests/unit/store_site.h"

enum { PAYLOAD = 1000, ROW = 8 + SEAL_EXTRA_BYTES + 4 + PAYLOAD, STORE_MAX = 100000, INTAKE = 90000 };

struct fill { uint64_t bytes, rows; };

/* One row more and it is 90 %. */
static void fill(struct turn *turn, void *context)
{
    static const char payload[PAYLOAD];
    struct fill *filled = context;
    uint64_t expected = (INTAKE - filled->bytes + ROW - 1) / ROW;

    assert_true(turn_has_room(turn));
    while (turn_has_room(turn))
        turn_body_put(turn, ++filled->rows, (struct span){ 0 }, span_of(payload, PAYLOAD));
    assert_int_equal(filled->rows, expected);
    turn_body_delete(turn, filled->rows);                   /* what goes makes room, at once */
    assert_true(turn_has_room(turn));
    turn_body_put(turn, filled->rows, (struct span){ 0 }, span_of(payload, PAYLOAD));
    assert_false(turn_has_room(turn));
}

static void still_full(struct turn *turn, void *context)
{
    struct fill *filled = context;
    assert_false(turn_has_room(turn));
    turn_cursor_put(turn, 1, span_of_string("n"), span_of_string("v"));     /* everything else goes on */
    turn_body_delete(turn, filled->rows);
    turn_body_delete(turn, filled->rows - 1);
    assert_true(turn_has_room(turn));
}

static void ninety_percent(void **state)
{
    struct site *site = *state;
    const char *why = NULL;

    site->options.store_bytes_max = STORE_MAX;
    site_open(site);
    assert_true(store_intake_open(site->store, &why));
    assert_null(why);                                       /* written only when the answer is no */
    struct fill filled = { .bytes = store_bytes(site->store) };
    site_turn(site, SITE_NOW_MS, fill, &filled);
    assert_true(store_bytes(site->store) >= INTAKE);
    assert_false(store_intake_open(site->store, &why));
    assert_non_null(strstr(why, "90 %"));
    assert_false(store_intake_open(site->store, NULL));
    site_close(site);
    site_open(site);
    assert_false(store_intake_open(site->store, &why));
    site_turn(site, SITE_NOW_MS, still_full, &filled);
    assert_true(store_intake_open(site->store, &why));
}

static off_t ballast_size(const struct site *site)
{
    char path[SITE_PATH_SIZE];
    struct stat file;
    site_path(site, "store/ballast", path);
    if (stat(path, &file))
        return -1;
    assert_true(file.st_blocks * 512 >= file.st_size);      /* blocks, not a hole */
    assert_int_equal(file.st_mode & 07777, 0600);
    return file.st_size;
}

static void ballast_goes_and_comes_back(void **state)
{
    struct site *site = *state;
    const char *why = NULL;

    site->options.ballast_bytes = 128 << 10;
    site_open(site);
    assert_int_equal(ballast_size(site), 128 << 10);
    assert_true(store_give_up_ballast(site->store));
    assert_int_equal(ballast_size(site), -1);
    assert_false(store_give_up_ballast(site->store));       /* it made room only once */
    assert_true(store_intake_open(site->store, &why));      /* there is plenty: it is put back first */
    assert_int_equal(ballast_size(site), 128 << 10);
    site_close(site);
    site_open(site);
    assert_int_equal(ballast_size(site), 128 << 10);
    site_close(site);
    site->options.ballast_bytes = 64 << 10;                 /* another setting */
    site_open(site);
    assert_int_equal(ballast_size(site), 64 << 10);
    site_close(site);
    site->options.ballast_bytes = 256 << 10;
    site_open(site);
    assert_int_equal(ballast_size(site), 256 << 10);
}

static void put_one(struct turn *turn, void *context)
{
    (void)context;
    turn_follow_put(turn, 1, 1);
}

static void put_body(struct turn *turn, void *context)
{
    static uint8_t body[100 << 10];
    (void)context;
    turn_body_put(turn, turn_handoff_new_id(turn), span_of_string("header"), span_of(body, sizeof body));
}

/* The map is used up: intake closes while there is still as much left as the ballast has, and what is left is enough to
 * drain on. */
static void intake_closes_before_the_map_is_full(void **state)
{
    struct site *site = *state;
    const char *why = NULL;
    unsigned bodies = 0;

    site->options.map_bytes = 8 << 20;
    site->options.ballast_bytes = 1 << 20;
    site_open(site);
    for (; store_intake_open(site->store, &why); bodies++) {
        assert_in_range(bodies, 0, 80);
        site_turn(site, SITE_NOW_MS, put_body, NULL);
        if (bodies % 10 == 9)                           /* as the loop does, from time to time */
            assert_int_equal(store_settle(site->store), RESULT_OK);
    }
    assert_in_range(bodies, 40, 70);
    assert_non_null(strstr(why, "map_bytes"));
    for (unsigned i = 0; i < 500; i++) {
        site_turn(site, SITE_NOW_MS, put_one, NULL);
        if (i % 10 == 9)
            assert_int_equal(store_settle(site->store), RESULT_OK);
    }
}

/* A disk too small for the ballast: the store is opened for draining, intake stays closed and says why. */
static void no_room_for_ballast(void **state)
{
    struct site *site = *state;
    const char *why = NULL;

    site->options.ballast_bytes = 1ULL << 60;
    site_open(site);
    assert_int_equal(ballast_size(site), -1);
    assert_false(store_intake_open(site->store, &why));
    assert_non_null(strstr(why, "reserve was given up"));
    assert_true(site_turn(site, SITE_NOW_MS, put_one, NULL).wrote);
}

static void a_reader_lays_none(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];
    site_open(site);
    site_turn(site, SITE_NOW_MS, put_one, NULL);
    site_close(site);
    site_path(site, "store/ballast", path);
    assert_int_equal(unlink(path), 0);
    site->options.read_only = true;
    site_open(site);
    assert_int_equal(ballast_size(site), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE(ninety_percent), SITE(ballast_goes_and_comes_back), SITE(no_room_for_ballast),
        SITE(intake_closes_before_the_map_is_full), SITE(a_reader_lays_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
