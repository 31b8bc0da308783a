/* Shared by all rooms of the core; promised to nobody outside. */
#ifndef LACUNA_BASE_PRIVATE_H
#define LACUNA_BASE_PRIVATE_H

#include <lacuna/macros.h>

/** LAC_PRIVATE_API: seen outside liblacuna.so by the lacuna command and the tests only. */
#define LAC_PRIVATE_API LAC_API

#endif
