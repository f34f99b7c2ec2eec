/* store_damage_inside.h - what the files store_damage*.c share: how a handoff of the sample is changed, how its faults
 * begin. Nobody else includes it. */
#ifndef TESTS_UNIT_STORE_DAMAGE_INSIDE_H
#define TESTS_UNIT_STORE_DAMAGE_INSIDE_H

#include "gateway/store/records.h"
#include "tests/unit/store_damage.h"
#include "tests/unit/store_sample.h"

#define ID(name) SAMPLE_ID(SAMPLE_##name)
#define NOTHING ((struct span){ 0 })
#define TIMER_MS (SITE_NOW_MS + 30000)

#define H "handoff 2814749767106"
#define OF " of " H
#define CASE(name, ...) { #name, name, { __VA_ARGS__ } }

struct handoff damage_handoff(struct raw *raw, uint64_t id);
void damage_handoff_put(struct raw *raw, const struct handoff *handoff);

#endif
