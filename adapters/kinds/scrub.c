#include "adapters/kinds/scrub.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "adapters/kinds/fold.h"
#include "gateway/base/hash.h"

enum { DIGITS_TOLD = 8 };       /* a run longer than this may be an identity number or a telephone */

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/* What may stand on either side of the @ of a mail address. */
static bool is_address_part(uint8_t byte)
{
    return byte >= 0x80 || isalnum(byte) || (byte && strchr("._%+-", byte));
}

/* Size of a word with an @ in it at the start of `from`, 0 when it is none. */
static size_t mail_address(struct span from)
{
    size_t at = 0;
    bool has_at = false;

    for (; at < from.size && (is_address_part(from.bytes[at]) || from.bytes[at] == '@'); at++)
        has_at |= from.bytes[at] == '@';
    return has_at ? at : 0;
}

/* What add_character() makes a blank of, at the start of `from`: a control character, or a byte that is no UTF-8. */
static size_t control_at(struct span from)
{
    ucs4_t character;
    int length = u8_mbtoucr(&character, from.bytes, from.size);

    if (length <= 0)
        return 1;
    return character < ' ' || (character >= 0x7F && character < 0xA0) ? (size_t)length : 0;
}

/* The run at the start of `from`: digits, between them a blank or a dot, or what comes out as one blank. A mail address
 * that begins on the way is not part of it. */
static size_t digit_run(struct span from, size_t *ret_digits)
{
    size_t at = 0, end = 0, digits = 0, control;

    while (at < from.size) {
        struct span rest = span_of(from.bytes + at, from.size - at);
        uint8_t byte = rest.bytes[0];
        if (at && is_address_part(byte) && !is_address_part(from.bytes[at - 1]) && mail_address(rest))
            break;
        if (is_digit(byte)) {
            digits++;
            end = ++at;
        } else if (at && (control = control_at(rest)) != 0)
            at += control;
        else if (at && at == end && (byte == ' ' || byte == '.'))
            at++;
        else
            break;
    }
    *ret_digits = digits;
    return end;
}

static size_t add_character(struct text *text, struct span from)
{
    size_t control = control_at(from);
    ucs4_t character;

    if (control) {
        if (text->used && text->string[text->used - 1] != ' ')
            text_add(text, " ");
        return control;
    }
    int length = u8_mbtoucr(&character, from.bytes, from.size);
    text_add_span(text, span_of(from.bytes, (size_t)length));
    return (size_t)length;
}

void scrub_add(struct text *text, struct span from)
{
    bool in_word = false;               /* a mail address begins where a word begins */

    while (from.size && !text->cut) {
        size_t digits = 0, size;
        if (!in_word && (size = mail_address(from)))
            text_add(text, "#");
        else if ((size = digit_run(from, &digits)) && digits > DIGITS_TOLD)
            text_add(text, "#");
        else if (size) {                /* the digits; what stands between them comes out in its own right */
            for (size = 1; size < from.size && is_digit(from.bytes[size]);)
                size++;
            text_add_span(text, span_of(from.bytes, size));
        } else
            size = add_character(text, from);
        in_word = is_address_part(from.bytes[size - 1]);
        from = span_of(from.bytes + size, from.size - size);
    }
}

void slug_add(struct text *text, struct span from, size_t most)
{
    bool dash = false, begun = false;

    for (size_t i = 0; i < from.size && most; i++) {
        int byte = from.bytes[i];
        if (byte < 0x80 && (isalnum(byte) || byte == '.' || byte == '_' || (byte == '-' && !begun))) {
            if (dash && begun) {
                if (most < 2)
                    return;             /* two words are not run together for lack of room */
                text_add(text, "-");
                most--;
            }
            text_add_span(text, span_of(&(char){ (char)tolower(byte) }, 1));
            most--;
            begun = true;
            dash = false;
        } else
            dash = true;
    }
}

void prose_mark(struct span prose, char ret_mark[PROSE_MARK_SIZE])
{
    struct folded words = fold(prose);
    size_t kept = 0;

    for (size_t i = 0; i < words.size;) {
        size_t end = i;
        bool digit = false;
        for (; end < words.size && words.string[end] != ' '; end++)
            digit |= is_digit((uint8_t)words.string[end]);
        if (!digit) {
            memmove(words.string + kept, words.string + i, end - i);
            kept += end - i;
        }
        i = end + 1;
    }
    struct hash hash = hash_of(span_of(words.string ? words.string : "", kept));
    struct text mark = text_of(ret_mark, PROSE_MARK_SIZE);
    text_add_hex(&mark, hash.bytes, (PROSE_MARK_SIZE - 1) / 2);
    folded_done(&words);
}
