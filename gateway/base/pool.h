/* pool.h - freed memory, kept by size for whoever asks next. For libraries that take the same few sizes with every
 * request and can be told where from: libcurl and jansson take and free some fifty pieces for one POST.
 *
 * Promise    In the keeping thread neither taking nor freeing touches the piece: its size is known from its address,
 *            and what is kept is noted beside the pieces. What was freed last is given out first. Pieces of one size
 *            lie side by side, each at a multiple of 16 bytes.
 * Threads    One at a time keeps: the one that called pool_begin(), the first time before others use these functions.
 *            In every other thread, and before and after, they are malloc() and its kin.
 * Ownership  pool_free() and pool_realloc() take pieces of the pool and of malloc(), in any thread. What the keeping
 *            thread took and another frees goes home. A piece of the pool is nothing for free() or realloc(); in a
 *            process where nobody began there is none.
 * Bounds     All pieces of the pool, out or kept, lie in POOL_KEPT_BYTES_MAX. What finds no room there, or is larger
 *            than POOL_PIECE_BYTES_MAX, is malloc()'s. The notes: 4 bytes a piece, 3 MiB at most.
 * Sanitizer  The address sanitizer's build poisons what is kept: a use after free is noticed until the piece is given
 *            out again. A write past the end is not, nor a piece of the pool that nobody freed.
 */
#ifndef GATEWAY_BASE_POOL_H
#define GATEWAY_BASE_POOL_H

#include <stddef.h>

enum { POOL_PIECE_BYTES_MAX = (16 << 10) + 64, POOL_KEPT_BYTES_MAX = 16 << 20 };

void  pool_begin(void);                 /* this thread keeps from now on, unless the kernel has no addresses for it */

/* This thread keeps no more. What was kept goes back to the kernel if no piece is out; otherwise all stays: pieces that
 * are out are good and can be freed, by any thread, and the next pool_begin() finds what there is. */
void  pool_end(void);
size_t pool_kept_bytes(void);           /* by this thread */

/* As those of the C library. */
void *pool_malloc(size_t size);
void *pool_calloc(size_t count, size_t size);
void *pool_realloc(void *piece, size_t size);
char *pool_strdup(const char *string);
void  pool_free(void *piece);
/* The same, and nobody who is given the piece next, or reads this memory, finds in it what was there. */
void  pool_wipe_and_free(void *piece);

#endif
