/* disk_gate.h - fdatasync as a test lets it: at once, when it is told to, or not at all. In the place of the C
 * library's where the Makefile's WRAPS say so; LMDB's own syncs are not touched. Safe from any thread. */
#ifndef TESTS_UNIT_DISK_GATE_H
#define TESTS_UNIT_DISK_GATE_H

void disk_open(void);                   /* syncs as ever; ends what is below */
void disk_hold(void);                   /* each waits for a disk_let() */
void disk_let(unsigned syncs);
void disk_fail(int error);              /* each fails with this errno, at once */

#endif
