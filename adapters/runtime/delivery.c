#include "adapters/runtime/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/source.h"
#include "gateway/base/log.h"
#include "proto/content.h"

enum { UNSAID_AGAIN_MS = 100 };

enum delivery_state { QUEUED = 1, READY, FLYING, LOGIN, CHECKPOINT, BEHIND };

struct delivery {
    TAILQ_ENTRY(delivery) entry;
    struct delivery *next_spare;
    struct delivery_list *list;
    struct agency *agency;
    enum delivery_state state;
    struct lienthong_delivery *offer;
    bool   begun;                       /* holds one of requests_max */
    bool   void_;                       /* offered on a connection that is gone: nothing that acts is sent any more */
    bool   has_hash;
    struct hash hash;
    json_t *source;
    struct job job;
    struct sequence sequence;
    struct judgement judgement;         /* UNSAID only */
    struct transfer *transfer;          /* FLYING only */
    uint64_t generation;                /* of the login its last request used */
    uint64_t dossier;                   /* recent_digest(), once begun */
    int64_t  begun_ms;
};

static void crank(struct delivery *delivery);

/* ---------------------------------------------------------------- lists */

static void place(struct delivery *delivery, struct delivery_list *list, enum delivery_state state)
{
    if (delivery->list)
        TAILQ_REMOVE(delivery->list, delivery, entry);
    delivery->list = list;
    delivery->state = state;
    if (list)
        TAILQ_INSERT_TAIL(list, delivery, entry);
}

static uint16_t *open_by_id(struct agency *agency, uint64_t handoff_id)
{
    return &agency->open_by_id[handoff_id % (sizeof agency->open_by_id / sizeof *agency->open_by_id)];
}

static struct delivery *delivery_new(struct agency *agency, struct lienthong_delivery *offer)
{
    struct delivery *delivery = agency->spare;

    if (delivery) {
        agency->spare = delivery->next_spare;
        agency->spare_count--;
    } else
        delivery = malloc(sizeof *delivery);
    if (!delivery)
        return NULL;
    /* The sequence is large, and sequence_begin() empties it. */
    delivery->list = NULL;
    delivery->agency = agency;
    delivery->offer = offer;
    delivery->begun = delivery->void_ = delivery->has_hash = false;
    delivery->source = NULL;
    delivery->transfer = NULL;
    delivery->begun_ms = 0;
    agency->open++;
    ++*open_by_id(agency, offer->handoff_id);
    return delivery;
}

static void delivery_free(struct delivery *delivery)
{
    struct agency *agency = delivery->agency;

    place(delivery, NULL, 0);
    if (delivery->begun)
        agency->begun--;
    agency->open--;
    --*open_by_id(agency, delivery->offer->handoff_id);
    json_decref(delivery->source);
    lienthong_delivery_free(delivery->offer);
    if (agency->spare_count < agency->config->credit) {
        delivery->next_spare = agency->spare;
        agency->spare = delivery;
        agency->spare_count++;
    } else
        free(delivery);
}

static struct delivery *find(struct delivery_list *list, uint64_t handoff_id)
{
    struct delivery *delivery;

    TAILQ_FOREACH(delivery, list, entry)
        if (delivery->offer->handoff_id == handoff_id)
            return delivery;
    return NULL;
}

/* ---------------------------------------------------------------- outcomes */

static bool say(struct agency *agency, const struct lienthong_delivery *offer, const struct hash *hash,
                const struct judgement *judgement)
{
    struct lienthong_outcome outcome = {
        .handoff_id = offer->handoff_id, .attempt = offer->attempt, .verdict = judgement->verdict,
        .detail = judgement->reason, .agency_ref = judgement->agency_ref, .value = judgement->value,
        .field = judgement->field, .fingerprint = judgement->fingerprint, .content_hash = hash,
        .retry_after_ms = judgement->retry_after_ms > 0 ? judgement->retry_after_ms : 0, .scope = judgement->scope,
        .http_status = (uint32_t)judgement->http_status, .never_sent = judgement->never_sent,
    };
    if (lienthong_outcome(agency->gateway, &outcome) != RESULT_OK)
        return false;
    agency->stirred = true;
    agency->outcomes_given++;
    return true;
}

static bool is_delivered(enum verdict verdict)
{
    return verdict == VERDICT_DELIVERED || verdict == VERDICT_ALREADY_THERE;
}

static void log_outcome(const struct delivery *delivery, const struct judgement *judgement)
{
    struct agency *agency = delivery->agency;
    int64_t ms = delivery->begun_ms ? agency->now_ms - delivery->begun_ms : 0;
    bool fine = is_delivered(judgement->verdict);
    uint64_t unsaid = 0;

    if (fine ? !log_is_on(LOG_DEBUG)
             : !complaint_is_due(&agency->trouble, judgement->fingerprint, agency->now_ms, &unsaid))
        return;
    log_event(fine ? LOG_DEBUG : LOG_INFO, fine ? "delivered" : "not-delivered",
              "agency=%s handoff=%llu attempt=%u verdict=%s why=%s http=%d ms=%lld count=%llu", agency->config->code,
              (unsigned long long)delivery->offer->handoff_id, delivery->offer->attempt,
              verdict_name(judgement->verdict), log_quoted(judgement->fingerprint), judgement->http_status,
              (long long)ms, (unsigned long long)unsaid + 1);
}

/* What the agency said leaves nothing to try again for a newer attempt. */
static bool is_settled(enum verdict verdict)
{
    return verdict != VERDICT_LATER && verdict != VERDICT_UNSURE && verdict != VERDICT_UNKNOWN;
}

static bool content_is_whole(struct delivery *delivery)
{
    const struct lienthong_delivery *offer = delivery->offer;
    const Lienthong__V1__Deliver *deliver = offer->deliver;

    delivery->hash = content_hash(offer->header, span_of(deliver->payload.data, deliver->payload.len));
    delivery->has_hash = deliver->routing && deliver->routing->content_hash.len == HASH_SIZE
                         && memcmp(deliver->routing->content_hash.data, delivery->hash.bytes, HASH_SIZE) == 0;
    return delivery->has_hash;
}

/* A newer attempt at the same handoff, which came while this one was under way; NULL: none. */
static struct delivery *newer_than(const struct delivery *delivery)
{
    struct agency *agency = delivery->agency;
    uint64_t handoff_id = delivery->offer->handoff_id;
    struct delivery *newer = NULL;

    if (*open_by_id(agency, handoff_id) > 1)
        TAILQ_FOREACH(newer, &agency->busy, entry)
            if (newer->state == BEHIND && newer != delivery && newer->offer->handoff_id == handoff_id)
                break;
    return newer;
}

/* The judgement may lie in the delivery, which is freed here, but not before the last look at it. */
static void finish(struct delivery *delivery, const struct judgement *judgement)
{
    struct agency *agency = delivery->agency;
    struct lienthong_delivery *offer = delivery->offer;
    struct delivery *newer = newer_than(delivery);

    log_outcome(delivery, judgement);
    if (is_delivered(judgement->verdict)) {
        agency->delivered++;
        if (delivery->begun && delivery->sequence.own_call == CALL_CREATE && judgement->verdict == VERDICT_DELIVERED)
            recent_add(&agency->recent, delivery->dossier, agency->now_ms);
    }
    bool said = say(agency, offer, delivery->has_hash ? &delivery->hash : NULL, judgement);
    if (newer && is_settled(judgement->verdict)) {
        (void)content_is_whole(newer);          /* the outcome names what was delivered, if it was the same */
        finish(newer, judgement);
    } else if (newer)
        place(newer, &agency->queue, QUEUED);
    if (said) {
        delivery_free(delivery);
        return;
    }
    log_event(LOG_ERROR, "outcome-waits", "agency=%s handoff=%llu attempt=%u", agency->config->code,
              (unsigned long long)offer->handoff_id, offer->attempt);
    delivery->judgement = *judgement;
    place(delivery, &agency->unsaid, 0);
    agency->unsaid_due_ms = agency->now_ms + UNSAID_AGAIN_MS;
}

/* Decided without its sequence. What an earlier attempt may have done is not undone by our trouble. */
static void finish_unsent(struct delivery *delivery, struct judgement *judgement)
{
    const Lienthong__V1__Routing *routing = delivery->offer->deliver->routing;

    judgement->never_sent = true;
    if (routing && routing->ask_first && routing->agency_class != CLASS_IDEMPOTENT) {
        judgement->verdict = VERDICT_UNSURE;
        judgement->scope = 0;
        judgement->never_sent = false;
    }
    finish(delivery, judgement);
}

static void finish_with(struct delivery *delivery, const char *fingerprint, const char *reason)
{
    struct judgement judgement;

    judgement_set(&judgement, VERDICT_LATER, fingerprint, "%s", reason);
    finish_unsent(delivery, &judgement);
}

static void finish_stopping(struct delivery *delivery)
{
    finish_with(delivery, trouble_name(TROUBLE_STOPPING),
                "bộ kết nối đang dừng / the adapter is being stopped");
}

/* ---------------------------------------------------------------- the crank */

static void begin(struct delivery *delivery)
{
    struct agency *agency = delivery->agency;
    const struct lienthong_delivery *offer = delivery->offer;
    const Lienthong__V1__Deliver *deliver = offer->deliver;
    enum kind kind = offer->header->kind < KIND_END ? (enum kind)offer->header->kind : 0;
    struct judgement why;

    if (!content_is_whole(delivery)) {
        finish_with(delivery, "content-differs", "nội dung khác với khi tiếp nhận / not the content that was accepted");
        return;
    }
    if (dialect_needs_source(agency->config, kind)
        && !source_build(offer->header, deliver->routing, span_of(deliver->payload.data, deliver->payload.len),
                         &delivery->source, &why)) {
        finish_unsent(delivery, &why);
        return;
    }
    delivery->begun = true;
    delivery->begun_ms = agency->now_ms;
    agency->begun++;
    job_of(deliver, offer->header, delivery->source, &delivery->job);
    delivery->dossier = recent_digest(&agency->recent, offer->header->dossier_code);
    delivery->job.recently_created = recent_has(&agency->recent, delivery->dossier, agency->now_ms);
    delivery->generation = agency->login.generation;
    sequence_begin(&delivery->sequence, agency->config, &delivery->job, login_is_held(agency));
    crank(delivery);
}

static void store_checkpoint(struct delivery *delivery)
{
    struct agency *agency = delivery->agency;
    const struct lienthong_delivery *offer = delivery->offer;

    place(delivery, &agency->busy, CHECKPOINT);
    agency->stirred = true;
    if (lienthong_checkpoint(agency->gateway, offer->handoff_id, offer->attempt,
                             sequence_checkpoint(&delivery->sequence)) != RESULT_OK) {
        sequence_checkpointed(&delivery->sequence, false);
        crank(delivery);
    }
}

/* As far as it goes without waiting. The delivery may be gone when this returns. */
static void crank(struct delivery *delivery)
{
    struct agency *agency = delivery->agency;
    struct sequence *sequence = &delivery->sequence;

    switch (sequence_step(sequence)) {
    case STEP_CHECKPOINT:
        store_checkpoint(delivery);
        break;
    case STEP_TOKEN:
        if (sequence_token_refused(sequence))
            login_refused(agency, delivery->generation);
        if (login_is_held(agency)) {
            delivery->generation = agency->login.generation;
            sequence_token(sequence);
            crank(delivery);                /* bounded: it counts as a call */
        } else {
            place(delivery, &agency->busy, LOGIN);
            login_fetch(agency);
        }
        break;
    case STEP_SEND:
        place(delivery, &agency->ready, READY);
        break;
    case STEP_DONE:
        finish(delivery, sequence_judgement(sequence));
        break;
    }
}

static void on_transfer(void *owner, const struct transfer_result *result)
{
    struct delivery *delivery = owner;

    delivery->transfer = NULL;
    if (result->trouble)
        sequence_trouble(&delivery->sequence, result->trouble, result->never_sent);
    else
        sequence_answer(&delivery->sequence, &result->answer, result->sent_body);
    crank(delivery);
}

/* How long a call that begins now may take, so that it is over before the lease is. 0: too late to begin. */
static int64_t time_left_ms(const struct delivery *delivery)
{
    const struct agency *agency = delivery->agency;
    int64_t total_ms = agency->config->total_timeout_ms, lease_ms = agency->lease_ms;
    int64_t margin_ms = lease_ms / 10 < 1000 ? lease_ms / 10 : 1000;
    int64_t left_ms = delivery->offer->deliver->stamp_ms + lease_ms - margin_ms - agency->boot_ms;

    if (lienthong_offer_is_stale(agency->gateway, delivery->offer) || left_ms < total_ms / 2)
        return 0;
    return left_ms < total_ms ? left_ms : total_ms;
}

/* Something stands against sending now: the trouble, else 0. */
static enum trouble objection(const struct delivery *delivery, int64_t *ret_timeout_ms)
{
    const struct agency *agency = delivery->agency;

    *ret_timeout_ms = time_left_ms(delivery);
    if (agency->draining && !delivery->sequence.sent)
        return TROUBLE_STOPPING;
    /* The gateway has taken back what it offered on a lost connection, and may offer it elsewhere. */
    if (call_acts(delivery->sequence.call) && (delivery->void_ || !agency->connected))
        return TROUBLE_STALE_OFFER;
    return *ret_timeout_ms ? 0 : TROUBLE_STALE_OFFER;
}

/* Names of fields and what was done, never a value. */
static void log_warnings(struct delivery *delivery)
{
    const struct warnings *warnings = &delivery->sequence.warnings;
    struct agency *agency = delivery->agency;
    uint64_t unsaid;

    for (size_t i = 0; i < warnings->kept; i++)
        if (complaint_is_due(&agency->mapping, warnings->list[i].field, agency->now_ms, &unsaid))
            log_event(LOG_WARN, "mapping", "agency=%s handoff=%llu why=%s field=%s count=%llu", agency->config->code,
                      (unsigned long long)delivery->offer->handoff_id, warnings->list[i].what,
                      log_quoted(warnings->list[i].field), (unsigned long long)unsaid + 1);
}

static void send_call(struct delivery *delivery)
{
    struct agency *agency = delivery->agency;
    struct sequence *sequence = &delivery->sequence;
    struct credentials credentials = login_credentials(agency);
    struct request request;
    int64_t timeout_ms;
    enum trouble trouble = objection(delivery, &timeout_ms);

    if (trouble) {
        sequence_trouble(sequence, trouble, true);
        crank(delivery);
        return;
    }
    if (login_is_needed(agency) && !login_is_held(agency)) {       /* it lapsed while this waited for its turn */
        place(delivery, &agency->busy, LOGIN);
        login_fetch(agency);
        return;
    }
    delivery->generation = agency->login.generation;
    if (!sequence_request(sequence, &credentials, &request)) {
        crank(delivery);
        return;
    }
    if (sequence->warnings.count)
        log_warnings(delivery);
    bool careful = delivery->job.agency_class == CLASS_NEITHER && call_acts(request.call);
    place(delivery, &agency->busy, FLYING);
    delivery->transfer = transfer_start(&agency->transfers, &request, timeout_ms, careful, on_transfer, delivery);
    if (!delivery->transfer) {
        sequence_trouble(sequence, TROUBLE_LOCAL, true);
        crank(delivery);
    }
}

/* ---------------------------------------------------------------- what others have to say */

void delivery_offered(struct agency *agency, struct lienthong_delivery *offer)
{
    struct delivery *delivery = delivery_new(agency, offer), *older;

    if (!delivery) {
        struct judgement why;
        judgement_set(&why, VERDICT_LATER, trouble_name(TROUBLE_LOCAL), "hết bộ nhớ / no memory");
        why.never_sent = true;
        (void)say(agency, offer, NULL, &why);   /* else the lease lapses */
        lienthong_delivery_free(offer);
        return;
    }
    place(delivery, &agency->queue, QUEUED);
    if (agency->draining)
        finish_stopping(delivery);
    else if (!agency->serving)
        finish_with(delivery, "lease-too-short",
                    "total_timeout dài hơn hạn giữ của cổng / total_timeout does not fit into the gateway's lease");
    else if (*open_by_id(agency, offer->handoff_id) == 1)
        return;
    else if ((older = find(&agency->busy, offer->handoff_id)) || (older = find(&agency->ready, offer->handoff_id)))
        place(delivery, &agency->busy, BEHIND);
    else if ((older = find(&agency->queue, offer->handoff_id)) != delivery) {
        place(delivery, &agency->busy, BEHIND);
        finish_with(older, "attempt-over", "đã có lần giao mới hơn / a newer attempt at this handoff has come");
    }
}

void delivery_checkpointed(struct agency *agency, uint64_t handoff_id, uint32_t attempt, bool kept)
{
    struct delivery *delivery;

    TAILQ_FOREACH(delivery, &agency->busy, entry)
        if (delivery->state == CHECKPOINT && delivery->offer->handoff_id == handoff_id
            && delivery->offer->attempt == attempt)
            break;
    if (!delivery)
        return;
    sequence_checkpointed(&delivery->sequence, kept);
    crank(delivery);
}

void delivery_login_fetched(struct agency *agency, const struct judgement *why)
{
    struct delivery_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    struct delivery *delivery, *next;

    for (delivery = TAILQ_FIRST(&agency->busy); delivery; delivery = next) {
        next = TAILQ_NEXT(delivery, entry);
        if (delivery->state == LOGIN)
            place(delivery, &waiting, LOGIN);
    }
    while ((delivery = TAILQ_FIRST(&waiting))) {
        place(delivery, &agency->busy, LOGIN);
        delivery->generation = agency->login.generation;
        if (sequence_step(&delivery->sequence) == STEP_TOKEN && why)
            sequence_failed(&delivery->sequence, why);
        else if (sequence_step(&delivery->sequence) == STEP_TOKEN)
            sequence_token(&delivery->sequence);
        else if (why)                           /* it had one, which lapsed while it waited for its turn */
            sequence_trouble(&delivery->sequence, TROUBLE_LOCAL, true);
        crank(delivery);
    }
}

/* ---------------------------------------------------------------- turning */

void delivery_pump(struct agency *agency)
{
    struct delivery *delivery;

    while (agency->now_ms >= agency->unsaid_due_ms && (delivery = TAILQ_FIRST(&agency->unsaid))) {
        const struct hash *hash = delivery->has_hash ? &delivery->hash : NULL;
        if (say(agency, delivery->offer, hash, &delivery->judgement))
            delivery_free(delivery);
        else
            agency->unsaid_due_ms = agency->now_ms + UNSAID_AGAIN_MS;
    }
    for (;;) {
        delivery = TAILQ_FIRST(&agency->ready);
        if (!delivery) {
            delivery = TAILQ_FIRST(&agency->queue);
            if (!delivery || agency->begun >= agency->config->requests_max || !agency->connected)
                return;
            begin(delivery);
        } else if (rate_take(&agency->rate, agency->now_ms))
            send_call(delivery);
        else
            return;
    }
}

int64_t delivery_due_ms(const struct agency *agency)
{
    if (!TAILQ_EMPTY(&agency->unsaid))
        return agency->unsaid_due_ms;
    return TAILQ_EMPTY(&agency->ready) ? INT64_MAX : rate_due_ms(&agency->rate);
}

void delivery_void_all(struct agency *agency)
{
    struct delivery *delivery;

    TAILQ_FOREACH(delivery, &agency->busy, entry)
        delivery->void_ = true;
    TAILQ_FOREACH(delivery, &agency->ready, entry)
        delivery->void_ = true;
    while ((delivery = TAILQ_FIRST(&agency->queue)))
        finish_with(delivery, "attempt-over", "kết nối đã chào lượt này không còn / its connection is gone");
}

void delivery_drain(struct agency *agency)
{
    struct delivery *delivery;

    while ((delivery = TAILQ_FIRST(&agency->queue)))
        finish_stopping(delivery);
}

void delivery_abandon(struct agency *agency)
{
    struct judgement stopping;
    struct delivery *delivery;

    judgement_set(&stopping, VERDICT_LATER, trouble_name(TROUBLE_STOPPING),
                "bộ kết nối đang dừng / the adapter is being stopped");
    while ((delivery = TAILQ_FIRST(&agency->busy)) || (delivery = TAILQ_FIRST(&agency->ready))
           || (delivery = TAILQ_FIRST(&agency->queue))) {
        struct sequence *sequence = &delivery->sequence;
        if (!delivery->begun) {
            finish_stopping(delivery);
            continue;
        }
        if (sequence_step(sequence) == STEP_SEND) {
            bool never_sent = !delivery->transfer || transfer_abort(delivery->transfer);
            delivery->transfer = NULL;
            sequence_trouble(sequence, TROUBLE_STOPPING, never_sent);
        } else if (sequence_step(sequence) == STEP_CHECKPOINT)
            sequence_checkpointed(sequence, false);
        else
            sequence_failed(sequence, &stopping);
        finish(delivery, sequence_judgement(sequence));
    }
}

void delivery_drop_all(struct agency *agency)
{
    struct delivery_list *lists[] = { &agency->queue, &agency->ready, &agency->busy, &agency->unsaid };
    struct delivery *delivery;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        while ((delivery = TAILQ_FIRST(lists[i]))) {
            if (delivery->transfer)
                transfer_abort(delivery->transfer);
            delivery_free(delivery);
        }
    while ((delivery = agency->spare)) {
        agency->spare = delivery->next_spare;
        free(delivery);
    }
    agency->spare_count = 0;
}
