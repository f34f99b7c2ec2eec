#include "gateway/core/command.h"

#include <stddef.h>
#include <string.h>

/* So far the struct counts for a command of this kind; of a SUBMIT without its lists. */
static size_t size_of(enum command_kind kind)
{
#define UP_TO(arm) (offsetof(struct command, arm) + sizeof ((struct command *)0)->arm)
    switch (kind) {
    case COMMAND_SUBMIT:        return offsetof(struct command, submit.after);
    case COMMAND_OFFER:         return UP_TO(offer);
    case COMMAND_OUTCOME:       return UP_TO(outcome);
    case COMMAND_CHECKPOINT:    return UP_TO(checkpoint);
    case COMMAND_CURSOR:        return UP_TO(cursor);
    case COMMAND_NOTIFY:        return UP_TO(notify);
    case COMMAND_NOTICE_ACK:    return UP_TO(acknowledged);
    case COMMAND_TRACK:         return UP_TO(track);
    case COMMAND_ADMIN:         return UP_TO(admin);
    case COMMAND_BLOB:          return UP_TO(blob);
    default:                    return sizeof(struct command);
    }
#undef UP_TO
}

void command_begin(struct command *ret_command, enum command_kind kind)
{
    memset(ret_command, 0, size_of(kind));
    ret_command->kind = kind;
}

void command_copy(struct command *ret_command, const struct command *command)
{
    const struct submit *from = &command->submit;
    struct submit *to = &ret_command->submit;

    memcpy(ret_command, command, size_of(command->kind));
    if (command->kind != COMMAND_SUBMIT)
        return;
    must(from->after_count <= AFTER_MAX && from->alias_count <= ALIASES_MAX &&
         from->attachment_count <= ATTACHMENTS_MAX);
    memcpy(to->after, from->after, from->after_count * sizeof *from->after);
    memcpy(to->aliases, from->aliases, from->alias_count * sizeof *from->aliases);
    memcpy(to->attachments, from->attachments, from->attachment_count * sizeof *from->attachments);
    memcpy(to->attachment_sizes, from->attachment_sizes, from->attachment_count * sizeof *from->attachment_sizes);
}
