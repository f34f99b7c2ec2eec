/* core_operator.h - an operator's questions and acts in a core_world. */
#ifndef TESTS_UNIT_CORE_OPERATOR_H
#define TESTS_UNIT_CORE_OPERATOR_H

#include "tests/unit/core_world.h"

/* Verb, handoff (0 none), reason "because", uid 1000; change it, then ask. */
struct command operator_command(const char *verb, uint64_t handoff);
/* Runs it; asserts one reply. Lent until the next command. */
const struct admin_reply *operator_ask(struct world *world, const struct command *command);
const struct admin_reply *operator_do(struct world *world, const char *verb, uint64_t handoff);
/* Asserts a refusal with a sentence in each language that changed nothing. */
enum problem_type operator_refusal(struct world *world, const struct command *command);
/* "" when it is not there. */
const char *operator_fact(const struct admin_reply *reply, const char *name);
uint64_t operator_number(const struct admin_reply *reply, const char *name);

/* A FORWARD of a dossier of its own. */
uint64_t operator_send(struct world *world, const char *to, unsigned dossier);
/* The same, made to fail with this fingerprint: the first LATER is one too many. */
uint64_t operator_send_failing(struct world *world, const char *to, unsigned dossier, const char *fingerprint);

#endif
