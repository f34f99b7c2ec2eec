/* What codes, words and periods look like. */
#include <string.h>

#include "gateway/directory/inside.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* A letter and two digits (province H, ministry G ...), then up to six groups of one to ten letters or digits. */
bool code_is_valid(const char *code)
{
    if (!is_upper(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
        return false;
    int groups = 0;
    const char *at = code + 3;
    while (*at == '.') {
        size_t length = 0;
        for (at++; is_upper(*at) || is_digit(*at); at++)
            length++;
        if (length < 1 || length > 10 || ++groups > 6)
            return false;
    }
    return !*at;
}

/* 000.00.07.H29: least significant group first. */
static bool is_old_style(const char *text)
{
    static const char shape[] = "ddd.dd.dd.Ldd";

    for (size_t i = 0; i < sizeof shape; i++)
        if (shape[i] == 'd' ? !is_digit(text[i]) : shape[i] == 'L' ? !is_upper(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

bool alias_is_valid(const char *alias)
{
    if (!alias[0] || agency_kind_read(alias))
        return false;
    for (const char *at = alias; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("*,\"'", *at))
            return false;
    bool begins_old = is_digit(alias[0]) && is_digit(alias[1]) && is_digit(alias[2]) && alias[3] == '.';
    return !begins_old || is_old_style(alias);
}

bool word_is_valid(const char *word)
{
    return word[0] && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* libyaml has seen to UTF-8; the C1 controls and the line separators are two and three bytes in it. */
bool line_is_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; *at; at++)
        if (*at < ' ' || *at == 0x7F || (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
            || (at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)))
            return false;
    return text[strspn(text, " ")] != 0;
}

bool area_is_valid(const char *area)
{
    bool in_group = false;

    for (const char *at = area; *at; at++) {
        if (*at == '.' ? !in_group : !is_upper(*at) && !is_digit(*at) && *at != '-' && !(*at >= 'a' && *at <= 'z'))
            return false;
        in_group = *at != '.';
    }
    return in_group;
}

bool procedure_word_is_valid(const char *code)
{
    for (const char *at = code; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("*,/\"'", *at))
            return false;
    return code[0] != 0;
}

bool entry_is_mapping(const struct yaml_node *node, const char *what)
{
    if (yaml_is_mapping(node))
        return true;
    yaml_fault(node, "%s is expected here, as 'key: value' lines", what);
    return false;
}

void entries_skip(const struct yaml_node *node)
{
    for (size_t i = 0; yaml_is_sequence(node) && i < yaml_count(node); i++)
        entries_skip(yaml_item(node, i));
    for (size_t i = 0; yaml_is_mapping(node) && i < yaml_count(node); i++)
        entries_skip(yaml_value(node, i));
}

void period_read(const struct yaml_node *node, const char *from, const char *to, int64_t *ret_from_ms,
                 int64_t *ret_to_ms)
{
    int64_t from_ms = 0, to_ms = 0;
    bool has_from = yaml_get_time_ms(node, from, false, &from_ms), has_to = yaml_get_time_ms(node, to, false, &to_ms);

    if (has_from && from_ms <= 0)
        yaml_fault(yaml_get(node, from), "'%s' must be later than 1970", from);
    if (has_to && to_ms <= 0)
        yaml_fault(yaml_get(node, to), "'%s' must be later than 1970", to);
    else if (has_from && has_to && from_ms >= to_ms)
        yaml_fault(yaml_get(node, to), "'%s' must be later than '%s': it is the first moment no longer in force", to,
                   from);
    *ret_from_ms = from_ms;
    *ret_to_ms = to_ms;
}

bool periods_meet(int64_t a_from_ms, int64_t a_to_ms, int64_t b_from_ms, int64_t b_to_ms)
{
    return (!a_to_ms || !b_from_ms || b_from_ms < a_to_ms) && (!b_to_ms || !a_from_ms || a_from_ms < b_to_ms);
}

const char *agency_kind_words(void)
{
    static char words[128];

    if (!words[0]) {
        struct text text = text_of(words, sizeof words);
        for (enum agency_kind kind = 1; kind < AGENCY_KIND_END; kind++)
            text_add(&text, "%s%s", kind > 1 ? ", " : "", agency_kind_name(kind));
    }
    return words;
}
