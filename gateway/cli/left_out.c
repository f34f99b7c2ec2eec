#include "gateway/cli/left_out.h"

#include <stdio.h>

struct left_out_list left_out_begin(const struct cli *cli)
{
    return (struct left_out_list){ .cli = cli, .list = json_array() };
}

static void tell(void *context, const struct left_out_blob *blob)
{
    struct left_out_list *left_out = context;
    const struct cli *cli = left_out->cli;
    json_t *agencies = json_array();

    if (!cli->json)
        fprintf(stderr, cli_say(cli, "bỏ lại tệp đính kèm %s: hỏng hoặc không còn; cơ quan từng có tệp:",
                                "left out: attachment %s, damaged or not there; agencies that have had it:"),
                blob->sha256);
    for (size_t i = 0; i < blob->agency_count; i++) {
        if (!cli->json)
            fprintf(stderr, "%s %s", i ? "," : "", blob->agencies[i]);
        json_array_append_new(agencies, json_string(blob->agencies[i]));
    }
    if (!cli->json)
        fprintf(stderr, "\n");
    json_array_append_new(left_out->list, json_pack("{s:s, s:o}", "sha256", blob->sha256, "agencies", agencies));
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
