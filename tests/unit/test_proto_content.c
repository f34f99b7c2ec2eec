/* The content hash. The expected values come from a second implementation (Python) of the list in proto/README.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/content.h"

#define EMPTY_HASH "ae15f6f1791f7c0f57000adcc304ee374cf7a38fd62db7c821dc4d27f9d8b126"
#define FULL_HASH  "853b63324f5dd1c8e981885011e4dc479dd4ba0cadb1aea004ebb571f21145ac"
/* ... with two chosen steps. */
#define CHOSEN_HASH "6965d76d2372a623509c6814cc335968e7887947b752ef820e4a23f7417af8fc"
#define RATED_HASH "fe25b42b71f0a6aa2bb068559c14ecd8b67c6b2ac9194ef090888551a407710e"

/* A header with something in every field, as a sender would write it. */
struct sample {
    Lienthong__V1__Header header;
    Lienthong__V1__Facts facts;
    Lienthong__V1__After after[2], *after_list[2];
    Lienthong__V1__Attachment attachment, *attachment_list[1];
    Lienthong__V1__Money money, *money_list[1];
    Lienthong__V1__Component component[2], *component_list[2];
    uint8_t ids[3][16];
    struct hash scan;
    char *alias_list[2], *chosen_list[2];
    char strings[24][64];
    size_t string_count;
    char payload[64];
};

/* Fields are char *; literals are not. */
static char *own(struct sample *sample, const char *string)
{
    char *copy = sample->strings[sample->string_count++];
    assert_true(sample->string_count <= sizeof sample->strings / sizeof *sample->strings);
    assert_true(span_to_string(span_of_string(string), copy, sizeof *sample->strings));
    return copy;
}

static void fill_lists(struct sample *sample)
{
    Lienthong__V1__Component *component = sample->component;

    for (int i = 0; i < 2; i++) {
        lienthong__v1__after__init(&sample->after[i]);
        sample->after[i].message_id = (ProtobufCBinaryData){ 16, sample->ids[1 + i] };
        sample->after[i].until = 1 + (uint32_t)i;
        sample->after_list[i] = &sample->after[i];
        lienthong__v1__component__init(&component[i]);
        sample->component_list[i] = &component[i];
    }
    component[0].code = own(sample, "GCS");
    component[0].copies = 1;
    component[0].digitised = 1;
    component[1].code = own(sample, "CT07");
    component[1].copies = 2;
    component[1].reused = component[1].withdrawn = 1;
    lienthong__v1__attachment__init(&sample->attachment);
    sample->scan = hash_of(span_of_string("scan"));
    sample->attachment.sha256 = (ProtobufCBinaryData){ HASH_SIZE, sample->scan.bytes };
    sample->attachment.size = 4;
    sample->attachment.name = own(sample, "giấy chứng sinh.pdf");
    sample->attachment.media_type = own(sample, "application/pdf");
    sample->attachment.component = own(sample, "GCS");
    sample->attachment_list[0] = &sample->attachment;
    lienthong__v1__money__init(&sample->money);
    sample->money.component = own(sample, "LP");
    sample->money.owed = 8000;
    sample->money.paid = -1;
    sample->money_list[0] = &sample->money;
    sample->alias_list[0] = own(sample, "G22-1");
    sample->alias_list[1] = own(sample, "G22-2");
}

static void fill_facts(struct sample *sample)
{
    Lienthong__V1__Facts *facts = &sample->facts;

    lienthong__v1__facts__init(facts);
    facts->status = 4;
    facts->partner_status = own(sample, "dang-xu-ly");
    facts->channel = 2;
    facts->area_code = own(sample, "26734");
    facts->procedure_version = own(sample, "2");
    facts->received_ms = 1772443800000;
    facts->due_ms = 1772789400000;
    facts->due_source = own(sample, "procedure");
    facts->officer_from = own(sample, "cb01");
    facts->officer_to = own(sample, "ca07");
    facts->n_aliases = 2;
    facts->aliases = sample->alias_list;
    facts->n_money = 1;
    facts->money = sample->money_list;
    facts->n_components = 2;
    facts->components = sample->component_list;
    facts->reason_code = own(sample, "R1");
    facts->answer_by_ms = 1772530200000;
}

static int setup(void **state)
{
    struct sample *sample = calloc(1, sizeof *sample);
    Lienthong__V1__Header *header = &sample->header;

    if (!sample || hash_start() != RESULT_OK ||
        !hex_read(span_of_string("019cae4bd8007abc8def0123456789ab"), sample->ids[0], 16) ||
        !hex_read(span_of_string("019cae4bd8007abc8def0123456789aa"), sample->ids[1], 16) ||
        !hex_read(span_of_string("019cae4bd8007abc8def0123456789a9"), sample->ids[2], 16))
        return 1;
    fill_lists(sample);
    fill_facts(sample);
    lienthong__v1__header__init(header);
    header->message_id = (ProtobufCBinaryData){ 16, sample->ids[0] };
    header->sender = own(sample, "H29.7.1");
    header->recipient = own(sample, "000.00.07.H29");
    header->dossier_code = own(sample, "000.00.07.H29-260302-000001");
    header->procedure_code = own(sample, "2.000986");
    header->step = own(sample, "residence");
    header->kind = 1;
    header->source_time_ms = 1772443700000;
    header->sequence = 3;
    header->n_after = 2;
    header->after = sample->after_list;
    header->parent = 41;
    header->content_type = own(sample, "application/json");
    header->n_attachments = 1;
    header->attachments = sample->attachment_list;
    header->facts = &sample->facts;
    struct text payload = text_of(sample->payload, sizeof sample->payload);
    text_add(&payload, "%s", "{\"họ tên\":\"Nguyễn Văn Ví Dụ\"}");
    *state = sample;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static const char *hash_hex(const struct sample *sample)
{
    static char text[HASH_TEXT_SIZE];
    struct hash hash = content_hash(&sample->header, span_of_string(sample->payload));
    hash_text(&hash, text);
    return text;
}

static void vectors(void **state)
{
    Lienthong__V1__Header empty = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts no_facts = LIENTHONG__V1__FACTS__INIT;
    char text[HASH_TEXT_SIZE];

    struct hash hash = content_hash(&empty, (struct span){ 0 });
    hash_text(&hash, text);
    assert_string_equal(text, EMPTY_HASH);
    empty.facts = &no_facts;
    hash = content_hash(&empty, (struct span){ 0 });
    hash_text(&hash, text);
    assert_string_equal(text, EMPTY_HASH);
    assert_string_equal(hash_hex(*state), FULL_HASH);
}

/* The wire carries it and gives the same hash back. */
static void through_the_wire(void **state)
{
    const struct sample *sample = *state;
    uint8_t bytes[1024];
    size_t size = lienthong__v1__header__get_packed_size(&sample->header);
    assert_true(size <= sizeof bytes);
    lienthong__v1__header__pack(&sample->header, bytes);
    Lienthong__V1__Header *header = lienthong__v1__header__unpack(NULL, size, bytes);
    assert_non_null(header);
    struct hash hash = content_hash(header, span_of_string(sample->payload));
    lienthong__v1__header__free_unpacked(header, NULL);
    char text[HASH_TEXT_SIZE];
    hash_text(&hash, text);
    assert_string_equal(text, FULL_HASH);
}

static void not_covered(void **state)
{
    struct sample *sample = *state;
    static uint8_t signature[3] = { 1, 2, 3 };
    sample->header.source_time_ms++;
    sample->header.traceparent = own(sample, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    sample->header.signature = (ProtobufCBinaryData){ 3, signature };
    assert_string_equal(hash_hex(sample), FULL_HASH);
}

/* Each change alone moves the hash, and taking it back brings the hash back. */
#define ASSERT_COVERS(field, other)                                                                                  \
    do {                                                                                                             \
        __typeof__(field) kept = (field);                                                                            \
        (field) = (other);                                                                                           \
        if (strcmp(hash_hex(sample), FULL_HASH) == 0)                                                                \
            fail_msg("not covered: %s", #field);                                                                     \
        (field) = kept;                                                                                              \
        assert_string_equal(hash_hex(sample), FULL_HASH);                                                            \
    } while (0)

static void header_is_covered(void **state)
{
    struct sample *sample = *state;
    Lienthong__V1__Header *header = &sample->header;
    static char other[] = "other";
    ASSERT_COVERS(sample->ids[0][15], 0);
    ASSERT_COVERS(header->sender, other);
    ASSERT_COVERS(header->recipient, other);
    ASSERT_COVERS(header->dossier_code, other);
    ASSERT_COVERS(header->procedure_code, other);
    ASSERT_COVERS(header->step, other);
    ASSERT_COVERS(header->kind, 2);
    ASSERT_COVERS(header->sequence, 4);
    ASSERT_COVERS(header->n_after, 1);
    ASSERT_COVERS(sample->ids[2][0], 0);
    ASSERT_COVERS(sample->after[1].until, 1);
    ASSERT_COVERS(header->parent, 42);
    ASSERT_COVERS(header->content_type, other);
    ASSERT_COVERS(header->n_attachments, 0);
    ASSERT_COVERS(sample->scan.bytes[0], 0);
    ASSERT_COVERS(sample->attachment.size, 5);
    ASSERT_COVERS(sample->attachment.name, other);
    ASSERT_COVERS(sample->attachment.media_type, other);
    ASSERT_COVERS(sample->attachment.component, other);
    ASSERT_COVERS(header->facts, NULL);
    ASSERT_COVERS(sample->payload[3], 'x');
}

static void facts_are_covered(void **state)
{
    struct sample *sample = *state;
    Lienthong__V1__Facts *facts = &sample->facts;
    static char other[] = "other";
    ASSERT_COVERS(facts->status, 5);
    ASSERT_COVERS(facts->partner_status, other);
    ASSERT_COVERS(facts->channel, 1);
    ASSERT_COVERS(facts->area_code, other);
    ASSERT_COVERS(facts->procedure_version, other);
    ASSERT_COVERS(facts->received_ms, 1);
    ASSERT_COVERS(facts->due_ms, 1);
    ASSERT_COVERS(facts->due_source, other);
    ASSERT_COVERS(facts->officer_from, other);
    ASSERT_COVERS(facts->officer_to, other);
    ASSERT_COVERS(facts->n_aliases, 1);
    ASSERT_COVERS(sample->alias_list[1], other);
    ASSERT_COVERS(facts->n_money, 0);
    ASSERT_COVERS(sample->money.component, other);
    ASSERT_COVERS(sample->money.owed, 1);
    ASSERT_COVERS(sample->money.paid, 1);
    ASSERT_COVERS(facts->n_components, 1);
    ASSERT_COVERS(sample->component[0].code, other);
    ASSERT_COVERS(sample->component[0].copies, 2);
    ASSERT_COVERS(sample->component[0].digitised, 0);
    ASSERT_COVERS(sample->component[0].reused, 1);
    ASSERT_COVERS(sample->component[0].withdrawn, 1);
    ASSERT_COVERS(facts->reason_code, other);
    ASSERT_COVERS(facts->answer_by_ms, 1);
}

/* Younger than version 1: without any the hash is what it was. */
static void chosen_steps(void **state)
{
    struct sample *sample = *state;
    static char other[] = "other";

    sample->chosen_list[0] = own(sample, "allowance");
    sample->chosen_list[1] = own(sample, "social-aid");
    sample->facts.chosen_steps = sample->chosen_list;
    assert_string_equal(hash_hex(sample), FULL_HASH);
    sample->facts.n_chosen_steps = 2;
    assert_string_equal(hash_hex(sample), CHOSEN_HASH);
    sample->chosen_list[1] = other;
    assert_string_not_equal(hash_hex(sample), CHOSEN_HASH);
    sample->facts.n_chosen_steps = 1;
    assert_string_not_equal(hash_hex(sample), FULL_HASH);
}

/* Covered where it is there; facts without one hash as they did before there were any. */
static void a_rating_is_covered(void **state)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Rating rating = LIENTHONG__V1__RATING__INIT;
    uint32_t *const fields[] = { &rating.attitude, &rating.cost, &rating.trips };
    char text[HASH_TEXT_SIZE];
    (void)state;

    header.facts = &facts;
    facts.rating = &rating;
    rating.attitude = 5;
    rating.cost = 4;
    rating.trips = 2;
    struct hash hash = content_hash(&header, (struct span){ 0 });
    hash_text(&hash, text);
    assert_string_equal(text, RATED_HASH);
    for (size_t i = 0; i < 3; i++) {
        ++*fields[i];
        struct hash other = content_hash(&header, (struct span){ 0 });
        assert_false(hash_equal(&hash, &other));
        --*fields[i];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(through_the_wire, setup, teardown),
        cmocka_unit_test_setup_teardown(not_covered, setup, teardown),
        cmocka_unit_test_setup_teardown(header_is_covered, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_are_covered, setup, teardown),
        cmocka_unit_test_setup_teardown(chosen_steps, setup, teardown),
        cmocka_unit_test(a_rating_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
