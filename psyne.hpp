#pragma once

/// The single header that a program needs.
#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/core/message/message.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/stop/stop_source.hpp>
