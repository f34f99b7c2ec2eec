#include "adapters/kinds/trouble.h"

static const struct {
    const char *name, *why;
} troubles[TROUBLE_END] = {
    [TROUBLE_RESOLVE] = { "resolve",
        "không tìm thấy địa chỉ của hệ thống cơ quan / the name of the agency's system has no address" },
    [TROUBLE_CONNECT] = { "connect",
        "không kết nối được hệ thống của cơ quan / no connection to the agency's system" },
    [TROUBLE_CONNECT_TIMEOUT] = { "connect-timeout",
        "quá hạn kết nối hệ thống của cơ quan / no connection to the agency's system in time" },
    [TROUBLE_PROXY] = { "proxy", "proxy không cho qua / the proxy did not let us through" },
    [TROUBLE_TLS] = { "tls", "bắt tay TLS không thành / the TLS handshake failed" },
    [TROUBLE_TLS_CERTIFICATE] = { "tls-certificate",
        "chứng thư của hệ thống cơ quan không được tin / the certificate of the agency's system is not trusted" },
    [TROUBLE_ADDRESS_FORBIDDEN] = { "address-forbidden",
        "cấu hình không cho phép địa chỉ này / the address is not one that the configuration allows" },
    [TROUBLE_URL] = { "url", "URL trong cấu hình không dùng được / the configured URL cannot be asked" },
    [TROUBLE_TIMEOUT] = { "timeout", "quá hạn mà không có trả lời / no answer in time" },
    [TROUBLE_CLOSED] = { "closed",
        "kết nối đứt trước khi nhận đủ trả lời / the connection ended before the answer was whole" },
    [TROUBLE_SECOND_SEND] = { "second-send",
        "đứt kết nối khi đang gửi, đã chặn lần gửi thứ hai / "
        "the connection died while sending, a second send was stopped" },
    [TROUBLE_ANSWER_TOO_LARGE] = { "answer-too-large",
        "trả lời dài hơn mức cấu hình / the answer is longer than the configured bound" },
    [TROUBLE_ANSWER_BROKEN] = { "answer-broken", "trả lời không phải HTTP / what came back is not HTTP" },
    [TROUBLE_STALE_OFFER] = { "stale-offer", "lượt chào đã quá cũ / the offer was too old to be acted on" },
    [TROUBLE_STOPPING] = { "adapter-stopping", "bộ kết nối đang dừng / the adapter is being stopped" },
    [TROUBLE_LOCAL] = { "adapter-local",
        "bộ kết nối thiếu bộ nhớ hoặc số tệp mở / the adapter lacks memory or file descriptors" },
};

const char *trouble_name(enum trouble trouble)
{
    return trouble > 0 && trouble < TROUBLE_END ? troubles[trouble].name : "?";
}

/* What can only be known before anything was sent, whatever the transport believes. */
static bool is_before_sending(enum trouble trouble)
{
    switch (trouble) {
    case TROUBLE_RESOLVE: case TROUBLE_CONNECT: case TROUBLE_CONNECT_TIMEOUT: case TROUBLE_TLS_CERTIFICATE:
    case TROUBLE_ADDRESS_FORBIDDEN: case TROUBLE_URL: case TROUBLE_STALE_OFFER:
        return true;
    default:
        return false;
    }
}

static enum verdict verdict_of(enum trouble trouble, bool untouched, enum agency_class agency_class)
{
    bool idempotent = agency_class == CLASS_IDEMPOTENT;

    if (!untouched && !idempotent)
        return VERDICT_UNSURE;
    if (trouble == TROUBLE_ADDRESS_FORBIDDEN || trouble == TROUBLE_URL)
        return VERDICT_MISCONFIGURED;
    /* Sending again would bring the same long answer: bounded tries, then a person. */
    return trouble == TROUBLE_ANSWER_TOO_LARGE ? VERDICT_UNKNOWN : VERDICT_LATER;
}

void verdict_of_transport(enum trouble trouble, bool never_sent, bool perhaps, enum call call,
                          enum agency_class agency_class, struct judgement *ret_judgement)
{
    must(trouble > 0 && trouble < TROUBLE_END);
    never_sent |= is_before_sending(trouble);
    bool untouched = !perhaps && (never_sent || !call_acts(call));

    judgement_set(ret_judgement, verdict_of(trouble, untouched, agency_class), troubles[trouble].name, "%s%s",
                  troubles[trouble].why,
                  trouble == TROUBLE_TIMEOUT ? (never_sent ? " (chưa gửi / not sent)" : " (đã gửi / sent)") : "");
    ret_judgement->scope = ret_judgement->verdict == VERDICT_MISCONFIGURED ? SCOPE_AGENCY : 0;
    ret_judgement->never_sent = untouched;
}
