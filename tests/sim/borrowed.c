/* The broker's own breaker and gateway time, as they are: both are pure. The simulator is linked without the rest of
 * the broker. */
#include "gateway/broker/breaker.c"
#include "gateway/broker/gateway_time.c"
