#include "gateway/broker/breaker.h"

#include <string.h>

#include "gateway/base/result.h"

const char *breaker_state_name(enum breaker_state state)
{
    switch (state) {
    case BREAKER_CLOSED:
        return "closed";
    case BREAKER_OPEN:
        return "open";
    case BREAKER_HALF_OPEN:
        return "half-open";
    }
    return "?";
}

/* UNSURE belongs here: an agency that hangs would otherwise turn its whole backlog into cases for a person. */
static bool is_bad(enum verdict verdict)
{
    return verdict == VERDICT_UNKNOWN || verdict == VERDICT_LATER || verdict == VERDICT_UNSURE;
}

static void row_reset(struct agency_breaker *breaker)
{
    breaker->fingerprint[0] = 0;
    breaker->dossier_count = 0;
    breaker->never_sent_count = 0;
    breaker->charged_count = 0;
}

static void row_add_dossier(struct agency_breaker *breaker, const struct breaker_answer *answer)
{
    const char *fingerprint = answer->fingerprint ? answer->fingerprint : "";
    char cut[BREAKER_FINGERPRINT_SIZE] = "";

    memcpy(cut, fingerprint, strnlen(fingerprint, sizeof cut - 1));
    if (strcmp(cut, breaker->fingerprint) != 0) {
        memcpy(breaker->fingerprint, cut, sizeof cut);
        breaker->dossier_count = 0;
    }
    for (uint32_t i = 0; i < breaker->dossier_count; i++)
        if (breaker->dossiers[i] == answer->dossier)
            return;
    if (breaker->dossier_count < BREAKER_ROW_MAX)
        breaker->dossiers[breaker->dossier_count++] = answer->dossier;
}

static void row_add(struct agency_breaker *breaker, const struct breaker_answer *answer)
{
    bool never_sent = answer->verdict == VERDICT_LATER && answer->never_sent;

    row_add_dossier(breaker, answer);
    breaker->never_sent_count = never_sent ? breaker->never_sent_count + 1 : 0;
    if (!answer->charged)
        return;
    for (uint32_t i = 0; i < breaker->charged_count; i++)
        if (breaker->charged[i] == answer->handoff)
            return;
    /* A long row that never opens (one dossier over and over) keeps the youngest. */
    const uint32_t most = sizeof breaker->charged / sizeof *breaker->charged;
    if (breaker->charged_count == most)
        memmove(breaker->charged, breaker->charged + 1, --breaker->charged_count * sizeof *breaker->charged);
    breaker->charged[breaker->charged_count++] = answer->handoff;
}

static bool row_is_full(const struct agency_breaker *breaker, const struct breaker_rule *rule)
{
    uint32_t after = rule->after < BREAKER_ROW_MAX ? rule->after : BREAKER_ROW_MAX;
    return after && (breaker->dossier_count >= after || breaker->never_sent_count >= after);
}

static void open_now(struct agency_breaker *breaker, const struct breaker_rule *rule, int64_t now_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->until_ms = now_ms + rule->probe_ms * breaker->wait_times;
    breaker->probe = 0;
    breaker->limit = 0;
}

static void reopen(struct agency_breaker *breaker, const struct breaker_rule *rule, int64_t now_ms)
{
    uint32_t twice = breaker->wait_times * 2;
    breaker->wait_times = twice < BREAKER_WAIT_TIMES_MAX ? twice : BREAKER_WAIT_TIMES_MAX;
    open_now(breaker, rule, now_ms);
}

static void close_slowly(struct agency_breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->probe = 0;
    breaker->limit = 1;
    row_reset(breaker);
}

/* One more allowed per success doubles the limit each time all that were allowed have come back. */
static void recover(struct agency_breaker *breaker, const struct breaker_rule *rule, bool bad)
{
    if (!breaker->limit)
        return;
    breaker->limit = bad ? (breaker->limit + 1) / 2 : breaker->limit + 1;
    if (breaker->limit >= rule->in_flight_max)
        breaker->limit = 0;
}

static bool answer_when_closed(struct agency_breaker *breaker, const struct breaker_rule *rule,
                               const struct breaker_answer *answer, int64_t now_ms)
{
    bool bad = is_bad(answer->verdict);

    recover(breaker, rule, bad);
    if (!bad) {
        row_reset(breaker);
        return false;
    }
    row_add(breaker, answer);
    if (!row_is_full(breaker, rule))
        return false;
    breaker->wait_times = 1;
    memcpy(breaker->give_back, breaker->charged, breaker->charged_count * sizeof *breaker->charged);
    breaker->give_back_count = breaker->charged_count;
    open_now(breaker, rule, now_ms);
    return true;
}

bool breaker_answer(struct agency_breaker *breaker, const struct breaker_rule *rule,
                    const struct breaker_answer *answer, int64_t now_ms)
{
    if (breaker->state == BREAKER_CLOSED)
        return answer_when_closed(breaker, rule, answer, now_ms);
    if (!is_bad(answer->verdict)) {
        close_slowly(breaker);
        return true;
    }
    /* Others that were still out when it opened say nothing new. */
    return breaker_attempt_lost(breaker, rule, answer->handoff, now_ms);
}

bool breaker_tick(struct agency_breaker *breaker, int64_t now_ms)
{
    if (breaker->state != BREAKER_OPEN || now_ms < breaker->until_ms)
        return false;
    breaker->state = BREAKER_HALF_OPEN;
    breaker->probe = 0;
    return true;
}

void breaker_probe_sent(struct agency_breaker *breaker, uint64_t handoff)
{
    must(breaker->state == BREAKER_HALF_OPEN && handoff);
    breaker->probe = handoff;
}

bool breaker_attempt_lost(struct agency_breaker *breaker, const struct breaker_rule *rule, uint64_t handoff,
                          int64_t now_ms)
{
    if (breaker->state != BREAKER_HALF_OPEN || !breaker->probe || breaker->probe != handoff)
        return false;
    reopen(breaker, rule, now_ms);
    return true;
}

uint32_t breaker_limit(const struct agency_breaker *breaker, const struct breaker_rule *rule)
{
    switch (breaker->state) {
    case BREAKER_OPEN:
        return 0;
    case BREAKER_HALF_OPEN:
        return breaker->probe ? 0 : 1;
    case BREAKER_CLOSED:
        break;
    }
    return breaker->limit && breaker->limit < rule->in_flight_max ? breaker->limit : rule->in_flight_max;
}

bool breaker_uncharged(const struct agency_breaker *breaker)
{
    return breaker->state != BREAKER_CLOSED;
}

void breaker_given_back(struct agency_breaker *breaker)
{
    breaker->give_back_count = 0;
}
