/* seal.h - sealing of bodies and words with a key per day, and the files that hold the keys.
 *
 * Sealed     scheme u8, day u32 little-endian (YYYYMMDD, UTC+7), 24 bytes of nonce, then ciphertext and tag. Associated
 *            data are the scheme, the day and a label that names table and key, so that a row cannot be moved.
 * Schemes    1: XChaCha20-Poly1305. 2: AES-256-GCM (gcm.h), less than half the work, its nonce of 12 bytes and then 12
 *            zeros: a row has one size, and byte counts do not tell processors apart. Both are read everywhere; sealed
 *            is with 2 where the processor has instructions for it, else with 1.
 * Bound      a day's key seals at most 2^32 rows with scheme 2 (NIST SP 800-38D, section 8.3: random nonces). That is
 *            24,000 handoffs a second from midnight to midnight, two rows each.
 * Keys       FOLDER/day-YYYYMMDD.key, 32 random bytes, 0600. A key is written, synced, renamed and its folder synced
 *            before anything is sealed with it. When a key is deleted, everything of its day is gone: in the store, in
 *            free pages and in every backup that does not hold the key.
 * Digest     of words that the chain commits to: salted with a keyed hash under the day's key, so that without the key
 *            nobody can guess words against it.
 * Memory     a few keys, in memory that is locked and not dumped. Nonces are random, taken in batches.
 * Threads    one.
 */
#ifndef GATEWAY_STORE_SEAL_H
#define GATEWAY_STORE_SEAL_H

#include "gateway/base/hash.h"
#include "gateway/base/span.h"

enum { SEAL_HEAD_BYTES = 1 + 4 + 24, SEAL_TAG_BYTES = 16, SEAL_EXTRA_BYTES = SEAL_HEAD_BYTES + SEAL_TAG_BYTES };
enum { SEAL_LABEL_BYTES_MAX = 128 };

struct seal;

struct seal_options {
    const char *folder;         /* of the keys; made (0700) when missing, unless read_only */
    bool        read_only;      /* no key is made or deleted */
    bool        no_sync;
    unsigned    scheme;         /* to seal with, where it can be; 0: the best one here */
};
MUST_USE enum result seal_open(struct seal **ret_seal, const struct seal_options *options);
void seal_close(struct seal *seal);                                     /* takes NULL */

/* The day of a time, as YYYYMMDD in UTC+7. */
uint32_t seal_day(int64_t time_ms);

/* Makes sure that the day's key is at hand; makes one when it does not exist and not read_only. NOT_FOUND: it does not
 * exist; FULL: no room for it; BROKEN: I/O error or a file that is no key. */
MUST_USE enum result seal_key(struct seal *seal, uint32_t day);

/* Seals the `size` bytes that already stand at sealed + SEAL_HEAD_BYTES, in place; the result is
 * size + SEAL_EXTRA_BYTES long. seal_key(day) must have been RESULT_OK since the last call for another day (must). */
void seal_write(struct seal *seal, uint32_t day, struct span label, uint8_t *sealed, size_t size);

/* Writes sealed.size - SEAL_EXTRA_BYTES bytes. NOT_FOUND: the key of its day is gone. INVALID: no scheme of ours, moved
 * from another row, or changed; then ret_plain holds zeros. FULL: no memory, where a processor without instructions for
 * it reads scheme 2. */
MUST_USE enum result seal_read(struct seal *seal, struct span label, struct span sealed, uint8_t *ret_plain);
/* False: too short, or a scheme that this version does not know. */
MUST_USE bool seal_row_day(struct span sealed, uint32_t *ret_day);

/* The same words under the same day and number give the same digest. seal_key(day) as for seal_write(). */
struct hash seal_digest(struct seal *seal, uint32_t day, uint64_t number, struct span words);

/* Whether the day has a key file, whatever is in memory. NOT_FOUND: none. BROKEN: that cannot be asked. */
MUST_USE enum result seal_day_find(const struct seal *seal, uint32_t day);
/* Overwrites and deletes the key of a day that is not needed any more. NOT_FOUND: there is none. */
MUST_USE enum result seal_drop(struct seal *seal, uint32_t day);
/* The first day after `after` that has a key file; 0: none, and whenever not RESULT_OK. FULL, BROKEN: the folder cannot
 * be read, errno says why. */
MUST_USE enum result seal_day_next(const struct seal *seal, uint32_t after, uint32_t *ret_day);

#endif
