/* The broker's own breaker, as it is: it is pure. The rest of the broker is not linked. */
#include "gateway/broker/breaker.c"
