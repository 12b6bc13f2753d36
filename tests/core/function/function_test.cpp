#include <psyne/core/function/function.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>

namespace {
std::atomic<int> allocations{0};
}

// Counts every allocation of this test program, so that "allocates nothing" can fail.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using psyne::Function;

template <class Make>
int allocated_by(Make make) {
  const int before = allocations;
  make();
  return allocations - before;
}

TEST(Function, EmptyThrowsWhenCalled) {
  Function<int()> nothing;
  EXPECT_FALSE(nothing);
  EXPECT_THROW(nothing(), std::bad_function_call);
  Function<int()> null = nullptr;
  EXPECT_FALSE(null);
}

TEST(Function, NullPointersMakeItEmpty) {
  int (*pointer)(int) = nullptr;
  EXPECT_FALSE(Function<int(int)>(pointer));
  EXPECT_FALSE(Function<int(int)>(std::function<int(int)>()));
  int (std::string::*member)() const = nullptr;
  EXPECT_FALSE(Function<int(const std::string&)>(member));
}

TEST(Function, CallsPlainFunctionsMembersAndLambdas) {
  Function<int(int)> absolute = static_cast<int (*)(int)>(std::abs);
  EXPECT_EQ(absolute(-3), 3);
  Function<std::size_t(const std::string&)> length = &std::string::size;
  EXPECT_EQ(length("four"), 4u);
  int calls = 0;
  Function<void()> count = [&calls] { return ++calls; };  // a result that nobody wants is dropped
  count();
  count();
  EXPECT_EQ(calls, 2);
}

TEST(Function, KeepsMutableState) {
  Function<int()> next = [value = 0]() mutable { return ++value; };
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
  Function<int()> moved = std::move(next);
  EXPECT_EQ(moved(), 3);
  EXPECT_FALSE(next);  // NOLINT(bugprone-use-after-move): a moved-from Function is empty, by contract
}

TEST(Function, PassesReferencesAndMoveOnlyArguments) {
  Function<void(int&)> grow = [](int& value) { ++value; };
  int value = 1;
  grow(value);
  EXPECT_EQ(value, 2);
  Function<std::unique_ptr<int>(std::unique_ptr<int>)> pass = [](std::unique_ptr<int> own) { return own; };
  EXPECT_EQ(*pass(std::make_unique<int>(7)), 7);
  Function<int(std::unique_ptr<int>&&)> look = [](std::unique_ptr<int>&& own) { return *own; };
  EXPECT_EQ(look(std::make_unique<int>(8)), 8);
}

TEST(Function, ReturnsReferences) {
  int value = 3;
  Function<int&()> get = [&value]() -> int& { return value; };
  get() = 9;
  EXPECT_EQ(value, 9);
}

TEST(Function, SmallCallablesAllocateNothingWhateverIsDoneToThem) {
  struct Full {
    std::array<std::uint64_t, 6> words{};
    std::uint64_t operator()() const { return words[5]; }
  };
  static_assert(sizeof(Full) == Function<std::uint64_t()>::room);
  EXPECT_EQ(allocated_by([] {
              Function<std::uint64_t()> first = Full{{1, 2, 3, 4, 5, 6}};
              Function<std::uint64_t()> second = std::move(first);
              swap(first, second);
              EXPECT_EQ(first(), 6u);
              second = std::move(first);
              EXPECT_EQ(second(), 6u);
            }),
            0);
}

TEST(Function, LargeCallablesAllocateOnceAndMoveForNothing) {
  struct Large {
    std::array<char, 49> bytes{};
    char operator()() const { return bytes[48]; }
  };
  Function<char()> moved;
  EXPECT_EQ(allocated_by([&] {
              Large large;
              large.bytes[48] = 'x';
              Function<char()> first = large;
              moved = std::move(first);
            }),
            1);
  EXPECT_EQ(moved(), 'x');
}

TEST(Function, OverAlignedCallablesLieWhereTheirAlignmentHolds) {
  struct alignas(64) Aligned {
    bool operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
  };
  static_assert(!Function<bool()>::fits<Aligned>);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(Function<bool()>(Aligned{})());
}

struct Counted {
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counted& operator=(Counted&&) = delete;
  ~Counted() { --*alive_; }
  int operator()() const { return *alive_; }
  int* alive_;
};

// A move that may throw forces the callable onto the heap, where moving the Function does not move it.
struct ThrowingMove {
  ThrowingMove() = default;
  ThrowingMove(const ThrowingMove&) = default;
  ThrowingMove(ThrowingMove&&) noexcept(false) {}
  ThrowingMove& operator=(const ThrowingMove&) = delete;
  ThrowingMove& operator=(ThrowingMove&&) = delete;
  ~ThrowingMove() = default;
  int operator()() const { return 5; }
};

TEST(Function, DestroysItsCallableExactlyOnce) {
  int alive = 0;
  {
    Function<int()> first = Counted(alive);
    EXPECT_EQ(alive, 1);
    Function<int()> second = std::move(first);
    EXPECT_EQ(alive, 1);
    first = Counted(alive);
    EXPECT_EQ(alive, 2);
    swap(first, second);
    EXPECT_EQ(alive, 2);
    second = nullptr;
    EXPECT_EQ(alive, 1);
    Function<int()>& itself = first;
    first = std::move(itself);  // must survive it
    EXPECT_EQ(first(), 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Function, MovesCannotThrow) {
  static_assert(std::is_nothrow_move_constructible_v<Function<int()>>);
  static_assert(std::is_nothrow_move_assignable_v<Function<int()>>);
  static_assert(!std::is_copy_constructible_v<Function<int()>>);
  static_assert(!Function<int()>::fits<ThrowingMove>);
  static_assert(sizeof(Function<void()>) == 64);
  static_assert(!std::is_constructible_v<Function<int()>, std::string>);
  Function<int()> first = ThrowingMove();
  Function<int()> second = std::move(first);
  EXPECT_EQ(second(), 5);
}

TEST(Function, PassesExceptionsOn) {
  Function<void()> thrower = [] { throw std::string("out"); };
  EXPECT_THROW(thrower(), std::string);
  EXPECT_THROW(thrower(), std::string);
}

}  // namespace
