#include "gateway/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "gateway/store/bytes.h"
#include "gateway/store/files.h"

/* On disk: the head, then the rows, then nothing up to the end of the block. Numbers are little-endian.
 *     head   8 magic and version, u64 turn, u32 rows, u32 bytes of the rows, 16 sum
 *     row    u8 table, u8 what, u16 bytes of the key, u32 bytes of the value, key, value
 * The sum (XXH3, 128 bits: what a cut or a bad disk leaves is to be known, nobody who writes here is to be kept out)
 * covers the turn, the link of the turn before, the number of rows, and the rows. */
enum { MAGIC_BYTES = 8, SUM_BYTES = 16, HEAD_BYTES = MAGIC_BYTES + 8 + 4 + 4 + SUM_BYTES, ROW_HEAD_BYTES = 8 };
enum { WHAT_PUT = 1, WHAT_DELETED = 2 };
enum { FIRST_ROOM_BYTES = 64 << 10 };

static const char MAGIC[MAGIC_BYTES + 1] = "LTJRNL01";

_Static_assert(TABLES <= UINT8_MAX && KEY_BYTES_MAX <= UINT16_MAX, "they fit into a row's head");

/* ---- the file */

/* Every block is written once, so that no later sync has to make it a part of the file. What is left of a disk may end
 * in the middle of a write: only the next one says that it is full. */
static enum result lay_blocks(int file, uint64_t size_bytes)
{
    static const uint8_t zeros[JOURNAL_BYTES_MIN];
    for (uint64_t laid = 0; laid < size_bytes; laid += sizeof zeros) {
        enum result result = file_write(file, zeros, sizeof zeros);
        if (result != RESULT_OK)
            return result;
    }
    return fdatasync(file) ? file_result(errno) : RESULT_OK;
}

/* Made beside, and given its name when it is whole. FULL: no room for it. */
static enum result make_file(const char *folder, const char *path, uint64_t size_bytes, bool no_sync)
{
    char beside[PATH_SIZE];

    if (!path_join(folder, "journal.new", beside))
        return RESULT_INVALID;
    if (unlink(beside) && errno != ENOENT)
        return RESULT_BROKEN;
    int file = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return file_result(errno);
    enum result result = RESULT_OK;
    if (!no_sync)
        result = lay_blocks(file, size_bytes);
    else if (ftruncate(file, (off_t)size_bytes))
        result = file_result(errno);
    if (close(file) && result == RESULT_OK)
        result = file_result(errno);
    if (result == RESULT_OK && rename(beside, path))
        result = file_result(errno);
    if (result != RESULT_OK)
        (void)unlink(beside);
    return result;
}

static enum result open_file(struct journal *journal, const char *path, int flags)
{
    struct stat file;
    journal->file = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (journal->file < 0)
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
    if (fstat(journal->file, &file))
        return RESULT_BROKEN;
    journal->size_bytes = (uint64_t)file.st_size / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
    return RESULT_OK;
}

enum result journal_open(struct journal *journal, const char *folder, uint64_t size_bytes, bool no_sync)
{
    char path[PATH_SIZE];

    *journal = (struct journal){ .file = -1, .no_sync = no_sync };
    must(size_bytes >= JOURNAL_BYTES_MIN && size_bytes % JOURNAL_BYTES_MIN == 0);
    if (!path_join(folder, "journal", path))
        return RESULT_INVALID;
    enum result result = open_file(journal, path, O_RDWR);      /* whatever its size: it may hold turns */
    if (result != RESULT_NOT_FOUND)
        return result;
    result = make_file(folder, path, size_bytes, no_sync);
    if (result == RESULT_OK)
        return open_file(journal, path, O_RDWR);
    return result == RESULT_FULL ? RESULT_OK : result;
}

enum result journal_resize(struct journal *journal, const char *folder, uint64_t size_bytes)
{
    char path[PATH_SIZE];

    if (journal->file < 0 || journal->used_bytes || journal->size_bytes == size_bytes)
        return RESULT_OK;
    if (!path_join(folder, "journal", path))
        return RESULT_INVALID;
    enum result result = make_file(folder, path, size_bytes, journal->no_sync);
    if (result == RESULT_FULL)
        return RESULT_OK;
    close(journal->file);
    journal->file = -1;
    return result == RESULT_OK ? open_file(journal, path, O_RDWR) : result;
}

enum result journal_open_read(struct journal *journal, const char *folder)
{
    char path[PATH_SIZE];
    *journal = (struct journal){ .file = -1 };
    return path_join(folder, "journal", path) ? open_file(journal, path, O_RDONLY) : RESULT_INVALID;
}

void journal_close(struct journal *journal)
{
    syncer_stop(&journal->syncer);
    if (journal->file >= 0)
        close(journal->file);
    free(journal->record);
    *journal = (struct journal){ .file = -1 };
}

/* ---- a turn, as it is made */

static uint8_t *take_room(struct journal *journal, size_t bytes)
{
    size_t wanted = journal->record_bytes + bytes + JOURNAL_BLOCK_BYTES;       /* the last block is filled up */

    if (journal->record_lost || journal->file < 0 || wanted > JOURNAL_RECORD_BYTES_MAX) {
        journal->record_lost = true;
        return NULL;
    }
    if (wanted > journal->record_room) {
        size_t room = journal->record_room ? journal->record_room : FIRST_ROOM_BYTES;
        while (room < wanted)
            room *= 2;
        uint8_t *record = realloc(journal->record, room);
        if (!record) {
            journal->record_lost = true;
            return NULL;
        }
        journal->record = record;
        journal->record_room = room;
    }
    uint8_t *at = journal->record + journal->record_bytes;
    journal->record_bytes += bytes;
    return at;
}

void journal_turn_begin(struct journal *journal)
{
    journal->record_bytes = journal->record_rows = 0;
    journal->record_lost = false;
    journal->open = NULL;
    (void)take_room(journal, HEAD_BYTES);
}

void journal_turn_filled(struct journal *journal)
{
    if (journal->open && !journal->record_lost)
        memcpy(journal->record + journal->open_at, journal->open, journal->open_bytes);
    journal->open = NULL;
}

/* The row with its key; the value's bytes are left out. Returns where they go, NULL when the record is lost. */
static uint8_t *add_row(struct journal *journal, enum table table, unsigned what, struct span key, size_t value_bytes)
{
    journal_turn_filled(journal);
    uint8_t *at = take_room(journal, ROW_HEAD_BYTES + key.size + value_bytes);
    if (!at)
        return NULL;
    struct pen pen = { .at = at };
    uint16_t key_bytes = htole16((uint16_t)key.size);
    pen_u8(&pen, table);
    pen_u8(&pen, what);
    pen_bytes(&pen, &key_bytes, sizeof key_bytes);
    pen_u32(&pen, (uint32_t)value_bytes);
    pen_bytes(&pen, key.bytes, key.size);
    journal->record_rows++;
    return pen.at;
}

void journal_turn_put(struct journal *journal, enum table table, struct span key, struct span value)
{
    struct pen pen = { .at = add_row(journal, table, WHAT_PUT, key, value.size) };
    if (pen.at)
        pen_bytes(&pen, value.bytes, value.size);
}

void journal_turn_reserve(struct journal *journal, enum table table, struct span key, const uint8_t *value,
                          size_t value_bytes)
{
    uint8_t *at = add_row(journal, table, WHAT_PUT, key, value_bytes);
    if (!at)
        return;
    journal->open = value;
    journal->open_at = (size_t)(at - journal->record);
    journal->open_bytes = value_bytes;
}

void journal_turn_delete(struct journal *journal, enum table table, struct span key)
{
    (void)add_row(journal, table, WHAT_DELETED, key, 0);
}

struct sum { uint8_t bytes[SUM_BYTES]; };

static struct sum record_sum(uint64_t seq, const struct hash *before, uint32_t count, struct span rows)
{
    uint8_t bytes[8 + 4 + HASH_SIZE];
    struct pen pen = { .at = bytes };
    struct sum sum;
    XXH128_canonical_t canonical;

    pen_u64(&pen, seq);
    pen_u32(&pen, count);
    pen_bytes(&pen, before->bytes, HASH_SIZE);
    XXH64_hash_t seed = XXH3_64bits(bytes, sizeof bytes);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(rows.bytes, rows.size, seed));
    memcpy(sum.bytes, canonical.digest, SUM_BYTES);
    return sum;
}

static uint64_t whole_blocks(uint64_t bytes)
{
    return (bytes + JOURNAL_BLOCK_BYTES - 1) / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
}

/* Waits for the sync under way, if there is one. */
static enum result end_sync(struct journal *journal)
{
    if (!journal->syncer.under_way)
        return RESULT_OK;
    if (syncer_wait(&journal->syncer))
        return RESULT_BROKEN;
    journal->syncs_over = journal->syncs_begun;
    return RESULT_OK;
}

static void begin_sync(struct journal *journal)
{
    journal->behind = false;
    journal->syncs_begun++;
    syncer_begin(&journal->syncer, journal->file);
}

/* For a record of so many bytes, which has just been written. */
static enum result sync_aside(struct journal *journal, uint64_t bytes)
{
    if (journal_syncing(journal) == SYNCING)
        return RESULT_OK;                               /* the next one is for it */
    if (journal->no_sync || bytes < JOURNAL_ASIDE_BYTES)
        return journal_synced(journal);
    if (end_sync(journal) != RESULT_OK)
        return RESULT_BROKEN;
    begin_sync(journal);
    return RESULT_OK;
}

enum result journal_turn_end(struct journal *journal, uint64_t seq, const struct hash *before, bool aside)
{
    journal_turn_filled(journal);
    if (journal->record_lost)
        return RESULT_FULL;
    uint64_t blocks_bytes = whole_blocks(journal->record_bytes);
    if (blocks_bytes > journal->size_bytes - journal->used_bytes)
        return RESULT_FULL;

    struct span rows = span_of(journal->record + HEAD_BYTES, journal->record_bytes - HEAD_BYTES);
    struct sum sum = record_sum(seq, before, journal->record_rows, rows);
    struct pen pen = { .at = journal->record };
    pen_bytes(&pen, MAGIC, MAGIC_BYTES);
    pen_u64(&pen, seq);
    pen_u32(&pen, journal->record_rows);
    pen_u32(&pen, (uint32_t)rows.size);
    pen_bytes(&pen, sum.bytes, SUM_BYTES);
    memset(journal->record + journal->record_bytes, 0, blocks_bytes - journal->record_bytes);

    ssize_t written;
    do
        written = pwrite(journal->file, journal->record, blocks_bytes, (off_t)journal->used_bytes);
    while (written < 0 && errno == EINTR);
    if (written != (ssize_t)blocks_bytes)               /* some file systems need room to write again what is there */
        return written >= 0 || file_result(errno) == RESULT_FULL ? RESULT_FULL : RESULT_BROKEN;
    journal->used_bytes += blocks_bytes;
    journal->rows += journal->record_rows;
    journal->behind = true;
    return aside ? sync_aside(journal, blocks_bytes) : journal_synced(journal);
}

uint64_t journal_sync_wanted(const struct journal *journal)
{
    return journal->syncs_begun + journal->behind;
}

uint64_t journal_syncs_over(const struct journal *journal)
{
    return journal->syncs_over;
}

enum syncing journal_syncing(const struct journal *journal)
{
    if (!journal->syncer.under_way)
        return SYNCED;
    return syncer_is_done(&journal->syncer) ? SYNC_OVER : SYNCING;
}

enum result journal_sync_on(struct journal *journal)
{
    if (journal_syncing(journal) != SYNC_OVER)
        return RESULT_OK;
    enum result result = end_sync(journal);
    if (result == RESULT_OK && journal->behind)
        begin_sync(journal);
    return result;
}

enum result journal_synced(struct journal *journal)
{
    if (end_sync(journal) != RESULT_OK)
        return RESULT_BROKEN;
    if (!journal->behind)
        return RESULT_OK;
    journal->behind = false;
    journal->syncs_begun++;
    if (!journal->no_sync && fdatasync(journal->file))
        return RESULT_BROKEN;
    journal->syncs_over = journal->syncs_begun;
    return RESULT_OK;
}

void journal_restart(struct journal *journal)
{
    journal->used_bytes = journal->rows = 0;
}

/* ---- reading */

static bool read_whole(int file, void *ret_bytes, size_t bytes, uint64_t at)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(file, (uint8_t *)ret_bytes + done, bytes - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

struct head {
    uint64_t   seq;
    uint32_t   rows, bytes;
    struct sum sum;
};

/* False: there is no record here. That it is whole is for its sum to say. */
static bool read_head(struct journal *journal, uint64_t at_bytes, struct head *ret_head)
{
    uint8_t bytes[HEAD_BYTES], magic[MAGIC_BYTES];

    if (journal->file < 0 || at_bytes + HEAD_BYTES > journal->size_bytes ||
        !read_whole(journal->file, bytes, sizeof bytes, at_bytes))
        return false;
    struct scan scan = scan_of(span_of(bytes, sizeof bytes));
    scan_bytes(&scan, magic, sizeof magic);
    ret_head->seq = scan_u64(&scan);
    ret_head->rows = scan_u32(&scan);
    ret_head->bytes = scan_u32(&scan);
    scan_bytes(&scan, ret_head->sum.bytes, SUM_BYTES);
    return memcmp(magic, MAGIC, MAGIC_BYTES) == 0 && ret_head->bytes <= JOURNAL_RECORD_BYTES_MAX &&
           ret_head->bytes <= journal->size_bytes - at_bytes - HEAD_BYTES;
}

enum result journal_read_turn(struct journal *journal, struct journal_reader *reader, uint64_t seq,
                              const struct hash *before)
{
    struct head head;

    if (!read_head(journal, reader->at_bytes, &head) || head.seq != seq)
        return RESULT_NOT_FOUND;
    journal_turn_begin(journal);
    if (!take_room(journal, head.bytes))
        return RESULT_FULL;
    if (!read_whole(journal->file, journal->record + HEAD_BYTES, head.bytes, reader->at_bytes + HEAD_BYTES))
        return RESULT_NOT_FOUND;
    struct sum sum = record_sum(seq, before, head.rows, span_of(journal->record + HEAD_BYTES, head.bytes));
    if (memcmp(sum.bytes, head.sum.bytes, SUM_BYTES) != 0)
        return RESULT_NOT_FOUND;
    reader->at_bytes += whole_blocks(HEAD_BYTES + head.bytes);
    reader->row_at = HEAD_BYTES;
    reader->row_end = HEAD_BYTES + head.bytes;
    reader->rows_left = head.rows;
    return RESULT_OK;
}

bool journal_read_row(struct journal *journal, struct journal_reader *reader, struct journal_row *ret_row,
                      enum result *ret_result)
{
    size_t left = reader->row_end - reader->row_at;
    struct scan scan = scan_of(span_of(journal->record + reader->row_at, left));
    uint16_t little;

    *ret_result = RESULT_OK;
    if (!reader->rows_left && !left)
        return false;
    unsigned table = scan_u8(&scan), what = scan_u8(&scan);
    scan_bytes(&scan, &little, sizeof little);
    size_t key_bytes = le16toh(little), value_bytes = scan_u32(&scan);
    if (scan.bad || !reader->rows_left || table >= TABLES || (what != WHAT_PUT && what != WHAT_DELETED) || !key_bytes ||
        key_bytes > KEY_BYTES_MAX || value_bytes > scan.left || key_bytes > scan.left - value_bytes) {
        *ret_result = RESULT_BROKEN;
        return false;
    }
    *ret_row = (struct journal_row){ .table = (enum table)table, .deleted = what == WHAT_DELETED,
                                     .key = span_of(scan.at, key_bytes),
                                     .value = span_of(scan.at + key_bytes, value_bytes) };
    reader->row_at += ROW_HEAD_BYTES + key_bytes + value_bytes;
    reader->rows_left--;
    return true;
}

void journal_go_on(struct journal *journal, const struct journal_reader *reader, uint64_t rows)
{
    journal->used_bytes = reader->at_bytes;
    journal->rows = rows;
}
