/* version.h - the one place that says which release this is; the Makefile reads it from here. */
#ifndef GATEWAY_BASE_VERSION_H
#define GATEWAY_BASE_VERSION_H

#define LIENTHONG_VERSION "0.1.0"

#endif
