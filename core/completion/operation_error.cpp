#include <psyne/core/completion/operation_error.hpp>
#include <psyne/core/result/result.hpp>

namespace psyne::inline v0 {

namespace {

Error described(const std::exception_ptr& exception, const std::string& what) {
  try {
    std::rethrow_exception(exception);
  } catch (const Exception& own) {
    return own.error();
  } catch (const std::exception& other) {
    return Error(Code::thrown, what).because(other.what());
  } catch (...) {
    return Error(Code::thrown, what).because("something that is no std::exception was thrown");
  }
}

}  // namespace

Error thrown_error(const std::exception_ptr& exception, const std::string& what) noexcept {
  try {
    return described(exception, what);
  } catch (...) {
    return Code::thrown;
  }
}

Error abandoned_error(const std::string& what) noexcept {
  try {
    return Error(Code::cancelled, what).because("whoever was to complete it went away");
  } catch (...) {
    return Code::cancelled;
  }
}

}  // namespace psyne::inline v0
