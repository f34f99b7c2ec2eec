/* uuid.h - message ids: 16 bytes, the first 48 bits are milliseconds since 1970 (RFC 9562, versions 7 and 8).
 *
 * Version 7: time, then random. Version 8: the source's own time, then a hash of who and which, for sources that
 * repeat themselves: the same source record always gives the same message id, so that a repeated poll is a duplicate.
 */
#ifndef GATEWAY_BASE_UUID_H
#define GATEWAY_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/span.h"

enum { UUID_TEXT_SIZE = 37 };               /* 8-4-4-4-12 and a zero byte */

struct uuid {
    uint8_t bytes[16];
};

/* `random` is 10 bytes from a good source; the caller brings it, so that this file stays pure. */
struct uuid uuid_v7(int64_t time_ms, const uint8_t random[10]);
/* Deterministic: the same time, agency and key give the same id. */
struct uuid uuid_v8(int64_t source_time_ms, struct span agency, struct span source_key);
struct uuid uuid_v7_now(void);              /* wall clock and libsodium's randomness */

int64_t uuid_time_ms(const struct uuid *uuid);
int     uuid_version(const struct uuid *uuid);          /* 0 when the RFC 9562 variant bits are not set */
bool    uuid_equal(const struct uuid *a, const struct uuid *b);
void    uuid_text(const struct uuid *uuid, char ret_text[UUID_TEXT_SIZE]);
MUST_USE bool uuid_read(struct span text, struct uuid *ret_uuid);

#endif
