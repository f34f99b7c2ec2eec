/* image.h - what stands in a store's folder at one moment, kept in memory: what a kill would leave, when it is taken
 * while the store is open; and the way back to it. Locks are left out. Never fails; must() when the disk does. */
#ifndef TESTS_NTH_IMAGE_H
#define TESTS_NTH_IMAGE_H

#include <stdbool.h>

struct image;

struct image *image_take(const char *folder);               /* a folder that is not there is an empty one */
/* The folder holds that and nothing else; it is not there when it was not. */
void          image_put(const struct image *image, const char *folder);
bool          image_names_differ(const struct image *image, const char *folder);    /* from those there now */
void          image_free(struct image *image);              /* takes NULL */
int           image_descriptors(void);                      /* open in this process */

#endif
