/* gateway.yaml: until when a citizen's answer is expected where the request does not say, and how long before that the
 * one-stop is reminded. Read, checked, and its part of the canonical bytes. */
#include "gateway/directory/inside.h"

enum { ANSWER_DAYS = 7, PAYMENT_DAYS = 30 };

/* Seven working days: what interlinked births give a citizen. Thirty days is DOUBTFUL: remembered of registration fees,
 * from the notice on (decree 126/2020/NĐ-CP, article 18), and not looked up; other sums have times of their own. A
 * network says its own in gateway.yaml, a notice in answer_by_ms. */
static const struct asking_rules supplement_default = { { DEADLINE_WORKING_DAYS, ANSWER_DAYS },
                                                        { DEADLINE_WORKING_DAYS, 1 } };
static const struct asking_rules payment_default = { { DEADLINE_DAYS, PAYMENT_DAYS }, { DEADLINE_WORKING_DAYS, 1 } };

static void one_read(const struct yaml_node *root, const char *key, struct asking_rules *rules)
{
    const struct yaml_node *node = yaml_get(root, key);

    if (!node || !entry_is_mapping(node, "what a citizen is asked for"))
        return;
    const struct yaml_node *answer = yaml_get(node, "answer"), *remind = yaml_get(node, "remind");
    if (answer)
        rule_read(answer, "answer", &rules->answer);
    if (remind)
        rule_read(remind, "remind", &rules->remind);
    if (remind && rules->remind.kind != DEADLINE_WORKING_DAYS && rules->remind.kind != DEADLINE_WORKING_HOURS &&
        rules->remind.kind != DEADLINE_NONE)
        yaml_fault(remind, "'remind' is working hours or days, as in h4 or w1, or none, not '%s'",
                   yaml_scalar(remind));
}

void asking_read(const struct yaml_node *root, struct tables *tables)
{
    one_read(root, "supplement", &tables->supplement);
    one_read(root, "payment", &tables->payment);
}

void asking_defaults(struct tables *tables)
{
    tables->supplement = supplement_default;
    tables->payment = payment_default;
}

static void one_write(FILE *out, const char *what, const struct asking_rules *rules)
{
    char answer[DEADLINE_RULE_SIZE], remind[DEADLINE_RULE_SIZE];

    deadline_rule_text(&rules->answer, answer);
    deadline_rule_text(&rules->remind, remind);
    fprintf(out, "%s %s %s\n", what, answer, remind);
}

void asking_write(FILE *out, const struct tables *tables)
{
    one_write(out, "supplement", &tables->supplement);
    one_write(out, "payment", &tables->payment);
}
