#include "adapters/runtime/login.h"

#include <string.h>

#include "adapters/runtime/agency.h"
#include "adapters/runtime/delivery.h"
#include "gateway/base/log.h"

void login_done(struct login *login)
{
    explicit_bzero(login->text, sizeof login->text);
    *login = (struct login){ .generation = login->generation };
}

bool login_is_needed(const struct agency *agency)
{
    return agency->config->auth.kind == AUTH_CLIENT_CREDENTIALS || agency->config->auth.kind == AUTH_SESSION;
}

bool login_is_held(const struct agency *agency)
{
    return agency->login.held && agency->now_ms < agency->login.lapse_ms;
}

struct credentials login_credentials(const struct agency *agency)
{
    return (struct credentials){ .secret = agency->secret, .token = agency->login.text };
}

void login_refused(struct agency *agency, uint64_t generation)
{
    if (agency->login.generation == generation)
        agency->login.held = false;
}

/* why NULL: a token is there. */
static void tell(struct agency *agency, const struct judgement *why)
{
    uint64_t unsaid;

    if (why && complaint_is_due(&agency->trouble, why->fingerprint, agency->now_ms, &unsaid))
        log_event(LOG_WARN, "login-failed", "agency=%s verdict=%s why=%s http=%d count=%llu", agency->config->code,
                  verdict_name(why->verdict), log_quoted(why->fingerprint), why->http_status,
                  (unsigned long long)unsaid + 1);
    delivery_login_fetched(agency, why);
    pull_login_fetched(agency, why);
}

static void on_done(void *owner, const struct transfer_result *result)
{
    struct agency *agency = owner;
    struct login *login = &agency->login;
    struct token token = { 0 };
    struct judgement why;
    bool good = false;

    login->transfer = NULL;
    if (result->trouble)
        verdict_of_transport(result->trouble, result->never_sent, false, CALL_TOKEN, CLASS_NEITHER, &why);
    else
        good = token_answer(agency->config, &result->answer, &token, &why);
    if (good) {
        memcpy(login->text, token.text, sizeof login->text);
        login->held = true;
        login->generation++;
        login->lapse_ms = token.lifetime_ms ? agency->now_ms + token.lifetime_ms : INT64_MAX;
        log_event(LOG_DEBUG, "logged-in", "agency=%s ms=%lld", agency->config->code, (long long)token.lifetime_ms);
    }
    explicit_bzero(&token, sizeof token);
    tell(agency, good ? NULL : &why);
}

void login_fetch(struct agency *agency)
{
    struct credentials credentials = login_credentials(agency);
    struct request request;
    struct judgement why;

    if (agency->login.transfer)
        return;
    if (!token_request(agency->config, &credentials, &request, &why)) {
        tell(agency, &why);
        return;
    }
    agency->login.transfer = transfer_start(&agency->transfers, &request, agency->config->total_timeout_ms, false,
                                            on_done, agency);
    if (!agency->login.transfer) {
        verdict_of_transport(TROUBLE_LOCAL, true, false, CALL_TOKEN, CLASS_NEITHER, &why);
        tell(agency, &why);
    }
}
