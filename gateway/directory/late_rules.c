/* late_rules.c - gateway.yaml, 'late': what is done about dossiers that will not be in time, and about URGEs. Read,
 * checked, and its part of the canonical bytes. */
#include "gateway/directory/inside.h"

#define HOUR_MS (3600LL * 1000)

enum { BRAKE_MAX = 100000, ESCALATIONS_MAX = 1000 };

static const struct late_rules defaults = {
    .ask = { DEADLINE_WORKING_DAYS, 1 }, .ask_short = { DEADLINE_WORKING_HOURS, 2 },
    .quiet = { DEADLINE_WORKING_HOURS, 4 }, .brake_per_hour = 60, .escalations_max = 30,
    .urge_answer_ms = 24 * HOUR_MS,
};

static void notice_read(const struct yaml_node *late, const char *key, struct deadline_rule *ret_rule)
{
    const struct yaml_node *node = yaml_get(late, key);
    struct deadline_rule rule;

    if (!node)
        return;
    if (deadline_rule_read(yaml_scalar(node), &rule) &&
        (rule.kind == DEADLINE_WORKING_HOURS || rule.kind == DEADLINE_WORKING_DAYS || rule.kind == DEADLINE_NONE))
        *ret_rule = rule;
    else
        yaml_fault(node, "'%s' is working hours or days, as in h4 or w1, or none, not '%s'", key, yaml_scalar(node));
}

static void count_read(const struct yaml_node *late, const char *key, int64_t max, uint32_t *ret_count)
{
    int64_t value;
    if (yaml_get_int(late, key, false, 0, max, &value))
        *ret_count = (uint32_t)value;
}

void late_rules_read(const struct yaml_node *root, struct tables *tables)
{
    const struct yaml_node *late = yaml_get(root, "late");

    tables->late = defaults;
    if (!late || !entry_is_mapping(late, "'late'"))
        return;
    notice_read(late, "ask", &tables->late.ask);
    notice_read(late, "ask_short", &tables->late.ask_short);
    notice_read(late, "quiet", &tables->late.quiet);
    count_read(late, "brake_per_hour", BRAKE_MAX, &tables->late.brake_per_hour);
    count_read(late, "escalations", ESCALATIONS_MAX, &tables->late.escalations_max);
    yaml_get_duration_ms(late, "urge_answer", false, 0, 30 * 24 * HOUR_MS, &tables->late.urge_answer_ms);
}

void late_rules_write(FILE *out, const struct tables *tables)
{
    char ask[DEADLINE_RULE_SIZE], ask_short[DEADLINE_RULE_SIZE], quiet[DEADLINE_RULE_SIZE];

    deadline_rule_text(&tables->late.ask, ask);
    deadline_rule_text(&tables->late.ask_short, ask_short);
    deadline_rule_text(&tables->late.quiet, quiet);
    fprintf(out, "late %s %s %s %u %u %lld\n", ask, ask_short, quiet, tables->late.brake_per_hour,
            tables->late.escalations_max, (long long)tables->late.urge_answer_ms);
}
