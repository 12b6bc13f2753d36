#pragma once

/// The single header that a program needs.
#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/completion.hpp>
#include <psyne/core/completion/wait_many.hpp>
#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/function/function.hpp>
#include <psyne/core/log/log.hpp>
#include <psyne/core/message/message.hpp>
#include <psyne/core/result/error.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/ring/broadcast_ring.hpp>
#include <psyne/core/ring/mpmc_ring.hpp>
#include <psyne/core/ring/mpsc_ring.hpp>
#include <psyne/core/ring/spsc_record_ring.hpp>
#include <psyne/core/ring/spsc_ring.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/task/start.hpp>
#include <psyne/core/task/sync_wait.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/core/task/this_task.hpp>
#include <psyne/core/topology/topology.hpp>
