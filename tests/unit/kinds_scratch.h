/* kinds_scratch.h - a folder of files for one test, faults as one text, and the examples of a README. */
#ifndef TESTS_UNIT_KINDS_SCRATCH_H
#define TESTS_UNIT_KINDS_SCRATCH_H

#include "gateway/base/yaml.h"

struct scratch { char folder[64]; };

void scratch_open(struct scratch *scratch);
void scratch_done(struct scratch *scratch);                         /* removes the folder and what is in it */
/* Writes `text` as `name`, mode 0600, making one folder in front of it; the result is where it then is, lent until the
 * next call. */
const char *scratch_file(struct scratch *scratch, const char *name, const char *text);
const char *scratch_path(struct scratch *scratch, const char *name);
/* `name` in the folder leads to a folder of the repository. */
void scratch_link(struct scratch *scratch, const char *name, const char *target);

/* The code block of a Markdown file that begins with the line "# name". The caller frees it. */
char *readme_block(const char *path, const char *name);

/* Some fault begins with `where` ("a.yaml:3:") and holds `words`. */
bool faults_have(const struct faults *faults, const char *where, const char *words);
void faults_print(const struct faults *faults);

#endif
