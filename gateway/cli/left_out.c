#include "gateway/cli/left_out.h"

#include <stdio.h>

struct left_out_list left_out_begin(const struct cli *cli)
{
    return (struct left_out_list){ .cli = cli, .list = json_array() };
}

static void tell(void *context, const char *sha256)
{
    struct left_out_list *left_out = context;

    if (!left_out->cli->json)
        fprintf(stderr, cli_say(left_out->cli, "bỏ lại tệp đính kèm %s: hỏng hoặc không còn\n",
                                "left out: attachment %s is damaged or not there\n"), sha256);
    json_array_append_new(left_out->list, json_string(sha256));
}

struct left_out left_out_told(struct left_out_list *left_out)
{
    return (struct left_out){ .each = cli_switch(left_out->cli, "without-damaged") ? tell : NULL,
                              .context = left_out };
}

enum exit_code left_out_code(const struct left_out_list *left_out)
{
    return json_array_size(left_out->list) ? EXIT_FAULTS : EXIT_DONE;
}
