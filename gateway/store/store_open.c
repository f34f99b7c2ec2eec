/* store_open.c - opening and closing: folder, lock, environment, tables, schema. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"
#include "gateway/store/room.h"

#define MAP_BYTES_DEFAULT (1ULL << 40)
#define STORE_BYTES_MAX_DEFAULT (64ULL << 30)
#define BALLAST_BYTES_DEFAULT (64ULL << 20)
#define JOURNAL_BYTES_DEFAULT (16ULL << 20)

static void say(struct text *why, const char *what, const char *path, const char *detail)
{
    if (why)
        text_add(why, "%s: %s (%s)", path, what, detail);
}

/* ---- the environment */

int store_env_open(const char *folder, uint64_t map_bytes, unsigned flags, MDB_env **ret_env)
{
    MDB_env *env;
    int code = mdb_env_create(&env);
    if (code)
        return code;
    if ((code = mdb_env_set_maxdbs(env, TABLES)) || (code = mdb_env_set_mapsize(env, map_bytes)) ||
        (code = mdb_env_open(env, folder, MDB_NOTLS | flags, 0600))) {
        mdb_env_close(env);
        return code;
    }
    *ret_env = env;
    return 0;
}

/* A new environment is made beside and takes its name only when it is whole on disk: LMDB does not sync the first
 * pages, and an environment without them opens never again. So a cut leaves either none or one that opens. */
static int make_env(const struct store *store)
{
    char path[PATH_SIZE], beside[PATH_SIZE];
    struct stat data;
    MDB_env *env;

    if (!path_join(store->folder, "data.mdb", path) || !path_join(store->folder, "new.mdb", beside))
        return ENAMETOOLONG;
    if (stat(path, &data) == 0)
        return 0;
    if (errno != ENOENT || (unlink(beside) && errno != ENOENT))
        return errno;
    int code = store_env_open(beside, 0, MDB_NOSUBDIR | MDB_NOLOCK, &env);    /* writer.lock is ours */
    if (code)
        return code;
    mdb_filehandle_t file;
    code = mdb_env_get_fd(env, &file);
    if (!code && !store->no_sync && fsync(file))
        code = errno;
    mdb_env_close(env);
    return code ? code : rename(beside, path) ? errno : 0;
}

static MDB_val val_of_string(const char *string)
{
    return (MDB_val){ .mv_size = strlen(string), .mv_data = (void *)(uintptr_t)string };
}

/* The schema's number, 0 for a new environment. */
static int read_schema(MDB_txn *txn, MDB_dbi meta, uint32_t *ret_schema)
{
    MDB_val key = val_of_string(META_SCHEMA_KEY), value;
    int code = mdb_get(txn, meta, &key, &value);
    if (code == MDB_NOTFOUND) {
        *ret_schema = 0;
        return 0;
    }
    if (code)
        return code;
    struct scan scan = scan_of(span_of(value.mv_data, value.mv_size));
    *ret_schema = scan_u32(&scan);
    return scan_end(&scan) && *ret_schema ? 0 : MDB_INVALID;
}

static int read_counters_row(MDB_txn *txn, MDB_dbi meta, struct counters *ret_counters)
{
    MDB_val key = val_of_string(META_COUNTERS_KEY), value;
    int code = mdb_get(txn, meta, &key, &value);
    if (code)
        return code;
    return counters_parse(span_of(value.mv_data, value.mv_size), ret_counters) ? 0 : MDB_INVALID;
}

static int put_first_rows(MDB_txn *txn, MDB_dbi meta, struct counters *ret_counters)
{
    struct counters counters = { .epoch = 1 };
    uint8_t bytes[COUNTERS_BYTES];
    uint32_t schema = htole32(STORE_SCHEMA);
    MDB_val schema_key = val_of_string(META_SCHEMA_KEY), counters_key = val_of_string(META_COUNTERS_KEY);
    MDB_val schema_value = { .mv_size = sizeof schema, .mv_data = &schema };
    MDB_val counters_value = { .mv_size = sizeof bytes, .mv_data = bytes };

    counters.bytes = schema_key.mv_size + schema_value.mv_size + counters_key.mv_size + counters_value.mv_size;
    counters_write(&counters, bytes);
    int code = mdb_put(txn, meta, &schema_key, &schema_value, 0);
    if (!code)
        code = mdb_put(txn, meta, &counters_key, &counters_value, 0);
    if (!code)
        *ret_counters = counters;
    return code;
}

/* From an older schema to ours, in the transaction that opened the tables: those that are new are there now, and empty.
 * No record changed so that an older reader is missing. */
static int migrate(MDB_txn *txn, MDB_dbi meta)
{
    uint32_t schema = htole32(STORE_SCHEMA);
    MDB_val key = val_of_string(META_SCHEMA_KEY), value = { .mv_size = sizeof schema, .mv_data = &schema };
    return mdb_put(txn, meta, &key, &value, 0);
}

/* INVALID: another schema. What is only read stays as it is, so it cannot be brought up. */
static enum result refuse_schema(const struct store *store, uint32_t schema, struct text *why)
{
    bool newer = schema > STORE_SCHEMA;

    if (!schema || schema == STORE_SCHEMA || (!newer && schema >= SCHEMA_OLDEST && !store->read_only))
        return RESULT_OK;
    if (why)
        text_add(why, "%s: kho thuộc lược đồ %u, chương trình này cần lược đồ %d; %s / "
                 "the store has schema %u, this program needs %d; %s", store->folder, schema, STORE_SCHEMA,
                 newer ? "hãy cài bản mới hơn" : "hãy mở nó một lần bằng lienthongd của bản này để nâng cấp", schema,
                 STORE_SCHEMA, newer ? "install the newer version that made it"
                                     : "let this version's lienthongd open it once: that brings it up");
    return RESULT_INVALID;
}

/* Opens every table in one transaction, and writes the first rows of a new store. RESULT_INVALID: another schema. */
static enum result open_tables(struct store *store, struct text *why)
{
    MDB_txn *txn;
    uint32_t schema = 0;
    int code = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);
    if (code) {
        say(why, "không mở được kho / cannot begin", store->folder, mdb_strerror(code));
        return lmdb_result(code);
    }
    code = mdb_dbi_open(txn, table_infos[TABLE_META].name, store->read_only ? 0 : MDB_CREATE,
                        &store->tables[TABLE_META]);
    if (!code)
        code = read_schema(txn, store->tables[TABLE_META], &schema);
    if (!code && refuse_schema(store, schema, why) != RESULT_OK) {
        mdb_txn_abort(txn);
        return RESULT_INVALID;
    }
    for (unsigned i = TABLE_META + 1; i < TABLES && !code; i++)
        code = mdb_dbi_open(txn, table_infos[i].name, store->read_only ? 0 : MDB_CREATE, &store->tables[i]);
    if (!code && !schema && !store->read_only)
        code = put_first_rows(txn, store->tables[TABLE_META], &store->counters);
    else if (!code)
        code = read_counters_row(txn, store->tables[TABLE_META], &store->counters);
    if (!code && schema && schema != STORE_SCHEMA)
        code = migrate(txn, store->tables[TABLE_META]);
    if (code)
        mdb_txn_abort(txn);
    else
        code = mdb_txn_commit(txn);             /* a read transaction too: aborting it would close the tables again */
    if (!code)
        return RESULT_OK;
    say(why, "không đọc được kho / not a readable store", store->folder, mdb_strerror(code));
    return code == MDB_NOTFOUND ? RESULT_INVALID : lmdb_result(code);
}

/* LMDB syncs what a commit writes, but not the names of files and folders. Done at every start: whoever made the store
 * may have been killed just before. */
static enum result sync_names(const struct store *store)
{
    enum result result = folder_sync(store->folder);
    return result == RESULT_OK ? folder_sync_parent(store->folder) : result;
}

/* ---- the folder */

static enum result take_lock(struct store *store, struct text *why)
{
    char path[PATH_SIZE];
    if (!path_join(store->folder, "writer.lock", path))
        return RESULT_INVALID;
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock < 0) {
        say(why, "không mở được / cannot open", path, strerror(errno));
        return file_result(errno);
    }
    if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
        return RESULT_OK;
    if (errno != EWOULDBLOCK) {
        say(why, "không khóa được / cannot lock", path, strerror(errno));
        return RESULT_BROKEN;
    }
    say(why, "tiến trình khác đang ghi kho này / another process writes this store", store->folder, "writer.lock");
    return RESULT_BUSY;
}

/* A new store must not begin where one was to be brought back. */
static enum result refuse_half_restored(const struct store *store, struct text *why)
{
    char path[PATH_SIZE];
    struct stat file;

    if (!path_join(store->folder, "data.mdb", path) || stat(path, &file) == 0 ||
        !path_join(store->folder, RESTORING_FILE, path) || stat(path, &file))
        return RESULT_OK;
    say(why, "việc phục hồi bị cắt ngang: hãy chạy lại lienthong restore / "
             "a restore was cut off here: run lienthong restore again", store->folder, RESTORING_FILE);
    return RESULT_INVALID;
}

static enum result open_folder(struct store *store, struct text *why)
{
    struct stat data;
    char path[PATH_SIZE];

    if (!store->read_only) {
        enum result result = folder_make(store->folder);
        if (result != RESULT_OK) {
            say(why, "không tạo được thư mục / cannot make the folder", store->folder, strerror(errno));
            return result;
        }
        result = take_lock(store, why);
        return result == RESULT_OK ? refuse_half_restored(store, why) : result;
    }
    if (!path_join(store->folder, "data.mdb", path))
        return RESULT_INVALID;
    if (stat(path, &data) == 0)
        return RESULT_OK;
    say(why, "không có kho ở đây / no store here", store->folder, strerror(errno));
    return errno == ENOENT || errno == ENOTDIR ? RESULT_NOT_FOUND : RESULT_BROKEN;
}

static enum result open_keys(struct store *store, struct text *why)
{
    char path[PATH_SIZE];
    struct seal_options options = { .folder = path, .read_only = store->read_only, .no_sync = store->no_sync };

    if (!path_join(store->folder, "keys", path))
        return RESULT_INVALID;
    enum result result = seal_open(&store->seal, &options);
    if (result == RESULT_OK && !store->read_only && chmod(path, 0700))
        result = RESULT_BROKEN;
    if (result != RESULT_OK)
        say(why, "không mở được khóa ngày / cannot open the day keys", path, result_name(result));
    return result;
}

/* ---- open, close */

/* The journal, and what it holds that the environment does not. */
static enum result open_journal(struct store *store, uint64_t journal_bytes, struct text *why)
{
    enum result result = journal_open(&store->journal, store->folder, journal_bytes, store->no_sync);
    if (result != RESULT_OK) {
        say(why, "không mở được nhật ký / cannot open the journal", store->folder, strerror(errno));
        return result;
    }
    result = settle_left(store);
    if (result != RESULT_OK) {
        say(why, "không đưa được nhật ký vào kho / cannot take over the journal", store->folder, store_trouble(store));
        return result;
    }
    result = journal_resize(&store->journal, store->folder, journal_bytes);
    if (result != RESULT_OK)
        say(why, "không tạo lại được nhật ký / cannot make the journal anew", store->folder, strerror(errno));
    return result;
}

static enum result open_all(struct store *store, const struct store_options *options, struct text *why)
{
    uint64_t journal_bytes = options->journal_bytes ? options->journal_bytes / JOURNAL_BYTES_MIN * JOURNAL_BYTES_MIN
                                                    : JOURNAL_BYTES_DEFAULT;
    enum result result = open_folder(store, why);
    if (result == RESULT_OK)
        result = open_keys(store, why);
    if (result != RESULT_OK)
        return result;

    unsigned flags = (store->read_only ? MDB_RDONLY : 0) | (store->no_sync ? MDB_NOSYNC : 0);
    int code = store->read_only ? 0 : make_env(store);
    if (!code)
        code = store_env_open(store->folder, store->map_bytes, flags, &store->env);
    if (code) {
        say(why, "không mở được kho / cannot open the store", store->folder, mdb_strerror(code));
        return code == MDB_INVALID || code == MDB_VERSION_MISMATCH ? RESULT_INVALID : lmdb_result(code);
    }
    result = open_tables(store, why);
    if (result == RESULT_OK && !store->read_only)
        result = open_journal(store, journal_bytes, why);
    if (result != RESULT_OK || store->read_only)
        return result;
    if (!store->no_sync && (result = sync_names(store)) != RESULT_OK) {
        say(why, "không ghi xuống đĩa được / cannot sync", store->folder, strerror(errno));
        return result;
    }
    ballast_start(store);
    return RESULT_OK;
}

/* A writer that was killed left turns in the journal: the next writer takes them over, and that is us for a moment. */
static enum result settle_for_reader(const struct store_options *options, struct text *why)
{
    struct store_options writer = *options;
    struct store *store;

    if (!options->read_only || !settle_is_wanted(options->folder))
        return RESULT_OK;
    writer.read_only = false;
    enum result result = store_open(&store, &writer, why);
    if (result != RESULT_OK)
        return result == RESULT_BUSY ? RESULT_OK : result;      /* one has started meanwhile */
    result = store_settle(store);
    if (result != RESULT_OK)
        say(why, "không đưa được nhật ký vào kho / cannot take over the journal", options->folder,
            store_trouble(store));
    store_leave(store);
    return result;
}

enum result store_open(struct store **ret_store, const struct store_options *options, struct text *why)
{
    enum result result = settle_for_reader(options, why);
    if (result != RESULT_OK)
        return result;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return RESULT_FULL;
    store->lock = store->journal.file = -1;
    store->read_only = options->read_only;
    store->no_sync = options->no_sync;
    store->map_bytes = options->map_bytes ? options->map_bytes : MAP_BYTES_DEFAULT;
    store->bytes_max = options->store_bytes_max ? options->store_bytes_max : STORE_BYTES_MAX_DEFAULT;
    store->ballast_bytes = options->ballast_bytes ? options->ballast_bytes : BALLAST_BYTES_DEFAULT;
    result = RESULT_INVALID;
    if (span_to_string(span_of_string(options->folder), store->folder, sizeof store->folder) && store->folder[0])
        result = open_all(store, options, why);
    if (result != RESULT_OK) {
        store_leave(store);
        return result;
    }
    *ret_store = store;
    return RESULT_OK;
}

void store_close(struct store *store)
{
    if (store && store->open && !store->broken)
        (void)!store_settle(store);                             /* else the journal keeps them */
    store_leave(store);
}

void store_leave(struct store *store)
{
    if (!store)
        return;
    must(!store->turn.txn);
    if (store->open)
        mdb_txn_abort(store->open);
    if (store->env)
        mdb_env_close(store->env);
    journal_close(&store->journal);
    seal_close(store->seal);
    if (store->lock >= 0)
        close(store->lock);
    free(store->turn.leaves);
    free(store);
}

enum result store_peek(const char *folder, struct counters *ret_counters)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta;
    /* Nobody else has it: no lock file is left beside it. */
    int code = store_env_open(folder, 0, MDB_RDONLY | MDB_NOLOCK, &env);
    if (code)
        return lmdb_result(code);
    if ((code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) == 0) {
        code = mdb_dbi_open(txn, table_infos[TABLE_META].name, 0, &meta);
        if (!code)
            code = read_counters_row(txn, meta, ret_counters);
        mdb_txn_abort(txn);
    }
    mdb_env_close(env);
    return lmdb_result(code);
}
