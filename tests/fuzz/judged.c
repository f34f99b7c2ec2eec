#include <string.h>

#include "tests/fuzz/judged.h"

#define ENDS(array) must(memchr(array, 0, sizeof(array)) && span_is_utf8(span_of(array, strlen(array))))

void judged_check(const struct judgement *judgement, enum call call, enum kind kind)
{
    must((judgement->verdict != 0) != (judgement->next != 0));
    must(judgement->verdict < VERDICT_END && judgement->next < CALL_END);
    must((judgement->scope != 0) == (judgement->verdict == VERDICT_MISCONFIGURED) && judgement->scope < SCOPE_END);
    must(judgement->retry_after_ms >= -1 && judgement->retry_after_ms <= RETRY_AFTER_MS_MAX);
    ENDS(judgement->value);
    ENDS(judgement->field);
    ENDS(judgement->reason);
    ENDS(judgement->agency_ref);
    ENDS(judgement->fingerprint);
    ENDS(judgement->where);
    must(judgement->next || judgement->fingerprint[0]);
    if (judgement->verdict == VERDICT_OVERTAKEN && (call == CALL_CREATE || call == CALL_UPDATE))
        must(kind == KIND_PROGRESS || kind == KIND_URGE || kind == KIND_RATING);
}

struct http_answer judged_answer(struct taste *taste)
{
    static const int16_t common[] = { 200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504 };
    struct http_answer answer = { 0 };
    uint8_t status = taste_u8(taste);

    answer.http_status = status < 128 ? common[status % (sizeof common / sizeof *common)]
                                      : 100 + (int)(taste_u8(taste) * 500u / 256);
    uint8_t flags = taste_u8(taste);
    answer.body_cut = flags & 1;
    answer.retry_after_ms = flags & 2 ? (int64_t)taste_u32(taste) % (RETRY_AFTER_MS_MAX + 1) : -1;
    return answer;
}
