/* The broker's own breaker, as it is: flood.c plays the broker, and its breaker is pure. The trace program is linked
 * without the rest of the broker. */
#include "gateway/broker/breaker.c"
