/* people.c - operators who act at the worst moment, and who clean up afterwards. They know the handoffs that agencies
 * speak of, and what the gateway's own lists tell them. */
#include <stdio.h>
#include <string.h>

#include "gateway/core/verb.h"
#include "tests/sim/sim.h"

enum { ROUNDS_OF_PATIENCE = 3 };

static struct admin admin_of(const char *verb, const char *reason)
{
    struct admin admin = { .uid = 1000 };
    snprintf(admin.verb, sizeof admin.verb, "%s", verb);
    snprintf(admin.reason, sizeof admin.reason, "%s", reason);
    return admin;
}

/* Mostly one that is on its way right now, or was a moment ago. */
static uint64_t draw_handoff(struct world *world)
{
    if (dice_percent(&world->dice, 50))
        for (int tries = 0; tries < 40; tries++) {
            const struct job *job = &world->jobs[dice_below(&world->dice, 64)];
            if (job->handoff)
                return job->handoff;
        }
    uint32_t recent = world->known_count < 30 ? world->known_count : 30;
    return recent ? world->known_handoffs[world->known_count - 1 - dice_below(&world->dice, recent)] : 0;
}

static void ask(struct world *world, const struct admin *admin, enum audit_act act)
{
    bool behind = admin->behind == BEHIND_CLOSE || admin->behind == BEHIND_TAKE_ALONG;
    int32_t agency = admin->filter.agency[0] ? place_agency(world, admin->filter.agency) : NONE;

    if (act && !admin->dry_run)
        audit_operator_asks(world->audit, act, admin->handoff, agency, behind);
    if (admin->handoff)
        STORY(world, admin->handoff, "a person asks: %s%s%s%s", admin->verb, admin->dry_run ? " (dry run)" : "",
              admin->behind ? " behind=" : "", admin->behind ? behind_name(admin->behind) : "");
    else
        STORY(world, 0, "a person asks: %s %s%s", admin->verb, admin->code, admin->filter.agency);
    gateway_operator(world, admin);
}

/* ---- in the storm */

static void move_one(struct world *world)
{
    struct admin admin = admin_of("replay", "thử lại / again");
    enum audit_act act = ACT_REPLAY;

    admin.handoff = draw_handoff(world);
    if (!admin.handoff)
        return;
    admin.dry_run = dice_percent(&world->dice, 10);
    switch (dice_below(&world->dice, 8)) {
    case 0: case 1: case 2:
        admin.fresh_key = dice_percent(&world->dice, 10);
        act = admin.fresh_key ? ACT_REPLAY_FRESH : ACT_REPLAY;
        break;
    case 3:
        snprintf(admin.verb, sizeof admin.verb, "close");
        admin.behind = dice_below(&world->dice, BEHIND_END);
        act = ACT_CLOSE;
        break;
    case 4:
        snprintf(admin.verb, sizeof admin.verb, "redirect");
        admin.behind = dice_below(&world->dice, BEHIND_END);
        snprintf(admin.to, sizeof admin.to, "%s", world->codes[dice_below(&world->dice, world->agency_count)]);
        act = ACT_REDIRECT;
        break;
    case 5: case 6:
        snprintf(admin.verb, sizeof admin.verb, "hold");
        act = ACT_HOLD;
        break;
    default:
        snprintf(admin.verb, sizeof admin.verb, "release");
        act = ACT_RELEASE;
        break;
    }
    ask(world, &admin, act);
}

/* Requests for apologies that were too many in an hour go all the same. */
static void let_go(struct world *world, uint32_t agency)
{
    struct admin admin = admin_of("late-release", "đã xem / looked at");
    snprintf(admin.code, sizeof admin.code, "%s", world->codes[agency]);
    audit_let_go(world->audit, (int32_t)agency, gateway_now_ms(world));
    ask(world, &admin, 0);
}

static void move_agency(struct world *world)
{
    struct admin admin = admin_of(dice_percent(&world->dice, 40) ? "hold" : "release", "xem xét / looking");
    snprintf(admin.code, sizeof admin.code, "%s", world->codes[dice_below(&world->dice, world->agency_count)]);
    ask(world, &admin, 0);
    if (world->options.brake && dice_percent(&world->dice, 5))
        let_go(world, dice_below(&world->dice, world->agency_count));
    if (!dice_percent(&world->dice, 30))
        return;
    world->offices[dice_below(&world->dice, world->agency_count)].mapping_fixed = true;
}

static void move_group(struct world *world)
{
    struct admin admin = admin_of("replay", "cả nhóm / the whole group");
    snprintf(admin.filter.agency, sizeof admin.filter.agency, "%s",
             world->codes[dice_below(&world->dice, world->agency_count)]);
    admin.filter.state = dice_percent(&world->dice, 70) ? STATE_FAILED : STATE_UNSURE;
    admin.limit = 1 + dice_below(&world->dice, 5);
    ask(world, &admin, ACT_REPLAY);
}

static void back_up(struct world *world)
{
    struct admin admin = admin_of(dice_percent(&world->dice, 50) ? "backup-begin" : "backup-end", "");
    admin.covered_seq = 1 + dice_below(&world->dice, world->turns + 1);
    gateway_operator(world, &admin);
}

static void question(struct world *world)
{
    static const char *const verbs[] = { "status", "show", "explain", "track", "list", "failed", "agencies" };
    struct admin admin = admin_of(verbs[dice_below(&world->dice, 7)], "");

    admin.handoff = draw_handoff(world);
    if (strcmp(admin.verb, "track") == 0)
        snprintf(admin.code, sizeof admin.code, "000.00.07.H29.%02u", dice_below(&world->dice, world->options.cases));
    if (strcmp(admin.verb, "list") == 0)
        admin.filter.state = dice_below(&world->dice, STATE_END);
    gateway_operator(world, &admin);
}

/* A person says that the wall clock is right, mostly when it is. */
static void look_at_clock(struct world *world)
{
    struct admin admin = admin_of("confirm-clock", "đã xem đồng hồ / looked at the clock");

    if (gateway_time_is_in_doubt(world) && dice_percent(&world->dice, world->wall_off_ms ? 1 : 10))
        ask(world, &admin, 0);
}

void people_act(struct world *world)
{
    if (world->options.wall_permille)
        look_at_clock(world);
    if (dice_permille(&world->dice, world->options.directory_permille))
        place_change(world);
    if (!dice_permille(&world->dice, world->options.operator_permille))
        return;
    uint32_t what = dice_below(&world->dice, 20);
    if (what < 12)
        move_one(world);
    else if (what < 15)
        question(world);
    else if (what < 18)
        move_agency(world);
    else if (world->options.replay_groups && what == 18)
        move_group(world);
    else if (world->options.backups)
        back_up(world);
}

/* ---- afterwards */

void people_calm(struct world *world)
{
    struct admin held = admin_of("list", ""), agencies = admin_of("agencies", "");

    held.filter.state = STATE_HELD;
    gateway_operator(world, &held);
    gateway_operator(world, &agencies);
}

void people_see_to_it(struct world *world, uint32_t round)
{
    static const enum state states[] = { STATE_FAILED, STATE_UNSURE, STATE_HELD };

    world->round = round;
    for (uint32_t i = 0; world->options.brake && round == 1 && i < world->agency_count; i++)
        let_go(world, i);
    for (int i = 0; i < 3; i++) {
        struct admin list = admin_of("list", "");
        list.filter.state = states[i];
        gateway_operator(world, &list);
    }
}

/* What failed is tried again once or twice; what fails for good is closed by a named person. */
static void see_to(struct world *world, const struct handoff *handoff)
{
    bool patient = world->round && world->round <= ROUNDS_OF_PATIENCE;
    struct admin admin = admin_of("close", "không làm được / cannot be done");
    enum audit_act act = ACT_CLOSE;

    admin.handoff = handoff->id;
    if (handoff->state == STATE_HELD) {
        if (!(handoff->flags & HANDOFF_ON_HOLD) && world->round <= 2 * ROUNDS_OF_PATIENCE)
            return;                                         /* behind a gate: its time will come */
        snprintf(admin.verb, sizeof admin.verb, "release");
        act = ACT_RELEASE;
    } else if (!world->round) {
        return;
    } else if (patient && handoff->fail_class != FAIL_BAD_DATA) {
        snprintf(admin.verb, sizeof admin.verb, "replay");
        act = ACT_REPLAY;
    }
    ask(world, &admin, act);
}

void people_ask_why(struct world *world)
{
    struct admin admin = admin_of("explain", "");
    admin.handoff = world->failed_handoff;
    if (admin.handoff)
        gateway_operator(world, &admin);
}

static void hear_done(struct world *world, const struct admin *admin, const struct admin_reply *reply)
{
    static const struct { const char *verb; enum audit_act act; } acts[] = {
        { "replay", ACT_REPLAY }, { "close", ACT_CLOSE }, { "redirect", ACT_REDIRECT }, { "hold", ACT_HOLD },
        { "release", ACT_RELEASE },
    };
    STORY(world, admin->handoff, "%s: done", admin->verb);
    for (uint32_t i = 0; i < reply->advice_count; i++)
        STORY(world, admin->handoff, "  %s", reply->advice[i].en);
    if (strcmp(admin->verb, "close") == 0 && reply->more)
        return;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].verb, admin->verb) == 0 && reply->affected && admin->handoff && !admin->dry_run)
            audit_operator_told(world->audit, acts[i].act, admin->handoff);
}

void people_hear(struct world *world, const struct command *command, const struct effect *effect)
{
    const struct admin *admin = &command->admin;
    const struct admin_reply *reply = &effect->admin_reply;
    bool backup = strcmp(admin->verb, "backup-begin") == 0 && !reply->refused;

    if (strcmp(admin->verb, "confirm-clock") == 0 && !reply->refused) {
        gateway_confirm_time(world);
        return;
    }
    if (backup || strcmp(admin->verb, "backup-end") == 0) {
        gateway_backup(world, backup);
        return;
    }
    if (!reply->refused)
        hear_done(world, admin, reply);
    else
        STORY(world, admin->handoff, "%s is refused: %s", admin->verb, reply->refused->sentence_en);
    if (!world->calm)
        return;
    for (uint32_t i = 0; strcmp(admin->verb, "list") == 0 && i < reply->handoff_count; i++)
        see_to(world, &reply->handoffs[i].handoff);
    for (uint32_t i = 0; strcmp(admin->verb, "agencies") == 0 && i < reply->agency_count; i++) {
        struct admin release = admin_of("release", "xong / done");
        if (!reply->agencies[i].state.paused && !reply->agencies[i].state.on_hold)
            continue;
        snprintf(release.code, sizeof release.code, "%s", reply->agencies[i].code);
        ask(world, &release, 0);
    }
}
