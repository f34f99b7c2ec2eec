/* help.h - what each option means, in the two languages.
 *
 * One row for an option that means the same with every verb, a row of its own for a verb where it means another thing.
 * tests/live/test_cli.py finds an option without words.
 */
#ifndef GATEWAY_CLI_HELP_H
#define GATEWAY_CLI_HELP_H

#include "gateway/cli/cli.h"

/* "  --due GIỜ          ngày hẹn mới" for one option; `takes` a value. */
void help_option(const struct cli *cli, const char *verb, const char *name, size_t length, bool takes);

#endif
