/* step_directory.c - a directory takes force: from its turn on it is what the core reads.
 *
 * When      at start and after SIGHUP, alone in its turn. `core->tables` is still the one before; the broker swaps
 *           after the commit.
 * Changes   the canonical bytes are stored as the next version; every agency of it gets its number for ever; due dates
 *           that waited for a year that its calendar has are computed from then on.
 * Effects   none. The event says which operator did it.
 * Repeated  the same bytes again change nothing.
 */
#include "gateway/core/dossier.h"
#include "gateway/core/step.h"

void step_directory(struct step *step)
{
    const struct directory_change *directory = &step->command->directory;
    const struct tables *tables = directory->tables;
    uint32_t version = turn_directory_version(step->turn);
    struct hash stored;

    for (uint32_t i = 0; i < tables->agency_count; i++)
        (void)turn_agency_number_make(step->turn, tables->agencies[i].code);
    if (version && turn_directory_hash(step->turn, version, &stored) && hash_equal(&stored, &tables->hash))
        return;
    turn_directory_put(step->turn, version + 1, &tables->hash, directory->bytes);
    struct event event = { .at_ms = step->now_ms, .cause = CAUSE_DIRECTORY_APPLIED, .actor_uid = directory->uid + 1 };
    (void)turn_event_append(step->turn, &event, (struct span){ 0 });
    dossier_calendar_loaded(step, tables);
}
