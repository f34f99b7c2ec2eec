/* directory_folder.h - a directory in a folder of its own, good except for what a test replaces. */
#ifndef TESTS_UNIT_DIRECTORY_FOLDER_H
#define TESTS_UNIT_DIRECTORY_FOLDER_H

#include "gateway/directory/directory.h"
#include "tests/unit/kinds_scratch.h"

/* The example keys of the manual page zmq_curve(7). */
#define KEY_A "'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'"
#define KEY_B "'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'"
#define KEY_C "'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs'"

extern const char agencies_good[], permits_good[], routes_good[], procedures_good[];

/* What a test replaces. NULL: the good one stays; "": no such file. */
struct folder { const char *gateway, *agencies, *permits, *routes, *procedures; };

/* cmocka's group set-up and tear-down: `scratch` and `faults` are there, now_ms is in October 2023. */
int folder_start(void **state);
int folder_stop(void **state);
extern struct scratch scratch;
extern struct faults faults;
extern int64_t now_ms;

void folder_write(struct folder folder);                            /* and no faults */
struct directory *folder_read(struct folder folder);                /* fails the test when there is a fault */
/* Exactly one fault, at `where`, with these words. */
void folder_has_fault(struct folder folder, const char *where, const char *words);

#endif
