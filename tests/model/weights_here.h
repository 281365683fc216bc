/*
 * weights_here.h - where this machine keeps the model's weights.  Without them the tests of this folder fail, and say how to
 * get them.
 */
#ifndef MODEL_WEIGHTS_HERE_H
#define MODEL_WEIGHTS_HERE_H

/* Exits with a sentence when there are none. */
const char *weights_here(void);

#endif
