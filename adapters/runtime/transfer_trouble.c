#include "adapters/runtime/transfer_trouble.h"

static enum trouble before_sending(const struct transfer_end *end)
{
    switch (end->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return TROUBLE_RESOLVE;
    case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_PROXY:
        return TROUBLE_PROXY;
    case CURLE_COULDNT_CONNECT:
        return end->address_forbidden ? TROUBLE_ADDRESS_FORBIDDEN : TROUBLE_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return TROUBLE_CONNECT_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE: case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return TROUBLE_TLS_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR: case CURLE_SSL_CIPHER: case CURLE_SSL_CERTPROBLEM: case CURLE_SSL_CLIENTCERT:
        return TROUBLE_TLS;
    case CURLE_URL_MALFORMAT: case CURLE_UNSUPPORTED_PROTOCOL: case CURLE_LOGIN_DENIED:   /* a name before an @ */
        return TROUBLE_URL;
    case CURLE_SEND_ERROR: case CURLE_RECV_ERROR: case CURLE_GOT_NOTHING:
        return end->proxy ? TROUBLE_PROXY : TROUBLE_CONNECT;
    default:
        return TROUBLE_LOCAL;
    }
}

/* The same codes mean something else when a connection had come to the point of sending: then no trouble may be named
 * that could only come before it. */
static enum trouble after_sending(const struct transfer_end *end)
{
    switch (end->code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return end->sends > 1 ? TROUBLE_SECOND_SEND : TROUBLE_LOCAL;
    /* The second connection, on which the request was to be sent again, did not even come about. */
    case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_PROXY: case CURLE_COULDNT_CONNECT:
    case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE: case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: case CURLE_SSL_PINNEDPUBKEYNOTMATCH: case CURLE_SSL_CONNECT_ERROR:
        return TROUBLE_SECOND_SEND;
    case CURLE_OPERATION_TIMEDOUT:
        return TROUBLE_TIMEOUT;
    case CURLE_WRITE_ERROR:                     /* ours: stopped reading before there was a status to judge */
        return end->no_memory ? TROUBLE_LOCAL : TROUBLE_ANSWER_TOO_LARGE;
    case CURLE_GOT_NOTHING: case CURLE_SEND_ERROR: case CURLE_RECV_ERROR: case CURLE_PARTIAL_FILE:
        return TROUBLE_CLOSED;
    case CURLE_OUT_OF_MEMORY: case CURLE_FAILED_INIT:
        return TROUBLE_LOCAL;
    default:                                    /* not HTTP (CURLE_UNSUPPORTED_PROTOCOL: HTTP/0.9), bad length ... */
        return TROUBLE_ANSWER_BROKEN;
    }
}

enum trouble transfer_trouble(const struct transfer_end *end)
{
    return end->sends ? after_sending(end) : before_sending(end);
}
