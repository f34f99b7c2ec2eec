#include "adapters/runtime/agency.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/runtime/delivery.h"
#include "gateway/base/log.h"
#include "gateway/base/version.h"

enum { TURN_PASSES_MAX = 4 };

/* ---------------------------------------------------------------- what the gateway says */

static void on_welcome(void *context, const Lienthong__V1__Welcome *welcome)
{
    struct agency *agency = context;
    int64_t lease_ms = welcome->lease_ms, total_ms = agency->config->total_timeout_ms;
    struct text name = text_of(agency->gateway_name, sizeof agency->gateway_name);

    text_add(&name, "%s", welcome->gateway);
    agency->lease_ms = welcome->lease_ms;
    agency->serving = total_ms <= lease_ms - SERVING_MARGIN_MS(lease_ms);
    delivery_void_all(agency);
    if (agency->serving)
        log_event(LOG_INFO, "connected", "agency=%s gateway=%s ms=%lld", agency->config->code,
                  log_quoted(agency->gateway_name), (long long)lease_ms);
    else
        log_event(LOG_ERROR, "lease-too-short", "agency=%s ms=%lld why=\"total_timeout is %lld ms and must not be more "
                  "than %lld ms, so that a request is over before the gateway takes it back: nothing is served\"",
                  agency->config->code, (long long)lease_ms, (long long)total_ms,
                  (long long)(lease_ms - SERVING_MARGIN_MS(lease_ms)));
    uint32_t credit = agency->serving && !agency->draining ? agency->config->credit : 0;
    if (lienthong_credit(agency->gateway, credit) != RESULT_OK)
        log_event(LOG_ERROR, "credit", "agency=%s count=%u", agency->config->code, credit);
}

static void on_refused(void *context, const struct problem *problem)
{
    struct agency *agency = context;
    uint64_t unsaid;

    if (complaint_is_due(&agency->trouble, problem_word(problem->type), agency->now_ms, &unsaid))
        log_event(LOG_WARN, "refused-by-gateway", "agency=%s why=%s field=%s count=%llu", agency->config->code,
                  problem_word(problem->type), log_quoted(problem->field), (unsigned long long)unsaid + 1);
}

static void on_deliver(void *context, struct lienthong_delivery *delivery)
{
    delivery_offered(context, delivery);
}

static void on_checkpoint(void *context, uint64_t handoff_id, uint32_t attempt, bool kept)
{
    delivery_checkpointed(context, handoff_id, attempt, kept);
}

static void on_outcome_ack(void *context, const Lienthong__V1__OutcomeAck *ack)
{
    struct agency *agency = context;

    (void)ack;
    agency->outcomes_acked++;
}

static void on_answer(void *context, const struct lienthong_answer *answer)
{
    pull_answered(context, answer);
}

static void on_cursor(void *context, struct span name, struct span value, const struct problem *problem)
{
    pull_cursor(context, name, value, problem);
}

/* ---------------------------------------------------------------- opening and closing */

static bool connect_gateway(struct agency *agency, void *zmq_context, struct text *why)
{
    const struct agency_config *config = agency->config;
    struct lienthong_options options = {
        .endpoint = agency->whole->endpoint, .roles = ROLE_RECEIVER | (config->has_pull ? ROLE_SENDER : 0u),
        .kinds = config->kinds == KINDS_ALL ? 0 : config->kinds, .credit = config->credit,
        .software = "lienthong-adapter " LIENTHONG_VERSION, .agency = config->code, .zmq_context = zmq_context,
        .context = agency,
        .callbacks = { .on_welcome = on_welcome, .on_refused = on_refused, .on_deliver = on_deliver,
                       .on_checkpoint = on_checkpoint, .on_outcome_ack = on_outcome_ack, .on_answer = on_answer,
                       .on_cursor = on_cursor },
    };

    bool good = lienthong_keys_read(agency->whole->gateway_key_file, config->secret_key_file, &options.keys, why)
                    == RESULT_OK
                && lienthong_open(&agency->gateway, &options, why) == RESULT_OK;
    explicit_bzero(&options.keys, sizeof options.keys);
    return good;
}

struct agency *agency_open(const struct adapter_config *whole, const struct agency_config *config, void *zmq_context,
                           struct watch *watch, uint32_t slot, struct text *why)
{
    struct agency *agency = calloc(1, sizeof *agency);

    if (!agency) {
        text_add(why, "no memory");
        return NULL;
    }
    agency->whole = whole;
    agency->config = config;
    agency->slot = slot;
    agency->watch = watch;
    agency->stirred = true;
    TAILQ_INIT(&agency->queue);
    TAILQ_INIT(&agency->ready);
    TAILQ_INIT(&agency->busy);
    TAILQ_INIT(&agency->unsaid);
    rate_init(&agency->rate, config->rate_per_second, 0);
    bool good = !config->auth.secret_file[0] || secret_read(config->auth.secret_file, agency->secret);
    if (!good)
        text_add(why, "%s: cannot be read, empty or too long", config->auth.secret_file);
    if (good && transfers_init(&agency->transfers, config, watch, slot) != RESULT_OK) {
        text_add(why, "no memory");
        good = false;
    }
    if (!good || !connect_gateway(agency, zmq_context, why)) {
        agency_close(agency);
        return NULL;
    }
    watch_set(watch, lienthong_fd(agency->gateway), WATCH_GATEWAY, slot, WATCH_READ);
    return agency;
}

void agency_close(struct agency *agency)
{
    if (!agency)
        return;
    pull_stop(agency);
    delivery_drop_all(agency);
    transfers_done(&agency->transfers);
    if (agency->gateway)
        watch_set(agency->watch, lienthong_fd(agency->gateway), WATCH_GATEWAY, agency->slot, 0);
    lienthong_close(agency->gateway);
    login_done(&agency->login);
    recent_done(&agency->recent);
    explicit_bzero(agency->secret, sizeof agency->secret);
    free(agency);
}

/* ---------------------------------------------------------------- turning */

void agency_readable(struct agency *agency)
{
    agency->stirred = true;
}

static enum result talk(struct agency *agency)
{
    struct lienthong_status status;

    if (!agency->stirred && lienthong_due_ms(agency->gateway) > agency->now_ms)
        return RESULT_OK;
    agency->stirred = false;
    enum result result = lienthong_process(agency->gateway);
    lienthong_status(agency->gateway, &status);
    if (agency->connected && !status.connected)
        log_event(LOG_WARN, "connection-lost", "agency=%s", agency->config->code);
    agency->connected = status.connected;
    return result;
}

enum result agency_turn(struct agency *agency, int64_t now_ms, int64_t boot_ms)
{
    enum result result = RESULT_OK;

    agency->now_ms = now_ms;
    agency->boot_ms = boot_ms;
    /* What comes from one side makes work for the other: an outcome frees a slot, a new offer fills it. Bounded, so
     * that one busy agency does not keep the others waiting; agency_due_ms() then says that there is more. */
    for (int pass = 0; pass < TURN_PASSES_MAX && result == RESULT_OK; pass++) {
        result = talk(agency);
        transfers_turn(&agency->transfers, now_ms);
        pull_turn(agency);
        delivery_pump(agency);
        if (!agency->stirred && agency->transfers.due_ms > now_ms)
            break;
    }
    return result;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t agency_due_ms(const struct agency *agency)
{
    if (agency->stirred)
        return 0;
    int64_t due_ms = earlier(lienthong_due_ms(agency->gateway), agency->transfers.due_ms);
    return earlier(due_ms, earlier(delivery_due_ms(agency), pull_due_ms(agency)));
}

/* ---------------------------------------------------------------- stopping */

void agency_drain(struct agency *agency)
{
    if (agency->draining)
        return;
    agency->draining = true;
    agency->stirred = true;
    if (lienthong_credit(agency->gateway, 0) != RESULT_OK)
        log_event(LOG_ERROR, "credit", "agency=%s count=0", agency->config->code);
    pull_stop(agency);
    delivery_drain(agency);
}

void agency_abandon(struct agency *agency)
{
    delivery_abandon(agency);
}

bool agency_is_idle(const struct agency *agency)
{
    return !agency->open;
}

bool agency_waits_for_line(const struct agency *agency)
{
    struct lienthong_status status;

    lienthong_status(agency->gateway, &status);
    return !status.connected && (status.outcomes_open || agency->open);
}

bool agency_is_drained(const struct agency *agency)
{
    struct lienthong_status status;

    if (agency->open)
        return false;
    lienthong_status(agency->gateway, &status);
    /* What was on its way when it asked for no more would be lost with the session: at an agency that must not hear a
     * thing twice each of them would wait for a person. */
    return !status.outcomes_open && (status.credit_heard || !status.connected);
}
