/* hotich - the civil status system of the Ministry of Justice: a JSON object that a mapping makes (maDonVi, module,
 * maHoSo, ngayTiepNhan, data as XML inside a string); create, update and, where a probe path is configured, probe by
 * POST with a mapping of its own. Its answers: adapters/rules/hotich.yaml. */
#include "adapters/kinds/dialect_parts.h"

const struct dialect dialect_hotich = { .name = "hotich", .needs_mapping = true };
