#!/bin/bash
# Post-training on two machines with eight GPUs each. Submit with `sbatch docs/slurm-posttrain.sh`.
#SBATCH --job-name=posttrain
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=08:00:00
# SIGTERM two minutes before the end: the run saves its state, and the job is queued again
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append

set -euo pipefail
DATA=${DATA:-data/mine}
OUT=${OUT:-data/run}
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

srun .venv/bin/torchrun \
    --nnodes "$SLURM_JOB_NUM_NODES" --nproc-per-node 8 \
    --rdzv-backend c10d --rdzv-endpoint "$HEAD:29500" --rdzv-id "$SLURM_JOB_ID" \
    main.py train --preset posttrain-7b-lora --data "$DATA" --out "$OUT" --resume || true

if [ ! -d "$OUT/adapter" ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
