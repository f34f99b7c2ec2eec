/* unit_wire.c - a SUBMIT read off the wire: everything it needs comes from the caller's arena. */
#include "gateway/wire/wire.h"
#include "tests/nth/units.h"

static uint8_t submit_frame[4096];
static size_t submit_bytes;

static void wire_prepare(void)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    static uint8_t header[1024];
    static uint8_t id[16] = { 0x01, 0x95, 0x5f, 0x3a, 0x10, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8 };
    static uint8_t body[] = "{\"copies\": 2}";
    Lienthong__V1__Header fields = LIENTHONG__V1__HEADER__INIT;

    fields.message_id = (ProtobufCBinaryData){ sizeof id, id };
    fields.kind = KIND_FORWARD;
    fields.sender = (char *)"H29.07";
    fields.recipient = (char *)"H29.07.30";
    fields.dossier_code = (char *)"H29.07.01-260304-0001";
    submit.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&fields, header), header };
    submit.payload = (ProtobufCBinaryData){ sizeof body - 1, body };
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    EXPECT(lienthong__v1__envelope__get_packed_size(&envelope) < sizeof submit_frame);
    submit_frame[0] = WIRE_VERSION;
    submit_bytes = 1 + lienthong__v1__envelope__pack(&envelope, submit_frame + 1);
}

static bool wire_run(void)
{
    static struct frame frame;
    struct frame_refusal refusal;
    struct arena arena;

    if (arena_init(&arena, WIRE_EXTRA_BYTES + FRAME_BYTES_MAX) != RESULT_OK)
        return false;
    bool good = wire_read(span_of(submit_frame, submit_bytes), false, &arena, &frame,
                          &refusal);
    EXPECT(good && frame.kind == FRAME_COMMAND && frame.command.kind == COMMAND_SUBMIT);
    arena_done(&arena);
    return true;
}

const struct unit unit_wire = { "wire", wire_prepare, wire_run, 1 << FAIL_MEMORY };
