/* gateway.yaml, and how an agency is delivered to. */
#include <string.h>

#include "gateway/directory/inside.h"

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static void count_read(const struct yaml_node *node, const char *key, int64_t max, uint32_t *ret_count)
{
    int64_t value;

    if (yaml_get_int(node, key, false, 1, max, &value))
        *ret_count = (uint32_t)value;
}

/* "5", "0.5": at most three decimals, so that it is a whole number of thousandths in the canonical bytes. */
static void rate_read(const struct yaml_node *node, const char *key, double *ret_rate)
{
    const struct yaml_node *rate = yaml_get(node, key);
    const char *text = yaml_scalar(rate);
    size_t whole = strspn(text, "0123456789"), decimals = 0;
    bool good = yaml_is_scalar(rate) && !yaml_is_quoted(rate) && whole >= 1 && whole <= 4;

    if (!rate)
        return;
    if (good && text[whole] == '.') {
        decimals = strspn(text + whole + 1, "0123456789");
        good = decimals >= 1 && decimals <= 3 && !text[whole + 1 + decimals];
    } else if (good)
        good = !text[whole];
    if (!good) {
        yaml_fault(rate, "'%s' must be a number from 0 (no bound) to 9999 with at most three decimals, not '%s'", key,
                   text);
        return;
    }
    uint32_t thousandths = 0;
    for (size_t i = 0; i < whole; i++)
        thousandths = thousandths * 10 + (uint32_t)(text[i] - '0');
    for (size_t i = 0; i < 3; i++)
        thousandths = thousandths * 10 + (i < decimals ? (uint32_t)(text[whole + 1 + i] - '0') : 0);
    *ret_rate = thousandths / 1000.0;
}

void delivery_read(const struct yaml_node *node, struct agency *agency)
{
    if (!node || !entry_is_mapping(node, "'delivery'"))
        return;
    count_read(node, "attempts", 1000, &agency->attempts_max);
    count_read(node, "lapses", 1000, &agency->lapses_max);
    yaml_get_duration_ms(node, "age", false, SECOND_MS, 90 * DAY_MS, &agency->age_ms_max);
    bool min = yaml_get_duration_ms(node, "backoff_min", false, 10, HOUR_MS, &agency->backoff_ms_min);
    bool max = yaml_get_duration_ms(node, "backoff_max", false, 10, DAY_MS, &agency->backoff_ms_max);
    if ((min || max) && agency->backoff_ms_min > agency->backoff_ms_max)
        yaml_fault(yaml_get(node, max ? "backoff_max" : "backoff_min"), "'backoff_min' (%lldms) is longer than "
                   "'backoff_max' (%lldms)", (long long)agency->backoff_ms_min, (long long)agency->backoff_ms_max);
    count_read(node, "in_flight", CREDIT_MAX, &agency->in_flight_max);
    rate_read(node, "rate_per_second", &agency->rate_per_second);
    count_read(node, "breaker_after", 1000, &agency->breaker_after);
    yaml_get_duration_ms(node, "breaker_probe", false, 100, HOUR_MS, &agency->breaker_probe_ms);
}

void gateway_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;

    tables->lease_ms = 90 * SECOND_MS;              /* the adapters' own time-out is 60 s unless they say otherwise */
    tables->antecedent_ms_max = 30 * DAY_MS;
    tables->purge_after_ms = 30 * DAY_MS;
    tables->submit_window = 256;
    asking_defaults(tables);
    reader->defaults = (struct agency){
        .attempts_max = 20, .lapses_max = 5, .age_ms_max = 3 * DAY_MS, .backoff_ms_min = 5 * SECOND_MS,
        .backoff_ms_max = 30 * MINUTE_MS, .in_flight_max = 4, .rate_per_second = 0, .breaker_after = 5,
        .breaker_probe_ms = 30 * SECOND_MS,
    };
    const struct yaml_node *root = reader_open(reader, "gateway.yaml", true);
    late_rules_read(root, tables);
    if (!root || !entry_is_mapping(root, "the gateway's own settings"))
        return;
    if (yaml_get_string(root, "name", true, tables->gateway, sizeof tables->gateway) && !word_is_valid(tables->gateway))
        yaml_fault(yaml_get(root, "name"), "the gateway's name must be 1 to %d of a-z, 0-9 and '-', not '%s'",
                   GATEWAY_NAME_SIZE - 1, tables->gateway);
    yaml_get_duration_ms(root, "lease", false, SECOND_MS, 15 * MINUTE_MS, &tables->lease_ms);
    yaml_get_duration_ms(root, "antecedent_wait", false, SECOND_MS, ID_AGE_MS_MAX, &tables->antecedent_ms_max);
    yaml_get_duration_ms(root, "purge_after", false, SECOND_MS, 3650 * DAY_MS, &tables->purge_after_ms);
    count_read(root, "submit_window", CREDIT_MAX, &tables->submit_window);
    if (yaml_get_string(root, "hours", false, reader->hours, sizeof reader->hours)
        && !hours_list_find(&reader->directory->hours, reader->hours))
        yaml_fault(yaml_get(root, "hours"), "hours '%s' are not in hours.yaml", reader->hours);
    delivery_read(yaml_get(root, "delivery"), &reader->defaults);
    asking_read(root, tables);
}
