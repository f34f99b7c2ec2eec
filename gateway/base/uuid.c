#include "gateway/base/uuid.h"

#include <sodium.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/hash.h"

/* RFC 9562 section 5.7 and 5.8: 48 bits of time, 4 of version, 12 free, 2 of variant, 62 free. */
static struct uuid uuid_make(int64_t time_ms, unsigned version, const uint8_t rest[10])
{
    const int64_t time_ms_max = ((int64_t)1 << 48) - 1;
    struct uuid uuid;

    /* A source's clock is somebody's input: out of range becomes the nearest end, which the gateway then refuses as
     * too old or in the future. */
    time_ms = time_ms < 0 ? 0 : time_ms > time_ms_max ? time_ms_max : time_ms;
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(time_ms >> (40 - 8 * i));
    memcpy(uuid.bytes + 6, rest, 10);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | version << 4);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid;
}

struct uuid uuid_v7(int64_t time_ms, const uint8_t random[10])
{
    return uuid_make(time_ms, 7, random);
}

struct uuid uuid_v8(int64_t source_time_ms, struct span agency, struct span source_key)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, "lienthong message-id v1");
    hash_fields_add(&fields, 1, agency);
    hash_fields_add(&fields, 2, source_key);
    struct hash hash = hash_fields_end(&fields);
    return uuid_make(source_time_ms, 8, hash.bytes);
}

struct uuid uuid_v7_now(void)
{
    uint8_t random[10];
    randombytes_buf(random, sizeof random);
    return uuid_v7(clock_wall_ms(), random);
}

int64_t uuid_time_ms(const struct uuid *uuid)
{
    int64_t time_ms = 0;
    for (int i = 0; i < 6; i++)
        time_ms = time_ms << 8 | uuid->bytes[i];
    return time_ms;
}

int uuid_version(const struct uuid *uuid)
{
    return (uuid->bytes[8] & 0xC0) == 0x80 ? uuid->bytes[6] >> 4 : 0;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool dash_after(size_t bytes)
{
    return bytes == 4 || bytes == 6 || bytes == 8 || bytes == 10;
}

void uuid_text(const struct uuid *uuid, char ret_text[UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = ret_text;
    for (size_t i = 0; i < sizeof uuid->bytes; i++) {
        if (dash_after(i))
            *at++ = '-';
        *at++ = digits[uuid->bytes[i] >> 4];
        *at++ = digits[uuid->bytes[i] & 15];
    }
    *at = 0;
}

bool uuid_read(struct span text, struct uuid *ret_uuid)
{
    struct uuid uuid;
    size_t at = 0;

    if (text.size != UUID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < sizeof uuid.bytes; i++) {
        if (dash_after(i) && text.bytes[at++] != '-')
            return false;
        if (!hex_read(span_of(text.bytes + at, 2), &uuid.bytes[i], 1))
            return false;
        at += 2;
    }
    *ret_uuid = uuid;
    return true;
}
