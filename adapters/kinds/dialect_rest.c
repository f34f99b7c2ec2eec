/* rest - plain JSON: one POST per handoff, the payload as it came or through a mapping; a probe is a GET.
 * Everything it needs is what every dialect has. Its answers: adapters/rules/rest.yaml. */
#include "adapters/kinds/dialect_parts.h"

const struct dialect dialect_rest = { .name = "rest" };
