// The smallest program: what the suite "start" starts.
import * as torch from "../../mod.ts";

if (torch.ones([1]).add(1).item() !== 2) throw new Error("That is not right");
