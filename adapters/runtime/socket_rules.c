#include "adapters/runtime/socket_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum zone { ZONE_PUBLIC = 1, ZONE_PRIVATE, ZONE_LOOPBACK, ZONE_NEVER };

static const struct { uint32_t prefix; unsigned bits; enum zone zone; } blocks[] = {
    { 0x00000000, 8, ZONE_NEVER },          /* this network: 0.0.0.0 reaches ourselves */
    { 0x0A000000, 8, ZONE_PRIVATE },        /* 10/8 */
    { 0x64400000, 10, ZONE_PRIVATE },       /* 100.64/10, carriers' and government WANs */
    { 0x7F000000, 8, ZONE_LOOPBACK },
    { 0xA9FE0000, 16, ZONE_NEVER },         /* 169.254/16 link-local: cloud metadata lives there */
    { 0xAC100000, 12, ZONE_PRIVATE },       /* 172.16/12 */
    { 0xC0000000, 24, ZONE_NEVER },         /* 192.0.0/24 protocol assignments */
    { 0xC0A80000, 16, ZONE_PRIVATE },       /* 192.168/16 */
    { 0xE0000000, 3, ZONE_NEVER },          /* multicast, reserved, broadcast */
};

static enum zone zone_of_ipv4(uint32_t address)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (address >> (32 - blocks[i].bits) == blocks[i].prefix >> (32 - blocks[i].bits))
            return blocks[i].zone;
    return ZONE_PUBLIC;
}

static uint32_t ipv4_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum zone zone_of_ipv6(const uint8_t address[16])
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF }, nat64[12] = { 0x00, 0x64, 0xFF, 0x9B }, zeros[15];

    if (memcmp(address, zeros, 15) == 0)
        return address[15] == 1 ? ZONE_LOOPBACK : ZONE_NEVER;
    if (memcmp(address, mapped, 12) == 0 || memcmp(address, nat64, 12) == 0)
        return zone_of_ipv4(ipv4_at(address + 12));
    if (memcmp(address, zeros, 12) == 0)                /* IPv4-compatible, long abolished */
        return ZONE_NEVER;
    if (address[0] == 0x20 && address[1] == 0x02)       /* 6to4 */
        return zone_of_ipv4(ipv4_at(address + 2));
    if ((address[0] & 0xFE) == 0xFC)                    /* fc00::/7 */
        return ZONE_PRIVATE;
    if (address[0] == 0xFF || (address[0] == 0xFE && address[1] & 0x80))     /* multicast, fe80::/10, fec0::/10 */
        return ZONE_NEVER;
    return ZONE_PUBLIC;
}

bool address_is_allowed(const struct sockaddr *address, size_t size, enum reach reach)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    enum zone zone = ZONE_NEVER;

    if (address->sa_family == AF_INET && size >= sizeof ipv4) {
        memcpy(&ipv4, address, sizeof ipv4);
        zone = zone_of_ipv4(ntohl(ipv4.sin_addr.s_addr));
    } else if (address->sa_family == AF_INET6 && size >= sizeof ipv6) {
        memcpy(&ipv6, address, sizeof ipv6);
        zone = zone_of_ipv6(ipv6.sin6_addr.s6_addr);
    }
    switch (zone) {
    case ZONE_PUBLIC:   return true;
    case ZONE_PRIVATE:  return reach == REACH_PRIVATE || reach == REACH_LOOPBACK;
    case ZONE_LOOPBACK: return reach == REACH_LOOPBACK;
    default:            return false;
    }
}
