#include "gateway/cli/paper_ask.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/limits.h"

enum { NAMES_MAX = AGENCIES_MAX };

struct paper_asker {
    struct admin_line *line;
    struct paper_agency *agencies;      /* room for NAMES_MAX, texts our own */
    size_t agency_count;
};

struct paper_asker *asker_open(struct cli *cli)
{
    struct paper_asker *asker = calloc(1, sizeof *asker);

    if (asker && (asker->line = admin_open(cli)) && (asker->agencies = calloc(NAMES_MAX, sizeof *asker->agencies)))
        return asker;
    asker_close(asker);
    return NULL;
}

void asker_close(struct paper_asker *asker)
{
    if (!asker)
        return;
    for (size_t i = 0; i < asker->agency_count; i++) {
        free((char *)(uintptr_t)asker->agencies[i].code);
        free((char *)(uintptr_t)asker->agencies[i].name);
    }
    free(asker->agencies);
    admin_close(asker->line);
    free(asker);
}

enum exit_code asker_ask(struct paper_asker *asker, const Lienthong__V1__Admin *admin,
                         Lienthong__V1__AdminReply **ret_reply)
{
    return admin_ask(asker->line, admin, ret_reply);
}

const struct paper_agency *asker_agencies(const struct paper_asker *asker, size_t *ret_count)
{
    *ret_count = asker->agency_count;
    return asker->agencies;
}

enum exit_code asker_name(struct paper_asker *asker, const char *code)
{
    struct paper_agency agency;

    for (size_t i = 0; i < asker->agency_count; i++)
        if (strcmp(asker->agencies[i].code, code) == 0)
            return EXIT_DONE;
    if (!code[0] || asker->agency_count == NAMES_MAX)
        return EXIT_DONE;
    return asker_agency(asker, code, &agency);
}

enum exit_code asker_agency(struct paper_asker *asker, const char *code, struct paper_agency *ret_agency)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__AdminReply *reply;

    must(asker->agency_count < NAMES_MAX);
    admin.verb = "agencies";
    admin.code = (char *)(uintptr_t)code;
    enum exit_code result = admin_ask(asker->line, &admin, &reply);
    if (result != EXIT_DONE)
        return result;
    struct paper_agency *agency = &asker->agencies[asker->agency_count++];
    agency->code = strdup(reply->n_agencies ? reply->agencies[0]->code : code);
    agency->name = strdup(reply->n_agencies ? reply->agencies[0]->name : "");
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    if (!agency->code || !agency->name)
        return EXIT_BROKEN;
    *ret_agency = *agency;
    return EXIT_DONE;
}
