#include "gateway/core/procedure.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

_Static_assert(PROCEDURE_VERSION_SIZE >= PROCEDURE_CODE_SIZE + VARIANT_SIZE + sizeof "2022-01-01", "a version fits");

void procedure_version_text(const struct procedure *procedure, char ret_version[PROCEDURE_VERSION_SIZE])
{
    struct text text = text_of(ret_version, PROCEDURE_VERSION_SIZE);
    int year, month, date;

    text_add(&text, "%s/%s/", procedure->code, procedure->variant[0] ? procedure->variant : "-");
    if (procedure->from_ms) {
        date_of_day((procedure->from_ms + LOCAL_MS) / DAY_MS, &year, &month, &date);
        text_add(&text, "%04d-%02d-%02d", year, month, date);
    } else {
        text_add(&text, "-");
    }
    must(!text.cut);
}

int procedure_step_index(const struct procedure *procedure, const char *name)
{
    for (uint32_t i = 0; i < procedure->step_count; i++)
        if (strcmp(procedure->steps[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *procedure_step_title(const struct procedure *procedure, const char *name)
{
    int index = procedure ? procedure_step_index(procedure, name) : -1;
    return index >= 0 ? procedure->steps[index].title : "";
}

static int compare_component(const void *code, const void *component)
{
    return strcmp(code, ((const struct component *)component)->code);
}

const struct component *procedure_component(const struct procedure *procedure, const char *code)
{
    if (!procedure->component_count)
        return NULL;
    return bsearch(code, procedure->components, procedure->component_count, sizeof *procedure->components,
                   compare_component);
}

bool component_is_withdrawn(const struct component *component, int64_t received_ms)
{
    return component->need == NEED_WITHDRAWN && received_ms >= component->from_ms;
}

static struct deadline_rule of_channel(const struct deadline_rule rules[CHANNEL_END], uint32_t channel)
{
    return channel < CHANNEL_END && rules[channel].kind ? rules[channel] : rules[0];
}

struct deadline_rule procedure_statutory(const struct procedure *procedure, uint32_t channel)
{
    return of_channel(procedure->statutory, channel);
}

struct deadline_rule procedure_committed(const struct procedure *procedure, uint32_t channel)
{
    return of_channel(procedure->committed, channel);
}
