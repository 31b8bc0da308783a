/* What the files of the training loop share. */
#ifndef LACUNA_TRAIN_PRIVATE_H
#define LACUNA_TRAIN_PRIVATE_H

#include <lacuna/optimizer.h>
#include <lacuna/train.h>

/** lac_trainer_restore: back to the parameters of the last lac_trainer_keep(). */
void lac_trainer_restore(LacTrainer *trainer);

#endif
