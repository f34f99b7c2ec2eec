/* fuzz_texts.c - small readers of what other people write: times, durations, Retry-After, date patterns, JSON pointers,
 * JSON, folding, scrubbing, slugs. First byte chooses.
 *
 * Must hold: what was read can be written and read again to the same value; folding twice is folding once; nothing that
 * was scrubbed still holds a run of nine digits, an @ or bytes that are no text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/call.h"
#include "adapters/kinds/dates.h"
#include "adapters/kinds/fold.h"
#include "adapters/kinds/pointer.h"
#include "adapters/kinds/scrub.h"
#include "adapters/kinds/pull.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1772591400 };

static void check_clock(struct taste *taste)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t time_ms, again_ms;

    if (!clock_read(taste_rest(taste), &time_ms))
        return;
    clock_text(time_ms, text);
    must(clock_read(span_of_string(text), &again_ms) && again_ms == time_ms);
}

static void check_duration(struct taste *taste)
{
    int64_t duration_ms;
    if (duration_read(taste_rest(taste), &duration_ms))
        must(duration_ms >= 0);
}

static void check_retry_after(struct taste *taste)
{
    int64_t wait_ms, now_ms = NOW * 1000LL + taste_u32(taste);
    if (retry_after_read(taste_rest(taste), now_ms, &wait_ms))
        must(wait_ms >= 0 && wait_ms <= RETRY_AFTER_MS_MAX);
}

static void check_date(struct taste *taste)
{
    char format[DATE_FORMAT_SIZE + 8], text[DATE_TEXT_SIZE];
    int64_t time_ms, again_ms;

    taste_text(taste, format, sizeof format);
    if (!date_format_is_valid(format) || !date_read(format, taste_rest(taste), &time_ms))
        return;
    date_write(format, time_ms, text);
    must(date_read(format, span_of_string(text), &again_ms) && again_ms == time_ms);
}

static void check_pointer(struct taste *taste)
{
    char pointer[300], token[POINTER_TOKEN_SIZE], scalar[64];

    taste_text(taste, pointer, sizeof pointer);
    json_t *json = json_of_bytes(taste_rest(taste));
    bool valid = pointer_is_valid(pointer);
    unsigned tokens = 0;
    for (const char *rest = pointer; valid && *rest; tokens++) {
        rest = pointer_step(rest, token);
        must(rest != NULL && strlen(token) < POINTER_TOKEN_SIZE && tokens < POINTER_TOKENS_MAX);
    }
    if (json && valid) {
        const json_t *found = pointer_get(json, pointer);
        if (!pointer[0])
            must(found == json);
        if (found && scalar_text(found, scalar, sizeof scalar))
            must(strlen(scalar) < sizeof scalar);
    }
    json_decref(json);
}

static void check_fold(struct taste *taste)
{
    struct span text = taste_rest(taste);
    struct folded once = fold(text), twice = fold(span_of(once.string, once.size));

    must(once.string != NULL && twice.string != NULL);
    must(strlen(once.string) == once.size && span_is_utf8(span_of(once.string, once.size)));
    must(folded_equal(&once, &twice));
    must(!once.size || folded_has(&once, &twice));
    folded_done(&once);
    folded_done(&twice);
}

/* Nine digits, single blanks or dots between them. */
static bool tells_a_number(const char *text)
{
    for (const char *at = text; *at; at++) {
        unsigned digits = 0;
        for (const char *end = at; *end; end++) {
            if (isdigit((unsigned char)*end))
                digits++;
            else if (end == at || (*end != ' ' && *end != '.') || !isdigit((unsigned char)end[1]))
                break;
        }
        if (digits > 8)
            return true;
    }
    return false;
}

static void check_scrub(struct taste *taste)
{
    char words[256], slug[96], mark[PROSE_MARK_SIZE];
    struct text text = text_of(words, sizeof words), short_text = text_of(slug, sizeof slug);
    size_t most = taste_below(taste, 96);
    struct span from = taste_rest(taste);

    scrub_add(&text, from);
    must(span_is_utf8(span_of(words, strlen(words))));
    must(!tells_a_number(words) && !strchr(words, '@'));
    slug_add(&short_text, from, most);
    must(strlen(slug) <= most && !short_text.cut);
    for (const char *at = slug; *at; at++)
        must(islower((unsigned char)*at) || isdigit((unsigned char)*at) || strchr("._-", *at));
    prose_mark(from, mark);
    must(strlen(mark) == PROSE_MARK_SIZE - 1);
}

/* Fifteen digits of a number are written: enough that writing what was read gives the same bytes. */
static void check_json(struct taste *taste)
{
    size_t most = taste_u8(taste) * 8u, used = 0, again_used = 0;
    json_t *json = json_of_bytes(taste_rest(taste));
    char *body = NULL, *again_body = NULL;

    if (!json)
        return;
    if (json_to_body(json, most, &body, &used) == RESULT_OK) {
        must(used <= most && body[used] == 0);
        json_t *again = json_of_bytes(span_of(body, used));
        must(again != NULL && json_to_body(again, most, &again_body, &again_used) == RESULT_OK);
        must(used == again_used && memcmp(body, again_body, used) == 0);
        json_decref(again);
        free(again_body);
        free(body);
    }
    json_decref(json);
}

static void check_key(struct taste *taste)
{
    char key[IDEMPOTENCY_KEY_SIZE];
    taste_text(taste, key, sizeof key);
    (void)idempotency_key_handoff("gw-1", key);
    (void)idempotency_key_handoff("", key);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const checks[])(struct taste *) = { check_clock, check_duration, check_retry_after, check_date,
                                                      check_pointer, check_fold, check_scrub, check_json, check_key };
    struct taste taste = taste_of(bytes, size);
    unsigned which = taste_below(&taste, sizeof checks / sizeof *checks);

    checks[which](&taste);
    return 0;
}
