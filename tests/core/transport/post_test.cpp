#include <psyne/core/transport/link.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace {

using psyne::Access;
using psyne::Bell;
using psyne::Capabilities;
using psyne::check_post;
using psyne::Code;
using psyne::Error;
using psyne::Identity;
using psyne::Link;
using psyne::PeerState;
using psyne::Put;
using psyne::Region;
using psyne::RemoteRegion;
using psyne::RemoteSpan;
using psyne::Result;
using psyne::Signal;
using psyne::Token;

/// A link that can do nothing, so that whatever is refused was refused by the check alone.
class IdleLink final : public Link {
 public:
  Result<RemoteSpan> expose(const Region& /*region*/, Access /*access*/) override { return Code::unsupported; }
  Result<void> revoke(const RemoteSpan& /*span*/) override { return Code::unsupported; }
  Result<RemoteRegion> attach(RemoteSpan /*span*/) override { return Code::unsupported; }
  Result<Token> post(std::span<const Put> /*puts*/, const Signal& /*signal*/) override { return Code::unsupported; }
  bool completed(Token /*token*/) const override { return false; }
  std::uint64_t counter(std::uint32_t /*index*/) const override { return 0; }
  Result<void> progress() override { return {}; }
  PeerState peer_state() const override { return PeerState::alive; }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Identity& peer() const override { return peer_; }
  Result<void> attach_bell(Bell* /*bell*/) override { return {}; }
  Result<void> attach_service_bell(Bell* /*bell*/) override { return {}; }
  void wake() noexcept override {}
  void close() noexcept override {}

 private:
  Capabilities capabilities_{.counters = 4, .inline_bytes = 16};
  Identity peer_{.pid = 7, .name = "pid 7"};
};

class PostTest : public testing::Test {
 protected:
  static constexpr std::uint64_t length = 64;

  PostTest() {
    attachment_->link = &link_;
    attachment_->access = Access::write;
    attachment_->length = length;
  }

  Put put(std::size_t bytes, std::uint64_t offset) const {
    return {.local = std::span(memory_).first(bytes), .remote = &remote_, .offset = offset};
  }

  Result<void> check(const Put& put, const Signal& signal = {}) const { return check_post(link_, {&put, 1}, signal); }

  /// That the put is refused, to whom it was to go, and for this reason.
  void expect_refused(const Put& put, const std::string& reason) const {
    const auto refused = check(put);
    ASSERT_FALSE(refused) << reason;
    EXPECT_EQ(refused.error(), Code::invalid_argument);
    EXPECT_NE(refused.error().text().find(reason), std::string::npos) << refused.error().text();
    EXPECT_NE(refused.error().text().find("pid 7"), std::string::npos) << refused.error().text();
  }

  IdleLink link_;
  std::shared_ptr<RemoteRegion::Attachment> attachment_ = std::make_shared<RemoteRegion::Attachment>();
  RemoteRegion remote_{attachment_};
  std::array<std::byte, 2 * length> memory_{};
};

TEST_F(PostTest, APutMayFillTheRegionToItsEndAndNoFurther) {
  for (std::uint64_t offset = 0; offset <= length; ++offset) {
    EXPECT_TRUE(check(put(length - offset, offset))) << offset;
    expect_refused(put(length - offset + 1, offset), "outside of the remote region");
  }
  expect_refused(put(0, length + 1), "outside of the remote region");
}

TEST_F(PostTest, AnOffsetWhoseSumWithTheSizeWrapsIsOutside) {
  const std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t bytes : {0, 1, 2, 64}) expect_refused(put(bytes, last), "outside of the remote region");
  for (std::size_t bytes : {1, 2, 64}) expect_refused(put(bytes, last - bytes + 1), "outside of the remote region");
}

TEST_F(PostTest, OnlyWhatIsAttachedToThisVeryLinkTakesPuts) {
  expect_refused({.local = std::span(memory_).first(1)}, "not attached");
  const RemoteRegion nowhere;
  expect_refused({.local = std::span(memory_).first(1), .remote = &nowhere}, "not attached");
  const IdleLink another;
  attachment_->link = &another;
  expect_refused(put(1, 0), "not attached");
}

TEST_F(PostTest, WhatWasTakenBackOrIsOnlyReadableTakesNone) {
  attachment_->revoked = true;
  expect_refused(put(1, 0), "taken the region back");
  attachment_->revoked = false;
  attachment_->access = Access::read;
  expect_refused(put(1, 0), "reading only");
}

TEST_F(PostTest, RawBytesAreFew) {
  Put raw = put(16, 0);
  raw.raw = true;
  EXPECT_TRUE(check(raw));
  raw.local = std::span(memory_).first(17);
  expect_refused(raw, "raw bytes");
}

TEST_F(PostTest, OneWrongPutRefusesAll) {
  for (std::size_t wrong = 0; wrong < 3; ++wrong) {
    std::array<Put, 3> puts{put(8, 0), put(8, 8), put(8, 16)};
    EXPECT_TRUE(check_post(link_, puts, {}));
    puts[wrong].offset = length;
    EXPECT_FALSE(check_post(link_, puts, {})) << wrong;
  }
}

TEST_F(PostTest, ASignalNamesACounterThatThereIsOrNone) {
  for (std::uint32_t counter = 0; counter < 4; ++counter) {
    EXPECT_TRUE(check_post(link_, {}, {.counter = counter, .value = 1}));
  }
  EXPECT_TRUE(check_post(link_, {}, {.counter = Signal::none, .wake = true}));
  const auto refused = check_post(link_, {}, {.counter = 4, .value = 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::invalid_argument);
  EXPECT_NE(refused.error().text().find("counter 4"), std::string::npos) << refused.error().text();
}

}  // namespace
