// See operator.h.
#include "operator.h"
#include <algorithm>

namespace ballast {

Operator::Operator(const char* name, const char* needed) {
    auto found = c10::Dispatcher::singleton().findSchema({name, ""});
    if (!found) return;
    for (const auto& argument : found->schema().arguments())
        if (argument.name() == needed) handle_ = std::make_unique<c10::OperatorHandle>(*found);
}

bool Operator::runs_on(c10::DeviceType device) const {
    if (device != at::kCPU && device != at::kCUDA) return false;
    return handle_ && handle_->hasKernelForDispatchKey(device == at::kCUDA ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU);
}

std::vector<c10::IValue> Operator::operator()(std::initializer_list<std::pair<const char*, c10::IValue>> arguments) const {
    std::vector<c10::IValue> stack;
    for (const auto& wanted : handle_->schema().arguments()) {
        auto given = std::find_if(arguments.begin(), arguments.end(), [&](const auto& pair) { return wanted.name() == pair.first; });
        TORCH_CHECK(given != arguments.end() || wanted.default_value(), handle_->schema().name(), " of this libtorch needs '", wanted.name(), "', which Ballast does not know");
        stack.push_back(given != arguments.end() ? given->second : *wanted.default_value());
    }
    handle_->callBoxed(&stack);
    return stack;
}

// From libtorch 2.5 on: heads in groups, windows and sequences one behind the other.
const Operator& flash_forward() {
    static const Operator found("aten::_flash_attention_forward", "window_size_left");
    return found;
}
const Operator& flash_backward() {
    static const Operator found("aten::_flash_attention_backward", "window_size_left");
    return found;
}
const Operator& fused_adamw() {
    static const Operator found("aten::_fused_adamw_", "found_inf");
    return found;
}

}  // namespace ballast
