/* The bytes of every record, pinned: stores hold them already. The samples were packed by another program (Python's
 * struct), field by field as records.c and counters.h list them. When one fails, the code is wrong: see the ritual in
 * records.h before a record is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store/counters.h"
#include "gateway/store/record_blob.h"
#include "gateway/store/record_dossier.h"
#include "gateway/store/record_ending.h"
#include "gateway/store/record_figure.h"
#include "gateway/store/record_supplement.h"
#include "gateway/store/record_unknown_code.h"
#include "gateway/store/record_flow.h"
#include "gateway/store/records.h"

static const char HANDOFF[] =
    "010b06070302090000000807060504030201050000000600000007000000101112131415161718191a1b1c1d1e1fa0a1a2a3a4a5"
    "a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf0168e5cf8b010000feffffffffffffff0368e5cf8b0100000400"
    "000000000000050000000000000006000000000000000700000000000000080000000000000009000000000000000a0000000000"
    "00000b000000000000000c000000000000000d000000000000000e000000000000000f000000000000001032547698badcfe1000"
    "0000110000001200000013000000140000001500000008322e3030303938360974c6b0207068c3a1700448532d31";
static const char EVENT[] =
    "01030404040001010000000000000002000000000000000300000000000000fcffffffffffffff05000000060000000700000008"
    "000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
/* The same, and what it says of its dossier. */
static const char EVENT_OF_DOSSIER[] =
    "02030404040001010000000000000002000000000000000300000000000000fcffffffffffffff05000000060000000700000008"
    "000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf09000000000000000a0000000000000004"
    "02050203feffffffffffffff0a63e1bb9d20c491e1bb8f";
static const char DOSSIER[] =
    "0101000000020000000401000300000005000000000000000600000000000000070000000800000009000000000000000a000000"
    "0b000000000000000c00000000000000030d00000023000000000000000e000000000000000f0000000000000010000000000000"
    "001100000012000000000000001300000008322e30303039383615322e3030303938362f2d2f323032342d30372d303101140000"
    "00000000001500000016000000050000001700000000000000180000000000000019000000000000000900011a0000001b000000"
    "000000001c000000000000001d000000021e000000000000001f000000000000000020000000000000000000000000000000ff21"
    "00000022000000";
static const char ENDING[] =
    "010905020100000000000000020000000000000009000000080000000700000000000000"
    "0a0000000000000003000000040000000500000000000000"
    "06000000000000000700000000000000080000000000000005"
    "43422d3037077175612d746169";
static const char ASKED[] =
    "020103020300000004000000050000000600000000000000070000000000000008000000000000000900000000000000f6ffffffffffffff"
    "0b000000000000000c0000000000000008746861792d646f6902000000000000000203474b53044343434401eb070000";
static const char FLOW[] =
    "0101000000101112131415161718191a1b1c1d1e1f09020000000000000015322e3030303938362f2d2f323032342d30372d3031"
    "020c636976696c2d737461747573010000000000000003000000000000000b040000000000000005000000000000000600000000"
    "000000077061796d656e740f00000001000000000000000000000000000000000000000000000000000000000000000000000000";
static const char MEASURE[] =
    "01090702030201020105040306000000070000000200000093020000010000000000000002000000000000000300000000000000"
    "0400000000000000fbffffffffffffff0600000000000000070000000000000008322e3030303938360543422d3037";
static const char FIGURED[] =
    "01050201087f21800140ac0257ffffffffffffffffff01";
static const char MONEY[] =
    "01401f000000000000feffffffffffffff030000000000000004000000";
static const char UNKNOWN_CODE[] =
    "0101000000000000000200000000000000fdffffffffffffff0400000000000000";
static const char AGENCY_STATE[] =
    "0201000000000000000100020000000000000003000000000000000400000000000000050000000000000006000000000000000700000009"
    "736169206b68c3b361";
static const char AGENCY_STATE_BEFORE_LATE[] =
    "010100000000000000010002000000000000000300000000000000040000000000000009736169206b68c3b361";
static const char FAIL_GROUP[] =
    "01a00f0000000000000100000000000000020000000000000003000000000000000a343039207472c3b96e67";
static const char ANTECEDENT[] = "010203000000000000000400000000000000";
static const char LINK[] =
    "010068e5cf8b01000002000000000000000300000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9ba"
    "bbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf";
static const char COUNTERS[] =
    "01010000000200000003000000000000000400000000000000050000000000000006000000000000000700000000000000080000"
    "000000000009000000000000000a00000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe"
    "bf";

/* Not used: it has a time instead. */
static const char BLOB[] =
    "0101000020000000000102030405060708ce25350100000000fdffffffffffffff0168e5cf8b010000";

enum { SAMPLE_BYTES_MAX = ASKED_BYTES_MAX };            /* of the largest record */

static struct hash hash_from(unsigned first)
{
    struct hash hash;
    for (unsigned i = 0; i < HASH_SIZE; i++)
        hash.bytes[i] = (uint8_t)(first + i);
    return hash;
}

/* ---- one reader and writer per record, so that all go through the same tests */

struct sample {
    const char *hex;
    bool   (*parse)(struct span bytes);         /* into `parsed` */
    size_t (*write)(uint8_t *bytes);            /* from `parsed` */
    void   (*fill)(void);                       /* `parsed` as in the sample */
    const char *words;                          /* offset:first valid:one past the last, of each closed word */
};

static union {
    struct handoff handoff;
    struct event event;
    struct dossier dossier;
    struct money money;
    struct ending ending;
    struct asked asked;
    struct flow flow;
    struct measure measure;
    struct figures figures;
    struct agency_state agency_state;
    struct unknown_code unknown_code;
    struct fail_group group;
    struct antecedent antecedent;
    struct chain_link link;
    struct counters counters;
    struct blob blob;
} parsed;

#define CALLS(name, field) \
    static bool name##_p(struct span bytes) { return name##_parse(bytes, &parsed.field); } \
    static size_t name##_w(uint8_t *bytes) { return name##_write(&parsed.field, bytes); }
CALLS(handoff, handoff)
CALLS(event, event)
CALLS(dossier, dossier)
CALLS(money, money)
CALLS(ending, ending)
CALLS(asked, asked)
CALLS(flow, flow)
CALLS(measure, measure)
CALLS(figures, figures)
CALLS(agency_state, agency_state)
CALLS(unknown_code, unknown_code)
CALLS(fail_group, group)
CALLS(antecedent, antecedent)
CALLS(chain_link, link)
CALLS(blob, blob)
static bool counters_p(struct span bytes) { return counters_parse(bytes, &parsed.counters); }
static size_t counters_w(uint8_t *bytes) { counters_write(&parsed.counters, bytes); return COUNTERS_BYTES; }

static void fill_handoff(void)
{
    parsed.handoff = (struct handoff){
        .dossier = 0x0102030405060708, .sender = 5, .recipient = 6, .addressed = 7, .kind = KIND_RESULT,
        .state = STATE_FAILED, .verdict = VERDICT_BAD_DATA, .fail_class = FAIL_MAPPING, .answer = ANSWER_RESULT,
        .flags = HANDOFF_REPLAYED | HANDOFF_IN_LANE, .content_hash = hash_from(0xA0), .accepted_ms = 1700000000001,
        .source_time_ms = -2, .changed_ms = 1700000000003, .due_ms = 4, .timer_ms = 5, .ready_due_ms = 6,
        .offered_ms = 7, .tried_ms = 8, .sequence = 9, .accepted_seq = 10, .parent = 11, .child = 12,
        .lane_place = 13, .session = 14, .last_event = 15, .fingerprint = 0xFEDCBA9876543210, .attempt = 16,
        .charged = 17, .lapses = 18, .body_bytes = 19, .key_generation = 20, .gates_left = 21,
        .procedure_code = "2.000986", .step = "tư pháp", .agency_ref = "HS-1",
    };
    for (unsigned i = 0; i < 16; i++)
        parsed.handoff.message_id.bytes[i] = (uint8_t)(0x10 + i);
}

static void fill_event(void)
{
    parsed.event = (struct event){
        .turn_seq = 1, .handoff = 2, .previous = 3, .at_ms = -4, .from = STATE_OFFERED, .to = STATE_WAITING,
        .cause = CAUSE_OUTCOME, .verdict = VERDICT_LATER, .answer = ANSWER_REFUSED, .attempt = 5, .agency = 6,
        .actor_agency = 7, .actor_uid = 8, .detail_digest = hash_from(0xA0),
    };
}

static void fill_event_of_dossier(void)
{
    fill_event();
    parsed.event.of_dossier = (struct event_dossier){
        .dossier = 9, .previous = 10, .status = STATUS_IN_PROCESS, .before = STATUS_ACCEPTED,
        .after = STATUS_SUPPLEMENT, .judged = JUDGED_GAP, .due_source = DUE_COMPUTED, .due_ms = -2,
        .partner_status = "cờ đỏ",
    };
}

static void fill_dossier(void)
{
    parsed.dossier = (struct dossier){
        .opener = 1, .owner = 2,
        .line = { .status = STATUS_IN_PROCESS, .gap = true, .by = 3, .source_ms = 5, .sequence = 6 },
        .kept = 7, .unknown = 8, .last_event = 9, .channel = 10, .received_ms = 11, .due_ms = 12,
        .due_source = DUE_COMPUTED, .due_by = 13, .due_said_ms = 35, .computed_ms = 14, .committed_ms = 15,
        .statutory_ms = 16,
        .unknown_year = 17, .claimed_due_ms = 18, .claimed_due_by = 19, .procedure_code = "2.000986",
        .procedure_version = "2.000986/-/2024-07-01",
        .branches = { { .handoff = 20, .sender = 21, .holder = 22, .flags = BRANCH_PASSED_ON | BRANCH_HAS_RESULT,
                        .delivered_ms = 23, .due_ms = 24, .receipt_ms = 25,
                        .line = { .status = STATUS_DONE, .recalled = true, .by = 26, .source_ms = 27,
                                  .sequence = 28 } } },
        .branch_count = 1, .branches_lost = 29,
        .pauses = { { .from_ms = 30, .to_ms = 31, .branch = 0 }, { .from_ms = 32, .branch = BRANCH_NONE } },
        .pause_count = 2, .pauses_lost = 33, .money_count = 34,
    };
}

static void fill_money(void)
{
    parsed.money = (struct money){ .owed = 8000, .paid = -2, .source_ms = 3, .by = 4 };
}

static void fill_ending(void)
{
    parsed.ending = (struct ending){
        .ended = STATUS_DONE, .ended_ms = 1, .apology = APOLOGY_SIGNED, .unasked = UNASKED_UNDELIVERED,
        .draft = 2, .asked_of = 9, .escalations = 8, .timer_ms = 7, .letter = 10, .signed_by = 3, .apologies = 4,
        .due_ms = 5, .asked_ms = 6, .signed_ms = 7, .promised_ms = 8, .signer = "CB-07", .reason_code = "qua-tai",
    };
}

static void fill_asked(void)
{
    parsed.asked = (struct asked){
        .state = ASKING_OPEN, .kind = KIND_SUPPLEMENT_REQUEST, .branch = 2, .agency = 3, .nth = 4, .answers = 5,
        .asked_ms = 6, .answer_by_ms = 7, .timer_ms = 8, .reminded_ms = 9, .overdue_ms = -10, .ended_ms = 11,
        .ended_by = 12, .reason_code = "thay-doi", .missing = 2, .component_count = 2, .components = { "GKS", "CCCD" },
        .answer_by_stated = true, .unknown_year = 2027,
    };
}

static void fill_flow(void)
{
    parsed.flow = (struct flow){
        .sender = 1, .stopped = KIND_WITHDRAWAL, .stopped_by = 2, .version = "2.000986/-/2024-07-01", .step_count = 2,
        .steps = { { .name = "civil-status", .flags = FLOW_STEP_CHOSEN, .handoff = 3, .ended = KIND_RESULT,
                     .ended_by = 4, .recall = 5, .told = 6 },
                   { .name = "payment", .flags = 15, .after = 1 } },
    };
    for (unsigned i = 0; i < sizeof parsed.flow.message_id.bytes; i++)
        parsed.flow.message_id.bytes[i] = (uint8_t)(0x10 + i);
}

static void fill_measure(void)
{
    parsed.measure = (struct measure){
        .ended = STATUS_DONE, .flags = 7, .cause = LATE_BY_GATEWAY, .papers = 3, .papers_digitised = 2,
        .papers_reused = 1, .results = 2, .results_digitised = 1, .attitude = 5, .cost = 4, .trips = 3, .agency = 6,
        .officer_agency = 7, .channel = 2, .worked_minutes = 659, .received_ms = 1, .due_ms = 2, .ended_ms = 3,
        .rated_ms = 4, .officer_ms = -5, .gateway_ms = 6, .gateway_until_ms = 7, .procedure = "2.000986",
        .officer = "CB-07",
    };
}

static void fill_figures(void)
{
    parsed.figures = (struct figures){ 0 };
    parsed.figures.of[FIGURE_RECEIVED_ONLINE] = 1;
    parsed.figures.of[FIGURE_BEFORE] = 127;
    parsed.figures.of[FIGURE_WORKED_MINUTES] = 128;
    parsed.figures.of[FIGURE_WORKED] = 300;
    parsed.figures.of[FIGURES - 1] = UINT64_MAX;
}

static void fill_agency_state(void)
{
    parsed.agency_state = (struct agency_state){ .offers = 1, .paused = true, .since_ms = 2, .suspect_fingerprint = 3,
                                                 .suspect_dossier = 4, .exchange_ms = 5,
                                                 .drafts_from_ms = 6, .drafts = 7, .reason = "sai khóa" };
}

static void fill_group(void)
{
    parsed.group = (struct fail_group){ .count = 4000, .first_ms = 1, .last_ms = 2, .sample = 3,
                                        .fingerprint_text = "409 trùng" };
}

static void fill_unknown_code(void)
{
    parsed.unknown_code = (struct unknown_code){ .count = 1, .first_ms = 2, .last_ms = -3, .handoff = 4 };
}

static void fill_antecedent(void)
{
    parsed.antecedent = (struct antecedent){ .until = UNTIL_DELIVERED, .done_by = 3, .handoff = 4 };
}

static void fill_link(void)
{
    parsed.link = (struct chain_link){ .now_ms = 1700000000000, .first_event = 2, .events = 3,
                                       .root = hash_from(0xA0), .link = hash_from(0xC0) };
}

static void fill_counters(void)
{
    parsed.counters = (struct counters){ .epoch = 1, .agencies = 2, .dossiers = 3, .handoffs = 4, .places = 5,
                                         .events = 6, .bytes = 7, .covered_seq = 8, .seq = 9, .last_ms = 10,
                                         .link = hash_from(0xA0) };
}

static void fill_blob(void)
{
    parsed.blob = (struct blob){ .size = 0x20000001, .file = 0x0807060504030201, .day = 20260302, .stored_ms = -3,
                                 .due_ms = 1700000000001 };
}

/* The largest valid numbers are those of words.h today: KIND 19, STATE 8, VERDICT 11, FAIL 7, ANSWER 4, CAUSE 51,
 * STATUS 10, JUDGED 7, DUE_SOURCE 4, APOLOGY 6, UNASKED 7,
 * ASKING 3; MEASURE flags 15, LATE_CAUSE 3; a flow has at most 16 steps. */
static const struct sample samples[] = {
    { HANDOFF, handoff_p, handoff_w, fill_handoff, "\001\001\023" "\002\001\010" "\003\000\013" "\004\000\007"
      "\005\000\004" },
    { EVENT, event_p, event_w, fill_event, "\001\000\010" "\002\000\010" "\003\001\063" "\004\000\013" "\005\000\007"
      "\006\000\004" },
    { EVENT_OF_DOSSIER, event_p, event_w, fill_event_of_dossier,
      "\147\000\012" "\150\000\012" "\151\000\012" "\152\000\007" "\153\000\004" },
    { DOSSIER, dossier_p, dossier_w, fill_dossier, "\011\000\012" "\012\000\001" "\013\000\001" "\104\000\004" },
    { MONEY, money_p, money_w, fill_money, NULL },
    { ASKED, asked_p, asked_w, fill_asked, "\001\001\003" "\002\001\023" "\143\000\001" },
    { FLOW, flow_p, flow_w, fill_flow, "\025\000\023" },
    { MEASURE, measure_p, measure_w, fill_measure, "\002\000\017" "\003\001\003" },
    { FIGURED, figures_p, figures_w, fill_figures, NULL },
    { ENDING, ending_p, ending_w, fill_ending, "\001\000\012" "\002\000\006" "\003\000\007" },
    { AGENCY_STATE, agency_state_p, agency_state_w, fill_agency_state, "\011\000\001" "\012\000\001" },
    { UNKNOWN_CODE, unknown_code_p, unknown_code_w, fill_unknown_code, NULL },
    { FAIL_GROUP, fail_group_p, fail_group_w, fill_group, NULL },
    { ANTECEDENT, antecedent_p, antecedent_w, fill_antecedent, "\001\001\002" },
    { LINK, chain_link_p, chain_link_w, fill_link, NULL },
    { COUNTERS, counters_p, counters_w, fill_counters, NULL },
    { BLOB, blob_p, blob_w, fill_blob, NULL },
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static size_t bytes_of(const struct sample *sample, uint8_t bytes[SAMPLE_BYTES_MAX])
{
    size_t size = strlen(sample->hex) / 2;
    assert_true(hex_read(span_of_string(sample->hex), bytes, size));
    return size;
}

static void written_as_pinned(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint8_t expected[SAMPLE_BYTES_MAX], written[SAMPLE_BYTES_MAX];
        size_t size = bytes_of(&samples[i], expected);
        memset(&parsed, 0, sizeof parsed);
        samples[i].fill();
        assert_int_equal(samples[i].write(written), size);
        assert_memory_equal(written, expected, size);
    }
}

/* Of a branch that is there, of the dossier as a whole, or of what lies outside its time. */
static void a_pause_is_of_somebody(void **state)
{
    static const struct { unsigned branch; bool good; } pauses[] = {
        { 0, true }, { 1, false }, { BRANCH_OUTSIDE - 1, false }, { BRANCH_OUTSIDE, true }, { BRANCH_NONE, true },
    };
    uint8_t bytes[DOSSIER_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        struct dossier dossier = { .opener = 1, .branches = { { .handoff = 1, .sender = 1, .holder = 2 } },
                                   .branch_count = 1, .pauses = { { .from_ms = 1, .branch = pauses[i].branch } },
                                   .pause_count = 1 };
        struct dossier read;
        assert_int_equal(dossier_parse(span_of(bytes, dossier_write(&dossier, bytes)), &read), pauses[i].good);
    }
}

static void read_as_written(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint8_t bytes[SAMPLE_BYTES_MAX], again[SAMPLE_BYTES_MAX];
        size_t size = bytes_of(&samples[i], bytes);
        memset(&parsed, 0xEE, sizeof parsed);
        assert_true(samples[i].parse(span_of(bytes, size)));
        assert_int_equal(samples[i].write(again), size);
        assert_memory_equal(again, bytes, size);
    }
    /* And field by field, once: the largest. */
    uint8_t bytes[SAMPLE_BYTES_MAX];
    size_t size = bytes_of(&samples[0], bytes);
    assert_true(handoff_p(span_of(bytes, size)));
    struct handoff read = parsed.handoff;
    fill_handoff();
    assert_int_equal(read.id, 0);                       /* its key, not in the bytes */
    assert_int_equal(read.dossier, parsed.handoff.dossier);
    assert_int_equal(read.source_time_ms, -2);
    assert_int_equal(read.fingerprint, parsed.handoff.fingerprint);
    assert_int_equal(read.gates_left, 21);
    assert_int_equal(read.flags, 9);
    assert_true(uuid_equal(&read.message_id, &parsed.handoff.message_id));
    assert_string_equal(read.procedure_code, "2.000986");
    assert_string_equal(read.step, "tư pháp");
    assert_string_equal(read.agency_ref, "HS-1");
}

static void cut_or_longer_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint8_t bytes[SAMPLE_BYTES_MAX] = { 0 };
        size_t size = bytes_of(&samples[i], bytes);
        for (size_t cut = 0; cut < size; cut++)
            assert_false(samples[i].parse(span_of(bytes, cut)));
        assert_false(samples[i].parse(span_of(bytes, size + 1)));
    }
}

/* A request as it was written before it was known whether its time was stated. */
static void a_request_of_version_1(void **state)
{
    static const char plain[] =
        "010103020300000004000000050000000600000000000000070000000000000008000000000000000900000000000000"
        "f6ffffffffffffff0b000000000000000c0000000000000008746861792d646f6902000000000000000203474b530443434344";
    uint8_t bytes[SAMPLE_BYTES_MAX];
    size_t size = strlen(plain) / 2;
    struct asked asked;

    (void)state;
    assert_true(hex_read(span_of_string(plain), bytes, size));
    assert_true(asked_parse(span_of(bytes, size), &asked));
    assert_string_equal(asked.components[1], "CCCD");
    assert_int_equal(asked.answer_by_ms, 7);
    assert_false(asked.answer_by_stated);
    assert_int_equal(asked.unknown_year, 0);
    assert_false(asked_parse(span_of(bytes, size - 1), &asked));
}

static void another_version_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint8_t bytes[SAMPLE_BYTES_MAX];
        size_t size = bytes_of(&samples[i], bytes);
        unsigned own = bytes[0];
        for (unsigned version = 0; version < 256; version++) {
            bytes[0] = (uint8_t)version;
            assert_int_equal(samples[i].parse(span_of(bytes, size)), version == own);
        }
    }
}

/* Every closed word takes its numbers and no other. */
static void unknown_words_are_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint8_t bytes[SAMPLE_BYTES_MAX];
        size_t size = bytes_of(&samples[i], bytes);
        for (const char *word = samples[i].words; word && *word; word += 3) {
            uint8_t *at = &bytes[(unsigned char)word[0]], was = *at;
            for (unsigned value = 0; value < 256; value++) {
                *at = (uint8_t)value;
                assert_int_equal(samples[i].parse(span_of(bytes, size)),
                                 value >= (unsigned char)word[1] && value <= (unsigned char)word[2]);
            }
            *at = was;
        }
    }
}

static bool measure_is_taken(struct measure measure)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    struct measure read;
    return measure_parse(span_of(bytes, measure_write(&measure, bytes)), &read);
}

/* What counts relies on this, so bytes that say otherwise are not explained. */
static void measures_are_sound(void **state)
{
    struct measure open = { .agency = 1, .due_ms = 5 };
    struct measure ended = { .agency = 1, .due_ms = 5, .ended = STATUS_DONE, .ended_ms = 4 };
    struct measure late = { .agency = 1, .due_ms = 5, .ended = STATUS_RETURNED, .ended_ms = 6, .cause = 1 };
    struct measure stopped = { .agency = 1, .due_ms = 5, .ended = STATUS_STOPPED, .ended_ms = 6 };
    (void)state;

    assert_true(measure_is_taken(open) && measure_is_taken(ended) && measure_is_taken(late));
    assert_true(measure_is_taken(stopped));
    ended.cause = open.cause = stopped.cause = LATE_BY_AGENCY;
    late.cause = 0;
    assert_false(measure_is_taken(ended) || measure_is_taken(open) || measure_is_taken(stopped));
    assert_false(measure_is_taken(late));
    for (enum status status = 1; status < STATUS_END; status++)
        assert_int_equal(measure_is_taken((struct measure){ .agency = 1, .ended = status, .ended_ms = 6 }),
                         status == STATUS_NOT_ACCEPTED || status >= STATUS_WITHDRAWN);
    assert_false(measure_is_taken((struct measure){ .agency = 1, .ended = STATUS_DONE }));
    assert_false(measure_is_taken((struct measure){ .due_ms = 5 }));
    assert_false(measure_is_taken((struct measure){ .agency = 1, .officer = "CB" }));
}

/* One way of writing for one meaning: no zeros, no number twice, none out of order, none longer than it must be. */
static void figures_are_written_one_way(void **state)
{
    static const char *const odd[] = { "0100", "01010200", "0102020102", "01020201020108", "010202010101", "0101028000",
                                       "01015801", "010102ffffffffffffffffff02", "010102ffffffffffffffffffff01" };
    struct figures figures;
    (void)state;

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        uint8_t bytes[16];
        size_t size = strlen(odd[i]) / 2;
        assert_true(hex_read(span_of_string(odd[i]), bytes, size));
        assert_false(figures_parse(span_of(bytes, size), &figures));
    }
    for (unsigned i = 0; i < FIGURES; i++)
        figures.of[i] = UINT64_MAX;
    uint8_t bytes[RECORD_BYTES_MAX];
    assert_true(figures_parse(span_of(bytes, figures_write(&figures, bytes)), &figures));
}

static void texts_are_bounded(void **state)
{
    (void)state;
    uint8_t bytes[SAMPLE_BYTES_MAX];

    fill_handoff();
    memset(parsed.handoff.procedure_code, 'p', PROCEDURE_CODE_SIZE - 1);        /* as long as they can be */
    memset(parsed.handoff.step, 's', STEP_NAME_SIZE - 1);
    memset(parsed.handoff.agency_ref, 'r', AGENCY_REF_SIZE - 1);
    size_t size = handoff_w(bytes);
    assert_in_range(size, 1, RECORD_BYTES_MAX);
    assert_true(handoff_p(span_of(bytes, size)));
    assert_int_equal(strlen(parsed.handoff.agency_ref), AGENCY_REF_SIZE - 1);
    assert_int_equal(strlen(parsed.handoff.step), STEP_NAME_SIZE - 1);

    size_t reference = size - (AGENCY_REF_SIZE - 1) - 1;                        /* where its length stands */
    assert_int_equal(bytes[reference], AGENCY_REF_SIZE - 1);
    bytes[reference] = AGENCY_REF_SIZE;                                         /* one more than there is room for */
    bytes[size] = 'r';
    assert_false(handoff_p(span_of(bytes, size + 1)));
    bytes[reference] = AGENCY_REF_SIZE - 1;
    bytes[size - 5] = 0;                                                        /* a zero byte inside */
    assert_false(handoff_p(span_of(bytes, size)));
}

/* A store from before: what is new is zero. */
static void the_version_before_is_read(void **state)
{
    (void)state;
    uint8_t bytes[sizeof AGENCY_STATE_BEFORE_LATE / 2];
    struct agency_state read;

    assert_true(hex_read(span_of_string(AGENCY_STATE_BEFORE_LATE), bytes, sizeof bytes));
    memset(&read, 0xEE, sizeof read);
    assert_true(agency_state_parse(span_of(bytes, sizeof bytes), &read));
    assert_int_equal(read.suspect_dossier, 4);
    assert_string_equal(read.reason, "sai khóa");
    assert_true(!read.exchange_ms && !read.drafts_from_ms && !read.drafts);
    for (size_t cut = 0; cut < sizeof bytes; cut++)
        assert_false(agency_state_parse(span_of(bytes, cut), &read));
}

/* Whatever bytes come, reading them ends; and what is taken is written again as the same bytes. */
static void any_bytes(void **state)
{
    (void)state;
    uint64_t dice = 88172645463325252ULL;
    unsigned taken = 0;
    for (unsigned round = 0; round < 20000; round++) {
        const struct sample *sample = &samples[round % SAMPLES];
        uint8_t bytes[SAMPLE_BYTES_MAX], again[SAMPLE_BYTES_MAX];
        size_t size = bytes_of(sample, bytes);
        for (unsigned changes = 1 + round % 3; changes; changes--) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            bytes[dice % size] = (uint8_t)(dice >> 56);
        }
        if (!sample->parse(span_of(bytes, size)))
            continue;
        taken++;
        assert_int_equal(sample->write(again), size);
        assert_memory_equal(again, bytes, size);
    }
    assert_in_range(taken, 10000, 19999);               /* both ways were gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_as_pinned), cmocka_unit_test(a_pause_is_of_somebody),
        cmocka_unit_test(read_as_written), cmocka_unit_test(a_request_of_version_1),
        cmocka_unit_test(cut_or_longer_is_refused), cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(unknown_words_are_refused), cmocka_unit_test(texts_are_bounded),
        cmocka_unit_test(measures_are_sound), cmocka_unit_test(figures_are_written_one_way),
        cmocka_unit_test(the_version_before_is_read), cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
