/* Held against adapter configurations: whoever is reached through an adapter must be served by one. */
#include "gateway/directory/inside.h"

static bool is_served(const struct reader *reader, const struct agency *agency)
{
    for (size_t i = 0; i < reader->served_count; i++)
        if (tables_agency(&reader->directory->tables, reader->served[i].code) == agency)
            return true;
    return false;
}

void adapters_check(struct reader *reader)
{
    const struct tables *tables = &reader->directory->tables;

    for (uint32_t i = 0; i < tables->agency_count; i++) {
        const struct agency *agency = &tables->agencies[i];
        bool gone = agency->to_ms && agency->to_ms <= reader->now_ms;
        if (agency->by_adapter && !gone && !is_served(reader, agency))
            yaml_fault(yaml_get(reader->drafts[i].node, "via"), "no adapter serves '%s'", agency->code);
    }
    for (size_t i = 0; i < reader->served_count; i++)
        if (reader->agencies_whole && !tables_agency(tables, reader->served[i].code))
            faults_add(reader->faults, reader->served[i].file, reader->served[i].line,
                       "'%s' is no agency of the directory", reader->served[i].code);
}
