/* paper_templates.c - the templates of gateway/cli/papers/ as part of the program: a paper looks the same wherever the
 * program stands, and there is no file to be found, or changed unseen, beside it. */
#include "gateway/cli/paper.h"

/* The bytes of a file and a zero byte, under a name of this file only. */
#define TEMPLATE(name, file) \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"gateway/cli/papers/" file "\"\n.byte 0\n.popsection\n"); \
    extern const char name[] __attribute__((visibility("hidden")))

TEMPLATE(paper_style, "style.html");
TEMPLATE(paper_head, "head.html");
TEMPLATE(paper_letterhead, "letterhead.html");
TEMPLATE(paper_copy_of, "copy-of.html");
TEMPLATE(paper_person, "person.html");
TEMPLATE(paper_reason, "reason.html");
TEMPLATE(paper_items, "items.html");
TEMPLATE(paper_hop, "hop.html");
TEMPLATE(paper_foot, "foot.html");
TEMPLATE(paper_supplement_request, "supplement-request.html");
TEMPLATE(paper_refusal, "refusal.html");
TEMPLATE(paper_apology, "apology.html");
TEMPLATE(paper_stop_notice, "stop-notice.html");
TEMPLATE(paper_control_slip, "control-slip.html");
TEMPLATE(paper_result_slip, "result-slip.html");
TEMPLATE(paper_receipt, "receipt.html");
TEMPLATE(paper_register, "register.html");

const struct template paper_templates[] = {
    { "style", paper_style }, { "head", paper_head }, { "letterhead", paper_letterhead }, { "copy-of", paper_copy_of },
    { "person", paper_person }, { "reason", paper_reason }, { "items", paper_items }, { "hop", paper_hop },
    { "foot", paper_foot },
    { "supplement-request", paper_supplement_request }, { "refusal", paper_refusal }, { "apology", paper_apology },
    { "stop-notice", paper_stop_notice }, { "control-slip", paper_control_slip }, { "result-slip", paper_result_slip },
    { "receipt", paper_receipt }, { "register", paper_register },
    { NULL, NULL },
};
