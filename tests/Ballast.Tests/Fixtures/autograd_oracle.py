"""A Llama written with plain PyTorch operations; autograd gives the gradients that Ballast's own backward pass is compared with.

usage: autograd_oracle.py FOLDER
FOLDER holds job.json (shape, ids, labels, names in order) and weights.bin (float64, tensor after tensor); grads.bin and loss.txt are written beside them.
"""
import json, math, os, sys
import torch
import torch.nn.functional as F

folder = sys.argv[1]
job = json.load(open(os.path.join(folder, "job.json")))
torch.set_num_threads(1)
data = bytearray(open(os.path.join(folder, "weights.bin"), "rb").read())
weights, offset = {}, 0
for name, shape in job["tensors"]:
    count = math.prod(shape)
    weights[name] = torch.frombuffer(data, dtype=torch.float64, count=count, offset=offset).reshape(shape).clone().requires_grad_()
    offset += 8 * count
heads, kv_heads, head_dim, eps = job["heads"], job["kv_heads"], job["head_dim"], job["eps"]
ids, labels = torch.tensor(job["ids"]), torch.tensor(job["labels"])
batch, tokens = ids.shape


def norm(x, name):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weights[name]


def linear(x, name):
    return F.linear(x, weights[name + ".weight"], weights.get(name + ".bias"))


def turn(x, cos, sin):
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


frequencies = (1.0 / job["theta"] ** (torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)).float()
angles = (torch.arange(tokens).float()[:, None] * frequencies).double()
angles = torch.cat((angles, angles), -1)
cos, sin = angles.cos(), angles.sin()
mask = torch.full((tokens, tokens), float("-inf"), dtype=torch.float64).triu(1)
x = F.embedding(ids, weights["model.embed_tokens.weight"])
for i in range(job["layers"]):
    layer = f"model.layers.{i}."
    h = norm(x, layer + "input_layernorm.weight")
    split = lambda name, n: linear(h, layer + "self_attn." + name).view(batch, tokens, n, head_dim).transpose(1, 2)
    q, k, v = turn(split("q_proj", heads), cos, sin), turn(split("k_proj", kv_heads), cos, sin), split("v_proj", kv_heads)
    k, v = (t.repeat_interleave(heads // kv_heads, 1) for t in (k, v))
    mixed = F.softmax(q @ k.transpose(-1, -2) / math.sqrt(head_dim) + mask, -1) @ v
    x = x + linear(mixed.transpose(1, 2).reshape(batch, tokens, -1), layer + "self_attn.o_proj")
    h = norm(x, layer + "post_attention_layernorm.weight")
    x = x + linear(F.silu(linear(h, layer + "mlp.gate_proj")) * linear(h, layer + "mlp.up_proj"), layer + "mlp.down_proj")
x = norm(x, "model.norm.weight")
logits = F.linear(x, weights.get("lm_head.weight", weights["model.embed_tokens.weight"]))
loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=-100, reduction="sum")
loss.backward()
with open(os.path.join(folder, "grads.bin"), "wb") as file:
    for name, _ in job["tensors"]:
        file.write(bytes(weights[name].grad.contiguous().untyped_storage()))
open(os.path.join(folder, "loss.txt"), "w").write(repr(loss.item()))
