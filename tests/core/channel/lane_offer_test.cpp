#include <psyne/core/channel/lane_offer.hpp>

#include <gtest/gtest.h>

#include <cstring>

namespace {

using psyne::Code;
using psyne::Compress;
using psyne::Delivery;
using psyne::EndId;
using psyne::LaneAnswer;
using psyne::LaneOffer;

LaneOffer an_offer() {
  return {.type = {.schema = 7, .description = "Tick{u64@0}", .payload = 8, .alignment = 8},
          .delivery = Delivery::routed,
          .lossy = false,
          .capacity = 8192,
          .reader = 3,
          .pid = 812,
          .sender = {0x1234'5678'9abc'def0},
          .name = "camera"};
}

LaneAnswer an_answer() { return {.pid = 812, .receiver = {42}, .name = "viewer"}; }

template <class Told>
std::string reason(const std::vector<std::byte>& bytes) {
  const auto told = Told::decode(bytes);
  return told ? "it was read" : std::string(told.error().reason());
}

TEST(EndId, IsDrawnAtRandomAndNeverNone) {
  const EndId one = EndId::random().value();
  EXPECT_TRUE(one);
  EXPECT_NE(one, EndId::random().value());
  EXPECT_FALSE(EndId());
}

TEST(LaneOffer, IsReadAsItWasWritten) {
  const LaneOffer offer = LaneOffer::decode(an_offer().encode()).value();
  EXPECT_EQ(offer.type.schema, 7U);
  EXPECT_EQ(offer.type.description, "Tick{u64@0}");
  EXPECT_EQ(offer.type.payload, 8U);
  EXPECT_EQ(offer.delivery, Delivery::routed);
  EXPECT_EQ(offer.capacity, 8192U);
  EXPECT_EQ(offer.reader, 3U);
  EXPECT_EQ(offer.pid, 812);
  EXPECT_EQ(offer.sender, (EndId{0x1234'5678'9abc'def0}));
  EXPECT_EQ(offer.name, "camera");
}

TEST(LaneOffer, TellsItsCodec) {
  LaneOffer offer = an_offer();
  offer.type.payload = 0;
  for (const Compress codec : {Compress::none, Compress::lz4, Compress::zstd}) {
    offer.compress = codec;
    EXPECT_EQ(LaneOffer::decode(offer.encode()).value().compress, codec);
  }
}

TEST(LaneOffer, ACodecThatThisProgramDoesNotHaveIsRefusedWithWhatToDo) {
  LaneOffer offer = an_offer();
  offer.type.payload = 0;
  offer.compress = static_cast<Compress>(3);
  const auto told = LaneOffer::decode(offer.encode());
  ASSERT_EQ(told.error(), Code::incompatible);
  EXPECT_NE(told.error().text().find("camera: it compresses by codec 3"), std::string::npos) << told.error().text();
  EXPECT_NE(told.error().text().find("compress=none"), std::string::npos) << told.error().text();
}

TEST(LaneOffer, MessagesOfOneSizeAndRingsThatAreTooLargeAreNotCompressed) {
  LaneOffer offer = an_offer();
  offer.compress = Compress::lz4;
  EXPECT_EQ(LaneOffer::decode(offer.encode()).error(), Code::corrupted);
  offer.type.payload = 0;
  offer.capacity = std::uint64_t{1} << 32;
  EXPECT_EQ(LaneOffer::decode(offer.encode()).error(), Code::corrupted);
  offer.capacity = std::uint64_t{1} << 31;
  EXPECT_TRUE(LaneOffer::decode(offer.encode()));
}

TEST(LaneOffer, CutShortOrGrownIsRefused) {
  std::vector<std::byte> bytes = an_offer().encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(LaneOffer::decode(std::span(bytes).first(length)).error(), Code::corrupted) << length;
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(LaneOffer::decode(bytes).error(), Code::corrupted);
}

TEST(LaneOffer, OfNobodyIsRefused) {
  LaneOffer offer = an_offer();
  offer.sender = {};
  EXPECT_EQ(LaneOffer::decode(offer.encode()).error(), Code::corrupted);
}

TEST(LaneOffer, OfADeliveryThatIsNoneIsRefused) {
  LaneOffer offer = an_offer();
  offer.delivery = static_cast<Delivery>(static_cast<int>(Delivery::routed) + 1);
  EXPECT_EQ(LaneOffer::decode(offer.encode()).error(), Code::corrupted);
}

TEST(LaneOffer, OfAnotherLayoutIsRefusedWithBothVersions) {
  std::vector<std::byte> bytes = an_offer().encode();
  bytes[0] = std::byte{200};
  EXPECT_EQ(LaneOffer::decode(bytes).error(), Code::incompatible);
  EXPECT_NE(reason<LaneOffer>(bytes).find("layout 200 and this program layout 4"), std::string::npos)
      << reason<LaneOffer>(bytes);
}

TEST(LaneAnswer, IsReadAsItWasWritten) {
  const LaneAnswer answer = LaneAnswer::decode(an_answer().encode()).value();
  EXPECT_EQ(answer.pid, 812);
  EXPECT_EQ(answer.receiver, EndId{42});
  EXPECT_EQ(answer.name, "viewer");
}

TEST(LaneAnswer, CutShortGrownOrOfNobodyIsRefused) {
  std::vector<std::byte> bytes = an_answer().encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(LaneAnswer::decode(std::span(bytes).first(length)).error(), Code::corrupted) << length;
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(LaneAnswer::decode(bytes).error(), Code::corrupted);
  LaneAnswer answer = an_answer();
  answer.receiver = {};
  EXPECT_EQ(LaneAnswer::decode(answer.encode()).error(), Code::corrupted);
}

}  // namespace
