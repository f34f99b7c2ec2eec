/* fuzz_answers.c - what an agency's system may answer, judged by the shipped rules: first byte the rule set, then
 * status, call, kind ..., then any bytes as the body. Also as the answer of a login and of a poll.
 *
 * Must hold: every answer is judged (judged.h); a login is never UNSURE; a page's items are within every bound of a
 * SUBMIT, and their cursors too. */
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/config.h"
#include "adapters/kinds/rules.h"
#include "gateway/base/hash.h"
#include "tests/fuzz/agencies.h"
#include "tests/fuzz/judged.h"

static const char *const dialects[] = { "rest", "hotich", "dvcqg", "any", "dmdc", "dvclt", "lgsp", "lltp", "one-stop",
                                        "vxp" };
enum { DIALECTS = sizeof dialects / sizeof *dialects };

static struct rules *chains[DIALECTS];

static void start(void)
{
    struct faults faults;

    must(faults_init(&faults) == RESULT_OK);
    struct rulebook *book = rulebook_open("adapters/rules", &faults);
    must(book != NULL && !faults.count);
    for (unsigned i = 0; i < DIALECTS; i++)
        if (rulebook_has(book, dialects[i])) {
            chains[i] = rules_build(book, dialects[i], NULL, 0, NULL, &faults);
            must(chains[i] != NULL);
        }
    must(chains[0] && chains[3]);
    rulebook_close(book);
    faults_done(&faults);
}

static void check_rules(struct taste *taste, const struct rules *rules)
{
    struct question question = { .dossier_code = "H29.07.01-260304-0001", .idempotency_key = "hcm-4d" };
    struct judgement judgement;

    question.call = 1 + taste_below(taste, CALL_END - 1);
    question.kind = taste_below(taste, KIND_END);
    question.attempt = 1 + taste_below(taste, 2);
    question.agency_class = 1 + taste_below(taste, CLASS_END - 1);
    question.recently_created = taste_below(taste, 2);
    question.answer = judged_answer(taste);
    question.request_body = taste_span(taste, 200);
    question.answer.body = taste_rest(taste);
    rules_judge(rules, &question, &judgement);
    judged_check(&judgement, question.call, question.kind);
}

static void check_token(struct taste *taste)
{
    static struct token token;
    struct judgement why;
    const struct agency_config *agency = agencies_get(taste_below(taste, AGENCIES));
    struct http_answer answer = judged_answer(taste);

    answer.body = taste_rest(taste);
    if (token_answer(agency, &answer, &token, &why)) {
        must(token.text[0] && strnlen(token.text, TOKEN_SIZE) < TOKEN_SIZE && token.lifetime_ms >= 0);
        for (const char *at = token.text; *at; at++)
            must(*at > ' ' && *at <= '~');                      /* it goes into a header line */
    } else {
        must(why.verdict == VERDICT_LATER || why.verdict == VERDICT_MISCONFIGURED);
        judged_check(&why, CALL_TOKEN, 0);
    }
}

static void check_item(const struct pull_item *item)
{
    static uint8_t header[HEADER_BYTES_MAX];
    size_t used;

    must(item->kind > 0 && item->kind < KIND_END && item->dossier_code[0] && item->source_time_ms > 0);
    must(item->cursor_bytes <= CURSOR_VALUE_BYTES_MAX && item->status <= 10);
    must(uuid_time_ms(&item->message_id) == item->source_time_ms);
    if (pull_item_header(item, "H29.07", header, sizeof header, &used) != RESULT_OK)
        return;
    Lienthong__V1__Header *again = lienthong__v1__header__unpack(NULL, used, header);
    must(again != NULL && strcmp(again->dossier_code, item->dossier_code) == 0 && again->kind == (uint32_t)item->kind);
    lienthong__v1__header__free_unpacked(again, NULL);
}

static void check_page(struct taste *taste)
{
    struct pull_page page;
    struct judgement why;
    struct http_answer answer = { .http_status = taste_below(taste, 4) ? 200 : 204, .retry_after_ms = -1 };

    answer.body_cut = taste_below(taste, 8) == 7;
    answer.body = taste_rest(taste);
    if (!pull_read(agencies_get(AGENCY_PULLS), "hcm", &answer, &page, &why)) {
        must(why.verdict);
        return;
    }
    must(page.count <= PULL_ITEMS_MAX && page.cursor_bytes <= CURSOR_VALUE_BYTES_MAX);
    for (size_t i = 0; i < page.count; i++)
        check_item(&page.items[i]);
    pull_page_done(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct taste taste = taste_of(bytes, size);
    unsigned which = taste_below(&taste, 16);

    if (!chains[0]) {
        must(hash_start() == RESULT_OK);
        start();
    }
    if (which == 14)
        check_token(&taste);
    else if (which == 15)
        check_page(&taste);
    else if (chains[which % DIALECTS])
        check_rules(&taste, chains[which % DIALECTS]);
    return 0;
}
