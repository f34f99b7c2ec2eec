#include "proto/batch.h"

#include <string.h>

#include "gateway/base/limits.h"

/* Version; Envelope field 30; then its length, and of each frame: Batch field 1, length, bytes. */
enum { VERSION = 1, TAG_BATCH_0 = 0xF2, TAG_BATCH_1 = 0x01, TAG_FRAMES = 0x0A, HEAD_BYTES = 3 };

static bool read_size(struct span *rest, size_t *ret_size)
{
    size_t size = 0;
    for (unsigned shift = 0; shift < 35 && rest->size; shift += 7) {
        uint8_t byte = *rest->bytes++;
        rest->size--;
        size |= (size_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_size = size;
            return true;
        }
    }
    return false;
}

static bool read_frame(struct span *rest, struct span *ret_frame)
{
    size_t size;
    if (!rest->size || rest->bytes[0] != TAG_FRAMES)
        return false;
    *rest = span_of(rest->bytes + 1, rest->size - 1);
    if (!read_size(rest, &size) || !size || size > rest->size)
        return false;
    *ret_frame = span_of(rest->bytes, size);
    *rest = span_of(rest->bytes + size, rest->size - size);
    return true;
}

enum batch_form batch_open(struct span frame, struct batch *ret_batch)
{
    struct span inner;
    size_t size;

    if (frame.size < HEAD_BYTES || frame.bytes[0] != VERSION || frame.bytes[1] != TAG_BATCH_0 ||
        frame.bytes[2] != TAG_BATCH_1)
        return BATCH_NONE;
    struct span rest = span_of(frame.bytes + HEAD_BYTES, frame.size - HEAD_BYTES);
    if (frame.size > FRAME_BYTES_MAX || !read_size(&rest, &size) || size != rest.size)
        return BATCH_BROKEN;
    *ret_batch = (struct batch){ .rest = rest };
    while (rest.size)
        if (ret_batch->left++ == BATCH_FRAMES_MAX || !read_frame(&rest, &inner))
            return BATCH_BROKEN;
    return ret_batch->left ? BATCH_GOOD : BATCH_BROKEN;
}

bool batch_next(struct batch *batch, struct span *ret_frame)
{
    if (!batch->left)
        return false;
    must(read_frame(&batch->rest, ret_frame));
    batch->left--;
    return true;
}

/* ---- writing */

static size_t size_of_size(size_t size)
{
    size_t bytes = 1;
    while (size >>= 7)
        bytes++;
    return bytes;
}

static uint8_t *write_size(uint8_t *at, size_t size)
{
    for (; size > 0x7F; size >>= 7)
        *at++ = (uint8_t)(size | 0x80);
    *at++ = (uint8_t)size;
    return at;
}

size_t batch_share(size_t frame_bytes)
{
    return 1 + size_of_size(frame_bytes) + frame_bytes;
}

size_t batch_size(size_t bytes)
{
    return HEAD_BYTES + size_of_size(bytes) + bytes;
}

uint8_t *batch_begin(uint8_t *at, size_t bytes)
{
    *at++ = VERSION;
    *at++ = TAG_BATCH_0;
    *at++ = TAG_BATCH_1;
    return write_size(at, bytes);
}

uint8_t *batch_add(uint8_t *at, struct span frame)
{
    *at++ = TAG_FRAMES;
    at = write_size(at, frame.size);
    memcpy(at, frame.bytes, frame.size);
    return at + frame.size;
}
