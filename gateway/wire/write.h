/* write.h - what the files behind wire_effect() share. Everything made lies in the arena; false: it has no room. */
#ifndef GATEWAY_WIRE_WRITE_H
#define GATEWAY_WIRE_WRITE_H

#include "gateway/wire/wire.h"

ProtobufCBinaryData data_of_hash(const struct hash *hash);      /* lent; nothing for a zero hash */
ProtobufCBinaryData data_of_uuid(const struct uuid *uuid);      /* lent */
ProtobufCBinaryData data_of_span(struct span span);             /* lent */
char *text_or_empty(const char *text);                          /* NULL as "" */

/* `count` zeroed messages of `size` bytes and the pointers to them. */
void **list_make(struct arena *arena, uint32_t count, size_t size);
/* NULL for NULL. */
MUST_USE bool view_of_dossier(const struct dossier_view *view, struct arena *arena,
                              Lienthong__V1__DossierView **ret_view);
MUST_USE bool views_of_late(const struct late_view *views, uint32_t count, struct arena *arena,
                            Lienthong__V1__LateView ***ret_list);
/* Arrays of `count` messages with a pointer to each, as protobuf-c wants them: *ret_list, or NULL for none. */
MUST_USE bool views_of_handoffs(const struct handoff_view *views, uint32_t count, struct arena *arena,
                                Lienthong__V1__HandoffView ***ret_list);
MUST_USE bool views_of_asked(const struct asked_view *views, uint32_t count, struct arena *arena,
                             Lienthong__V1__AskedView ***ret_list);
MUST_USE bool views_of_collisions(const struct collision_view *views, uint32_t count, struct arena *arena,
                                  Lienthong__V1__CollisionView ***ret_list);
MUST_USE bool views_of_reply(const struct admin_reply *reply, struct arena *arena,
                             Lienthong__V1__AdminReply *ret_reply);

/* An envelope without a body; then the body is chosen, and the whole measured. */
void wire_begin(struct wire_out *out, uint64_t correlation);
void wire_finish(struct wire_out *out, Lienthong__V1__Envelope__BodyCase body, void *message);

void refused_of_problem(const struct problem *problem, int64_t retry_after_ms, Lienthong__V1__Refused *ret_refused);

#endif
