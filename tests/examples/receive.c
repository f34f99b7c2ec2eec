/* A native receiver: prints what comes and says that it is there.
 *
 *     receive tcp://127.0.0.1:7700 gateway.pub police.key [HOW-MANY]
 *
 * Ends when HOW-MANY deliveries were taken and their outcomes are on the gateway's disk; without it, never. */
#include <stdio.h>
#include <stdlib.h>

#include <lienthong.h>

struct desk { struct lienthong *lienthong; unsigned long taken, acknowledged; };

static void on_refused(void *context, const struct problem *problem)
{
    (void)context;
    fprintf(stderr, "refused: %s: %s\n", lienthong_problem_word(problem->type), problem->sentence_en);
}

/* A delivery is ours until it is freed: a busy desk would put it into a queue here and answer later. */
static void on_deliver(void *context, struct lienthong_delivery *delivery)
{
    struct desk *desk = context;
    const Lienthong__V1__Header *header = delivery->header;
    struct lienthong_outcome outcome = { .handoff_id = delivery->handoff_id, .attempt = delivery->attempt,
                                         .verdict = VERDICT_DELIVERED, .agency_ref = "desk-1" };
    struct hash hash = lienthong_content_hash(header, (struct span){ delivery->deliver->payload.data,
                                                                     delivery->deliver->payload.len });

    if (lienthong_offer_is_stale(desk->lienthong, delivery)) {      /* it waited too long: nothing has been done */
        outcome.verdict = VERDICT_LATER;
        outcome.never_sent = true;
        outcome.fingerprint = "stale-offer";
    } else {
        outcome.content_hash = &hash;
        printf("%s %s from %s, %zu bytes, key %s\n", lienthong_kind_name(header->kind), header->dossier_code,
               header->sender, delivery->deliver->payload.len, delivery->deliver->routing->idempotency_key);
        fflush(stdout);
        desk->taken++;
    }
    if (lienthong_outcome(desk->lienthong, &outcome) != RESULT_OK)
        fprintf(stderr, "no memory for an outcome: the handoff will be offered again\n");
    lienthong_delivery_free(delivery);
}

static void on_outcome_ack(void *context, const Lienthong__V1__OutcomeAck *ack)
{
    struct desk *desk = context;

    (void)ack;
    desk->acknowledged++;
}

int main(int count, char **arguments)
{
    char buffer[256];
    struct text why = lienthong_text(buffer, sizeof buffer);
    struct desk desk = { 0 };
    enum result result = RESULT_OK;

    if (count != 4 && count != 5) {
        fprintf(stderr, "usage: %s ENDPOINT GATEWAY.PUB SECRET.KEY [HOW-MANY]\n", arguments[0]);
        return 2;
    }
    unsigned long wanted = count == 5 ? strtoul(arguments[4], NULL, 10) : 0;
    struct lienthong_options options = { .endpoint = arguments[1], .roles = ROLE_RECEIVER, .credit = 4,
                                         .software = "receive", .context = &desk,
                                         .callbacks = { .on_refused = on_refused, .on_deliver = on_deliver,
                                                        .on_outcome_ack = on_outcome_ack } };
    if (lienthong_keys_read(arguments[2], arguments[3], &options.keys, &why) != RESULT_OK ||
        lienthong_open(&desk.lienthong, &options, &why) != RESULT_OK) {
        fprintf(stderr, "%s\n", buffer);
        return 2;
    }
    while (result == RESULT_OK && (!wanted || desk.acknowledged < wanted))
        result = lienthong_wait(desk.lienthong, 1000);
    lienthong_close(desk.lienthong);
    return result == RESULT_OK ? 0 : 1;
}
