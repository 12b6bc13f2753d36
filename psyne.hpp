#pragma once

/// The single header that a program needs.
#include <psyne/core/result/error.hpp>
#include <psyne/core/result/result.hpp>
