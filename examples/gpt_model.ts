/**
 * A small GPT in the manner of nanoGPT, over single characters.
 *
 * @module
 */

import * as torch from "../mod.ts";

const { nn } = torch;
const F = nn.functional;
type T = torch.Tensor;

/** How large a {@linkcode GPT} is. */
export interface GPTSize {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Tokens that it looks back. */
  readonly length: number;
  /** Numbers a token. */
  readonly width: number;
  /** Heads of attention. */
  readonly heads: number;
  /** Blocks. */
  readonly layers: number;
}

class Attention extends nn.Module<[T], T> {
  readonly heads: number;
  c_attn: torch.nn.Linear;
  c_proj: torch.nn.Linear;

  constructor({ width, heads }: GPTSize) {
    super();
    this.heads = heads;
    this.c_attn = new nn.Linear(width, 3 * width);
    this.c_proj = new nn.Linear(width, width);
  }

  override forward(x: T): T {
    const [batch, length, width] = x.size() as [number, number, number];
    const [q, k, v] = this.c_attn(x).split(width, 2).map((part) =>
      part.view(batch, length, this.heads, -1).transpose(1, 2)
    ) as [T, T, T];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.c_proj(y.transpose(1, 2).contiguous().view(batch, length, width));
  }
}

class Block extends nn.Module<[T], T> {
  ln_1: torch.nn.LayerNorm;
  attn: Attention;
  ln_2: torch.nn.LayerNorm;
  c_fc: torch.nn.Linear;
  c_proj: torch.nn.Linear;

  constructor(size: GPTSize) {
    super();
    const { width } = size;
    this.ln_1 = new nn.LayerNorm(width);
    this.attn = new Attention(size);
    this.ln_2 = new nn.LayerNorm(width);
    this.c_fc = new nn.Linear(width, 4 * width);
    this.c_proj = new nn.Linear(4 * width, width);
  }

  override forward(x: T): T {
    const y = x.add(this.attn(this.ln_1(x)));
    return y.add(this.c_proj(F.gelu(this.c_fc(this.ln_2(y)))));
  }
}

/** A transformer that says which token comes next: `[batch, length]` tokens to `[batch, length, vocabulary]` logits. */
export class GPT extends torch.nn.Module<[tokens: T], T> {
  /** How large it is. */
  readonly sizes: GPTSize;
  /** The vectors of the tokens. */
  wte: torch.nn.Embedding;
  /** The vectors of the places. */
  wpe: torch.nn.Embedding;
  /** The blocks. */
  h: torch.nn.ModuleList;
  /** The last normalization. */
  ln_f: torch.nn.LayerNorm;
  /** From vectors to logits. */
  lm_head: torch.nn.Linear;

  /** Draws the weights as GPT-2's are drawn. */
  constructor(sizes: GPTSize) {
    super();
    const { vocabulary, length, width, layers } = sizes;
    this.sizes = sizes;
    this.wte = new nn.Embedding(vocabulary, width);
    this.wpe = new nn.Embedding(length, width);
    this.h = new nn.ModuleList(Array.from({ length: layers }, () => new Block(sizes)));
    this.ln_f = new nn.LayerNorm(width);
    this.lm_head = new nn.Linear(width, vocabulary, { bias: false });
    this.apply(draw);
    for (const [name, parameter] of this.namedParameters()) {
      if (!name.endsWith("c_proj.weight")) continue;
      nn.init.normal_(parameter, 0, 0.02 / Math.sqrt(2 * layers));
    }
  }

  /** Logits of the token after each. */
  override forward(tokens: T): T {
    const places = torch.arange(tokens.size(1));
    let x = this.wte(tokens).add(this.wpe(places));
    for (const block of this.h) x = block(x) as T;
    return this.lm_head(this.ln_f(x));
  }

  /** Goes on from tokens: draws `count` more, each from what the model expects after those before. */
  generate(tokens: readonly number[], count: number, temperature = 1): number[] {
    const all = [...tokens];
    torch.noGrad(() => {
      for (let i = 0; i < count; i++) {
        const last = torch.tensor([all.slice(-this.sizes.length)]);
        const logits = this.forward(last).index(0, -1).div(temperature);
        all.push(Number(torch.multinomial(F.softmax(logits, 0), 1).item()));
      }
    });
    return all;
  }
}

function draw(module: torch.nn.AnyModule): void {
  if (module instanceof nn.Linear || module instanceof nn.Embedding) {
    nn.init.normal_(module.weight, 0, 0.02);
  }
  if (module instanceof nn.Linear && module.bias !== null) nn.init.zeros_(module.bias);
}
