/* Codes of events that pages make more of than a line. */
#ifndef LACUNA_EVENT_H
#define LACUNA_EVENT_H

#include <lacuna/macros.h>

/** LAC_EVENT_PREDICTORS: the event's column is predicted from those its detail names: "a ~ b + c",
 * or "a ~ 1". */
#define LAC_EVENT_PREDICTORS "predictors"

#endif
