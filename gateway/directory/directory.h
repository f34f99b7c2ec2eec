/* directory.h - a folder of YAML becomes the core's tables: who there is, with which keys, who may send what to whom.
 *
 * Promise    All or nothing: a directory is read and checked whole, every fault of every file is reported with file and
 *            line in one pass, also those between files, and only a folder without a fault gives a directory.
 * Same bytes The canonical bytes say what a directory means: the order of entries and files, comments, blanks, aliases
 *            used instead of codes and defaults written out do not change them. Their SHA-256 is tables.hash.
 * Ownership  Everything hangs on the directory and dies with directory_free(). Nothing in it changes, except the
 *            version by directory_version_set(). For a second load (SIGHUP) read a second one, swap, free the first.
 * Threads    None of its own; reading touches files, so it belongs outside a turn.
 *
 * README.md has the format of the files with a commented example.
 */
#ifndef GATEWAY_DIRECTORY_DIRECTORY_H
#define GATEWAY_DIRECTORY_DIRECTORY_H

#include "gateway/base/yaml.h"
#include "gateway/core/calendar.h"
#include "gateway/core/tables.h"

enum { DIRECTORY_PATH_SIZE = 1024 };

struct directory;

/* `now_ms` decides which keys have expired and which agencies are gone; it does not go into the canonical bytes.
 * NULL: at least one fault was added. Faults call a file by its name below the folder ("agencies/quan-7.yaml"). */
MUST_USE struct directory *directory_read(const char *folder, int64_t now_ms, struct faults *faults);
/* The same, with the codes (or aliases) that adapter configurations serve, and where each is listed: an agency `via:
 * adapter` that none of them serves is a fault, and so is a code of theirs that is no agency. */
struct served { const char *code, *file; int line; };
MUST_USE struct directory *directory_read_served(const char *folder, int64_t now_ms, const struct served *served,
                                                 size_t served_count, struct faults *faults);
void directory_free(struct directory *directory);                           /* takes NULL */

const struct tables *directory_tables(const struct directory *directory);   /* version 0 until it is set */
struct span          directory_bytes(const struct directory *directory);    /* canonical; UTF-8 text; what is stored */
/* What deadlines are counted in: without a year where the folder has no calendar/. */
const struct calendar *directory_calendar(const struct directory *directory);
const struct hours    *directory_hours(const struct directory *directory, const char *name);    /* NULL: not there */
/* After the store gave it one. */
void directory_version_set(struct directory *directory, uint32_t version);

/* What is in it, a fact per line, Vietnamese first and English beside it: agencies per kind, keys, permits, routes. */
void directory_describe(const struct directory *directory, struct text *text);

/* Every `public_key_file` that the agencies of a folder name, before those files exist: for making them. `path` is
 * ready for open(), both strings are lent for the call. Only the YAML itself is checked here.
 * RESULT_INVALID: at least one fault was added. */
MUST_USE enum result directory_key_files(const char *folder, struct faults *faults,
                                         void (*tell)(void *context, const char *agency, const char *path),
                                         void *context);

#endif
