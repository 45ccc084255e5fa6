"""Converts weights that torch.save has written, such as torchvision's inception_v3_google-0cc3c7bd.pth, to safetensors.

    pip install torch safetensors
    python3 scripts/pth-to-safetensors.py IN.pth OUT.safetensors
"""
import sys

import torch
from safetensors.torch import save_file

if len(sys.argv) != 3:
    sys.exit(__doc__)
# weights_only: a .pth file is a program of its own, and nothing of it but tensors is to run here.
state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
state = state.get("state_dict", state)
save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, sys.argv[2])
print(f"{len(state)} tensors in {sys.argv[2]}")
