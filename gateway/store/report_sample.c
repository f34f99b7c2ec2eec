/* report_sample.c - finished dossiers drawn at random, so that anybody can draw the same ones again. */
#include <string.h>

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"
#include "gateway/store/report.h"

struct drawing {
    uint32_t from_day, until_day;
    const char *seed;
    size_t most, count;
    struct sampled *sampled;            /* a heap: the greatest hash first */
    uint64_t of;
};

static bool is_before(const struct sampled *a, const struct sampled *b)
{
    return a->hash != b->hash ? a->hash < b->hash : strcmp(a->code, b->code) < 0;
}

static void swap(struct sampled *a, struct sampled *b)
{
    struct sampled kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct sampled *heap, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && is_before(&heap[child], &heap[child + 1]))
            child++;
        if (child >= count || !is_before(&heap[at], &heap[child]))
            return;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

static void keep(struct drawing *drawing, const struct sampled *drawn)
{
    struct sampled *heap = drawing->sampled;
    size_t at = drawing->count;

    if (drawing->count == drawing->most) {
        if (!is_before(drawn, &heap[0]))
            return;
        heap[0] = *drawn;
        sink(heap, drawing->count, 0);
        return;
    }
    heap[drawing->count++] = *drawn;
    for (; at && is_before(&heap[(at - 1) / 2], &heap[at]); at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

/* Nobody can choose a code so that it is drawn, or not, without knowing the seed. */
static uint64_t hash_with(const char *seed, const char *code)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, "lienthong sample v1");
    hash_fields_add(&fields, 1, span_of_string(seed));
    hash_fields_add(&fields, 2, span_of_string(code));
    struct hash hash = hash_fields_end(&fields);
    return hash_short(&hash);
}

static void draw(struct turn *turn, void *context)
{
    struct drawing *drawing = context;
    struct measure measure;

    drawing->count = drawing->of = 0;
    for (uint64_t id = 0; (id = turn_measure_next(turn, id)) != 0;) {
        struct sampled drawn;
        must(turn_measure(turn, id, &measure));
        uint32_t day = measure.ended ? figure_day(measure.ended_ms) : 0;
        if (!day || day < drawing->from_day || day >= drawing->until_day)
            continue;
        if (!turn_dossier_code(turn, id, drawn.code))
            continue;
        drawing->of++;
        drawn.hash = hash_with(drawing->seed, drawn.code);
        drawn.ended = measure.ended;
        drawn.ended_ms = measure.ended_ms;
        if (drawing->most)
            keep(drawing, &drawn);
    }
}

enum result report_sample(struct store *store, uint32_t from_day, uint32_t until_day, const char *seed, size_t most,
                          struct sampled *ret_sampled, size_t *ret_count, uint64_t *ret_of)
{
    struct drawing drawing = { .from_day = from_day, .until_day = until_day, .seed = seed, .most = most,
                               .sampled = ret_sampled };
    enum result result = store_read(store, draw, &drawing);

    if (result != RESULT_OK)
        return result;
    for (size_t left = drawing.count; left > 1; left--) {               /* the greatest to the end, again and again */
        swap(&ret_sampled[0], &ret_sampled[left - 1]);
        sink(ret_sampled, left - 1, 0);
    }
    *ret_count = drawing.count;
    *ret_of = drawing.of;
    return RESULT_OK;
}
