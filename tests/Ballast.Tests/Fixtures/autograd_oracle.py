"""The decoder of every family written with plain PyTorch operations; autograd gives the gradients that Ballast's own backward pass is compared with.

usage: autograd_oracle.py FOLDER...
Each FOLDER holds job.json (shape, ids, labels, names in order) and weights.bin (float64, tensor after tensor); grads.bin and loss.txt are written beside them.
"""
import json, math, os, sys
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def run(folder):
    job = json.load(open(os.path.join(folder, "job.json")))
    data = bytearray(open(os.path.join(folder, "weights.bin"), "rb").read())
    weights, offset = {}, 0
    for name, shape in job["tensors"]:
        count = math.prod(shape)
        weights[name] = torch.frombuffer(data, dtype=torch.float64, count=count, offset=offset).reshape(shape).clone().requires_grad_()
        offset += 8 * count
    heads, kv_heads, head_dim, rotary_dim, eps, offset = (job[k] for k in ("heads", "kv_heads", "head_dim", "rotary_dim", "eps", "norm_offset"))
    ids, labels = torch.tensor(job["ids"]), torch.tensor(job["labels"])
    batch, tokens = ids.shape
    groups = heads // kv_heads

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * (offset + weights[name + ".weight"])

    def head_norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weights[name + ".weight"]

    def linear(x, name):
        return F.linear(x, weights[name + ".weight"], weights.get(name + ".bias"))

    def cap(x, limit):
        return limit * torch.tanh(x / limit) if limit > 0 else x

    def turn(x, cos, sin):
        turned, rest = x[..., :rotary_dim], x[..., rotary_dim:]
        first, second = turned.chunk(2, -1)
        return torch.cat((turned * cos + torch.cat((-second, first), -1) * sin, rest), -1)

    frequencies = torch.tensor(job["frequencies"], dtype=torch.float32)
    angles = (torch.arange(tokens).float()[:, None] * frequencies).double()
    angles = torch.cat((angles, angles), -1)
    cos, sin = angles.cos() * job["magnitude"], angles.sin() * job["magnitude"]
    place = torch.arange(tokens)
    x = F.embedding(ids, weights["model.embed_tokens.weight"], padding_idx=job["pad"]) * job["embedding_scale"]
    for i in range(job["layers"]):
        layer, window = f"model.layers.{i}.", job["windows"][i] or tokens
        hidden = (place[None, :] > place[:, None]) | (place[None, :] <= place[:, None] - window)
        h = norm(x, layer + "input_layernorm")
        if job["fused"]:
            q, k, v = linear(h, layer + "self_attn.qkv_proj").split([heads * head_dim, kv_heads * head_dim, kv_heads * head_dim], -1)
        else:
            q, k, v = (linear(h, layer + f"self_attn.{name}_proj") for name in "qkv")
        q, k, v = (t.view(batch, tokens, -1, head_dim).transpose(1, 2) for t in (q, k, v))
        if job["qk_norm"]:
            q, k = head_norm(q, layer + "self_attn.q_norm"), head_norm(k, layer + "self_attn.k_norm")
        q, k = turn(q, cos, sin), turn(k, cos, sin)
        k, v = (t.repeat_interleave(groups, 1) for t in (k, v))
        scores = cap(q @ k.transpose(-1, -2) * job["attention_scale"], job["attention_cap"]).masked_fill(hidden, float("-inf"))
        mixed = linear((F.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, tokens, -1), layer + "self_attn.o_proj")
        x = x + (norm(mixed, layer + "post_attention_layernorm") if job["post_norms"] else mixed)
        h = norm(x, layer + ("pre_feedforward_layernorm" if job["post_norms"] else "post_attention_layernorm"))
        if job["fused"]:
            gate, up = linear(h, layer + "mlp.gate_up_proj").chunk(2, -1)
        else:
            gate, up = linear(h, layer + "mlp.gate_proj"), linear(h, layer + "mlp.up_proj")
        down = linear((F.gelu(gate, approximate="tanh") if job["gelu"] else F.silu(gate)) * up, layer + "mlp.down_proj")
        x = x + (norm(down, layer + "post_feedforward_layernorm") if job["post_norms"] else down)
    x = norm(x, "model.norm")
    logits = cap(F.linear(x, weights.get("lm_head.weight", weights["model.embed_tokens.weight"])), job["final_cap"])
    loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=-100, reduction="sum")
    loss.backward()
    with open(os.path.join(folder, "grads.bin"), "wb") as file:
        for name, _ in job["tensors"]:
            file.write(bytes(weights[name].grad.contiguous().untyped_storage()))
    open(os.path.join(folder, "loss.txt"), "w").write(repr(loss.item()))


for argument in sys.argv[1:]:
    run(argument)
