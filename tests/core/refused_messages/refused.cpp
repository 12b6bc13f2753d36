// Compiled once for each REFUSED type: what the compiler says is what a user reads who tries to send it.
#include <psyne/core/message/message.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <tuple>

struct Sent {
  std::uint64_t time;
  double price;
};
struct HoldsPointer {
  int size;
  const char* text;
};
struct HoldsString {
  std::string text;
};
struct HoldsReference {
  int& place;
};
struct HasVirtuals {
  virtual int value() const { return 0; }
  int number;
};
struct HoldsSpan {
  std::span<int> numbers;
};
class HasPrivates {
 public:
  HasPrivates();

 private:
  int number_;
};
struct Derived : Sent {
  int more;
};
union Either {
  int integer;
  float real;
};
struct HoldsLongDouble {
  long double number;
};
struct alignas(256) OverAligned {
  int number;
};
struct HasBits {
  unsigned low : 4;
  unsigned high : 28;
};
struct Backwards {
  int first;
  int second;
  static constexpr auto psyne_fields() { return std::tuple(&Backwards::second, &Backwards::first); }
};
struct ThirtyThree {
  char a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,
      a25, a26, a27, a28, a29, a30, a31, a32, a33;
};
enum Loose { one, two };
constexpr bool psyne_valid(Loose) { return true; }

static_assert(psyne::Message<REFUSED>::fixed);
static const auto checked = psyne::Message<REFUSED>::check;
