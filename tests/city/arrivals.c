/* arrivals.c - when dossiers come: in office hours only, most on Mondays and after holidays, more in the morning
 * than in the afternoon. The k-th comes where the k-th part of all that weight has gone by. */
#include "tests/city/city.h"

static double weight_of_day(const struct week *week, uint32_t day)
{
    static const double weekdays[WEEKDAYS] = { 1.5, 1.05, 1.0, 0.95, 0.9, 0.6, 0.6 };
    uint32_t rested = 0;

    if (!week->days[day].count)
        return 0;
    while (rested < day && !week->days[day - rested - 1].count)
        rested++;
    double weight = weekdays[weekday_of(day_of_date(2023, 1, 1) + day)];
    return rested > 2 ? 1.5 + 0.1 * (rested - 2) : weight;      /* after a holiday: as on a Monday, and more */
}

static double weight_of_minute(uint32_t of_day)
{
    if (of_day < 8 * HOUR + HOUR / 2)
        return 1.6;
    if (of_day < 10 * HOUR)
        return 2.2;
    if (of_day < 12 * HOUR)
        return 1.2;
    return of_day < 15 * HOUR ? 1.0 : 0.6;
}

static bool is_open(const struct week *week, uint32_t day, int of_day)
{
    for (int i = 0; i < week->days[day].count; i++)
        if (of_day >= week->days[day].shifts[i].from_minute && of_day < week->days[day].shifts[i].to_minute)
            return true;
    return false;
}

static const struct week *counter(const struct city *city)
{
    return city->places[city->one_stops[0]].week;
}

/* The next open minute has gone by. */
static void go_on(struct city *city)
{
    struct arrivals *arrivals = &city->arrivals;
    const struct week *week = counter(city);

    do {
        arrivals->minute++;
        arrivals->day = arrivals->minute / DAY;
    } while (arrivals->day < PERIOD_DAYS && !is_open(week, arrivals->day, (int)(arrivals->minute % DAY)));
    if (arrivals->day < PERIOD_DAYS)
        arrivals->before += arrivals->weights[arrivals->day] * weight_of_minute(arrivals->minute % DAY);
}

static void seek(struct city *city)
{
    struct arrivals *arrivals = &city->arrivals;
    if (arrivals->next == city->options.dossiers)
        return;
    double part = draw(city, arrivals->next, FOR_NEXT, 0) / 1000.0;
    double wanted = (arrivals->next + part) / city->options.dossiers * arrivals->total;
    while (arrivals->before <= wanted && arrivals->day < PERIOD_DAYS)
        go_on(city);
    must(arrivals->day < PERIOD_DAYS);
}

void arrivals_begin(struct city *city)
{
    struct arrivals *arrivals = &city->arrivals;
    const struct week *week = counter(city);

    *arrivals = (struct arrivals){ 0 };
    for (uint32_t day = 0; day < PERIOD_DAYS; day++) {
        arrivals->weights[day] = weight_of_day(week, day);
        for (int of_day = 0; of_day < DAY; of_day++)
            if (is_open(week, day, of_day))
                arrivals->total += arrivals->weights[day] * weight_of_minute((uint32_t)of_day);
    }
    seek(city);
}

uint32_t arrivals_next(const struct city *city)
{
    return city->arrivals.next == city->options.dossiers ? NEVER : city->arrivals.minute;
}

uint32_t arrivals_take(struct city *city)
{
    uint32_t dossier = city->arrivals.next++;
    seek(city);
    return dossier;
}
