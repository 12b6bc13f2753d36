#pragma once

#include <psyne/core/message/batch/batch.hpp>
#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/gradient.hpp>
#include <psyne/core/message/matrix.hpp>
#include <psyne/core/message/quantized.hpp>
#include <psyne/core/message/sparse/coo.hpp>
#include <psyne/core/message/sparse/csr.hpp>
#include <psyne/core/message/tensor/tensor.hpp>
#include <psyne/core/message/vec.hpp>
#include <psyne/core/message/vector.hpp>

namespace psyne::inline v0 {

/// What can be sent: the traits Message<T> say how a T lies in a record. They know nothing of lanes or channels; these
/// know nothing of a type but its traits.
///
/// All types:
///   fixed        whether every message has the same size, sizeof(T), and no header
///   alignment    what the record must be aligned to; 64 (a cache line) for what may be bigger than a line
///   schema       hash of the canonical text (docs/messages.md): equal on both sides, or the channel is not opened
///   describe()   that text for people
/// Fixed types (numbers, enums, std::array, structs of them, Vec, Mat):
///   check(value)   Code::corrupted where bytes are no value of their field; cannot fail unless needs_check
///   has_padding<T>, copy_without_padding(target, value), zero_padding<T>(object)   padding never travels
/// Variable types:
///   Shape                  what a sender passes to reserve(): 1024, {rows, columns}, TensorShape::of<float>({3, 4})
///   bytes(shape)           the exact length of the record
///   write(record, shape)   writes the header into such a record; a Writable view to fill the rest by
///   read(record)           a Readable view of a record that anybody wrote: Code::corrupted, never an access outside
/// `record` is exactly as long as bytes(shape) said, and aligned as `alignment` says (Code::invalid_argument
/// otherwise). The views are small values made of spans into the record; whatever decides on an extent was
/// copied out of it and checked, and is never read again. No function here allocates, except to describe an error.
/// Thread safety: none is needed, there is no shared state.
template <class T>
concept FixedMessage = Message<T>::fixed;

template <class T>
concept VariableMessage =
    !Message<T>::fixed && requires(std::span<std::byte> record, std::span<const std::byte> received,
                                   const typename Message<T>::Shape& shape) {
      { Message<T>::bytes(shape) } -> std::same_as<Result<std::size_t>>;
      { Message<T>::write(record, shape) } -> std::same_as<Result<typename Message<T>::Writable>>;
      { Message<T>::read(received) } -> std::same_as<Result<typename Message<T>::Readable>>;
    };

}  // namespace psyne::inline v0
