/* The messages, from lienthong_submit() until they are covered. Each is in one list: `queue` (not sent yet), `again`
 * (to be sent before those), `sent` (in the window), `kept` (accepted, in the order accepted). `unanswered` counts
 * those that a caller waits for; `bytes` is all their frames, in memory or in the folder. */
#include <stdlib.h>

#include "gateway/client/inside.h"

enum result keep_add(struct lienthong *lienthong, const struct uuid *id, zmq_msg_t *frame,
                     struct message **ret_message)
{
    struct message *message = calloc(1, sizeof *message);

    if (!message || table_add(&lienthong->messages, key_of_uuid(id), message) != RESULT_OK) {
        free(message);
        return RESULT_FULL;
    }
    if (request_begin(lienthong, &message->request, REQUEST_MESSAGE) != RESULT_OK) {
        table_remove(&lienthong->messages, key_of_uuid(id));
        free(message);
        return RESULT_FULL;
    }
    message->id = *id;
    message->bytes = zmq_msg_size(frame);
    zmq_msg_move(&message->request.frame, frame);
    lienthong->bytes += message->bytes;
    *ret_message = message;
    return RESULT_OK;
}

struct message *keep_find(struct lienthong *lienthong, const struct uuid *id)
{
    return table_find(&lienthong->messages, key_of_uuid(id));
}

/* Out of memory; its file stays. */
static void message_free(struct lienthong *lienthong, struct message *message)
{
    lienthong->bytes -= message->bytes;
    lienthong->unanswered -= message->answer_due;
    table_remove(&lienthong->messages, key_of_uuid(&message->id));
    request_free(lienthong, &message->request);
}

void keep_remove(struct lienthong *lienthong, struct message *message)
{
    folder_remove(lienthong, message);
    message_free(lienthong, message);
}

bool keep_room(struct lienthong *lienthong, size_t bytes)
{
    while (lienthong->bytes + bytes > lienthong->bytes_max && lienthong->kept.first) {
        keep_remove(lienthong, (struct message *)lienthong->kept.first);
        lienthong->let_go++;
    }
    return lienthong->bytes + bytes <= lienthong->bytes_max;
}

void keep_accepted(struct lienthong *lienthong, struct message *message, uint64_t handoff_id, uint64_t commit_seq)
{
    struct message before = *message;

    list_remove(&message->request.node);
    message->accepted = true;
    message->epoch = lienthong->epoch;
    message->commit_seq = commit_seq;
    message->handoff_id = handoff_id;
    if (commit_seq <= lienthong->covered_seq) {
        folder_remove(lienthong, &before);
        message_free(lienthong, message);
        return;
    }
    folder_accepted(lienthong, message, &before);
    if (lienthong->folder) {                            /* the file has it: read again if it is ever needed */
        zmq_msg_close(&message->request.frame);
        zmq_msg_init(&message->request.frame);
    }
    list_append(&lienthong->kept, &message->request.node);
}

/* `kept` is nearly in the order of commit_seq (a duplicate has an old one): one that stands behind a higher one goes
 * when that goes. */
void keep_covered(struct lienthong *lienthong, uint64_t covered_seq)
{
    struct message *message;

    if (covered_seq > lienthong->covered_seq)
        lienthong->covered_seq = covered_seq;
    while ((message = (struct message *)lienthong->kept.first) && message->commit_seq <= lienthong->covered_seq)
        keep_remove(lienthong, message);
}

/* commit_seqs of another epoch say nothing in this one. So whatever was accepted in another epoch, and not known to be
 * covered there, goes out again, with the handoff id that it had (sending.c); what is there is a duplicate. */
void keep_epoch(struct lienthong *lienthong)
{
    struct node *place = NULL;

    for (struct node *node = lienthong->kept.first, *next; node; node = next) {
        next = node->next;
        if (((struct message *)node)->epoch == lienthong->epoch)
            continue;
        list_remove(node);
        list_insert(&lienthong->again, place, node);
        place = node;
    }
}

/* Into its place by number; those that come here come nearly in order, so the walk from the end is short. */
void keep_again(struct lienthong *lienthong, struct message *message)
{
    struct node *place = lienthong->again.last;

    list_remove(&message->request.node);
    while (place && ((struct request *)place)->correlation > message->request.correlation)
        place = place->previous;
    list_insert(&lienthong->again, place, &message->request.node);
}

void keep_connection_lost(struct lienthong *lienthong)
{
    while (lienthong->sent.last)
        keep_again(lienthong, (struct message *)lienthong->sent.last);
}

void keep_done(struct lienthong *lienthong)
{
    struct list *lists[] = { &lienthong->queue, &lienthong->again, &lienthong->sent, &lienthong->kept };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        while (lists[i]->first)
            message_free(lienthong, (struct message *)lists[i]->first);
    table_done(&lienthong->messages);
}
