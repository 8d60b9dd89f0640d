/* ready - what the service manager is told, by sd_notify; nothing where there is none. */
#include "service/ready.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void ready_now(size_t organizations)
{
    sd_notifyf(0, "READY=1\nSTATUS=looking after %zu organizations", organizations);
}

void ready_reloading(void)
{
    sd_notify(0, "RELOADING=1\nSTATUS=reading its files again");
}

void ready_stopping(void)
{
    sd_notify(0, "STOPPING=1\nSTATUS=waiting for runs to stop between two changes");
}

void ready_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

uint64_t ready_every_ms(void)
{
    uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    return us > 2000 ? us / 2000 : 1; /* half of the time after which it loses patience */
}
#else
void ready_now(size_t organizations)
{
    (void)organizations;
}

void ready_reloading(void)
{
}

void ready_stopping(void)
{
}

void ready_alive(void)
{
}

uint64_t ready_every_ms(void)
{
    return 0;
}
#endif
