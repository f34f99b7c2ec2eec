/* turn_flow.c - the procedure that was started for a dossier, and its steps. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static struct key flow_key(uint64_t dossier)
{
    struct key key = key_empty();
    must(dossier);
    key_u64(&key, dossier);
    return key;
}

bool turn_flow(struct turn *turn, uint64_t dossier, struct flow *ret_flow)
{
    struct key key = flow_key(dossier);
    struct span value;
    if (!row_get(turn, TABLE_FLOW, &key, &value))
        return false;
    if (!flow_parse(value, ret_flow))
        turn_fail(turn, RESULT_BROKEN, "a record that no version explains");
    ret_flow->dossier = dossier;
    return true;
}

void turn_flow_put(struct turn *turn, const struct flow *flow)
{
    struct key key = flow_key(flow->dossier);
    uint8_t record[FLOW_BYTES_MAX];
    row_put(turn, TABLE_FLOW, &key, span_of(record, flow_write(flow, record)));
}
