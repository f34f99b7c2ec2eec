/* keyfile.h - CURVE key pairs as files: STEM.public (0644) and STEM.secret (0600), one line of Z85 each. */
#ifndef GATEWAY_CLI_KEYFILE_H
#define GATEWAY_CLI_KEYFILE_H

#include "gateway/cli/cli.h"

/* Writes, syncs and names both. What is there already stays unless `force`: EXIT_REFUSED. Complains itself. */
enum exit_code keyfile_make(const struct cli *cli, const char *stem, bool force);
/* A new file of ours with this text, synced. False with a message. */
MUST_USE bool file_make(const struct cli *cli, const char *path, const char *text, unsigned mode, bool force);
/* mkdir -p for one level, 0700. False with a message. */
MUST_USE bool folder_ready(const struct cli *cli, const char *path);

#endif
