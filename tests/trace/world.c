#include "tests/trace/world.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const int64_t STORY_BEGINS_MS = 1772413200000;

void output_add(struct output *output, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    must(size >= 0);
    if (output->used + (size_t)size + 1 > output->size) {
        output->size = (output->used + (size_t)size + 1) * 2;
        output->text = realloc(output->text, output->size);
        must(output->text != NULL);
    }
    va_start(arguments, format);
    vsnprintf(output->text + output->used, (size_t)size + 1, format, arguments);
    va_end(arguments);
    output->used += (size_t)size;
}

void output_done(struct output *output)
{
    free(output->text);
    *output = (struct output){ 0 };
}

/* ---- the store */

static void open_store(struct world *world, bool read_only)
{
    char why[512];
    struct text text = text_of(why, sizeof why);
    struct store_options options = { .folder = world->folder, .map_bytes = 4ULL << 30, .store_bytes_max = 2ULL << 30,
                                     .ballast_bytes = 4096, .no_sync = true, .read_only = read_only };
    if (store_open(&world->store, &options, &text) == RESULT_OK)
        return;
    fprintf(stderr, "trace: no store in %s: %s\n", world->folder, why);
    exit(2);
}

static void remove_folder(const char *path)
{
    char below[512];
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            remove_folder(below);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static void use_tables(struct world *world)
{
    struct tables *tables = &world->tables;

    *tables = (struct tables){ .version = 1, .lease_ms = 30 * 1000, .antecedent_ms_max = 7LL * 24 * 3600 * 1000,
                               .supplement = { { DEADLINE_WORKING_DAYS, 7 }, { DEADLINE_WORKING_DAYS, 1 } },
                               .payment = { { DEADLINE_DAYS, 30 }, { DEADLINE_WORKING_DAYS, 1 } },
                               .purge_after_ms = 24LL * 3600 * 1000, .submit_window = 64,
                               .agencies = world->agencies, .permits = world->permits, .routes = world->routes,
                               .names = world->names, .procedures = world->procedures,
                               .status_maps = world->maps, .due_movers = world->due_movers };
    memcpy(tables->gateway, "lt", 3);
    world->core.tables = tables;
}

struct world *world_new(struct output *output)
{
    struct world *world = calloc(1, sizeof *world);

    must(world != NULL);
    world->output = output;
    world->now_ms = STORY_BEGINS_MS;
    snprintf(world->folder, sizeof world->folder, "%s/lienthong-trace-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(world->folder) != NULL);
    must(core_init(&world->core) == RESULT_OK && effects_init(&world->effects) == RESULT_OK);
    use_tables(world);
    open_store(world, false);
    return world;
}

void world_reopen(struct world *world)
{
    store_leave(world->store);
    open_store(world, false);
}

static void beside(const struct world *world, const char *end, char ret_path[96])
{
    must(snprintf(ret_path, 96, "%s%s", world->folder, end) < 96);
}

void world_backup(struct world *world)
{
    char path[96];
    uint64_t seq;
    beside(world, "-backup", path);
    remove_folder(path);
    must(store_backup(world->store, path, (struct left_out){ 0 }, &seq, NULL) == RESULT_OK);
}

void world_restore(struct world *world)
{
    char path[96];
    struct store_restore wanted = { .backup = path, .folder = world->folder, .now_ms = world->now_ms };
    uint32_t epoch;
    uint64_t seq;

    store_close(world->store);
    remove_folder(world->folder);
    beside(world, "-backup", path);
    must(store_restore(&wanted, &epoch, &seq, NULL) == RESULT_OK);
    open_store(world, false);
}

static void remove_all(const struct world *world)
{
    char path[96];
    remove_folder(world->folder);
    beside(world, "-backup", path);
    remove_folder(path);
    beside(world, ".epoch", path);
    unlink(path);
}

static void print_fault(void *context, const char *fault)
{
    struct world *world = context;
    output_add(world->output, " store fault: %s\n", fault);
}

bool world_end(struct world *world)
{
    struct store_check check = { 0 };

    store_close(world->store);
    open_store(world, true);
    enum result result = store_check(world->store, print_fault, world, &check);
    store_close(world->store);
    if (result != RESULT_OK)
        output_add(world->output, " store check: %s\n", result_name(result));
    core_done(&world->core);
    effects_done(&world->effects);
    calendar_free(world->calendar);
    remove_all(world);
    free(world);
    return result == RESULT_OK && !check.faults;
}

/* ---- the directory */

static int compare_agencies(const void *a, const void *b)
{
    return strcmp(((const struct agency *)a)->code, ((const struct agency *)b)->code);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct agency_name *)a)->name, ((const struct agency_name *)b)->name);
}

static void set_text(struct line *line, char *to, size_t size, const char *from)
{
    if (!span_to_string(span_of_string(from), to, size))
        line_wrong(line, "'%s' is too long", from);
}

static void mark_successors(struct world *world)
{
    for (uint32_t i = 0; i < world->successor_count; i++)
        for (uint32_t k = 0; k < world->tables.agency_count; k++)
            world->agencies[k].succeeds |= strcmp(world->agencies[k].code, world->successors[i].code) == 0;
}

static void index_names(struct world *world)
{
    struct tables *tables = &world->tables;

    qsort(world->agencies, tables->agency_count, sizeof *world->agencies, compare_agencies);
    tables->name_count = 0;
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        struct agency_name *name = &world->names[tables->name_count++];
        memcpy(name->name, world->agencies[i].code, sizeof name->name);
        name->agency = i;
    }
    mark_successors(world);
    qsort(world->names, tables->name_count, sizeof *world->names, compare_names);
}

static void add_successor(struct world *world, struct line *line, struct agency *agency, const char *code,
                          int64_t from_ms)
{
    struct successor *successor = &world->successors[world->successor_count++];
    enum kind kind = kind_read(line_text(line, "kind", ""));

    must(world->successor_count <= WORLD_SUCCESSORS_MAX);
    *successor = (struct successor){ .from_ms = from_ms, .kinds = kind ? KIND_BIT(kind) : KINDS_ALL };
    set_text(line, successor->code, sizeof successor->code, code);
    set_text(line, successor->procedure, sizeof successor->procedure, line_text(line, "procedure", ""));
    /* Those of one agency stand in a row, in the order of the story. */
    if (!agency->successor_count)
        agency->successors = successor;
    must(&agency->successors[agency->successor_count] == successor);
    agency->successor_count++;
    world->tables.successions = true;
}

/* A part of an agency that has its own successor and date. */
static void add_succession(struct world *world, struct line *line)
{
    const struct agency *known = world_agency(world, line, line_word(line, 1));
    struct agency *agency = &world->agencies[known - world->agencies];
    uint32_t before = agency->successor_count;

    add_successor(world, line, agency, line_text(line, "to", ""), STORY_BEGINS_MS + line_ms(line, "from", 0));
    if (line_get(line, "area"))
        set_text(line, world->successors[world->successor_count - 1].area, AREA_CODE_SIZE, line_get(line, "area"));
    must(agency->successor_count == before + 1);
    mark_successors(world);
}

static void add_agency(struct world *world, struct line *line)
{
    struct tables *tables = &world->tables;
    struct agency *agency = &world->agencies[tables->agency_count++];
    enum agency_class class = agency_class_read(line_text(line, "class", "IDEMPOTENT"));
    enum agency_kind kind = agency_kind_read(line_text(line, "kind", "SECTOR"));
    const char *code = line_word(line, 1);

    if (!code || !class || !kind || tables->agency_count > WORLD_AGENCIES_MAX)
        line_wrong(line, "agency CODE class=IDEMPOTENT|PROBE|NEITHER ...");
    *agency = (struct agency){
        .kind = kind, .agency_class = class,
        .attempts_max = (uint32_t)line_number(line, "attempts", 5),
        .lapses_max = (uint32_t)line_number(line, "lapses", 3),
        .age_ms_max = line_ms(line, "age", 24LL * 3600 * 1000),
        .backoff_ms_min = line_ms(line, "backoff", 10 * 1000),
        .backoff_ms_max = line_ms(line, "backoff_max", 600 * 1000),
        .in_flight_max = (uint32_t)line_number(line, "in_flight", 16),
        .breaker_after = (uint32_t)line_number(line, "breaker", 5),
        .breaker_probe_ms = line_ms(line, "probe", 30 * 1000),
    };
    set_text(line, agency->code, sizeof agency->code, code);
    set_text(line, agency->name, sizeof agency->name, line_text(line, "name", code));
    if (line_get(line, "until"))
        agency->to_ms = STORY_BEGINS_MS + line_ms(line, "until", 0);
    set_text(line, agency->area, sizeof agency->area, line_text(line, "area", ""));
    set_text(line, agency->parent, sizeof agency->parent, line_text(line, "parent", ""));
    if (line_get(line, "successor"))
        add_successor(world, line, agency, line_get(line, "successor"), agency->to_ms);
    index_names(world);
}

static struct selector selector_of(struct line *line, const char *text)
{
    struct selector selector = { .kind = SELECT_ANY };
    if (!text)
        line_wrong(line, "who?");
    if (strcmp(text, "*") == 0)
        return selector;
    selector.kind = SELECT_AGENCY;
    set_text(line, selector.code, sizeof selector.code, text);
    return selector;
}

static void add_permit(struct world *world, struct line *line)
{
    struct permit *permit = &world->permits[world->tables.permit_count++];
    const char *kinds = line_text(line, "kinds", "");
    char item[64];

    must(world->tables.permit_count <= WORLD_PERMITS_MAX);
    *permit = (struct permit){ .from = selector_of(line, line_word(line, 1)),
                               .to = selector_of(line, line_word(line, 2)), .kinds = kinds[0] ? 0 : KINDS_ALL };
    while (line_item(&kinds, item, sizeof item))
        permit->kinds |= KIND_BIT(kind_read(item));
}

static void add_route(struct world *world, struct line *line)
{
    struct route *route = &world->routes[world->tables.route_count++];
    must(world->tables.route_count <= WORLD_ROUTES_MAX);
    *route = (struct route){ .from = { .kind = SELECT_ANY } };
    set_text(line, route->procedure, sizeof route->procedure, line_text(line, "procedure", ""));
    set_text(line, route->step, sizeof route->step, line_text(line, "step", ""));
    set_text(line, route->to, sizeof route->to, line_text(line, "to", ""));
}

static void read_late(struct line *line, struct late_rules *late)
{
    if (line_get(line, "late") && !deadline_rule_read(line_get(line, "late"), &late->ask))
        line_wrong(line, "late=w1");
    if (line_get(line, "late_short") && !deadline_rule_read(line_get(line, "late_short"), &late->ask_short))
        line_wrong(line, "late_short=h2");
    if (line_get(line, "quiet") && !deadline_rule_read(line_get(line, "quiet"), &late->quiet))
        line_wrong(line, "quiet=h4");
    late->brake_per_hour = (uint32_t)line_number(line, "brake", late->brake_per_hour);
    late->escalations_max = (uint32_t)line_number(line, "escalations", 3);
    late->urge_answer_ms = line_ms(line, "urge", late->urge_answer_ms);
}

bool world_directory_line(struct world *world, struct line *line)
{
    struct tables *tables = &world->tables;
    const char *what = line_word(line, 0);

    if (strcmp(what, "gateway") == 0) {
        tables->lease_ms = line_ms(line, "lease", tables->lease_ms);
        tables->antecedent_ms_max = line_ms(line, "antecedent", tables->antecedent_ms_max);
        tables->purge_after_ms = line_ms(line, "purge", tables->purge_after_ms);
        read_late(line, &tables->late);
        if (line_get(line, "receipt") && !deadline_rule_read(line_get(line, "receipt"), &tables->receipt))
            line_wrong(line, "receipt=h4");
        if ((line_get(line, "answer") && !deadline_rule_read(line_get(line, "answer"), &tables->supplement.answer)) ||
            (line_get(line, "remind") && !deadline_rule_read(line_get(line, "remind"), &tables->supplement.remind)))
            line_wrong(line, "answer=w7 remind=w1");
    } else if (strcmp(what, "agency") == 0) {
        add_agency(world, line);
    } else if (strcmp(what, "succession") == 0) {
        add_succession(world, line);
    } else if (strcmp(what, "permit") == 0) {
        add_permit(world, line);
    } else if (strcmp(what, "route") == 0) {
        add_route(world, line);
    } else if (!world_catalogue_line(world, line)) {
        return false;
    }
    line_end(line);
    return true;
}

const struct agency *world_agency(struct world *world, struct line *line, const char *code)
{
    const struct agency *agency = code ? tables_agency(&world->tables, code) : NULL;
    if (!agency)
        line_wrong(line, "no agency '%s' in this story", code ? code : "");
    return agency;
}

/* ---- turns */

struct work {
    struct world *world;
    const struct command *commands;
    uint32_t count;
};

static void turn_steps(struct turn *turn, void *context)
{
    struct work *work = context;
    struct world *world = work->world;

    for (uint32_t i = 0; i < work->count; i++) {
        const struct command *command = &work->commands[i];
        if (command->kind == COMMAND_TICK && core_due_ms(turn) > world->now_ms)
            continue;
        must(effects_has_room(&world->effects));
        core_step(&world->core, turn, world->now_ms, command, &world->effects);
    }
}

void world_turn_quiet(struct world *world, const struct command *commands, uint32_t count)
{
    struct work work = { world, commands, count };

    effects_reset(&world->effects);
    enum result result = store_turn(world->store, world->now_ms, turn_steps, &work, &world->end);
    if (result != RESULT_OK) {
        fprintf(stderr, "trace: a turn failed: %s, %s\n", result_name(result), store_trouble(world->store));
        exit(2);
    }
    attachments_drop(world);
    world->again = false;
    for (uint32_t i = 0; i < world->effects.count; i++)
        world->again |= world->effects.list[i].kind == EFFECT_AGAIN;
}

void world_turn(struct world *world, const struct command *command)
{
    struct command again = *command;

    do {
        world_turn_quiet(world, &again, 1);
        print_events(world);
        print_effects(world);
        for (uint32_t i = 0; command->kind == COMMAND_TAKEOVER && i < world->effects.count; i++)
            again.takeover = world->effects.list[i].takeover;
    } while (world->again);
}

void world_read(struct world *world, turn_work *work, void *context)
{
    enum result result = store_read(world->store, work, context);
    must(result == RESULT_OK);
}

/* ---- names */

struct uuid world_message_id(struct world *world, const char *sender, const char *name, int64_t id_ms)
{
    struct uuid id = uuid_v8(id_ms, span_of_string(sender), span_of_string(name));
    struct known *known = &world->known[world->known_count];

    for (int i = 0; i < world->known_count; i++)
        if (uuid_equal(&world->known[i].id, &id))
            return id;
    if (world->known_count < WORLD_NAMES_MAX && strlen(name) < sizeof known->name) {
        known->id = id;
        memcpy(known->name, name, strlen(name) + 1);
        world->known_count++;
    }
    return id;
}

const char *world_message_name(struct world *world, const struct uuid *id)
{
    for (int i = 0; i < world->known_count; i++)
        if (uuid_equal(&world->known[i].id, id))
            return world->known[i].name;
    return "?";
}

uint64_t world_handoff_id(struct line *line, const char *text)
{
    char *end;
    if (!text || *text != '#')
        line_wrong(line, "which handoff? #1, #2 ...");
    uint64_t number = strtoull(text + 1, &end, 10);
    if (*end || !number)
        line_wrong(line, "'%s' is no handoff", text);
    return number < 1000 ? 1ULL << 48 | number : (uint64_t)(number / 1000) << 48 | number % 1000;
}

const char *world_time(int64_t time_ms, char text[32])
{
    int64_t ms = time_ms - STORY_BEGINS_MS;
    if (!time_ms)
        snprintf(text, 32, "-");
    else if (ms % 1000)
        snprintf(text, 32, "%lldms", (long long)ms);
    else
        snprintf(text, 32, "%llds", (long long)(ms / 1000));
    return text;
}
