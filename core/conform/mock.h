/* mock - a program that stands for the real system: started, its address read, stopped. */
#ifndef CONFORM_MOCK_H
#define CONFORM_MOCK_H

#include "base/error.h"

#include <sys/types.h>

struct mock {
    pid_t pid; /* 0: none */
    char address[300];
};

/* Runs it until mock_stop(). Its first line says where it is. */
int mock_start(const char *program, struct mock *ret_mock, struct err *err);
void mock_stop(struct mock *mock);

#endif
