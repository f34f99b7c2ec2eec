#include "tests/unit/kinds_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

const char *request_find(const struct request *request, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < request->header_count; i++) {
        const char *line = request->headers[i], *colon = strchr(line, ':');
        assert_non_null(colon);
        if ((size_t)(colon - line) != strlen(name) || strncasecmp(line, name, strlen(name)) != 0)
            continue;
        assert_null(found);
        assert_int_equal(colon[1], ' ');
        found = colon + 2;
    }
    return found;
}

static void copy(char *ret_string, size_t size, const char *from)
{
    struct text text = text_of(ret_string, size);
    text_add(&text, "%s", from ? from : "");
    assert_false(text.cut);
}

/* What holds of every request, whatever was asked. */
static void note_request(const struct request *request, const struct job *job, struct played *played)
{
    struct sent *sent = &played->sent[played->count];

    assert_true(played->count < PLAY_SENT_MAX);
    sent->call = request->call;
    copy(sent->method, sizeof sent->method, request->method);
    copy(sent->url, sizeof sent->url, request->url);
    copy(sent->key, sizeof sent->key, request_find(request, "Idempotency-Key"));
    copy(sent->trace, sizeof sent->trace, request_find(request, "traceparent"));
    copy(sent->authorization, sizeof sent->authorization, request_find(request, "Authorization"));
    copy(sent->content_type, sizeof sent->content_type, request_find(request, "Content-Type"));
    copy(sent->body, sizeof sent->body, request->body);
    assert_string_equal(request_find(request, "Accept"), "application/json");
    for (size_t i = 0; i < request->header_count; i++)
        for (const char *at = request->headers[i]; *at; at++)
            assert_true((unsigned char)*at >= ' ' && *at != 0x7F);
    for (const char *at = request->url; *at; at++)
        assert_true(*at > ' ' && *at < 0x7F && *at != '{');
    /* The sender's trace where it is one, a parent of its own, which no other call of this play had. */
    assert_int_equal(strlen(sent->trace), 55);
    if (strcmp(job->traceparent, HANDED_TRACE) == 0)
        assert_memory_equal(sent->trace, HANDED_TRACE, 36);
    assert_memory_not_equal(sent->trace + 36, HANDED_TRACE + 36, 16);
    for (size_t i = 0; i < played->count; i++) {
        assert_memory_equal(sent->trace, played->sent[i].trace, 36);
        assert_memory_not_equal(sent->trace + 36, played->sent[i].trace + 36, 16);
    }
    bool post = strcmp(request->method, "POST") == 0;
    assert_true(post || (strcmp(request->method, "GET") == 0 && !call_acts(request->call)));
    assert_int_equal(post, sent->key[0] != 0);
    assert_int_equal(post, request->body != NULL);
    assert_int_equal(post, sent->content_type[0] != 0);
    played->count++;
}

static void send_turn(struct sequence *sequence, const struct turn *turn, struct played *played)
{
    const struct credentials credentials = { .secret = "s3cret", .token = "t0ken" };
    struct http_answer answer = { turn->http, span_of_string(turn->body), false, turn->http == 429 ? 5000 : -1 };
    struct request request;

    assert_true(sequence_request(sequence, &credentials, &request));
    assert_string_equal(call_name(request.call), call_name(turn->call));
    note_request(&request, sequence->job, played);
    if (turn->http)
        sequence_answer(sequence, &answer, span_of(request.body, request.body_bytes));
    else
        sequence_trouble(sequence, turn->trouble, turn->never_sent);
    request_wipe(&request);
}

static void other_turn(struct sequence *sequence, const struct turn *turn, struct played *played)
{
    struct judgement login;

    if (turn->step == STEP_CHECKPOINT) {
        struct span value = sequence_checkpoint(sequence);
        assert_true(span_to_string(value, played->checkpoint, sizeof played->checkpoint));
        sequence_checkpointed(sequence, !turn->failed);
    } else if (turn->failed) {
        judgement_set(&login, VERDICT_LATER, "any-login-down", "no login now");
        sequence_failed(sequence, &login);
    } else
        sequence_token(sequence);
}

void play(const struct agency_config *agency, const struct job *job, bool has_token, const struct turn *turns,
          struct played *ret_played)
{
    struct sequence sequence;

    *ret_played = (struct played){ 0 };
    sequence_begin(&sequence, agency, job, has_token);
    for (; turns->step; turns++) {
        if (sequence_step(&sequence) != turns->step)
            fail_msg("after %zu requests: step %d is asked for, not %d (%s)", ret_played->count,
                     sequence_step(&sequence), turns->step,
                     sequence_step(&sequence) == STEP_DONE ? sequence_judgement(&sequence)->fingerprint : "");
        if (turns->step == STEP_SEND)
            send_turn(&sequence, turns, ret_played);
        else
            other_turn(&sequence, turns, ret_played);
    }
    if (sequence_step(&sequence) != STEP_DONE)
        fail_msg("not done after %zu requests: step %d, call %s", ret_played->count, sequence_step(&sequence),
                 call_name(sequence.call));
    assert_true(sequence.calls <= SEQUENCE_CALLS_MAX);
    ret_played->judgement = *sequence_judgement(&sequence);
    ret_played->warnings = sequence.warnings;
}
