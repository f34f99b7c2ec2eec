/* office.c - what one-stops, wards and sector agencies do: a clerk's day, by the plan of each dossier.
 *
 * An office knows what it was handed and what is written in it, and works only in its own hours. It means to be in
 * time; the few that will not be are drawn, or were held up by a system that was down. */
#include "tests/city/city.h"

enum { SOON = 5, DESK_MAX = 90, SLOW = 970, SIGN_AFTER = 10 };

static const struct plan_info *info_of(const struct cast *cast)
{
    return &plan_infos[cast->plan];
}

static void plan_task(struct city *city, uint32_t minute, uint32_t dossier, enum task task, uint8_t place, uint8_t step)
{
    agenda_add(&city->agenda, (struct entry){ .minute = minute, .dossier = dossier, .task = (uint8_t)task,
                                              .place = place, .step = step });
}

/* `work` counted minutes from now. */
static void plan_work(struct city *city, uint32_t work, uint32_t dossier, enum task task, uint8_t place, uint8_t step)
{
    plan_task(city, week_after(city->places[place].week, city->at, work), dossier, task, place, step);
}

static void send(struct city *city, uint32_t dossier, enum kind kind, uint8_t from, uint8_t to, uint8_t step,
                 uint32_t value)
{
    uint32_t forward = city->books.dossiers[dossier].forward[step];
    letter_send(city, dossier, kind, from, to, step, forward, value, 0);
}

/* ---- the one-stop receives a dossier */

void office_receives(struct city *city, uint32_t dossier)
{
    struct cast cast = cast_of(city, dossier);
    struct dossier_book *book = &city->books.dossiers[dossier];

    *book = (struct dossier_book){ .received = city->at };
    city->books.dossier_count = dossier + 1;
    book->due = plan_due(city, dossier, &cast);
    letter_send(city, dossier, KIND_FORWARD, cast.opener, plan_place(city, &cast, 0), 0, 0, 0,
                info_of(&cast)->flow ? cast.steps : 0);
}

static void ended(struct city *city, uint32_t dossier, enum coming_out outcome, uint32_t at)
{
    struct dossier_book *book = &city->books.dossiers[dossier];
    if (book->outcome != OUT_OPEN)
        return;
    book->outcome = (uint8_t)outcome;
    book->ended = at;
    city->books.ended[outcome]++;
}

/* ---- an office gets the dossier */

/* When its work will be over: within the step's time and the dossier's, some of it used up by others before. */
static uint32_t work_of(const struct city *city, uint32_t dossier, const struct cast *cast, uint8_t place, uint8_t step)
{
    const struct week *week = city->places[place].week;
    const struct dossier_book *book = &city->books.dossiers[dossier];
    uint32_t begin = week_index(week, city->at), due = book->due ? week_index(week, book->due) : 0;
    uint32_t limit = info_of(cast)->steps[step].limit;
    uint32_t left = due > begin ? due - begin : 0;
    uint32_t chance = draw(city, dossier, FOR_WORK, step);

    if (cast->late && step == cast->last)
        return left + 30 + draw(city, dossier, FOR_LATE, 0) * 12 / 10;
    if (limit && limit < left)
        left = limit;
    /* Short work is more usual than long. */
    uint32_t work = 10 + left * (50 + chance * chance / 1250) / 1000;
    return work >= left && left > 1 ? left - 1 : work;
}

static void plan_withdrawal(struct city *city, uint32_t dossier, const struct cast *cast, uint8_t step, uint32_t work)
{
    if (cast->withdrawn && !step && work > 4 * HOUR)
        plan_work(city, work / 3, dossier, TASK_WITHDRAW, cast->opener, step);
}

/* No other step waits for its result: when it is late, so is the dossier. */
static bool is_final(const struct cast *cast, uint8_t step)
{
    uint32_t waits = 0;
    for (uint32_t i = 0; i < info_of(cast)->step_count; i++)
        if (cast->steps >> i & 1)
            waits |= info_of(cast)->steps[i].after;
    return !(waits >> step & 1);
}

/* The gateway asks for an apology before a dossier is due, of whoever has it. Who knows that he will not be in time
 * signs it; others let the question be, and their result comes. */
void office_is_told(struct city *city, uint8_t place, uint32_t dossier, enum note note)
{
    struct cast cast = cast_of(city, dossier);
    struct dossier_book *book = &city->books.dossiers[dossier];
    uint8_t step = 0;

    while (step < BOOK_STEPS && !(book->forward[step] && plan_place(city, &cast, step) == place &&
                                  !(book->finished >> step & 1)))
        step++;
    book->asked = (uint8_t)(book->asked + (note == NOTE_DRAFT));
    book->called_back = (uint8_t)(book->called_back + (note == NOTE_CALLED_BACK));
    book->urged = (uint8_t)(book->urged + (note == NOTE_URGE));
    if (step == BOOK_STEPS)
        return;
    if (note == NOTE_DRAFT && book->apologising)
        plan_work(city, SIGN_AFTER, dossier, TASK_APOLOGISE, place, step);
    else if (note == NOTE_URGE)
        plan_work(city, SIGN_AFTER, dossier, TASK_TAKE, place, step);
}

/* So much work from now on ends after the date on the paper. */
static bool is_beyond(const struct city *city, uint32_t dossier, uint8_t place, uint32_t work)
{
    uint32_t due = city->books.dossiers[dossier].due;
    return due && week_after(city->places[place].week, city->at, work) > due;
}

static void takes_forward(struct city *city, uint8_t place, uint32_t dossier, uint8_t step)
{
    struct cast cast = cast_of(city, dossier);
    uint32_t work = work_of(city, dossier, &cast, place, step);
    struct dossier_book *book = &city->books.dossiers[dossier];
    uint32_t take = SOON + draw(city, dossier, FOR_TAKE, step) * DESK_MAX / 1000;
    enum who who = info_of(&cast)->steps[step].who;

    /* Some never say that they have taken it: its result is the first that is heard. */
    if (take < work / 3 && draw(city, dossier, FOR_TAKE, 99) >= 60)
        plan_work(city, take, dossier, TASK_TAKE, place, step);
    plan_withdrawal(city, dossier, &cast, step, work);
    if (cast.refused && !step) {
        plan_work(city, work / 2 + 1, dossier, TASK_REFUSE, place, step);
        return;
    }
    bool drawn = cast.late && step == cast.last;
    book->apologising |= drawn || (is_final(&cast, step) && is_beyond(city, dossier, place, work));

    if (cast.asks == step && work > HOUR)
        plan_work(city, work / 3, dossier, TASK_ASK, place, step);
    else
        plan_work(city, work, dossier, who == WHO_TAX ? TASK_OBLIGE : TASK_FINISH, place, step);
}

void office_confirmed(struct city *city, uint32_t dossier)
{
    struct dossier_book *book = &city->books.dossiers[dossier];
    if (!book->pause_from[2])
        book->pause_from[2] = city->minute;
}

/* ---- answers come back */

static void step_is_done(struct city *city, uint32_t dossier, const struct form *form)
{
    struct cast cast = cast_of(city, dossier);
    struct dossier_book *book = &city->books.dossiers[dossier];

    book->done |= (uint8_t)(1u << form->step);
    if (book->outcome != OUT_OPEN || book->done != cast.steps)
        return;
    ended(city, dossier, OUT_RESULT, form->at);
    if (info_of(&cast)->step_count == 1)
        plan_work(city, 20 + draw(city, dossier, FOR_HAND_OVER, 0), dossier, TASK_HAND_OVER, cast.opener, 0);
}

/* Whatever has not begun is taken back, and who has something is told; `status` is what the dossier comes to. */
static void take_back(struct city *city, uint32_t dossier, const struct cast *cast, enum status status)
{
    if (info_of(cast)->flow)
        letter_send(city, dossier, KIND_WITHDRAWAL, cast->opener, WHOLE, 0, 0, status, 0);
}

static void refused(struct city *city, uint32_t dossier, const struct form *form)
{
    struct cast cast = cast_of(city, dossier);
    ended(city, dossier, OUT_REFUSED, form->at);
    take_back(city, dossier, &cast, STATUS_NOT_ACCEPTED);
}

/* What this office has of the dossier and has not finished goes back. */
static void stop_work(struct city *city, uint8_t place, uint32_t dossier)
{
    struct cast cast = cast_of(city, dossier);
    const struct dossier_book *book = &city->books.dossiers[dossier];

    for (uint8_t step = 0; step < info_of(&cast)->step_count; step++)
        if (cast.steps >> step & 1 && book->forward[step] && !(book->finished >> step & 1) &&
            plan_place(city, &cast, step) == place)
            plan_work(city, HOUR / 2, dossier, TASK_RETURN, place, step);
}

static void asked_for(struct city *city, uint8_t place, const struct form *form, uint32_t request, unsigned which)
{
    uint32_t dossier = form->dossier;
    struct dossier_book *book = &city->books.dossiers[dossier];
    bool pays = which == 1;
    uint32_t chance = draw(city, dossier, pays ? FOR_PAY : FOR_ANSWER, form->step);

    book->pause_from[which] = form->at;
    book->request = request;
    /* The citizen: from an hour to four working days, a few up to eleven, past the date by which he should have. */
    uint32_t wait = chance < SLOW ? HOUR + chance * chance / 520 : 5 * WORK_DAY + (chance - SLOW) * 100;
    plan_work(city, wait, dossier, pays ? TASK_PAY : TASK_ANSWER, place, form->step);
}

void office_hears(struct city *city, uint8_t place, const struct form *form, uint32_t handoff)
{
    struct dossier_book *book = &city->books.dossiers[form->dossier];
    uint32_t dossier = form->dossier;

    switch (form->kind) {
    case KIND_FORWARD:
        book->forward[form->step] = handoff;
        takes_forward(city, place, dossier, form->step);
        return;
    case KIND_SUPPLEMENT:
        book->waits &= (uint8_t)~(1u << form->step);
        plan_work(city, SOON, dossier, TASK_GO_ON, place, form->step);
        return;
    case KIND_PAYMENT:
        plan_work(city, HOUR + draw(city, dossier, FOR_PAY, 9) / 4, dossier, TASK_FINISH, place, form->step);
        return;
    case KIND_WITHDRAWAL:
        stop_work(city, place, dossier);
        return;
    case KIND_RESULT:
        step_is_done(city, dossier, form);
        return;
    case KIND_REFUSAL:
        refused(city, dossier, form);
        return;
    case KIND_SUPPLEMENT_REQUEST:
        asked_for(city, place, form, handoff, 0);
        return;
    case KIND_FINANCIAL_OBLIGATION:
        asked_for(city, place, form, handoff, 1);
        return;
    case KIND_APOLOGY:
        book->apologies++;
        book->apology = city->at;
        book->apology_sent = form->at;
        return;
    default:
        return;
    }
}

/* ---- what was planned is done */

static bool is_over(const struct dossier_book *book, uint8_t step)
{
    return book->outcome == OUT_REFUSED || book->outcome == OUT_WITHDRAWN || book->finished >> step & 1;
}

static void finish(struct city *city, const struct entry *entry, const struct cast *cast, enum kind kind)
{
    struct dossier_book *book = &city->books.dossiers[entry->dossier];

    book->finished |= (uint8_t)(1u << entry->step);
    if (info_of(cast)->steps[entry->step].who == WHO_TAX) {
        book->pause_to[2] = city->at;
        book->due = plan_due(city, entry->dossier, cast);
    }
    send(city, entry->dossier, kind, entry->place, cast->opener, entry->step, 0);
}

/* With reason and new date, by its head; once. */
static void sign(struct city *city, const struct entry *entry, const struct cast *cast)
{
    struct dossier_book *book = &city->books.dossiers[entry->dossier];

    if (city->options.fault == FAULT_MUTE || book->signed_for)
        return;
    book->signed_for = true;
    send(city, entry->dossier, KIND_APOLOGY, entry->place, cast->opener, entry->step,
         week_after(city->places[entry->place].week, city->at, 3 * WORK_DAY));
}

/* The citizen's answer: his clock stood from the request until now. */
static void answer(struct city *city, const struct entry *entry, const struct cast *cast, unsigned which)
{
    struct dossier_book *book = &city->books.dossiers[entry->dossier];

    book->pause_to[which] = city->at;
    book->due = plan_due(city, entry->dossier, cast);
    letter_send(city, entry->dossier, which ? KIND_PAYMENT : KIND_SUPPLEMENT, entry->place,
                plan_place(city, cast, entry->step), entry->step, book->request, 0, 0);
}

/* The rest of its work, within the date that has moved. */
static void go_on(struct city *city, const struct entry *entry, const struct cast *cast)
{
    uint32_t work = work_of(city, entry->dossier, cast, entry->place, entry->step);

    send(city, entry->dossier, KIND_PROGRESS, entry->place, cast->opener, entry->step, STATUS_IN_PROCESS);
    plan_work(city, cast->late && entry->step == cast->last ? work : work * 2 / 3 + 1, entry->dossier, TASK_FINISH,
              entry->place, entry->step);
}

static void withdraw(struct city *city, const struct entry *entry, const struct cast *cast)
{
    struct dossier_book *book = &city->books.dossiers[entry->dossier];

    if (book->outcome != OUT_OPEN || book->finished)
        return;
    ended(city, entry->dossier, OUT_WITHDRAWN, city->at);
    take_back(city, entry->dossier, cast, STATUS_WITHDRAWN);
}

/* Its system is down: whoever works there sees nothing and can send nothing until it is up. */
static bool must_wait(struct city *city, const struct entry *entry, const struct cast *cast)
{
    const struct place *place = &city->places[entry->place];

    struct dossier_book *book = &city->books.dossiers[entry->dossier];
    uint32_t again = place->down_to + 2 + draw(city, entry->dossier, FOR_AGAIN, 0) / 20;

    if (city->at < place->down_from || city->at >= place->down_to)
        return false;
    if (is_final(cast, entry->step) && book->due && book->due <= again && entry->task == TASK_FINISH) {
        book->apologising = true;
        plan_task(city, place->down_to + 1, entry->dossier, TASK_APOLOGISE, entry->place, entry->step);
    }
    plan_task(city, again, entry->dossier, entry->task, entry->place, entry->step);
    return true;
}

void office_works(struct city *city, const struct entry *entry)
{
    struct cast cast = cast_of(city, entry->dossier);
    struct dossier_book *book = &city->books.dossiers[entry->dossier];
    uint32_t dossier = entry->dossier;
    uint8_t place = entry->place, step = entry->step;

    bool is_last_word = entry->task == TASK_RETURN || entry->task == TASK_HAND_OVER;
    if ((is_last_word ? entry->task == TASK_RETURN && book->finished >> step & 1 : is_over(book, step)) ||
        must_wait(city, entry, &cast))
        return;
    switch ((enum task)entry->task) {
    case TASK_TAKE:
        if (book->waits >> step & 1)
            return;
        send(city, dossier, KIND_PROGRESS, place, cast.opener, step, STATUS_IN_PROCESS);
        return;
    case TASK_FINISH:
        /* A result that is handed out late does not go without a letter, whether anybody asked for it or not. */
        if (is_final(&cast, step) && book->due && book->due < city->at)
            sign(city, entry, &cast);
        finish(city, entry, &cast, KIND_RESULT);
        return;
    case TASK_REFUSE:
        finish(city, entry, &cast, KIND_REFUSAL);
        return;
    case TASK_RETURN:
        finish(city, entry, &cast, KIND_RETURNED);
        return;
    case TASK_ASK:
        book->waits |= (uint8_t)(1u << step);
        send(city, dossier, KIND_SUPPLEMENT_REQUEST, place, cast.opener, step, city->at + 9 * DAY);
        return;
    case TASK_OBLIGE:
        book->waits |= (uint8_t)(1u << step);
        send(city, dossier, KIND_FINANCIAL_OBLIGATION, place, cast.opener, step, 0);
        return;
    case TASK_ANSWER:
        answer(city, entry, &cast, 0);
        return;
    case TASK_PAY:
        answer(city, entry, &cast, 1);
        return;
    case TASK_GO_ON:
        go_on(city, entry, &cast);
        return;
    case TASK_WITHDRAW:
        withdraw(city, entry, &cast);
        return;
    case TASK_APOLOGISE:
        sign(city, entry, &cast);
        return;
    case TASK_HAND_OVER:
        letter_send(city, dossier, KIND_PROGRESS, place, plan_place(city, &cast, step), step,
                    book->forward[step], STATUS_RETURNED, 0);
        return;
    }
}
