/* Who there is: drafts sorted by code into the tables, one name for one agency, parents, hours. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

static int compare_drafts(const void *a, const void *b)
{
    const struct draft *left = a, *right = b;
    int order = strcmp(left->agency.code, right->agency.code);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* ---------------------------------------------------------------- one name, one agency */

struct name_mark {
    struct agency_name name;
    const struct yaml_node *node;           /* where it is written */
    uint32_t order;                         /* of the agency, as read */
    bool is_alias;
};

static int compare_marks(const void *a, const void *b)
{
    const struct name_mark *left = a, *right = b;
    int order = strcmp(left->name.name, right->name.name);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

static size_t mark_names(const struct reader *reader, struct name_mark *marks)
{
    size_t count = 0;

    for (size_t i = 0; i < reader->draft_count; i++) {
        const struct draft *draft = &reader->drafts[i];
        const struct yaml_node *aliases = yaml_get(draft->node, "aliases");
        struct name_mark mark = { .name.agency = (uint32_t)i, .order = draft->order, .is_alias = false };
        memcpy(mark.name.name, draft->agency.code, AGENCY_CODE_SIZE);
        mark.node = yaml_get(draft->node, "code");
        if (mark.name.name[0])
            marks[count++] = mark;
        for (uint32_t k = 0; k < draft->agency.alias_count; k++) {
            memcpy(mark.name.name, draft->agency.aliases[k], AGENCY_CODE_SIZE);
            mark.node = aliases;
            mark.is_alias = true;
            marks[count++] = mark;
        }
    }
    return count;
}

static void doubled(const struct reader *reader, const struct name_mark *first, const struct name_mark *again)
{
    const char *owner = reader->drafts[first->name.agency].agency.code;

    if (!first->is_alias && !again->is_alias)
        yaml_fault(again->node, "code '%s' a second time; first in %s:%d", again->name.name, yaml_name(first->node),
                   yaml_line(first->node));
    else
        yaml_fault(again->node, "%s '%s' is already %s of '%s' (%s:%d)", again->is_alias ? "alias" : "code",
                   again->name.name, first->is_alias ? "an alias" : "the code", owner, yaml_name(first->node),
                   yaml_line(first->node));
}

static void names_build(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    size_t room = reader->draft_count * (AGENCY_ALIASES_MAX + 1) + 1;
    struct name_mark *marks = calloc(room, sizeof *marks);

    tables->names = calloc(room, sizeof *tables->names);
    if (!marks || !tables->names) {
        reader_no_memory(reader);
        free(marks);
        return;
    }
    size_t count = mark_names(reader, marks);
    qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(marks[i - 1].name.name, marks[i].name.name) == 0)
            doubled(reader, &marks[i - 1], &marks[i]);
        tables->names[i] = marks[i].name;
    }
    tables->name_count = (uint32_t)count;
    free(marks);
}

/* ---------------------------------------------------------------- parents and hours */

/* The agency that `text`, written under `key`, names; text becomes its code. NULL: nothing written, or a fault. */
static const struct agency *other_agency(const struct reader *reader, const struct draft *draft, const char *key,
                                         char *text)
{
    const struct agency *other = text[0] ? tables_agency(&reader->directory->tables, text) : NULL;

    if (text[0] && !other && reader->agencies_whole)
        yaml_fault(yaml_get(draft->node, key), "%s '%s' is no agency of this directory", key, text);
    if (other)
        memcpy(text, other->code, AGENCY_CODE_SIZE);
    return other;
}

static size_t index_of(const struct reader *reader, const struct agency *agency)
{
    return (size_t)(agency - reader->directory->tables.agencies);
}

/* Follows one relation from every agency. Each circle is said once, at the member that stands first in the tables. */
static void circles_check(const struct reader *reader, const char *key, const size_t *next)
{
    size_t count = reader->draft_count;

    for (size_t start = 0; start < count; start++) {
        size_t at = next[start], steps = 0;
        bool first = true;
        while (at < count && at != start && steps++ < count) {
            first = first && at > start;
            at = next[at];
        }
        if (at == start && first)
            yaml_fault(yaml_get(reader->drafts[start].node, key), "the %ss of '%s' lead back to itself", key,
                       reader->drafts[start].agency.code);
    }
}

static void parents_check(struct reader *reader)
{
    size_t count = reader->draft_count;
    size_t *parents = calloc(count + 1, sizeof *parents);
    struct agency *agencies = reader->directory->tables.agencies;

    if (!parents) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct draft *draft = &reader->drafts[i];
        const struct agency *parent = other_agency(reader, draft, "parent", draft->agency.parent);
        memcpy(agencies[i].parent, draft->agency.parent, AGENCY_CODE_SIZE);
        parents[i] = parent ? index_of(reader, parent) : count;
    }
    circles_check(reader, "parent", parents);
    free(parents);
}

static void hours_find(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;

    for (size_t i = 0; i < reader->draft_count; i++) {
        const struct draft *draft = &reader->drafts[i];
        const char *name = draft->hours[0] ? draft->hours : reader->hours;
        tables->agencies[i].hours = hours_list_find(&reader->directory->hours, name);
        if (draft->hours[0] && !tables->agencies[i].hours)
            yaml_fault(yaml_get(draft->node, "hours"), "hours '%s' are not in hours.yaml", draft->hours);
    }
}

void roster_build(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;

    if (!reader->draft_count)
        return;
    qsort(reader->drafts, reader->draft_count, sizeof *reader->drafts, compare_drafts);
    tables->agencies = calloc(reader->draft_count, sizeof *tables->agencies);
    if (!tables->agencies) {
        reader_no_memory(reader);
        return;
    }
    tables->agency_count = (uint32_t)reader->draft_count;
    for (size_t i = 0; i < reader->draft_count; i++)
        tables->agencies[i] = reader->drafts[i].agency;
    names_build(reader);
    keys_check(reader);
    parents_check(reader);
    successors_check(reader);
    hours_find(reader);
}
