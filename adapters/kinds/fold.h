/* fold.h - text in the one form in which words are compared: NFC, case-folded, runs of blanks as one blank.
 * "HỒ SƠ  ĐÃ TỒN TẠI" in decomposed Unicode and "hồ sơ đã tồn tại" fold to the same bytes. */
#ifndef ADAPTERS_KINDS_FOLD_H
#define ADAPTERS_KINDS_FOLD_H

#include "gateway/base/span.h"

struct folded {
    char  *string;              /* zero-terminated, owned; NULL: no memory */
    size_t size;
};

/* Any bytes: a zero byte counts as a blank, a byte that is no UTF-8 as U+FFFD. */
struct folded fold(struct span text);
void          folded_done(struct folded *folded);                       /* takes a zeroed one */
/* an empty fragment is in nothing */
bool          folded_has(const struct folded *text, const struct folded *fragment);
bool          folded_equal(const struct folded *a, const struct folded *b);

#endif
