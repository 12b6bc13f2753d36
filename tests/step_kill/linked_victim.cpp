#include <psyne/transports/ipc/ipc_transport.hpp>

#include "note.hpp"
#include "script.hpp"

#include <conformance/end.hpp>

namespace step_kill {

namespace {

psyne::Region window() {
  return psyne::Region::allocate(4096, "window", {.shareable = true, .others = psyne::Access::write}).value();
}

}  // namespace

int run_link(const LinkScript& script, Progress& progress) {
  const psyne::Region exposed = window();
  const psyne::Region source = window();
  conformance::End end;
  end.regions = {{&exposed, psyne::Access::write}};
  const auto where = psyne::Uri::parse(uri_of(script));
  if (!where || !end.try_appear(psyne::ipc_transport(), *where, script.side)) return 2;
  progress.present = true;
  if (script.alone) {
    end.disappear();
    return 0;
  }
  auto met = end.next();
  if (!met.link || met.regions.empty()) return 3;

  for (std::uint64_t number = 0; number < all_puts; ++number) {
    auto* words = reinterpret_cast<std::uint64_t*>(source.bytes().data());
    fill({words, put_words}, {victim_number, number});
    progress.begun = number + 1;
    const psyne::Put put{.local = std::as_bytes(std::span(words, put_words)),
                         .remote = &met.regions[0],
                         .offset = number * put_words * sizeof *words};
    if (!met.link->post({&put, 1}, {.counter = 0, .value = number + 1, .wake = true})) return 4;
    progress.done = number + 1;
  }
  const auto taken_back = [&] { return met.link->revoke(met.exposed[0]).has_value(); };
  if (!conformance::eventually(taken_back, {met.link.get()})) return 5;
  // The survivor takes its region back as well.
  if (!conformance::eventually([&] { return progress.met.load(); }, {met.link.get()})) return 6;
  progress.closing = true;
  met.link->close();
  return 0;
}

}  // namespace step_kill
