/* letter.c - what agencies write: a form in JSON, under a header with the facts that the gateway may know. Every letter
 * becomes a frame and is read by gateway/wire like one that came over a socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gateway/core/apology.h"
#include "gateway/core/urge.h"
#include "gateway/wire/wire.h"
#include "tests/city/city.h"

enum { PAYLOAD_MAX = 2048, HEADER_MAX = 1024 };

void letter_send(struct city *city, uint32_t dossier, enum kind kind, uint8_t from, uint8_t to, uint8_t step,
                 uint32_t parent, uint32_t value, uint8_t steps)
{
    struct books *books = &city->books;
    struct dossier_book *book = &books->dossiers[dossier];

    must(books->sent_count < books->sent_max);
    if (book->letters == BOOK_LETTERS_PER_DOSSIER) {            /* an office that does its work again and again */
        if (!city->failures++)
            printf("FAILED: more than %d letters about dossier %u\n", BOOK_LETTERS_PER_DOSSIER, dossier);
        return;
    }
    struct sent *sent = &books->sent[books->sent_count];
    *sent = (struct sent){ .dossier = dossier, .minute = city->at, .number = book->letters++, .kind = (uint8_t)kind,
                           .from = from, .to = to, .step = step, .steps = steps };
    struct post post = { .sent = books->sent_count++, .parent = parent, .value = value, .step = step };
    queue_add(&city->posts, &post);
    /* One in a thousand is not sure that it was heard. */
    if (draw(city, dossier, FOR_AGAIN, 16u + sent->number) == 0) {
        post.again = true;
        queue_add(&city->posts, &post);
        city->effort.repeats++;
    }
}

/* ---- the form */

static const char form_filler[] =
    "Người nộp hồ sơ (ví dụ), số định danh để trống, địa chỉ: đường số 1, phường ví dụ. Thành phần: tờ khai điện tử, "
    "giấy tờ kèm theo đã đối chiếu với cơ sở dữ liệu. Nội dung ghi ở đây chỉ để có độ dài như một tờ khai thật.";

static size_t filler_of(enum kind kind)
{
    return kind == KIND_FORWARD ? 3 : kind == KIND_RESULT ? 2 : kind == KIND_PROGRESS ? 0 : 1;
}

static void write_form(struct text *text, const struct sent *sent, const struct post *post)
{
    text_add(text, "{\"dossier\":%u,\"letter\":%u,\"kind\":%u,\"step\":%u,\"at\":%u,\"value\":%u", sent->dossier,
             sent->number, sent->kind, sent->step, sent->minute, post->value);
    for (size_t i = 0; i < filler_of(sent->kind); i++)
        text_add(text, ",\"to-khai-%zu\":\"%s\"", i, form_filler);
    text_add(text, "}");
    must(!text->cut);
}

static bool number_after(const char **at, const char *name, uint32_t *ret_number)
{
    const char *found = strstr(*at, name);
    if (!found)
        return false;
    *at = found + strlen(name);
    *ret_number = (uint32_t)strtoul(*at, NULL, 10);
    return true;
}

bool letter_read(struct span payload, struct form *ret_form)
{
    char begin[160];
    uint32_t number, kind, step;
    size_t size = payload.size < sizeof begin - 1 ? payload.size : sizeof begin - 1;
    const char *at = begin;

    memcpy(begin, payload.bytes, size);
    begin[size] = 0;
    *ret_form = (struct form){ 0 };
    if (!number_after(&at, "\"dossier\":", &ret_form->dossier) || !number_after(&at, "\"letter\":", &number) ||
        !number_after(&at, "\"kind\":", &kind) || !number_after(&at, "\"step\":", &step) ||
        !number_after(&at, "\"at\":", &ret_form->at) || !number_after(&at, "\"value\":", &ret_form->value))
        return false;
    ret_form->number = (uint8_t)number;
    ret_form->kind = kind;
    ret_form->step = (uint8_t)step;
    return step < BOOK_STEPS && number < BOOK_LETTERS_PER_DOSSIER;
}

uint32_t letter_dossier(const char *code)
{
    const char *number = strrchr(code, '-');
    return number ? (uint32_t)strtoul(number + 1, NULL, 10) : NEVER;
}

bool letter_read_note(struct span header, uint32_t *ret_dossier, enum note *ret_note, enum kind *ret_kind)
{
    Lienthong__V1__Header *read = lienthong__v1__header__unpack(NULL, header.size, header.bytes);

    *ret_note = 0;
    if (!read)
        return false;
    *ret_dossier = letter_dossier(read->dossier_code);
    *ret_kind = read->kind;
    if (strcmp(read->content_type, APOLOGY_DRAFT) == 0)
        *ret_note = NOTE_DRAFT;
    else if (strcmp(read->content_type, APOLOGY_CANCELLED_TYPE) == 0)
        *ret_note = NOTE_CALLED_BACK;
    else if (strcmp(read->content_type, URGE_TYPE) == 0)
        *ret_note = NOTE_URGE;
    lienthong__v1__header__free_unpacked(read, NULL);
    return *ret_note != 0;
}

/* ---- the header */

static struct uuid id_of(const struct city *city, uint32_t dossier, uint32_t number, uint32_t minute)
{
    uint8_t random[10] = { (uint8_t)city->options.seed, (uint8_t)(city->options.seed >> 8), (uint8_t)number,
                           (uint8_t)(dossier >> 24), (uint8_t)(dossier >> 16), (uint8_t)(dossier >> 8),
                           (uint8_t)dossier };
    return uuid_v7(minute_ms(minute), random);
}

void letter_code(const struct city *city, uint32_t dossier, const struct cast *cast,
                 char ret_code[DOSSIER_CODE_SIZE])
{
    int year, month, day;
    date_of_day(day_of_date(2023, 1, 1) + city->books.dossiers[dossier].received / DAY, &year, &month, &day);
    snprintf(ret_code, DOSSIER_CODE_SIZE, "%s-%02d%02d%02d-%07u", city->places[cast->opener].agency->code, year % 100,
             month, day, dossier);
}

static void fill_facts(const struct city *city, const struct sent *sent, const struct post *post,
                       const struct cast *cast, Lienthong__V1__Facts *facts, Lienthong__V1__Money *money)
{
    switch ((enum kind)sent->kind) {
    case KIND_FORWARD:
        facts->status = STATUS_ACCEPTED;
        facts->channel = cast->channel;
        facts->received_ms = minute_ms(city->books.dossiers[sent->dossier].received);
        facts->area_code = (char *)(uintptr_t)city->places[cast->ward].agency->area;
        return;
    case KIND_PROGRESS: case KIND_WITHDRAWAL:
        facts->status = post->value;
        return;
    case KIND_RESULT:
        facts->status = STATUS_DONE;
        return;
    case KIND_REFUSAL:
        facts->status = STATUS_NOT_ACCEPTED;
        facts->reason_code = (char *)"thieu-dieu-kien";
        return;
    case KIND_SUPPLEMENT_REQUEST:
        facts->answer_by_ms = minute_ms(post->value);
        facts->reason_code = (char *)"can-bo-sung";
        return;
    case KIND_FINANCIAL_OBLIGATION: case KIND_PAYMENT:
        money->component = (char *)"le-phi-truoc-ba";
        money->owed = 1000LL * (1 + draw(city, sent->dossier, FOR_PAY, 7));
        money->paid = sent->kind == KIND_PAYMENT ? money->owed : 0;
        return;
    case KIND_APOLOGY:
        facts->due_ms = minute_ms(post->value);
        facts->reason_code = (char *)"qua-tai";
        facts->officer_from = (char *)"truong-phong-01";
        return;
    default:
        return;
    }
}

struct letter {
    Lienthong__V1__Header header;
    Lienthong__V1__Facts facts;
    Lienthong__V1__Money money, *money_list[1];
    Lienthong__V1__Component components[STEP_OUTPUTS_MAX], *component_list[STEP_OUTPUTS_MAX];
    char *chosen_list[BOOK_STEPS];
    struct uuid id;
    char code[DOSSIER_CODE_SIZE];
};

static void add_component(struct letter *letter, const char *code, bool digitised)
{
    size_t count = letter->facts.n_components++;
    Lienthong__V1__Component *component = &letter->components[count];

    lienthong__v1__component__init(component);
    component->code = (char *)(uintptr_t)code;
    component->copies = 1;
    component->digitised = digitised;
    letter->component_list[count] = component;
    letter->facts.components = letter->component_list;
}

/* A dossier's papers; and what a result holds for the steps behind it. */
static void fill_components(const struct city *city, const struct sent *sent, const struct cast *cast,
                            struct letter *letter)
{
    if (sent->kind == KIND_FORWARD)
        add_component(letter, "to-khai", cast->digitised);
    if (sent->kind != KIND_RESULT)
        return;
    const struct procedure *procedure =
        tables_procedure(city->tables, plan_infos[cast->plan].procedure, NULL, city->places[cast->opener].agency,
                         minute_ms(city->books.dossiers[sent->dossier].received));
    int index = procedure_step_index(procedure, plan_infos[cast->plan].steps[sent->step].name);
    for (uint32_t i = 0; index >= 0 && i < procedure->steps[index].output_count; i++)
        add_component(letter, procedure->steps[index].outputs[i], cast->digitised);
}

static void fill_header(const struct city *city, const struct sent *sent, const struct post *post,
                        const struct cast *cast, struct letter *letter)
{
    Lienthong__V1__Header *header = &letter->header;

    lienthong__v1__header__init(header);
    lienthong__v1__facts__init(&letter->facts);
    lienthong__v1__money__init(&letter->money);
    letter->id = id_of(city, sent->dossier, sent->number, sent->minute);
    letter_code(city, sent->dossier, cast, letter->code);
    header->message_id = (ProtobufCBinaryData){ sizeof letter->id.bytes, letter->id.bytes };
    header->sender = (char *)(uintptr_t)city->places[sent->from].agency->code;
    /* Who gets the steps of a flow, or its withdrawal, the gateway finds out. */
    if (!sent->steps && sent->to != WHOLE)
        header->recipient = (char *)(uintptr_t)city->places[sent->to].agency->code;
    header->dossier_code = letter->code;
    header->procedure_code = (char *)(uintptr_t)plan_infos[cast->plan].procedure;
    if (sent->kind == KIND_FORWARD && !sent->steps)
        header->step = (char *)(uintptr_t)plan_infos[cast->plan].steps[sent->step].name;
    header->kind = sent->kind;
    header->source_time_ms = minute_ms(sent->minute);
    header->sequence = sent->number + 1u;
    header->parent = post->parent ? 1ULL << 48 | post->parent : 0;
    header->content_type = (char *)"application/json";
    header->facts = &letter->facts;
    fill_facts(city, sent, post, cast, &letter->facts, &letter->money);
    if (letter->money.component[0]) {
        letter->money_list[0] = &letter->money;
        letter->facts.money = letter->money_list;
        letter->facts.n_money = 1;
    }
    fill_components(city, sent, cast, letter);
    letter->facts.chosen_steps = letter->chosen_list;
    for (uint32_t i = 0; i < BOOK_STEPS; i++)
        if (sent->steps >> i & 1 && plan_infos[cast->plan].steps[i].optional)
            letter->chosen_list[letter->facts.n_chosen_steps++] =
                (char *)(uintptr_t)plan_infos[cast->plan].steps[i].name;
}

struct command *letter_command(struct city *city, const struct post *post)
{
    struct sent *sent = &city->books.sent[post->sent];
    struct cast cast = cast_of(city, sent->dossier);
    char form[PAYLOAD_MAX];
    uint8_t packed[HEADER_MAX];
    struct text text = text_of(form, sizeof form);
    struct letter letter;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    static struct frame frame;
    struct frame_refusal refusal;

    write_form(&text, sent, post);
    sent->content = (uint32_t)XXH3_64bits(form, text.used);
    fill_header(city, sent, post, &cast, &letter);
    must(lienthong__v1__header__get_packed_size(&letter.header) <= sizeof packed);
    submit.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&letter.header, packed), packed };
    submit.payload = (ProtobufCBinaryData){ text.used, (uint8_t *)form };
    envelope.correlation = post->sent + 1u;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    size_t size = lienthong__v1__envelope__get_packed_size(&envelope);
    uint8_t *bytes = arena_take(&city->frames, size + 1);
    must(bytes != NULL);
    bytes[0] = WIRE_VERSION;
    lienthong__v1__envelope__pack(&envelope, bytes + 1);
    must(wire_read(span_of(bytes, size + 1), false, &city->frames, &frame, &refusal) && frame.kind == FRAME_COMMAND);
    return &frame.command;
}
