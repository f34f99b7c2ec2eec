#include "tests/city/books.h"

#include <sys/mman.h>

#include "gateway/base/result.h"

static void *reserve(size_t bytes)
{
    void *place = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    must(place != MAP_FAILED);
    return place;
}

void books_open(struct books *books, uint32_t dossiers)
{
    *books = (struct books){ .sent_max = dossiers * BOOK_LETTERS_PER_DOSSIER };
    books->dossiers = reserve((dossiers + 1) * sizeof *books->dossiers);
    books->sent = reserve((size_t)books->sent_max * sizeof *books->sent);
    books->received = reserve((size_t)books->sent_max * sizeof *books->received);
    books->by_handoff = reserve((size_t)books->sent_max * sizeof *books->by_handoff);
}

void books_close(struct books *books)
{
    munmap(books->dossiers, books->dossier_count * sizeof *books->dossiers);
    munmap(books->sent, (size_t)books->sent_max * sizeof *books->sent);
    munmap(books->received, (size_t)books->sent_max * sizeof *books->received);
    munmap(books->by_handoff, (size_t)books->sent_max * sizeof *books->by_handoff);
}

size_t books_bytes(const struct books *books)
{
    return books->dossier_count * sizeof *books->dossiers + books->sent_count * sizeof *books->sent +
           books->received_count * sizeof *books->received + books->handoff_max * sizeof *books->by_handoff;
}

struct sent *books_of_handoff(struct books *books, uint64_t handoff)
{
    uint32_t low = (uint32_t)handoff;
    return low < books->sent_max && books->by_handoff[low] ? &books->sent[books->by_handoff[low] - 1] : NULL;
}
