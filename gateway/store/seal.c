#include "gateway/store/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/bytes.h"
#include "gateway/store/files.h"
#include "gateway/store/gcm.h"

enum {
    SCHEME_XCHACHA = 1, SCHEME_GCM = 2,
    KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    KEYS_KEPT = 8,                  /* today, and the days that waiting handoffs were accepted on */
    RANDOM_BYTES = 128 * NONCE_BYTES,       /* one call for so many nonces */
};
_Static_assert(SEAL_HEAD_BYTES == 1 + 4 + NONCE_BYTES, "scheme, day, nonce");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert((int)SEAL_TAG_BYTES == (int)GCM_TAG_BYTES && (int)KEY_BYTES == (int)GCM_KEY_BYTES, "as large in both");
_Static_assert(crypto_generichash_KEYBYTES == KEY_BYTES, "the day's key also keys the salts");

struct day_key {
    struct gcm_key gcm;             /* only where that is fast */
    uint32_t day;                   /* 0: free */
    uint8_t  bytes[KEY_BYTES];
};

struct seal {
    int      folder;                /* file descriptor of the keys' folder */
    bool     read_only, no_sync;
    bool     gcm_is_fast;
    unsigned scheme;                /* to seal with */
    struct day_key *keys;           /* KEYS_KEPT of them, locked in memory */
    unsigned next;                  /* the one to be replaced next */
    unsigned last;                  /* the one used last */
    size_t   random_left;
    uint8_t  random[RANDOM_BYTES];  /* nonces to come */
};

/* ---- days */

/* Days since 1970 to a date of the Gregorian calendar, counted in years that begin in March, so that the leap day is
 * the last one of its year. */
static uint32_t date_of_day(int64_t day)
{
    int64_t shifted = day + 719468;                                     /* days since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097; /* of 400 years */
    int64_t in_era = shifted - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;                            /* 0 = March */
    int64_t in_month = in_year - (153 * month + 2) / 5 + 1;

    year += era * 400 + (month >= 10);
    must(year >= 0 && year <= 9999);
    return (uint32_t)(year * 10000 + (month < 10 ? month + 3 : month - 9) * 100 + in_month);
}

uint32_t seal_day(int64_t time_ms)
{
    int64_t local_ms = time_ms + 7 * 3600 * 1000;
    int64_t day_ms = 24 * 3600 * 1000;
    return date_of_day(local_ms >= 0 ? local_ms / day_ms : -((day_ms - 1 - local_ms) / day_ms));
}

/* ---- key files */

enum { KEY_NAME_SIZE = 32 };

static void key_name(uint32_t day, char ret_name[KEY_NAME_SIZE])
{
    snprintf(ret_name, KEY_NAME_SIZE, "day-%08u.key", day);
}

/* 0 when the name is not that of a key. */
static uint32_t day_of_name(const char *name)
{
    char again[KEY_NAME_SIZE];
    unsigned day = 0;
    if (sscanf(name, "day-%8u.key", &day) != 1)
        return 0;
    key_name(day, again);
    return strcmp(name, again) == 0 ? day : 0;
}

static enum result key_file_read(const struct seal *seal, uint32_t day, uint8_t ret_key[KEY_BYTES])
{
    uint8_t bytes[KEY_BYTES + 1];
    char name[KEY_NAME_SIZE];
    key_name(day, name);
    int file = openat(seal->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
    ssize_t size = read(file, bytes, sizeof bytes);
    close(file);
    if (size == KEY_BYTES)
        memcpy(ret_key, bytes, KEY_BYTES);
    sodium_memzero(bytes, sizeof bytes);
    return size == KEY_BYTES ? RESULT_OK : RESULT_BROKEN;
}

/* Writes beside, syncs, renames, syncs the folder: a key that stands under its name is whole and stays. */
static enum result key_file_write(const struct seal *seal, uint32_t day, const uint8_t key[KEY_BYTES])
{
    static const char beside[] = "new.key";
    char name[KEY_NAME_SIZE];
    enum result result;

    key_name(day, name);
    int file = openat(seal->folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return file_result(errno);
    result = fchmod(file, 0600) ? file_result(errno) : file_write(file, key, KEY_BYTES);
    if (result == RESULT_OK && !seal->no_sync && fsync(file))
        result = file_result(errno);
    if (close(file) && result == RESULT_OK)
        result = file_result(errno);
    if (result == RESULT_OK && renameat(seal->folder, beside, seal->folder, name))
        result = file_result(errno);
    if (result == RESULT_OK && !seal->no_sync && fsync(seal->folder))
        result = file_result(errno);
    if (result != RESULT_OK)
        unlinkat(seal->folder, beside, 0);
    return result;
}

/* NULL: errno. */
static DIR *open_folder(const struct seal *seal)
{
    int file = openat(seal->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = file < 0 ? NULL : fdopendir(file);
    if (!folder && file >= 0) {
        int error = errno;
        close(file);
        errno = error;
    }
    return folder;
}

enum result seal_day_next(const struct seal *seal, uint32_t after, uint32_t *ret_day)
{
    uint32_t next = 0;
    struct dirent *entry;
    DIR *folder = open_folder(seal);

    *ret_day = 0;
    if (!folder)
        return file_result(errno);
    while ((errno = 0, entry = readdir(folder)) != NULL) {
        uint32_t day = day_of_name(entry->d_name);
        if (day > after && (!next || day < next))
            next = day;
    }
    int error = errno;                      /* 0: that was all */
    closedir(folder);
    errno = error;
    if (error)
        return file_result(error);
    *ret_day = next;
    return RESULT_OK;
}

enum result seal_day_find(const struct seal *seal, uint32_t day)
{
    char name[KEY_NAME_SIZE];
    struct stat file;
    key_name(day, name);
    if (fstatat(seal->folder, name, &file, AT_SYMLINK_NOFOLLOW) == 0)
        return RESULT_OK;
    return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
}

enum result seal_drop(struct seal *seal, uint32_t day)
{
    static const uint8_t zero[KEY_BYTES];
    char name[KEY_NAME_SIZE];

    must(!seal->read_only);
    for (unsigned i = 0; i < KEYS_KEPT; i++)
        if (seal->keys[i].day == day)
            sodium_memzero(&seal->keys[i], sizeof seal->keys[i]);
    key_name(day, name);
    int file = openat(seal->folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
    /* Where the file system overwrites in place, the bytes are gone from the disk too; where it does not, this does no
     * harm. So its result does not matter, unlike the deletion's. */
    if (pwrite(file, zero, sizeof zero, 0) == sizeof zero && !seal->no_sync)
        fdatasync(file);
    close(file);
    if (unlinkat(seal->folder, name, 0) || (!seal->no_sync && fsync(seal->folder)))
        return RESULT_BROKEN;
    return RESULT_OK;
}

/* ---- keys in memory */

enum result seal_open(struct seal **ret_seal, const struct seal_options *options)
{
    struct seal *seal = calloc(1, sizeof *seal);
    enum result result = RESULT_OK;

    if (!seal)
        return RESULT_FULL;
    seal->folder = -1;
    seal->read_only = options->read_only;
    seal->no_sync = options->no_sync;
    if (sodium_init() < 0)
        result = RESULT_BROKEN;
    else if ((seal->keys = sodium_malloc(KEYS_KEPT * sizeof *seal->keys)) == NULL)
        result = RESULT_FULL;
    else if (!options->read_only)
        result = folder_make(options->folder);
    if (result == RESULT_OK) {
        memset(seal->keys, 0, KEYS_KEPT * sizeof *seal->keys);
        seal->gcm_is_fast = gcm_is_fast();
        seal->scheme = seal->gcm_is_fast && options->scheme != SCHEME_XCHACHA ? SCHEME_GCM : SCHEME_XCHACHA;
        seal->folder = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (seal->folder < 0)
            result = errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
    }
    if (result != RESULT_OK) {
        seal_close(seal);
        return result;
    }
    *ret_seal = seal;
    return RESULT_OK;
}

void seal_close(struct seal *seal)
{
    if (!seal)
        return;
    if (seal->folder >= 0)
        close(seal->folder);
    sodium_free(seal->keys);                        /* wipes them; takes NULL */
    sodium_memzero(seal->random, sizeof seal->random);
    free(seal);
}

/* NULL when it is not in memory. */
static const struct day_key *key_kept(struct seal *seal, uint32_t day)
{
    must(day);
    for (unsigned n = 0; n < KEYS_KEPT; n++) {
        unsigned i = (seal->last + n) % KEYS_KEPT;
        if (seal->keys[i].day == day) {
            seal->last = i;
            return &seal->keys[i];
        }
    }
    return NULL;
}

/* `make`: a key that does not exist is made; when reading it is gone for good. */
static enum result key_take(struct seal *seal, uint32_t day, bool make)
{
    uint8_t key[KEY_BYTES];

    if (key_kept(seal, day))
        return RESULT_OK;
    enum result result = key_file_read(seal, day, key);
    if (result == RESULT_NOT_FOUND && make) {
        randombytes_buf(key, sizeof key);
        result = key_file_write(seal, day, key);
    }
    if (result == RESULT_OK) {
        struct day_key *kept = &seal->keys[seal->next];
        kept->day = day;
        memcpy(kept->bytes, key, sizeof key);
        if (seal->gcm_is_fast)
            gcm_key_set(&kept->gcm, key);
        seal->last = seal->next;
        seal->next = (seal->next + 1) % KEYS_KEPT;
    }
    sodium_memzero(key, sizeof key);
    return result;
}

enum result seal_key(struct seal *seal, uint32_t day)
{
    return key_take(seal, day, !seal->read_only);
}

/* ---- sealing */

static const uint8_t zeros[NONCE_BYTES - GCM_NONCE_BYTES];      /* behind the shorter nonce */

/* scheme, day, label: one array that both directions put together alike. */
struct bound {
    size_t  size;
    uint8_t bytes[1 + 4 + SEAL_LABEL_BYTES_MAX];
};

static struct bound bound_of(unsigned scheme, uint32_t day, struct span label)
{
    struct bound bound;
    struct pen pen = { .at = bound.bytes };
    must(label.size <= SEAL_LABEL_BYTES_MAX);
    pen_u8(&pen, scheme);
    pen_u32(&pen, day);
    pen_bytes(&pen, label.bytes, label.size);
    bound.size = (size_t)(pen.at - bound.bytes);
    return bound;
}

/* Good until the next call. */
static const uint8_t *nonce_take(struct seal *seal, size_t size)
{
    if (seal->random_left < size) {
        randombytes_buf(seal->random, sizeof seal->random);
        seal->random_left = sizeof seal->random;
    }
    seal->random_left -= size;
    return seal->random + seal->random_left;
}

void seal_write(struct seal *seal, uint32_t day, struct span label, uint8_t *sealed, size_t size)
{
    const struct day_key *key = key_kept(seal, day);
    struct bound bound = bound_of(seal->scheme, day, label);
    struct pen pen = { .at = sealed };
    bool gcm = seal->scheme == SCHEME_GCM;
    size_t nonce_size = gcm ? GCM_NONCE_BYTES : NONCE_BYTES;

    must(key);
    const uint8_t *nonce = nonce_take(seal, nonce_size);
    pen_u8(&pen, seal->scheme);
    pen_u32(&pen, day);
    pen_bytes(&pen, nonce, nonce_size);
    if (!gcm) {
        crypto_aead_xchacha20poly1305_ietf_encrypt(pen.at, NULL, pen.at, size, bound.bytes, bound.size, NULL, nonce,
                                                   key->bytes);
        return;
    }
    pen_bytes(&pen, zeros, sizeof zeros);
    gcm_seal(&key->gcm, nonce, span_of(bound.bytes, bound.size), pen.at, size);
}

static bool is_scheme(unsigned scheme)
{
    return scheme == SCHEME_XCHACHA || scheme == SCHEME_GCM;
}

bool seal_row_day(struct span sealed, uint32_t *ret_day)
{
    struct scan scan = scan_of(sealed);
    if (sealed.size < SEAL_EXTRA_BYTES || !is_scheme(scan_u8(&scan)))
        return false;
    *ret_day = scan_u32(&scan);
    return *ret_day != 0;
}

enum result seal_read(struct seal *seal, struct span label, struct span sealed, uint8_t *ret_plain)
{
    uint32_t day;
    if (!seal_row_day(sealed, &day))
        return RESULT_INVALID;
    enum result result = key_take(seal, day, false);
    if (result != RESULT_OK)
        return result;

    const struct day_key *key = key_kept(seal, day);
    struct bound bound = bound_of(sealed.bytes[0], day, label);
    struct span bound_span = span_of(bound.bytes, bound.size);
    const uint8_t *nonce = sealed.bytes + SEAL_HEAD_BYTES - NONCE_BYTES;
    struct span rest = span_of(sealed.bytes + SEAL_HEAD_BYTES, sealed.size - SEAL_HEAD_BYTES);
    if (sealed.bytes[0] == SCHEME_XCHACHA) {
        bool opened = !crypto_aead_xchacha20poly1305_ietf_decrypt(ret_plain, NULL, NULL, rest.bytes, rest.size,
                                                                  bound.bytes, bound.size, nonce, key->bytes);
        return opened ? RESULT_OK : RESULT_INVALID;
    }
    if (memcmp(nonce + GCM_NONCE_BYTES, zeros, sizeof zeros) != 0) {
        memset(ret_plain, 0, rest.size - SEAL_TAG_BYTES);
        return RESULT_INVALID;
    }
    return seal->gcm_is_fast ? gcm_open(&key->gcm, nonce, bound_span, rest, ret_plain)
                             : gcm_open_anywhere(key->bytes, nonce, bound_span, rest, ret_plain);
}

struct hash seal_digest(struct seal *seal, uint32_t day, uint64_t number, struct span words)
{
    const struct day_key *key = key_kept(seal, day);
    uint64_t big = htobe64(number);
    uint8_t salt[HASH_SIZE];
    struct hash_fields fields;

    must(key);
    crypto_generichash(salt, sizeof salt, (const uint8_t *)&big, sizeof big, key->bytes, KEY_BYTES);
    hash_fields_begin(&fields, "lienthong detail v1");
    hash_fields_add(&fields, 1, span_of(salt, sizeof salt));
    hash_fields_add(&fields, 2, words);
    return hash_fields_end(&fields);
}
