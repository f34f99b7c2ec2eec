/* A one-stop system hands off one dossier, and watches it until it is delivered.
 *
 *     send_dossier tcp://127.0.0.1:7700 gateway.pub h29.key H29 H29.POLICE 000.00.07.H29-230101-0001
 *
 * Ends with 0 when it was delivered, 1 when it was refused or needs a person, 2 when it could not be tried. */
#include <stdio.h>
#include <stdlib.h>

#include <lienthong.h>

struct watch { struct lienthong *lienthong; uint64_t handoff_id; bool ended, delivered; };

static void on_refused(void *context, const struct problem *problem)
{
    (void)context;
    fprintf(stderr, "refused: %s: %s\n", lienthong_problem_word(problem->type), problem->sentence_en);
}

/* One for each change that concerns us; what we have taken note of is acknowledged. */
static void on_notice(void *context, const Lienthong__V1__Notice *notice)
{
    struct watch *watch = context;

    if (notice->handoff_id == watch->handoff_id && !watch->ended) {
        printf("%s handoff %llu %s\n", lienthong_state_name(notice->state), (unsigned long long)notice->handoff_id,
               notice->reason);
        watch->delivered = notice->state == STATE_DELIVERED;
        watch->ended = lienthong_state_is_final(notice->state) || notice->state == STATE_FAILED;
    }
    if (lienthong_notice_ack(watch->lienthong, notice->event_seq) != RESULT_OK)
        fprintf(stderr, "a notice could not be acknowledged; it will come again\n");
}

static enum result hand_off(struct lienthong *lienthong, char *recipient, char *dossier_code,
                            struct lienthong_answer *ret_answer)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    struct uuid id = lienthong_new_id();            /* keep it with the dossier: with it this may be repeated safely */

    facts.status = 2;
    facts.channel = 1;
    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    header.kind = KIND_FORWARD;
    header.recipient = recipient;
    header.dossier_code = dossier_code;
    header.procedure_code = "2.000986";
    header.content_type = "application/json";
    header.facts = &facts;
    return lienthong_submit_wait(lienthong, &header, lienthong_span("{\"copies\": 2}"), 30000, ret_answer);
}

int main(int count, char **arguments)
{
    char buffer[256], hash[HASH_TEXT_SIZE];
    struct text why = lienthong_text(buffer, sizeof buffer);
    struct watch watch = { 0 };
    struct lienthong_answer answer;

    if (count != 7) {
        fprintf(stderr, "usage: %s ENDPOINT GATEWAY.PUB SECRET.KEY AGENCY RECIPIENT DOSSIER-CODE\n", arguments[0]);
        return 2;
    }
    struct lienthong_options options = { .endpoint = arguments[1], .roles = ROLE_SENDER, .software = "send_dossier",
                                         .agency = arguments[4], .context = &watch,
                                         .callbacks = { .on_refused = on_refused, .on_notice = on_notice } };
    if (lienthong_keys_read(arguments[2], arguments[3], &options.keys, &why) != RESULT_OK ||
        lienthong_open(&watch.lienthong, &options, &why) != RESULT_OK) {
        fprintf(stderr, "%s\n", buffer);
        return 2;
    }

    enum result result = hand_off(watch.lienthong, arguments[5], arguments[6], &answer);
    if (result != RESULT_OK || !answer.accepted) {
        fprintf(stderr, "not accepted: %s\n", result == RESULT_BUSY ? "no answer yet" : answer.problem.sentence_en);
        lienthong_close(watch.lienthong);
        return result == RESULT_OK ? 1 : 2;
    }
    lienthong_hash_text(&answer.content_hash, hash);
    printf("ACCEPTED handoff %llu content %s%s\n", (unsigned long long)answer.handoff_id, hash,
           answer.duplicate ? " (it was there already)" : "");
    fflush(stdout);

    watch.handoff_id = answer.handoff_id;
    result = lienthong_follow(watch.lienthong, 0);
    while (result == RESULT_OK && !watch.ended)
        result = lienthong_wait(watch.lienthong, 1000);
    lienthong_close(watch.lienthong);
    return watch.delivered ? 0 : 1;
}
