#pragma once

#include "patterns/asking.hpp"

namespace patterns_bench {

/// The libraries that are compared, each in a program of its own.
Bureau psyne_bureau();
Bureau zeromq_bureau();
Bureau nng_bureau();

}  // namespace patterns_bench
