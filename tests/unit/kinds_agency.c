#include "tests/unit/kinds_agency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void agency_files(struct scratch *scratch)
{
    scratch_link(scratch, "rules", "adapters/rules");
    scratch_link(scratch, "mappings", "adapters/mappings");
    scratch_file(scratch, "keys/agency.key", "invented\n");
    scratch_file(scratch, "keys/gateway.pub", "invented\n");
    scratch_file(scratch, "keys/secret", "s3cret/+ \n");
}

struct adapter_config *agency_of(struct scratch *scratch, const char *lines)
{
    char whole[8192];
    struct text text = text_of(whole, sizeof whole);
    struct faults faults;

    text_add(&text, "gateway: { endpoint: \"tcp://127.0.0.1:1\", public_key_file: keys/gateway.pub }\nrules: rules\n"
                    "agencies:\n  - code: H29.07.30\n    secret_key_file: keys/agency.key\n%s", lines);
    must(!text.cut && faults_init(&faults) == RESULT_OK);
    struct adapter_config *config = adapter_config_read(scratch_file(scratch, "adapter.yaml", whole), "", &faults);
    faults_print(&faults);
    must(config && !faults.count);
    faults_done(&faults);
    return config;
}

void handed_init(struct handed *handed, enum kind kind, enum agency_class agency_class)
{
    static uint8_t id[16] = { 0x01, 0x95, 0x5f, 0x3a, 0x10, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8 };
    static const char payload[] = "{\"summary\":\"Đăng ký khai sinh\",\"unit\":\"H29.07.01\"}";

    *handed = (struct handed){ .header = LIENTHONG__V1__HEADER__INIT, .facts = LIENTHONG__V1__FACTS__INIT,
                               .routing = LIENTHONG__V1__ROUTING__INIT, .deliver = LIENTHONG__V1__DELIVER__INIT };
    Lienthong__V1__Header *header = &handed->header;
    header->message_id = (ProtobufCBinaryData){ sizeof id, id };
    header->sender = (char *)"H29.07";
    header->dossier_code = (char *)HANDED_CODE;
    header->procedure_code = (char *)"2.000986";
    header->step = (char *)"residence";
    header->kind = kind;
    header->source_time_ms = 1772591400000;             /* 2026-03-04T09:30:00+07:00 */
    header->content_type = (char *)"application/json";
    header->traceparent = (char *)HANDED_TRACE;
    header->facts = &handed->facts;
    handed->facts.received_ms = 1772591400000;
    handed->facts.due_ms = 1772791200000;               /* 2026-03-06T17:00:00+07:00 */
    handed->facts.channel = 2;
    handed->routing.sender = (char *)"H29.07";
    handed->routing.recipient = (char *)"H29.07.30";
    handed->routing.idempotency_key = (char *)HANDED_KEY;
    handed->routing.agency_class = agency_class;
    handed->deliver.handoff_id = 77;
    handed->deliver.attempt = 1;
    handed->deliver.routing = &handed->routing;
    handed->deliver.payload = (ProtobufCBinaryData){ sizeof payload - 1, (uint8_t *)payload };
}

void handed_job(struct handed *handed)
{
    struct judgement why;
    struct span payload = span_of(handed->deliver.payload.data, handed->deliver.payload.len);

    json_decref(handed->source);
    handed->source = NULL;
    must(source_build(&handed->header, &handed->routing, payload, &handed->source, &why));
    job_of(&handed->deliver, &handed->header, handed->source, &handed->job);
}

void handed_done(struct handed *handed)
{
    json_decref(handed->source);
}
