// Operators that not every libtorch has, or has with the same arguments: found by name at run time and called with named arguments, so that one source serves all versions.
#pragma once
#include "tensor.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <memory>
#include <vector>
#include <utility>

namespace ballast {

class Operator {
public:
    // `needed`: an argument without which the operator is too old for us.
    Operator(const char* name, const char* needed);
    bool runs_on(c10::DeviceType device) const;  // libtorch has it, with that argument and with a kernel for the device
    // Arguments that are not named take their defaults; those that this version does not know are left out.
    std::vector<c10::IValue> operator()(std::initializer_list<std::pair<const char*, c10::IValue>> arguments) const;

private:
    std::unique_ptr<c10::OperatorHandle> handle_;
};

const Operator& flash_forward();
const Operator& flash_backward();
const Operator& fused_adamw();

}  // namespace ballast
