/* successor:, successors: and exceptions: of an agency. Rows of one agency stand together in the directory's lists. */
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/directory/inside.h"

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

enum { LISTED_MAX = 32, WALK_MAX = 1 << 16, LINE_MAX = 32 };

/* ---------------------------------------------------------------- who takes over */

static bool row_add(struct reader *reader, const struct yaml_node *node, struct draft *draft,
                    const struct successor *row)
{
    struct directory *directory = reader->directory;

    if (draft->agency.successor_count == SUCCESSORS_LISTED_MAX) {
        yaml_fault(node, "more than %d successors of one agency: each area with each function is one",
                   SUCCESSORS_LISTED_MAX);
        return false;
    }
    if (reader->successor_count == reader->successor_room) {
        uint32_t room = reader->successor_room ? reader->successor_room * 2 : 256;
        struct successor *rows = realloc(directory->successors, room * sizeof *rows);
        if (rows)
            directory->successors = rows;
        const struct yaml_node **nodes = rows ? realloc(reader->successor_nodes, room * sizeof *nodes) : NULL;
        if (!nodes) {
            reader_no_memory(reader);
            return false;
        }
        reader->successor_nodes = nodes;
        reader->successor_room = room;
    }
    if (!draft->agency.successor_count)
        draft->first_successor = reader->successor_count;
    directory->successors[reader->successor_count] = *row;
    reader->successor_nodes[reader->successor_count++] = node;
    draft->agency.successor_count++;
    return true;
}

/* A list of at most LISTED_MAX words under `key`. False: a fault, or nothing there. */
static bool words_listed(const struct yaml_node *node, const char *key)
{
    const struct yaml_node *list = yaml_get(node, key);

    if (!list || (yaml_is_sequence(list) && yaml_count(list) && yaml_count(list) <= LISTED_MAX))
        return list != NULL;
    yaml_fault(list, "'%s' must be a list of 1 to %d words", key, LISTED_MAX);
    entries_skip(list);
    return false;
}

/* One row for each procedure and field; where there is none, one for every function. */
static void functions_add(struct reader *reader, const struct yaml_node *node, struct draft *draft,
                          struct successor *row)
{
    static const char *const keys[] = { "procedures", "fields" };
    bool some = false;

    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const struct yaml_node *list = yaml_get(node, keys[k]);
        for (size_t i = 0; words_listed(node, keys[k]) && i < yaml_count(list); i++) {
            struct successor own = *row;
            const char *word = yaml_scalar(yaml_item(list, i));
            char *to = k ? own.field : own.procedure;
            size_t size = k ? sizeof own.field : sizeof own.procedure;
            some = true;
            if (!procedure_word_is_valid(word) || !span_to_string(span_of_string(word), to, size))
                yaml_fault(yaml_item(list, i), "'%s' is no code of a %s", word, k ? "field" : "procedure");
            else if (!row_add(reader, node, draft, &own))
                return;
        }
    }
    if (!some)
        (void)row_add(reader, node, draft, row);        /* its fault stops the folder */
}

static void takeover_read(struct reader *reader, const struct yaml_node *node, struct draft *draft)
{
    struct successor row = { .from_ms = draft->agency.to_ms };
    const struct yaml_node *areas = yaml_get(node, "areas");

    if (!entry_is_mapping(node, "a successor"))
        return;
    yaml_get_string(node, "agency", true, row.code, sizeof row.code);
    if (yaml_get_time_ms(node, "from", false, &row.from_ms) && draft->agency.to_ms
        && row.from_ms > draft->agency.to_ms)
        yaml_fault(yaml_get(node, "from"), "'from' is later than 'valid_to': in between nobody would take over");
    row.kinds = kinds_read(node, false);
    if (!words_listed(node, "areas")) {
        functions_add(reader, node, draft, &row);
        return;
    }
    for (size_t i = 0; i < yaml_count(areas); i++) {
        const char *area = yaml_scalar(yaml_item(areas, i));
        if (!area_is_valid(area) || !span_to_string(span_of_string(area), row.area, sizeof row.area))
            yaml_fault(yaml_item(areas, i), "'%s' is no area: groups of letters, digits and '-' behind points, the "
                       "widest first, as in 79.778.27475; at most %d bytes", area, AREA_CODE_SIZE - 1);
        else
            functions_add(reader, node, draft, &row);
    }
}

void successors_read(struct reader *reader, const struct yaml_node *node, struct draft *draft)
{
    const struct yaml_node *one = yaml_get(node, "successor"), *several = yaml_get(node, "successors");
    struct successor row = { .from_ms = draft->agency.to_ms, .kinds = KINDS_ALL };

    if (one && several) {
        yaml_fault(several, "either 'successor' (who takes over everything) or 'successors' (who takes over what)");
        entries_skip(several);
        return;
    }
    if (yaml_get_string(node, "successor", false, row.code, sizeof row.code))
        (void)row_add(reader, one, draft, &row);        /* its fault stops the folder */
    if (!several)
        return;
    if (!yaml_is_sequence(several) || !yaml_count(several)) {
        yaml_fault(several, "'successors' must be a list: '- { agency: H29.2701, areas: [...] }'");
        entries_skip(several);
        return;
    }
    for (size_t i = 0; i < yaml_count(several); i++)
        takeover_read(reader, yaml_item(several, i), draft);
}

/* ---------------------------------------------------------------- checks */

static bool area_is_within(const char *inner, const char *area)
{
    size_t size = strlen(area);

    return !size || (strncmp(area, inner, size) == 0 && (!inner[size] || inner[size] == '.'));
}

static bool word_is_within(const char *inner, const char *word)
{
    return !word[0] || strcmp(word, inner) == 0;
}

/* Whatever `row` would take over, `earlier` has taken already. */
static bool covers(const struct successor *earlier, const struct successor *row)
{
    return earlier->from_ms <= row->from_ms && area_is_within(row->area, earlier->area)
        && word_is_within(row->procedure, earlier->procedure) && word_is_within(row->field, earlier->field)
        && (row->kinds & ~earlier->kinds) == 0;
}

static const char *key_of(const struct yaml_node *node)
{
    return yaml_is_mapping(node) ? "agency" : "successor";
}

/* The words stay those of a plain `successor:`, for which they are read most often. */
static void row_check(struct reader *reader, const struct agency *agency, const struct draft *draft, uint32_t index)
{
    struct successor *rows = reader->directory->successors, *row = &rows[index];
    const struct yaml_node *node = reader->successor_nodes[index];
    const struct yaml_node *at = yaml_is_mapping(node) ? yaml_get(node, "agency") : node;
    const struct agency *next = tables_agency(&reader->directory->tables, row->code);

    if (!next && reader->agencies_whole && row->code[0])
        yaml_fault(at, "%s '%s' is no agency of this directory", key_of(node), row->code);
    if (next) {
        memcpy(row->code, next->code, sizeof row->code);
        reader->directory->tables.agencies[next - reader->directory->tables.agencies].succeeds = true;
    }
    if (!row->from_ms)
        yaml_fault(at, "a successor takes over at 'valid_to', and there is none");
    else if (next && next->to_ms && next->to_ms <= row->from_ms && !next->successor_count)
        yaml_fault(at, "successor '%s' ends before it could take over, and has no successor itself", next->code);
    for (uint32_t i = draft->first_successor; i < index; i++)
        if (covers(&rows[i], row)) {
            yaml_fault(at, "this successor of '%s' never takes over: %s:%d comes first and takes all of it",
                       agency->code, yaml_name(reader->successor_nodes[i]), yaml_line(reader->successor_nodes[i]));
            return;
        }
}

/* What is left of a matter after one more row; kinds 0: nothing. A field and a procedure are taken to meet. */
static struct successor narrowed(const struct successor *left, const struct successor *row)
{
    struct successor both = *left;

    both.kinds &= row->kinds;
    if (area_is_within(row->area, left->area))
        memcpy(both.area, row->area, sizeof both.area);
    else if (!area_is_within(left->area, row->area))
        both.kinds = 0;
    if (word_is_within(row->procedure, left->procedure))
        memcpy(both.procedure, row->procedure, sizeof both.procedure);
    else if (row->procedure[0])
        both.kinds = 0;
    if (word_is_within(row->field, left->field))
        memcpy(both.field, row->field, sizeof both.field);
    else if (row->field[0])
        both.kinds = 0;
    return both;
}

struct walk { const struct tables *tables; const struct agency *start; unsigned steps; };

/* True: some matter comes back to the start. Those before the start in the tables have had their turn. */
static bool comes_back(struct walk *walk, const struct agency *at, const struct successor *left, int depth)
{
    for (uint32_t i = 0; depth < LINE_MAX && i < at->successor_count && walk->steps++ < WALK_MAX; i++) {
        const struct agency *next = tables_agency(walk->tables, at->successors[i].code);
        struct successor both = narrowed(left, &at->successors[i]);
        if (!next || !both.kinds || next < walk->start)
            continue;
        if (next == walk->start || comes_back(walk, next, &both, depth + 1))
            return true;
    }
    return false;
}

void successors_check(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    struct successor all = { .kinds = KINDS_ALL };

    for (uint32_t i = 0; i < tables->agency_count; i++) {
        struct agency *agency = &tables->agencies[i];
        tables->successions |= agency->successor_count > 0;
        if (agency->successor_count)
            agency->successors = &reader->directory->successors[reader->drafts[i].first_successor];
        if (agency->exception_count)
            agency->exceptions = &reader->directory->exceptions[reader->drafts[i].first_exception];
    }
    for (uint32_t i = 0; i < tables->agency_count; i++)
        for (uint32_t k = 0; k < tables->agencies[i].successor_count; k++)
            row_check(reader, &tables->agencies[i], &reader->drafts[i], reader->drafts[i].first_successor + k);
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        struct walk walk = { .tables = tables, .start = &tables->agencies[i] };
        const struct yaml_node *node = reader->drafts[i].node;
        if (!comes_back(&walk, walk.start, &all, 0))
            continue;
        node = yaml_get(node, "successor") ? yaml_get(node, "successor") : yaml_get(node, "successors");
        yaml_fault(node, "the successors of '%s' lead back to itself", walk.start->code);
    }
}

/* ---------------------------------------------------------------- days worked otherwise */

static bool day_read(const struct yaml_node *node, const char *key, bool required, int64_t *ret_day)
{
    int64_t at_ms;

    if (!yaml_get_time_ms(node, key, required, &at_ms))
        return false;
    *ret_day = (at_ms + LOCAL_MS) / DAY_MS;
    if ((at_ms + LOCAL_MS) % DAY_MS == 0)
        return true;
    yaml_fault(yaml_get(node, key), "'%s' must be a day, as in 2026-02-17", key);
    return false;
}

static void line_read(const struct yaml_node *node, const char *key, bool required, char *ret_line, size_t size)
{
    if (yaml_get_string(node, key, required, ret_line, size) && !line_is_valid(ret_line))
        yaml_fault(yaml_get(node, key), "'%s' must be one line of text", key);
}

static bool exception_read(const struct yaml_node *node, struct hours_exception *ret_exception)
{
    struct hours_exception exception = { 0 };
    char text[128] = "";
    const char *why = NULL;

    if (!entry_is_mapping(node, "a day worked otherwise"))
        return false;
    bool good = day_read(node, "from", true, &exception.from_day);
    exception.to_day = exception.from_day + 1;
    if (yaml_get(node, "to"))
        good = day_read(node, "to", true, &exception.to_day) && good;
    if (good && exception.to_day <= exception.from_day) {
        yaml_fault(yaml_get(node, "to"), "'to' must be later than 'from': it is the first day that is as always");
        good = false;
    }
    if (yaml_get_string(node, "hours", false, text, sizeof text) && !hours_read_day(text, &exception.hours, &why))
        yaml_fault(yaml_get(node, "hours"), "'hours': %s; left out: closed", why);
    line_read(node, "why", true, exception.why_vi, sizeof exception.why_vi);
    memcpy(exception.why_en, exception.why_vi, sizeof exception.why_en);
    line_read(node, "why_en", false, exception.why_en, sizeof exception.why_en);
    *ret_exception = exception;
    return good;
}

static bool exceptions_room(struct reader *reader, size_t more)
{
    if (reader->exception_count + more <= reader->exception_room)
        return true;
    uint32_t room = reader->exception_room * 2 + (uint32_t)more + 32;
    struct hours_exception *rows = realloc(reader->directory->exceptions, room * sizeof *rows);
    if (!rows) {
        reader_no_memory(reader);
        return false;
    }
    reader->directory->exceptions = rows;
    reader->exception_room = room;
    return true;
}

static int compare_exceptions(const void *a, const void *b)
{
    const struct hours_exception *left = a, *right = b;
    return (left->from_day > right->from_day) - (left->from_day < right->from_day);
}

void exceptions_read(struct reader *reader, const struct yaml_node *node, struct draft *draft)
{
    const struct yaml_node *list = yaml_get(node, "exceptions");

    if (!list)
        return;
    if (!yaml_is_sequence(list) || yaml_count(list) > EXCEPTIONS_LISTED_MAX) {
        yaml_fault(list, "'exceptions' must be a list of at most %d: '- { from: 2023-10-16, why: ... }'",
                   EXCEPTIONS_LISTED_MAX);
        entries_skip(list);
        return;
    }
    if (!exceptions_room(reader, yaml_count(list)))
        return;
    struct hours_exception *rows = &reader->directory->exceptions[reader->exception_count];
    uint32_t count = 0;
    for (size_t i = 0; i < yaml_count(list); i++)
        count += exception_read(yaml_item(list, i), &rows[count]);
    qsort(rows, count, sizeof *rows, compare_exceptions);
    for (uint32_t i = 1; i < count; i++)
        if (rows[i].from_day < rows[i - 1].to_day)
            yaml_fault(list, "two of the 'exceptions' of '%s' meet", draft->agency.code);
    draft->first_exception = reader->exception_count;
    draft->agency.exception_count = count;
    reader->exception_count += count;
}
