/* record_blob.h - an uploaded file, as the store knows it. Its content is a file of its own (blob_file.h). The ritual
 * of records.h holds.
 */
#ifndef GATEWAY_STORE_RECORD_BLOB_H
#define GATEWAY_STORE_RECORD_BLOB_H

#include "gateway/store/records.h"

struct blob {
    struct hash sha256;             /* of the content: its key; not in the bytes */
    uint64_t size;                  /* of the content; never 0 */
    uint64_t file;                  /* which of the files with this hash it is; chosen at random, never 0 */
    uint32_t day;                   /* whose key seals it */
    uint32_t uses;                  /* handoffs whose header names it and whose body is still there */
    int64_t  stored_ms;             /* when it came last */
    int64_t  due_ms;                /* without uses: when it is deleted, with a row among the timers; else 0 */
};

size_t blob_write(const struct blob *blob, uint8_t bytes[RECORD_BYTES_MAX]);
MUST_USE bool blob_parse(struct span bytes, struct blob *ret_blob);

#endif
