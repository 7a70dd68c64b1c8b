/**
 * What a program tells of its training: progress, curves, TensorBoard's files, and what a model is made of.
 *
 * @module
 */

export { LossCurve, type Series } from "./loss_curve.ts";
export { type LayerSummary, type ModelSummary, summary } from "./model_summary.ts";
export type { SvgPlotOptions } from "./plot_svg.ts";
export type { TextPlotOptions } from "./plot_text.ts";
export { type Progress, progress, type ProgressCurve, type ProgressOptions } from "./progress.ts";
export type { ReportStream } from "./screen.ts";
export type { GraphOperation, GraphValue, TracedGraph } from "./graph_def.ts";
export { type SummaryOptions, SummaryWriter } from "./summary_writer.ts";
