/* Everything a gradient-trained model needs: tensors and the tape, operators, networks. */
#ifndef LACUNA_NN_H
#define LACUNA_NN_H

#include <lacuna/flow.h>
#include <lacuna/net.h>
#include <lacuna/ops.h>
#include <lacuna/tensor.h>

#endif
