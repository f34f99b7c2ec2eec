/* table.c - the half year in the city's own words, and what it took. */
#include <stdio.h>
#include <sys/stat.h>

#include "gateway/base/clock.h"
#include "tests/city/audit.h"

/* The city's own report for six months: District 7 and Củ Chi quote it. */
static const struct { uint64_t received, resolved, late; } article = { 10386278, 10249129, 20825 };

struct counts { uint64_t received, resolved, on_time, late, no_date, apologies, before, refused, withdrawn, open,
                open_late, asked, called_back, urged; };

static struct counts count_at(const struct city *city, uint32_t end)
{
    struct counts counts = { 0 };

    for (uint32_t i = 0; i < city->books.dossier_count; i++) {
        const struct dossier_book *book = &city->books.dossiers[i];
        bool ended = book->outcome != OUT_OPEN && book->ended < end;
        counts.received++;
        counts.asked += book->asked;
        counts.called_back += book->called_back;
        counts.urged += book->urged;
        if (!ended) {
            counts.open++;
            counts.open_late += book->due && book->due < end;
            continue;
        }
        if (book->outcome == OUT_WITHDRAWN) {
            counts.withdrawn++;
            continue;
        }
        counts.resolved++;
        counts.refused += book->outcome == OUT_REFUSED;
        if (!dossier_is_late(book)) {
            counts.on_time++;
            continue;
        }
        counts.late++;
        counts.apologies += book->apologies != 0;
        counts.before += book->apologies && book->apology_sent <= book->due;
    }
    return counts;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void line(const char *name, uint64_t count, uint64_t whole)
{
    printf("  %s %11llu", name, (unsigned long long)count);
    if (whole)
        printf("   %6.2f %%", percent(count, whole));
    printf("\n");
}

void table_print(struct city *city)
{
    struct counts counts = count_at(city, PERIOD_DAYS * DAY);

    printf("\n  Thành phố, 01/01/2023 đến 30/06/2023 / the city, six months\n");
    line("Hồ sơ tiếp nhận / received                   ", counts.received, 0);
    line("Đã giải quyết / resolved                     ", counts.resolved, counts.received);
    line("  đúng hạn / on time                         ", counts.on_time, counts.resolved);
    line("  quá hạn / late                             ", counts.late, counts.resolved);
    line("  trong đó từ chối / of them refused         ", counts.refused, counts.resolved);
    line("Thư xin lỗi / letters of apology             ", counts.apologies, counts.late);
    line("  trước hạn / sent before the due date       ", counts.before, counts.late);
    line("Cổng hỏi thư xin lỗi / asked for one         ", counts.asked, counts.received);
    line("  rồi thôi, đã kịp / called back, in time    ", counts.called_back, counts.asked);
    line("Phiếu đôn đốc / urging notes                 ", counts.urged, counts.received);
    line("Rút hồ sơ / withdrawn                        ", counts.withdrawn, counts.received);
    line("Đang giải quyết / in process                 ", counts.open, counts.received);
    line("  quá hạn / of them late                     ", counts.open_late, counts.open);
    printf("  (cả thành phố / the whole city: %llu, %llu = %.2f %%, quá hạn %llu = %.2f %%, xin lỗi 100 %%)\n\n",
           (unsigned long long)article.received, (unsigned long long)article.resolved,
           percent(article.resolved, article.received), (unsigned long long)article.late,
           percent(article.late, article.resolved));
}

static uint64_t disk_bytes(const struct city *city)
{
    char path[700];
    struct stat status;
    must(snprintf(path, sizeof path, "%s/store/data.mdb", city->options.folder) < (int)sizeof path);
    return stat(path, &status) ? 0 : (uint64_t)status.st_blocks * 512;
}

void table_effort(const struct city *city, double seconds)
{
    const struct effort *effort = &city->effort;
    double dossiers = city->books.dossier_count, mib = 1 << 20;

    double handoffs = (double)effort->delivered;

    printf("  dossiers_per_s: %.0f\n  handoffs: %.0f (%.2f a dossier)\n  handoffs_per_s: %.0f\n  seconds: %.1f\n",
           dossiers / seconds, handoffs, handoffs / dossiers, handoffs / seconds, seconds);
    printf("  turns: %llu, each written and synced; commands: %llu (%.1f a turn); settlings: %llu\n",
           (unsigned long long)effort->turns, (unsigned long long)effort->commands,
           (double)effort->commands / (double)effort->turns, (unsigned long long)effort->settles);
    printf("  letters: %u, notices: %llu, said twice: %llu, adapters lost: %llu, restarts: %llu\n",
           city->books.sent_count, (unsigned long long)effort->notices,
           (unsigned long long)effort->repeats, (unsigned long long)effort->lost_sessions,
           (unsigned long long)effort->restarts);
    printf("  peak_anon_rss_mib: %.1f without the books (%.1f MiB of them at the end)\n",
           (double)effort->peak_rss / mib, (double)books_bytes(&city->books) / mib);
    printf("  store_bytes_per_dossier: %.0f, on disk %.0f (%.2f GB)\n\n", (double)store_bytes(city->store) / dossiers,
           (double)disk_bytes(city) / dossiers, (double)disk_bytes(city) / 1e9);
}
