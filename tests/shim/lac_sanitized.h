/* For tests that take long. Under the sanitizers, which look at memory and arithmetic, everything
 * takes several times as long. */
#ifndef LAC_SANITIZED_H
#define LAC_SANITIZED_H

#include "lac_test.h"

/* LAC_REPEATS: how often something random is repeated in a plain build, and, @seldom, under the
 * sanitizers; what a test tolerates follows from the number. LAC_SKIP_SANITIZED: for a test of how
 * good an answer is, whose code others run under the sanitizers. */
#ifdef __SANITIZE_ADDRESS__
#define LAC_REPEATS(often, seldom) (seldom)
#define LAC_SKIP_SANITIZED() LAC_SKIP("judges an answer: the plain build asks")
#else
#define LAC_REPEATS(often, seldom) (often)
#define LAC_SKIP_SANITIZED() ((void)0)
#endif

#endif
