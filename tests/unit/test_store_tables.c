/* The typed calls, table by table: agencies, dossiers, handoffs, message ids, events, feeds, small things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/store_site.h"

static struct uuid id_at(int64_t time_ms, uint8_t number)
{
    return uuid_v7(time_ms, (uint8_t[10]){ 0, 0, number });
}

static void agencies(struct turn *turn, void *context)
{
    char code[AGENCY_CODE_SIZE], long_code[AGENCY_CODE_SIZE + 1];
    (void)context;

    assert_int_equal(turn_agency_number(turn, "H29.1"), 0);
    assert_int_equal(turn_agency_number_make(turn, "H29.1"), 1);
    assert_int_equal(turn_agency_number_make(turn, "H29.10"), 2);
    assert_int_equal(turn_agency_number_make(turn, "H29.1"), 1);
    assert_int_equal(turn_agency_number(turn, "H29.10"), 2);
    assert_int_equal(turn_agency_number(turn, "H29"), 0);
    assert_int_equal(turn_agency_number(turn, ""), 0);
    memset(long_code, 'x', sizeof long_code);
    long_code[AGENCY_CODE_SIZE] = 0;
    assert_int_equal(turn_agency_number(turn, long_code), 0);
    long_code[AGENCY_CODE_SIZE - 1] = 0;
    assert_int_equal(turn_agency_number_make(turn, long_code), 3);
    assert_true(turn_agency_code(turn, 3, code));
    assert_string_equal(code, long_code);
    assert_true(turn_agency_code(turn, 1, code));
    assert_string_equal(code, "H29.1");
    assert_false(turn_agency_code(turn, 0, code));
    assert_false(turn_agency_code(turn, 4, code));
    assert_string_equal(code, "H29.1");                     /* not written */
}

static void agency_states(struct turn *turn, void *context)
{
    struct agency_state state = { .offers = 9 }, put = { .offers = 4, .on_hold = true, .reason = "chờ" };
    (void)context;

    turn_agency_state(turn, 7, &state);
    assert_int_equal(state.offers, 0);                      /* all zero when never written */
    turn_agency_state_put(turn, 7, &put);
    turn_agency_state(turn, 7, &state);
    assert_int_equal(state.offers, 4);
    assert_true(state.on_hold);
    assert_false(state.paused);
    assert_string_equal(state.reason, "chờ");
    put.offers = 5;
    put.reason[0] = 0;
    turn_agency_state_put(turn, 7, &put);                   /* shorter than before */
    turn_agency_state_put(turn, 3, &put);                   /* before one that is there */
    turn_agency_state(turn, 7, &state);
    assert_int_equal(state.offers, 5);
    assert_string_equal(state.reason, "");
}

static void counts(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(turn_count(turn, 1, STATE_READY), 0);
    assert_int_equal(turn_count(turn, 0, STATE_READY), 0);
    turn_count_add(turn, 1, STATE_READY, 3);
    turn_count_add(turn, 1, STATE_FAILED, 1);
    turn_count_add(turn, 2, STATE_READY, 1);
    turn_count_add(turn, 1, STATE_READY, -1);
    assert_int_equal(turn_count(turn, 1, STATE_READY), 2);
    assert_int_equal(turn_count(turn, 1, STATE_FAILED), 1);
    assert_int_equal(turn_count(turn, 2, STATE_READY), 1);
    assert_int_equal(turn_count(turn, 2, STATE_FAILED), 0);
}

static void dossiers_known(struct turn *turn, void *context)
{
    struct dossier put = { .id = 7, .opener = 1, .line = { .status = STATUS_ACCEPTED }, .branch_count = 1 }, found;
    struct money money = { .owed = 5 };
    char component[MONEY_CODE_SIZE] = "";
    (void)context;

    assert_false(turn_dossier(turn, 7, &found));
    turn_dossier_put(turn, &put);
    put.branch_count = 0;                                   /* shorter than before */
    put.line.status = STATUS_DONE;
    turn_dossier_put(turn, &put);
    assert_true(turn_dossier(turn, 7, &found));
    assert_int_equal(found.id, 7);
    assert_int_equal(found.line.status, STATUS_DONE);
    assert_int_equal(found.branch_count, 0);
    assert_false(turn_dossier(turn, 8, &found));

    assert_false(turn_money(turn, 7, "LP", &money));
    turn_money_put(turn, 7, "LP-2", &money);
    turn_money_put(turn, 7, "LP", &money);
    money.paid = 5;
    turn_money_put(turn, 7, "LP", &money);
    turn_money_put(turn, 8, "LP", &money);
    assert_true(turn_money_next(turn, 7, component, component, &money));
    assert_string_equal(component, "LP");
    assert_int_equal(money.paid, 5);
    assert_true(turn_money_next(turn, 7, component, component, &money));
    assert_string_equal(component, "LP-2");
    assert_int_equal(money.paid, 0);
    assert_false(turn_money_next(turn, 7, component, component, &money));
    assert_false(turn_money_next(turn, 9, "", component, &money));
}

static void lists_of_dossiers(struct turn *turn, void *context)
{
    struct unreceived at = { 0 };
    (void)context;

    assert_int_equal(turn_provisional_year(turn, PROVISIONAL_DUE, 0), 0);
    turn_provisional_put(turn, PROVISIONAL_DUE, 2028, 3);
    turn_provisional_put(turn, PROVISIONAL_DUE, 2027, 9);
    turn_provisional_put(turn, PROVISIONAL_DUE, 2027, 2);
    assert_int_equal(turn_provisional_year(turn, PROVISIONAL_DUE, 0), 2027);
    assert_int_equal(turn_provisional_year(turn, PROVISIONAL_DUE, 2027), 2028);
    assert_int_equal(turn_provisional_year(turn, PROVISIONAL_DUE, 2028), 0);
    assert_int_equal(turn_provisional_next(turn, PROVISIONAL_DUE, 2027, 0), 2);
    assert_int_equal(turn_provisional_next(turn, PROVISIONAL_DUE, 2027, 2), 9);
    assert_int_equal(turn_provisional_next(turn, PROVISIONAL_DUE, 2027, 9), 0);
    turn_provisional_delete(turn, PROVISIONAL_DUE, 2027, 2);
    assert_int_equal(turn_provisional_next(turn, PROVISIONAL_DUE, 2027, 0), 9);

    assert_false(turn_unreceived_next(turn, &at, false, &at));
    turn_unreceived_put(turn, 2, 50, 5);
    turn_unreceived_put(turn, 1, 60, 6);
    turn_unreceived_put(turn, 2, 40, 7);
    assert_true(turn_unreceived_next(turn, &at, false, &at) && at.recipient == 1 && at.handoff == 6);
    assert_false(turn_unreceived_next(turn, &at, true, &at));
    assert_true(turn_unreceived_next(turn, &at, false, &at) && at.handoff == 7 && at.delivered_ms == 40);
    assert_true(turn_unreceived_next(turn, &at, true, &at) && at.handoff == 5);
    assert_false(turn_unreceived_next(turn, &at, false, &at));
    at = (struct unreceived){ .recipient = 2 };
    turn_unreceived_delete(turn, 2, 40, 7);
    assert_true(turn_unreceived_next(turn, &at, true, &at) && at.handoff == 5);
}

/* More (agency, state) pairs in one turn than the tally has slots: nothing is lost. */
static void many_counts(struct turn *turn, void *context)
{
    (void)context;
    for (int round = 0; round < 3; round++)
        for (uint32_t agency = 1; agency <= 500; agency++)
            for (unsigned state = 1; state < STATE_END; state++)
                turn_count_add(turn, agency, state, state);
    for (uint32_t agency = 1; agency <= 500; agency++)
        for (unsigned state = 1; state < STATE_END; state++)
            assert_int_equal(turn_count(turn, agency, state), 3 * state);
    for (uint32_t agency = 1; agency <= 500; agency++)
        for (unsigned state = 1; state < STATE_END; state++)
            turn_count_add(turn, agency, state, -(int64_t)(3 * state));
    assert_int_equal(turn_count(turn, 250, STATE_READY), 0);
}

static void some_counts_again(struct turn *turn, void *context)
{
    int64_t *difference = context;
    turn_count_add(turn, 1, STATE_READY, *difference);
    turn_count_add(turn, 2, STATE_CLOSED, *difference);
}

static void counts_seen(struct turn *turn, void *context)
{
    uint64_t expected = *(uint64_t *)context;
    assert_int_equal(turn_count(turn, 1, STATE_READY), expected);
    assert_int_equal(turn_count(turn, 2, STATE_CLOSED), expected);
}

/* A count that falls to nothing has no row, so that the byte count is as before. */
static void counts_over_turns(void **state)
{
    struct site *site = *state;
    uint64_t bytes = store_bytes(site->store);
    int64_t differences[] = { 5, -2, -3 };
    uint64_t expected = 0;
    for (int i = 0; i < 3; i++) {
        site_turn(site, SITE_NOW_MS, some_counts_again, &differences[i]);
        expected += (uint64_t)differences[i];
        site_read(site, counts_seen, &expected);
    }
    /* Three chain links remain: key 8, version, now_ms, first, count, root, link. */
    assert_int_equal(store_bytes(site->store), bytes + 3 * (8 + 1 + 3 * 8 + 2 * 32));
}

static void dossiers(struct turn *turn, void *context)
{
    char code[DOSSIER_CODE_SIZE], longest[DOSSIER_CODE_SIZE + 1];
    struct span first = span_of_string("H29.7-231115-0001"), alias = span_of_string("G22-0001");
    (void)context;

    memset(longest, 'd', sizeof longest);
    assert_int_equal(turn_dossier_find(turn, first), 0);
    assert_int_equal(turn_dossier_make(turn, first), 1);
    assert_int_equal(turn_dossier_make(turn, first), 1);
    assert_int_equal(turn_dossier_make(turn, span_of_string("H29.7-231115-0002")), 2);
    assert_true(turn_dossier_alias(turn, 1, alias));
    assert_true(turn_dossier_alias(turn, 1, alias));        /* again: no harm */
    assert_false(turn_dossier_alias(turn, 2, alias));       /* names another */
    assert_false(turn_dossier_alias(turn, 2, first));
    assert_int_equal(turn_dossier_find(turn, alias), 1);
    assert_int_equal(turn_dossier_make(turn, alias), 1);
    assert_true(turn_dossier_code(turn, 1, code));
    assert_string_equal(code, "H29.7-231115-0001");
    assert_false(turn_dossier_code(turn, 3, code));
    assert_false(turn_dossier_code(turn, 0, code));
    assert_int_equal(turn_dossier_find(turn, (struct span){ 0 }), 0);
    assert_int_equal(turn_dossier_find(turn, span_of(longest, DOSSIER_CODE_SIZE)), 0);
    assert_int_equal(turn_dossier_make(turn, span_of(longest, DOSSIER_CODE_SIZE - 1)), 3);
    assert_true(turn_dossier_code(turn, 3, code));
    assert_int_equal(strlen(code), DOSSIER_CODE_SIZE - 1);

    turn_dossier_handoff_put(turn, 1, 300);
    turn_dossier_handoff_put(turn, 1, 20);
    turn_dossier_handoff_put(turn, 2, 100);
    assert_int_equal(turn_dossier_handoff_next(turn, 1, 0), 20);
    assert_int_equal(turn_dossier_handoff_next(turn, 1, 20), 300);
    assert_int_equal(turn_dossier_handoff_next(turn, 1, 299), 300);
    assert_int_equal(turn_dossier_handoff_next(turn, 1, 300), 0);
    assert_int_equal(turn_dossier_handoff_next(turn, 3, 0), 0);
}

static void handoffs(struct turn *turn, void *context)
{
    uint64_t first = turn_handoff_new_id(turn), second = turn_handoff_new_id(turn);
    struct handoff put = { .id = first, .kind = KIND_FORWARD, .state = STATE_READY, .step = "a" }, got = { 0 };
    (void)context;

    assert_true(first == ((1ULL << 48) | 1) && second == first + 1);
    assert_int_equal(turn_handoff_next(turn, 0), 0);
    assert_false(turn_handoff(turn, first, &got));
    assert_false(turn_handoff(turn, 0, &got));
    assert_int_equal(got.kind, 0);
    turn_handoff_put(turn, &put);
    put.id = second;
    turn_handoff_put(turn, &put);
    memcpy(put.step, "a longer step", sizeof "a longer step");      /* and another size when put again */
    put.id = first;
    put.state = STATE_OFFERED;
    turn_handoff_put(turn, &put);
    assert_true(turn_handoff(turn, first, &got));
    assert_true(got.id == first);
    assert_int_equal(got.state, STATE_OFFERED);
    assert_string_equal(got.step, "a longer step");
    assert_true(turn_handoff_next(turn, 0) == first);
    assert_true(turn_handoff_next(turn, first) == second);
    assert_int_equal(turn_handoff_next(turn, second), 0);
}

static void bodies(struct turn *turn, void *context)
{
    static char payload_in[BODY_BYTES_MAX], header_in[HEADER_BYTES_MAX];
    struct arena arena, small;
    struct span header, payload;
    (void)context;

    memset(payload_in, 'p', sizeof payload_in);
    memset(header_in, 'h', sizeof header_in);
    assert_int_equal(arena_init(&arena, 1 << 20), RESULT_OK);
    assert_int_equal(arena_init(&small, 64), RESULT_OK);
    turn_body_put(turn, 5, span_of(header_in, sizeof header_in), span_of(payload_in, sizeof payload_in));
    turn_body_put(turn, 6, (struct span){ 0 }, (struct span){ 0 });
    assert_int_equal(turn_body(turn, 5, &small, &header, &payload), RESULT_FULL);
    assert_int_equal(arena_room(&small), 64);               /* nothing was taken */
    assert_int_equal(turn_body(turn, 6, &small, &header, &payload), RESULT_OK);
    assert_int_equal(header.size + payload.size, 0);
    assert_int_equal(turn_body(turn, 5, &arena, &header, &payload), RESULT_OK);
    assert_true(span_equal(header, span_of(header_in, sizeof header_in)));
    assert_true(span_equal(payload, span_of(payload_in, sizeof payload_in)));
    turn_body_put(turn, 5, span_of_string("h"), span_of_string("shorter"));
    assert_int_equal(turn_body(turn, 5, &arena, &header, &payload), RESULT_OK);
    assert_true(span_equal(payload, span_of_string("shorter")));
    turn_body_delete(turn, 5);
    assert_int_equal(turn_body(turn, 5, &arena, &header, &payload), RESULT_NOT_FOUND);
    turn_body_delete(turn, 5);
    arena_done(&arena);
    arena_done(&small);
}

static void message_ids(struct turn *turn, void *context)
{
    struct uuid id = id_at(SITE_NOW_MS, 1);
    uint64_t handoff = 0;
    (void)context;

    assert_false(turn_dedupe(turn, 1, &id, &handoff));
    turn_dedupe_put(turn, 1, &id, 77);
    assert_true(turn_dedupe(turn, 1, &id, &handoff));
    assert_int_equal(handoff, 77);
    assert_false(turn_dedupe(turn, 2, &id, &handoff));      /* another sender's */

    for (uint8_t i = 0; i < 10; i++) {
        struct uuid old = id_at(1000 + i, i);
        turn_dedupe_put(turn, 2, &old, 100u + i);
    }
    assert_int_equal(turn_dedupe_purge(turn, 2, 1000, 100), 0);
    assert_int_equal(turn_dedupe_purge(turn, 2, 1004, 3), 3);       /* not more than asked for */
    assert_int_equal(turn_dedupe_purge(turn, 2, 1004, 3), 1);       /* and not those of 1004 */
    id = id_at(1003, 3);
    assert_false(turn_dedupe(turn, 2, &id, &handoff));
    id = id_at(1004, 4);
    assert_true(turn_dedupe(turn, 2, &id, &handoff));
    assert_int_equal(handoff, 104);
    assert_int_equal(turn_dedupe_purge(turn, 2, INT64_MAX, 100), 6);
    id = id_at(SITE_NOW_MS, 1);
    assert_true(turn_dedupe(turn, 1, &id, &handoff));       /* the other sender's stays */
    assert_int_equal(turn_dedupe_purge(turn, 3, INT64_MAX, 100), 0);
}

/* Where the oldest id of a sender stands is remembered; what is told of it must stay true. */
static void put_four_ids(struct turn *turn, void *context)
{
    (void)context;
    for (uint8_t i = 0; i < 4; i++) {
        struct uuid id = id_at(1000 + i, i);
        turn_dedupe_put(turn, 2, &id, 100u + i);
    }
    assert_int_equal(turn_dedupe_purge(turn, 2, 1001, 100), 1);
    assert_int_equal(turn_dedupe_purge(turn, 2, 1001, 100), 0);
    struct uuid late = id_at(500, 9);
    turn_dedupe_put(turn, 2, &late, 99);
    assert_int_equal(turn_dedupe_purge(turn, 2 + 64, 1001, 100), 0);        /* its place is another sender's too */
    assert_int_equal(turn_dedupe_purge(turn, 2, 500, 100), 0);
    assert_int_equal(turn_dedupe_purge(turn, 2, 501, 100), 1);
}

static void purge_two_and_fill_the_map(struct turn *turn, void *context)
{
    static char body[BODY_BYTES_MAX];
    (void)context;
    assert_int_equal(turn_dedupe_purge(turn, 2, 1003, 100), 2);
    assert_int_equal(turn_dedupe_purge(turn, 2, 1003, 100), 0);
    for (unsigned i = 0; i < 64; i++)
        turn_body_put(turn, turn_handoff_new_id(turn), (struct span){ 0 }, span_of(body, sizeof body));
}

static void the_two_are_purged(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(turn_dedupe_purge(turn, 2, 1003, 100), 2);
    assert_int_equal(turn_dedupe_purge(turn, 2, INT64_MAX, 100), 1);
    assert_int_equal(turn_dedupe_purge(turn, 2, INT64_MAX, 100), 0);
}

static void oldest_ids(void **state)
{
    struct site *site = *state;
    struct turn_end end;

    site->options.map_bytes = 4 << 20;
    site_open(site);
    site_turn(site, SITE_NOW_MS, put_four_ids, NULL);
    assert_int_equal(store_turn(site->store, SITE_NOW_MS, purge_two_and_fill_the_map, NULL, &end), RESULT_FULL);
    site_turn(site, SITE_NOW_MS, the_two_are_purged, NULL);
}

static void events(struct turn *turn, void *context)
{
    struct event event = { .handoff = 5, .at_ms = SITE_NOW_MS, .from = STATE_READY, .to = STATE_OFFERED,
                           .cause = CAUSE_OFFERED, .attempt = 2, .seq = 99, .turn_seq = 99 }, got;
    char words[REASON_BYTES_MAX + 1], detail[REASON_BYTES_MAX + 1];
    struct hash zero = { 0 };
    (void)context;

    memset(event.detail_digest.bytes, 1, HASH_SIZE);
    assert_int_equal(turn_event_append(turn, &event, (struct span){ 0 }), 1);
    assert_int_equal(event.seq, 1);
    assert_int_equal(event.turn_seq, 1);
    assert_true(hash_equal(&event.detail_digest, &zero));   /* no words, no digest */
    assert_int_equal(turn_event_append(turn, &event, span_of_string("409 trùng mã")), 2);
    assert_false(hash_equal(&event.detail_digest, &zero));
    assert_true(turn_event(turn, 2, &got));
    assert_int_equal(got.seq, 2);
    assert_int_equal(got.turn_seq, 1);
    assert_int_equal(got.handoff, 5);
    assert_int_equal(got.attempt, 2);
    assert_true(hash_equal(&got.detail_digest, &event.detail_digest));
    assert_false(turn_event(turn, 3, &got));
    turn_detail(turn, 1, detail);
    assert_string_equal(detail, "");
    turn_detail(turn, 2, detail);
    assert_string_equal(detail, "409 trùng mã");
    turn_detail(turn, 3, detail);
    assert_string_equal(detail, "");

    /* 511 letters and then one of two bytes: the last letter would be cut in half, so it goes. */
    memset(words, 'x', sizeof words);
    memcpy(words + REASON_BYTES_MAX - 1, "é", 2);
    turn_event_append(turn, &event, span_of(words, sizeof words));
    turn_detail(turn, 3, detail);
    assert_int_equal(strlen(detail), REASON_BYTES_MAX - 1);
    assert_true(span_is_utf8(span_of_string(detail)));
    turn_event_append(turn, &event, span_of("before\0after", 12));
    turn_detail(turn, 4, detail);
    assert_string_equal(detail, "before");
    memset(words, 'y', REASON_BYTES_MAX);
    turn_event_append(turn, &event, span_of(words, REASON_BYTES_MAX));
    turn_detail(turn, 5, detail);
    assert_int_equal(strlen(detail), REASON_BYTES_MAX);
}

static void feeds(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(turn_feed_next(turn, 1, 0), 0);
    for (uint64_t seq = 10; seq <= 50; seq += 10)
        turn_feed_put(turn, 1, seq);
    turn_feed_put(turn, 2, 15);
    assert_int_equal(turn_feed_next(turn, 1, 0), 10);
    assert_int_equal(turn_feed_next(turn, 1, 10), 20);
    assert_int_equal(turn_feed_next(turn, 1, 50), 0);
    turn_feed_delete_until(turn, 1, 30, 2);                 /* at most two */
    assert_int_equal(turn_feed_next(turn, 1, 0), 30);
    turn_feed_delete_until(turn, 1, 30, 10);                /* up to it and not further */
    assert_int_equal(turn_feed_next(turn, 1, 0), 40);
    turn_feed_delete_until(turn, 3, 30, 10);
    assert_int_equal(turn_feed_next(turn, 2, 0), 15);
    assert_int_equal(turn_follow(turn, 1), 0);
    turn_follow_put(turn, 1, 30);
    turn_follow_put(turn, 1, 40);
    assert_int_equal(turn_follow(turn, 1), 40);
    assert_int_equal(turn_follow(turn, 2), 0);
}

static void checkpoints_and_cursors(struct turn *turn, void *context)
{
    struct arena arena;
    struct span value, name = span_of_string("hồ sơ mới");
    char long_name[CURSOR_NAME_SIZE], long_value[CURSOR_VALUE_BYTES_MAX];
    (void)context;

    assert_int_equal(arena_init(&arena, 4096), RESULT_OK);
    assert_int_equal(turn_checkpoint(turn, 5, &arena, &value), RESULT_NOT_FOUND);
    turn_checkpoint_put(turn, 5, span_of_string("page 2"));
    turn_checkpoint_put(turn, 5, span_of_string("page 17"));
    assert_int_equal(turn_checkpoint(turn, 5, &arena, &value), RESULT_OK);
    assert_true(span_equal(value, span_of_string("page 17")));
    turn_checkpoint_put(turn, 5, (struct span){ 0 });
    turn_checkpoint_put(turn, 5, (struct span){ 0 });       /* gone already */
    assert_int_equal(turn_checkpoint(turn, 5, &arena, &value), RESULT_NOT_FOUND);

    memset(long_name, 'n', sizeof long_name);
    memset(long_value, 'v', sizeof long_value);
    assert_int_equal(turn_cursor(turn, 1, name, &arena, &value), RESULT_NOT_FOUND);
    turn_cursor_put(turn, 1, name, span_of_string("2023-11-15"));
    turn_cursor_put(turn, 2, name, span_of_string("other"));
    turn_cursor_put(turn, 1, span_of(long_name, sizeof long_name), span_of(long_value, sizeof long_value));
    assert_int_equal(turn_cursor(turn, 1, name, &arena, &value), RESULT_OK);
    assert_true(span_equal(value, span_of_string("2023-11-15")));
    turn_cursor_put(turn, 1, name, (struct span){ 0 });
    assert_int_equal(turn_cursor(turn, 1, name, &arena, &value), RESULT_OK);
    assert_int_equal(value.size, 0);
    assert_int_equal(turn_cursor(turn, 1, span_of(long_name, sizeof long_name), &arena, &value), RESULT_OK);
    assert_true(span_equal(value, span_of(long_value, sizeof long_value)));
    while (arena_take(&arena, 256))
        ;
    assert_int_equal(turn_cursor(turn, 1, span_of(long_name, sizeof long_name), &arena, &value), RESULT_FULL);
    arena_done(&arena);
}

static void directories(struct turn *turn, void *context)
{
    struct span bytes = span_of_string("agencies: []\n");
    struct hash hash = hash_of(bytes), got = { 0 };
    (void)context;

    assert_int_equal(turn_directory_version(turn), 0);
    assert_false(turn_directory_hash(turn, 1, &got));
    turn_directory_put(turn, 1, &hash, bytes);
    assert_int_equal(turn_directory_version(turn), 1);
    assert_true(turn_directory_hash(turn, 1, &got));
    assert_true(hash_equal(&got, &hash));
    hash = hash_of((struct span){ 0 });
    turn_directory_put(turn, 2, &hash, (struct span){ 0 });
    assert_int_equal(turn_directory_version(turn), 2);
    assert_true(turn_directory_hash(turn, 2, &got));
    assert_true(hash_equal(&got, &hash));
    assert_false(turn_blob_known(turn, 1, &hash));
}

/* ---- the byte count is what stands in the rows: put, put longer, put shorter, delete */

static void grow(struct turn *turn, void *context)
{
    (void)context;
    turn_cursor_put(turn, 1, span_of_string("n"), span_of_string("12345"));
}

static void longer(struct turn *turn, void *context)
{
    (void)context;
    turn_cursor_put(turn, 1, span_of_string("n"), span_of_string("1234567"));
    turn_cursor_put(turn, 1, span_of_string("n"), span_of_string("123"));
    turn_feed_put(turn, 1, 5);
    turn_feed_put(turn, 1, 5);                              /* a row that exists is replaced */
    turn_feed_delete_until(turn, 1, 5, 1);
    turn_feed_put(turn, 2, 5);
}

static void bytes_are_counted(void **state)
{
    struct site *site = *state;
    const uint64_t link = 8 + 1 + 3 * 8 + 2 * 32;
    uint64_t empty = store_bytes(site->store);
    /* "schema" and its u32, "counters" and theirs. */
    assert_int_equal(empty, 6 + 4 + 8 + 105);
    site_turn(site, SITE_NOW_MS, grow, NULL);
    assert_int_equal(store_bytes(site->store), empty + link + (4 + 1 + 5));
    site_turn(site, SITE_NOW_MS, longer, NULL);
    assert_int_equal(store_bytes(site->store), empty + 2 * link + (4 + 1 + 3) + (4 + 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TURN(agencies), IN_TURN(agency_states), IN_TURN(counts), IN_TURN(many_counts),
        SITE_OPEN(counts_over_turns), IN_TURN(dossiers), IN_TURN(handoffs), IN_TURN(bodies), IN_TURN(message_ids),
        SITE(oldest_ids), IN_TURN(events), IN_TURN(feeds), IN_TURN(checkpoints_and_cursors), IN_TURN(directories),
        IN_TURN(dossiers_known), IN_TURN(lists_of_dossiers), SITE_OPEN(bytes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
