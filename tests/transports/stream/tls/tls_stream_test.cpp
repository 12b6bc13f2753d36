// Two ends of a TLS connection, and what happens to the bytes between them.
#include <psyne/transports/stream/tls/shared_key.hpp>

#include "transports/stream/tls/tls_ends.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cerrno>
#include <thread>

namespace {

using testing::HasSubstr;
using namespace tls_test;

std::string reason(const ByteStream& stream) {
  const auto failure = stream.failure();
  return failure ? failure->text() : "no failure";
}

TEST(TlsSharedKey, IsTheOneThatHkdfSays) {
  // The same by OpenSSL's own HKDF.
  const std::string token = "0123456789abcdef", salt = "psyne tls 1", purpose = "pre-shared key";
  EVP_KDF* method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* derivation = EVP_KDF_CTX_new(method);
  EVP_KDF_free(method);
  std::string hash = "SHA256";
  const auto text = [](const char* name, const std::string& value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
  };
  const std::array<OSSL_PARAM, 5> parameters{OSSL_PARAM_construct_utf8_string("digest", hash.data(), 0),
                                             text("key", token), text("salt", salt), text("info", purpose),
                                             OSSL_PARAM_construct_end()};
  std::array<unsigned char, 32> expected{};
  ASSERT_EQ(EVP_KDF_derive(derivation, expected.data(), expected.size(), parameters.data()), 1);
  EVP_KDF_CTX_free(derivation);
  EXPECT_EQ(psyne::stream::SharedKey::of(token)->key, expected);
}

TEST(TlsSharedKey, OfAnotherTokenIsAnother) {
  EXPECT_NE(psyne::stream::SharedKey::of("a")->key, psyne::stream::SharedKey::of("b")->key);
  EXPECT_NE(psyne::stream::SharedKey::of("a")->key, psyne::stream::SharedKey::of(std::string("a\0", 2))->key);
}

TEST(TlsStream, TwoWithOneTokenMeet) {
  auto pair = open_pair();
  EXPECT_TRUE(pair.connecting().is_secure());
  EXPECT_FALSE(pair.connecting().failure());
  EXPECT_FALSE(pair.listening().failure());
}

TEST(TlsStream, TwoWithCertificatesMeet) {
  Pair pair(verifying("127.0.0.1"), showing(files()));
  EXPECT_TRUE(pair.open()) << reason(pair.connecting()) << reason(pair.listening());
}

TEST(TlsStream, BothMayVerify) {
  const Files ours = authority().sign({.names = "DNS:worker"});
  Pair pair(verifying("127.0.0.1", ours), showing(files(), true));
  EXPECT_TRUE(pair.open()) << reason(pair.connecting()) << reason(pair.listening());
}

TEST(TlsStream, BytesComeOutAsTheyWentInHoweverTheyAreCut) {
  auto pair = open_pair();
  const auto sent = bytes(300'000);
  for (const auto& [written, read] : {std::pair<std::size_t, std::size_t>{1 << 20, 1 << 20},
                                      {1'000, 77},
                                      {16'384, 16'384},
                                      {16'385, 16'383},
                                      {100'000, 40'000}}) {
    EXPECT_EQ(carry(pair.connecting(), pair.listening(), sent, written, read), sent) << written << ", " << read;
    EXPECT_EQ(carry(pair.listening(), pair.connecting(), sent, written, read), sent) << written << ", " << read;
  }
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), std::span(sent).first(500), 1, 1),
            std::vector<std::byte>(sent.begin(), sent.begin() + 500));
}

TEST(TlsStream, ManyPiecesGoAsOneWrite) {
  auto pair = open_pair();
  const auto sent = bytes(70'000);
  std::vector<iovec> pieces;
  // Empty ones, small ones, one of several records, small ones again.
  const std::array<std::size_t, 9> sizes{0, 1, 32, 0, 50'000, 31, 16'384, 0, 3'552};
  std::size_t from = 0;
  for (const std::size_t size : sizes) {
    pieces.push_back(psyne::piece(std::span(sent).subspan(from, size)));
    from += size;
  }
  ASSERT_EQ(from, sent.size());
  ASSERT_EQ(pair.connecting().write(pieces), static_cast<ssize_t>(sent.size()));
  ASSERT_TRUE(psyne_test::soon([&] { return pair.connecting().flush(); }));
  std::vector<std::byte> came(sent.size());
  std::size_t got = 0;
  ASSERT_TRUE(psyne_test::soon([&] {
    // Into two pieces at a time, as a reader of frames does.
    const auto room = std::span(came).subspan(got);
    const std::array<iovec, 2> into{iovec{room.data(), room.size() / 2},
                                    iovec{room.data() + room.size() / 2, room.size() - room.size() / 2}};
    const ssize_t part = pair.listening().read(into);
    if (part > 0) got += static_cast<std::size_t>(part);
    return got == came.size();
  }));
  EXPECT_EQ(came, sent);
}

TEST(TlsStream, WithNothingToReadItSaysSo) {
  auto pair = open_pair();
  std::array<std::byte, 16> room{};
  EXPECT_EQ(read(pair.listening(), room), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(pair.listening().holds_unread());
}

TEST(TlsStream, WritesOfNothingAreNoRecord) {
  auto pair = open_pair();
  EXPECT_EQ(write(pair.connecting(), {}), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), bytes(10)), bytes(10));
}

TEST(TlsStream, TellsOfBytesThatTheSocketTellsNobodyOf) {
  auto pair = open_pair();
  const auto sent = bytes(5'000);
  ASSERT_EQ(write(pair.connecting(), sent), 5'000);
  std::array<std::byte, 1> one{};
  ASSERT_TRUE(psyne_test::soon([&] { return read(pair.listening(), one) == 1; }));
  char nowhere = 0;
  EXPECT_EQ(recv(pair.listening().descriptor(), &nowhere, 1, MSG_PEEK | MSG_DONTWAIT), -1) << "the socket has no more";
  EXPECT_TRUE(pair.listening().holds_unread());
  std::vector<std::byte> rest(5'000);
  EXPECT_EQ(read(pair.listening(), rest), 4'999);
  EXPECT_FALSE(pair.listening().holds_unread());
  EXPECT_EQ(one[0], sent[0]);
  EXPECT_TRUE(std::equal(rest.begin(), rest.end() - 1, sent.begin() + 1));
}

TEST(TlsStream, HoldsWhatTheSocketHasNoRoomForAndLosesNothing) {
  auto pair = open_pair();
  const auto sent = bytes(1 << 20);
  std::size_t written = 0;
  // Nobody reads: until there is no room at all.
  while (written < 64 * sent.size()) {
    const ssize_t part = write(pair.connecting(), std::span(sent).subspan(written % sent.size()));
    if (part < 0) break;
    written += static_cast<std::size_t>(part);
  }
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(pair.connecting().flush()) << "it holds a part of a record";
  std::vector<std::byte> room(100'000);
  std::size_t got = 0;
  EXPECT_TRUE(psyne_test::soon([&] {
    pair.connecting().flush();
    const ssize_t part = read(pair.listening(), room);
    if (part <= 0) return got == written;
    for (std::size_t i = 0; i < static_cast<std::size_t>(part); ++i, ++got) {
      if (room[i] != sent[got % sent.size()]) return true;
    }
    return got == written;
  }));
  EXPECT_EQ(got, written);
  EXPECT_TRUE(pair.connecting().flush());
}

TEST(TlsStream, KeysAreChangedInTimeAndNobodyNotices) {
  auto sockets = psyne_test::connected_sockets(AF_INET);
  Pair pair = open_pair();
  pair.ends = {stream_by_token(std::move(sockets[0]), Role::connecting, 3),
               stream_by_token(std::move(sockets[1]), Role::listening, 5)};
  ASSERT_TRUE(pair.open());
  const auto sent = bytes(1 << 20);
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), sent), sent);
  EXPECT_EQ(carry(pair.listening(), pair.connecting(), sent), sent);
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), std::span(sent).first(2'000), 10, 7),
            std::vector<std::byte>(sent.begin(), sent.begin() + 2'000));
}

TEST(TlsStream, BothWaysAtOnceByTwoThreadsEach) {
  auto pair = open_pair();
  const auto sent = bytes(2 << 20);
  std::array<std::vector<std::byte>, 2> came;
  std::vector<std::thread> threads;
  for (std::size_t i : {0, 1}) {
    threads.emplace_back([&, i] {
      std::size_t written = 0;
      psyne_test::soon([&] {
        const ssize_t part = write(*pair.ends[i], std::span(sent).subspan(written));
        if (part > 0) written += static_cast<std::size_t>(part);
        return pair.ends[i]->flush() && written == sent.size();
      });
    });
    threads.emplace_back([&, i] {
      std::vector<std::byte> room(50'000);
      psyne_test::soon([&] {
        const ssize_t part = read(*pair.ends[i], room);
        if (part > 0) came[i].insert(came[i].end(), room.begin(), room.begin() + part);
        return came[i].size() == sent.size();
      });
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(came[0] == sent);
  EXPECT_TRUE(came[1] == sent);
}

TEST(TlsStream, AnEndBehindBytesIsToldAfterThem) {
  auto pair = open_pair();
  const auto sent = bytes(20'000);
  ASSERT_EQ(write(pair.connecting(), sent), 20'000);
  shutdown(pair.connecting().descriptor(), SHUT_WR);
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), {}), std::vector<std::byte>());
  std::vector<std::byte> came(30'000);
  std::size_t got = 0;
  ssize_t last = -1;
  EXPECT_TRUE(psyne_test::soon([&] {
    last = read(pair.listening(), std::span(came).subspan(got));
    if (last > 0) got += static_cast<std::size_t>(last);
    return last == 0;
  }));
  EXPECT_EQ(got, 20'000U);
  EXPECT_EQ(read(pair.listening(), came), 0) << "and so it stays";
  EXPECT_FALSE(pair.listening().failure());
  EXPECT_EQ(carry(pair.listening(), pair.connecting(), std::span(sent).first(100)),
            std::vector<std::byte>(sent.begin(), sent.begin() + 100))
      << "the other way is open yet";
}

TEST(TlsStream, ARecordThatIsCutOffIsAnEnd) {
  auto sockets = psyne_test::connected_sockets(AF_UNIX);
  auto between = psyne_test::connected_sockets(AF_UNIX);
  Pair pair(by_token("token", Role::connecting), by_token("token", Role::listening), AF_UNIX);
  pair.ends[0] = stream_by_token(std::move(sockets[0]), Role::connecting, 100);
  pair.ends[1] = stream_by_token(std::move(between[0]), Role::listening, 100);
  // What passes between the two goes by the test's hands.
  const auto pass = [&](std::size_t most) {
    std::vector<char> bytes(1 << 16);
    for (const auto& [from, to] :
         {std::pair(sockets[1].get(), between[1].get()), {between[1].get(), sockets[1].get()}}) {
      const ssize_t came = recv(from, bytes.data(), most, MSG_DONTWAIT);
      if (came > 0) static_cast<void>(!send(to, bytes.data(), static_cast<std::size_t>(came), MSG_NOSIGNAL));
    }
  };
  std::array<Opening, 2> states{};
  ASSERT_TRUE(psyne_test::soon([&] {
    states = {pair.ends[0]->open(), pair.ends[1]->open()};
    pass(100);
    return states == std::array<Opening, 2>{Opening::open, Opening::open};
  }));
  ASSERT_EQ(write(pair.connecting(), bytes(1'000)), 1'000);
  pass(500);
  sockets[0].reset();
  shutdown(between[1].get(), SHUT_WR);
  std::vector<std::byte> came(2'000);
  ssize_t last = -1;
  EXPECT_TRUE(psyne_test::soon([&] { return (last = read(pair.listening(), came)) != -1 || errno != EAGAIN; }));
  EXPECT_EQ(last, 0);
}

TEST(TlsStream, WhatIsChangedOnTheWayIsNotReadAndSaysSo) {
  auto pair = open_pair();
  ASSERT_EQ(write(pair.connecting(), bytes(100)), 100);
  std::vector<std::byte> came(1'000);
  ASSERT_TRUE(psyne_test::soon([&] { return read(pair.listening(), came) == 100; }));
  // A record of application data, but not of this session.
  std::vector<char> forged(64, 'x');
  forged[0] = 0x17;
  forged[1] = forged[2] = 3;
  forged[3] = 0;
  forged[4] = 59;
  ASSERT_EQ(send(pair.connecting().descriptor(), forged.data(), forged.size(), MSG_NOSIGNAL), 64);
  ssize_t last = 0;
  ASSERT_TRUE(psyne_test::soon([&] { return (last = read(pair.listening(), came)) != -1 || errno != EAGAIN; }));
  EXPECT_EQ(last, -1);
  EXPECT_EQ(errno, EPROTO);
  ASSERT_TRUE(pair.listening().failure());
  EXPECT_EQ(*pair.listening().failure(), Code::corrupted);
  EXPECT_THAT(reason(pair.listening()), HasSubstr("changed on the way"));
  EXPECT_EQ(read(pair.listening(), came), -1) << "and so it stays";
  EXPECT_EQ(errno, EPROTO);
  EXPECT_EQ(write(pair.listening(), bytes(10)), -1);
  EXPECT_EQ(errno, EPROTO);
}

TEST(TlsStream, AFailureBehindBytesIsToldAfterThemThoughNothingMoreComes) {
  auto pair = open_pair();
  ASSERT_EQ(write(pair.connecting(), bytes(100)), 100);
  std::vector<char> forged(5, 'x');  // no head of a record
  ASSERT_EQ(send(pair.connecting().descriptor(), forged.data(), forged.size(), MSG_NOSIGNAL), 5);
  std::vector<std::byte> came(1'000);
  std::size_t got = 0;
  ASSERT_TRUE(psyne_test::soon([&] {
    const ssize_t part = read(pair.listening(), came);
    if (part > 0) got += static_cast<std::size_t>(part);
    return got == 100;
  }));
  if (pair.listening().holds_unread()) {
    EXPECT_EQ(read(pair.listening(), came), -1);
  }
  EXPECT_TRUE(psyne_test::soon([&] { return read(pair.listening(), came) == -1 && errno == EPROTO; }));
}

TEST(TlsStream, WritingToOneWhoIsGoneFails) {
  auto pair = open_pair();
  pair.ends[1].reset();
  const auto sent = bytes(100'000);
  EXPECT_TRUE(psyne_test::soon([&] { return write(pair.connecting(), sent) == -1 && errno != EAGAIN; }));
  EXPECT_TRUE(errno == EPIPE || errno == ECONNRESET) << errno;
  EXPECT_TRUE(pair.connecting().flush()) << "nothing more will go";
}

TEST(TlsStream, LastWordsAreReadThoughWritingFails) {
  auto pair = open_pair();
  ASSERT_EQ(write(pair.listening(), bytes(100)), 100);
  pair.ends[1].reset();
  const auto sent = bytes(100'000);
  EXPECT_TRUE(psyne_test::soon([&] { return write(pair.connecting(), sent) == -1 && errno != EAGAIN; }));
  EXPECT_EQ(write(pair.connecting(), sent), -1) << "and so it stays";
  std::vector<std::byte> came(1'000);
  const ssize_t got = read(pair.connecting(), came);
  EXPECT_TRUE(got == 100 || (got == -1 && errno == ECONNRESET)) << got << ", the kernel may throw them away";
}

TEST(TlsStream, LeavesNoErrorsToTheProgramsOwnOpenSsl) {
  ERR_raise(ERR_LIB_USER, 42);  // and one of the program's own does not confuse it
  {
    Pair pair(by_token("token", Role::connecting), by_token("another", Role::listening));
    EXPECT_NE(pair.shake_hands()[1], Opening::open);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
  ERR_raise(ERR_LIB_USER, 42);
  auto pair = open_pair();
  ERR_raise(ERR_LIB_USER, 42);
  EXPECT_EQ(carry(pair.connecting(), pair.listening(), bytes(10)), bytes(10));
  ERR_clear_error();
}

}  // namespace
