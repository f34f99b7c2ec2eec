/* core_upload.h - attachments in a core_world: what the thread of blobs would ask, and real files in its store, because
 * the check at the end of each test reads them. The content of a blob is a string, which is also what a test calls it.
 */
#ifndef TESTS_UNIT_CORE_UPLOAD_H
#define TESTS_UNIT_CORE_UPLOAD_H

#include "tests/unit/core_world.h"

struct hash upload_hash(const char *content);
/* PUT, KEEP and GET of this agency; NULL: FIND, of the folder. With its hash and size; change it, then ask. */
struct command upload_ask(struct world *world, enum blob_about about, const char *agency, const char *content);
/* Asserts that it answers this command and nobody else, and returns what was said. */
const struct blob_effect *upload_say(struct world *world, const struct command *ask);
/* Asserts a refusal with a sentence in each language, and nothing written. */
enum problem_type upload_refusal(struct world *world, const struct command *ask);
void upload_write(struct world *world, const char *content, uint64_t file, uint32_t day);
/* PUT, and where it is wanted the file and KEEP. Returns the number of the file that is kept; 0: it had it already. */
uint64_t upload(struct world *world, const char *agency, const char *content);
void upload_name(struct command *submit, const char *content);          /* one more attachment */

struct blob upload_record(struct world *world, const char *content);    /* file 0: it is not on record */
bool upload_may(struct world *world, const char *agency, const char *content);      /* name and read it */
/* Asserts that it is on record and used so often, and due only where it is not used. */
void upload_used(struct world *world, const char *content, uint32_t uses);

#endif
