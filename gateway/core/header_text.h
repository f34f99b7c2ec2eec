/* header_text.h - one text out of a stored Header (proto/lienthong.proto), without the memory for all the rest. The
 * header was read as a whole when it came; here a field is found by its number. Pure. */
#ifndef GATEWAY_CORE_HEADER_TEXT_H
#define GATEWAY_CORE_HEADER_TEXT_H

#include "gateway/base/limits.h"
#include "gateway/base/span.h"

/* The last field of this number that has a length. Empty: not there, or not well-formed. */
struct span header_field(struct span message, unsigned number);

struct span header_facts(struct span header);           /* the bytes of its Facts; empty: none */
void header_content_type(struct span header, char ret_type[CONTENT_TYPE_SIZE]);     /* "" not said */
void header_area(struct span header, char ret_area[AREA_CODE_SIZE]);                /* Facts.area_code; "" not said */

void header_officer_from(struct span header, char ret_code[OFFICER_SIZE]);          /* "" not said, or too long */

/* What Facts says of the version of the procedure, "" not said, and of when the dossier was received, 0 not said. */
void header_version(struct span header, char *ret_version, size_t size);
int64_t header_received_ms(struct span header);
int64_t header_answer_by_ms(struct span header);        /* 0 not said */
/* "" not said. False: longer than it may be. */
bool header_reason_code(struct span header, char ret_reason[REASON_CODE_SIZE]);

/* Facts.components, one after the other, at most COMPONENTS_MAX. */
struct component_walk { struct span facts; uint32_t index; };
struct component_said { struct span code; bool withdrawn; uint32_t index; };
struct component_walk header_components(struct span header);
bool header_component_next(struct component_walk *walk, struct component_said *ret_component);

#endif
