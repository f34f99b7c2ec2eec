/* socket_rules.h - which addresses an agency's transfers may connect to (config.h enum reach). Pure.
 *
 * Asked for every address at the moment of connecting, after the name was resolved: a name that changes its address
 * between a check and its use gains nothing. Link-local (cloud metadata), multicast, unspecified and reserved addresses
 * are never allowed. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as that IPv4 address.
 * Behind a proxy the address asked about is the proxy's; where the proxy goes is the proxy's business.
 */
#ifndef ADAPTERS_RUNTIME_SOCKET_RULES_H
#define ADAPTERS_RUNTIME_SOCKET_RULES_H

#include <sys/socket.h>

#include "adapters/kinds/config.h"

bool address_is_allowed(const struct sockaddr *address, size_t size, enum reach reach);

#endif
