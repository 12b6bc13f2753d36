#include <psyne.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace {

using psyne::Code;
using psyne::Error;
using psyne::Exception;
using psyne::Result;

Error layout_error() {
  return Error(Code::incompatible, "cannot open ipc://ticks")
      .peer("sender pid 812")
      .because("it uses layout 7 and this program layout 8")
      .mend("Rebuild one of them.");
}

TEST(Error, TextSaysWhatWithWhomWhyAndWhatToDo) {
  EXPECT_EQ(
      layout_error().text(),
      "cannot open ipc://ticks, sender pid 812: it uses layout 7 and this program layout 8. Rebuild one of them.");
}

TEST(Error, BareCodeStillReadsAsASentence) {
  EXPECT_EQ(Error(Code::timed_out).text(), "the deadline passed.");
  EXPECT_TRUE(Error(Code::timed_out).what().empty());
}

TEST(Error, EveryCodeHasAName) {
  for (int code = 0; code <= static_cast<int>(Code::system); ++code) {
    EXPECT_NE(psyne::name(static_cast<Code>(code)), "unknown") << code;
    EXPECT_NE(Error(static_cast<Code>(code)).text(), "unknown error.") << code;
  }
}

TEST(Error, ACopyDoesNotChangeWithItsOriginal) {
  Error first = layout_error();
  const Error copy = first;
  first = std::move(first).peer("another");
  EXPECT_EQ(copy.peer(), "sender pid 812");
  EXPECT_EQ(first.peer(), "another");
}

TEST(Error, SystemErrorsKeepTheWordsAndChooseTheCode) {
  const Error error = psyne::system_error(EMFILE, "cannot open a socket");
  EXPECT_EQ(error, Code::exhausted);
  EXPECT_EQ(error.text(), "cannot open a socket: Too many open files (EMFILE).");
  EXPECT_EQ(psyne::system_error(EIO, "x"), Code::system);
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> value = 7;
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 7);
  Result<int> failed = layout_error();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), Code::incompatible);
  Result<void> bare = Code::stopped;
  EXPECT_EQ(bare.error(), Code::stopped);
  EXPECT_TRUE(Result<void>());
}

TEST(Result, ValueThrowsTheWholeText) {
  const Result<int> failed = layout_error();
  try {
    static_cast<void>(failed.value());
    FAIL() << "value() of an error returned";
  } catch (const Exception& thrown) {
    EXPECT_EQ(std::string(thrown.what()), layout_error().text());
    EXPECT_EQ(thrown.error(), Code::incompatible);
  }
  EXPECT_THROW(Result<void>(Code::closed).value(), Exception);
}

TEST(Result, EqualsAnotherOfEqualValueOrCode) {
  EXPECT_TRUE(Result<int>(3) == Result<int>(3));
  EXPECT_TRUE(Result<int>(3) != Result<int>(4));
  EXPECT_TRUE(Result<int>(3) == Result<long>(3L));
  EXPECT_TRUE(Result<std::string>("text") == Result<std::string>("text"));
  EXPECT_TRUE(Result<int>(0) != Result<int>(Code::would_block));
  EXPECT_TRUE(Result<int>(layout_error()) == Result<int>(Code::incompatible));  // words are for people
  EXPECT_TRUE(Result<int>(layout_error()) != Result<int>(Code::closed));
  EXPECT_TRUE(Result<void>() == Result<void>());
  EXPECT_TRUE(Result<void>() != Result<void>(Code::closed));
  EXPECT_TRUE(Result<void>(Code::closed) == Result<void>(Code::closed));
  EXPECT_TRUE(Result<int>(3) == 3);
  EXPECT_TRUE(Result<int>(Code::closed) != 3);
  EXPECT_TRUE(layout_error() == Error(Code::incompatible));
  EXPECT_TRUE(layout_error() != Error(Code::closed));
}

template <class T, class U>
constexpr bool compares = requires(const Result<T>& one, const Result<U>& other) { one == other; };
static_assert(compares<int, int> && compares<void, void>);
static_assert(!compares<int, std::string>, "no equality of the values");

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> owned = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(owned).value();
  EXPECT_EQ(*taken, 3);
}

}  // namespace
