/* apology.h - the apology that the citizen of a late dossier is owed, as handoffs of kind APOLOGY.
 *
 *   request  opener > holder  made by the gateway in the opener's name; content type APOLOGY_DRAFT, codes and times
 *                             only. It says what is missing: reason, new date, signer
 *   letter   holder > opener  signed by the responsible head, through the agency's system or the console. Its facts say
 *                             due_ms (the new date), reason_code, officer_from (the code of who signed): without one of
 *                             them it is refused. No recipient means the opener
 *
 * The new date is a working time of who signs, or a closing, else it is refused and the next one named; in a year
 * that no calendar tells any date is taken. Only a letter goes to the one-stop and counts. A dossier is put off once; a
 * second letter needs a content, the reasons in words. One for a dossier that ended in time, or before the letter was
 * signed, is refused.
 * The form is that of the circular in force on the day it is issued: TT 01/2018/TT-VPCP, Mẫu 04 "Phiếu xin lỗi và hẹn
 * lại ngày trả kết quả", until 30 June 2025; from 1 July 2025 on TT 03/2025/TT-VPCP, Mẫu 04 "Văn bản xin lỗi và đề nghị
 * gia hạn thời gian giải quyết". How long a dossier may take goes by the day it was received; a form does not.
 */
#ifndef GATEWAY_CORE_APOLOGY_H
#define GATEWAY_CORE_APOLOGY_H

#include "gateway/core/dossier.h"

#define APOLOGY_DRAFT     "application/vnd.lienthong.apology-draft+json"
#define APOLOGY_CANCELLED_TYPE "application/vnd.lienthong.apology-cancelled+json"
#define APOLOGY_SIGNED_TYPE "application/vnd.lienthong.apology-signed+json"

struct apology_form { const char *circular, *number, *title_vi; };
const struct apology_form *apology_form(int64_t at_ms);         /* static */

/* The request. False: it may not be made; ret_problem says why. */
MUST_USE bool apology_ask(struct step *step, const struct dossier *dossier, const struct holder *holder,
                          uint64_t *ret_draft, struct problem *ret_problem);
/* Who got a request hears that nothing is owed any more, if a permit allows that. */
void apology_call_back(struct step *step, const struct dossier *dossier, const struct handoff *draft);
/* A letter through the console. False: refused, with the field. */
struct apology_signing {
    uint32_t holder;
    int64_t due_ms;
    const char *reason_code, *signer;
    const char *words;                  /* why, for the citizen: they stand in the letter */
};
MUST_USE bool apology_sign(struct step *step, const struct dossier *dossier, const struct apology_signing *signing,
                           uint64_t *ret_letter, struct problem *ret_problem);

/* Of a SUBMIT of kind APOLOGY, its dossier known. False: refused. */
bool apology_ok(struct step *step, const struct intake *intake);
/* It was accepted: a letter is noted, and what follows is left to a look (late.h). */
void apology_taken(struct step *step, const struct intake *intake, const struct handoff *handoff);
/* Whom a letter without recipient goes to. NULL: it is none, or nothing is known of its dossier. */
const struct agency *apology_addressed(struct step *step, const struct intake *intake);

#endif
