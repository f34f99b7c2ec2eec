/* fuzz_sequence.c - one attempt of one handoff against an agency that answers anything: agency, class, kind, ask first,
 * then an answer or a trouble for each call.
 *
 * Must hold (dialect.h, promise 5): at most SEQUENCE_CALLS_MAX calls; nothing that acts before a probe when asking
 * first, unless a key makes it harmless; at an agency that takes no key, nothing that acts again once one was sent and
 * no answer came, unless a probe
 * was answered in between; "never sent" only when it is true; no word of LATER about what may have been done. */
#include <string.h>

#include "gateway/base/hash.h"
#include "tests/fuzz/agencies.h"
#include "tests/fuzz/judged.h"

static const struct credentials credentials = { .secret = "s3cret/+", .token = "t0ken" };

struct watch {
    struct sequence sequence;
    struct job job;
    bool keyless;               /* class neither or probe: no second blind POST */
    bool acted;                 /* something that acts was sent, one way or other */
    bool unknown;               /* ... and nothing said since what came of it */
    bool probed;
    unsigned calls;
};

static void check_request(const struct request *request)
{
    must(request->method && strnlen(request->url, REQUEST_URL_SIZE) < REQUEST_URL_SIZE);
    for (const char *at = request->url; *at; at++)
        must(*at > ' ' && *at < 0x7F);
    must(request->header_count <= REQUEST_HEADERS_MAX);
    for (size_t i = 0; i < request->header_count; i++)
        for (const char *at = request->headers[i]; *at; at++)
            must((unsigned char)*at >= ' ' && *at != 0x7F);
    must(!request->body_bytes || request->body);
}

static void before_send(struct watch *watch, enum call call)
{
    if (!call_acts(call))
        return;
    must(!watch->job.ask_first || watch->probed || !watch->keyless);
    must(!watch->keyless || !watch->unknown);
}

/* No transport says of these that something was sent. */
static bool is_before_sending(enum trouble trouble)
{
    return trouble == TROUBLE_RESOLVE || trouble == TROUBLE_CONNECT || trouble == TROUBLE_CONNECT_TIMEOUT ||
           trouble == TROUBLE_TLS_CERTIFICATE || trouble == TROUBLE_ADDRESS_FORBIDDEN || trouble == TROUBLE_URL ||
           trouble == TROUBLE_STALE_OFFER;
}

static void answer_call(struct watch *watch, struct taste *taste, enum call call, struct span body)
{
    uint8_t how = taste_u8(taste);

    if (how >= 200) {
        enum trouble trouble = 1 + (enum trouble)taste_below(taste, TROUBLE_END - 1);
        bool never_sent = how & 1 || is_before_sending(trouble);
        if (call_acts(call) && !never_sent)
            watch->acted = watch->unknown = true;
        sequence_trouble(&watch->sequence, trouble, never_sent);
        return;
    }
    struct http_answer answer = judged_answer(taste);
    answer.body = taste_span(taste, 600);
    watch->acted |= call_acts(call);
    if (call == CALL_PROBE) {
        watch->probed = true;
        watch->unknown = false;
    }
    sequence_answer(&watch->sequence, &answer, body);
}

static void send(struct watch *watch, struct taste *taste)
{
    static struct request request;

    if (!sequence_request(&watch->sequence, &credentials, &request)) {
        must(sequence_step(&watch->sequence) == STEP_DONE);
        return;
    }
    must(++watch->calls <= SEQUENCE_CALLS_MAX);
    check_request(&request);
    before_send(watch, request.call);
    answer_call(watch, taste, request.call, span_of(request.body, request.body_bytes));
    request_wipe(&request);
}

static void log_in(struct watch *watch, struct taste *taste)
{
    static struct request request;
    static struct token token;
    struct judgement why;

    must(++watch->calls <= SEQUENCE_CALLS_MAX);
    if (!token_request(watch->sequence.agency, &credentials, &request, &why)) {
        sequence_failed(&watch->sequence, &why);
        return;
    }
    check_request(&request);
    request_wipe(&request);
    if (taste_below(taste, 3)) {
        sequence_token(&watch->sequence);
        return;
    }
    struct http_answer answer = judged_answer(taste);
    answer.body = taste_span(taste, 300);
    if (token_answer(watch->sequence.agency, &answer, &token, &why))
        sequence_token(&watch->sequence);
    else
        sequence_failed(&watch->sequence, &why);
}

static void check_end(const struct watch *watch)
{
    const struct judgement *judgement = sequence_judgement(&watch->sequence);

    judged_check(judgement, CALL_CREATE, watch->job.kind);
    must(judgement->verdict);
    must(!judgement->never_sent || !watch->acted);
    if (watch->keyless && watch->unknown)
        must(judgement->verdict != VERDICT_LATER && judgement->verdict != VERDICT_PREDECESSOR_MISSING);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool started;
    struct watch watch = { 0 };
    struct taste taste = taste_of(bytes, size);
    json_t *source = NULL;

    if (!started)
        must(hash_start() == RESULT_OK);
    started = true;
    const struct agency_config *agency = agencies_get(taste_below(&taste, AGENCIES));
    enum agency_class agency_class = 1 + taste_below(&taste, CLASS_END - 1);
    enum kind kind = 1 + taste_below(&taste, KIND_END - 1);
    uint8_t flags = taste_u8(&taste);
    if (!(agency->kinds & KIND_BIT(kind)))
        kind = KIND_FORWARD;
    agencies_job(kind, agency_class, 1 + (flags >> 6), &source, &watch.job);
    watch.job.ask_first = flags & 1;
    watch.job.recently_created = flags & 4;
    watch.keyless = agency_class != CLASS_IDEMPOTENT;
    if (flags & 8)
        watch.job.checkpoint = taste_span(&taste, CHECKPOINT_BYTES_MAX);
    sequence_begin(&watch.sequence, agency, &watch.job, flags & 2);
    for (unsigned steps = 0; sequence_step(&watch.sequence) != STEP_DONE; steps++) {
        must(steps < 4 * SEQUENCE_CALLS_MAX);
        switch (sequence_step(&watch.sequence)) {
        case STEP_CHECKPOINT:
            must(sequence_checkpoint(&watch.sequence).size <= CHECKPOINT_BYTES_MAX);
            sequence_checkpointed(&watch.sequence, taste_below(&taste, 8) != 7);
            break;
        case STEP_TOKEN:
            log_in(&watch, &taste);
            break;
        default:
            send(&watch, &taste);
        }
    }
    check_end(&watch);
    json_decref(source);
    return 0;
}
