#include "gateway/cli/print_flow.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/base/span.h"
#include "gateway/base/words.h"
#include "gateway/cli/print.h"
#include "gateway/cli/step_title.h"

enum { LABEL_WIDTH = 18, NAME_WIDTH = 40, TITLE_SIZE = 160, AGENCY_WIDTH = 14 };

/* ---- JSON */

static json_t *json_of_step(const Lienthong__V1__StepView *step)
{
    json_t *json = json_object(), *waits = json_array(), *after = json_array();

    for (size_t i = 0; i < step->n_waits_for; i++)
        json_array_append_new(waits, json_string(step->waits_for[i]));
    for (size_t i = 0; i < step->n_after; i++)
        json_array_append_new(after, json_integer(step->after[i]));
    json_object_set_new(json, "name", json_string(step->name));
    json_object_set_new(json, "title", json_string(step->title));
    json_object_set_new(json, "agency", json_string(step->agency));
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)step->handoff_id));
    json_object_set_new(json, "state", json_string(flow_state_name(step->state)));
    json_object_set_new(json, "words_vi", json_string(step->words_vi));
    json_object_set_new(json, "words_en", json_string(step->words_en));
    json_object_set_new(json, "waits_for", waits);
    json_object_set_new(json, "due", json_time(step->due_ms));
    json_object_set_new(json, "ended_by", json_integer((json_int_t)step->ended_by));
    json_object_set_new(json, "recall_id", json_integer((json_int_t)step->recall_id));
    json_object_set_new(json, "citizen", json_boolean(step->citizen));
    json_object_set_new(json, "optional", json_boolean(step->optional));
    json_object_set_new(json, "after", after);
    json_object_set_new(json, "any", json_boolean(step->any));
    return json;
}

json_t *json_of_flow(const Lienthong__V1__FlowView *view)
{
    json_t *json = view ? json_object() : NULL, *steps = json_array();

    if (!view) {
        json_decref(steps);
        return json_null();
    }
    for (size_t i = 0; i < view->n_steps; i++)
        json_array_append_new(steps, json_of_step(view->steps[i]));
    json_object_set_new(json, "version", json_string(view->version));
    json_object_set_new(json, "sender", json_string(view->sender));
    json_object_set_new(json, "stopped", view->stopped ? json_string(kind_name(view->stopped)) : json_null());
    json_object_set_new(json, "stopped_by", json_integer((json_int_t)view->stopped_by));
    json_object_set_new(json, "steps", steps);
    return json;
}

/* ---- for people */

static const char *mark_of(uint32_t state)
{
    switch (state) {
    case FLOW_DONE:
        return "✓";
    case FLOW_CITIZEN: case FLOW_COMING: case FLOW_AT_WORK:
        return "▶";
    case FLOW_WAITS:
        return "·";
    case FLOW_NOT_CHOSEN:
        return "–";
    case FLOW_REFUSED: case FLOW_BROKEN_OFF: case FLOW_CLOSED:
        return "✗";
    default:
        return "!";
    }
}

/* How many steps stand before each, one after the other. */
static void find_depths(const Lienthong__V1__FlowView *view, unsigned ret_depths[FLOW_STEPS_MAX])
{
    for (size_t i = 0; i < view->n_steps; i++) {
        const Lienthong__V1__StepView *step = view->steps[i];
        ret_depths[i] = 0;
        for (size_t k = 0; k < step->n_after; k++)
            if (step->after[k] < i && ret_depths[step->after[k]] + 1 > ret_depths[i])
                ret_depths[i] = ret_depths[step->after[k]] + 1;
    }
}

static void print_state(const struct cli *cli, const Lienthong__V1__FlowView *view, const Lienthong__V1__StepView *step)
{
    char text[CLOCK_TEXT_SIZE];

    if (step->state == FLOW_WAITS && step->n_waits_for)
        printf("%s ", cli_say(cli, "chờ", "waits for"));
    else
        printf("%s%s", cli_say(cli, step->words_vi, step->words_en), step->n_waits_for ? ": " : "");
    for (size_t i = 0; i < step->n_waits_for; i++)
        printf("%s%s", i ? ", " : "", step_title_in_flow(view, step->waits_for[i]));
    if (step->state == FLOW_WAITS && step->any && step->n_waits_for > 1)
        printf(" %s", cli_say(cli, "(một trong số đó)", "(one of them)"));
    if (step->due_ms && !step->ended_by) {
        clock_text_local(step->due_ms, text);
        printf(", %s %s", cli_say(cli, "hạn", "due"), text);
    }
    if (step->handoff_id)
        printf("  (%" PRIu64 ")", step->handoff_id);
    putchar('\n');
}

static void print_step(const struct cli *cli, const Lienthong__V1__FlowView *view, const Lienthong__V1__StepView *step,
                       unsigned depth)
{
    char name[2 * FLOW_STEPS_MAX + TITLE_SIZE + STEP_NAME_SIZE + 4] = "";
    struct text text = text_of(name, sizeof name);

    for (unsigned i = 0; i < depth; i++)
        text_add(&text, "  ");
    text_add(&text, "%s", step_title_in_flow(view, step->name));
    if (step->title[0] && step->state == FLOW_CITIZEN)  /* whoever says that it is done has to name it */
        text_add(&text, " (%s)", step->name);
    printf("    %s ", mark_of(step->state));
    print_padded(name, NAME_WIDTH);
    print_padded(step->citizen ? cli_say(cli, "công dân", "citizen") : step->agency, AGENCY_WIDTH);
    print_state(cli, view, step);
}

void print_flow(const struct cli *cli, const Lienthong__V1__FlowView *view)
{
    unsigned depths[FLOW_STEPS_MAX];

    if (!view || view->n_steps > FLOW_STEPS_MAX)
        return;
    find_depths(view, depths);
    printf("  ");
    print_padded(cli_say(cli, "quy trình", "procedure"), LABEL_WIDTH);
    printf("%s, %s %s\n", view->version, cli_say(cli, "nộp bởi", "submitted by"), view->sender);
    if (view->stopped) {
        printf("  ");
        print_padded(cli_say(cli, "  đã dừng", "  stopped"), LABEL_WIDTH);
        printf("%s (%" PRIu64 ")\n",
               view->stopped == KIND_WITHDRAWAL ? cli_say(cli, "công dân rút hồ sơ", "withdrawn by the citizen")
               : view->stopped == KIND_SEND_BACK ? cli_say(cli, "sai thủ tục", "the wrong procedure")
                                                 : cli_say(cli, "một cửa dừng xử lý", "stopped by the one-stop"),
               view->stopped_by);
    }
    for (size_t i = 0; i < view->n_steps; i++)
        print_step(cli, view, view->steps[i], depths[i]);
}
