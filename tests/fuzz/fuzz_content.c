/* fuzz_content.c - the content hash: a Header of any bytes, its payload, and one change to it.
 *
 * Must hold: packed again, whatever way it was written down before, it has the same hash; a change in any one thing
 * that the hash covers (proto/README.md) changes it; a change in what it does not cover leaves it. */
#include <stdlib.h>
#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/wire/inspect.h"
#include "proto/content.h"
#include "tests/fuzz/fuzz.h"

enum { TEXTS_MAX = 24, NUMBERS_MAX = 32, GROUPS = 5 };

/* What of a header is covered, as places that can be changed. */
struct places {
    char   **texts[TEXTS_MAX * 8];
    uint32_t *words[NUMBERS_MAX * 8];
    uint64_t *numbers[NUMBERS_MAX * 8];
    protobuf_c_boolean *flags[64 * 4];
    ProtobufCBinaryData *bytes[64];
    size_t text_count, word_count, number_count, flag_count, bytes_count;
};

#define PLACE(list, pointer)                                                                        \
    do {                                                                                            \
        if (places->list##_count < sizeof places->list##s / sizeof *places->list##s)                \
            places->list##s[places->list##_count++] = (pointer);                                    \
    } while (0)

static void place_bytes(struct places *places, ProtobufCBinaryData *bytes)
{
    if (places->bytes_count < sizeof places->bytes / sizeof *places->bytes)
        places->bytes[places->bytes_count++] = bytes;
}

static void find_facts(Lienthong__V1__Facts *facts, struct places *places)
{
    PLACE(word, &facts->status);
    PLACE(word, &facts->channel);
    char **texts[] = { &facts->partner_status, &facts->area_code, &facts->procedure_version, &facts->due_source,
                       &facts->officer_from, &facts->officer_to, &facts->reason_code };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        PLACE(text, texts[i]);
    PLACE(number, (uint64_t *)&facts->received_ms);
    PLACE(number, (uint64_t *)&facts->due_ms);
    PLACE(number, (uint64_t *)&facts->answer_by_ms);
    for (size_t i = 0; i < facts->n_aliases; i++)
        PLACE(text, &facts->aliases[i]);
    for (size_t i = 0; i < facts->n_chosen_steps; i++)
        PLACE(text, &facts->chosen_steps[i]);
    for (size_t i = 0; i < facts->n_money; i++) {
        PLACE(text, &facts->money[i]->component);
        PLACE(number, (uint64_t *)&facts->money[i]->owed);
        PLACE(number, (uint64_t *)&facts->money[i]->paid);
    }
    for (size_t i = 0; i < facts->n_components; i++) {
        Lienthong__V1__Component *component = facts->components[i];
        PLACE(text, &component->code);
        PLACE(word, &component->copies);
        PLACE(flag, &component->digitised);
        PLACE(flag, &component->reused);
        PLACE(flag, &component->withdrawn);
    }
}

static void find(Lienthong__V1__Header *header, struct places *places)
{
    char **texts[] = { &header->sender, &header->recipient, &header->dossier_code, &header->procedure_code,
                       &header->step, &header->content_type };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        PLACE(text, texts[i]);
    PLACE(word, &header->kind);
    PLACE(number, &header->sequence);
    PLACE(number, &header->parent);
    place_bytes(places, &header->message_id);
    for (size_t i = 0; i < header->n_after; i++) {
        place_bytes(places, &header->after[i]->message_id);
        PLACE(word, &header->after[i]->until);
    }
    for (size_t i = 0; i < header->n_attachments; i++) {
        Lienthong__V1__Attachment *attachment = header->attachments[i];
        place_bytes(places, &attachment->sha256);
        PLACE(number, &attachment->size);
        PLACE(text, &attachment->name);
        PLACE(text, &attachment->media_type);
        PLACE(text, &attachment->component);
    }
    if (header->facts)
        find_facts(header->facts, places);
}

static bool equal(const struct hash *hash, const Lienthong__V1__Header *header, struct span payload)
{
    struct hash other = content_hash(header, payload);
    return hash_equal(hash, &other);
}

/* A covered place gets another value, is looked at, and gets its own again. */
static void change_covered(struct places *places, struct taste *taste, const struct hash *hash,
                           const Lienthong__V1__Header *header, struct span payload)
{
    unsigned group = taste_below(taste, GROUPS);
    size_t index = taste_u8(taste);

    if (group == 0 && places->text_count) {
        char **place = places->texts[index % places->text_count], *own = *place, other[80];
        taste_text(taste, other, sizeof other);
        *place = other;
        must(equal(hash, header, payload) == (strcmp(own, other) == 0));
        *place = own;
    } else if (group == 1 && places->word_count) {
        uint32_t *place = places->words[index % places->word_count], own = *place;
        *place = taste_u32(taste);
        must(equal(hash, header, payload) == (*place == own));
        *place = own;
    } else if (group == 2 && places->number_count) {
        uint64_t *place = places->numbers[index % places->number_count], own = *place;
        *place = taste_u64(taste);
        must(equal(hash, header, payload) == (*place == own));
        *place = own;
    } else if (group == 3 && places->flag_count) {
        protobuf_c_boolean *place = places->flags[index % places->flag_count], own = *place;
        *place = !own;
        must(!equal(hash, header, payload));
        *place = own;
    } else if (places->bytes_count) {
        ProtobufCBinaryData *place = places->bytes[index % places->bytes_count], own = *place;
        struct span other = taste_span(taste, 64);
        *place = (ProtobufCBinaryData){ .len = other.size, .data = (uint8_t *)(uintptr_t)other.bytes };
        must(equal(hash, header, payload) ==
             span_equal(other, span_of(own.len ? own.data : NULL, own.len)));
        *place = own;
    }
}

/* The last of a list taken away, or the order of its first two changed. */
static void change_lists(Lienthong__V1__Header *header, const struct hash *hash, struct span payload)
{
    size_t *counts[] = { &header->n_after, &header->n_attachments, NULL, NULL, NULL };

    if (header->facts) {
        counts[2] = &header->facts->n_aliases;
        counts[3] = &header->facts->n_money;
        counts[4] = &header->facts->n_components;
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] && *counts[i]) {
            --*counts[i];
            must(!equal(hash, header, payload));
            ++*counts[i];
        }
    if (header->facts && header->facts->n_aliases > 1) {
        char **aliases = header->facts->aliases, *first = aliases[0];
        bool same = strcmp(first, aliases[1]) == 0;
        aliases[0] = aliases[1];
        aliases[1] = first;
        must(equal(hash, header, payload) == same);
        aliases[1] = aliases[0];
        aliases[0] = first;
    }
}

static void change_uncovered(Lienthong__V1__Header *header, struct taste *taste, const struct hash *hash,
                             struct span payload)
{
    int64_t own_ms = header->source_time_ms;
    char *own_trace = header->traceparent, other[TRACEPARENT_SIZE];
    ProtobufCBinaryData own_signature = header->signature;
    struct span signature = taste_span(taste, 64);

    taste_text(taste, other, sizeof other);
    header->source_time_ms = (int64_t)taste_u64(taste);
    header->traceparent = other;
    header->signature = (ProtobufCBinaryData){ signature.size, (uint8_t *)(uintptr_t)signature.bytes };
    must(equal(hash, header, payload));
    header->source_time_ms = own_ms;
    header->traceparent = own_trace;
    header->signature = own_signature;
}

static void check_packed_again(const Lienthong__V1__Header *header, const struct hash *hash, struct span payload)
{
    size_t size = lienthong__v1__header__get_packed_size(header);
    uint8_t *packed = malloc(size ? size : 1);

    must(packed != NULL && lienthong__v1__header__pack(header, packed) == size);
    Lienthong__V1__Header *again = lienthong__v1__header__unpack(NULL, size, packed);
    must(again != NULL && equal(hash, again, payload));
    lienthong__v1__header__free_unpacked(again, NULL);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool started;
    static struct places places;
    struct problem problem;
    struct taste taste = taste_of(bytes, size);
    struct span packed = taste_span(&taste, HEADER_BYTES_MAX), payload = taste_span(&taste, 1024);

    if (!started)
        must(hash_start() == RESULT_OK);
    started = true;
    if (!inspect(packed, &lienthong__v1__header__descriptor, "header", &problem))
        return 0;                                               /* the gateway refuses it before it is hashed */
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, packed.size, packed.bytes);
    if (!header)
        return 0;
    memset(&places, 0, sizeof places);
    find(header, &places);
    struct hash hash = content_hash(header, payload);
    check_packed_again(header, &hash, payload);
    for (int i = 0; i < 4; i++)
        change_covered(&places, &taste, &hash, header, payload);
    change_lists(header, &hash, payload);
    change_uncovered(header, &taste, &hash, payload);
    struct span other = taste_span(&taste, 64);
    must(equal(&hash, header, other) == span_equal(payload, other));
    must(equal(&hash, header, payload));                        /* and everything is as it was */
    lienthong__v1__header__free_unpacked(header, NULL);
    return 0;
}
