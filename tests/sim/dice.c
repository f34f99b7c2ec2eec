#include "tests/sim/dice.h"

/* splitmix64. */
uint64_t dice_throw(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

uint32_t dice_below(struct dice *dice, uint32_t count)
{
    return count ? (uint32_t)(dice_throw(dice) >> 32) % count : 0;
}

int64_t dice_between(struct dice *dice, int64_t from, int64_t to)
{
    return from + (int64_t)(dice_throw(dice) % (uint64_t)(to - from + 1));
}

bool dice_percent(struct dice *dice, uint32_t percent)
{
    return dice_below(dice, 100) < percent;
}

bool dice_permille(struct dice *dice, uint32_t permille)
{
    return dice_below(dice, 1000) < permille;
}

int64_t dice_wait(struct dice *dice, int64_t mean)
{
    int64_t wait = dice_between(dice, 1, mean);
    while (wait < 5 * mean && dice_percent(dice, 50))
        wait += dice_between(dice, 1, mean);
    return wait;
}
