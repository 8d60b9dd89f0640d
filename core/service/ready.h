/* ready - what the service manager is told: that we are ready, read our files again, stop, are alive. */
#ifndef SERVICE_READY_H
#define SERVICE_READY_H

#include <stddef.h>
#include <stdint.h>

void ready_now(size_t organizations);
void ready_reloading(void);
void ready_stopping(void);
void ready_alive(void); /* for its watchdog */
/* How often it wants to hear that; 0: it does not. */
uint64_t ready_every_ms(void);

#endif
