/* scrub.h - words of an agency made fit to be kept, and trouble made countable.
 *
 * Masked: runs of nine digits or more, also with single blanks or dots between them (identity numbers, telephones,
 * accounts), and anything with an @ in it. A dossier code stays: its groups are short and joined by other signs. Names
 * of persons cannot be recognised: what comes out here is still for sealed fields only.
 */
#ifndef ADAPTERS_KINDS_SCRUB_H
#define ADAPTERS_KINDS_SCRUB_H

#include "gateway/base/span.h"

/* Appends `from` to `text`: control characters and bytes that are no UTF-8 as blanks, numbers masked with "#". */
void scrub_add(struct text *text, struct span from);

/* Appends lower-case letters, digits, '.', '_' of `from`, everything else as one '-'; at most `most` bytes. ASCII only.
 * */
void slug_add(struct text *text, struct span from, size_t most);

/* What repeats when the same message comes again about another dossier: folded, every word with a digit in it left out,
 * then the first 32 bits of SHA-256 as hex. */
enum { PROSE_MARK_SIZE = 9 };
void prose_mark(struct span prose, char ret_mark[PROSE_MARK_SIZE]);

#endif
