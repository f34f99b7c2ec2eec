/* kinds_judge.h - questions to the rule sets in adapters/rules, in one line each. */
#ifndef TESTS_UNIT_KINDS_JUDGE_H
#define TESTS_UNIT_KINDS_JUDGE_H

#include "adapters/kinds/rules.h"
#include "tests/unit/kinds_scratch.h"

/* From judge_start() to judge_stop(), which are a group's setup and teardown. */
extern struct rulebook *judge_book;
extern struct faults judge_faults;
extern struct scratch judge_scratch;
int judge_start(void **state);
int judge_stop(void **state);

/* 0 stands for: create, FORWARD, the first, NEITHER, 200. */
struct asked {
    const char *dialect;
    enum call call;
    enum kind kind;
    uint32_t attempt;
    enum agency_class class;
    int http;
    const char *body;
};
struct question question_of(struct asked asked);
struct rules *judge_chain(const char *dialect, const char *front);          /* the caller frees it */
struct judgement judge_with(struct rules *rules, struct question question);
struct judgement judge(struct asked asked);

#endif
