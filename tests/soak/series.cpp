#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/job/serial_executor.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <array>

namespace psyne_soak {
namespace {

struct Turn final : psyne::Work {
  Turn(std::vector<std::size_t>& order, std::atomic<int>& inside, const Piece& owner, std::size_t own)
      : Work(&run_one), seen(order), here(inside), piece(owner), number(own) {}

  static void run_one(psyne::Work& self) noexcept {
    auto& turn = static_cast<Turn&>(self);
    turn.piece.expect(turn.here.fetch_add(1) == 0, "serial work runs one at a time");
    turn.seen.push_back(turn.number);
    turn.here.fetch_sub(1);
  }

  std::vector<std::size_t>& seen;  // without a lock: that nobody else is here is what is promised
  std::atomic<int>& here;
  const Piece& piece;
  std::size_t number;
};

}  // namespace

void runs_in_series(Piece& piece) {
  const std::size_t count = piece.random.up_to(500);
  std::array<std::vector<std::unique_ptr<Turn>>, 3> posted;
  std::vector<std::size_t> order;
  std::atomic<int> inside{0};
  for (std::size_t poster = 0; poster < posted.size(); ++poster) {
    for (std::size_t number = 0; number < count; ++number) {
      posted[poster].push_back(std::make_unique<Turn>(order, inside, piece, poster * count + number));
    }
  }
  {
    psyne::SerialExecutor series(piece.pool().executor(piece.priority()));
    psyne::Scope scope({.pool = piece.any_pool()});
    for (auto& some : posted) {
      scope.spawn([&series, &some] {
        for (auto& work : some) series.post(*work);
      });
    }
    scope.wait();
  }
  piece.expect(order.size() == posted.size() * count, "the destructor of a serial executor waits for all its work");
  std::array<std::size_t, 3> next = {0, count, 2 * count};
  for (const std::size_t number : order) {
    piece.expect(number == next[number / count]++, "serial work of one thread runs in its order");
  }
}

}  // namespace psyne_soak
