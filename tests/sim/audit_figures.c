/* audit_figures.c - what a report must say of all dossiers of a world, counted again from their lives. See
 * audit_dossier.h. */
#include "tests/sim/audit_inside.h"

#define LOCAL_MS (7LL * 3600 * 1000)
#define DAY_MS   (24LL * 3600 * 1000)

static int64_t day_of(int64_t at_ms)
{
    return (at_ms + LOCAL_MS) / DAY_MS;
}

static void count_result(struct audit_figures *figures, const struct audit_dossier *dossier)
{
    if (!dossier->due_ms) {
        figures->undated++;
    } else if (dossier->ended_ms <= dossier->due_ms) {
        *(day_of(dossier->ended_ms) < day_of(dossier->due_ms) ? &figures->before : &figures->on) += 1;
    } else {
        figures->after++;
        *(dossier->apologies ? &figures->apologised : &figures->not_apologised) += 1;
    }
}

void figures_count(struct audit *audit, const struct audit_dossier *dossier)
{
    struct audit_figures *figures = &audit->figures;

    if (dossier->received_ms || dossier->ended)
        figures->received[dossier->channel]++;
    switch (dossier->ended) {
    case STATUS_DONE: case STATUS_RETURNED:
        count_result(figures, dossier);
        break;
    case STATUS_NOT_ACCEPTED:
        figures->refused++;
        break;
    case STATUS_WITHDRAWN:
        figures->withdrawn++;
        break;
    case STATUS_STOPPED:
        figures->stopped++;
        break;
    default:
        break;
    }
}

static void compare(struct audit *audit, const char *what, uint64_t shown, uint64_t counted)
{
    if (shown != counted)
        audit_wrong(audit, 0, "figures: the report says %llu %s, counted are %llu", (unsigned long long)shown, what,
                    (unsigned long long)counted);
}

void audit_report(struct audit *audit, const struct audit_figures *shown)
{
    static const char *const channels[] = { "received", "received at the counter", "received online",
                                            "received by post", "received free of boundaries" };
    const struct audit_figures *counted = &audit->figures;

    for (int i = 0; i < AUDIT_CHANNELS; i++)
        compare(audit, channels[i], shown->received[i], counted->received[i]);
    compare(audit, "done before time", shown->before, counted->before);
    compare(audit, "done on time", shown->on, counted->on);
    compare(audit, "done late", shown->after, counted->after);
    compare(audit, "done without a due date", shown->undated, counted->undated);
    compare(audit, "late with an apology", shown->apologised, counted->apologised);
    compare(audit, "late without an apology", shown->not_apologised, counted->not_apologised);
    compare(audit, "not accepted", shown->refused, counted->refused);
    compare(audit, "withdrawn", shown->withdrawn, counted->withdrawn);
    compare(audit, "stopped", shown->stopped, counted->stopped);
}
