/* step_title.h - what people call a step of a dossier: its title, where the catalogue gives it one, else its
 * identifier. Lent by the view, or what was given. */
#ifndef GATEWAY_CLI_STEP_TITLE_H
#define GATEWAY_CLI_STEP_TITLE_H

#include "proto/lienthong.pb-c.h"

/* `dossier` may be NULL. */
const char *step_title(const Lienthong__V1__DossierView *dossier, const char *step);
const char *step_title_in_flow(const Lienthong__V1__FlowView *flow, const char *step);

#endif
