// The model's operations. Each has two paths: our kernel where it can run, and plain ATen (every dtype and device, what CUDA uses first).
#include "operator.h"
#include "parts.h"
#include <cmath>

using namespace ballast;

int ballast_add_bias(Handle out, Handle bias) {
    return guarded([&] { tensor(out).add_(tensor(bias)); });
}
int ballast_bias_backward(Handle d_bias, Handle dy) {
    return guarded([&] { tensor(d_bias).add_(tensor(dy).sum(at::IntArrayRef{0}, false, tensor(d_bias).scalar_type())); });
}

namespace {

// Half precision is rounded as the families do: before w without an offset, once at the end with one.
at::Tensor normalized(const at::Tensor& x, const at::Tensor& w, double offset) {
    return offset == 0 ? x.to(w.scalar_type()) * w : (x * (w.to(x.scalar_type()) + offset)).to(w.scalar_type());
}

}  // namespace

int ballast_rms_norm(Handle x_, Handle w_, double eps, double offset, Handle y_, Handle rstd_) {
    return guarded([&] {
        auto &x = tensor(x_), &w = tensor(w_), &y = tensor(y_), &rstd = tensor(rstd_);
        int type = kernel_type({x, w, y});
        if (type < 0) {
            auto wide = x.to(accumulation(x));
            rstd.copy_(wide.pow(2).mean(-1).add(eps).rsqrt());
            y.copy_(normalized(wide * rstd.unsqueeze(-1), w, offset));
            return;
        }
        int64_t d = x.size(1);
        parts(x.size(0), rows_worth(d), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rms_norm(type, x.data_ptr(), w.data_ptr(), static_cast<float>(eps), static_cast<float>(offset), y.data_ptr(), rstd.data_ptr<float>(), begin, end, d);
        });
    });
}
int ballast_rms_norm_apply(Handle x_, Handle w_, double offset, Handle rstd_, Handle y_) {
    return guarded([&] {
        auto &x = tensor(x_), &w = tensor(w_), &y = tensor(y_), &rstd = tensor(rstd_);
        int type = kernel_type({x, w, y});
        if (type < 0) {
            y.copy_(normalized(x.to(accumulation(x)) * rstd.unsqueeze(-1), w, offset));
            return;
        }
        int64_t d = x.size(1);
        parts(x.size(0), rows_worth(d), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rms_norm_apply(type, x.data_ptr(), w.data_ptr(), static_cast<float>(offset), rstd.data_ptr<float>(), y.data_ptr(), begin, end, d);
        });
    });
}
int ballast_rms_norm_backward(Handle dy_, Handle x_, Handle w_, double offset, Handle rstd_, Handle dx_, Handle dw_) {
    return guarded([&] {
        auto &dy = tensor(dy_), &x = tensor(x_), &w = tensor(w_), &rstd = tensor(rstd_), &dx = tensor(dx_);
        auto dw = optional(dw_);  // none for a frozen weight
        int type = kernel_type({dy, x, w, dx});
        int64_t d = x.size(1), n = x.size(0);
        if (type < 0) {
            auto wide = accumulation(x);
            auto g = dy.to(wide), normal = x.to(wide) * rstd.unsqueeze(-1), scaled = g * (w.to(wide) + offset);
            if (dw.defined()) dw.add_((g * normal).sum(0));
            dx.copy_(dx.to(wide) + rstd.unsqueeze(-1) * (scaled - normal * (scaled * normal).mean(-1, true)));
            return;
        }
        int64_t count = part_count(n, rows_worth(d));
        auto partial = at::zeros({count, d}, at::kFloat);  // summed in order of the parts: the same bits for the same number of threads
        float* sums = partial.data_ptr<float>();
        parts(n, rows_worth(d), [&](int64_t part, int64_t begin, int64_t end) {
            kernels().rms_norm_backward(type, dy.data_ptr(), x.data_ptr(), w.data_ptr(), static_cast<float>(offset), rstd.data_ptr<float>(), dx.data_ptr(), sums + part * d, begin, end, d);
        });
        if (dw.defined()) dw.add_(partial.sum(0));
    });
}

// The heads [first_head, first_head + heads) of each row are normalized in place; raw [N, heads * head_dim] keeps what they were, rstd is [N, heads].
int ballast_head_norm(Handle qkv_, Handle w_, double eps, int64_t first_head, Handle raw_, Handle rstd_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &w = tensor(w_), &raw = tensor(raw_), &rstd = tensor(rstd_);
        int64_t d = w.size(0), n = qkv.size(0), heads = raw.size(1) / d, width = qkv.size(1), from = first_head * d;
        auto part = qkv.narrow(1, from, heads * d);
        raw.copy_(part);
        int type = kernel_type({qkv, w, raw});
        if (type < 0) {
            auto wide = raw.view({n, heads, d}).to(accumulation(qkv));
            rstd.copy_(wide.pow(2).mean(-1).add(eps).rsqrt());
            part.copy_(normalized(wide * rstd.unsqueeze(-1), w, 0).view({n, heads * d}));
            return;
        }
        auto* rows = static_cast<char*>(qkv.data_ptr());
        auto* kept = static_cast<char*>(raw.data_ptr());
        int64_t bytes = qkv.element_size();
        parts(n, rows_worth(heads * d), [&](int64_t, int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++)
                kernels().rms_norm(type, kept + i * heads * d * bytes, w.data_ptr(), static_cast<float>(eps), 0, rows + (i * width + from) * bytes,
                                   rstd.data_ptr<float>() + i * heads, 0, heads, d);
        });
    });
}
int ballast_head_norm_backward(Handle d_qkv_, Handle raw_, Handle w_, int64_t first_head, Handle rstd_, Handle dw_) {
    return guarded([&] {
        auto &d_qkv = tensor(d_qkv_), &raw = tensor(raw_), &w = tensor(w_), &rstd = tensor(rstd_);
        auto dw = optional(dw_);
        int64_t d = w.size(0), n = d_qkv.size(0), heads = raw.size(1) / d;
        auto part = d_qkv.narrow(1, first_head * d, heads * d);
        auto wide = accumulation(raw);
        auto g = part.reshape({n, heads, d}).to(wide), scale = rstd.unsqueeze(-1), normal = raw.view({n, heads, d}).to(wide) * scale, scaled = g * w.to(wide);
        if (dw.defined()) dw.add_((g * normal).sum(at::IntArrayRef{0, 1}));
        part.copy_((scale * (scaled - normal * (scaled * normal).mean(-1, true))).view({n, heads * d}));
    });
}

int ballast_rope(Handle qkv_, Handle cos_, Handle sin_, Handle positions_, int64_t rotated_heads, int64_t head_dim, int backward) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &cos = tensor(cos_), &sin = tensor(sin_), &positions = tensor(positions_);
        int64_t half = cos.size(1), width = qkv.size(1), n = qkv.size(0);
        int type = kernel_type({qkv});
        if (type < 0 || cos.scalar_type() != at::kFloat) {
            auto heads = qkv.narrow(1, 0, rotated_heads * head_dim).view({n, rotated_heads, head_dim});
            auto wide = accumulation(qkv);
            auto first = heads.narrow(2, 0, half).to(wide), second = heads.narrow(2, half, half).to(wide);
            auto c = at::index_select(cos, 0, positions).to(wide).unsqueeze(1), s = at::index_select(sin, 0, positions).to(wide).unsqueeze(1);
            if (backward) s = -s;
            auto turned = first * c - second * s, other = second * c + first * s;
            heads.narrow(2, 0, half).copy_(turned);
            heads.narrow(2, half, half).copy_(other);
            return;
        }
        parts(n, rows_worth(width), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rope(type, qkv.data_ptr(), cos.data_ptr<float>(), sin.data_ptr<float>(), positions.data_ptr<int64_t>(), begin, end, width, rotated_heads,
                           head_dim, 2 * half, backward ? -1.0f : 1.0f);
        });
    });
}

namespace {

// act(g) = g * sigmoid(v): v = g for SiLU, v = 2 sqrt(2 / pi) (g + 0.044715 g^3) for GeLU in its tanh form.
constexpr double kGelu = 1.5957691216057308;
at::Tensor gate_argument(const at::Tensor& g, int gelu) { return gelu ? kGelu * (g + 0.044715 * g * g * g) : g; }

}  // namespace

int ballast_glu(Handle gate_up_, int gelu, Handle out_) {
    return guarded([&] {
        auto &gate_up = tensor(gate_up_), &out = tensor(out_);
        int64_t inner = out.size(1);
        int type = kernel_type({gate_up, out});
        if (type < 0) {
            auto gate = gate_up.narrow(1, 0, inner).to(accumulation(gate_up));
            out.copy_((gate * at::sigmoid(gate_argument(gate, gelu))).to(out.scalar_type()) * gate_up.narrow(1, inner, inner));
            return;
        }
        parts(out.size(0), rows_worth(inner), [&](int64_t, int64_t begin, int64_t end) { kernels().glu(type, gelu, gate_up.data_ptr(), out.data_ptr(), begin, end, inner); });
    });
}
int ballast_glu_backward(Handle gate_up_, int gelu, Handle d_out_) {
    return guarded([&] {
        auto &gate_up = tensor(gate_up_), &d_out = tensor(d_out_);
        int64_t inner = d_out.size(1);
        int type = kernel_type({gate_up, d_out});
        if (type < 0) {
            auto wide = accumulation(gate_up);
            auto gate = gate_up.narrow(1, 0, inner), up = gate_up.narrow(1, inner, inner);
            auto g = gate.to(wide), u = up.to(wide), d = d_out.to(wide), sigmoid = at::sigmoid(gate_argument(g, gelu)), act = g * sigmoid;
            auto slope = gelu ? kGelu * (1 + 3 * 0.044715 * g * g) : at::ones_like(g);
            auto d_gate = d * u * (sigmoid + act * (1 - sigmoid) * slope), d_up = d * act;  // before anything is overwritten: u and d may be views
            d_out.copy_(act * u);
            up.copy_(d_up);
            gate.copy_(d_gate);
            return;
        }
        parts(d_out.size(0), rows_worth(inner), [&](int64_t, int64_t begin, int64_t end) {
            kernels().glu_backward(type, gelu, gate_up.data_ptr(), d_out.data_ptr(), begin, end, inner);
        });
    });
}

int ballast_softcap(Handle t, double cap) {
    return guarded([&] { tensor(t).div_(cap).tanh_().mul_(cap); });
}
int ballast_cross_entropy(Handle logits_, Handle targets_, double scale, double cap, int gradient, Handle losses_, Handle best_) {
    return guarded([&] {
        auto &logits = tensor(logits_), &targets = tensor(targets_), &losses = tensor(losses_), &best = tensor(best_);
        int64_t n = logits.size(0), vocab = logits.size(1);
        int type = kernel_type({logits});
        if (type < 0) {
            auto wide = logits.to(accumulation(logits)), log_probability = at::log_softmax(wide, -1);
            best.copy_(logits.argmax(-1));
            losses.copy_(-log_probability.gather(1, targets.unsqueeze(1)).squeeze(1));
            if (gradient) {
                auto d = log_probability.exp_();
                d.scatter_add_(1, targets.unsqueeze(1), at::full({n, 1}, -1.0, d.options()));
                if (cap > 0) d.mul_(1 - wide.div(cap).pow_(2));
                logits.copy_(d.mul_(scale));
            }
            return;
        }
        parts(n, rows_worth(vocab), [&](int64_t, int64_t begin, int64_t end) {
            kernels().cross_entropy(type, logits.data_ptr(), targets.data_ptr<int64_t>(), static_cast<float>(scale), static_cast<float>(cap), gradient, losses.data_ptr<float>(),
                                    best.data_ptr<int64_t>(), begin, end, vocab);
        });
    });
}

int ballast_embedding(Handle table, Handle ids, Handle out) {
    return guarded([&] { at::index_select_out(tensor(out), tensor(table), 0, tensor(ids)); });
}
int ballast_embedding_backward(Handle ids_, Handle dy_, Handle dw_, int64_t skip) {
    return guarded([&] {
        auto &ids = tensor(ids_), &dy = tensor(dy_), &dw = tensor(dw_);
        int64_t n = dy.size(0), d = dy.size(1);
        int type = kernel_type({dy});
        if (type < 0 || dw.scalar_type() != at::kFloat || !dw.is_contiguous()) {
            auto added = dy.to(dw.scalar_type()).masked_fill(ids.eq(skip).unsqueeze(1), 0);
            // CUDA sorts the ids: the same sums every time. Their range was checked when the rows were taken; older versions would wait for it here.
            at::_index_put_impl_(dw, c10::List<c10::optional<at::Tensor>>({ids}), added, /*accumulate=*/true, /*unsafe=*/true);
            return;
        }
        parts(d, rows_worth(n), [&](int64_t, int64_t begin, int64_t end) {  // by columns: rows may share a token
            kernels().embedding_backward(type, ids.data_ptr<int64_t>(), dy.data_ptr(), dw.data_ptr<float>(), n, d, skip, begin, end);
        });
    });
}

int ballast_square_sum(Handle x_, double* out) {
    return guarded([&] {
        auto& x = tensor(x_);
        if (kernel_type({x}) != 0) {
            *out = x.to(at::kDouble).pow(2).sum().item<double>();
            return;
        }
        std::vector<double> sums(part_count(x.numel(), kElements));
        const float* data = x.data_ptr<float>();
        parts(x.numel(), kElements, [&](int64_t part, int64_t begin, int64_t end) { sums[part] = kernels().square_sum(data, begin, end); });
        *out = 0;
        for (double sum : sums) *out += sum;
    });
}

namespace {

// [] float64: the sum of squares; blocks in the tensor's own type or float32, their sums in float64.
at::Tensor squares(const at::Tensor& x) {
    constexpr int64_t block = 1 << 16;
    auto flat = x.reshape(-1);
    int64_t whole = flat.numel() / block * block;
    auto sum = [](const at::Tensor& rows) { return at::norm(rows, 2, at::IntArrayRef{1}).to(at::kDouble).pow(2).sum(); };
    return sum(flat.narrow(0, 0, whole).view({-1, block})) + sum(flat.narrow(0, whole, flat.numel() - whole).unsqueeze(0));
}

// libtorch's fused step over pieces that its kernels count in 32 bits; a divisor of the gradients and a flag that forbids the step may be given on the device.
void fused_step(const at::Tensor& weight, const at::Tensor& grad, const at::Tensor& first, const at::Tensor& second, double learning_rate, double beta1, double beta2, double epsilon,
                double weight_decay, int64_t step, const c10::IValue& divisor, const c10::IValue& forbidden) {
    constexpr int64_t piece = int64_t(1) << 30;
    auto pieces = [](const at::Tensor& t) { return t.split(piece); };
    auto weights = pieces(weight);
    std::vector<at::Tensor> steps(weights.size(), at::full({}, static_cast<double>(step), weight.options().dtype(at::kFloat)));
    fused_adamw()({{"self", weights}, {"grads", pieces(grad)}, {"exp_avgs", pieces(first)}, {"exp_avg_sqs", pieces(second)}, {"max_exp_avg_sqs", std::vector<at::Tensor>()},
                   {"state_steps", steps}, {"lr", learning_rate}, {"beta1", beta1}, {"beta2", beta2}, {"weight_decay", weight_decay}, {"eps", epsilon}, {"amsgrad", false},
                   {"maximize", false}, {"grad_scale", divisor}, {"found_inf", forbidden}});
}

}  // namespace

int ballast_tally(Handle figures_, Handle losses, Handle best, Handle targets) {
    return guarded([&] {
        auto& figures = tensor(figures_);
        figures.select(0, 0).add_(tensor(losses).sum(at::kDouble));
        figures.select(0, 1).add_(tensor(best).eq(tensor(targets)).sum());
    });
}
int ballast_clip(Handle figures_, Handle gradient, double limit, Handle control_) {
    return guarded([&] {
        auto &figures = tensor(figures_), &control = tensor(control_);
        auto norm = squares(tensor(gradient)).sqrt();
        figures.select(0, 2).copy_(norm);
        control.select(0, 0).copy_(limit > 0 ? norm.add(1e-6).div(limit).clamp_min(1) : at::ones_like(norm));
        control.select(0, 1).copy_(at::isfinite(figures).all().logical_not());
    });
}
int ballast_adamw(Handle weight_, Handle grad_, Handle first_, Handle second_, Handle average_, Handle half_, double learning_rate, double beta1, double beta2,
                  double epsilon, double weight_decay, int64_t step, double grad_scale, double average_decay, int feedback, Handle control_) {
    return guarded([&] {
        auto &weight = tensor(weight_), &grad = tensor(grad_), &first = tensor(first_), &second = tensor(second_);
        auto average = optional(average_), half = optional(half_), control = optional(control_);
        if (weight.numel() == 0) return;
        double bias1 = 1 - std::pow(beta1, step), bias2_root = std::sqrt(1 - std::pow(beta2, step));
        if (kernel_type({weight, grad, first, second}) != 0) {
            // With a control the average moves by (1 - decay) or, where the step is forbidden, not at all; so do the weights that follow it.
            auto share = at::full({}, 1 - average_decay, weight.options()), whole = at::ones({}, weight.options());
            if (as_on_cuda(weight) && weight.scalar_type() == at::kFloat && fused_adamw().runs_on(weight.device().type())) {
                c10::IValue divisor, forbidden;
                if (grad_scale != 1) divisor = at::full({}, 1 / grad_scale, weight.options());
                if (control.defined()) {
                    divisor = control.select(0, 0);
                    forbidden = control.select(0, 1);
                    whole = 1 - control.select(0, 1);
                    share.mul_(whole);
                }
                fused_step(weight, grad, first, second, learning_rate, beta1, beta2, epsilon, weight_decay, step, divisor, forbidden);
            } else {
                TORCH_CHECK(!control.defined(), "this libtorch has no fused AdamW for ", weight.device());
                auto g = grad * grad_scale;
                weight.mul_(1 - learning_rate * weight_decay);
                first.lerp_(g, 1 - beta1);
                second.mul_(beta2).addcmul_(g, g, 1 - beta2);
                weight.addcdiv_(first, second.sqrt().div_(bias2_root).add_(epsilon), -learning_rate / bias1);
            }
            if (average.defined()) {
                average.lerp_(weight, share);
                if (feedback) weight.lerp_(average, whole);
            }
            if (half.defined()) half.copy_(weight);
            return;
        }
        auto number = [](double x) { return static_cast<float>(x); };
        AdamW options{number(learning_rate), number(epsilon),   number(weight_decay), number(bias1),             number(bias2_root), number(grad_scale),
                      number(beta2),         number(1 - beta1), number(1 - beta2),    number(1 - average_decay), feedback};
        float *w = weight.data_ptr<float>(), *g = grad.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
        float* a = average.defined() ? average.data_ptr<float>() : nullptr;
        auto* h = half.defined() ? reinterpret_cast<uint16_t*>(half.data_ptr()) : nullptr;
        parts(weight.numel(), kElements, [&](int64_t, int64_t begin, int64_t end) { kernels().adamw(options, w, g, m, v, a, h, begin, end); });
    });
}
