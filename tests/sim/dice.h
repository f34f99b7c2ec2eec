/* dice.h - all chance of a world, from its seed: the same seed, the same throws. Pure. */
#ifndef TESTS_SIM_DICE_H
#define TESTS_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice { uint64_t state; };

uint64_t dice_throw(struct dice *dice);
uint32_t dice_below(struct dice *dice, uint32_t count);                     /* 0 .. count - 1; 0 for none */
int64_t  dice_between(struct dice *dice, int64_t from, int64_t to);         /* both included */
bool     dice_percent(struct dice *dice, uint32_t percent);
bool     dice_permille(struct dice *dice, uint32_t permille);
/* Mostly short, sometimes long: between 1 and about 6 times `mean`. */
int64_t  dice_wait(struct dice *dice, int64_t mean);

#endif
