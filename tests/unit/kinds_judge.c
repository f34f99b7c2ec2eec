#include "tests/unit/kinds_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct rulebook *judge_book;
struct faults judge_faults;
struct scratch judge_scratch;

int judge_start(void **state)
{
    (void)state;
    scratch_open(&judge_scratch);
    if (faults_init(&judge_faults) != RESULT_OK)
        return 1;
    judge_book = rulebook_open("adapters/rules", &judge_faults);
    faults_print(&judge_faults);
    return !judge_book || judge_faults.count;
}

int judge_stop(void **state)
{
    (void)state;
    rulebook_close(judge_book);
    faults_done(&judge_faults);
    scratch_done(&judge_scratch);
    return 0;
}

struct judgement judge_with(struct rules *rules, struct question question)
{
    struct judgement judgement;
    rules_judge(rules, &question, &judgement);
    return judgement;
}

struct question question_of(struct asked asked)
{
    return (struct question){
        .call = asked.call ? asked.call : CALL_CREATE, .kind = asked.kind ? asked.kind : KIND_FORWARD,
        .attempt = asked.attempt ? asked.attempt : 1, .agency_class = asked.class ? asked.class : CLASS_NEITHER,
        .dossier_code = "", .idempotency_key = "",
        .answer = { asked.http ? asked.http : 200, span_of_string(asked.body), false, -1 },
    };
}

struct rules *judge_chain(const char *dialect, const char *front)
{
    const char *before[] = { front };
    struct rules *rules = rules_build(judge_book, dialect, before, front ? 1 : 0, NULL, &judge_faults);
    assert_non_null(rules);
    return rules;
}

struct judgement judge(struct asked asked)
{
    struct rules *rules = judge_chain(asked.dialect, NULL);
    struct judgement judgement = judge_with(rules, question_of(asked));
    rules_free(rules);
    return judgement;
}
