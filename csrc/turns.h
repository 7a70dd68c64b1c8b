// Turns: a program that sets attributes of its module runs once at a time on it. The interpreter
// sets them without a lock, and two threads that set one, or set and read it, release its value
// twice.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "script.h"

namespace flambeau {

// Those who wait for one program.
class Line {
 public:
  uint64_t takeNumber();
  // Whether all numbers before are done with, and no one is at it: then it is this one's turn. If
  // not, its job is called when that is to be asked again.
  bool begin(uint64_t number, int64_t job);
  // It was its turn, or it gave that up.
  void end(uint64_t number, bool begun);
  // Goes before all numbers, as soon as no one is at it.
  void beginAtOnce();
  void endAtOnce();

 private:
  int64_t takeNext();

  std::mutex mutex_;
  std::condition_variable changed_;
  // The jobs that wait, by number.
  std::map<uint64_t, int64_t> jobs_;
  uint64_t next_ = 0;
  uint64_t now_ = 0;
  std::set<uint64_t> past_;
  int urgent_ = 0;
  bool busy_ = false;
};

// The line of an object's program, its submodules' included; null where no turns are needed: as
// nothing in it sets an attribute.
std::shared_ptr<Line> lineFor(const torch::jit::ObjectPtr& object);
std::shared_ptr<Line> lineFor(const Callable& callable);

// A job's place in a line, from when it is queued; null lines are none.
class Turn {
 public:
  explicit Turn(std::shared_ptr<Line> line);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // Whether it has come; if not, the job is called (`callJob`) when it may have.
  bool begin(int64_t job);

 private:
  std::shared_ptr<Line> line_;
  uint64_t number_ = 0;
  bool begun_ = false;
};

// Null for no line.
std::shared_ptr<Turn> turnFor(std::shared_ptr<Line> line);

// For a call that JavaScript waits for: before jobs that wait, within one of its own too.
class TurnAtOnce {
 public:
  explicit TurnAtOnce(std::shared_ptr<Line> line);
  ~TurnAtOnce();
  TurnAtOnce(const TurnAtOnce&) = delete;
  TurnAtOnce& operator=(const TurnAtOnce&) = delete;

 private:
  std::shared_ptr<Line> line_;
};

// Methods were defined: what was found out about programs may not hold any more.
void programsChanged();

}  // namespace flambeau
