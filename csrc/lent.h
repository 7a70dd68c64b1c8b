// Memory that JavaScript lent: TypedArrays under tensors. It is one thread's, and goes with it.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

namespace flambeau {

struct Loan;

// What the JavaScript of one thread has lent. Loans end on any thread, and after theirs has ended.
class Loans {
 public:
  void add(Loan* loan);
  void end(Loan* loan);
  // Whether any has not ended.
  bool any();
  // The ids of those that ended and were not told yet, `most` of them.
  std::vector<double> takeEnded(size_t most);
  // The memory is about to go: tensors that still lie in it go on in memory of LibTorch's own.
  void replace();

 private:
  std::mutex mutex_;
  std::unordered_set<Loan*> live_;
  std::vector<double> ended_;
};

// A tensor over memory that is lent until LibTorch lets go of it; `id` is told then.
at::Tensor lentTensor(
    const std::shared_ptr<Loans>& loans,
    double id,
    void* data,
    const std::vector<int64_t>& shape,
    at::ScalarType dtype);

// Whether a tensor lies in memory that was lent.
bool isLent(const at::Tensor& tensor);
// The id of the loan that a dense tensor lies in (isLent), if it was made by `loans`.
std::optional<double> loanOf(const at::Tensor& tensor, const Loans* loans);

}  // namespace flambeau
