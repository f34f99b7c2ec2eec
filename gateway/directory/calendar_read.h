/* calendar_read.h - YAML becomes the calendar and the hours that deadlines are counted in (core/calendar.h). Part of a
 * directory (calendar/, hours.yaml), and readable alone. README.md has the format. Every fault with file and line. */
#ifndef GATEWAY_DIRECTORY_CALENDAR_READ_H
#define GATEWAY_DIRECTORY_CALENDAR_READ_H

#include "gateway/base/yaml.h"
#include "gateway/core/calendar.h"

enum { HOURS_LISTED_MAX = 256 };

/* One year into `calendar`. `name` is what faults call the file. False: at least one fault was added; some of its days
 * may be in the calendar all the same. */
MUST_USE bool calendar_read_file(const char *path, const char *name, struct calendar *calendar, struct faults *faults);
/* Every .yaml file of a folder, in the order of names; faults call them "name/file". No such folder: no year, which is
 * no fault. */
MUST_USE bool calendar_read_folder(const char *path, const char *name, struct calendar *calendar,
                                   struct faults *faults);

struct hours_list { struct hours *hours; size_t count; };               /* sorted by name */
/* False: at least one fault was added, *ret_list untouched. No such file: an empty list. */
MUST_USE bool hours_read_file(const char *path, const char *name, struct hours_list *ret_list, struct faults *faults);
void hours_list_free(struct hours_list *list);                          /* takes a zeroed one */
const struct hours *hours_list_find(const struct hours_list *list, const char *name);   /* NULL: not there */

#endif
