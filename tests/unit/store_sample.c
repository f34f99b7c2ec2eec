#include "tests/unit/store_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/store/blob_file.h"

struct uuid sample_message_id(unsigned number)
{
    int64_t time_ms = number == SAMPLE_OLD ? SITE_NOW_MS - 100LL * 24 * 3600 * 1000 : SITE_NOW_MS;
    return uuid_v7(time_ms, (uint8_t[10]){ 0, (uint8_t)number });
}

/* What the first handoff says of its dossier, at its very beginning. */
static const struct event_dossier said = {
    .dossier = SAMPLE_DOSSIER, .status = STATUS_IN_PROCESS, .after = STATUS_IN_PROCESS, .judged = JUDGED_GAP,
    .due_source = DUE_PROVISIONAL, .due_ms = SITE_NOW_MS + 1000, .partner_status = "dang-xu-ly",
};

static void say(struct turn *turn, struct handoff *handoff, enum state from, enum cause cause, const char *words)
{
    struct event event = { .handoff = handoff->id, .previous = handoff->last_event, .at_ms = turn_now_ms(turn),
                           .from = from, .to = handoff->state, .cause = cause, .attempt = handoff->attempt,
                           .actor_agency = handoff->sender };
    if (handoff->id == SAMPLE_ID(SAMPLE_DELIVERED))
        event.of_dossier = said;
    handoff->last_event = turn_event_append(turn, &event, span_of_string(words));
}

static struct handoff begin(struct turn *turn, unsigned number, uint32_t recipient, unsigned dossier,
                            enum state state)
{
    char code[DOSSIER_CODE_SIZE], payload[64];
    struct handoff handoff = {
        .id = turn_handoff_new_id(turn), .sender = WARD, .recipient = recipient, .addressed = recipient,
        .kind = KIND_FORWARD, .state = state, .message_id = sample_message_id(number),
        .accepted_ms = turn_now_ms(turn), .accepted_seq = turn_seq(turn), .procedure_code = "2.000986",
    };

    must(handoff.id == SAMPLE_ID(number));
    snprintf(code, sizeof code, "H29.7-231115-%04u", dossier);
    handoff.dossier = turn_dossier_make(turn, span_of_string(code));
    snprintf(payload, sizeof payload, "{\"example\": %u}", number);
    handoff.body_bytes = (uint32_t)strlen(payload);
    turn_body_put(turn, handoff.id, span_of_string("header"), span_of_string(payload));
    turn_dossier_handoff_put(turn, handoff.dossier, handoff.id);
    if (number != SAMPLE_OLD)
        turn_dedupe_put(turn, WARD, &handoff.message_id, handoff.id);
    say(turn, &handoff, 0, CAUSE_ACCEPTED, "");
    turn_count_add(turn, recipient, state, 1);
    return handoff;
}

static void enter_lane(struct turn *turn, struct handoff *handoff)
{
    handoff->flags |= HANDOFF_IN_LANE;
    handoff->lane_place = turn_new_place(turn);
    turn_lane_put(turn, handoff->dossier, handoff->addressed, handoff->lane_place, handoff->id);
}

static void put_ready(struct turn *turn, struct handoff *handoff, unsigned lane_class, int64_t due_ms)
{
    handoff->ready_due_ms = due_ms;
    turn_ready_put(turn, handoff->recipient, lane_class, due_ms ? due_ms : INT64_MAX, handoff->id);
}

static void put_timer(struct turn *turn, struct handoff *handoff, enum timer_what what)
{
    handoff->timer_ms = SITE_NOW_MS + 30000;
    turn_timer_put(turn, handoff->timer_ms, what, handoff->id);
}

static void names(struct turn *turn, void *context)
{
    struct span bytes = span_of_string("agencies: [H29.7, T01, S01, X01]\n");
    struct hash hash = hash_of(bytes);
    struct agency_state state = { .offers = 3 };
    (void)context;
    must(turn_agency_number_make(turn, "H29.7") == WARD && turn_agency_number_make(turn, "T01") == POLICE &&
         turn_agency_number_make(turn, "S01") == INSURANCE && turn_agency_number_make(turn, "X01") == TAX);
    turn_directory_put(turn, 1, &hash, bytes);
    turn_agency_state_put(turn, POLICE, &state);
    struct unknown_code unknown = { .agency = POLICE, .code = "77", .count = 2, .first_ms = SITE_NOW_MS,
                                    .last_ms = SITE_NOW_MS, .handoff = 1 };
    turn_unknown_code_put(turn, &unknown);
    struct event event = { .cause = CAUSE_DIRECTORY_APPLIED, .at_ms = turn_now_ms(turn), .actor_uid = 1001,
                           .agency = POLICE };
    turn_event_append(turn, &event, span_of_string("version 1"));
}

/* What is known of the dossier of the first handoff, which is there and nobody has taken. */
static void know_dossier(struct turn *turn, const struct handoff *handoff)
{
    struct dossier dossier = {
        .id = SAMPLE_DOSSIER, .opener = WARD, .owner = POLICE, .last_event = handoff->last_event,
        .line = { .status = STATUS_IN_PROCESS, .gap = true, .by = POLICE, .source_ms = SITE_NOW_MS },
        .received_ms = SITE_NOW_MS, .due_ms = said.due_ms, .due_source = said.due_source, .computed_ms = said.due_ms,
        .committed_ms = said.due_ms, .unknown_year = SAMPLE_YEAR, .procedure_code = "2.000986",
        .branches = { { .handoff = handoff->id, .sender = WARD, .holder = POLICE,
                        .delivered_ms = handoff->changed_ms } },
        .branch_count = 1, .pauses = { { .from_ms = 1, .to_ms = 2, .branch = 0 } }, .pause_count = 1, .money_count = 2,
    };
    struct money money = { .owed = 8000, .source_ms = SITE_NOW_MS, .by = POLICE };
    struct ending ending = { .dossier = SAMPLE_DOSSIER, .apology = APOLOGY_ASKED, .draft = handoff->id,
                             .asked_of = POLICE, .timer_ms = SITE_NOW_MS + 2000000, .due_ms = said.due_ms,
                             .asked_ms = SITE_NOW_MS };
    struct late late = { .agency = POLICE, .due_ms = ending.due_ms, .dossier = SAMPLE_DOSSIER };

    struct flow flow = {
        .dossier = SAMPLE_DOSSIER, .sender = WARD, .message_id = handoff->message_id, .version = "2.000986/-/-",
        .steps = { { .name = SAMPLE_STEP, .flags = FLOW_STEP_CHOSEN, .handoff = handoff->id } }, .step_count = 1,
    };
    struct measure measure = { .dossier = SAMPLE_DOSSIER, .agency = WARD, .procedure = "2.000986",
                               .officer_agency = POLICE, .officer = "CB-07", .received_ms = SITE_NOW_MS,
                               .due_ms = said.due_ms, .papers = 2 };

    must(handoff->dossier == SAMPLE_DOSSIER);
    turn_dossier_put(turn, &dossier);
    turn_money_put(turn, dossier.id, "LP", &money);
    turn_money_put(turn, dossier.id, "LP-2", &money);
    turn_provisional_put(turn, PROVISIONAL_DUE, SAMPLE_YEAR, dossier.id);
    turn_unreceived_put(turn, POLICE, handoff->changed_ms, handoff->id);
    turn_ending_put(turn, &ending);
    turn_flow_put(turn, &flow);
    turn_measure_put(turn, NULL, &measure);
    turn_late_put(turn, &late);
    turn_timer_put(turn, ending.timer_ms, TIMER_LATE, SAMPLE_DOSSIER);
}

static void lane_of_two(struct turn *turn)
{
    struct handoff done = begin(turn, SAMPLE_DELIVERED, POLICE, 1, STATE_DELIVERED);
    turn_timer_put(turn, SITE_NOW_MS + 1000000, TIMER_PURGE, done.id);
    done.changed_ms = turn_now_ms(turn);
    done.flags |= HANDOFF_BRANCH | HANDOFF_UNRECEIVED | HANDOFF_STEP;
    memcpy(done.step, SAMPLE_STEP, sizeof SAMPLE_STEP);
    know_dossier(turn, &done);
    turn_handoff_put(turn, &done);

    struct handoff offered = begin(turn, SAMPLE_OFFERED, POLICE, 2, STATE_READY);
    enter_lane(turn, &offered);
    offered.state = STATE_OFFERED;
    offered.attempt = 1;
    offered.session = SAMPLE_SESSION;
    turn_count_add(turn, POLICE, STATE_READY, -1);
    turn_count_add(turn, POLICE, STATE_OFFERED, 1);
    turn_offered_put(turn, SAMPLE_SESSION, offered.id);
    put_timer(turn, &offered, TIMER_LEASE);
    say(turn, &offered, STATE_READY, CAUSE_OFFERED, "");
    turn_checkpoint_put(turn, offered.id, span_of_string("page 2"));
    turn_handoff_put(turn, &offered);

    struct handoff behind = begin(turn, SAMPLE_BEHIND, POLICE, 2, STATE_READY);
    enter_lane(turn, &behind);
    turn_handoff_put(turn, &behind);
}

static void heads(struct turn *turn)
{
    struct handoff due = begin(turn, SAMPLE_DUE, POLICE, 3, STATE_READY);
    enter_lane(turn, &due);
    put_ready(turn, &due, 0, SITE_NOW_MS + 5000);
    turn_handoff_put(turn, &due);

    struct handoff undated = begin(turn, SAMPLE_UNDATED, INSURANCE, 4, STATE_READY);
    enter_lane(turn, &undated);
    put_ready(turn, &undated, 3, 0);
    turn_handoff_put(turn, &undated);

    struct handoff waiting = begin(turn, SAMPLE_WAITING, POLICE, 5, STATE_WAITING);
    enter_lane(turn, &waiting);
    put_timer(turn, &waiting, TIMER_WAIT);
    turn_handoff_put(turn, &waiting);
}

static void failures(struct turn *turn)
{
    struct fail_key key = { INSURANCE, FAIL_BAD_DATA, SAMPLE_FINGERPRINT };
    struct fail_group group = { .count = 2, .sample = SAMPLE_ID(SAMPLE_FAILED), .fingerprint_text = "422" };
    for (unsigned i = 0; i < 2; i++) {
        struct handoff failed = begin(turn, SAMPLE_FAILED + i, INSURANCE, 6 + i, STATE_FAILED);
        enter_lane(turn, &failed);
        failed.fail_class = FAIL_BAD_DATA;
        failed.fingerprint = SAMPLE_FINGERPRINT;
        say(turn, &failed, STATE_FAILED, CAUSE_OUTCOME, "422 thiếu trường");
        turn_failed_put(turn, &key, failed.id);
        turn_handoff_put(turn, &failed);
        turn_feed_put(turn, WARD, failed.last_event);
    }
    turn_fail_group_put(turn, &key, &group);
    turn_follow_put(turn, WARD, 2);
}

static void held(struct turn *turn)
{
    struct handoff gated = begin(turn, SAMPLE_GATED, INSURANCE, 2, STATE_HELD);
    static const unsigned antecedents[] = { SAMPLE_DELIVERED, SAMPLE_OFFERED, 99 };
    for (unsigned i = 0; i < 3; i++) {
        struct uuid id = sample_message_id(antecedents[i]);
        struct antecedent antecedent = { .until = UNTIL_DELIVERED,
                                         .handoff = i == 2 ? 0 : SAMPLE_ID(antecedents[i]),
                                         .done_by = i ? 0 : SAMPLE_ID(SAMPLE_DELIVERED) };
        turn_antecedent_put(turn, gated.id, &id, &antecedent);
        if (antecedent.done_by)
            continue;
        turn_gate_put(turn, WARD, &id, gated.id);
        gated.gates_left++;
    }
    put_timer(turn, &gated, TIMER_ANTECEDENT);
    turn_handoff_put(turn, &gated);

    struct handoff on_hold = begin(turn, SAMPLE_ON_HOLD, POLICE, 8, STATE_HELD);
    enter_lane(turn, &on_hold);
    on_hold.flags |= HANDOFF_ON_HOLD;
    turn_handoff_put(turn, &on_hold);

    struct handoff unsure = begin(turn, SAMPLE_UNSURE, TAX, 9, STATE_UNSURE);
    enter_lane(turn, &unsure);
    turn_handoff_put(turn, &unsure);
}

static void most_of_it(struct turn *turn, void *context)
{
    (void)context;
    lane_of_two(turn);
    heads(turn);
    failures(turn);
    held(turn);
    turn_cursor_put(turn, TAX, span_of_string("news"), span_of_string("2023-11-15"));
}

/* ---- blobs */

static size_t content_of(unsigned file, uint8_t bytes[SAMPLE_NAMED_BYTES])
{
    size_t size = file == SAMPLE_NAMED ? SAMPLE_NAMED_BYTES : SAMPLE_UNNAMED_BYTES;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256 + file);
    return size;
}

struct blob sample_blob(unsigned file)
{
    uint8_t bytes[SAMPLE_NAMED_BYTES];
    size_t size = content_of(file, bytes);
    struct blob blob = { .sha256 = hash_of(span_of(bytes, size)), .size = size, .file = file, .day = SITE_DAY + 1,
                         .stored_ms = SAMPLE_LATER_MS };
    if (file == SAMPLE_NAMED)
        blob.uses = 2;
    else
        blob.due_ms = SAMPLE_BLOB_DUE_MS;
    return blob;
}

void sample_blob_name(unsigned file, char ret_name[SITE_PATH_SIZE])
{
    char hex[2 * HASH_SIZE + 1];
    struct text text = text_of(hex, sizeof hex);
    struct blob blob = sample_blob(file);
    text_add_hex(&text, blob.sha256.bytes, HASH_SIZE);
    must(snprintf(ret_name, SITE_PATH_SIZE, "blobs/%.2s/%s-%016" PRIx64, hex, hex, blob.file) < SITE_PATH_SIZE);
}

static void put_file(struct blob_folder *folder, const struct blob *blob)
{
    uint8_t bytes[SAMPLE_NAMED_BYTES];
    struct blob_writing writing;
    enum result result = blob_write_begin(folder, blob, &writing);
    (void)content_of((unsigned)blob->file, bytes);
    for (uint64_t piece = 0; result == RESULT_OK && piece < blob_pieces(blob->size); piece++)
        result = blob_write_piece(folder, &writing, span_of(bytes + piece * BLOB_PIECE_BYTES,
                                                            blob_piece_bytes(blob->size, piece)));
    must(result == RESULT_OK && blob_write_end(folder, &writing) == RESULT_OK);
}

static void upload(struct turn *turn, const struct site *site)
{
    struct blob named = sample_blob(SAMPLE_NAMED), unnamed = sample_blob(SAMPLE_UNNAMED);
    struct blob_folder_options options = { .store_folder = site->store_folder, .no_sync = true };
    struct blob_folder folder;

    must(turn_sealing_day(turn) == named.day && blob_folder_open(&folder, &options) == RESULT_OK);
    put_file(&folder, &named);
    put_file(&folder, &unnamed);
    blob_folder_close(&folder);
    turn_blob_put(turn, &named);
    turn_blob_put(turn, &unnamed);
    turn_timer_put(turn, unnamed.due_ms, TIMER_BLOB, unnamed.file);
    turn_blob_known_put(turn, WARD, &named.sha256);
    turn_blob_known_put(turn, POLICE, &named.sha256);
    turn_blob_known_put(turn, WARD, &unnamed.sha256);
}

static void attach(struct turn *turn, struct handoff *handoff)
{
    struct blob named = sample_blob(SAMPLE_NAMED);
    turn_attached_put(turn, handoff->id, &named.sha256);
    handoff->flags |= HANDOFF_ATTACHED;
}

static void redirected(struct turn *turn, void *context)
{
    upload(turn, context);
    struct handoff closed = begin(turn, SAMPLE_CLOSED, TAX, 10, STATE_CLOSED);
    struct handoff child = begin(turn, SAMPLE_CHILD, POLICE, 10, STATE_READY);
    child.addressed = closed.addressed;
    child.parent = closed.id;
    closed.child = child.id;
    turn_body_delete(turn, closed.id);
    closed.flags |= HANDOFF_BODY_PURGED;
    turn_handoff_put(turn, &closed);
    enter_lane(turn, &child);
    put_ready(turn, &child, 1, 0);
    attach(turn, &child);
    turn_handoff_put(turn, &child);
    struct handoff old = begin(turn, SAMPLE_OLD, TAX, 11, STATE_DELIVERED);
    old.kind = KIND_URGE;                               /* without an answer */
    old.changed_ms = turn_now_ms(turn);
    old.flags |= HANDOFF_UNANSWERED;
    turn_unanswered_put(turn, TAX, old.changed_ms, old.id);
    attach(turn, &old);
    turn_handoff_put(turn, &old);

    struct handoff request = begin(turn, SAMPLE_ASKED, POLICE, 1, STATE_DELIVERED);
    struct asked asked = { .dossier = SAMPLE_DOSSIER, .request = request.id, .state = ASKING_OPEN,
                           .kind = KIND_SUPPLEMENT_REQUEST, .branch = 0, .agency = POLICE, .nth = 1,
                           .asked_ms = SITE_NOW_MS, .answer_by_ms = SAMPLE_ANSWER_BY_MS,
                           .timer_ms = SAMPLE_ANSWER_BY_MS, .missing = 1, .component_count = 1,
                           .components = { "GKS" }, .unknown_year = SAMPLE_YEAR };
    request.kind = KIND_SUPPLEMENT_REQUEST;
    must(request.dossier == SAMPLE_DOSSIER);
    turn_handoff_put(turn, &request);
    turn_asked_put(turn, &asked);
    struct collision collision = { .dossier = SAMPLE_DOSSIER, .handoff = child.id, .code = "H29.7-1" };
    must(child.dossier != SAMPLE_DOSSIER && turn_dossier_code(turn, SAMPLE_DOSSIER, collision.code));
    turn_collision_put(turn, &collision);
    collision.dossier = child.dossier;
    turn_collision_put(turn, &collision);
    turn_asked_open_put(turn, asked.answer_by_ms, asked.request);
    turn_provisional_put(turn, PROVISIONAL_ANSWER_BY, SAMPLE_YEAR, asked.request);
    turn_timer_put(turn, asked.timer_ms, TIMER_ASKED, asked.request);
}

static void the_end(struct turn *turn, void *context)
{
    (void)context;
    turn_covered_seq_put(turn, 2);
}

void sample_build(struct site *site)
{
    site_turn(site, SITE_NOW_MS, names, NULL);
    site_turn(site, SITE_NOW_MS + 1, most_of_it, NULL);
    site_turn(site, SAMPLE_LATER_MS, redirected, site);
    site_turn(site, SAMPLE_LATER_MS, the_end, NULL);
    must(store_last(site->store).seq == SAMPLE_TURNS);
}
