/* What an administrator is shown of a directory before it takes force. */
#include "gateway/directory/inside.h"

static const struct { enum agency_kind kind; const char *vi, *en; } kinds[] = {
    { AGENCY_WARD, "phường, xã, thị trấn", "wards and communes" },
    { AGENCY_DISTRICT, "quận, huyện, thành phố thuộc tỉnh", "district level" },
    { AGENCY_DEPARTMENT, "sở, phòng", "departments" },
    { AGENCY_SECTOR, "ngành dọc", "sector agencies" },
    { AGENCY_ONE_STOP, "bộ phận một cửa", "one-stop units" },
};
_Static_assert(sizeof kinds / sizeof *kinds == AGENCY_KIND_END - 1, "every kind is described");

void directory_describe(const struct directory *directory, struct text *text)
{
    const struct tables *tables = &directory->tables;
    uint32_t of_kind[AGENCY_KIND_END] = { 0 }, keys = 0, without = 0, aliases = 0, succeeded = 0,
             adapters = 0;
    char hash[HASH_TEXT_SIZE];

    for (uint32_t i = 0; i < tables->agency_count; i++) {
        of_kind[tables->agencies[i].kind]++;
        keys += tables->agencies[i].key_count;
        without += !tables->agencies[i].key_count;
        aliases += tables->agencies[i].alias_count;
        succeeded += tables->agencies[i].successor_count > 0;
        adapters += tables->agencies[i].by_adapter;
    }
    hash_text(&tables->hash, hash);
    text_add(text, "Cổng / gateway: %s\n", tables->gateway);
    text_add(text, "Cơ quan / agencies: %u\n", tables->agency_count);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (of_kind[kinds[i].kind])
            text_add(text, "  %s / %s (%s): %u\n", kinds[i].vi, kinds[i].en, agency_kind_name(kinds[i].kind),
                     of_kind[kinds[i].kind]);
    text_add(text, "Mã khác / aliases: %u\n", aliases);
    text_add(text, "Khóa còn hạn / keys not expired: %u\n", keys);
    if (without)
        text_add(text, "Cơ quan không có khóa (không tự kết nối được) / agencies without a key (cannot connect): %u\n",
                 without);
    if (succeeded)
        text_add(text, "Cơ quan có cơ quan kế nhiệm / agencies with successors: %u\n", succeeded);
    if (adapters)
        text_add(text, "Cơ quan qua bộ kết nối / agencies via an adapter: %u\n", adapters);
    text_add(text, "Quyền gửi / permits: %u\n", tables->permit_count);
    text_add(text, "Tuyến / routes: %u\n", tables->route_count);
    text_add(text, "Lĩnh vực / fields: %u\n", tables->field_count);
    text_add(text, "Thủ tục / procedures: %u\n", tables->procedure_count);
    text_add(text, "Bảng mã trạng thái của đối tác / maps of partners' statuses: %u\n", tables->status_map_count);
    text_add(text, "Lịch làm việc / calendar:");
    bool some = false;
    for (int year = CALENDAR_YEAR_MIN; year <= CALENDAR_YEAR_MAX; year++)
        if (calendar_has_year(directory->calendar, year)) {
            text_add(text, " %d", year);
            some = true;
        }
    text_add(text, "%s\n", some ? "" : " chưa có năm nào / no year yet");
    text_add(text, "Giờ làm việc / hours: %zu\n", directory->hours.count);
    text_add(text, "SHA-256: %s\n", hash);
}
