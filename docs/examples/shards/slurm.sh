#!/bin/sh
# A Slurm array: each task plays one shard.  The store is a folder that all nodes share.
#   sbatch slurm.sh
# Tasks that were killed: submit the same script again; only what is missing is played.
#SBATCH --job-name=backsim
#SBATCH --array=1-64
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=04:00:00
set -e
backsim work experiment.yaml --store results --workers 1 \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
