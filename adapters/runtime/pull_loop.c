#include "adapters/runtime/pull_loop.h"

#include <string.h>

#include "adapters/runtime/agency.h"
#include "gateway/base/log.h"

enum { SUBMIT_AGAIN_MS = 200, OFF_AGAIN_MS = 30000 };

static void complain(struct agency *agency, const char *event, const char *about, const char *field)
{
    uint64_t unsaid;

    if (complaint_is_due(&agency->pull.complaint, about, agency->now_ms, &unsaid))
        log_event(LOG_WARN, event, "agency=%s why=%s field=%s count=%llu", agency->config->code, log_quoted(about),
                  log_quoted(field), (unsigned long long)unsaid + 1);
}

static void rest(struct agency *agency, int64_t pause_ms)
{
    struct pull_loop *pull = &agency->pull;

    pull_page_done(&pull->page);
    pull->again = false;
    pull->state = PULL_RESTING;
    pull->due_ms = agency->now_ms + pause_ms;
}

static void rest_after(struct agency *agency, const struct judgement *why)
{
    int64_t interval_ms = agency->config->pull.interval_ms;

    complain(agency, "pull-failed", why->fingerprint, why->field);
    rest(agency, why->retry_after_ms > interval_ms ? why->retry_after_ms : interval_ms);
}

/* Where it stopped has to be asked for anew. */
static void switch_off(struct agency *agency, int64_t pause_ms)
{
    rest(agency, pause_ms);
    agency->pull.state = PULL_OFF;
}

static void take_cursor(struct pull_loop *pull, struct span value)
{
    pull->moved |= !span_equal(value, span_of(pull->cursor, pull->cursor_bytes));
    if (value.size)
        memcpy(pull->cursor, value.bytes, value.size);
    pull->cursor_bytes = value.size;
}

/* ---------------------------------------------------------------- one item after the other */

static void end_page(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;

    if (pull->page.stopped)
        complain(agency, "pull-stopped", pull->page.why.fingerprint, pull->page.why.field);
    rest(agency, pull->moved && !pull->page.stopped ? 0 : agency->config->pull.interval_ms);
}

static void refused(struct agency *agency, const struct problem *problem)
{
    complain(agency, "pull-refused", problem_word(problem->type), problem->field);
    rest(agency, agency->config->pull.interval_ms);
}

static void submit(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;
    struct pull_item *item = &pull->page.items[pull->item];
    Lienthong__V1__Cursor cursor = LIENTHONG__V1__CURSOR__INIT;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_bytes;
    struct problem problem = { 0 };

    cursor.name = (char *)agency->config->pull.cursor_name;
    cursor.value = (ProtobufCBinaryData){ item->cursor_bytes, (uint8_t *)item->cursor };
    cursor.expected = (ProtobufCBinaryData){ pull->cursor_bytes, (uint8_t *)pull->cursor };
    cursor.set = true;
    enum result result = pull_item_header(item, agency->config->code, header, sizeof header, &header_bytes);
    must(result == RESULT_OK);                  /* every part has its bound, and together they are less */
    result = lienthong_submit_packed(agency->gateway, span_of(header, header_bytes),
                                     span_of(item->payload, item->payload_bytes), item->cursor_bytes ? &cursor : NULL,
                                     &pull->ticket, &problem);
    agency->stirred = true;
    if (result == RESULT_INVALID)
        refused(agency, &problem);
    else if (result != RESULT_OK) {
        pull->ticket = 0;
        pull->due_ms = agency->now_ms + SUBMIT_AGAIN_MS;
    }
}

static void next_item(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;

    pull->ticket = 0;
    if (pull->item == pull->page.count)
        end_page(agency);
    else
        submit(agency);
}

/* ---------------------------------------------------------------- the cursor */

static void store_cursor(struct agency *agency, const void *value, size_t size)
{
    struct pull_loop *pull = &agency->pull;

    pull->state = PULL_STORING;
    agency->stirred = true;
    if (lienthong_cursor_write(agency->gateway, span_of_string(agency->config->pull.cursor_name), span_of(value, size),
                               span_of(pull->cursor, pull->cursor_bytes)) != RESULT_OK)
        switch_off(agency, SUBMIT_AGAIN_MS);
}

static void item_is_over(struct agency *agency)
{
    agency->pull.state = PULL_SUBMITTING;
    agency->pull.item++;
    next_item(agency);
}

void pull_cursor(struct agency *agency, struct span name, struct span value, const struct problem *problem)
{
    struct pull_loop *pull = &agency->pull;
    enum pull_state was = pull->state;

    if ((was != PULL_CURSOR && was != PULL_STORING)
        || !span_equal(name, span_of_string(agency->config->pull.cursor_name)))
        return;
    if (problem && problem->type == PROBLEM_CURSOR_MOVED) {
        switch_off(agency, SUBMIT_AGAIN_MS);
        return;
    }
    if (problem || value.size > sizeof pull->cursor) {
        complain(agency, "pull-refused", problem ? problem_word(problem->type) : "cursor-size", "cursor");
        switch_off(agency, OFF_AGAIN_MS);
        return;
    }
    take_cursor(pull, value);
    if (was == PULL_STORING && pull->page.count)
        item_is_over(agency);
    else
        rest(agency, was == PULL_CURSOR ? 0 : agency->config->pull.interval_ms);
}

void pull_answered(struct agency *agency, const struct lienthong_answer *answer)
{
    struct pull_loop *pull = &agency->pull;

    if (pull->state != PULL_SUBMITTING || !pull->ticket || answer->ticket != pull->ticket)
        return;
    const struct pull_item *item = &pull->page.items[pull->item];
    struct span cursor = span_of(item->cursor, item->cursor_bytes);
    bool has_cursor = cursor.size && !span_equal(cursor, span_of(pull->cursor, pull->cursor_bytes));
    if (answer->accepted) {
        pull->taken += !answer->duplicate;
        /* A repetition is answered without its cursor being looked at. */
        if (answer->duplicate && has_cursor) {
            store_cursor(agency, item->cursor, item->cursor_bytes);
            return;
        }
        if (has_cursor)
            take_cursor(pull, cursor);
        item_is_over(agency);
    } else if (answer->problem.type == PROBLEM_CURSOR_MOVED)
        switch_off(agency, SUBMIT_AGAIN_MS);
    else
        refused(agency, &answer->problem);      /* what is refused for now is the library's to repeat */
}

/* ---------------------------------------------------------------- fetching */

static void fetch(struct agency *agency);

static void take_page(struct agency *agency, const struct http_answer *answer)
{
    struct pull_loop *pull = &agency->pull;
    struct judgement why;

    if (!pull_read(agency->config, agency->gateway_name, answer, &pull->page, &why)) {
        rest_after(agency, &why);
        return;
    }
    pull->item = 0;
    pull->moved = false;
    pull->state = PULL_SUBMITTING;
    if (!pull->page.count && pull->page.cursor_bytes
        && !span_equal(span_of(pull->page.cursor, pull->page.cursor_bytes), span_of(pull->cursor, pull->cursor_bytes)))
        store_cursor(agency, pull->page.cursor, pull->page.cursor_bytes);
    else
        next_item(agency);
}

static void judge(struct agency *agency, const struct http_answer *answer)
{
    struct pull_loop *pull = &agency->pull;
    struct question question = { .call = CALL_PULL, .attempt = pull->again ? 2 : 1, .agency_class = CLASS_NEITHER,
                                 .dossier_code = "", .idempotency_key = "", .answer = *answer };
    struct judgement judgement;

    rules_judge(agency->config->rules, &question, &judgement);
    if (judgement.next == CALL_TOKEN && !pull->again && login_is_needed(agency)) {
        pull->again = true;
        login_refused(agency, pull->generation);
        fetch(agency);
        return;
    }
    if (judgement.retry_after_ms < answer->retry_after_ms)
        judgement.retry_after_ms = answer->retry_after_ms;
    rest_after(agency, &judgement);
}

static void on_done(void *owner, const struct transfer_result *result)
{
    struct agency *agency = owner;
    struct judgement why;

    agency->pull.transfer = NULL;
    if (result->trouble) {
        verdict_of_transport(result->trouble, result->never_sent, false, CALL_PULL, CLASS_NEITHER, &why);
        rest_after(agency, &why);
    } else if (result->answer.http_status == 200 || result->answer.http_status == 204)
        take_page(agency, &result->answer);
    else
        judge(agency, &result->answer);
}

static void fetch(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;
    struct credentials credentials = login_credentials(agency);
    struct request request;
    struct judgement why;

    if (login_is_needed(agency) && !login_is_held(agency)) {
        pull->state = PULL_LOGIN;
        login_fetch(agency);
        return;
    }
    pull->generation = agency->login.generation;
    if (!pull_request(agency->config, span_of(pull->cursor, pull->cursor_bytes), &credentials, &request, &why)) {
        rest_after(agency, &why);
        return;
    }
    pull->state = PULL_FETCHING;
    pull->transfer = transfer_start(&agency->transfers, &request, agency->config->total_timeout_ms, false, on_done,
                                    agency);
    if (!pull->transfer) {
        verdict_of_transport(TROUBLE_LOCAL, true, false, CALL_PULL, CLASS_NEITHER, &why);
        rest_after(agency, &why);
    }
}

void pull_login_fetched(struct agency *agency, const struct judgement *why)
{
    if (agency->pull.state != PULL_LOGIN)
        return;
    if (why)
        rest_after(agency, why);
    else
        fetch(agency);
}

/* ---------------------------------------------------------------- turning */

void pull_turn(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;

    if (!agency->config->has_pull || agency->draining || !agency->connected || pull->due_ms > agency->now_ms)
        return;
    if (pull->state == PULL_OFF) {
        pull->state = PULL_CURSOR;
        agency->stirred = true;
        if (lienthong_cursor_read(agency->gateway, span_of_string(agency->config->pull.cursor_name)) != RESULT_OK)
            switch_off(agency, SUBMIT_AGAIN_MS);
    } else if (pull->state == PULL_RESTING) {
        if (rate_take(&agency->rate, agency->now_ms))
            fetch(agency);
        else
            pull->due_ms = rate_due_ms(&agency->rate);
    } else if (pull->state == PULL_SUBMITTING && !pull->ticket)
        submit(agency);
}

int64_t pull_due_ms(const struct agency *agency)
{
    const struct pull_loop *pull = &agency->pull;
    bool timed = pull->state == PULL_OFF || pull->state == PULL_RESTING
                 || (pull->state == PULL_SUBMITTING && !pull->ticket);

    return timed && agency->config->has_pull && agency->connected && !agency->draining ? pull->due_ms : INT64_MAX;
}

void pull_stop(struct agency *agency)
{
    struct pull_loop *pull = &agency->pull;

    if (pull->transfer)
        transfer_abort(pull->transfer);
    pull->transfer = NULL;
    pull_page_done(&pull->page);
    pull->state = PULL_OFF;
}
