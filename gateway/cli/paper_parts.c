/* paper_parts.c - parts that several papers share: times as a form writes them, agencies, clean text, on time or late.
 */
#include <inttypes.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/cli/paper.h"
#include "gateway/core/procedure.h"

enum { TEXT_BYTES_MAX = 6000 };             /* of one value on a form; about three pages of A5 */

/* ---- text */

/* What a form can show of it: UTF-8 without what turns lines round; \r\n becomes \n. */
static size_t clean(struct span text, char *ret_text)
{
    size_t used = 0;

    while (text.size) {
        uint32_t character = 0;
        size_t length = utf8_next(text, &character);
        bool plain = length && character_is_plain(character);
        if (plain) {
            memcpy(ret_text + used, text.bytes, length);
            used += length;
        } else if (character != '\r') {
            memcpy(ret_text + used, "\xEF\xBF\xBD", 3);
            used += 3;
        }
        length += !length;
        text = span_of(text.bytes + length, text.size - length);
    }
    return used;
}

json_t *part_text(struct span text)
{
    static const char more[] = " […]";
    char array[3 * TEXT_BYTES_MAX + sizeof more];       /* a byte that is none becomes three */
    bool cut = text.size > TEXT_BYTES_MAX;
    size_t size = cut ? TEXT_BYTES_MAX : text.size;

    while (cut && size && (text.bytes[size] & 0xC0) == 0x80)            /* not inside a character */
        size--;
    size_t used = clean(span_of(text.bytes, size), array);
    if (cut) {
        memcpy(array + used, more, sizeof more - 1);
        used += sizeof more - 1;
    }
    return json_stringn(array, used);
}

json_t *part_string(const char *text)
{
    return part_text(span_of_string(text));
}

/* ---- times */

json_t *part_time(int64_t time_ms)
{
    char local[CLOCK_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

    if (time_ms <= 0)
        return json_null();
    clock_text_local(time_ms, local);                           /* "2026-03-02 16:30:05" */
    clock_text(time_ms, at);
    const char *year = local, *month = local + 5, *day = local + 8, *time = local + 11;
    json_t *json = json_pack("{s:s, s:s#, s:s#, s:s#, s:s#}", "at", at, "year", year, 4, "month", month, 2,
                             "day", day, 2, "time", time, 5);
    json_object_set_new(json, "date", json_sprintf("%.2s/%.2s/%.4s", day, month, year));
    json_object_set_new(json, "text", json_sprintf("%.2s giờ %.2s, ngày %.2s/%.2s/%.4s", time, time + 3, day, month,
                                                   year));
    return json;
}

/* ---- the rest */

json_t *part_agency(const struct paper_agency *agencies, size_t count, const char *code)
{
    const char *name = "";

    for (size_t i = 0; i < count; i++)
        if (strcmp(agencies[i].code, code) == 0)
            name = agencies[i].name;
    json_t *json = json_object();
    json_object_set_new(json, "code", part_string(code));
    json_object_set_new(json, "label", part_string(name[0] ? name : code));
    return json;
}

json_t *part_component_label(const Lienthong__V1__SaidView *said, const char *code)
{
    for (size_t i = 0; said && i < said->n_components; i++)
        if (strcmp(said->components[i]->code, code) == 0 && said->components[i]->name[0])
            return part_string(said->components[i]->name);
    return part_string(code);
}

json_t *part_component(const Lienthong__V1__SaidView *said, const Lienthong__V1__Component *component, size_t number)
{
    json_t *json = json_pack("{s:I, s:I, s:b, s:b}", "no", (json_int_t)number, "copies",
                             (json_int_t)component->copies, "digitised", (int)component->digitised, "reused",
                             (int)component->reused);
    json_object_set_new(json, "code", part_string(component->code));
    json_object_set_new(json, "label", part_component_label(said, component->code));
    return json;
}

json_t *part_form(const struct paper_form *form)
{
    json_t *json = json_pack("{s:s}", "circular", form->circular);
    json_object_set_new(json, "number", form->number ? json_sprintf("%02u", form->number) : json_null());
    return json;
}

const char *part_outcome(int64_t ended_ms, int64_t due_ms)
{
    char ended[CLOCK_TEXT_SIZE], due[CLOCK_TEXT_SIZE];

    if (ended_ms <= 0 || due_ms <= 0)
        return "";
    if (ended_ms > due_ms)
        return "late";
    clock_text_local(ended_ms, ended);
    clock_text_local(due_ms, due);
    return strncmp(ended, due, 10) == 0 ? "on" : "before";
}

const char *part_outcome_vi(const char *outcome)
{
    static const struct { const char *word, *vi; } words[] = {
        { "before", "Trước hạn" }, { "on", "Đúng hạn" }, { "late", "Quá hạn" },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, outcome) == 0)
            return words[i].vi;
    return "";
}

const char *part_channel_vi(uint32_t channel)
{
    static const char *const channels[CHANNEL_END] = {
        [CHANNEL_COUNTER] = "Trực tiếp", [CHANNEL_ONLINE] = "Trực tuyến", [CHANNEL_POST] = "Bưu chính công ích",
        [CHANNEL_BOUNDARY_FREE] = "Phi địa giới",
    };
    return channel && channel < CHANNEL_END ? channels[channel] : "";
}
