/* fuzz.h - what the harnesses share: an input tasted bit by bit, a folder in memory, files cut out of an input.
 *
 * A harness is one file fuzz_<what>.c with the one function below. libFuzzer calls it (make fuzz), and so does replay.c
 * with the kept corpus (make fuzz-smoke). It must give the same for the same bytes, keep nothing from one call to the
 * next, and say what is wrong by must(): a broken promise then looks like a crash, with the line that broke it.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "gateway/base/span.h"

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* ---- taste.c: decisions taken from the input. When it is used up everything is 0, "" or empty. */
struct taste {
    const uint8_t *at;
    size_t left;
};
struct taste taste_of(const uint8_t *bytes, size_t size);
uint8_t      taste_u8(struct taste *taste);
uint32_t     taste_u32(struct taste *taste);                    /* little-endian */
uint64_t     taste_u64(struct taste *taste);
uint32_t     taste_below(struct taste *taste, uint32_t bound);  /* one byte; bound at most 256 */
/* A length of two bytes, then so many, as far as there are any. In memory of its own, so that a sanitizer sees a read
 * past its end: lent until the next but seven. */
struct span  taste_span(struct taste *taste, size_t most);
/* What is left, in the same way. */
struct span  taste_rest(struct taste *taste);
/* A word: bytes up to a zero byte, cut at size - 1 and after that made valid UTF-8. */
void         taste_text(struct taste *taste, char *ret_text, size_t size);

/* ---- shelf.c: a folder of this process in memory (FUZZ_SHELF, else /dev/shm, else TMPDIR, else /tmp), removed at
 * exit. libFuzzer leaves without one: whoever runs it gives FUZZ_SHELF and removes that. */
const char  *shelf_path(void);
/* "FOLDER/name"; lent until the next call. */
const char  *shelf_below(const char *name);
void         shelf_write(const char *name, struct span content);       /* makes the folders above it */
void         shelf_link(const char *name, const char *target);         /* target: below the repository's root */
void         shelf_remove(const char *name);                           /* whole; takes one that is not there */
/* An input as files: a line "=== NAME" begins each, up to the next such line; what stands before the first is "".
 * Names that are not plain ("a-z0-9-_.", one folder deep) are passed over, and so is everything from the 16th file
 * on. Each is written below `folder`. Returns how many were. */
unsigned     shelf_of_input(const char *folder, const uint8_t *bytes, size_t size);
/* The part of an input behind the line "=== NAME"; false: there is none. */
bool         shelf_part(const uint8_t *bytes, size_t size, const char *name, struct span *ret_part);

#endif
