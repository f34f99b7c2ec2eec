/* options.c - what a world is like. Swarm: each fault is off in a good part of all worlds, so that it cannot hide what
 * only shows without it, and frequent in others. */
#include <stdio.h>

#include "tests/sim/sim.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* 0 in one world of three, else between 1 and `most`. */
static uint32_t sometimes(struct dice *dice, uint32_t most)
{
    return dice_below(dice, 3) == 0 ? 0 : 1 + dice_below(dice, most);
}

static void draw_sizes(struct options *options, struct dice *dice)
{
    options->one_stops = 2 + dice_below(dice, 2);
    options->sectors = dice_percent(dice, 75) ? 6 : 9;
    options->cases = 4 + dice_below(dice, 24);
    options->letters = 30 + dice_below(dice, 120);
    options->storm_turns = 300 + dice_below(dice, 300);
    options->crashes = dice_below(dice, 5);                         /* 0 .. 4, two on average */
    options->commit_crash_percent = dice_below(dice, 101);
    options->journal_bytes = 64u << 10 << 2 * dice_below(dice, 3);
    options->settle_percent = sometimes(dice, 30);
    options->adapters_per_agency = 1 + dice_below(dice, 2);
    options->credit = 1 + dice_below(dice, 8);
    options->step_ms = dice_between(dice, 200, 3 * SECOND);
    options->delay_ms = dice_between(dice, 1, 2 * SECOND);
    options->lease_ms = dice_between(dice, 10 * SECOND, 60 * SECOND);
    options->backoff_ms = dice_between(dice, 1 * SECOND, 10 * SECOND);
    options->antecedent_ms = dice_between(dice, 3 * MINUTE, 30 * MINUTE);
    options->purge_ms = dice_between(dice, 1 * MINUTE, 40 * MINUTE);
    options->repeat_ms = dice_between(dice, 3 * SECOND, 30 * SECOND);
    options->attempts_max = 1 + dice_below(dice, 6);
    options->lapses_max = 1 + dice_below(dice, 4);
    options->breaker_after = 2 + dice_below(dice, 5);
    options->body_bytes = 40 + dice_below(dice, 200);
}

static void draw_faults(struct options *options, struct dice *dice)
{
    options->loss_percent = sometimes(dice, 15);
    options->again_percent = sometimes(dice, 20);
    options->break_permille = sometimes(dice, 30);
    options->stall_permille = sometimes(dice, 150);
    options->death_permille = sometimes(dice, 15);
    options->act_late_percent = sometimes(dice, 60);
    options->moody_percent = sometimes(dice, 70);
    options->trouble_percent = sometimes(dice, 30);
    options->abort_permille = sometimes(dice, 20);
    options->jump_permille = sometimes(dice, 8);
    options->wall_permille = sometimes(dice, 10);
}

static void draw_habits(struct options *options, struct dice *dice)
{
    options->gate_percent = sometimes(dice, 60);
    options->withdraw_percent = sometimes(dice, 15);
    options->correct_percent = sometimes(dice, 80);
    options->answer_percent = sometimes(dice, 80);
    options->conflict_percent = sometimes(dice, 15);
    options->operator_permille = sometimes(dice, 250);
    options->directory_permille = sometimes(dice, 40);
    options->class_changes = dice_percent(dice, 50);
    options->abolish = dice_percent(dice, 50);
    options->keys = dice_percent(dice, 40);
    options->waiter_percent = sometimes(dice, 100);
    options->few_kinds = dice_percent(dice, 25);
    options->kinds_of_news = dice_percent(dice, 60);
    options->cursors = dice_percent(dice, 40);
    options->backups = dice_percent(dice, 30);
    options->replay_groups = dice_percent(dice, 15);
    options->far_jump = dice_percent(dice, 3);
}

static void draw_facts(struct options *options, struct dice *dice)
{
    options->facts_percent = dice_percent(dice, 15) ? 0 : 30 + dice_below(dice, 71);
    options->strange_percent = sometimes(dice, 40);
    options->older_percent = sometimes(dice, 40);
    options->partner_percent = sometimes(dice, 60);
    options->paper_percent = sometimes(dice, 30);
    options->pass_on_percent = sometimes(dice, 40);
    options->recall_percent = sometimes(dice, 50);
    options->correction_percent = sometimes(dice, 25);
    options->flow_percent = sometimes(dice, 30);
    options->citizen_percent = sometimes(dice, 60);
    options->send_back_percent = sometimes(dice, 30);
    options->look_permille = sometimes(dice, 30);
    options->courses = dice_percent(dice, 75);
    options->catalogue = dice_percent(dice, 60);
    options->calendar = dice_percent(dice, 50);
    options->calendar_comes = dice_percent(dice, 70);
    options->all_move_due = dice_percent(dice, 50);
    options->late = dice_percent(dice, 60);
    options->brake = sometimes(dice, 4);
}

void options_draw(struct options *options, struct dice *dice, uint64_t seed)
{
    *options = (struct options){ 0 };
    draw_sizes(options, dice);
    draw_faults(options, dice);
    draw_habits(options, dice);
    draw_facts(options, dice);
    options->full = dice_percent(dice, 20);
    options->store_bytes_max = 2ULL << 30;
    if (options->full) {
        options->body_bytes = 2000 + dice_below(dice, 6000);
        options->store_bytes_max = 100000 + dice_below(dice, 400000);
        options->purge_ms = dice_between(dice, 10 * SECOND, 2 * MINUTE);
    }
    options->told_twice = seed % 3 == 0;
}

void options_print(const struct options *o)
{
    printf("  agencies=%u+%u cases=%u letters=%u turns=%u crashes=%u(%u%% after commit) loss=%u%% again=%u%% "
           "delay=%lldms break=%u/1000 stall=%u/1000 death=%u/1000 late=%u%% moods=%u%% trouble=%u%%\n"
           "  gates=%u%% withdraw=%u%% operators=%u/1000 directory=%u/1000%s abort=%u/1000 jump=%u/1000 wall=%u/1000 "
           "lease=%llds attempts=%u journal=%u settled=%u%%%s%s%s%s%s%s%s\n",
           o->one_stops, o->sectors, o->cases, o->letters, o->storm_turns, o->crashes, o->commit_crash_percent,
           o->loss_percent, o->again_percent, (long long)o->delay_ms, o->break_permille, o->stall_permille,
           o->death_permille, o->act_late_percent, o->moody_percent, o->trouble_percent, o->gate_percent,
           o->withdraw_percent, o->operator_permille, o->directory_permille, o->class_changes ? "(classes)" : "",
           o->abort_permille, o->jump_permille, o->wall_permille, (long long)o->lease_ms / 1000, o->attempts_max,
           o->journal_bytes, o->settle_percent,
           o->full ? " full" : "", o->few_kinds ? " few-kinds" : "", o->cursors ? " cursors" : "",
           o->backups ? " backups" : "", o->keys ? " keys" : "", o->far_jump ? " far-jump" : "",
           o->told_twice ? " told-twice" : "");
}
