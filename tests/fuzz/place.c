#include "tests/fuzz/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store/blob_file.h"

#define DAY_MS (24 * 3600 * 1000LL)

/* In order of code. */
static const struct { const char *code, *alias; enum agency_kind kind; enum agency_class agency_class; } known[] = {
    { "H29.1", "WARD-1", AGENCY_WARD, CLASS_NEITHER },  { "H29.2", "", AGENCY_WARD, CLASS_IDEMPOTENT },
    { "INS", "", AGENCY_SECTOR, CLASS_NEITHER },        { "OLD", "", AGENCY_SECTOR, CLASS_NEITHER },
    { "POL", "", AGENCY_SECTOR, CLASS_IDEMPOTENT },     { "TAX", "", AGENCY_SECTOR, CLASS_PROBE },
};
_Static_assert(sizeof known / sizeof *known == PLACE_AGENCIES, "a row for each agency");

/* Side by side, one of several, chosen, by an agency that ends meanwhile, by the citizen. */
static struct procedure_step steps[] = {
    { .name = "birth", .agency = { .kind = SELECT_AGENCY, .code = "H29.2" } },
    { .name = "residence", .agency = { .kind = SELECT_AGENCY, .code = "OLD" }, .after = 1 },
    { .name = "tax", .agency = { .kind = SELECT_AGENCY, .code = "TAX" }, .optional = true, .after = 1 },
    { .name = "fee", .citizen = true, .after = 2 },
    { .name = "card", .agency = { .kind = SELECT_AGENCY, .code = "INS" }, .join = JOIN_ANY, .after = 2 | 4 },
    { .name = "last", .agency = { .kind = SELECT_AGENCY, .code = "POL" }, .after = 8 | 16 },
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct agency_name *)a)->name, ((const struct agency_name *)b)->name);
}

static void add_name(struct place *place, const char *name, uint32_t agency)
{
    struct agency_name *entry = &place->names[place->tables.name_count++];
    must(place->tables.name_count <= PLACE_NAMES && span_to_string(span_of_string(name), entry->name,
                                                                   sizeof entry->name));
    entry->agency = agency;
}

static void make_tables(struct place *place)
{
    struct tables *tables = &place->tables;

    *tables = (struct tables){
        .version = 1, .gateway = "gw-fuzz", .lease_ms = 120000, .antecedent_ms_max = 30 * DAY_MS,
        .purge_after_ms = 60 * DAY_MS, .submit_window = 64, .agencies = place->agencies,
        .agency_count = PLACE_AGENCIES, .permits = place->permits, .permit_count = 2, .routes = &place->route,
        .route_count = 1, .names = place->names };
    for (uint32_t i = 0; i < PLACE_AGENCIES; i++) {
        struct agency *agency = &place->agencies[i];
        *agency = (struct agency){
            .kind = known[i].kind, .agency_class = known[i].agency_class, .attempts_max = 4, .lapses_max = 3,
            .age_ms_max = 2 * DAY_MS, .backoff_ms_min = 60000, .backoff_ms_max = 1800000, .in_flight_max = 8,
            .breaker_after = 5, .breaker_probe_ms = 60000 };
        must(span_to_string(span_of_string(known[i].code), agency->code, sizeof agency->code));
        add_name(place, known[i].code, i);
        if (known[i].alias[0])
            add_name(place, known[i].alias, i);
    }
    place->agencies[3].to_ms = PLACE_NOW_MS + 20 * DAY_MS;
    place->successor = (struct successor){ .code = "POL", .from_ms = place->agencies[3].to_ms, .kinds = KINDS_ALL };
    place->agencies[3].successors = &place->successor;
    place->agencies[3].successor_count = 1;
    for (uint32_t i = 0; i < PLACE_AGENCIES; i++)
        place->agencies[i].succeeds = strcmp(place->agencies[i].code, "POL") == 0;
    tables->successions = true;
    qsort(place->names, tables->name_count, sizeof *place->names, by_name);
    place->permits[0] = (struct permit){ .from = { .kind = SELECT_BELOW, .code = "H29" }, .to = { .kind = SELECT_ANY },
                                         .kinds = KINDS_ALL };
    place->permits[1] = (struct permit){ .from = { .kind = SELECT_KIND, .agency_kind = AGENCY_SECTOR },
                                         .to = { .kind = SELECT_KIND, .agency_kind = AGENCY_WARD },
                                         .kinds = KINDS_ALL };
    place->procedure = (struct procedure){ .code = PLACE_FLOW, .usual = true, .senders = { .kind = SELECT_ANY },
                                           .steps = steps, .step_count = sizeof steps / sizeof *steps };
    tables->procedures = &place->procedure;
    tables->procedure_count = 1;
    tables->late.urge_answer_ms = DAY_MS;
    place->route = (struct route){ .procedure = "2.000986", .step = "residence", .from = { .kind = SELECT_ANY },
                                   .to = "POL" };
}

static void open_store(struct place *place, bool read_only)
{
    char why[256], folder[256];
    struct text text = text_of(why, sizeof why), path = text_of(folder, sizeof folder);
    struct store_options options = { .folder = folder, .map_bytes = 64 << 20, .ballast_bytes = 4096, .no_sync = true,
                                     .read_only = read_only };

    text_add(&path, "%s", shelf_below("store"));
    enum result result = store_open(&place->store, &options, &text);
    if (result != RESULT_OK)
        fprintf(stderr, "store: %s: %s\n", result_name(result), why);
    must(result == RESULT_OK);
}

void place_open(struct place *place)
{
    if (!place->core.scratch.bytes) {
        must(hash_start() == RESULT_OK && core_init(&place->core) == RESULT_OK);
        must(effects_init(&place->effects) == RESULT_OK && arena_init(&place->words, 8 << 20) == RESULT_OK);
    }
    make_tables(place);
    place->core.tables = &place->tables;
    place->core.intake_closed = NULL;
    place->core.stopping = place->core.purge_paused = false;
    place->now_ms = PLACE_NOW_MS;
    place->files = 0;
    shelf_remove("store");
    open_store(place, false);
}

static void print_fault(void *context, const char *fault)
{
    (void)context;
    fprintf(stderr, "check-store: %s\n", fault);
}

void place_close(struct place *place)
{
    struct store_check check = { 0 };

    store_close(place->store);
    open_store(place, true);
    enum result result = store_check(place->store, print_fault, NULL, &check);
    store_close(place->store);
    place->store = NULL;
    must(result == RESULT_OK && !check.faults);
}

/* ---- saying it */

static void say(struct place *place, const struct effect *effect)
{
    struct wire_turn turn = { .seq = place->end.seq, .link = place->end.link };
    struct wire_out out;

    arena_reset(&place->words);
    if (!wire_effect(effect, &turn, &place->words, &out)) {
        must(!out.bytes);                                       /* not one that is spoken; there is room here */
        return;
    }
    must(out.bytes <= FRAME_BYTES_MAX);
    uint8_t *frame = malloc(out.bytes);
    must(frame != NULL);
    wire_pack(&out, frame);
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, out.bytes - 1, frame + 1);
    must(envelope != NULL && envelope->correlation == effect->correlation);
    must(envelope->body_case != LIENTHONG__V1__ENVELOPE__BODY__NOT_SET);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    free(frame);
}

struct run { struct place *place; const struct command *command; };

static void one_step(struct turn *turn, void *context)
{
    struct run *run = context;
    core_step(&run->place->core, turn, run->place->now_ms, run->command, &run->place->effects);
}

void place_run(struct place *place, const struct command *command)
{
    struct run run = { place, command };

    effects_reset(&place->effects);
    must(store_turn(place->store, place->now_ms, one_step, &run, &place->end) == RESULT_OK);
    must(place->effects.count <= STEP_EFFECTS_MAX);
    for (uint32_t i = 0; i < place->effects.count; i++)
        say(place, &place->effects.list[i]);
}

void place_read(struct place *place, turn_work *work, void *context)
{
    must(store_read(place->store, work, context) == RESULT_OK);
}

/* ---- attachments */

static void write_file(const struct blob *blob, const char *content)
{
    struct blob_folder_options options = { .store_folder = shelf_below("store"), .no_sync = true };
    struct blob_folder folder;
    struct blob_writing writing;

    must(blob_folder_open(&folder, &options) == RESULT_OK);
    must(blob_write_begin(&folder, blob, &writing) == RESULT_OK);
    must(blob_write_piece(&folder, &writing, span_of_string(content)) == RESULT_OK);
    must(blob_write_end(&folder, &writing) == RESULT_OK);
    blob_folder_close(&folder);
}

void place_blob(struct place *place, struct command *ask, const char *content)
{
    place_run(place, ask);
    must(place->effects.count == 1);
    const struct effect *effect = place->effects.list;
    must(effect->kind == EFFECT_BLOB || effect->kind == EFFECT_REFUSED);
    if (effect->kind != EFFECT_BLOB || effect->blob.word != BLOB_WANTED || ask->blob.size != strlen(content))
        return;
    struct blob blob = { .sha256 = ask->blob.sha256, .size = ask->blob.size, .file = ++place->files,
                         .day = effect->blob.day };
    write_file(&blob, content);
    ask->blob.about = BLOB_KEEP;
    ask->blob.file = blob.file;
    ask->blob.day = blob.day;
    place_run(place, ask);
    must(place->effects.count == 1 && effect->kind == EFFECT_BLOB && effect->blob.word == BLOB_KEPT);
}

struct naming { const char *agency; struct hash hash; bool may; };

static void ask_may(struct turn *turn, void *context)
{
    struct naming *naming = context;
    naming->may = turn_blob_known(turn, turn_agency_number(turn, naming->agency), &naming->hash);
}

bool place_may_name(struct place *place, unsigned agency, const char *content)
{
    struct naming naming = { place->agencies[agency].code, hash_of(span_of_string(content)), false };
    place_read(place, ask_may, &naming);
    return naming.may;
}

static void load_due(struct turn *turn, void *context)
{
    *(int64_t *)context = core_due_ms(turn);
}

int64_t place_due_ms(struct place *place)
{
    int64_t due_ms;
    place_read(place, load_due, &due_ms);
    return due_ms;
}

static void load_handoff(struct turn *turn, void *context)
{
    struct handoff *handoff = context;
    must(turn_handoff(turn, handoff->id, handoff));
}

struct handoff place_handoff(struct place *place, uint64_t id)
{
    struct handoff handoff = { .id = id };
    place_read(place, load_handoff, &handoff);
    return handoff;
}
