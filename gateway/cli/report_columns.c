/* report_columns.c - the columns of a report, once: for the table, CSV and JSON. */
#include <math.h>
#include <string.h>

#include "gateway/cli/report.h"

enum { WORKING_DAY_MINUTES = 480 };

static struct cell count(uint64_t number)
{
    return (struct cell){ .kind = CELL_COUNT, .count = number };
}

static struct cell share(uint64_t part, uint64_t of)
{
    return (struct cell){ .kind = of ? CELL_SHARE : CELL_ABSENT, .count = part, .of = of };
}

static struct cell average(uint64_t sum, uint64_t of)
{
    return (struct cell){ .kind = of ? CELL_AVERAGE : CELL_ABSENT, .count = sum, .of = of };
}

static struct cell days(double minutes)
{
    return (struct cell){ .kind = CELL_DAYS, .days = minutes / WORKING_DAY_MINUTES };
}

/* One bound of the bucket in which a part of all working times ends. */
static struct cell quantile(const struct report_line *line, unsigned part, unsigned of, bool high)
{
    uint32_t low_minutes, high_minutes;
    if (!figures_quantile(&line->in, part, of, &low_minutes, &high_minutes))
        return (struct cell){ .kind = CELL_ABSENT };
    return high && high_minutes == UINT32_MAX ? days(HUGE_VAL) : days(high ? high_minutes : low_minutes);
}

/* CELL(name, kind, ...): the function of one column; FIGURE(name, figure): that figure itself. */
#define CELL(name, ...) static struct cell name(const struct report_line *line) { return __VA_ARGS__; }
#define OF(figure) (line->in.of[FIGURE_##figure])
#define FIGURE(name, figure) CELL(name, count(OF(figure)))

CELL(carried_over, count(line->carried_over))
CELL(received, count(figures_received(&line->in)))
FIGURE(received_online, RECEIVED_ONLINE)
FIGURE(received_counter, RECEIVED_COUNTER)
FIGURE(received_post, RECEIVED_POST)
FIGURE(received_boundary_free, RECEIVED_BOUNDARY_FREE)
FIGURE(received_unsaid, RECEIVED)
CELL(resolved, count(figures_resolved(&line->in)))
FIGURE(resolved_before, BEFORE)
FIGURE(resolved_on, ON)
FIGURE(resolved_after, AFTER)
FIGURE(resolved_undated, UNDATED)
CELL(on_time_share, share(figures_on_time(&line->in), figures_resolved(&line->in)))
FIGURE(late_committed, LATE_COMMITTED)
FIGURE(late_statutory, LATE_STATUTORY)
FIGURE(late_apologised, APOLOGISED)
FIGURE(late_not_apologised, NOT_APOLOGISED)
FIGURE(cause_agency, CAUSE_AGENCY)
FIGURE(cause_gateway, CAUSE_GATEWAY)
FIGURE(cause_waiting, CAUSE_WAITING)
FIGURE(refused, REFUSED)
FIGURE(withdrawn, WITHDRAWN)
FIGURE(stopped, STOPPED)
FIGURE(others_late, OTHERS_LATE)
CELL(in_process, count(line->open))
CELL(in_process_in_time, count(line->open > line->overdue ? line->open - line->overdue : 0))
CELL(in_process_late, count(line->overdue))
CELL(in_process_late_apologised, count(line->overdue_apologised))
CELL(median_from, quantile(line, 1, 2, false))
CELL(median_to, quantile(line, 1, 2, true))
CELL(p90_from, quantile(line, 9, 10, false))
CELL(p90_to, quantile(line, 9, 10, true))
CELL(mean_days, figures_resolved(&line->in)
     ? days((double)OF(WORKED_MINUTES) / (double)figures_resolved(&line->in)) : (struct cell){ .kind = CELL_ABSENT })
FIGURE(papers, PAPERS)
FIGURE(papers_digitised, PAPERS_DIGITISED)
CELL(papers_share, share(OF(PAPERS_DIGITISED), OF(PAPERS)))
FIGURE(papers_reused, PAPERS_REUSED)
FIGURE(results, RESULTS)
FIGURE(results_digitised, RESULTS_DIGITISED)
CELL(results_share, share(OF(RESULTS_DIGITISED), OF(RESULTS)))
FIGURE(ratings, RATINGS)
CELL(attitude, average(OF(ATTITUDE_SUM), OF(ATTITUDES)))
CELL(cost, average(OF(COST_SUM), OF(COSTS)))
CELL(trips, average(OF(TRIPS_SUM), OF(TRIPS)))
CELL(several_trips, share(OF(TRIPS_SEVERAL), OF(TRIPS)))

#define LIST_ONLY NULL, NULL
const struct column report_columns[] = {
    { "carried_over", "Kỳ trước chuyển sang", "Carried over", "Tồn trước", "Carried", carried_over },
    { "received", "Tiếp nhận trong kỳ", "Received", "Tiếp nhận", "Received", received },
    { "received_online", "- trực tuyến", "- online", "Trực tuyến", "Online", received_online },
    { "received_counter", "- trực tiếp", "- direct", LIST_ONLY, received_counter },
    { "received_post", "- bưu chính", "- by post", LIST_ONLY, received_post },
    { "received_boundary_free", "- phi địa giới", "- boundary-free", LIST_ONLY, received_boundary_free },
    { "received_unsaid", "- không rõ kênh", "- channel not said", LIST_ONLY, received_unsaid },
    { "resolved", "Đã giải quyết", "Resolved", "Đã giải quyết", "Resolved", resolved },
    { "resolved_before", "- trước hạn", "- before time", "Trước hạn", "Before", resolved_before },
    { "resolved_on", "- đúng hạn", "- on time", "Đúng hạn", "On", resolved_on },
    { "resolved_after", "- quá hạn", "- after time", "Quá hạn", "After", resolved_after },
    { "resolved_undated", "- không hẹn ngày", "- no due date", LIST_ONLY, resolved_undated },
    { "on_time_share", "Tỷ lệ không quá hạn (%)", "On time (%)", "Không quá hạn %", "On time %", on_time_share },
    { "late_committed", "Quá thời hạn cam kết", "Late against the committed time", LIST_ONLY, late_committed },
    { "late_statutory", "Quá thời hạn luật định", "Late against the statutory time", LIST_ONLY, late_statutory },
    { "late_apologised", "Quá hạn có xin lỗi", "Late with an apology", "Có xin lỗi", "Apology", late_apologised },
    { "late_not_apologised", "Quá hạn không xin lỗi", "Late without an apology", "Không xin lỗi", "None",
      late_not_apologised },
    { "late_cause_agency", "Quá hạn do cơ quan giải quyết", "Late by the agency", LIST_ONLY, cause_agency },
    { "late_cause_gateway", "Quá hạn do chờ ở trục liên thông", "Late by waiting in the gateway", LIST_ONLY,
      cause_gateway },
    { "late_cause_waiting", "Quá hạn do chờ công dân hoặc nghĩa vụ tài chính", "Late by waiting for citizen or tax",
      LIST_ONLY, cause_waiting },
    { "refused", "Từ chối", "Refused", "Từ chối", "Refused", refused },
    { "withdrawn", "Công dân rút", "Withdrawn", "Rút", "Withdrawn", withdrawn },
    { "stopped", "Dừng giải quyết", "Stopped", "Dừng", "Stopped", stopped },
    { "others_late", "Từ chối, rút, dừng sau hạn trả", "Refused, withdrawn, stopped after time", LIST_ONLY,
      others_late },
    { "in_process", "Đang giải quyết", "In process", "Đang giải quyết", "In process", in_process },
    { "in_process_in_time", "- trong hạn", "- in time", LIST_ONLY, in_process_in_time },
    { "in_process_late", "- quá hạn", "- late", "Đang quá hạn", "Overdue", in_process_late },
    { "in_process_late_apologised", "- quá hạn, đã xin lỗi", "- late, apologised", LIST_ONLY,
      in_process_late_apologised },
    { "median_from_days", "Trung vị từ (ngày làm việc)", "Median from (working days)", LIST_ONLY, median_from },
    { "median_to_days", "Trung vị đến (ngày làm việc)", "Median up to (working days)", "Trung vị ≤ ngày", "Median ≤ d",
      median_to },
    { "p90_from_days", "90 % xong trong: từ (ngày làm việc)", "90 % within: from (working days)", LIST_ONLY, p90_from },
    { "p90_to_days", "90 % xong trong: đến (ngày làm việc)", "90 % within: up to (working days)", "P90 ≤ ngày",
      "P90 ≤ d", p90_to },
    { "mean_days", "Trung bình (ngày làm việc)", "Mean (working days)", LIST_ONLY, mean_days },
    { "papers", "Thành phần hồ sơ", "Components", LIST_ONLY, papers },
    { "papers_digitised", "- đã số hóa", "- digitised", LIST_ONLY, papers_digitised },
    { "papers_reused", "- dùng lại từ hồ sơ trước", "- reused", LIST_ONLY, papers_reused },
    { "papers_digitised_share", "Tỷ lệ số hóa thành phần (%)", "Components digitised (%)", LIST_ONLY, papers_share },
    { "results", "Kết quả", "Results", LIST_ONLY, results },
    { "results_digitised", "- điện tử", "- digitised", LIST_ONLY, results_digitised },
    { "results_digitised_share", "Tỷ lệ kết quả điện tử (%)", "Results digitised (%)", LIST_ONLY, results_share },
    { "ratings", "Lượt đánh giá", "Ratings", LIST_ONLY, ratings },
    { "attitude_average", "Thái độ phục vụ (1-5)", "Attitude (1-5)", LIST_ONLY, attitude },
    { "cost_average", "Chi phí rõ ràng (1-5)", "Cost transparency (1-5)", LIST_ONLY, cost },
    { "trips_average", "Số lần đi lại", "Trips", LIST_ONLY, trips },
    { "several_trips_share", "Đi lại hơn một lần (%)", "More than one trip (%)", LIST_ONLY, several_trips },
};
const size_t report_column_count = sizeof report_columns / sizeof *report_columns;

/* ---- names */

static const char *procedure_name(const struct tables *tables, const char *code)
{
    const char *name = "";
    for (uint32_t i = 0; i < tables->procedure_count; i++)              /* sorted: the last of its versions */
        if (strcmp(tables->procedures[i].code, code) == 0)
            name = tables->procedures[i].name;
    return name;
}

struct line_names report_names(const struct view *view, const struct report_line *line)
{
    struct line_names names = { .agency = line->agency_code, .agency_name = "", .code = line->name, .name = "" };
    const struct agency *agency = view->tables ? tables_agency(view->tables, line->agency_code) : NULL;

    if (agency)
        names.agency_name = agency->name;
    if (view->by != REPORT_PROCEDURE || !view->tables)
        return names;
    if (view->field) {
        const struct field *field = tables_field(view->tables, line->name);
        names.name = field ? field->name : "";
    } else {
        names.name = procedure_name(view->tables, line->name);
    }
    return names;
}

uint32_t report_rank_before(const struct view *view, const struct report_line *line)
{
    for (size_t i = 0; i < view->report_before.count; i++) {
        const struct report_line *before = &view->report_before.lines[i];
        if (before->agency == line->agency && strcmp(before->name, line->name) == 0)
            return view->ranks_before[i];
    }
    return 0;
}

bool report_known_of(const struct view *view, const struct report_line *line, uint64_t *ret_total)
{
    if (line == &view->report.all) {
        *ret_total = view->known_total;
        return view->has_known;
    }
    for (size_t i = 0; view->by == REPORT_AGENCY && i < view->known_count; i++)
        if (strcmp(view->known[i].code, line->agency_code) == 0) {
            *ret_total = view->known[i].total;
            return true;
        }
    return false;
}
