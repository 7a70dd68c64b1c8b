// The depth of the syntax tree is bounded from the text: in each bracket, by the operators, calls
// and attributes since the last comma, and by the blocks around the line.
#include "source_check.h"

#include <torch/csrc/jit/frontend/lexer.h>
#include <torch/csrc/jit/frontend/parser.h>
#include <torch/csrc/jit/frontend/tree_views.h>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "internal.h"

namespace flambeau {
namespace {

// TorchScript's parser, compiler and destructors take up to 5 kB of stack a level (measured: see
// docs/security.md), and a Worker's thread has 2 MB or more. Python's own limits are 200 brackets
// and 100 blocks.
constexpr size_t kMostBrackets = 100;
constexpr size_t kMostBlocks = 50;
constexpr size_t kMostTogether = 400;
// A network has as many modules in it, at most; and they lie so deep.
constexpr double kMostTypes = 1e5;
constexpr size_t kMostTypesDeep = 500;

bool isWord(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c & 0x80) != 0;
}

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  void run() {
    startLine();
    while (at_ < text_.size()) step();
  }

 private:
  [[noreturn]] void refuse(const char* how, size_t limit) const {
    throw CompileError(
        c10::str(
            what_,
            ", line ",
            line_,
            ": the source nests more than ",
            limit,
            " ",
            how,
            ", which could overflow the stack of LibTorch's compiler"));
  }

  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  // An operator, a call, an attribute: one more level of the tree.
  void deepen() {
    chains_.back()++;
    together_++;
    if (together_ + chains_.size() + blocks_.size() + elifs_ > kMostTogether) {
      refuse("expressions", kMostTogether);
    }
  }
  void comma() {
    together_ -= chains_.back();
    chains_.back() = 0;
  }
  void open() {
    deepen();
    chains_.push_back(0);
    if (chains_.size() > kMostBrackets) refuse("brackets", kMostBrackets);
  }
  void close() {
    comma();
    if (chains_.size() > 1) chains_.pop_back();
  }

  void step() {
    const char c = peek();
    if (c == '\n') {
      at_++;
      line_++;
      if (chains_.size() == 1) startLine();
    } else if (c == '\\' && peek(1) == '\n') {
      at_ += 2;
      line_++;
    } else if (c == '#') {
      while (at_ < text_.size() && peek() != '\n') at_++;
    } else if (c == '\'' || c == '"') {
      skipString(c);
    } else if (isWord(c)) {
      word();
    } else {
      mark(c);
    }
  }

  void mark(char c) {
    at_++;
    switch (c) {
      case '(':
      case '[':
      case '{':
        return open();
      case ')':
      case ']':
      case '}':
        return close();
      case ',':
      case ';':
        return comma();
      case ' ':
      case '\t':
      case '\r':
      case '\f':
      case ':':
        return;
      default:
        return deepen();
    }
  }

  void word() {
    const size_t start = at_;
    while (isWord(peek())) at_++;
    static const std::unordered_set<std::string_view> operators{
        "not", "and", "or", "in", "is", "if", "else", "for", "lambda", "await", "yield"};
    if (operators.count(text_.substr(start, at_ - start)) > 0) deepen();
  }

  void skipString(char quote) {
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\n') {
        line_++;
        if (!triple) return startLine();
      }
      if (c == '\\') at_++;
      if (c != quote) continue;
      if (!triple) return;
      if (peek() == quote && peek(1) == quote) {
        at_ += 2;
        return;
      }
    }
  }

  // The blocks that a line is in, by its indentation; an `elif` is one more inside of its `if`.
  void startLine() {
    chains_.assign(1, 0);
    together_ = 0;
    const size_t start = at_;
    while (peek() == ' ' || peek() == '\t') at_++;
    if (peek() == '\n' || peek() == '#' || peek() == '\r') return;
    const size_t indent = at_ - start;
    while (!blocks_.empty() && blocks_.back().indent > indent) {
      elifs_ -= blocks_.back().elifs;
      blocks_.pop_back();
    }
    if (blocks_.empty() || blocks_.back().indent < indent) blocks_.push_back({indent, 0});
    auto& block = blocks_.back();
    if (text_.substr(at_, 4) == "elif" && !isWord(peek(4))) {
      block.elifs++;
      elifs_++;
    } else if (text_.substr(at_, 4) != "else" || isWord(peek(4))) {
      elifs_ -= block.elifs;
      block.elifs = 0;
    }
    if (blocks_.size() + elifs_ > kMostBlocks) refuse("blocks", kMostBlocks);
  }

  struct Block {
    size_t indent;
    size_t elifs;
  };

  std::string_view text_;
  std::string_view what_;
  size_t at_ = 0;
  size_t line_ = 1;
  std::vector<size_t> chains_{0};
  size_t together_ = 0;
  std::vector<Block> blocks_;
  size_t elifs_ = 0;
};

using torch::jit::TreeRef;

class ConstantChecker {
 public:
  ConstantChecker(std::string_view what, ClassNames* classes, const std::string& prefix)
      : what_(what), classes_(classes), prefix_(prefix) {}

  void walk(const TreeRef& tree) const {
    if (tree->isAtom()) return;
    const auto& parts = tree->trees();
    if (tree->kind() == torch::jit::TK_PARAM && parts.size() > 2) check(parts[2]);
    if (tree->kind() == torch::jit::TK_CLASS_DEF) walkClass(tree);
    for (const auto& part : parts) walk(part);
  }

 private:
  void walkClass(const TreeRef& tree) const {
    std::vector<std::string> names;
    // LibTorch takes the hooks that it was told of from the methods after that, and does not look
    // whether it found them.
    std::set<std::string> hooks;
    for (const auto& part : tree->trees()) {
      if (part->isAtom()) continue;
      for (const auto& statement : part->trees()) {
        if (statement->kind() == torch::jit::TK_DEF) {
          hooks.erase(torch::jit::Def(statement).name().name());
        }
        if (statement->kind() != torch::jit::TK_ASSIGN) continue;
        check(statement);
        gather(statement, names);
        const auto assigned = nameOf(
            statement->trees()[0]->kind() == torch::jit::TK_LIST
                ? statement->trees()[0]->trees().at(0)
                : statement->trees()[0]);
        if (assigned == "__forward_hooks__" || assigned == "__forward_pre_hooks__") {
          gatherTexts(statement, hooks);
        }
      }
    }
    if (!hooks.empty()) {
      throw CompileError(
          c10::str(
              what_, ": the class names a hook '", *hooks.begin(), "', which it does not have"));
    }
    if (classes_ == nullptr) return;
    (*classes_)[prefix_ + torch::jit::ClassDef(tree).name().name()] = std::move(names);
  }

  static void gatherTexts(const TreeRef& tree, std::set<std::string>& texts) {
    if (tree->kind() == torch::jit::TK_STRINGLITERAL) {
      texts.insert(torch::jit::StringLiteral(tree).text());
      return;
    }
    if (tree->isAtom()) return;
    for (const auto& part : tree->trees()) gatherTexts(part, texts);
  }

  static void gather(const TreeRef& tree, std::vector<std::string>& names) {
    if (tree->isAtom()) return;
    if (tree->kind() == '.') {
      names.push_back(nameOf(tree));
      return;
    }
    for (const auto& part : tree->trees()) gather(part, names);
  }

  void check(const TreeRef& tree) const {
    if (tree->kind() == torch::jit::TK_APPLY && !isHarmless(tree->trees()[0])) {
      const auto place = tree->range().file_line_col();
      throw CompileError(
          c10::str(
              what_,
              ", line ",
              place ? std::get<1>(*place) : 0,
              ": a default argument or a constant calls a function, which LibTorch would run while "
              "it loads the program"));
    }
    static const std::unordered_set<int> known{
        torch::jit::TK_CONST,        torch::jit::TK_STRINGLITERAL, torch::jit::TK_TRUE,
        torch::jit::TK_FALSE,        torch::jit::TK_NONE,          torch::jit::TK_NONE_TYPE,
        torch::jit::TK_UNARY_MINUS,  torch::jit::TK_LIST_LITERAL,  torch::jit::TK_TUPLE_LITERAL,
        torch::jit::TK_DICT_LITERAL, torch::jit::TK_VAR,           torch::jit::TK_SUBSCRIPT,
        torch::jit::TK_APPLY,        torch::jit::TK_ASSIGN,        torch::jit::TK_LIST,
        torch::jit::TK_OPTION,       torch::jit::TK_IDENT,         torch::jit::TK_STRING,
        torch::jit::TK_ATTRIBUTE,    torch::jit::TK_NOTHING,       '.'};
    if (tree->isAtom() || isComplex(tree)) return;
    if (known.count(tree->kind()) == 0) {
      throw CompileError(
          c10::str(
              what_,
              ": a default argument or a constant is no literal, but ",
              torch::jit::kindToString(tree->kind())));
    }
    for (const auto& part : tree->trees()) check(part);
  }

  static std::string nameOf(const TreeRef& tree) {
    if (tree->kind() == torch::jit::TK_VAR) return torch::jit::Var(tree).name().name();
    if (tree->kind() != '.') return "";
    const torch::jit::Select select(tree);
    return nameOf(select.value().tree()) + "." + select.selector().name();
  }

  // "1.+2.j": a number and another, which LibTorch adds.
  static bool isComplex(const TreeRef& tree) {
    if (tree->kind() != '+' && tree->kind() != '-') return false;
    return std::all_of(tree->trees().begin(), tree->trees().end(), isNumber);
  }

  static bool isNumber(const TreeRef& tree) {
    if (tree->kind() == torch::jit::TK_UNARY_MINUS) return isNumber(tree->trees().at(0));
    const auto name = nameOf(tree);
    return tree->kind() == torch::jit::TK_CONST || name == "inf" || name == "nan" ||
           name == "infj" || name == "nanj";
  }

  static bool isHarmless(const TreeRef& callee) {
    static const std::unordered_set<std::string> names{
        "annotate", "float", "int", "bool", "str", "complex", "torch.device", "torch.Generator"};
    return names.count(nameOf(callee)) > 0;
  }

  std::string_view what_;
  ClassNames* classes_;
  const std::string& prefix_;
};

class ClassSizes {
 public:
  explicit ClassSizes(const ClassNames& classes) : classes_(classes) {}

  double of(const std::string& name, size_t depth) {
    const auto found = classes_.find(name);
    if (found == classes_.end()) return 1;
    const auto [known, first] = sizes_.emplace(name, kUnderWay);
    if (!first && known->second == kUnderWay) refuse(name, "holds itself");
    if (!first) return known->second;
    if (depth > kMostTypesDeep) refuse(name, "lies more than 500 classes deep");
    double size = 1;
    for (const auto& one : found->second) size += of(one, depth + 1);
    if (size > kMostTypes) {
      refuse(name, "comes to more than 100000 types when the classes in it are written out");
    }
    return sizes_[name] = size;
  }

 private:
  static constexpr double kUnderWay = -1;

  [[noreturn]] static void refuse(const std::string& name, const char* why) {
    throw CompileError(c10::str("the class ", name, " ", why, ", which LibTorch cannot compile"));
  }

  const ClassNames& classes_;
  std::map<std::string, double> sizes_;
};

}  // namespace

void checkClasses(const ClassNames& classes) {
  ClassSizes sizes(classes);
  for (const auto& [name, names] : classes) sizes.of(name, 0);
}

void checkSource(std::string_view text, std::string_view what) {
  Scanner(text, what).run();
}

void checkConstants(
    const std::string& text,
    std::string_view what,
    ClassNames* classes,
    const std::string& prefix) {
  const ConstantChecker checker(what, classes, prefix);
  torch::jit::Parser parser(std::make_shared<torch::jit::Source>(text, std::nullopt, 1));
  auto& lexer = parser.lexer();
  while (lexer.cur().kind != torch::jit::TK_EOF) {
    switch (lexer.cur().kind) {
      case torch::jit::TK_DEF:
        checker.walk(parser.parseFunction(/*is_method=*/false));
        break;
      case torch::jit::TK_CLASS_DEF:
        checker.walk(parser.parseClass());
        break;
      default:
        // `import`, and the version that old files begin with, up to the end of the line.
        while (lexer.cur().kind != torch::jit::TK_NEWLINE && lexer.cur().kind != torch::jit::TK_EOF)
          lexer.next();
        if (lexer.cur().kind == torch::jit::TK_NEWLINE) lexer.next();
    }
  }
}

}  // namespace flambeau
