"""Flash attention as the shim calls it, without a GPU: stand-ins for the CUDA kernels of aten::_flash_attention_forward and _backward are registered for the CPU under
libtorch's own schemas. They check what the kernels check (flash_api.cpp of PyTorch) and compute in float64; the results must be those of the shim's own kernels.
    usage: flash_contract.py LIBBALLAST      (built against the torch that is imported)"""
import ctypes
import sys

import torch
from torch.library import Library

shim = ctypes.CDLL(sys.argv[1])
shim.ballast_error.restype = ctypes.c_char_p
calls = []


def texts(cum, x):
    """The rows of each text: [(batch or None, slice)]."""
    if cum is None:
        return [(b, slice(0, x.shape[1])) for b in range(x.shape[0])]
    bounds = cum.tolist()
    return [(None, slice(start, end)) for start, end in zip(bounds, bounds[1:])]


def check(q, k, v, cum_q, cum_k, max_q, max_k, dropout, causal, left, right):
    for x in (q, k, v):
        assert x.dtype in (torch.bfloat16, torch.float16) and x.dtype == q.dtype and x.stride(-1) == 1 and x.dim() == (4 if cum_q is None else 3), (x.shape, x.dtype)
        assert x.shape[-1] == q.shape[-1] and x.shape[-1] % 8 == 0 and x.shape[-1] <= 256, x.shape
    assert k.shape == v.shape and q.shape[-2] % k.shape[-2] == 0 and q.shape[:-2] == k.shape[:-2], (q.shape, k.shape)
    assert dropout == 0 and causal and (cum_q is None) == (cum_k is None)
    if cum_q is None:
        assert max_q == max_k == q.shape[1], (max_q, max_k, q.shape)
    else:
        for cum in (cum_q, cum_k):
            assert cum.dtype == torch.int32 and cum.is_contiguous() and cum.dim() == 1 and cum[0] == 0 and cum[-1] == q.shape[0], cum
        assert max_q == max_k == (cum_q[1:] - cum_q[:-1]).max(), (max_q, cum_q)
    assert (left, right) == (None, None) or (left >= 0 and right == 0), (left, right)


def attend(q, k, v, cum, scale, left, grad=None):
    """Causal attention with grouped heads: output like q and the log-sum, [B, H, T] or [H, N]; with a gradient of the output those of q, k and v too."""
    out, lse = torch.empty_like(q), q.new_empty((q.shape[-2], q.shape[0]) if cum is not None else (q.shape[0], q.shape[2], q.shape[1]))
    grads = [torch.empty_like(x) for x in (q, k, v)]
    group = q.shape[-2] // k.shape[-2]
    for b, rows in texts(cum, q):
        at = (rows,) if b is None else (b, rows)
        qs, ks, vs = q[at].transpose(0, 1), k[at].repeat_interleave(group, 1).transpose(0, 1), v[at].repeat_interleave(group, 1).transpose(0, 1)
        place = torch.arange(qs.shape[1])
        hidden = place[None, :] > place[:, None]
        if left is not None:
            hidden |= place[None, :] < place[:, None] - left
        scores = (qs @ ks.transpose(1, 2) * scale).masked_fill(hidden, -torch.inf)
        p = scores.softmax(-1)
        out[at] = (p @ vs).transpose(0, 1)
        lse[(slice(None), rows) if b is None else (b, slice(None), rows)] = scores.logsumexp(-1)
        if grad is not None:
            g = grad[at].transpose(0, 1)
            ds = p * (g @ vs.transpose(1, 2) - (g * (p @ vs)).sum(-1, keepdim=True)) * scale
            for to, x in zip(grads, (ds @ ks, ds.transpose(1, 2) @ qs, p.transpose(1, 2) @ g)):
                to[at] = x.transpose(0, 1).reshape(x.shape[1], to.shape[-2], -1, x.shape[2]).sum(2)
    return out, lse, grads


def forward(query, key, value, cum_seq_q, cum_seq_k, max_q, max_k, dropout_p, is_causal, return_debug_mask, *, scale=None, window_size_left=None, window_size_right=None, **rest):
    check(query, key, value, cum_seq_q, cum_seq_k, max_q, max_k, dropout_p, is_causal, window_size_left, window_size_right)
    assert not return_debug_mask and all(x is None for x in rest.values()), rest
    out, lse, _ = attend(query.double(), key.double(), value.double(), cum_seq_q, scale, window_size_left)
    calls.append("forward")
    return out.to(query.dtype), lse.float(), torch.empty(2, dtype=torch.uint64), torch.empty((), dtype=torch.uint64), query.new_empty(0)


def backward(grad_out, query, key, value, out, logsumexp, cum_seq_q, cum_seq_k, max_q, max_k, dropout_p, is_causal, rng_state, unused, *, scale=None, window_size_left=None,
             window_size_right=None):
    cum = cum_seq_q if cum_seq_q is not None and cum_seq_q.numel() else None
    check(query, key, value, cum, cum, max_q, max_k, dropout_p, is_causal, window_size_left, window_size_right)
    assert grad_out.shape == out.shape == query.shape and grad_out.dtype == out.dtype == query.dtype, (grad_out.shape, out.shape)
    again, lse, grads = attend(query.double(), key.double(), value.double(), cum, scale, window_size_left, grad_out.double())
    torch.testing.assert_close(logsumexp.double(), lse, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(out.double(), again, rtol=1e-2, atol=1e-2)
    calls.append("backward")
    return tuple(x.to(query.dtype) for x in grads)


stand_ins = Library("aten", "IMPL", "CPU")
stand_ins.impl("_flash_attention_forward", forward)
stand_ins.impl("_flash_attention_backward", backward)

CODES = {torch.float32: 0, torch.bfloat16: 1, torch.int32: 5}


def ok(status):
    assert status == 0, shim.ballast_error().decode()


def give(x):
    """A tensor of the shim with a copy of x; None stays null."""
    handle, data = ctypes.c_void_p(), ctypes.c_void_p()
    if x is not None:
        ok(shim.ballast_empty((ctypes.c_int64 * x.dim())(*x.shape), x.dim(), CODES[x.dtype], 0, ctypes.byref(handle)))
        ok(shim.ballast_data(handle, ctypes.byref(data)))
        ctypes.memmove(data, x.data_ptr(), x.numel() * x.element_size())
    return handle


def take(handle, x):
    data = ctypes.c_void_p()
    ok(shim.ballast_data(handle, ctypes.byref(data)))
    ctypes.memmove(x.data_ptr(), data, x.numel() * x.element_size())
    return x.float()


def passes(path, case, qkv, starts, bounds, longest, d_out):
    batch, heads, kv_heads, head_dim, window = case
    shim.ballast_path(path)
    width, n = ctypes.c_double(head_dim**-0.7), qkv.shape[0]
    lse, cap, numbers = ctypes.c_void_p(), ctypes.c_double(0), [ctypes.c_int64(i) for i in (longest, window, batch, heads, kv_heads)]
    a, s, b, out, d, d_qkv = give(qkv), give(starts), give(bounds), give(torch.zeros(n, heads * head_dim, dtype=qkv.dtype)), give(d_out), give(torch.zeros_like(qkv))
    ok(shim.ballast_attention(a, s, b, *numbers, width, cap, out, ctypes.byref(lse)))
    ok(shim.ballast_attention_backward(a, s, b, *numbers, width, cap, out, lse, d, d_qkv))
    shim.ballast_path(0)
    return take(out, torch.empty_like(d_out)), take(d_qkv, torch.empty_like(qkv))


# Sequences, heads, key heads, head size, window, tokens; and where the texts of each sequence begin, if it holds several.
for case, tokens, begins in [((2, 4, 2, 16, 0), 21, None), ((1, 3, 3, 8, 5), 30, None), ((2, 4, 1, 24, 0), 17, [0, 3, 4, 11]), ((3, 2, 1, 8, 4), 19, [0, 9])]:
    batch, heads, kv_heads, head_dim, window = case
    torch.manual_seed(tokens)
    qkv = torch.randn(batch * tokens, (heads + 2 * kv_heads) * head_dim).bfloat16()
    d_out = torch.randn(batch * tokens, heads * head_dim).bfloat16()
    place = torch.arange(tokens)
    first = torch.zeros(tokens, dtype=torch.long) if begins is None else torch.tensor([max(b for b in begins if b <= t) for t in range(tokens)])
    seen = torch.maximum(first, place - window + 1) if window else first
    starts = None if begins is None and not window else seen.repeat(batch).int()
    bounds = None if begins is None else torch.tensor([b * tokens + begin for b in range(batch) for begin in begins] + [batch * tokens]).int()
    longest = 0 if begins is None else int((bounds[1:] - bounds[:-1]).max())
    own = passes(0, case, qkv, starts, bounds, longest, d_out)
    assert not calls
    flash = passes(2, case, qkv, starts, bounds, longest, d_out)
    assert calls == ["forward", "backward"], calls
    calls.clear()
    for mine, theirs in zip(own, flash):
        torch.testing.assert_close(theirs, mine, rtol=4e-2, atol=4e-2)
        assert mine.abs().mean() > 0.05
    print("equal:", case, tokens, begins)
