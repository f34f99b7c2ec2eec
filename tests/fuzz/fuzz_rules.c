/* fuzz_rules.c - rule files and answers they have to judge: "=== any.yaml", "=== x.yaml" ... a folder of rules, and
 * "=== answer" with the bytes of judged.h in front of a body.
 *
 * Must hold: a book without a fault gives a chain for each of its sets; what that says is a judgement as judged.h wants
 * it, and the same twice. */
#include <string.h>

#include "adapters/kinds/rules.h"
#include "tests/fuzz/judged.h"

static void judge(const struct rules *rules, struct span answer)
{
    struct taste taste = taste_of(answer.bytes, answer.size);
    struct question question = { .dossier_code = "H29.07.01-260304-0001", .idempotency_key = "hcm-4d" };
    struct judgement first, second;

    question.call = 1 + taste_below(&taste, CALL_END - 1);
    question.kind = taste_below(&taste, KIND_END);
    question.attempt = 1 + taste_below(&taste, 2);
    question.agency_class = 1 + taste_below(&taste, CLASS_END - 1);
    question.recently_created = taste_below(&taste, 2);
    question.answer = judged_answer(&taste);
    question.request_body = span_of_string("{\"data\":[{\"MaHoSo\":\"H29.07.01-260304-0001\",\"Loai\":7}]}");
    question.answer.body = taste_rest(&taste);
    rules_judge(rules, &question, &first);
    judged_check(&first, question.call, question.kind);
    rules_judge(rules, &question, &second);
    must(first.verdict == second.verdict && first.next == second.next && first.scope == second.scope);
    must(strcmp(first.fingerprint, second.fingerprint) == 0 && strcmp(first.reason, second.reason) == 0);
}

static void use(const struct rulebook *book, struct span answer)
{
    static const char *const names[] = { "any", "x", "y", "hotich" };
    static const char *const before[] = { "y" };
    struct faults faults;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        must(faults_init(&faults) == RESULT_OK);
        struct rules *rules = rules_build(book, names[i], before, rulebook_has(book, "y") && i == 1, NULL, &faults);
        must((rules != NULL) == (faults.count == 0) && (!rules || rulebook_has(book, names[i])));
        if (rules)
            judge(rules, answer);
        rules_free(rules);
        faults_done(&faults);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span answer = { 0 };
    struct faults faults;
    char folder[256];
    struct text path = text_of(folder, sizeof folder);

    shelf_remove("rules");
    shelf_write("rules/.made", span_of("", 0));
    shelf_of_input("rules", bytes, size);
    (void)shelf_part(bytes, size, "answer", &answer);
    must(faults_init(&faults) == RESULT_OK);
    text_add(&path, "%s", shelf_below("rules"));
    struct rulebook *book = rulebook_open(folder, &faults);
    must(book != NULL);
    if (!faults.count)
        use(book, answer);
    rulebook_close(book);
    faults_done(&faults);
    return 0;
}
