/* flow_words.h - where a step of an interlinked procedure stands, in plain words. Pure. */
#ifndef GATEWAY_CORE_FLOW_WORDS_H
#define GATEWAY_CORE_FLOW_WORDS_H

#include "gateway/base/words.h"

/* "" for a state of tomorrow. */
const char *flow_state_vi(enum flow_state state);
const char *flow_state_en(enum flow_state state);

#endif
