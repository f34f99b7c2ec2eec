#include "gateway/cli/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "gateway/base/limits.h"
#include "gateway/base/problem.h"
#include "gateway/base/words.h"
#include "gateway/cli/print.h"

enum { ANSWER_MS = 15000, WIRE_VERSION_BYTE = 1 };

struct admin_line {
    const struct cli *cli;
    char  endpoint[CLI_PATH_SIZE];
    void *context, *socket;
    uint64_t correlation;
};

struct admin_line *admin_open(const struct cli *cli)
{
    struct site site;
    int linger = 0, timeout = ANSWER_MS;
    int64_t most = 8 * FRAME_BYTES_MAX;

    if (!site_read(cli, &site))
        return NULL;
    struct admin_line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    line->cli = cli;
    memcpy(line->endpoint, site.admin, sizeof line->endpoint);
    line->context = zmq_ctx_new();
    line->socket = line->context ? zmq_socket(line->context, ZMQ_DEALER) : NULL;
    if (line->socket && zmq_setsockopt(line->socket, ZMQ_LINGER, &linger, sizeof linger) == 0
        && zmq_setsockopt(line->socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout) == 0
        && zmq_setsockopt(line->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0
        && zmq_connect(line->socket, line->endpoint) == 0)
        return line;
    cli_complain(cli, "không nối được %s: %s", "cannot connect to %s: %s", line->endpoint, zmq_strerror(errno));
    admin_close(line);
    return NULL;
}

void admin_close(struct admin_line *line)
{
    if (!line)
        return;
    if (line->socket)
        zmq_close(line->socket);
    if (line->context)
        zmq_ctx_term(line->context);
    free(line);
}

static bool send_frame(struct admin_line *line, const Lienthong__V1__Admin *admin)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    zmq_msg_t message;

    envelope.correlation = ++line->correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_ADMIN;
    envelope.admin = (Lienthong__V1__Admin *)(uintptr_t)admin;
    if (zmq_msg_init_size(&message, 1 + lienthong__v1__envelope__get_packed_size(&envelope)))
        return false;
    uint8_t *bytes = zmq_msg_data(&message);
    bytes[0] = WIRE_VERSION_BYTE;
    lienthong__v1__envelope__pack(&envelope, bytes + 1);
    if (zmq_msg_send(&message, line->socket, 0) >= 0)
        return true;
    zmq_msg_close(&message);
    return false;
}

/* The answer to our last question; NULL: none came, or it is none. */
static Lienthong__V1__Envelope *receive_frame(struct admin_line *line)
{
    for (;;) {
        zmq_msg_t message;
        Lienthong__V1__Envelope *envelope = NULL;
        zmq_msg_init(&message);
        int size = zmq_msg_recv(&message, line->socket, 0);
        const uint8_t *bytes = zmq_msg_data(&message);
        if (size > 1 && bytes[0] == WIRE_VERSION_BYTE)
            envelope = lienthong__v1__envelope__unpack(NULL, (size_t)size - 1, bytes + 1);
        zmq_msg_close(&message);
        if (size < 0 || (envelope && envelope->correlation == line->correlation))
            return envelope;
        if (envelope)
            lienthong__v1__envelope__free_unpacked(envelope, NULL);
    }
}

enum exit_code admin_ask(struct admin_line *line, const Lienthong__V1__Admin *admin,
                         Lienthong__V1__AdminReply **ret_reply)
{
    Lienthong__V1__Envelope *envelope = send_frame(line, admin) ? receive_frame(line) : NULL;
    enum exit_code code = EXIT_DONE;

    if (!envelope) {
        cli_complain(line->cli, "cổng không trả lời tại %s: lienthongd có đang chạy không?",
                     "no answer from the gateway at %s: is lienthongd running?", line->endpoint);
        return EXIT_UNREACHABLE;
    }
    const Lienthong__V1__Refused *refused = NULL;
    if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_REFUSED)
        refused = envelope->refused;
    else if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_ADMIN_REPLY)
        refused = envelope->admin_reply->refused;
    if (refused) {
        print_refused(line->cli, refused);
        code = EXIT_REFUSED;
    } else if (envelope->body_case != LIENTHONG__V1__ENVELOPE__BODY_ADMIN_REPLY) {
        cli_complain(line->cli, "cổng trả lời điều không hiểu được", "the gateway's answer is not understood");
        code = EXIT_BROKEN;
    } else {
        *ret_reply = envelope->admin_reply;
        envelope->body_case = LIENTHONG__V1__ENVELOPE__BODY__NOT_SET;       /* the reply goes to the caller */
        envelope->admin_reply = NULL;
    }
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    return code;
}

uint64_t admin_next_after(const Lienthong__V1__AdminReply *reply)
{
    for (size_t i = 0; reply->more && i < reply->n_facts; i++)
        if (strcmp(reply->facts[i]->key, "next_after") == 0)
            return strtoull(reply->facts[i]->value, NULL, 10);
    return 0;
}

/* A word of a closed list, in either case. */
static bool read_word(const struct cli *cli, const char *option, unsigned (*read)(const char *), uint32_t *ret_number)
{
    char word[40];
    const char *value = cli_option(cli, option);
    if (!value)
        return true;
    struct text text = text_of(word, sizeof word);
    for (const char *at = value; *at; at++)
        text_add(&text, "%c", *at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at == '-' ? '_' : *at);
    *ret_number = read(word);
    if (*ret_number)
        return true;
    cli_complain(cli, "--%s: không biết '%s'", "--%s: '%s' is not known", option, value);
    return false;
}

static unsigned read_class(const char *word)
{
    return fail_class_read(word);
}

static unsigned read_state(const char *word)
{
    return state_read(word);
}

static char *text_option(const struct cli *cli, const char *name, bool *any)
{
    const char *value = cli_option(cli, name);
    *any |= value != NULL;
    return (char *)(uintptr_t)(value ? value : "");
}

bool admin_filter(const struct cli *cli, Lienthong__V1__Filter *ret_filter, bool *ret_any)
{
    *ret_any = cli_option(cli, "class") || cli_option(cli, "state");
    lienthong__v1__filter__init(ret_filter);
    ret_filter->agency = text_option(cli, "agency", ret_any);
    ret_filter->fingerprint = text_option(cli, "fingerprint", ret_any);
    ret_filter->dossier_code = text_option(cli, "dossier", ret_any);
    return read_word(cli, "class", read_class, &ret_filter->fail_class)
        && read_word(cli, "state", read_state, &ret_filter->state);
}
