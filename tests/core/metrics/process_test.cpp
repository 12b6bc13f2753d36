// Pages and the life of processes: killed, ended, forked.
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/page_file.hpp>
#include <psyne/core/metrics/reader.hpp>
#include <psyne/core/uri/quantity.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

using psyne::Code;
using psyne::KiB;
namespace metrics = psyne::metrics;
using metrics::Kind;
using metrics::Page;
using metrics::Reader;
using metrics::Section;
using psyne_test::Directory;

/// A child that runs `body`, says that it is ready and then waits to be killed or to be let go.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
    std::fflush(nullptr);  // what is buffered is the parent's to write
    process_ = fork();
    if (process_ == 0) {
      alarm(60);
      body([&] {
        char byte = 'r';
        if (send(ends[1], &byte, 1, MSG_NOSIGNAL) != 1 || recv(ends[1], &byte, 1, 0) < 0) _exit(90);
      });
      _exit(91);
    }
    close(ends[1]);
    socket_ = ends[0];
    pollfd wait{socket_, POLLIN, 0};
    char byte = 0;
    if (poll(&wait, 1, 20'000) != 1 || recv(socket_, &byte, 1, 0) != 1) ADD_FAILURE() << "the child does not get ready";
  }
  ~Child() {
    if (process_ > 0) kill();
  }
  void kill() {
    ::kill(process_, SIGKILL);
    static_cast<void>(reap());
  }
  /// Lets it go on; its exit status, or -1 when it was killed.
  int end() {
    const char byte = 'g';
    static_cast<void>(send(socket_, &byte, 1, MSG_NOSIGNAL));  // its status says whether it got it
    return reap();
  }
  pid_t process() const { return process_; }

 private:
  int reap() {
    close(socket_);
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t process_ = 0;
  int socket_ = -1;
};

TEST(PageOfAProcess, IsFoundByItsNumberAndKnowsWhetherItLives) {
  const Directory directory;
  Child child([&](auto wait) {
    const Page page = Page::create(directory.path(), 4 * KiB).value();
    const Section section = page.add("a", "", {{"n", Kind::counter}});
    section.counter("n").add(5);
    wait();
    _exit(0);
  });
  const Reader reader = Reader::open(child.process(), directory.path()).value();
  EXPECT_TRUE(reader.alive());
  EXPECT_TRUE(reader.alive()) << "looking must not take the lock";
  EXPECT_EQ(reader.read().value().process, static_cast<std::uint64_t>(child.process()));
  child.kill();
  EXPECT_FALSE(reader.alive());
  EXPECT_EQ(reader.read().value().sections[0].values[0].number, 5u) << "the last words of the dead";
  EXPECT_EQ(Reader::open(1, directory.path()).error().code(), Code::not_found);
}

TEST(PageOfAProcess, OfTheKilledIsRemovedByTheNextAndNoOther) {
  const Directory directory;
  const auto make_and_wait = [&](auto wait) {
    const Page page = Page::create(directory.path(), 4 * KiB).value();
    wait();
    _exit(0);
  };
  Child living(make_and_wait), dying(make_and_wait);
  ASSERT_EQ(metrics::pages_in(directory.path()).size(), 2u);
  dying.kill();
  std::ofstream(directory.path() + "/12-notes.txt") << "not ours";
  std::ofstream(directory.path() + "/notes.metrics") << "not ours either";
  const Page next = Page::create(directory.path(), 4 * KiB).value();
  const auto pages = metrics::pages_in(directory.path());
  ASSERT_EQ(pages.size(), 2u);
  for (const auto& page : pages) EXPECT_TRUE(page.alive) << page.path;
  EXPECT_EQ(directory.files(), 4u);
}

/// Makes pages and lets them go, while others, who sweep the same directory, do the same. 0 when it never lost one.
int make_pages(const std::string& directory) {
  for (int round = 0; round < 200; ++round) {
    const auto page = Page::create(directory, 4 * KiB);
    if (!page) return 1;
    const auto reader = Reader::open(page->path().value());
    if (!reader || !reader->alive()) return 2;
  }
  return 0;
}

TEST(PageOfAProcess, AFileThatIsJustBeingMadeIsNotTakenFromItsMaker) {
  const Directory directory;
  std::vector<pid_t> makers;
  for (int i = 0; i < 4; ++i) {
    makers.push_back(fork());
    if (makers.back() == 0) {
      alarm(60);
      _exit(make_pages(directory.path()));
    }
  }
  for (const pid_t maker : makers) {
    int status = 0;
    ASSERT_EQ(waitpid(maker, &status, 0), maker);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

/// Runs `body` in a child whose process page lies in `directory`.
template <class Body>
int in_fresh_process(const Directory& directory, Body body) {
  Child child([&](auto wait) {
    setenv("PSYNE_METRICS_DIRECTORY", directory.path().c_str(), 1);
    setenv("PSYNE_CONFIG", "", 1);
    wait();
    std::exit(body());
  });
  return child.end();
}

TEST(ProcessPage, IsOneAndGoesAtExit) {
  const Directory directory;
  EXPECT_EQ(in_fresh_process(directory,
                             [&] {
                               const auto path = Page::process().path();
                               if (!path || Page::process().path().value() != *path) return 1;
                               if (!Reader::open(getpid(), directory.path())) return 2;
                               return directory.files() == 1 ? 0 : 3;
                             }),
            0);
  EXPECT_EQ(directory.files(), 0u);
}

TEST(ProcessPage, CanBeSwitchedOff) {
  const Directory directory;
  EXPECT_EQ(in_fresh_process(directory,
                             [&] {
                               setenv("PSYNE_METRICS_ENABLED", "no", 1);
                               const Section section = Page::process().add("a", "", {{"n", Kind::counter}});
                               section.counter("n").add(1);
                               return section.visible() || directory.files() != 0 ? 1 : 0;
                             }),
            0);
}

TEST(ProcessPage, WhereItCannotBeMadeNothingFails) {
  const Directory directory;
  EXPECT_EQ(in_fresh_process(directory,
                             [&] {
                               setenv("PSYNE_METRICS_DIRECTORY", "/proc/1/no", 1);
                               const Section section = Page::process().add("a", "", {{"n", Kind::counter}});
                               section.counter("n").add(1);
                               return !section.visible() && !Page::process().path() ? 0 : 1;
                             }),
            0);
}

/// What a forked child does to its parent's page, and has of its own; 0 when all is well.
int check_forked_child(const Directory& directory, const Section& section, const std::string& parents_path) {
  section.counter("n").add(100);
  Section late = Page::process().add("child", "", {{"n", Kind::counter}});
  const auto path = Page::process().path();
  if (!path || path == parents_path) return 11;
  if (!Reader::open(getpid(), directory.path())) return 12;
  if (Reader::open(parents_path).value().read().value().sections[0].values[0].number != 1) return 13;
  return section.counter("n").value() == 0 || section.counter("n").value() == 100 ? 0 : 14;
}

TEST(ProcessPage, AForkedChildLeavesItAloneAndGetsItsOwn) {
  const Directory directory;
  const auto parent = [&] {
    Section section = Page::process().add("parent", "", {{"n", Kind::counter}});
    section.counter("n").add(1);
    const std::string path = Page::process().path().value();
    const pid_t child = fork();
    if (child == 0) std::exit(check_forked_child(directory, section, path));
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return WIFEXITED(status) ? WEXITSTATUS(status) : 21;
    section.counter("n").add(1);
    const auto snapshot = Reader::open(path).value().read().value();
    return snapshot.sections.size() == 1 && snapshot.sections[0].values[0].number == 2 ? 0 : 22;
  };
  EXPECT_EQ(in_fresh_process(directory, parent), 0);
  EXPECT_EQ(directory.files(), 0u);
}

TEST(ProcessPage, AChildThatOutlivesItsParentDoesNotKeepItsPageAlive) {
  const Directory directory;
  int alive[2];
  ASSERT_EQ(pipe(alive), 0);
  Child parent([&](auto wait) {
    setenv("PSYNE_METRICS_DIRECTORY", directory.path().c_str(), 1);
    static_cast<void>(Page::process());
    if (fork() == 0) {  // lives until the test closes the pipe
      close(alive[1]);
      char byte = 0;
      static_cast<void>(::read(alive[0], &byte, 1));
      _exit(0);
    }
    wait();
    _exit(0);
  });
  const Reader reader = Reader::open(parent.process(), directory.path()).value();
  EXPECT_TRUE(reader.alive());
  parent.kill();
  // The child lets go of the lock when it first runs, which may be after its parent's death.
  for (int look = 0; look < 2000 && reader.alive(); ++look) usleep(10'000);
  EXPECT_FALSE(reader.alive());
  close(alive[1]);
  close(alive[0]);
}

}  // namespace
