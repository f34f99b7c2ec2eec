#include "tests/fuzz/agencies.h"

#include <stdio.h>

#include "tests/fuzz/fuzz.h"

#define HEAD "  - secret_key_file: keys/k\n"
static const char config_text[] =
    "gateway: { endpoint: \"tcp://127.0.0.1:1\", public_key_file: keys/k }\n"
    "rules: rules\n"
    "agencies:\n"
    HEAD
    "    code: H29.07.30\n    dialect: rest\n    base_url: https://a.example.vn/api\n"
    "    paths: { create: /h, update: \"/d/{dossier_code}\", probe: \"/h/{idempotency_key}\", "
    "token: \"https://login.example.vn/token\" }\n"
    "    auth: { kind: client_credentials, id: \"one stop\", secret_file: keys/k }\n"
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n"
    HEAD
    "    code: H29.07.31\n    dialect: rest\n    base_url: https://a.example.vn/api\n    paths: { create: /h }\n"
    HEAD
    "    code: H29.07.32\n    dialect: hotich\n    before: [lgsp]\n    base_url: https://lgsp.example.vn/apiHoTich\n"
    "    paths: { create: /dangKyHoTich, probe: /traTrangThaiHoSo, token: \"https://lgsp.example.vn/token\" }\n"
    "    auth: { kind: client_credentials, id: one-stop, secret_file: keys/k, scope: hotich }\n"
    "    kinds: [FORWARD]\n    mappings: { FORWARD: mappings/hotich-forward.yaml }\n"
    "    probe_mapping: mappings/hotich-probe.yaml\n"
    HEAD
    "    code: H29.07.33\n    dialect: dvcqg\n    base_url: https://portal.example.vn\n"
    "    paths: { create: /api, token: /login }\n"
    "    auth: { kind: session, user: hcm, password_file: keys/k }\n    kinds: [FORWARD, PROGRESS]\n"
    "    options: { madonvi: 000.00.00.H29, dstcode: here }\n    mappings: { \"*\": portal.yaml }\n"
    HEAD
    "    code: H29.07.34\n    dialect: rest\n    base_url: https://a.example.vn/api\n"
    "    paths: { create: /h, update: /u, probe: \"/d/{dossier_code}\" }\n"
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n"
    "    rules:\n      - { call: [create, update], http: 500, next: probe, why: ask }\n"
    "      - { call: create, http: 409, next: update, why: it exists }\n"
    "      - { call: create, http: 502, next: update, why: foolish }\n"
    HEAD
    "    code: H29.07.35\n    dialect: rest\n    base_url: https://a.example.vn/api\n    paths: { create: /h }\n"
    "    pull:\n      path: /outbox?limit=100\n      items: /data/items\n      next: /data/next\n"
    "      item:\n        kind: { at: /type, words: { ketqua: RESULT, tiendo: PROGRESS } }\n"
    "        source_key: /id\n        source_time: { at: /at, format: \"dd/MM/yyyy HH:mm:ss\" }\n"
    "        dossier_code: /maHoSo\n        parent: /key\n        procedure_code: /maTTHC\n        step: /step\n"
    "        recipient: /to\n        status: /trangThai\n        cursor: /seq\n        payload: /data\n";

static const char portal_text[] =
    "fields:\n"
    "  - { to: /MaHoSo, from: /header/dossier_code, required: true }\n"
    "  - { to: /MaTTHC, from: /header/procedure_code }\n"
    "  - { to: /NgayTiepNhan, from: /header/facts/received_ms, date: { from: ms, to: yyyyMMddHHmmss } }\n";

static const struct adapter_config *config;

static void start(void)
{
    struct faults faults;
    char path[256];
    struct text text = text_of(path, sizeof path);

    shelf_write("agencies/keys/k", span_of_string("invented\n"));
    shelf_write("agencies/portal.yaml", span_of_string(portal_text));
    shelf_write("agencies/adapter.yaml", span_of_string(config_text));
    shelf_link("agencies/rules", "adapters/rules");
    shelf_link("agencies/mappings", "adapters/mappings");
    text_add(&text, "%s", shelf_below("agencies/adapter.yaml"));
    must(faults_init(&faults) == RESULT_OK);
    config = adapter_config_read(path, "", &faults);
    for (size_t i = 0; i < faults.kept; i++)
        fprintf(stderr, "%s\n", faults.lines[i]);
    must(config && config->agency_count == AGENCIES);
    faults_done(&faults);
}

const struct agency_config *agencies_get(unsigned which)
{
    if (!config)
        start();
    must(which < AGENCIES);
    return &config->agencies[which];
}

void agencies_job(enum kind kind, enum agency_class agency_class, uint32_t attempt, json_t **ret_source,
                  struct job *ret_job)
{
    static uint8_t id[16] = { 0x01, 0x95, 0x5f, 0x3a, 0x10, 0x00, 0x70, 0x01, 0x80, 2, 3, 4, 5, 6, 7, 8 };
    static char payload[] = "{\"summary\":\"Đăng ký khai sinh\",\"unit\":\"H29.07.01\"}";
    static Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    static Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    static Lienthong__V1__Routing routing = LIENTHONG__V1__ROUTING__INIT;
    static Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;
    struct judgement why;

    header.message_id = (ProtobufCBinaryData){ sizeof id, id };
    header.sender = (char *)"H29.07";
    header.dossier_code = (char *)"H29.07.01-260304-0001";
    header.procedure_code = (char *)"2.000986";
    header.step = (char *)"residence";
    header.kind = kind;
    header.source_time_ms = facts.received_ms = 1772591400000;
    header.content_type = (char *)"application/json";
    header.facts = &facts;
    facts.channel = 2;
    routing.sender = (char *)"H29.07";
    routing.recipient = (char *)"H29.07.30";
    routing.idempotency_key = (char *)"hcm-4d";
    routing.agency_class = agency_class;
    deliver.handoff_id = 77;
    deliver.attempt = attempt;
    deliver.routing = &routing;
    deliver.payload = (ProtobufCBinaryData){ sizeof payload - 1, (uint8_t *)payload };
    must(source_build(&header, &routing, span_of(payload, sizeof payload - 1), ret_source, &why));
    job_of(&deliver, &header, *ret_source, ret_job);
}
