/* blob_file.h - the content of blobs: one file each, sealed in pieces.
 *
 * Names      STORE/blobs/AB/<sha256 in hex>-<number in hex>; AB are the first two digits. The number tells apart
 *            files of one hash: a file that is being deleted is never the one that was just stored. While it is written
 *            a file is STORE/blobs/new/<number>. One that turned out to be damaged lies in STORE/blobs/damaged, under
 *            its name: whoever uploads the content again puts another in its place, and a person may look at it.
 * Content    pieces of BLOB_PIECE_BYTES, the last one what is left, each sealed by itself (seal.h) with the key of the
 *            blob's day; the label is the hash, the number and the place, so that no piece can stand for another.
 * Promise    after blob_write_end() the file is whole, synced, and under its name, also after a power cut.
 * Records    what is there is said by the store (record_blob.h), never by looking at files: a file without a record is
 *            rubbish (blob_walk_next()), a record without its file is damage (store_check()).
 * Keys       are made by the store's own seal; here they are only read, so a day's key must be there before.
 * Threads    one per struct blob_folder.
 */
#ifndef GATEWAY_STORE_BLOB_FILE_H
#define GATEWAY_STORE_BLOB_FILE_H

#include <sodium.h>

#include "gateway/store/files.h"
#include "gateway/store/record_blob.h"
#include "gateway/store/seal.h"

struct blob_folder {
    char         path[PATH_SIZE];       /* STORE/blobs */
    char         keys[PATH_SIZE];       /* STORE/keys */
    bool         no_sync;
    struct seal *seal;
    uint8_t     *sealed;                /* one piece */
};

/* read_only: nothing is made. RESULT_NOT_FOUND then: there is no folder of blobs. Else it is made, its folders synced,
 * and what was half written before is removed. FULL, BROKEN: errno says why. */
struct blob_folder_options { const char *store_folder; bool read_only, no_sync; };
MUST_USE enum result blob_folder_open(struct blob_folder *ret_folder, const struct blob_folder_options *options);
void blob_folder_close(struct blob_folder *folder);                     /* takes a zeroed one */
/* Keys that were deleted meanwhile leave the memory too; where that cannot be done just now, later. */
void blob_folder_forget_keys(struct blob_folder *folder);

/* How many pieces that many bytes are, and how large the file is. */
uint64_t blob_pieces(uint64_t size);
uint64_t blob_file_bytes(uint64_t size);
/* How long this piece is, plain; 0: there is none. */
size_t blob_piece_bytes(uint64_t size, uint64_t piece);

/* ---- writing. `blob` says sha256, size, file and day, and is copied. */
struct blob_writing {
    struct blob blob;
    int      file;                      /* -1: none */
    uint64_t pieces;                    /* written so far */
    uint64_t unsynced_bytes;
    crypto_hash_sha256_state hash;
};
/* NOT_FOUND: the key of that day is gone. FULL: no room. BUSY: the process has no more files. BROKEN: I/O error. */
MUST_USE enum result blob_write_begin(struct blob_folder *folder, const struct blob *blob,
                                      struct blob_writing *ret_writing);
/* The next one, which must be blob_piece_bytes() long (must). After anything but OK only giving up is left. */
MUST_USE enum result blob_write_piece(struct blob_folder *folder, struct blob_writing *writing, struct span plain);
/* INVALID: the content does not have that hash. BUSY, FULL, BROKEN as above. Whatever comes back, the writing is over;
 * unless OK nothing is left. */
MUST_USE enum result blob_write_end(struct blob_folder *folder, struct blob_writing *writing);
void blob_write_give_up(struct blob_folder *folder, struct blob_writing *writing);      /* takes one without a file */

/* ---- reading */
struct blob_reading { struct blob blob; int file; };                    /* file -1: none */
/* NOT_FOUND: no such file. INVALID: not as large as it should be. BUSY: the process has no more files. */
MUST_USE enum result blob_read_begin(struct blob_folder *folder, const struct blob *blob,
                                     struct blob_reading *ret_reading);
/* blob_piece_bytes() bytes. NOT_FOUND: the key is gone. INVALID: not what was sealed. BROKEN: I/O error. */
MUST_USE enum result blob_read_piece(struct blob_folder *folder, struct blob_reading *reading, uint64_t piece,
                                     uint8_t *ret_plain);
void blob_read_end(struct blob_reading *reading);                       /* takes one without a file */
/* Of a result of reading: the file itself is what is wrong (gone, changed, where the disk cannot read it), and not a
 * lack of memory or of descriptors. Then another copy of the content helps. */
bool blob_is_damaged(enum result of_reading);
/* Reads all of it. INVALID: a piece does not open, or all together do not have the hash. */
MUST_USE enum result blob_verify(struct blob_folder *folder, const struct blob *blob);

/* ---- files as such */
/* NOT_FOUND: it is not there. Not synced: a file that comes back after a power cut is rubbish again. */
enum result blob_unlink(const struct blob_folder *folder, const struct blob *blob);
/* Of a file whose reading was INVALID: away from its place, into `damaged`. NOT_FOUND: it is not there any more. */
enum result blob_set_aside(const struct blob_folder *folder, const struct blob *blob);
/* Copies the file into the blobs of another store, whole and synced; by and by, as a writing is. */
MUST_USE enum result blob_copy(struct blob_folder *from, struct blob_folder *to, const struct blob *blob);

/* A walk over the files there are, in no order; zeros begin it. Gives their names: sha256 and file. False: no more. */
struct blob_walk { unsigned next; void *open; };
bool blob_walk_next(const struct blob_folder *folder, struct blob_walk *walk, struct blob *ret_blob);
void blob_walk_end(struct blob_walk *walk);                             /* takes one that has not begun */

#endif
