/* kinds_agency.h - one agency from a few lines of YAML, and one handoff for it. */
#ifndef TESTS_UNIT_KINDS_AGENCY_H
#define TESTS_UNIT_KINDS_AGENCY_H

#include "adapters/kinds/config.h"
#include "adapters/kinds/source.h"
#include "tests/unit/kinds_scratch.h"

/* Makes what a configuration needs around it: rules, mappings, keys/agency.key, keys/gateway.pub, keys/secret. */
void agency_files(struct scratch *scratch);

/* `lines` are the keys behind code and secret_key_file, each indented by four blanks. Never NULL: faults are printed
 * and end the program. The agency is config->agencies[0]. */
struct adapter_config *agency_of(struct scratch *scratch, const char *lines);

/* A handoff about one dossier, as the broker would offer it; invented. Change the messages, then handed_job(). */
struct handed {
    Lienthong__V1__Header header;
    Lienthong__V1__Facts facts;
    Lienthong__V1__Routing routing;
    Lienthong__V1__Deliver deliver;
    json_t *source;
    struct job job;
};
void handed_init(struct handed *handed, enum kind kind, enum agency_class agency_class);
void handed_job(struct handed *handed);                 /* builds source and job */
void handed_done(struct handed *handed);

#define HANDED_CODE "H29.07.01-260304-0001"
#define HANDED_KEY "hcm-4d"                             /* handoff 77 */
#define HANDED_TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#endif
