/* load_store.c - the store and the directory that both halves of `load` work with. */
#include "tests/torture/load.h"

struct store *load_open(const struct load_options *options)
{
    struct store_options store_options = { .folder = options->store, .no_sync = options->no_sync,
                                           .ballast_bytes = LOAD_BALLAST, .journal_bytes = LOAD_JOURNAL };
    struct store *store;
    char array[512];
    struct text why = text_of(array, sizeof array);
    if (store_open(&store, &store_options, &why) != RESULT_OK)
        load_stop("the store does not open: %s", why.string);
    return store;
}

struct stored_directory { struct directory *directory; struct core *core; struct effects *effects; bool same; };

static void ask_directory(struct turn *turn, void *context)
{
    struct stored_directory *stored = context;
    struct hash hash;
    uint32_t version = turn_directory_version(turn);
    stored->same = version && turn_directory_hash(turn, version, &hash) &&
                   hash_equal(&hash, &directory_tables(stored->directory)->hash);
    if (stored->same)
        directory_version_set(stored->directory, version);
}

static void put_directory(struct turn *turn, void *context)
{
    struct stored_directory *stored = context;
    struct command command = { .kind = COMMAND_DIRECTORY };
    command.directory.tables = directory_tables(stored->directory);
    command.directory.bytes = directory_bytes(stored->directory);
    effects_reset(stored->effects);
    core_step(stored->core, turn, turn_now_ms(turn), &command, stored->effects);
}

void load_directory(struct core *core, struct store *store, struct effects *effects, const char *folder,
                    int64_t now_ms)
{
    struct faults faults;
    struct turn_end end;
    struct stored_directory stored = { .core = core, .effects = effects };

    if (faults_init(&faults) != RESULT_OK || !(stored.directory = directory_read(folder, now_ms, &faults)))
        load_stop("%s is no directory", folder);
    core->tables = directory_tables(stored.directory);      /* never freed: it lives as long as the program */
    if (store_read(store, ask_directory, &stored) != RESULT_OK)
        load_stop("the directory cannot be asked for");
    if (!stored.same && (store_turn(store, now_ms, put_directory, &stored, &end) != RESULT_OK ||
                         store_read(store, ask_directory, &stored) != RESULT_OK || !stored.same))
        load_stop("the directory cannot be stored");
    faults_done(&faults);
}
