#include "adapters/kinds/fold.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* Well-formed UTF-8 without NUL, at most three times as long: what libunistring can be given. NULL: no memory. */
static uint8_t *make_sound(struct span text, size_t *ret_size)
{
    uint8_t *sound = malloc(text.size * 3 + 1), *to = sound;

    for (size_t i = 0; sound && i < text.size;) {
        ucs4_t character;
        int length = u8_mbtoucr(&character, text.bytes + i, text.size - i);
        if (length <= 0) {
            memcpy(to, "\xEF\xBF\xBD", 3);
            to += 3;
            i++;
        } else if (character == 0) {
            *to++ = ' ';
            i++;
        } else {
            memcpy(to, text.bytes + i, (size_t)length);
            to += length;
            i += (size_t)length;
        }
    }
    if (sound)
        *ret_size = (size_t)(to - sound);
    return sound;
}

/* ASCII blanks and controls, and the no-break space that web forms like to send. */
static size_t blank_at(const uint8_t *bytes, size_t left)
{
    if (bytes[0] <= ' ')
        return 1;
    return left >= 2 && bytes[0] == 0xC2 && bytes[1] == 0xA0 ? 2 : 0;
}

static size_t squeeze_blanks(uint8_t *bytes, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < size;) {
        size_t blank = blank_at(bytes + i, size - i);
        if (!blank)
            bytes[used++] = bytes[i++];
        else {
            if (used && bytes[used - 1] != ' ')
                bytes[used++] = ' ';
            i += blank;
        }
    }
    return used && bytes[used - 1] == ' ' ? used - 1 : used;
}

/* Most answers are plain ASCII, where folding is small letters and composing is nothing. With room for the zero byte;
 * NULL: no memory, or other characters. */
static uint8_t *fold_ascii(struct span text)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.size; i++)
        all |= text.bytes[i];
    uint8_t *bytes = all < 0x80 ? malloc(text.size + 1) : NULL;
    for (size_t i = 0; bytes && i < text.size; i++) {
        uint8_t byte = text.bytes[i];
        bytes[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
    }
    return bytes;
}

/* The same of any text. */
static uint8_t *fold_any(struct span text, size_t *ret_size)
{
    size_t sound_size = 0;
    uint8_t *sound = make_sound(text, &sound_size);
    uint8_t *bytes = sound ? u8_casefold(sound, sound_size, NULL, UNINORM_NFC, NULL, ret_size) : NULL;
    uint8_t *with_room = bytes ? realloc(bytes, *ret_size + 1) : NULL;

    free(sound);
    if (!with_room)
        free(bytes);
    return with_room;
}

struct folded fold(struct span text)
{
    size_t size = text.size;
    uint8_t *bytes = fold_ascii(text);

    if (!bytes)
        bytes = fold_any(text, &size);
    if (!bytes)
        return (struct folded){ 0 };
    size = squeeze_blanks(bytes, size);
    bytes[size] = 0;
    return (struct folded){ .string = (char *)bytes, .size = size };
}

void folded_done(struct folded *folded)
{
    free(folded->string);
    *folded = (struct folded){ 0 };
}

bool folded_has(const struct folded *text, const struct folded *fragment)
{
    return text->size && fragment->size && memmem(text->string, text->size, fragment->string, fragment->size);
}

bool folded_equal(const struct folded *a, const struct folded *b)
{
    return a->size == b->size && (!a->size || memcmp(a->string, b->string, a->size) == 0);
}
