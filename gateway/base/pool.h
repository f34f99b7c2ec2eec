/* pool.h - freed memory, kept by size for whoever asks next. For libraries that take the same few sizes with every
 * request and can be told where from: libcurl takes and frees some fifty pieces for one POST.
 *
 * One thread keeps: the one that called pool_begin(). In every other, and before and after, these are malloc() and its
 * kin. Every piece is one of malloc()'s: free() takes it too, and pool_free() takes any of malloc()'s, of any thread.
 * What is kept is at most POOL_KEPT_BYTES_MAX; larger pieces than POOL_PIECE_BYTES_MAX are never kept.
 */
#ifndef GATEWAY_BASE_POOL_H
#define GATEWAY_BASE_POOL_H

#include <stddef.h>

enum { POOL_PIECE_BYTES_MAX = (16 << 10) + 24, POOL_KEPT_BYTES_MAX = 16 << 20 };

void  pool_begin(void);                                 /* this thread keeps from now on */
void  pool_end(void);                                   /* gives back what it kept, and keeps no more */
size_t pool_kept_bytes(void);                           /* by this thread */

/* As those of the C library. */
void *pool_malloc(size_t size);
void *pool_calloc(size_t count, size_t size);
void *pool_realloc(void *piece, size_t size);
char *pool_strdup(const char *string);
void  pool_free(void *piece);

#endif
